"""The tools, declared once.

Everything that knows about a tool reads it from here: the Gateway's schema, mcp-proxy's
routing, what the agent shows the model, the local stack, the clients' fixtures and
`docs/protocol.md`. Adding a tool is one more `Tool(...)` below and one handler on the Mac.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, cast

from services.contract.answers import Answer, StatusAnswer, TextAnswer
from services.contract.limits import TIMEOUTS

ArgumentType = Literal["string", "integer", "number", "boolean", "array"]
"""What the Gateway's schemas know, but for nested objects, which no tool has needed. An array holds strings."""
ArgumentValue = str | int | float | bool | list[str]

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""Names of tools, actions and arguments. The Gateway would take up to 256 characters."""

PYTHON_TYPES: dict[ArgumentType, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
}


class Pattern(StrEnum):
    """How a tool reaches the Mac."""

    FIRE_AND_FORGET = "fire_and_forget"
    CALLBACK = "callback"


class Risk(StrEnum):
    """What the Mac asks its person before it obeys."""

    CHANGE = "change"
    """Alters the Mac: asked every time."""
    STATUS = "status"
    """Reads a state: consent may be remembered."""
    COLLECT = "collect"
    """Sends data away: shown before it leaves."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a tool.

    The Gateway's schema subset has no `enum`, so `allowed` is told to the model in the
    description and enforced by mcp-proxy.
    """

    name: str
    description: str
    allowed: tuple[ArgumentValue, ...] = ()
    type: ArgumentType = "string"
    required: bool = True

    def schema(self) -> dict[str, object]:
        """The property as an AgentCore Gateway schema can express it."""
        described = self.description
        if self.allowed:
            described += f" One of: {', '.join(str(value) for value in self.allowed)}."
        items = {"items": {"type": "string"}} if self.type == "array" else {}
        return {"type": self.type, **items, "description": described}

    def fault(self, value: object) -> str | None:
        """Why `value` is not acceptable for this argument, or None."""
        right_type = isinstance(value, PYTHON_TYPES[self.type]) and (
            self.type == "boolean" or not isinstance(value, bool)
        )
        if not right_type:
            return f"{self.name} must be of type {self.type}"
        single = cast(list[object], value) if isinstance(value, list) else [value]
        if self.type == "array" and not all(isinstance(item, str) for item in single):
            return f"{self.name} must be an array of strings"
        if self.allowed and any(item not in self.allowed for item in single):
            return f"{self.name} must be one of: {', '.join(str(item) for item in self.allowed)}"
        return None


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing the agent can ask of a person's Mac."""

    name: str
    description: str
    """For the model: what it does and when to use it."""
    arguments: tuple[Argument, ...]
    identified_by: str
    """The argument whose presence names this tool where the tool name is not delivered."""
    pattern: Pattern
    risk: Risk
    action: str
    """The `action` of the push the client receives."""
    activity: str
    """What the person reads while it runs."""
    forwards: tuple[str, ...] = ()
    """Arguments that the push carries to the client."""
    callback_timeout: int | None = None
    """Seconds a callback tool waits for the Mac."""
    answer: Answer | None = None
    """How the Mac's content becomes the result of a callback tool."""
    example: Mapping[str, ArgumentValue] = field(default_factory=dict[str, ArgumentValue])
    """Valid arguments, for fixtures and documentation."""
    example_content: str = ""
    """A valid answer of the Mac, for fixtures and documentation."""

    def __post_init__(self) -> None:
        names = [argument.name for argument in self.arguments]
        for name in (self.name, self.action, *names):
            # Three underscores separate the Gateway's target from the tool.
            if not NAME.fullmatch(name) or "___" in name:
                raise ValueError(f"{name!r} is not a lower-case name")
        if self.identified_by not in [argument.name for argument in self.arguments if argument.required]:
            raise ValueError(f"{self.name}: identified_by names no required argument")
        unknown = [name for name in self.forwards if name not in names]
        if unknown:
            raise ValueError(f"{self.name}: forwards unknown arguments {unknown}")
        taken = set(names) & TRUSTED_ARGUMENTS.keys()
        if taken:
            raise ValueError(f"{self.name}: {sorted(taken)} are set by the agent and may not be declared")
        waits = self.pattern is Pattern.CALLBACK
        if waits != (self.callback_timeout is not None) or waits != (self.answer is not None):
            raise ValueError(f"{self.name}: a callback tool, and only that, has an answer and a callback_timeout")
        if self.callback_timeout is not None and not 0 < self.callback_timeout <= TIMEOUTS.callback:
            raise ValueError(f"{self.name}: callback_timeout must be within 1..{TIMEOUTS.callback} s")

    def gateway_schema(self) -> dict[str, object]:
        """Name, description and input schema in the Gateway's subset of JSON Schema."""
        properties = {argument.name: argument.schema() for argument in self.arguments}
        for name, description in TRUSTED_ARGUMENTS.items():
            properties[name] = {"type": "string", "description": description}
        required = [argument.name for argument in self.arguments if argument.required]
        return {
            "name": self.name,
            "description": self.description,
            "inputSchema": {
                "type": "object",
                "properties": properties,
                "required": [*required, *TRUSTED_ARGUMENTS],
            },
        }

    def fault(self, arguments: Mapping[str, object]) -> str | None:
        """Why these arguments are not acceptable, or None. Trusted arguments are not looked at."""
        for argument in self.arguments:
            if argument.name in arguments:
                fault = argument.fault(arguments[argument.name])
                if fault:
                    return fault
            elif argument.required:
                return f"{argument.name} is missing"
        return None

    def push(self, arguments: Mapping[str, ArgumentValue], callback_id: str | None = None) -> dict[str, object]:
        """The message for the client, in the shape of the original protocol."""
        forwarded: dict[str, object] = {name: arguments[name] for name in self.forwards if name in arguments}
        if self.pattern is Pattern.FIRE_AND_FORGET:
            return {"event": "client_action", "data": {"action": self.action, **forwarded}}
        if callback_id is None:
            raise ValueError(f"{self.name} needs a callback_id")
        return {"action": self.action, **forwarded, "callback_id": callback_id}


