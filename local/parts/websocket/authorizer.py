"""The REQUEST authorizer of `$connect`: whether AWS would let a connection in, and with what context."""

from __future__ import annotations

import json
import re
import time
from typing import Any, cast

from local.config import AUTHORIZER
from local.parts.websocket.events import EventFactory
from local.parts.websocket.functions import FunctionRaisedError, Functions, InvocationError

IDENTITY_SOURCE = "Authorization"
"""The header without which AWS answers 401 and does not invoke the authorizer."""

MAX_CONTEXT_BYTES = 8 * 1024
"""Size of an authorizer's result (aws-facts.md 3.1)."""


class RefusedError(Exception):
    """The opening handshake is refused."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def authorize(functions: Functions, events: EventFactory, request_id: str) -> dict[str, Any]:
    """The context of an admitted caller, as later events carry it.

    Raises:
        RefusedError: 401 without credentials or when the authorizer raises "Unauthorized",
            403 when its policy does not allow, 500 when it fails or answers something else.
    """
    if not events.upgrade.header(IDENTITY_SOURCE).strip():
        raise RefusedError(401, "Unauthorized")
    event = events.authorization(request_id)
    started = time.monotonic()
    try:
        answer = await functions.invoke(AUTHORIZER, event)
    except FunctionRaisedError as error:
        if error.message == "Unauthorized":
            raise RefusedError(401, "Unauthorized") from None
        raise RefusedError(500, "Internal server error") from None
    except InvocationError:
        raise RefusedError(500, "Internal server error") from None
    latency = round((time.monotonic() - started) * 1000)
    try:
        allowed, context = _read(answer, event["methodArn"])
    except (KeyError, TypeError, ValueError):
        raise RefusedError(500, "Internal server error") from None
    if not allowed:
        raise RefusedError(403, "User is not authorized to access this resource")
    return {**context, "integrationLatency": latency}


def _read(answer: Any, method: str) -> tuple[bool, dict[str, str]]:
    """Whether a policy response allows, and its context as strings."""
    if len(json.dumps(answer)) > MAX_CONTEXT_BYTES:
        raise ValueError("the authorizer's result is too large")
    principal = answer["principalId"]
    if not isinstance(principal, str) or not principal:
        raise ValueError("principalId must be a string")
    statements = answer["policyDocument"]["Statement"]
    effects = {statement["Effect"] for statement in _several(statements) if _applies(statement, method)}
    context = {name: _text(value) for name, value in (answer.get("context") or {}).items()}
    # An explicit Deny wins over any Allow; nothing that applies is a denial too.
    return effects == {"Allow"}, {**context, "principalId": principal}


def _applies(statement: dict[str, Any], method: str) -> bool:
    actions, resources = _several(statement["Action"]), _several(statement["Resource"])
    return any(_matches(action.lower(), "execute-api:invoke") for action in actions) and any(
        _matches(resource, method) for resource in resources
    )


def _matches(pattern: str, value: str) -> bool:
    """IAM's wildcards: `*` is any text, `?` any one character."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value) is not None


def _several(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else [value]


def _text(value: object) -> str:
    """A context value as API Gateway hands it on; lists and objects are not allowed there."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise TypeError("context values must be strings, numbers or booleans")
