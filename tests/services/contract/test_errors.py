"""The error codes and their meanings."""

from __future__ import annotations

import pytest

from services.contract.errors import MEANINGS, ErrorCode
from services.contract.messages import Error


def test_every_code_has_a_meaning_and_no_meaning_is_left_over() -> None:
    assert set(MEANINGS) == set(ErrorCode)


@pytest.mark.parametrize("code", list(ErrorCode))
def test_an_error_carries_its_declared_meaning(code: ErrorCode) -> None:
    assert Error.of(code, request_id="r").model_dump(mode="json", exclude_none=True) == {
        "event": "error",
        "data": {
            "code": code.value,
            "message": MEANINGS[code].message,
            "retryable": MEANINGS[code].retryable,
            "request_id": "r",
        },
    }


def test_codes_are_lower_case_words_and_messages_are_sentences() -> None:
    for code, meaning in MEANINGS.items():
        assert code.value == code.name.lower()
        assert meaning.message[0].isupper()
        assert meaning.message.endswith(".")


def test_the_server_closes_only_where_a_new_connection_helps() -> None:
    closing = {code for code, meaning in MEANINGS.items() if meaning.closes}
    assert closing == {ErrorCode.NOT_CONNECTED, ErrorCode.TOKEN_EXPIRED}
    assert all(MEANINGS[code].retryable for code in closing)


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        (ErrorCode.CALLBACK_UNDELIVERED, True),
        (ErrorCode.AGENT_BUSY, True),
        (ErrorCode.AGENT_UNAVAILABLE, True),
        (ErrorCode.TURN_UNCONFIRMED, True),
        (ErrorCode.CALLBACK_ANSWERED, False),
        (ErrorCode.CALLBACK_EXPIRED, False),
        (ErrorCode.CALLBACK_UNKNOWN, False),
        (ErrorCode.MALFORMED_ANSWER, False),
        (ErrorCode.CONTENT_TOO_LARGE, False),
        (ErrorCode.INVALID_MESSAGE, False),
    ],
)
def test_whether_sending_again_can_help(code: ErrorCode, retryable: bool) -> None:
    assert MEANINGS[code].retryable is retryable
