"""The typed failures of a tool call, each with a sentence the model can act on."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """Why a tool call has no result. The values are the `status` the model sees."""

    CLIENT_OFFLINE = "client_offline"
    TIMED_OUT = "timed_out"
    DECLINED = "declined"
    FAILED = "failed"
    INVALID_ARGUMENTS = "invalid_arguments"


SENTENCES: dict[Failure, str] = {
    Failure.CLIENT_OFFLINE: "The person's Mac is not connected. Ask them to open the app; do not retry now.",
    Failure.TIMED_OUT: "The person's Mac did not answer in time. Say so, and offer to try once more.",
    Failure.DECLINED: "The person declined this request on their Mac. Respect it; explain what it was for and ask.",
    Failure.FAILED: "This could not be done. Tell the person the reason given and suggest a next step.",
    Failure.INVALID_ARGUMENTS: "The tool was called with arguments it does not accept. Correct them and call it again.",
}

SENT_TO_CLIENT = {"status": "sent_to_client"}
"""Result of a fire-and-forget tool whose command was handed to the socket."""


def failure(kind: Failure, *, reason: str | None = None, detail: str | None = None) -> dict[str, str]:
    """The tool result for a failure.

    Args:
        kind: what happened.
        reason: a stable word for the cause, such as `not_installed` or `result_too_large`.
        detail: one sentence with particulars, written by us or bounded by the protocol.
    """
    result = {"status": kind.value, "message": SENTENCES[kind]}
    if reason:
        result["reason"] = reason
    if detail:
        result["detail"] = detail
    return result
