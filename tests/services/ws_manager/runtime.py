"""AgentCore's runtime, answering what a test lists."""

from __future__ import annotations

import io
import json
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from tests.services.fakes import FakeClock

if TYPE_CHECKING:
    from types_boto3_bedrock_agentcore import BedrockAgentCoreClient

ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/deskside-x"
QUALIFIER = "DEFAULT"
BUDGET = 12.0


class Unreadable(io.BytesIO):
    """A body that breaks off while it is read."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self._failure = failure

    def read(self, size: int | None = -1, /) -> bytes:
        raise self._failure


class FakeRuntime:
    """Each outcome is one call's: an exception, a body, or a status of the agent; the last one stays."""

    def __init__(self, clock: FakeClock) -> None:
        self.outcomes: deque[Exception | io.BytesIO | bytes | str] = deque(["accepted"])
        self.calls: list[dict[str, Any]] = []
        self.started: list[float] = []
        self.read_seconds: float | None = None
        self.takes = 0.0
        """Seconds that every call lasts."""
        self._clock = clock

    def client(self, read_seconds: float) -> BedrockAgentCoreClient:
        self.read_seconds = read_seconds
        return cast("BedrockAgentCoreClient", self)

    def answers(self, *outcomes: Exception | io.BytesIO | bytes | str) -> None:
        self.outcomes = deque(outcomes)

    @property
    def turns(self) -> list[dict[str, Any]]:
        return [json.loads(call["payload"]) for call in self.calls]

    def invoke_agent_runtime(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        self.started.append(self._clock.now)
        self._clock.now += self.takes
        outcome = self.outcomes.popleft() if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, io.BytesIO):
            return {"response": outcome}
        body = outcome if isinstance(outcome, bytes) else json.dumps({"status": outcome, "position": 1}).encode()
        return {"response": io.BytesIO(body)}
