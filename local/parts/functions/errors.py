"""Errors of the Lambda API in the form that boto3's typed exceptions match."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web

CAPITAL_MESSAGE = frozenset(
    {
        "ResourceNotFoundException",
        "ServiceException",
        "CallbackTimeoutException",
        "DurableExecutionAlreadyStartedException",
    }
)
"""The shapes of the service model (botocore) whose text is in `Message` instead of `message`."""


class LambdaError(Exception):
    """An error answer of the Lambda API.

    Args:
        code: the name of the shape.
        message: the text for the caller.
        status: the HTTP status the service model gives the shape.
        more: further fields of the body.
    """

    def __init__(self, code: str, message: str, status: int = 400, more: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.more = code, message, status, dict(more or {})

    def response(self) -> web.Response:
        """The answer; the header is what makes boto3 raise the typed exception."""
        field = "Message" if self.code in CAPITAL_MESSAGE else "message"
        party = "Service" if self.status >= 500 else "User"
        return web.Response(
            status=self.status,
            body=json.dumps({"Type": party, field: self.message, **self.more}).encode(),
            content_type="application/json",
            headers={"x-amzn-errortype": self.code},
        )


def not_found(message: str) -> LambdaError:
    """404: the function, execution or callback does not exist."""
    return LambdaError("ResourceNotFoundException", message, 404)


def invalid_parameter(message: str) -> LambdaError:
    """400: a parameter the service model or the function's configuration rules out."""
    return LambdaError("InvalidParameterValueException", message)


def invalid_content(message: str) -> LambdaError:
    """400: the request body or client context cannot be read."""
    return LambdaError("InvalidRequestContentException", message)


def too_large(limit: int) -> LambdaError:
    """413: the payload of an Invoke is over its limit."""
    return LambdaError(
        "RequestTooLargeException", f"Request must be smaller than {limit} bytes for the InvokeFunction operation", 413
    )


def too_many_requests() -> LambdaError:
    """429: the function's concurrency is used up."""
    return LambdaError(
        "TooManyRequestsException",
        "Rate Exceeded.",
        429,
        {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"},
    )


def callback_closed() -> LambdaError:
    """400: a callback that has been answered, has expired, or whose execution has ended."""
    return LambdaError(
        "CallbackTimeoutException",
        "The callback ID token has either expired or the callback associated with the token has already been closed.",
    )
