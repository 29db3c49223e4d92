"""A VPN that takes its time: the state machine behind the simulated Mac's outputs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

TUNNEL_ADDRESS = "10.3.3.3"


@dataclass(slots=True)
class SimulatedVpn:
    """Moves between disconnected and connected, by way of connecting and disconnecting.

    Nothing runs in the background: each look at `state` works out what the clock has done.

    Args:
        connected: the state it starts in.
        transition_seconds: how long connecting, and disconnecting, takes.
        reachable: asked when a connection attempt ends, whether it succeeded.
    """

    connected: bool = False
    transition_seconds: float = 2.0
    host: str = "vpn.example.com"
    reachable: Callable[[], bool] = lambda: True
    clock: Callable[[], float] = time.monotonic
    history: list[str] = field(default_factory=list[str])
    """Every state it was in, oldest first."""
    _since: float = 0.0

    def __post_init__(self) -> None:
        self._since = self.clock()
        self.history.append("connected" if self.connected else "disconnected")

    @property
    def state(self) -> str:
        """The state right now."""
        current = self.history[-1]
        if current in ("connecting", "disconnecting") and self.clock() - self._since >= self.transition_seconds:
            up = current == "connecting" and self.reachable()
            self._enter("connected" if up else "disconnected", self._since + self.transition_seconds)
        return self.history[-1]

    @property
    def seconds_connected(self) -> float:
        """How long the tunnel has been up; 0 when it is not."""
        return self.clock() - self._since if self.state == "connected" else 0.0

    def connect(self) -> None:
        """Begin to connect. Does nothing when connected or connecting, as the real one."""
        if self.state not in ("connected", "connecting"):
            self._enter("connecting", self.clock())

    def disconnect(self) -> None:
        """Begin to disconnect."""
        if self.state not in ("disconnected", "disconnecting"):
            self._enter("disconnecting", self.clock())

    async def settled(self) -> str:
        """Wait until no transition is under way; returns the state."""
        # The state is worked out from the clock: there is nothing that could signal an event.
        while (state := self.state) in ("connecting", "disconnecting"):  # noqa: ASYNC110
            await asyncio.sleep(max(self._since + self.transition_seconds - self.clock(), 0.001))
        return state

    def _enter(self, state: str, at: float) -> None:
        self.history.append(state)
        self._since = at
