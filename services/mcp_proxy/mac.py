"""The side effects of a tool call. Each of these runs inside one durable step."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from services.contract.messages import callback_request, client_action
from services.delivery import Delivery, DeliveryError, UnsupportedByClientError
from services.logs import get_logger
from services.mcp_proxy.calls import ToolCall
from services.stores.requests import PendingRequest, PendingRequests, wire_id

Push = Literal["sent", "offline", "unsupported", "unconfirmed"]
"""What became of a push; plain text, since a step's result is checkpointed as JSON."""


@dataclass(frozen=True, slots=True)
class Mac:
    """The person's Mac, reached through their socket."""

    delivery: Delivery
    requests: PendingRequests

    def command(self, call: ToolCall) -> Push:
        """Push a fire-and-forget command to the newest connection of the session."""
        return self._push(call, client_action(call.tool, call.arguments, call.tool_call_id))

    def ask(self, call: ToolCall, durable_callback_id: str, seconds: int) -> Push:
        """Record a request, then push it. A Mac that is away gets it with its next `hello`."""
        request = self._request(call, durable_callback_id, time.time() + seconds)
        self.requests.open(request)
        push = callback_request(call.tool, call.arguments, request.callback_id, seconds)
        return self._push(call, push, callback_id=request.callback_id)

    def withdraw(self, call: ToolCall, durable_callback_id: str) -> None:
        """Nobody waits for the answer any more."""
        self.requests.close(self._request(call, durable_callback_id, 0.0))

    def _request(self, call: ToolCall, durable_callback_id: str, deadline: float) -> PendingRequest:
        return PendingRequest(
            session_id=call.session_id,
            callback_id=wire_id(durable_callback_id),
            durable_callback_id=durable_callback_id,
            tool=call.tool.name,
            arguments=call.arguments,
            deadline=deadline,
            request_id=call.request_id,
            tool_call_id=call.tool_call_id,
        )

    def _push(self, call: ToolCall, message: dict[str, object], **ids: str) -> Push:
        try:
            taken = self.delivery.push(call.session_id, message, requires=call.tool.action)
        except UnsupportedByClientError:
            get_logger().warning("push_unsupported", action=call.tool.action, **ids)
            return "unsupported"
        except DeliveryError as error:
            get_logger().error("push_unconfirmed", action=call.tool.action, reason=str(error), **ids)
            return "unconfirmed"
        if taken is None:
            get_logger().warning("push_offline", action=call.tool.action, **ids)
            return "offline"
        get_logger().info("pushed", action=call.tool.action, connection_id=taken.connection_id, **ids)
        return "sent"
