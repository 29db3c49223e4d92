"""Sentences about tool results. Everything said about the Mac comes from the result itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.parts.model import faults, results
from local.parts.model.conversation import Call, Tool

MAX_QUOTES = 3
"""Log lines quoted in one answer."""

MAX_QUOTED_CHARACTERS = 300
"""Of one quoted line. Our own figure; the rest is cut off and marked."""

UNANSWERED = ("client_offline", "timed_out")
"""Statuses after which asking the same Mac for more is pointless."""

_NEXT = {
    "client_offline": "Please open the app on your Mac, then ask me again.",
    "timed_out": "Shall I try once more?",
    "declined": "I will leave it at that; tell me if you change your mind.",
    "failed": "Once that is put right, ask me again.",
    "invalid_arguments": "Please say in other words what you need.",
}
_HANDED_ON = frozenset({"sent", "sent_to_client", "accepted", "queued", "started", "pending"})
_ABOUT_THE_RESULT = frozenset({"status", "message", "detail", "reason"})
_STATE = re.compile(r"(?:^|_)([a-z0-9]+(?:_[a-z0-9]+)*?)_(?:status|state)$")
_LEADING_VERB = re.compile(r"^(?:get|check|read|show|fetch|report|find)_")


def status(call: Call) -> str:
    """The status word of a call's result, `error` where the call itself failed, or nothing."""
    found = results.read(call.result) or {}
    value = found.get("status")
    return value if isinstance(value, str) else "error" if call.is_error else ""


def answer(call: Call, tool: Tool | None) -> str:
    """What to tell the person about one finished call."""
    found = results.read(call.result)
    word = status(call)
    if call.is_error or word in _NEXT or word == "error":
        return _failure(word, found, call.result)
    if found is None:
        return _report(call.result, call) if "\n" in call.result.strip() else _plain(call.result)
    if word in _HANDED_ON:
        return _handed_on(call)
    text = _long_text(found)
    if text is not None:
        return _report(text, call)
    subject = _subject(call, tool)
    if word and subject:
        if word == "unknown":
            return f"Your Mac could not tell the state of your {subject}: it reported “unknown”."
        return f"Your {subject} is {word}."
    return _fields(found)


def to_person(text: str) -> str:
    """A sentence about "the person", said to that person."""
    for about, said in (("person's", "r"), ("person", "")):
        text = re.sub(rf"\bThe {about}\b", f"You{said}", text)
        text = re.sub(rf"\bthe {about}\b", f"you{said}", text)
    return re.sub(r"\btheir\b", "your", text)


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence."""
    return re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0]


def _failure(word: str, found: Mapping[str, Any] | None, raw: str) -> str:
    if found is None:
        return f"That did not work: {_clipped(raw) or 'the tool gave no reason'}"
    why = []
    if isinstance(message := found.get("message"), str) and message.strip():
        # What follows the first sentence tells the model what to do, not the person.
        why.append(to_person(first_sentence(message)))
    if isinstance(detail := found.get("detail"), str) and detail.strip():
        why.append(_clipped(detail))
    if isinstance(reason := found.get("reason"), str) and reason.strip():
        why.append(f"Reason: {reason.replace('_', ' ')}.")
    said = " ".join(why) or f"the result was “{word}”."
    # An abbreviation keeps its capitals in the middle of a sentence.
    if not said[1:2].isupper():
        said = said[:1].lower() + said[1:]
    return " ".join(part for part in (f"That did not work: {said}", _NEXT.get(word, "")) if part)


def _handed_on(call: Call) -> str:
    values = [value.replace("_", " ") for value in call.arguments.values() if isinstance(value, str)]
    what = f"the command “{values[0]}”" if values else "that"
    return (
        f"I sent {what} to your Mac. Your Mac is carrying it out now; "
        "I cannot tell yet whether it has finished. Ask me for the status in a moment."
    )


def _long_text(found: Mapping[str, Any]) -> str | None:
    texts = [
        value
        for name, value in found.items()
        if name not in _ABOUT_THE_RESULT
        and isinstance(value, str)
        and ("\n" in value or len(value) > 80 or re.search(r"log|data|text|output", name))
    ]
    return max(texts, key=len, default=None)


def _report(text: str, call: Call) -> str:
    """A short analysis of a text of many lines."""
    lines, found = faults.log_lines(text), faults.find(text)
    named = [f"{name.replace('_', ' ')}: {value}" for name, value in call.arguments.items() if isinstance(value, str)]
    read = f"I read the {_count(len(lines), 'line')} your Mac sent" + (f" ({', '.join(named)})" if named else "")
    if not found:
        return f"{read} and found none that looks like a fault."
    shown = found[:MAX_QUOTES]
    if len(found) == 1:
        head = f"{read} and found one that looks like a fault:"
    elif len(found) == len(shown):
        head = f"{read} and found {len(found)} that look like faults:"
    else:
        head = f"{read} and found {len(found)} that look like faults; the worst {len(shown)}:"
    quotes = [f"- {_code(fault.line)}" + (f"\n  {fault.meaning}" if fault.meaning else "") for fault in shown]
    steps = [fault.next_step for fault in shown if fault.next_step]
    step = steps[0] if steps else "Look at what happened just before the first of these lines."
    return "\n".join([head, "", *quotes, "", f"**Next step:** {step}"])


def _subject(call: Call, tool: Tool | None) -> str:
    """What a status is the status of, as the tool's description spells it."""
    short = call.name.rpartition("___")[2]
    for text in (_LEADING_VERB.sub("", short), *(str(value) for value in call.arguments.values())):
        named = _STATE.search(text)
        if named:
            words = named[1].split("_")
            spelt = re.findall(r"[A-Za-z0-9]+", tool.description) if tool else []
            return " ".join(next((other for other in spelt if other.lower() == word), word) for word in words)
    return ""


def _fields(found: Mapping[str, Any]) -> str:
    told = {
        name: value
        for name, value in found.items()
        if name not in _ABOUT_THE_RESULT and isinstance(value, str | int | float | bool)
    }
    if told:
        listed = [f"{name.replace('_', ' ')}: {value}" for name, value in told.items()]
        return f"Your Mac reports {'; '.join(listed)}."
    if isinstance(found.get("status"), str):
        return f"Your Mac reports the status “{found['status']}”."
    message = found.get("message")
    return _plain(message if isinstance(message, str) else "")


def _plain(text: str) -> str:
    return f"The answer is: {_clipped(text)}" if text.strip() else "The tool finished without saying anything."


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_QUOTED_CHARACTERS else f"{text[:MAX_QUOTED_CHARACTERS]}…"


def _code(line: str) -> str:
    """A line as Markdown code, verbatim, however many backticks it holds."""
    shown = line if len(line) <= MAX_QUOTED_CHARACTERS else f"{line[:MAX_QUOTED_CHARACTERS]}…"
    if "`" not in shown:
        return f"`{shown}`"
    fence = "`" * (max(len(run) for run in re.findall(r"`+", shown)) + 1)
    return f"{fence} {shown} {fence}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
