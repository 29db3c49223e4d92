"""The limits of API Gateway that this part enforces."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from local.config import LocalConfig
from services.contract.limits import MAX_FRAME_BYTES, MAX_MESSAGE_BYTES


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may do before API Gateway steps in.

    Args:
        message_bytes, frame_bytes: larger closes with 1009 (aws-facts.md 3.1).
        idle_seconds, lifetime_seconds: reached, the connection is closed with 1001.
        integration_seconds: how long a function may take.
        in_flight: deliveries of one connection that may run at once; then its socket is not read.
            Our own figure: AWS publishes none.
        client_buffer_bytes: pushes a client may leave unread; then PostToConnection is refused
            with LimitExceededException. Our own figure: AWS only says that there is one.
        rate, burst: messages a second of one connection. AWS's default for the whole account.
    """

    message_bytes: int = MAX_MESSAGE_BYTES
    frame_bytes: int = MAX_FRAME_BYTES
    idle_seconds: float = 600.0
    lifetime_seconds: float = 7200.0
    integration_seconds: float = 29.0
    in_flight: int = 64
    client_buffer_bytes: int = 4 * 1024 * 1024
    rate: float = 10_000.0
    burst: int = 5_000

    @classmethod
    def of(cls, config: LocalConfig) -> Limits:
        """The limits of a stack."""
        return cls(
            idle_seconds=config.idle_seconds,
            lifetime_seconds=config.lifetime_seconds,
            integration_seconds=config.integration_seconds,
        )


@dataclass(slots=True)
class TokenBucket:
    """Lets `burst` messages through at once and `rate` a second after that."""

    rate: float
    burst: int
    tokens: float = field(init=False)
    filled_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = float(self.burst)
        self.filled_at = time.monotonic()

    def take(self) -> bool:
        """Whether one more message may pass now."""
        now = time.monotonic()
        self.tokens = min(float(self.burst), self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
