"""Which tools a prompt asks for, and with which arguments.

The words of the prompt are weighed against each offered tool's name, description and
arguments; words that few tools share weigh more. No tool is known in advance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from local.parts.model.conversation import Property, Tool, Value
from local.parts.model.words import INFLECTED, best_likeness, likeness, plain, prompt_words, stem, words

ENOUGH = 0.45
"""The least score a tool is called for. Our own figure: one word that two of three tools share,
said exactly, is just enough; a word that all of them share is not."""

MAX_STEPS = 8
"""Tool calls one prompt may lead to. Our own figure."""

_NAME, _DESCRIPTION, _ARGUMENT = 1.5, 1.0, 0.7

_INFORMING_VERBS = "get read show list report check analyze collect fetch find measure inspect look"
_INFORMING = frozenset(stem(verb) for verb in _INFORMING_VERBS.split(" "))
_QUESTION = re.compile(r"^(?:is|are|am|was|were|does|did|do|has|have|what\S*|which|why|when|where|who|how)\b")
_REQUEST = re.compile(r"^(?:how (?:do|can|could|would) i|what do i do|(?:do|would) you mind)\b")
_REFUSAL = re.compile(r"\b(?:don't|do not|dont|never|without)\b")
_INABILITY = re.compile(r"\b(?:can't|cannot|can not|won't|unable|isn't|doesn't|not|keeps)\b")
_CONDITION = re.compile(r"^(?:if|unless|when|in case)\b")

_STRONG = re.compile(
    r"[.!?;]+(?:\s+|$)|\n+|,?\s+(?:and\s+)?(?:then|afterwards|after that),?\s+|,?\s+(?:and\s+)?also\s+", re.IGNORECASE
)
_WEAK = re.compile(r",?\s+and\s+|,\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    """One tool call to make."""

    tool: Tool
    arguments: dict[str, Value] = field(default_factory=dict[str, Value])
    unclear: Property | None = None
    """The argument the prompt leaves open where guessing could change something."""


def plan(prompt: str, tools: Sequence[Tool]) -> tuple[Step, ...]:
    """The tool calls a prompt asks for, in its order; empty when it fits no tool."""
    steps: list[Step] = []
    for part in (part.strip(" ,") for part in _STRONG.split(prompt)):
        if not part or _CONDITION.match(part.lower()):
            continue
        pieces = [piece for piece in _WEAK.split(part) if piece.strip()]
        # "interfaces and routes" is one request; "connect and show the status" is two.
        if len(pieces) < 2 or not all(choose(piece, tools) for piece in pieces):
            pieces = [part]
        for piece in pieces:
            tool = choose(piece, tools)
            if tool and (step := _step(tool, piece, prompt)) not in steps:
                steps.append(step)
    if not steps and (tool := choose(prompt, tools)):
        steps.append(_step(tool, prompt, prompt))
    return tuple(steps[:MAX_STEPS])


def choose(text: str, tools: Sequence[Tool]) -> Tool | None:
    """The tool a text fits best, or None when none fits."""
    scored = [(score, -index) for index, score in enumerate(scores(text, tools))]
    best, index = max(scored, default=(0.0, 0))
    return tools[-index] if best >= ENOUGH else None


def scores(text: str, tools: Sequence[Tool]) -> list[float]:
    """How well a text fits each tool."""
    if not tools:
        return []
    said = prompt_words(text)
    documents = [_document(tool) for tool in tools]
    rarity = {word: _rarity(word, documents) for word in said}
    return [
        _manner(text, tool) * sum(rarity[word] * _match(word, document) for word in said)
        for tool, document in zip(tools, documents, strict=True)
    ]


def informs(tool: Tool) -> bool:
    """Whether a tool says of itself that it only finds something out."""
    heads = [words_of[0] for words_of in (_all_words(tool.short_name), _all_words(tool.description)) if words_of]
    return any(stem(head) in _INFORMING for head in heads)


def _all_words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.replace("_", " ").lower())


def _document(tool: Tool) -> dict[str, float]:
    weights: dict[str, float] = {}
    sources = [(tool.short_name, _NAME), (tool.description, _DESCRIPTION)]
    for declared in tool.properties:
        sources += [(value, _NAME) for value in declared.allowed]
        sources += [(declared.name, _ARGUMENT), (declared.description, _ARGUMENT)]
    for text, weight in sources:
        for word in words(text):
            weights[word] = max(weights.get(word, 0.0), weight)
    return weights


def _rarity(word: str, documents: Sequence[dict[str, float]]) -> float:
    holders = sum(1 for document in documents if best_likeness(word, document) >= INFLECTED)
    total = len(documents) + 1
    return math.log(total / max(holders, 1)) / math.log(total)


def _match(word: str, document: dict[str, float]) -> float:
    return max((likeness(word, other, opposites=True) * weight for other, weight in document.items()), default=0.0)


def _manner(text: str, tool: Tool) -> float:
    """A question wants to know, not to change; what the person does not want is not done."""
    said = plain(text)
    question = bool(_QUESTION.match(said)) and not _REQUEST.match(said)
    if informs(tool):
        return 1.3 if question else 1.0
    if _REFUSAL.search(said):
        return 0.0
    return (0.6 if question else 1.0) * (0.5 if _INABILITY.search(said) else 1.0)


def _step(tool: Tool, piece: str, prompt: str) -> Step:
    arguments: dict[str, Value] = {}
    for declared in tool.properties:
        value = _value(declared, tool, piece)
        if value is None:
            value = _value(declared, tool, prompt)
        if value is None and declared.required:
            if declared.allowed and not informs(tool):
                return Step(tool, arguments, unclear=declared)
            value = declared.value(declared.allowed[0]) if declared.allowed else _free(declared, prompt)
        if value is not None:
            arguments[declared.name] = value
    return Step(tool, arguments)


def _value(declared: Property, tool: Tool, text: str) -> Value | None:
    """What the text says for an argument, or None."""
    if not declared.allowed:
        return _stated(declared, text)
    if len(declared.allowed) == 1:
        return declared.value(declared.allowed[0]) if declared.required else None
    said = prompt_words(text)
    named = {value: words(value) for value in declared.allowed}
    topic = {stem(word) for word in (*words(tool.short_name), *words(declared.name))}
    best, best_score = None, 0.0
    for value, own in named.items():
        others = {word for other, theirs in named.items() if other != value for word in theirs}
        score = sum(best_likeness(word, said) for word in own if word not in others)
        gloss = [word for word in _gloss(value, tool) if word not in others and stem(word) not in topic]
        score += 0.6 * sum(best_likeness(word, said) for word in gloss)
        if score > best_score:
            best, best_score = value, score
    return None if best is None else declared.value(best)


def _gloss(value: str, tool: Tool) -> list[str]:
    """The words a description explains a value with: "network (interfaces and routes)"."""
    explained = re.search(rf"\b{re.escape(value)}\s*\(([^)]*)\)", tool.description, re.IGNORECASE)
    return words(explained.group(1)) if explained else []


def _stated(declared: Property, text: str) -> Value | None:
    if declared.kind in ("integer", "number"):
        number = re.search(r"-?\d+(?:\.\d+)?", text)
        return None if number is None else float(number[0]) if declared.kind == "number" else int(float(number[0]))
    quoted = re.search(r"[\"“]([^\"”]+)[\"”]", text)
    return quoted[1] if quoted and declared.kind == "string" else None


def _free(declared: Property, prompt: str) -> Value | None:
    return {"string": prompt, "boolean": True}.get(declared.kind)
