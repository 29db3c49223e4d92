"""Incoming messages, decoded once at the edge into typed events and requests."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from pydantic import ValidationError

from services.contract.limits import SAFE_FRAME_BYTES
from services.contract.messages import (
    PUSHES,
    SERVER_EVENTS,
    Activity,
    Answer,
    AnswerDelta,
    ChatAccepted,
    Error,
    Message,
    ServerEvent,
    encode,
)
from services.contract.tools import REGISTRY, ArgumentValue, Risk

TurnEvent = ChatAccepted | Activity | AnswerDelta | Answer | Error
"""What `ask` yields."""

_CALLBACK_ID = re.compile(r"cb-[0-9a-f]{32}")
_ENVELOPE = frozenset({"action", "callback_id", "action_id", "expires_in", "event"})


class MessageTooLargeError(ValueError):
    """An outgoing message would not fit one frame; it was not sent."""


@dataclass(frozen=True, slots=True)
class MacRequest:
    """One thing this Mac is asked to do."""

    action: str
    fields: Mapping[str, ArgumentValue] = field(default_factory=dict[str, ArgumentValue])
    callback_id: str | None = None
    """Set when an answer is awaited."""
    action_id: str | None = None
    expires_at: float | None = None
    """When nobody waits for the answer any more, in `time.monotonic`."""
    fault: str | None = None
    """Why the request cannot be carried out as it was sent."""

    @property
    def risk(self) -> Risk:
        """What the person is asked first; an action nobody declared is asked about like a change."""
        tool = REGISTRY.by_action.get(self.action)
        return tool.risk if tool else Risk.CHANGE

    @property
    def key(self) -> str | None:
        """The name under which it is carried out once."""
        return self.callback_id or self.action_id

    def seconds_left(self) -> float | None:
        """Seconds until nobody waits any more, or None when that was not said."""
        return None if self.expires_at is None else self.expires_at - time.monotonic()


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message this client does not understand."""

    why: str


def decode(raw: str | bytes) -> ServerEvent | MacRequest | Ignored:
    """One incoming frame."""
    try:
        message: object = json.loads(raw)
    except (ValueError, RecursionError):
        return Ignored("not JSON")
    if not isinstance(message, dict):
        return Ignored("not a JSON object")
    return decode_message(cast(dict[str, object], message))


def decode_message(message: Mapping[str, object]) -> ServerEvent | MacRequest | Ignored:
    """One incoming message, already parsed; also the items of `ready.pending`."""
    event = message.get("event")
    if event == "client_action":
        data = message.get("data")
        return _request(message, cast(dict[str, object], data)) if isinstance(data, dict) else Ignored("no data")
    if isinstance(event, str):
        model = SERVER_EVENTS.get(event)
        if model is None:
            return Ignored(f"unknown event {event[:64]}")
        try:
            # From JSON, where strict mode lets an enum arrive as its string.
            return cast(ServerEvent, model.model_validate_json(json.dumps(message)))
        except ValidationError as error:
            return Ignored(f"{event}: {error.error_count()} faults")
    return _request(message, message)


def _request(message: Mapping[str, object], body: Mapping[str, object]) -> MacRequest | Ignored:
    """A push: `message` as a whole, `body` where its fields are."""
    action = body.get("action")
    if not isinstance(action, str):
        return Ignored("neither an event nor an action")
    callback_id, action_id, expires_in = (body.get(name) for name in ("callback_id", "action_id", "expires_in"))
    if callback_id is not None and not (isinstance(callback_id, str) and _CALLBACK_ID.fullmatch(callback_id)):
        return Ignored(f"{action[:64]}: callback_id is not one")
    fields = {
        name: value
        for name, value in body.items()
        if name not in _ENVELOPE and isinstance(value, str | int | float | bool)
    }
    expires = isinstance(expires_in, int | float) and not isinstance(expires_in, bool)
    return MacRequest(
        action=action,
        fields=fields,
        callback_id=callback_id,
        action_id=action_id if isinstance(action_id, str) else None,
        expires_at=time.monotonic() + cast(float, expires_in) if expires else None,
        fault=_fault(action, message),
    )


def _fault(action: str, message: Mapping[str, object]) -> str | None:
    tool = REGISTRY.by_action.get(action)
    if tool is None:
        return None
    try:
        PUSHES[tool.name].model_validate_json(json.dumps(message))
    except ValidationError as error:
        names = sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)})
        return f"the request is not valid: {', '.join(names)}"[:200]
    return None


def encode_bounded(message: Message) -> bytes:
    """One outgoing message.

    Raises:
        MessageTooLargeError: it does not fit one frame.
    """
    data = encode(message)
    if len(data) > SAFE_FRAME_BYTES:
        raise MessageTooLargeError(f"the message has {len(data)} bytes; {SAFE_FRAME_BYTES} fit one frame")
    return data
