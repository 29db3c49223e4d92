"""Stand-ins for what surrounds the agent: the person's socket, the model, the Gateway."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from botocore.exceptions import ClientError
from strands.models import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec
from typing_extensions import override

from services.agent.gateway import Gateway, GatewayTool
from services.agent.machine_token import MachineToken
from services.contract.messages import Message, encode
from services.contract.tools import REGISTRY
from services.contract.turns import TurnRequest
from services.delivery import Delivery, DeliveryError
from services.stores.connections import Connection, Connections

SESSION = "session-0123456789-0123456789-0123456789"


def turn_request(request_id: str = "request-1", prompt: str = "Hello", seconds: float = 60.0) -> TurnRequest:
    """A prompt that may be taken for so many seconds."""
    return TurnRequest(request_id=request_id, session_name="laptop", prompt=prompt, accept_before=time.time() + seconds)


class FakeDelivery(Delivery):
    """A person whose socket does what the test says. Holds what arrived, in order."""

    def __init__(self) -> None:
        super().__init__(cast(Connections, None), cast(Any, None))
        self.online: str | None = "first"
        """The newest connection; None is an offline person."""
        self.gone: set[str] = set()
        self.faults: deque[Exception] = deque()
        """Raised by the next deliveries, one each."""
        self.table_faults: deque[Exception] = deque()
        """Raised by the next looks for a connection, one each."""
        self.confirms = True
        """False: what is in `faults` is raised after the message arrived."""
        self.seconds = 0.0
        self.arrived: list[tuple[str, dict[str, Any]]] = []
        self.looked = 0
        self._deliveries = threading.Lock()
        self.overlapped = False

    @override
    def send(self, connection_id: str, message: Message | dict[str, object]) -> bool:
        if not self._deliveries.acquire(blocking=False):
            self.overlapped = True
            self._deliveries.acquire()
        try:
            time.sleep(self.seconds)
            if connection_id in self.gone:
                return False
            if self.faults:
                if not self.confirms:
                    self.arrived.append((connection_id, json.loads(encode(message))))
                raise self.faults.popleft()
            self.arrived.append((connection_id, json.loads(encode(message))))
            return True
        finally:
            self._deliveries.release()

    @override
    def newest(self, session_id: str) -> Connection | None:
        assert session_id == SESSION
        self.looked += 1
        if self.table_faults:
            raise self.table_faults.popleft()
        if self.online is None:
            time.sleep(self.seconds)
            return None
        return Connection(self.online, "owner", int(time.time()) + 3_600)

    @override
    def push(
        self, session_id: str, message: Message | dict[str, object], requires: str | None = None
    ) -> Connection | None:
        raise AssertionError("a turn's events are sent to a connection that it knows")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The messages that arrived."""
        return [message for _, message in self.arrived]

    def named(self, event: str) -> list[dict[str, Any]]:
        """The data of the events of one kind."""
        return [message["data"] for message in self.events if message["event"] == event]

    @property
    def ends(self) -> list[dict[str, Any]]:
        """The events that end a turn."""
        return [message for message in self.events if message["event"] in ("answer", "error")]

    @property
    def numbers(self) -> list[int]:
        """The `seq` of everything that arrived."""
        return [message["data"]["seq"] for message in self.events]

    @property
    def written(self) -> str:
        """What a reader of the deltas has."""
        return "".join(data["text"] for data in self.named("answer_delta"))


def unconfirmed() -> DeliveryError:
    """What Delivery raises when API Gateway did not say."""
    return DeliveryError("ReadTimeoutError")


def table_fault() -> ClientError:
    """What the connections table raises when it is throttled."""
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Query")


