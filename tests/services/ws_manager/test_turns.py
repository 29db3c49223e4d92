"""The courier: a prompt is handed over within a budget, and never twice."""

from __future__ import annotations

import io
import time

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from services.contract.errors import ErrorCode
from services.contract.turns import TurnRequest
from services.ws_manager.turns import FIRST_PAUSE, LONGEST_PAUSE, TurnCourier
from tests.services.fakes import CREDENTIALS, SESSION, FakeClock, client_error
from tests.services.ws_manager.runtime import ARN, BUDGET, QUALIFIER, FakeRuntime, Unreadable

URL = "http://127.0.0.1:9"
NOT_DELIVERED = [
    client_error("ThrottlingException", 429),
    client_error("RetryableConflictException", 409),
    client_error("ServiceQuotaExceededException", 402),
    ConnectTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
]
MAYBE_BEGUN = [
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
    client_error("RuntimeClientError", 424),
    client_error("InternalServerException", 500),
    client_error("ConflictException", 409),
    client_error("ResourceNotFoundException", 404),
    client_error("AccessDeniedException", 403),
    client_error("ValidationException", 400),
    ParamValidationError(report="x"),
    OSError("broken pipe"),
]


def name_of(failure: object) -> str:
    return code_of(failure) if isinstance(failure, ClientError) else type(failure).__name__


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def deliver(courier: TurnCourier) -> ErrorCode | None:
    return courier.deliver(SESSION, "req-1", "abc-123", "Hi 🙂")


def test_what_the_agent_is_sent(courier: TurnCourier, runtime: FakeRuntime, clock: FakeClock) -> None:
    assert deliver(courier) is None
    [call] = runtime.calls
    assert TurnRequest.model_validate_json(call.pop("payload")) == TurnRequest(
        request_id="req-1", session_name="abc-123", prompt="Hi 🙂", accept_before=clock.now + BUDGET
    )
    assert call == {
        "agentRuntimeArn": ARN,
        "qualifier": QUALIFIER,
        "runtimeSessionId": SESSION,
        "contentType": "application/json",
        "accept": "application/json",
    }
    assert runtime.read_seconds == BUDGET


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("accepted", None),
        ("queued", None),
        ("duplicate", None),
        ("expired", ErrorCode.AGENT_UNAVAILABLE),
        ("invalid", ErrorCode.INTERNAL_ERROR),
    ],
)
def test_what_the_agent_says_is_final(
    courier: TurnCourier, runtime: FakeRuntime, status: str, error: ErrorCode | None
) -> None:
    runtime.answers(status, "accepted")
    assert deliver(courier) is error
    assert len(runtime.calls) == 1


# Tried again only when the agent cannot have begun


@pytest.mark.parametrize("failure", NOT_DELIVERED, ids=name_of)
def test_tried_again_when_it_did_not_get_there(courier: TurnCourier, runtime: FakeRuntime, failure: Exception) -> None:
    runtime.answers(failure, failure, "accepted")
    assert deliver(courier) is None
    assert len(runtime.calls) == 3


def test_tried_again_when_the_queue_is_full(courier: TurnCourier, runtime: FakeRuntime) -> None:
    runtime.answers("busy", "busy", "queued")
    assert deliver(courier) is None
    assert len(runtime.calls) == 3
    # The same turn each time: the agent recognises it, and its deadline does not move.
    assert runtime.turns[0] == runtime.turns[1] == runtime.turns[2]


@pytest.mark.parametrize("failure", MAYBE_BEGUN, ids=name_of)
def test_never_tried_again_when_it_may_have_begun(
    courier: TurnCourier, runtime: FakeRuntime, clock: FakeClock, failure: Exception
) -> None:
    runtime.answers(failure, "accepted")
    assert deliver(courier) is ErrorCode.TURN_UNCONFIRMED
    assert len(runtime.calls) == 1
    assert clock.sleeps == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"status": "fine"}',
        b'data: {"error": "boom"}\n\n',
        Unreadable(ReadTimeoutError(endpoint_url=URL)),
        Unreadable(ResponseStreamingError(error="cut off")),
        Unreadable(OSError("reset")),
    ],
    ids=["nothing", "html", "no status", "another status", "an event", "timeout", "cut off", "reset"],
)
def test_a_lost_answer_is_not_asked_for_again(
    courier: TurnCourier, runtime: FakeRuntime, body: bytes | Unreadable
) -> None:
    runtime.answers(body, "accepted")
    assert deliver(courier) is ErrorCode.TURN_UNCONFIRMED
    assert len(runtime.calls) == 1


