"""How a Mac's answer to a request becomes the tool result the model sees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast


class MalformedAnswerError(ValueError):
    """The content of an `async_callback` is not what the request asked for."""


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """The content is a JSON object; one of its fields becomes the result's status."""

    field: str
    allowed: tuple[str, ...]
    message: str
    untrusted: tuple[str, ...] = ()

    def result(self, content: str) -> dict[str, str]:
        """Return `{status, message}`; raise MalformedAnswerError for anything but a known status."""
        try:
            decoded: object = json.loads(content)
        except (ValueError, RecursionError):
            raise MalformedAnswerError("content is not JSON") from None
        value = cast(dict[str, object], decoded).get(self.field) if isinstance(decoded, dict) else None
        if not isinstance(value, str) or value not in self.allowed:
            raise MalformedAnswerError(
                f"content must be an object whose {self.field} is one of {', '.join(self.allowed)}"
            )
        return {"status": value, "message": self.message}


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """The content is text and is handed over whole, as data the model must not obey."""

    field: str
    status: str
    message: str

    @property
    def untrusted(self) -> tuple[str, ...]:
        return (self.field,)

    def result(self, content: str) -> dict[str, str]:
        """Return `{status, <field>, message}`; raise MalformedAnswerError when there is no text."""
        if not content.strip():
            raise MalformedAnswerError("content is empty")
        return {"status": self.status, self.field: content, "message": self.message}


Answer = StatusAnswer | TextAnswer
