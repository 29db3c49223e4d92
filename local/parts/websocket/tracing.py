"""Which ids of a message go into the log, so that a timeline can tell what a line belongs to."""

from __future__ import annotations

import json
import re
from typing import Any, cast

NAMED = ("request_id", "callback_id")
ID = re.compile(r"[A-Za-z0-9_=-]{1,128}")
"""Other values are no ids of ours; a log line must not carry what a client smuggles in."""


def decoded(body: str | bytes) -> dict[str, Any]:
    """The JSON object in a body; empty when it holds none."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def ids_of(message: dict[str, Any]) -> dict[str, str]:
    """The ids at the top level or in `data`, and the message's event or action as `event_name`."""
    data = message.get("data")
    inner = cast(dict[str, Any], data) if isinstance(data, dict) else {}
    found = {name: message.get(name, inner.get(name)) for name in NAMED}
    found["event_name"] = message.get("event", message.get("action"))
    return {name: value for name, value in found.items() if isinstance(value, str) and ID.fullmatch(value)}
