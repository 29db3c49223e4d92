"""Decoding one tool call, once, at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from services.contract.tools import REGISTRY, TRUSTED_ARGUMENTS, ArgumentValue, Registry, Tool, UnroutableCallError


class InvalidCallError(ValueError):
    """The call is not one of a declared tool; the text says why and is for the model."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A valid call of a declared tool."""

    tool: Tool
    arguments: dict[str, ArgumentValue]
    """The declared arguments only."""
    session_id: str
    request_id: str
    tool_call_id: str


def tool_name(lambda_context: object) -> str | None:
    """The Gateway's `target___tool`, where Lambda delivers it.

    AWS documents it in `client_context.custom["bedrockAgentCoreToolName"]`; a durable function
    probably never sees it, and certainly not on a replay, so nothing may depend on it.
    """
    custom = getattr(getattr(lambda_context, "client_context", None), "custom", None)
    name = cast(Mapping[str, object], custom).get("bedrockAgentCoreToolName") if isinstance(custom, Mapping) else None
    return name if isinstance(name, str) else None


def decode_call(event: object, name: str | None, registry: Registry = REGISTRY) -> ToolCall:
    """The call in an event, which is the bare map of arguments.

    Raises:
        InvalidCallError: when it fits no tool, or an argument is missing or not allowed.
    """
    if not isinstance(event, Mapping):
        raise InvalidCallError("the arguments must be an object")
    arguments = cast(Mapping[str, object], event)
    trusted: dict[str, str] = {}
    for trusted_name in TRUSTED_ARGUMENTS:
        value = arguments.get(trusted_name)
        if not isinstance(value, str) or not value:
            raise InvalidCallError(f"{trusted_name} is missing")
        trusted[trusted_name] = value
    try:
        tool = registry.route(arguments, name)
    except UnroutableCallError as error:
        raise InvalidCallError(str(error)) from None
    fault = tool.fault(arguments)
    if fault:
        raise InvalidCallError(fault)
    declared = {argument.name for argument in tool.arguments}
    given = {key: cast(ArgumentValue, value) for key, value in arguments.items() if key in declared}
    return ToolCall(tool, given, **trusted)
