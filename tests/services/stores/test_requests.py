"""The pending-request table: who may answer, and once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from moto.dynamodb.models import DynamoDBBackend

from local.config import REQUESTS_TABLE
from services.stores.requests import (
    CLAIM_SECONDS,
    REMEMBERED_SECONDS,
    ClaimRefused,
    PendingRequest,
    PendingRequests,
    Status,
    why_refused,
    wire_id,
)
from tests.services.fakes import OTHER_SESSION, SESSION, FakeClock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DURABLE = "ZHVyYWJsZS1jYWxsYmFjay1pZA=="
Act = Callable[[PendingRequests, PendingRequest], object]


def request_at(now: float, durable: str = DURABLE, session_id: str = SESSION, **change: Any) -> PendingRequest:
    fields: dict[str, Any] = {
        "session_id": session_id,
        "callback_id": wire_id(durable),
        "durable_callback_id": durable,
        "tool": "analyze_logs",
        "arguments": {"log_type": "vpn", "lines": 5, "ratio": 0.5, "all": True},
        "deadline": now + 30.0,
        "request_id": "req-1",
        "tool_call_id": "call-1",
    }
    return PendingRequest(**{**fields, **change})


@pytest.fixture
def asked(pending: PendingRequests, clock: FakeClock) -> PendingRequest:
    request = request_at(clock.now)
    pending.open(request)
    return request


def status(pending: PendingRequests, request: PendingRequest) -> Status:
    row = pending.get(request.session_id, request.callback_id)
    assert row is not None
    return row.status


def test_a_request_survives_the_table(pending: PendingRequests, asked: PendingRequest) -> None:
    assert pending.get(SESSION, asked.callback_id) == asked


def test_the_wire_id_stands_for_the_durable_id() -> None:
    assert wire_id(DURABLE) == wire_id(DURABLE) != wire_id(DURABLE + "x")
    assert len(wire_id(DURABLE)) == 35
    assert DURABLE not in wire_id(DURABLE)


def test_opening_again_changes_nothing(pending: PendingRequests, asked: PendingRequest, clock: FakeClock) -> None:
    assert pending.claim(asked) is None
    pending.settle(asked)
    clock.now += 5
    pending.open(replace(asked, deadline=asked.deadline + 99, durable_callback_id="other"))
    row = pending.get(SESSION, asked.callback_id)
    assert row is not None
    assert (row.status, row.deadline, row.durable_callback_id) == (Status.ANSWERED, asked.deadline, DURABLE)


def test_rows_outlive_their_deadline(asked: PendingRequest, dynamodb: DynamoDBClient) -> None:
    key: Any = {"session_id": {"S": SESSION}, "callback_id": {"S": asked.callback_id}}
    row = dynamodb.get_item(TableName=REQUESTS_TABLE, Key=key).get("Item", {})
    assert row["expires_at"] == {"N": str(int(asked.deadline) + REMEMBERED_SECONDS)}


# States

CLAIM: Act = lambda store, request: store.claim(request)  # noqa: E731
RELEASE: Act = lambda store, request: store.release(request)  # noqa: E731
SETTLE: Act = lambda store, request: store.settle(request)  # noqa: E731
CLOSE: Act = lambda store, request: store.close(request)  # noqa: E731


@pytest.mark.parametrize(
    ("acts", "reached"),
    [
        ([], Status.WAITING),
        ([CLAIM], Status.ANSWERING),
        ([CLAIM, SETTLE], Status.ANSWERED),
        ([CLAIM, RELEASE], Status.WAITING),
        ([CLAIM, RELEASE, CLAIM, SETTLE], Status.ANSWERED),
        ([CLOSE], Status.CLOSED),
        # What is not in the picture does not happen.
        ([SETTLE], Status.WAITING),
        ([RELEASE], Status.WAITING),
        ([CLAIM, CLOSE], Status.ANSWERING),
        ([CLAIM, SETTLE, CLOSE], Status.ANSWERED),
        ([CLAIM, SETTLE, RELEASE], Status.ANSWERED),
        ([CLAIM, SETTLE, CLAIM], Status.ANSWERED),
        ([CLOSE, CLAIM], Status.CLOSED),
        ([CLOSE, SETTLE], Status.CLOSED),
        ([CLOSE, RELEASE], Status.CLOSED),
    ],
)
def test_the_state_machine(pending: PendingRequests, asked: PendingRequest, acts: list[Act], reached: Status) -> None:
    for act in acts:
        act(pending, asked)
    assert status(pending, asked) is reached


@pytest.mark.parametrize(
    ("before", "refused"),
    [
        ([CLAIM], ClaimRefused.ANSWERED),
        ([CLAIM, SETTLE], ClaimRefused.ANSWERED),
        ([CLOSE], ClaimRefused.EXPIRED),
        ([CLAIM, RELEASE], None),
    ],
)
def test_why_a_claim_is_refused(
    pending: PendingRequests, asked: PendingRequest, before: list[Act], refused: ClaimRefused | None
) -> None:
    for act in before:
        act(pending, asked)
    assert pending.claim(asked) is refused


def test_acts_on_unknown_rows_create_none(pending: PendingRequests, clock: FakeClock) -> None:
    request = request_at(clock.now)
    assert pending.claim(request) is ClaimRefused.UNKNOWN
    for act in (RELEASE, SETTLE, CLOSE):
        act(pending, request)
    assert pending.get(SESSION, request.callback_id) is None


def test_nothing_can_be_claimed_after_the_deadline(
    pending: PendingRequests, asked: PendingRequest, clock: FakeClock
) -> None:
    clock.now = asked.deadline - 0.001
    assert asked.open_at(clock.now)
    clock.now = asked.deadline
    assert not asked.open_at(clock.now)
    assert pending.claim(asked) is ClaimRefused.EXPIRED
    assert status(pending, asked) is Status.WAITING


def test_an_abandoned_claim_can_be_taken_again(
    pending: PendingRequests, asked: PendingRequest, clock: FakeClock
) -> None:
    assert pending.claim(asked) is None
    clock.now += CLAIM_SECONDS - 0.01
    assert pending.claim(asked) is ClaimRefused.ANSWERED
    assert pending.waiting(SESSION) == []
    clock.now += 0.02
    assert [row.callback_id for row in pending.waiting(SESSION)] == [asked.callback_id]
    assert pending.claim(asked) is None
    # The second holder has its own time.
    assert pending.claim(asked) is ClaimRefused.ANSWERED


def test_an_abandoned_claim_is_not_free_after_the_deadline(
    pending: PendingRequests, asked: PendingRequest, clock: FakeClock
) -> None:
    clock.now = asked.deadline - 1
    assert pending.claim(asked) is None
    clock.now += CLAIM_SECONDS + 1
    assert pending.claim(asked) is not None


def test_a_foreign_session_neither_sees_nor_claims_it(pending: PendingRequests, asked: PendingRequest) -> None:
    foreign = replace(asked, session_id=OTHER_SESSION)
    assert pending.get(OTHER_SESSION, asked.callback_id) is None
    assert pending.waiting(OTHER_SESSION) == []
    assert pending.claim(foreign) is ClaimRefused.UNKNOWN
    for act in (SETTLE, RELEASE, CLOSE):
        act(pending, foreign)
    assert status(pending, asked) is Status.WAITING


def test_one_claim_of_sixteen_wins(
    pending: PendingRequests, asked: PendingRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB serialises writes of one item, moto does not: each single write is made atomic, and
    all claimants write at the same time. Reading first and writing then would let all of them win."""
    lock, together, update = threading.Lock(), threading.Barrier(16), DynamoDBBackend.update_item

    def atomic(backend: DynamoDBBackend, *args: Any, **kwargs: Any) -> Any:
        together.wait(10)
        with lock:
            return update(backend, *args, **kwargs)

    monkeypatch.setattr(DynamoDBBackend, "update_item", atomic)
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: pending.claim(asked), range(16)))
    assert outcomes.count(None) == 1
    assert outcomes.count(ClaimRefused.ANSWERED) == 15


