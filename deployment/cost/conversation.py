"""What a conversation does, counted in the recorded demo."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from validation.recording import ROOT

RECORDING = ROOT / "docs" / "diagrams" / "flows.json"
"""Written by `make diagrams`."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of the recorded demo."""

    tool: str
    billed_ms: float
    """Of mcp-proxy, over all its invocations."""
    waited_ms: float
    waiting: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """The recorded demo: one session with one prompt of each pattern."""

    prompts: int
    calls: tuple[ToolCall, ...]
    turn_ms: float
    invocations: int
    billed_ms: float
    messages: int
    reads: int
    writes: int
    model_calls: int
    tokens: int
    """Machine tokens fetched."""
    secret_reads: int
    gateway_sessions: int
    log_lines: int

    @classmethod
    def of(cls, flows: Sequence[Mapping[str, Any]]) -> "Conversation":
        """Count what the recording's events say."""
        events: list[Mapping[str, Any]] = [event for flow in flows for event in flow["events"]]
        named = Counter(str(event["event"]) for event in events)
        actions = Counter(str(event["fields"].get("action")) for event in events if event["event"] == "aws_call")
        finished = [event["fields"] for event in events if event["event"] == "invocation_finished"]
        return cls(
            prompts=len(flows),
            calls=tuple(_tool_call(flow) for flow in flows),
            turn_ms=sum(_at(flow, "turn_finished") - _at(flow, "turn_started") for flow in flows),
            invocations=len(finished),
            billed_ms=sum(float(fields["billed_ms"]) for fields in finished),
            messages=named["message_received"] + named["message_pushed"],
            reads=actions["dynamodb:GetItem"] + actions["dynamodb:Query"],
            writes=actions["dynamodb:PutItem"] + actions["dynamodb:UpdateItem"] + actions["dynamodb:DeleteItem"],
            model_calls=actions["bedrock:InvokeModelWithResponseStream"],
            tokens=named["token_issued"],
            secret_reads=actions["secretsmanager:GetSecretValue"],
            gateway_sessions=named["gateway_session_opened"],
            log_lines=sum(event["service"] in ("agent", "ws-manager", "mcp-proxy") for event in events),
        )

    @classmethod
    def recorded(cls) -> "Conversation":
        """The one in docs/diagrams/flows.json."""
        return cls.of(cast(list[Mapping[str, Any]], json.loads(RECORDING.read_text(encoding="utf-8"))))

    @property
    def waited_ms(self) -> float:
        """While mcp-proxy was suspended."""
        return sum(call.waited_ms for call in self.calls if call.waiting)


def _at(flow: Mapping[str, Any], name: str) -> float:
    return next(float(event["at_ms"]) for event in flow["events"] if event["event"] == name)


def _tool_call(flow: Mapping[str, Any]) -> ToolCall:
    fields = next(event["fields"] for event in flow["events"] if event["event"] == "execution_finished")
    waiting = any(event["event"] == "execution_suspended" for event in flow["events"])
    return ToolCall(str(flow["name"]), float(fields["billed_ms"]), float(fields["waited_ms"]), waiting)
