"""What a layer of the proof objects to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One objection to one resource."""

    layer: str
    """`cloudformation`, `service-models` or `iam`."""
    rule: str
    """The layer's own name of what is wrong, such as `E3030`."""
    resource: str
    """Logical name."""
    type: str
    """Type token."""
    message: str
    """Where in the resource, and what."""

    def __str__(self) -> str:
        return f"{self.layer} {self.rule}: {self.resource} ({self.type}): {self.message}"
