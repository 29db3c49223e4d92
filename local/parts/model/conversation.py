"""A Converse request as the offline model reads it: the tools, the prompt and what was done about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Value = str | int | float | bool

_ALLOWED = re.compile(r"\bOne of:\s*(.+?)\.?\s*$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Property:
    """One argument of an offered tool."""

    name: str
    kind: str
    description: str
    required: bool
    allowed: tuple[str, ...]
    """The values its description ends with ("One of: a, b."): a Gateway schema has no `enum`."""

    def value(self, written: str) -> Value:
        """An allowed value in the property's own JSON type."""
        if self.kind == "integer" and re.fullmatch(r"-?\d+", written):
            return int(written)
        if self.kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", written):
            return float(written)
        return written.lower() == "true" if self.kind == "boolean" else written


@dataclass(frozen=True, slots=True)
class Tool:
    """One offered tool."""

    name: str
    description: str
    properties: tuple[Property, ...]

    @property
    def short_name(self) -> str:
        """The name without the `target___` a Gateway puts before it."""
        return self.name.rpartition("___")[2]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call the model made for the present prompt, with what came back."""

    name: str
    arguments: Mapping[str, Any]
    result: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the model has to go on."""

    tools: tuple[Tool, ...]
    prompt: str
    calls: tuple[Call, ...]
    earlier_prompts: tuple[str, ...]

    def tool(self, name: str) -> Tool | None:
        """The offered tool of that name."""
        return next((tool for tool in self.tools if tool.name == name), None)


def read(request: Mapping[str, Any]) -> Conversation:
    """Read a request that `validation.fault` found no fault with."""
    messages: list[Mapping[str, Any]] = list(request.get("messages") or [])
    prompts = [(index, text) for index, message in enumerate(messages) if (text := _prompt(message))]
    start, prompt = prompts[-1] if prompts else (-1, "")
    specs = [entry["toolSpec"] for entry in (request.get("toolConfig") or {}).get("tools", []) if "toolSpec" in entry]
    return Conversation(
        tools=tuple(_tool(spec) for spec in specs),
        prompt=prompt,
        calls=tuple(_calls(messages[start + 1 :])),
        earlier_prompts=tuple(text for _, text in prompts[:-1]),
    )


def _prompt(message: Mapping[str, Any]) -> str:
    if message["role"] != "user":
        return ""
    return "\n".join(block["text"] for block in message["content"] if "text" in block).strip()


def _calls(messages: Iterable[Mapping[str, Any]]) -> Iterable[Call]:
    blocks = [block for message in messages for block in message["content"]]
    results = {block["toolResult"]["toolUseId"]: block["toolResult"] for block in blocks if "toolResult" in block}
    for use in (block["toolUse"] for block in blocks if "toolUse" in block):
        result = results.get(use["toolUseId"], {})
        arguments = use["input"] if isinstance(use["input"], dict) else {}
        yield Call(use["name"], arguments, _result_text(result), result.get("status") == "error")


def _result_text(result: Mapping[str, Any]) -> str:
    # JSON blocks go back to text so that one reader serves both forms.
    parts = [
        block["text"] if "text" in block else json.dumps(block["json"], ensure_ascii=False)
        for block in result.get("content", [])
        if "text" in block or "json" in block
    ]
    return "\n".join(parts)


def _tool(spec: Mapping[str, Any]) -> Tool:
    schema = spec["inputSchema"]["json"]
    required = set(schema.get("required") or [])
    properties = []
    for name, declared in (schema.get("properties") or {}).items():
        description = str(declared.get("description") or "")
        listed = _ALLOWED.search(description)
        values = declared.get("enum") or (re.split(r"\s*,\s*", listed.group(1).strip()) if listed else [])
        allowed = tuple(str(value) for value in values)
        kind = str(declared.get("type", "string"))
        properties.append(Property(name, kind, description, name in required, allowed))
    return Tool(spec["name"], str(spec.get("description") or ""), tuple(properties))
