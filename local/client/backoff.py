"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Exponential back-off with full jitter.

    Args:
        base, cap: the bounds of the ceiling, in seconds.
        rng: source of the jitter.
    """

    base: float = 0.5
    cap: float = 30.0
    rng: random.Random = field(default_factory=random.Random)
    attempt: int = 0

    def next_delay(self) -> float:
        """The delay before the next attempt: anywhere up to a ceiling that doubles each time."""
        # The exponent is bounded so that a night of failures does not overflow a float.
        ceiling = min(self.cap, self.base * 2 ** min(self.attempt, 30))
        self.attempt += 1
        return self.rng.uniform(0, ceiling)

    def reset(self) -> None:
        """Start over; called once the connection has proved itself by carrying traffic."""
        self.attempt = 0
