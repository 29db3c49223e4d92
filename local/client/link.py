"""The part of a connection that the work done over it sees."""

from __future__ import annotations

from typing import Protocol


class Link(Protocol):
    """Sends over whichever WebSocket is current."""

    @property
    def generation(self) -> int:
        """Counts the WebSockets; what was sent on an earlier one may have been lost."""
        ...

    async def send(self, data: bytes) -> bool:
        """Hand one encoded message to the socket; False when none is ready."""
        ...
