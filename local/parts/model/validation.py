"""What Bedrock's Converse API refuses with a ValidationException.

The sentences about turns, roles and blank text are Bedrock's own as they appear in public
reports; the rules on lengths and patterns are those of botocore's bedrock-runtime model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOOL_USE_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")


def fault(request: object) -> str | None:
    """Why a request is refused, or None."""
    if not isinstance(request, dict):
        return "The request body must be a JSON object."
    body = cast(dict[str, Any], request)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "A conversation must start with a user message. Try again with a conversation that starts with one."
    try:
        return _tools_fault(body) or _messages_fault(cast(list[Any], messages), body)
    except (KeyError, TypeError, AttributeError) as error:
        return f"The request is not in the form of the Converse API: {type(error).__name__} {error}"


def _tools_fault(body: Mapping[str, Any]) -> str | None:
    config = body.get("toolConfig")
    if config is None:
        return None
    if not config.get("tools"):
        return "The tools field in toolConfig must hold at least one tool."
    specs = [entry["toolSpec"] for entry in config["tools"] if "toolSpec" in entry]
    names = [spec["name"] for spec in specs]
    for spec in specs:
        if not _TOOL_NAME.fullmatch(spec["name"]):
            return f"Value '{spec['name']}' at 'toolSpec.name' failed to satisfy constraint: [a-zA-Z0-9_-]{{1,64}}"
        if "description" in spec and not spec["description"]:
            return "The description of a toolSpec must not be empty."
        if spec["inputSchema"]["json"].get("type") != "object":
            return "The value at toolConfig.tools.toolSpec.inputSchema.json.type must be one of the following: object."
    if len(set(names)) != len(names):
        return "The toolConfig field holds two tools of the same name; tool names must be unique."
    choice = (config.get("toolChoice") or {}).get("tool")
    if choice and choice["name"] not in names:
        return "The toolChoice names a tool that toolConfig does not hold."
    return None


def _messages_fault(messages: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> str | None:
    if messages[0]["role"] != "user":
        return "A conversation must start with a user message. Try again with a conversation that starts with one."
    awaited: list[str] = []
    for index, message in enumerate(messages):
        place = f"messages.{index}"
        if message["role"] not in ("user", "assistant"):
            return f"The role at {place} must be one of: user, assistant."
        if index and message["role"] == messages[index - 1]["role"]:
            return (
                "A conversation must alternate between user and assistant roles. "
                "Make sure the conversation alternates between user and assistant roles and try again."
            )
        found = _content_fault(message, place, awaited)
        if found:
            return found
        awaited = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]
    if messages[-1]["role"] != "user":
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    blocks = [block for message in messages for block in message["content"]]
    if "toolConfig" not in body and any("toolUse" in block or "toolResult" in block for block in blocks):
        return "The toolConfig field must be defined when using toolUse and toolResult content blocks."
    return None


def _content_fault(message: Mapping[str, Any], place: str, awaited: Sequence[str]) -> str | None:
    content = message["content"]
    if not content:
        return (
            f"The content field in the Message object at {place} is empty. "
            "Add a ContentBlock object to the content field and try again."
        )
    for number, block in enumerate(content):
        if "text" in block and not block["text"].strip():
            return (
                f"The text field in the ContentBlock object at {place}.content.{number} is blank. "
                "Add text to the text field, and try again."
            )
        if "toolUse" in block and message["role"] != "assistant":
            return f"The toolUse block at {place}.content.{number} may only stand in an assistant message."
        if "toolResult" in block and message["role"] != "user":
            return f"The toolResult block at {place}.content.{number} may only stand in a user message."
        if "toolUse" in block and not _TOOL_USE_ID.fullmatch(block["toolUse"]["toolUseId"]):
            return f"The toolUseId at {place}.content.{number} must be 1 to 64 characters of [a-zA-Z0-9_.:-]."
        if "toolUse" in block and not isinstance(block["toolUse"]["input"], dict):
            return (
                f"The format of the value at {place}.content.{number}.toolUse.input is invalid. Provide a json object."
            )
    uses = [block["toolUse"]["toolUseId"] for block in content if "toolUse" in block]
    if len(set(uses)) != len(uses):
        return f"The toolUse blocks at {place}.content contain duplicate Ids."
    answered = [block["toolResult"]["toolUseId"] for block in content if "toolResult" in block]
    missing = [wanted for wanted in awaited if wanted not in answered]
    if missing:
        return f"Expected toolResult blocks at {place}.content for the following Ids: {', '.join(missing)}"
    if len(answered) > len(awaited):
        return (
            f"The number of toolResult blocks at {place}.content exceeds the number of toolUse blocks of previous turn."
        )
    return None
