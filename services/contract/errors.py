"""The error codes a client can receive, declared once with what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """The `code` of an `error` event."""

    BAD_JSON = "bad_json"
    INVALID_MESSAGE = "invalid_message"
    UNKNOWN_ACTION = "unknown_action"
    UNSUPPORTED_VERSION = "unsupported_version"
    NOT_CONNECTED = "not_connected"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    AGENT_BUSY = "agent_busy"
    AGENT_UNAVAILABLE = "agent_unavailable"
    TURN_UNCONFIRMED = "turn_unconfirmed"
    TURN_FAILED = "turn_failed"
    TURN_TIMED_OUT = "turn_timed_out"
    CALLBACK_UNKNOWN = "callback_unknown"
    CALLBACK_ANSWERED = "callback_answered"
    CALLBACK_EXPIRED = "callback_expired"
    CALLBACK_UNDELIVERED = "callback_undelivered"
    CONTENT_TOO_LARGE = "content_too_large"
    MALFORMED_ANSWER = "malformed_answer"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class ErrorMeaning:
    """What a code means to the client and whether sending the same again can help."""

    message: str
    retryable: bool
    closes: bool = False
    """The server closes the connection after it."""


MEANINGS: dict[ErrorCode, ErrorMeaning] = {
    ErrorCode.BAD_JSON: ErrorMeaning("The message is not a JSON object.", retryable=False),
    ErrorCode.INVALID_MESSAGE: ErrorMeaning("The message lacks a field or has a wrong one.", retryable=False),
    ErrorCode.UNKNOWN_ACTION: ErrorMeaning("There is no such action.", retryable=False),
    ErrorCode.UNSUPPORTED_VERSION: ErrorMeaning("No protocol version in common.", retryable=False),
    ErrorCode.NOT_CONNECTED: ErrorMeaning("This connection is not known; connect again.", retryable=True, closes=True),
    ErrorCode.TOKEN_EXPIRED: ErrorMeaning(
        "The access token has expired; connect again with a fresh one.", retryable=True, closes=True
    ),
    ErrorCode.AGENT_BUSY: ErrorMeaning("Too many prompts are waiting in this session.", retryable=True),
    ErrorCode.AGENT_UNAVAILABLE: ErrorMeaning("The agent could not be reached.", retryable=True),
    ErrorCode.TURN_UNCONFIRMED: ErrorMeaning(
        "It is not known whether the agent took this prompt; send it again under the same request_id.", retryable=True
    ),
    ErrorCode.TURN_FAILED: ErrorMeaning("The agent could not finish this turn.", retryable=True),
    ErrorCode.TURN_TIMED_OUT: ErrorMeaning("This turn took too long and was ended.", retryable=True),
    ErrorCode.CALLBACK_UNKNOWN: ErrorMeaning("No such request was sent to this session.", retryable=False),
    ErrorCode.CALLBACK_ANSWERED: ErrorMeaning("This request has already been answered.", retryable=False),
    ErrorCode.CALLBACK_EXPIRED: ErrorMeaning("This request is no longer waiting.", retryable=False),
    ErrorCode.CALLBACK_UNDELIVERED: ErrorMeaning("The answer could not be handed on; send it again.", retryable=True),
    ErrorCode.CONTENT_TOO_LARGE: ErrorMeaning("The answer is over the size limit; send less.", retryable=False),
    ErrorCode.MALFORMED_ANSWER: ErrorMeaning("The answer is not what the request asked for.", retryable=False),
    ErrorCode.INTERNAL_ERROR: ErrorMeaning("Something went wrong on our side.", retryable=True),
}
"""Every code has one meaning; the test suite checks that none is missing."""
