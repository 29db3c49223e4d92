"""Marks in a prompt that make the model do one thing exactly, for tests.

They are looked for only where the environment says DESKSIDE_MODEL_HOOKS=1, and only in the
last text of the person:

* `[[tool NAME {json}]]` calls the offered tool of that name (or `…___NAME`; NAME itself where
  none is offered) with exactly that JSON. Several are called one after the other.
* `[[say N]]` says N words.
* `[[sleep S]]` waits S seconds before the first reply to this prompt.
* `[[fail]]` refuses every call with ThrottlingException (HTTP 429).
* `[[break]]` ends the stream in the middle of the reply with a modelStreamErrorException.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass

from local.parts.model import answers, brain
from local.parts.model.brain import Reply, Text, ToolCall
from local.parts.model.conversation import Conversation

MAX_WORDS = 20_000
"""Of one `[[say N]]`. Our own figure."""

_TOOL = re.compile(r"\[\[tool\s+([\w.-]+)\s*")
_SIMPLE = re.compile(r"\[\[(say|sleep|fail|break)(?:\s+(\d+(?:\.\d+)?))?\s*\]\]")


@dataclass(frozen=True, slots=True)
class Orders:
    """What the marks of one prompt ask for, and the prompt without them."""

    rest: str
    calls: tuple[ToolCall, ...] = ()
    say: int | None = None
    sleep: float = 0.0
    fail: bool = False
    breaks: bool = False


def read(prompt: str) -> Orders:
    """Read the marks of a prompt. What is not a well-formed mark stays text."""
    calls: list[ToolCall] = []
    rest, position = "", 0
    while found := _TOOL.search(prompt, position):
        try:
            arguments, end = json.JSONDecoder().raw_decode(prompt, found.end())
        except ValueError:
            arguments, end = {}, found.end()
        closing = re.compile(r"\s*\]\]").match(prompt, end)
        if not isinstance(arguments, dict) or closing is None:
            rest, position = rest + prompt[position : found.end()], found.end()
            continue
        calls.append(ToolCall(found[1], arguments))
        rest, position = rest + prompt[position : found.start()], closing.end()
    rest += prompt[position:]
    simple = dict(_SIMPLE.findall(rest))
    return Orders(
        rest=_SIMPLE.sub("", rest).strip(),
        calls=tuple(calls),
        say=min(int(float(simple["say"] or 1)), MAX_WORDS) if "say" in simple else None,
        sleep=float(simple.get("sleep") or 0),
        fail="fail" in simple,
        breaks="break" in simple,
    )


def reply(orders: Orders, talk: Conversation) -> Reply:
    """The next reply under these orders; without any it is the brain's."""
    if len(talk.calls) < len(orders.calls):
        wanted = orders.calls[len(talk.calls)]
        full = [tool.name for tool in talk.tools if wanted.name in (tool.name, tool.short_name)]
        return ToolCall(full[0] if full else wanted.name, wanted.arguments)
    if orders.say is not None:
        return Text(" ".join(f"word{number}" for number in range(1, orders.say + 1)))
    if orders.calls:
        return Text("\n\n".join(answers.answer(call, talk.tool(call.name)) for call in talk.calls))
    return brain.reply(dataclasses.replace(talk, prompt=orders.rest))
