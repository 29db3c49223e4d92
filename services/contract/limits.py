"""Limits and timeouts, each with the source of its figure.

The timeout chain is declared here once: callback < execution < MCP call < turn,
and ws-manager's own budget below API Gateway's integration timeout.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

PROTOCOL_VERSION = 1
"""The wire protocol version this code speaks."""

MAX_MESSAGE_BYTES = 128 * 1024
"""API Gateway WebSocket message payload limit; larger closes the socket with 1009."""

MAX_FRAME_BYTES = 32 * 1024
"""API Gateway WebSocket frame limit; a larger frame closes the socket with 1009."""

SAFE_FRAME_BYTES = MAX_FRAME_BYTES - 1024
"""What we let one encoded message grow to, so that it always fits one frame."""

MAX_CONTENT_BYTES = 28 * 1024
"""UTF-8 bytes of `content` in an `async_callback`. The encoded message, JSON's escapes and envelope
included, has to fit one frame besides, unless the client splits it into several. (The durable
callback itself would take 1 MB; the frame is the narrow place.)"""

MAX_PROMPT_CHARACTERS = 8_000
"""Characters of one prompt. Our own figure: two pages of text."""

MAX_REASON_CHARACTERS = 500
"""Longest person-readable detail a client may put into a refusal. Our own figure."""

MAX_RESULT_BYTES = 256 * 1024
"""UTF-8 bytes of one tool result. Our own figure, far under the Gateway's 6 MB tool
payload and the 1 MB durable callback result; above it the model could not read it anyway."""

API_GATEWAY_INTEGRATION_TIMEOUT = 29.0
"""Seconds. AWS hard limit for WebSocket integrations."""

LONGEST_ACCEPT = 12.5
"""Seconds. An attempt that begins at the end of ws-manager's budget may itself take as long as
the budget, so twice the budget, 2 s to connect and a reply have to fit the integration timeout."""

CONNECTION_LIFETIME = 2 * 60 * 60
"""Seconds. AWS hard limit for one WebSocket connection."""

CONNECTION_ROW_LIFETIME = CONNECTION_LIFETIME + 15 * 60
"""Seconds a connection row outlives its start: `$disconnect` is best effort."""

MAX_EXECUTION_TIMEOUT = 900
"""Seconds. A durable function invoked synchronously may not be allowed to run longer."""


@dataclass(frozen=True, slots=True)
class TimeoutChain:
    """How long each layer waits for the one inside it, in seconds.

    Raises:
        ValueError: when a layer would give up before the one inside it.
    """

    callback: int = 120
    """The longest wait for a person's Mac that any tool declares."""
    execution: int = 180
    """Durable execution timeout of mcp-proxy."""
    mcp_call: int = 210
    """The agent's own deadline on one tool call (the Gateway may hang forever)."""
    turn: int = 600
    """One whole turn, several tool calls included."""
    accept: float = 12.0
    """ws-manager's budget for handing a prompt to the agent, retries included."""
    integration: float = 28.0
    """API Gateway's wait for ws-manager, and the longest that function may run."""

    def __post_init__(self) -> None:
        layers = {
            "callback": self.callback,
            "execution": self.execution,
            "mcp_call": self.mcp_call,
            "turn": self.turn,
        }
        for inner, outer in itertools.pairwise(layers):
            if not 0 < layers[inner] < layers[outer]:
                raise ValueError(f"timeout chain: {inner} must be positive and below {outer}")
        if self.execution > MAX_EXECUTION_TIMEOUT:
            raise ValueError(f"timeout chain: execution must not exceed {MAX_EXECUTION_TIMEOUT} s")
        if not 0 < self.accept <= min(LONGEST_ACCEPT, (self.integration - 3) / 2):
            raise ValueError("timeout chain: two accept budgets and 3 s must fit the integration timeout")
        if self.integration >= API_GATEWAY_INTEGRATION_TIMEOUT:
            raise ValueError(f"timeout chain: integration must be below {API_GATEWAY_INTEGRATION_TIMEOUT:g} s")


TIMEOUTS = TimeoutChain()
"""The chain every environment uses."""
