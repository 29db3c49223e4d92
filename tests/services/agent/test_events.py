"""What the person is told during a turn: in order, numbered without gaps, batched."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from structlog.testing import capture_logs

from services.agent import events as events_module
from services.agent import outbox
from services.agent.events import TurnEvents
from services.contract.errors import MEANINGS, ErrorCode
from services.contract.limits import SAFE_FRAME_BYTES
from services.contract.messages import SERVER_EVENTS, AnswerDelta, AnswerDeltaData, Place, encode
from tests.services.agent.fakes import SESSION, FakeDelivery, eventually, table_fault, unconfirmed


@pytest.fixture
def events(delivery: FakeDelivery) -> TurnEvents:
    return TurnEvents(delivery, SESSION, "laptop", "request-1")


def valid(delivery: FakeDelivery) -> None:
    """Everything that arrived is of the protocol and of this turn, numbered 0, 1, 2 ..."""
    for message in delivery.events:
        SERVER_EVENTS[message["event"]].model_validate_json(json.dumps(message))
        assert message["data"]["request_id"] == "request-1"
        assert message["data"]["session_id"] == "laptop"
    assert delivery.numbers == list(range(len(delivery.events)))


async def test_a_turn_is_numbered_without_gaps(
    events: TurnEvents, delivery: FakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 60.0)
    await events.accepted("queued", 2)
    await events.accepted("accepted")
    await events.delta("Let me look.")
    await events.activity("get_vpn_status", "call-1", "started", "Looking")
    await events.activity("get_vpn_status", "call-1", "finished", "Looking", "connected")
    await events.delta("\n\nDone.")
    await events.answer()
    valid(delivery)
    kinds = [message["event"] for message in delivery.events]
    assert kinds == [
        "chat_accepted",
        "chat_accepted",
        "answer_delta",
        "activity",
        "activity",
        "answer_delta",
        "answer",
    ]
    assert [data["position"] for data in delivery.named("chat_accepted")] == [2, 0]
    assert delivery.named("answer") == [
        {
            "request_id": "request-1",
            "session_id": "laptop",
            "seq": 6,
            "text": "Let me look.\n\nDone.",
            "truncated": False,
        }
    ]
    assert delivery.looked == 2, "looked for at the start, and always at the end"


async def test_deltas_are_batched_and_are_the_answer(events: TurnEvents, delivery: FakeDelivery) -> None:
    delivery.seconds = 0.002
    words = [f"wörd{n} " for n in range(300)]
    for word in words:
        await events.delta(word)
        await asyncio.sleep(0.0005)
    await events.answer()
    valid(delivery)
    assert 1 < len(delivery.named("answer_delta")) < len(words) / 3
    assert delivery.written == "".join(words) == delivery.named("answer")[0]["text"] == events.text


async def test_a_delta_goes_out_without_waiting_for_another(events: TurnEvents, delivery: FakeDelivery) -> None:
    await events.delta("Thinking")
    await eventually(lambda: delivery.written == "Thinking", 1)


async def test_a_delta_written_during_a_push_goes_out_too(events: TurnEvents, delivery: FakeDelivery) -> None:
    delivery.seconds = 0.1
    await events.delta("one ")
    await asyncio.sleep(0.06)  # Now the first batch is on its way.
    await events.delta("two")
    await eventually(lambda: delivery.written == "one two", 1)


async def test_a_large_batch_goes_out_at_once(
    events: TurnEvents, delivery: FakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "BATCH_SECONDS", 60.0)
    await events.delta("x" * events_module.BATCH_CHARACTERS)
    assert len(delivery.written) == events_module.BATCH_CHARACTERS


async def test_order_is_kept_under_concurrency(events: TurnEvents, delivery: FakeDelivery) -> None:
    delivery.seconds = 0.003

    async def work(name: str) -> None:
        for n in range(5):
            await events.activity("tool", f"{name}{n}", "started", "m")
            await events.delta(f"{name}{n} ")
            await asyncio.sleep(0)
            await events.activity("tool", f"{name}{n}", "finished", "m", "ok")

    await asyncio.gather(*(work(name) for name in "abcd"))
    await events.answer()
    valid(delivery)
    assert not delivery.overlapped
    assert delivery.events[-1]["event"] == "answer"
    assert delivery.written == delivery.named("answer")[0]["text"]


@pytest.mark.parametrize("arrived", [True, False])
async def test_an_unconfirmed_push_is_repeated_with_its_number(
    events: TurnEvents, delivery: FakeDelivery, arrived: bool
) -> None:
    delivery.confirms = not arrived
    delivery.faults.extend([unconfirmed(), unconfirmed()])
    await events.accepted("accepted")
    await events.delta("Hello")
    await events.answer()
    assert delivery.numbers == ([0, 0, 0, 1, 2] if arrived else [0, 1, 2])


async def test_one_that_is_not_confirmed_goes_out_before_the_next(events: TurnEvents, delivery: FakeDelivery) -> None:
    delivery.faults.extend([unconfirmed()] * outbox.UNCONFIRMED_TRIES)
    await events.accepted("accepted")
    assert delivery.numbers == []
    await events.answer()
    assert delivery.numbers == [0, 1]


async def test_a_table_that_cannot_be_read_is_as_good_as_unconfirmed(
    events: TurnEvents, delivery: FakeDelivery
) -> None:
    delivery.table_faults.extend([table_fault(), table_fault()])
    delivery.faults.append(table_fault())
    await events.accepted("accepted")
    await events.delta("Hello")
    await events.answer()
    assert delivery.numbers == [0, 1, 2]


async def test_a_gone_connection_is_left_for_the_newest(events: TurnEvents, delivery: FakeDelivery) -> None:
    await events.accepted("accepted")
    delivery.gone.add("first")
    delivery.online = "second"
    await events.delta("Hello")
    await events.answer()
    assert [place for place, _ in delivery.arrived] == ["first", "second", "second", "second"]
    assert delivery.numbers == [0, 0, 1, 2]


async def test_while_the_person_is_offline_deltas_do_not_block(events: TurnEvents, delivery: FakeDelivery) -> None:
    delivery.online = None
    delivery.seconds = 0.3
    await events.accepted("accepted")
    started = time.monotonic()
    for _ in range(100):
        await events.delta("word ")
        await asyncio.sleep(0.001)
    assert time.monotonic() - started < 0.6


async def test_deltas_do_not_each_look_for_an_offline_person(
    events: TurnEvents, delivery: FakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 60.0)
    delivery.online = None
    for _ in range(10):
        await events.delta("x" * events_module.BATCH_CHARACTERS)
    assert delivery.looked == 1


async def test_the_answer_is_held_until_the_person_is_back(events: TurnEvents, delivery: FakeDelivery) -> None:
    await events.accepted("accepted")
    delivery.gone.add("first")
    delivery.online = None
    await events.delta("Hello")
    ending = asyncio.create_task(events.answer())
    await asyncio.sleep(0.2)
    assert not ending.done()
    delivery.online = "second"
    await asyncio.wait_for(ending, 1)
    place, answer = delivery.arrived[-1]
    assert (place, answer["event"], answer["data"]["text"]) == ("second", "answer", "Hello")
    assert len(delivery.ends) == 1


async def test_the_answer_is_not_held_for_ever(
    events: TurnEvents, delivery: FakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "FINAL_PATIENCE", 0.2)
    delivery.online = None
    await events.delta("Hello")
    with capture_logs() as lines:
        await asyncio.wait_for(events.answer(), 1)
    assert delivery.arrived == []
    assert [line["event"] for line in lines] == ["turn_end_undelivered"]


@pytest.mark.parametrize("letter", ["x", "ü", "😀", '"', "\n", "\x01"])
async def test_a_very_long_answer_is_truncated_to_a_frame(
    events: TurnEvents, delivery: FakeDelivery, letter: str
) -> None:
    for _ in range(100):
        await events.delta(letter * 400)
    await events.answer()
    valid(delivery)
    [answer] = delivery.named("answer")
    assert answer["truncated"] is True
    assert letter * 3000 in answer["text"]
    assert delivery.written == letter * 40_000 == events.text
    assert all(len(encode(message)) <= SAFE_FRAME_BYTES for message in delivery.events)


async def test_an_answer_that_just_fits_is_whole(events: TurnEvents, delivery: FakeDelivery) -> None:
    await events.delta("x" * 30_000)
    await events.answer()
    assert delivery.named("answer")[0]["truncated"] is False


@pytest.mark.parametrize("code", [ErrorCode.TURN_FAILED, ErrorCode.TURN_TIMED_OUT])
async def test_an_error_ends_the_turn_after_what_was_written(
    events: TurnEvents, delivery: FakeDelivery, code: ErrorCode
) -> None:
    await events.delta("Half a")
    await events.error(code, "Because.")
    valid(delivery)
    assert [message["event"] for message in delivery.events] == ["answer_delta", "error"]
    assert delivery.events[-1]["data"] == {
        "code": code.value,
        "message": MEANINGS[code].message,
        "retryable": MEANINGS[code].retryable,
        "request_id": "request-1",
        "session_id": "laptop",
        "seq": 1,
        "detail": "Because.",
    }


async def test_an_error_is_held_for_an_offline_person_too(events: TurnEvents, delivery: FakeDelivery) -> None:
    delivery.online = None
    ending = asyncio.create_task(events.error(ErrorCode.TURN_FAILED))
    await asyncio.sleep(0.1)
    delivery.online = "second"
    await asyncio.wait_for(ending, 1)
    assert len(delivery.ends) == 1


async def test_a_piece_cut_off_by_the_deadline_leaves_no_gap(events: TurnEvents, delivery: FakeDelivery) -> None:
    delivery.seconds = 0.1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await events.activity("tool", "call-1", "started", "m")
    await events.error(ErrorCode.TURN_TIMED_OUT)
    valid(delivery)
    assert not delivery.overlapped
    assert [message["event"] for message in delivery.events] == ["activity", "error"]


async def test_one_cut_off_while_it_is_repeated_leaves_no_gap(events: TurnEvents, delivery: FakeDelivery) -> None:
    delivery.faults.append(unconfirmed())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await events.activity("tool", "call-1", "started", "m")
    await events.error(ErrorCode.TURN_TIMED_OUT)
    valid(delivery)


# What one frame holds


LETTERS = ["x", "ü", "😀", '"', "\\", "\n", "\x01", "\x1f", "\x7f", "\u2028", "\ud800", "👩‍🚀"]


@pytest.mark.parametrize("letter", LETTERS, ids=ascii)
@pytest.mark.parametrize("length", [1, 3_999, 4_000, 4_001, 12_345])
async def test_every_delta_fits_a_frame_whatever_is_escaped(
    events: TurnEvents, delivery: FakeDelivery, letter: str, length: int
) -> None:
    text = (letter * length)[:length]
    await events.delta(text)
    await events.error(ErrorCode.TURN_FAILED)
    valid(delivery)
    # A lone surrogate cannot be sent.
    assert delivery.written == text.replace("\ud800", "?")
    pieces = [data["text"] for data in delivery.named("answer_delta")]
    assert len(pieces) == -(-length // events_module.DELTA_CHARACTERS)
    assert all(len(piece) <= events_module.DELTA_CHARACTERS for piece in pieces)
    assert all(len(encode(message)) <= SAFE_FRAME_BYTES for message in delivery.events)


def test_a_delta_of_nothing_but_escapes_fits_in_its_longest_envelope() -> None:
    worst = "\x01" * events_module.DELTA_CHARACTERS
    place = Place(request_id="r" * 64, session_id="s" * 64, seq=10**9)
    assert len(encode(AnswerDelta(data=AnswerDeltaData(**place, text=worst)))) <= SAFE_FRAME_BYTES


# A prompt that waited


async def test_that_it_waits_is_no_news_once_it_has_begun(events: TurnEvents, delivery: FakeDelivery) -> None:
    await events.accepted("accepted")
    await events.accepted("queued", 1)
    await events.answer()
    valid(delivery)
    assert [message["event"] for message in delivery.events] == ["chat_accepted", "answer"]


async def test_that_it_waits_is_no_news_if_it_begins_while_that_is_told(
    events: TurnEvents, delivery: FakeDelivery
) -> None:
    delivery.seconds = 0.05
    first = asyncio.create_task(events.activity("tool", "call-1", "started", "m"))
    await asyncio.sleep(0.01)
    queued = asyncio.create_task(events.accepted("queued", 1))
    await asyncio.sleep(0)
    await asyncio.gather(first, queued, events.accepted("accepted"))
    valid(delivery)
    assert [data["status"] for data in delivery.named("chat_accepted")] == ["accepted"]


# The end, asked for again


@pytest.mark.parametrize("kind", ["answer", "error"])
async def test_the_end_is_repeated_as_it_was(events: TurnEvents, delivery: FakeDelivery, kind: str) -> None:
    await events.accepted("accepted")
    await events.delta("Hello")
    await (events.answer() if kind == "answer" else events.error(ErrorCode.TURN_FAILED, "Because."))
    for _ in range(2):
        await events.repeat_end()
    first, *repeats = delivery.ends
    assert repeats == [first, first]
    assert delivery.numbers == [0, 1, 2, 2, 2]


async def test_what_has_not_ended_is_not_repeated(events: TurnEvents, delivery: FakeDelivery) -> None:
    await events.repeat_end()
    await events.accepted("accepted")
    await events.repeat_end()
    await events.answer()
    valid(delivery)
    assert len(delivery.events) == 2


async def test_the_repeated_end_finds_the_new_socket(events: TurnEvents, delivery: FakeDelivery) -> None:
    await events.accepted("accepted")
    await events.answer()
    delivery.online = None
    repeat = asyncio.create_task(events.repeat_end())
    await asyncio.sleep(0.1)
    assert not repeat.done()
    delivery.online = "second"
    await asyncio.wait_for(repeat, 1)
    on_second = [message["data"]["seq"] for place, message in delivery.arrived if place == "second"]
    assert on_second == [0, 1, 1]


async def test_an_end_that_was_not_delivered_can_be_asked_for(
    events: TurnEvents, delivery: FakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "FINAL_PATIENCE", 0.1)
    delivery.online = None
    await events.accepted("accepted")
    await events.delta("Hello")
    await events.answer()
    assert delivery.events == []
    delivery.online = "second"
    await events.repeat_end()
    assert delivery.numbers == [0, 1, 2, 2]
    assert {json.dumps(end) for end in delivery.ends} == {json.dumps(delivery.ends[0])}