# What still waits


def test_waiting_is_oldest_first_and_only_what_is_open(pending: PendingRequests, clock: FakeClock) -> None:
    names = ["one", "two", "three", "four", "five", "six"]
    rows = {name: request_at(clock.now + index, name) for index, name in enumerate(names)}
    for request in rows.values():
        pending.open(request)
        clock.now += 1
    pending.open(request_at(clock.now, "foreign", OTHER_SESSION))
    pending.open(request_at(clock.now, "over", deadline=clock.now - 0.1))
    pending.claim(rows["two"])
    pending.claim(rows["three"])
    pending.settle(rows["three"])
    pending.close(rows["four"])
    pending.claim(rows["five"])
    pending.release(rows["five"])
    assert [row.durable_callback_id for row in pending.waiting(SESSION)] == ["one", "five", "six"]
    # The table's own order is another one, so the above was sorted.
    assert sorted(["one", "five", "six"], key=wire_id) != ["one", "five", "six"]


def test_waiting_reads_every_page(pending: PendingRequests, clock: FakeClock) -> None:
    filler = {"log_type": "x" * 300_000}
    for index in range(5):
        pending.open(request_at(clock.now, f"durable-{index}", arguments=filler))
        clock.now += 0.1
    assert len(pending.waiting(SESSION)) == 5


def test_why_a_request_that_is_over_takes_no_answer(clock: FakeClock) -> None:
    assert why_refused(request_at(clock.now, status=Status.ANSWERED)) is ClaimRefused.ANSWERED
    assert why_refused(request_at(clock.now, status=Status.ANSWERING)) is ClaimRefused.ANSWERED
    assert why_refused(request_at(clock.now, status=Status.CLOSED)) is ClaimRefused.EXPIRED
    assert why_refused(request_at(clock.now, status=Status.WAITING)) is ClaimRefused.EXPIRED
