"""The callback desk: whose answer counts, and only once."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.dynamodb.models import DynamoDBBackend
from structlog.testing import capture_logs

from services.contract.errors import ErrorCode
from services.contract.limits import MAX_CONTENT_BYTES
from services.contract.messages import AsyncCallback
from services.stores.requests import CLAIM_SECONDS, PendingRequest, PendingRequests, Status, wire_id
from services.ws_manager.callbacks import CallbackDesk
from tests.services.fakes import OTHER_SESSION, SESSION, FakeClock, FakeLambda, client_error
from tests.services.ws_manager.conftest import Ask

CONNECTED = '{"vpn_status": "connected"}'


def content(request: PendingRequest, text: str = CONNECTED) -> AsyncCallback:
    return AsyncCallback(action="async_callback", callback_id=request.callback_id, content=text)


def refusal(request: PendingRequest, code: str, message: str = "") -> AsyncCallback:
    error = {"code": code, "message": message}
    return AsyncCallback.model_validate(
        {"action": "async_callback", "callback_id": request.callback_id, "error": error}
    )


def status(pending: PendingRequests, request: PendingRequest) -> Status:
    row = pending.get(request.session_id, request.callback_id)
    assert row is not None
    return row.status


# What counts


def test_an_answer_completes_the_durable_callback(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda, pending: PendingRequests
) -> None:
    request = ask()
    assert desk.answer(SESSION, content(request)) is None
    assert lambda_client.succeeded == [("ZHVyYWJsZQ==", CONNECTED.encode())]
    assert lambda_client.failed == []
    assert status(pending, request) is Status.ANSWERED


def test_how_long_the_mac_was_waited_for_is_logged(desk: CallbackDesk, ask: Ask, clock: FakeClock) -> None:
    request = ask()
    clock.now += 12.25
    with capture_logs() as lines:
        assert desk.answer(SESSION, content(request)) is None
    [line] = [line for line in lines if line["event"] == "callback_completed"]
    assert (line["outcome"], line["waited_seconds"]) == ("content", 12.25)


def test_text_arrives_as_utf8_unchanged(desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda) -> None:
    logs = "  >> Überblick 🙂\n\t"
    assert desk.answer(SESSION, content(ask("analyze_logs"), logs)) is None
    assert lambda_client.succeeded[0][1] == logs.encode()


@pytest.mark.parametrize("code", ["declined", "not_installed", "failed", "timed_out"])
def test_a_refusal_fails_the_durable_callback(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda, pending: PendingRequests, code: str
) -> None:
    request = ask()
    assert desk.answer(SESSION, refusal(request, code, "Not now.")) is None
    [(durable, error)] = lambda_client.failed
    assert durable == "ZHVyYWJsZQ=="
    assert json.loads(error.pop("ErrorData")) == {"code": code, "message": "Not now."}
    assert error == {"ErrorType": code, "ErrorMessage": "Not now."}
    assert lambda_client.succeeded == []
    assert status(pending, request) is Status.ANSWERED


def test_a_tool_that_is_gone_from_the_registry_can_still_be_answered(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda
) -> None:
    assert desk.answer(SESSION, content(ask("of_an_older_version"), "anything")) is None
    assert len(lambda_client.succeeded) == 1


# What does not count changes nothing


def test_unknown_foreign_and_unbound_look_the_same(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda, pending: PendingRequests
) -> None:
    request = ask(session_id=OTHER_SESSION)
    unknown = AsyncCallback(action="async_callback", callback_id=wire_id("never"), content=CONNECTED)
    for session_id, message in (
        (SESSION, content(request)),
        (SESSION, refusal(request, "declined")),
        (None, content(request)),
        ("", content(request)),
        (SESSION, unknown),
        (OTHER_SESSION, unknown),
    ):
        assert desk.answer(session_id, message) is ErrorCode.CALLBACK_UNKNOWN
    assert lambda_client.untouched
    assert status(pending, request) is Status.WAITING
    assert desk.answer(OTHER_SESSION, content(request)) is None


def test_a_duplicate_is_refused(desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda) -> None:
    request = ask()
    assert desk.answer(SESSION, content(request)) is None
    assert desk.answer(SESSION, content(request)) is ErrorCode.CALLBACK_ANSWERED
    assert desk.answer(SESSION, refusal(request, "declined")) is ErrorCode.CALLBACK_ANSWERED
    assert len(lambda_client.succeeded) == 1
    assert lambda_client.failed == []


def test_many_answers_at_once_complete_it_once(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, update = threading.Lock(), DynamoDBBackend.update_item

    def atomic(backend: DynamoDBBackend, *args: Any, **kwargs: Any) -> Any:
        with lock:  # as DynamoDB does
            return update(backend, *args, **kwargs)

    monkeypatch.setattr(DynamoDBBackend, "update_item", atomic)
    request = ask()
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: desk.answer(SESSION, content(request)), range(8)))
    assert outcomes.count(None) == 1
    assert set(outcomes) == {None, ErrorCode.CALLBACK_ANSWERED}
    assert len(lambda_client.succeeded) == 1


def test_a_late_answer_is_refused(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda, pending: PendingRequests, clock: FakeClock
) -> None:
    request = ask(seconds=30)
    clock.now += 30
    assert desk.answer(SESSION, content(request)) is ErrorCode.CALLBACK_EXPIRED
    assert lambda_client.untouched
    assert status(pending, request) is Status.WAITING


def test_a_withdrawn_request_is_expired(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda, pending: PendingRequests
) -> None:
    request = ask()
    pending.close(request)
    assert desk.answer(SESSION, content(request)) is ErrorCode.CALLBACK_EXPIRED
    assert lambda_client.untouched


@pytest.mark.parametrize(
    ("tool", "text", "code"),
    [
        ("get_vpn_status", "", ErrorCode.MALFORMED_ANSWER),
        ("get_vpn_status", "connected", ErrorCode.MALFORMED_ANSWER),
        ("get_vpn_status", '{"vpn_status": "fine"}', ErrorCode.MALFORMED_ANSWER),
        ("analyze_logs", " \n", ErrorCode.MALFORMED_ANSWER),
        ("analyze_logs", "x" * (MAX_CONTENT_BYTES + 1), ErrorCode.CONTENT_TOO_LARGE),
        ("analyze_logs", "ü" * (MAX_CONTENT_BYTES // 2) + "x", ErrorCode.CONTENT_TOO_LARGE),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_bad_answer_leaves_the_request_open_for_a_better_one(
    *,
    desk: CallbackDesk,
    ask: Ask,
    lambda_client: FakeLambda,
    pending: PendingRequests,
    tool: str,
    text: str,
    code: ErrorCode,
) -> None:
    request = ask(tool)
    assert desk.answer(SESSION, content(request, text)) is code
    assert lambda_client.untouched
    assert status(pending, request) is Status.WAITING
    good = CONNECTED if tool == "get_vpn_status" else "x" * MAX_CONTENT_BYTES
    assert desk.answer(SESSION, content(request, good)) is None


# When Lambda does not take it


@pytest.mark.parametrize("typed", [True, False])
def test_a_callback_that_is_over_for_lambda_is_expired(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda, pending: PendingRequests, typed: bool
) -> None:
    request = ask()
    over = lambda_client.callback_timeout() if typed else client_error("ResourceNotFoundException", 404)
    lambda_client.failures.append(over)
    assert desk.answer(SESSION, content(request)) is ErrorCode.CALLBACK_EXPIRED
    # It is closed: no further answer is tried, and no `hello` offers it again.
    assert status(pending, request) is Status.CLOSED
    assert pending.waiting(SESSION) == []
    assert desk.answer(SESSION, content(request)) is ErrorCode.CALLBACK_EXPIRED
    assert lambda_client.untouched


@pytest.mark.parametrize(
    "failure",
    [
        client_error("TooManyRequestsException", 429),
        client_error("ServiceException", 500),
        client_error("AccessDeniedException", 403),
        ReadTimeoutError(endpoint_url="http://x"),
        ConnectTimeoutError(endpoint_url="http://x"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("form", ["content", "refusal"])
def test_an_undelivered_answer_can_be_sent_again(
    *,
    desk: CallbackDesk,
    ask: Ask,
    lambda_client: FakeLambda,
    pending: PendingRequests,
    failure: Exception,
    form: str,
) -> None:
    request = ask()
    message = content(request) if form == "content" else refusal(request, "declined")
    lambda_client.failures.append(failure)
    assert desk.answer(SESSION, message) is ErrorCode.CALLBACK_UNDELIVERED
    assert status(pending, request) is Status.WAITING
    assert desk.answer(SESSION, message) is None
    assert len(lambda_client.succeeded) + len(lambda_client.failed) == 1


def test_an_answer_whose_handler_died_can_be_sent_again(
    desk: CallbackDesk, ask: Ask, lambda_client: FakeLambda, pending: PendingRequests, clock: FakeClock
) -> None:
    request = ask()
    assert pending.claim(request) is None  # and then the process was killed
    assert desk.answer(SESSION, content(request)) is ErrorCode.CALLBACK_ANSWERED
    clock.now += CLAIM_SECONDS + 0.1
    assert desk.answer(SESSION, content(request)) is None
    assert len(lambda_client.succeeded) == 1
