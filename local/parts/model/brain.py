"""What the offline model says next. Pure functions of the request, and of nothing else.

It is honest rather than clever: it calls a tool when the words of the prompt fit one, tells
what the results hold, and says so when neither helps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.parts.model import answers, choosing, conversation
from local.parts.model.choosing import Step
from local.parts.model.conversation import Conversation, Tool


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model calls a tool."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """The model says something and is done."""

    text: str


Reply = ToolCall | Text

_RECALL = re.compile(
    r"\bwhat (?:did i|have i|was i) (?:just )?(?:ask|say|said|tell|told|write)|\bmy (?:last|previous|first|earlier) "
    r"(?:question|message|prompt|request)|\bdo you remember"
)
_FIRST = re.compile(r"\bfirst\b")


def decide(request: Mapping[str, Any]) -> Reply:
    """The next reply to a valid Converse request."""
    talk = conversation.read(request)
    forced = _forced(request, talk)
    return forced or reply(talk)


def reply(talk: Conversation) -> Reply:
    """The next reply: another call if the prompt asks for more, else an answer from the results."""
    if talk.earlier_prompts and not talk.calls and _RECALL.search(talk.prompt.lower()):
        return Text(_recall(talk))
    steps = choosing.plan(talk.prompt, talk.tools)
    gave_up = any(answers.status(call) in answers.UNANSWERED for call in talk.calls)
    if len(talk.calls) < len(steps) and not gave_up:
        step = steps[len(talk.calls)]
        if step.unclear is None:
            return ToolCall(step.tool.name, step.arguments)
    told = [answers.answer(call, talk.tool(call.name)) for call in talk.calls]
    if len(talk.calls) < len(steps):
        told.append(_left_out(steps[len(talk.calls)], gave_up))
    return Text("\n\n".join(told) if told else _abilities(talk.tools))


def _forced(request: Mapping[str, Any], talk: Conversation) -> Reply | None:
    """The call that `toolChoice` demands."""
    choice = (request.get("toolConfig") or {}).get("toolChoice") or {}
    if "tool" in choice:
        tool = talk.tool(choice["tool"]["name"])
    elif "any" in choice and talk.tools:
        best = choosing.scores(talk.prompt, talk.tools)
        tool = talk.tools[best.index(max(best))]
    else:
        return None
    if tool is None:
        return None
    steps = choosing.plan(talk.prompt, [tool])
    return ToolCall(tool.name, steps[0].arguments if steps else {})


def _left_out(step: Step, gave_up: bool) -> str:
    if gave_up or step.unclear is None:
        return "I left out the rest of what you asked for."
    values = [value.replace("_", " ") for value in step.unclear.allowed]
    return f"Which of these do you want: {', '.join(values)}?"


def _recall(talk: Conversation) -> str:
    if _FIRST.search(talk.prompt.lower()):
        return f"The first thing you wrote was: “{talk.earlier_prompts[0]}”"
    return f"Before this you wrote: “{talk.earlier_prompts[-1]}”"


def _abilities(tools: tuple[Tool, ...]) -> str:
    if not tools:
        return "I have no tools here, so there is nothing I can look up or do for you at the moment."
    described = [answers.to_person(answers.first_sentence(tool.description) or tool.short_name) for tool in tools]
    listed = "\n".join(f"- {sentence}" for sentence in described)
    return f"I cannot help with that here. This is what I can do:\n\n{listed}"