def test_a_doubtful_failure_ends_even_a_row_of_harmless_ones(courier: TurnCourier, runtime: FakeRuntime) -> None:
    runtime.answers("busy", NOT_DELIVERED[0], ReadTimeoutError(endpoint_url=URL), "accepted")
    assert deliver(courier) is ErrorCode.TURN_UNCONFIRMED
    assert len(runtime.calls) == 3


# The budget


@pytest.mark.parametrize(
    ("outcome", "error"),
    [("busy", ErrorCode.AGENT_BUSY), *((failure, ErrorCode.AGENT_UNAVAILABLE) for failure in NOT_DELIVERED)],
    ids=lambda value: name_of(value) if isinstance(value, Exception) else str(value),
)
@pytest.mark.parametrize("takes", [0.0, 0.4, 3.0])
def test_it_gives_up_within_its_budget(
    *,
    courier: TurnCourier,
    runtime: FakeRuntime,
    clock: FakeClock,
    outcome: str | Exception,
    error: ErrorCode,
    takes: float,
) -> None:
    began = clock.now
    runtime.takes = takes
    runtime.answers(outcome)
    assert deliver(courier) is error
    assert len(runtime.calls) > 2
    assert clock.now - began <= BUDGET + takes
    assert all(start < began + BUDGET for start in runtime.started)


def test_pauses_grow_to_a_bound(courier: TurnCourier, runtime: FakeRuntime, clock: FakeClock) -> None:
    runtime.answers("busy")
    deliver(courier)
    bound = FIRST_PAUSE
    for slept in clock.sleeps:
        assert 0 <= slept <= bound
        bound = min(bound * 2, LONGEST_PAUSE)
    assert len(set(clock.sleeps)) > 1


def test_a_call_that_used_the_budget_up_is_the_last(courier: TurnCourier, runtime: FakeRuntime) -> None:
    runtime.takes = BUDGET
    runtime.answers("busy", "accepted")
    assert deliver(courier) is ErrorCode.AGENT_BUSY
    assert len(runtime.calls) == 1


# Against botocore itself


def test_botocore_takes_the_call_and_gives_typed_errors() -> None:
    client = boto3.client("bedrock-agentcore", **CREDENTIALS)
    slept: list[float] = []
    courier = TurnCourier(lambda _: client, ARN, QUALIFIER, BUDGET, slept.append)
    body = b'{"status": "queued", "position": 2, "new": 1}'
    expected = {
        "agentRuntimeArn": ARN,
        "qualifier": QUALIFIER,
        "runtimeSessionId": SESSION,
        "contentType": "application/json",
        "accept": "application/json",
        "payload": ANY,
    }
    with Stubber(client) as stub:
        for code, status in (("ThrottlingException", 429), ("RetryableConflictException", 409)):
            stub.add_client_error("invoke_agent_runtime", code, http_status_code=status, expected_params=expected)
        good = {"contentType": "application/json", "response": StreamingBody(io.BytesIO(body), len(body))}
        stub.add_response("invoke_agent_runtime", good, expected)
        assert deliver(courier) is None
        stub.assert_no_pending_responses()
        assert len(slept) == 2
        stub.add_client_error("invoke_agent_runtime", "RuntimeClientError", http_status_code=424)
        assert deliver(courier) is ErrorCode.TURN_UNCONFIRMED
        stub.assert_no_pending_responses()


def test_the_deadline_is_wall_clock_time(runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's machine compares it with its own clock."""
    monkeypatch.undo()
    courier = TurnCourier(runtime.client, ARN, QUALIFIER, BUDGET)
    deliver(courier)
    assert runtime.turns[0]["accept_before"] == pytest.approx(time.time() + BUDGET, abs=2)
