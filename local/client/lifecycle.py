"""The states a connection goes through, the times it keeps and the ways it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from services.contract.messages import Error


class ConnectionState(StrEnum):
    """What a connection is doing."""

    CONNECTING = "connecting"
    READY = "ready"
    WAITING = "waiting"
    """Between two attempts."""
    STOPPED = "stopped"
    """Refused, or closed by its owner: it will not connect again."""


OnState = Callable[[ConnectionState, str], None]


class ConnectionRefusedForGoodError(RuntimeError):
    """The system refused this client; connecting again would not change that."""


class TurnError(RuntimeError):
    """A turn ended with an error."""

    def __init__(self, error: Error) -> None:
        detail = f" ({error.data.detail})" if error.data.detail else ""
        super().__init__(f"{error.data.message}{detail}")
        self.code = error.data.code
        self.error = error


@dataclass(frozen=True, slots=True)
class Pace:
    """The times a connection keeps, in seconds.

    Args:
        heartbeat: between pings; API Gateway drops a connection idle for 600.
        pong: how long a ping may go unanswered before the socket counts as dead.
        handshake: for the upgrade, and again for `ready`.
        renew_before: how long before its token's expiry a socket is replaced.
        renew_share: the most of a token's time that `renew_before` may take.
        redeliver: before an answer that could not be handed on is sent again.
    """

    heartbeat: float = 240.0
    pong: float = 20.0
    handshake: float = 15.0
    renew_before: float = 60.0
    renew_share: float = 0.2
    redeliver: float = 0.5
