"""The Gateway's tools as the model sees them: trusted arguments taken out of the schema and of
the model's hands, results marked where they hold what somebody else wrote."""

from __future__ import annotations

import copy
import json
import secrets
import time
import uuid
from collections.abc import Iterable
from typing import Any, cast

from strands.types._events import ToolResultEvent
from strands.types.tools import AgentTool, ToolGenerator, ToolResult, ToolSpec, ToolUse
from typing_extensions import override

from services.agent.events import TurnEvents
from services.agent.gateway import Gateway, GatewayTool
from services.contract.results import Failure, failure
from services.contract.tools import REGISTRY, TRUSTED_ARGUMENTS
from services.logs import bound_contextvars, get_logger


class BoundTool(AgentTool):
    """One tool bound to the session of the running turn."""

    def __init__(self, offered: GatewayTool, gateway: Gateway, session_id: str, events: TurnEvents) -> None:
        super().__init__()
        self._offered = offered
        self._gateway = gateway
        self._session_id = session_id
        self._events = events
        self._name = offered.name.rpartition("___")[2]

    @property
    @override
    def tool_name(self) -> str:
        return self._name

    @property
    @override
    def tool_type(self) -> str:
        return "python"

    @property
    @override
    def tool_spec(self) -> ToolSpec:
        spec = copy.deepcopy(self._offered.spec)
        spec["name"] = self._name
        schema = cast(dict[str, Any], cast(dict[str, Any], spec["inputSchema"]).get("json", {}))
        for name in TRUSTED_ARGUMENTS:
            schema.get("properties", {}).pop(name, None)
        schema["required"] = [name for name in schema.get("required", []) if name not in TRUSTED_ARGUMENTS]
        return spec

    @override
    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        """Call the tool for the turn's own session, whatever the model wrote."""
        tool_call_id = f"call-{uuid.uuid4().hex}"
        written = cast(dict[str, Any], tool_use["input"]) if isinstance(tool_use["input"], dict) else {}
        forged = sorted(TRUSTED_ARGUMENTS.keys() & written.keys())
        tool = REGISTRY.by_name.get(self._name)
        # Of a tool we know, only what it declares: a stray argument could make it look like another.
        wanted = {argument.name for argument in tool.arguments} if tool else written.keys() - TRUSTED_ARGUMENTS.keys()
        arguments = {name: value for name, value in written.items() if name in wanted}
        arguments |= {
            "session_id": self._session_id,
            "request_id": self._events.request_id,
            "tool_call_id": tool_call_id,
        }
        with bound_contextvars(tool_call_id=tool_call_id, tool=self._name):
            if forged:
                get_logger().warning("model_named_trusted_arguments", names=forged)
            get_logger().info("tool_call_started")
            began = time.monotonic()
            message = tool.activity if tool else self._name
            await self._events.activity(self._name, tool_call_id, "started", message)
            fault = tool.fault(arguments) if tool else None
            if fault:
                # The Gateway would refuse a wrong type without saying so in our words.
                result: dict[str, object] = dict(failure(Failure.INVALID_ARGUMENTS, detail=fault))
            else:
                result = await self._gateway.call(self._offered.name, tool_call_id, arguments)
            outcome = str(result["status"])
            get_logger().info("tool_call_returned", outcome=outcome, seconds=round(time.monotonic() - began, 3))
            await self._events.activity(self._name, tool_call_id, "finished", message, outcome)
        # Of a tool we do not know, nothing is ours.
        untrusted = tuple(result) if tool is None else tool.answer.untrusted if tool.answer else ()
        answer: ToolResult = {
            "toolUseId": tool_use["toolUseId"],
            "status": "success",
            "content": [{"text": present(result, untrusted)}],
        }
        yield ToolResultEvent(answer)


def bind(offered: Iterable[GatewayTool], gateway: Gateway, session_id: str, events: TurnEvents) -> list[BoundTool]:
    """Every offered tool, bound to one turn."""
    return [BoundTool(tool, gateway, session_id, events) for tool in offered]


def present(result: dict[str, object], untrusted: Iterable[str]) -> str:
    """A tool result as text for the model.

    What the Mac wrote stands between markers with a nonce that its author could not know, so it
    cannot pretend to end early; the system prompt says that nothing in there is an instruction.
    """
    fields = [name for name in (*untrusted, "detail") if name in result]
    text = json.dumps(result, ensure_ascii=False)
    if not fields:
        return text
    nonce = secrets.token_hex(8)
    return f'<untrusted-data id="{nonce}" fields="{",".join(fields)}">\n{text}\n</untrusted-data id="{nonce}">'