@dataclass(frozen=True)
class Use:
    """The model asks for a tool."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    id: str = "use-1"


Step = str | Use | float | BaseException
"""A piece of text, a tool use, a pause in seconds, or a fault."""


class ScriptedModel(Model):
    """Says what the test wrote, one reply a request, and is as strict about the history as Bedrock."""

    def __init__(self, *replies: Sequence[Step]) -> None:
        self._replies = deque(replies)
        self.seen: list[Messages] = []
        self.specs: list[list[ToolSpec]] = []
        self.system_prompts: list[str | None] = []

    @override
    def update_config(self, **model_config: Any) -> None: ...

    @override
    def get_config(self) -> dict[str, Any]:
        return {"context_window_limit": 200_000}

    @override
    def structured_output(self, output_model: Any, prompt: Messages, system_prompt: str | None = None, **kwargs: Any):
        raise NotImplementedError

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        check_history(messages)
        self.seen.append(copy.deepcopy(messages))
        self.specs.append(copy.deepcopy(tool_specs or []))
        self.system_prompts.append(system_prompt)
        reply = self._replies.popleft()
        yield {"messageStart": {"role": "assistant"}}
        for step in reply:
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, str | Use):
                for event in _block(step):
                    yield event
            else:
                await asyncio.sleep(step)
        used = any(isinstance(step, Use) for step in reply)
        yield {"messageStop": {"stopReason": "tool_use" if used else "end_turn"}}
        usage: Any = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 0}}}


def _block(step: str | Use) -> list[StreamEvent]:
    if isinstance(step, str):
        return [
            {"contentBlockStart": {"start": {}}},
            {"contentBlockDelta": {"delta": {"text": step}}},
            {"contentBlockStop": {}},
        ]
    return [
        {"contentBlockStart": {"start": {"toolUse": {"toolUseId": step.id, "name": step.name}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(step.arguments)}}}},
        {"contentBlockStop": {}},
    ]


def check_history(messages: Messages) -> None:
    """Refuse what Bedrock's Converse refuses; raise ValueError."""
    if not messages or messages[0]["role"] != "user" or messages[-1]["role"] != "user":
        raise ValueError("a conversation must start and end with a user message")
    asked: set[str] = set()
    for index, message in enumerate(messages):
        if index and message["role"] == messages[index - 1]["role"]:
            raise ValueError("a conversation must alternate between user and assistant roles")
        content = message["content"]
        if not content or any(not block["text"].strip() for block in content if "text" in block):
            raise ValueError("empty content")
        answered = [block["toolResult"]["toolUseId"] for block in content if "toolResult" in block]
        if sorted(answered) != sorted(asked):
            raise ValueError(f"tool uses {asked} are answered by {answered}")
        asked = {block["toolUse"]["toolUseId"] for block in content if "toolUse" in block}


class FakeGateway(Gateway):
    """Offers the declared tools, and answers as the test says."""

    def __init__(self) -> None:
        super().__init__("http://gateway.invalid/mcp", cast(MachineToken, None), 1.0)
        self.offered = offered_tools()
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.result: dict[str, object] = {"status": "connected", "message": "VPN status retrieved from client."}
        self.fault: BaseException | None = None
        self.seconds = 0.0

    @override
    async def tools(self) -> list[GatewayTool]:
        if self.fault:
            raise self.fault
        return list(self.offered)

    @override
    async def call(self, name: str, tool_call_id: str, arguments: dict[str, Any]) -> dict[str, object]:
        self.calls.append((name, tool_call_id, arguments))
        await asyncio.sleep(self.seconds)
        return dict(self.result)


def offered_tools() -> list[GatewayTool]:
    """The declared tools, as the Gateway offers them."""
    offered: list[GatewayTool] = []
    for tool in REGISTRY.tools:
        schema: Any = tool.gateway_schema()
        name = f"mac___{tool.name}"
        spec: ToolSpec = {
            "name": name,
            "description": tool.description,
            "inputSchema": {"json": schema["inputSchema"]},
        }
        offered.append(GatewayTool(name, spec))
    return offered


async def eventually(holds: Callable[[], object], seconds: float = 3.0) -> None:
    """Wait until it holds."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "it never happened"
        await asyncio.sleep(0.005)