TRUSTED_ARGUMENTS: dict[str, str] = {
    "session_id": "Set by the agent from the verified connection.",
    "request_id": "Set by the agent: the turn this call belongs to.",
    "tool_call_id": "Set by the agent: this call.",
}
"""Arguments the agent sets on every call, whatever the model wrote; the model never sees them."""

VPN_STATES = ("connected", "disconnected", "connecting", "disconnecting", "reconnecting", "unknown")
"""The states Cisco Secure Client's `vpn state` reports, in lower case."""

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="run_client_command",
        description=(
            "Ask the person's Mac to connect or disconnect its VPN. Returns at once, before the VPN has changed; "
            "use it when the person wants help to connect to or disconnect from the VPN."
        ),
        arguments=(Argument("command", "What the Mac should do.", allowed=("connect_vpn", "disconnect_vpn")),),
        identified_by="command",
        pattern=Pattern.FIRE_AND_FORGET,
        risk=Risk.CHANGE,
        action="run_client_command",
        activity="Sent a command to your Mac",
        forwards=("command",),
        example={"command": "connect_vpn"},
    ),
    Tool(
        name="get_vpn_status",
        description=(
            "Get the current VPN status from the person's Mac. Use it to learn the state of the VPN: "
            "whether it is connected right now."
        ),
        arguments=(Argument("query", "What to ask for.", allowed=("vpn_status",)),),
        identified_by="query",
        pattern=Pattern.CALLBACK,
        risk=Risk.STATUS,
        action="get_vpn_status",
        activity="Asked your Mac for its VPN status",
        callback_timeout=30,
        answer=StatusAnswer("vpn_status", VPN_STATES, "VPN status retrieved from client."),
        example={"query": "vpn_status"},
        example_content='{"vpn_status": "connected"}',
    ),
    Tool(
        name="analyze_logs",
        description=(
            "Collect logs from the person's Mac to analyze a problem: vpn (Cisco state and statistics), "
            "network (interfaces and routes) or system (the macOS log of VPN processes). Takes 5 to 30 seconds."
        ),
        arguments=(Argument("log_type", "Which logs to collect.", allowed=("vpn", "network", "system")),),
        identified_by="log_type",
        pattern=Pattern.CALLBACK,
        risk=Risk.COLLECT,
        action="request_logs",
        activity="Asked your Mac for its logs",
        forwards=("log_type",),
        callback_timeout=TIMEOUTS.callback,
        answer=TextAnswer("log_data", "logs_received", "Please analyze the log_data for issues."),
        example={"log_type": "vpn"},
        example_content="  >> state: Connected\n  >> warning: DTLS disabled, using TLS",
    ),
)


class UnroutableCallError(ValueError):
    """A tool call that names no tool, or more than one."""


class Registry:
    """The tools by name and by identifying argument.

    Raises:
        ValueError: when two tools could be confused by their arguments alone.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self.tools = tuple(tools)
        self.by_name = {tool.name: tool for tool in self.tools}
        self.by_action = {tool.action: tool for tool in self.tools}
        if len(self.by_name) != len(self.tools) or len(self.by_action) != len(self.tools):
            raise ValueError("two tools share a name or an action")
        for tool in self.tools:
            for other in self.tools:
                if other is not tool and tool.identified_by in {argument.name for argument in other.arguments}:
                    raise ValueError(f"{other.name} accepts {tool.identified_by}, which identifies {tool.name}")

    def route(self, arguments: Mapping[str, object], tool_name: str | None = None) -> Tool:
        """The tool a call is for.

        Args:
            arguments: the call's arguments.
            tool_name: the Gateway's `target___tool`, or None where it was not delivered.

        Raises:
            UnroutableCallError: when name and arguments disagree, or the arguments fit no one tool.
        """
        identified = [tool for tool in self.tools if tool.identified_by in arguments]
        if tool_name is not None:
            tool = self.by_name.get(tool_name.rpartition("___")[2])
            if tool is None:
                raise UnroutableCallError("there is no tool of that name")
            # A replay may not be told the name: both ways must lead to the same tool.
            if identified not in ([], [tool]):
                raise UnroutableCallError(f"the arguments are not those of {tool.name}")
            return tool
        if len(identified) != 1:
            expected = ", ".join(tool.identified_by for tool in self.tools)
            raise UnroutableCallError(f"exactly one of these arguments is needed: {expected}")
        return identified[0]


REGISTRY = Registry(TOOLS)
"""The declared tools."""
