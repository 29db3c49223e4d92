"""A whole turn: a real Strands agent between a scripted model and a fake person."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from strands.types.exceptions import MCPClientInitializationError

from services.agent import turns as turns_module
from services.agent.memory import session_manager
from services.agent.prompt import SYSTEM_PROMPT
from services.agent.queue import Turn, TurnQueue
from services.agent.turns import TurnRunner
from tests.services.agent.fakes import (
    SESSION,
    FakeDelivery,
    FakeGateway,
    ScriptedModel,
    Use,
    eventually,
    table_fault,
    turn_request,
)

Build = Callable[..., TurnRunner]


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def build(gateway: FakeGateway, delivery: FakeDelivery, tmp_path: Path) -> Build:
    """Builds a runner of a model; every runner has the same memory."""

    def build(model: ScriptedModel, seconds: float = 5.0) -> TurnRunner:
        return TurnRunner(
            model, gateway, delivery, lambda session_id: session_manager(session_id, f"file://{tmp_path}", 100), seconds
        )

    return build


def turn(name: str = "request-1", prompt: str = "Hello") -> Turn:
    return Turn(SESSION, turn_request(name, prompt))


def the_end(delivery: FakeDelivery, name: str = "request-1") -> dict[str, object]:
    """The one event that ended a turn: the last of it, and numbered without gaps up to it."""
    of_turn = [message for message in delivery.events if message["data"]["request_id"] == name]
    assert [message["data"]["seq"] for message in of_turn] == list(range(len(of_turn)))
    [end] = [message for message in of_turn if message["event"] in ("answer", "error")]
    assert of_turn[-1] == end
    return {"event": end["event"], **end["data"]}


async def test_a_plain_answer(build: Build, delivery: FakeDelivery) -> None:
    model = ScriptedModel(["Your VPN ", "is connected."])
    await build(model).run(turn())
    assert [message["event"] for message in delivery.events] == ["chat_accepted", "answer_delta", "answer"]
    assert the_end(delivery)["text"] == "Your VPN is connected." == delivery.written
    assert model.system_prompts == [SYSTEM_PROMPT]
    assert [spec["name"] for spec in model.specs[0]] == ["run_client_command", "get_vpn_status", "analyze_logs"]
    assert "session_id" not in json.dumps(model.specs)


async def test_text_around_tool_calls_becomes_paragraphs(
    build: Build, delivery: FakeDelivery, gateway: FakeGateway
) -> None:
    status = {"query": "vpn_status"}
    model = ScriptedModel(
        ["Let me ", "look.", Use("get_vpn_status", status)],
        [Use("get_vpn_status", status, "use-2")],
        ["It is ", "connected."],
    )
    await build(model).run(turn())
    text = "Let me look.\n\nIt is connected."
    assert the_end(delivery)["text"] == text == delivery.written
    kinds = [message["event"] for message in delivery.events]
    assert kinds == ["chat_accepted", "answer_delta", *["activity"] * 4, "answer_delta", "answer"]
    assert [arguments["session_id"] for _, _, arguments in gateway.calls] == [SESSION] * 2


async def test_an_answer_does_not_begin_with_an_empty_paragraph(build: Build, delivery: FakeDelivery) -> None:
    model = ScriptedModel([Use("get_vpn_status", {"query": "vpn_status"})], ["Connected."])
    await build(model).run(turn())
    assert the_end(delivery)["text"] == "Connected."


async def test_the_next_turn_remembers(build: Build, delivery: FakeDelivery) -> None:
    model = ScriptedModel(["Hello Ada."], ["Ada."])
    runner = build(model)
    await runner.run(turn("request-1", "I am Ada"))
    await runner.run(turn("request-2", "Who am I?"))
    assert [block.get("text") for message in model.seen[1] for block in message["content"]] == [
        "I am Ada",
        "Hello Ada.",
        "Who am I?",
    ]
    assert the_end(delivery, "request-2")["text"] == "Ada."


async def test_a_queued_turn_is_told_twice_in_one_count(build: Build, delivery: FakeDelivery) -> None:
    runner = build(ScriptedModel(["Hi."]))
    waiting = turn()
    await runner.queued(waiting, 2)
    await runner.run(waiting)
    told = [(data["status"], data["position"]) for data in delivery.named("chat_accepted")]
    assert told == [("queued", 2), ("accepted", 0)]
    assert the_end(delivery)["text"] == "Hi."


@pytest.mark.parametrize(
    "model",
    [
        ScriptedModel([RuntimeError("secret detail")]),
        ScriptedModel(["Half an ans", RuntimeError("secret detail")]),
        ScriptedModel([Use("get_vpn_status", {"query": "vpn_status"})], [RuntimeError("secret detail")]),
        ScriptedModel([]),
        ScriptedModel(["  \n"]),
        ScriptedModel([TimeoutError("secret detail")]),
    ],
    ids=["at once", "in the middle", "after a tool", "without a word", "blank", "a timeout of its own"],
)
async def test_a_model_that_fails_is_a_typed_error_and_the_next_turn_works(
    build: Build, delivery: FakeDelivery, model: ScriptedModel
) -> None:
    await build(model).run(turn())
    end = the_end(delivery)
    assert (end["event"], end["code"]) == ("error", "turn_failed")
    assert "secret detail" not in json.dumps(delivery.events)
    await build(ScriptedModel(["Better."])).run(turn("request-2"))
    assert the_end(delivery, "request-2")["text"] == "Better."


@pytest.mark.parametrize(
    "reply", [[5.0], ["Half an ans", 5.0], [Use("get_vpn_status", {"query": "vpn_status"})]], ids=str
)
async def test_a_turn_that_takes_too_long_is_ended_and_the_next_one_works(
    build: Build, delivery: FakeDelivery, gateway: FakeGateway, reply: list[str | float | Use]
) -> None:
    gateway.seconds = 5.0
    await asyncio.wait_for(build(ScriptedModel(reply), 0.3).run(turn()), 2)
    end = the_end(delivery)
    assert (end["event"], end["code"]) == ("error", "turn_timed_out")
    await build(ScriptedModel(["Better."])).run(turn("request-2"))
    assert the_end(delivery, "request-2")["text"] == "Better."


async def test_a_gateway_that_is_down_is_told_in_words(
    build: Build, delivery: FakeDelivery, gateway: FakeGateway
) -> None:
    gateway.fault = MCPClientInitializationError("connection refused at http://gateway.invalid")
    await build(ScriptedModel()).run(turn())
    end = the_end(delivery)
    assert (end["code"], end["detail"]) == ("turn_failed", "The tools cannot be reached right now.")
    gateway.fault = None
    await build(ScriptedModel(["Better."])).run(turn("request-2"))
    assert the_end(delivery, "request-2")["text"] == "Better."


async def test_a_store_that_is_down_is_a_typed_error(gateway: FakeGateway, delivery: FakeDelivery) -> None:
    def memory(_: str) -> None:
        raise ConnectionError("store.invalid")

    await TurnRunner(ScriptedModel(), gateway, delivery, memory, 5.0).run(turn())  # type: ignore[arg-type]
    assert the_end(delivery)["code"] == "turn_failed"


async def test_a_tool_that_fails_is_for_the_model_to_explain(
    build: Build, delivery: FakeDelivery, gateway: FakeGateway
) -> None:
    gateway.result = {"status": "timed_out", "message": "The person's Mac did not answer in time."}
    model = ScriptedModel([Use("get_vpn_status", {"query": "vpn_status"})], ["Your Mac did not answer."])
    await build(model).run(turn())
    assert the_end(delivery)["text"] == "Your Mac did not answer."
    assert "timed_out" in json.dumps(model.seen[1][-1])


async def test_faults_of_the_connections_table_do_not_end_a_turn(build: Build, delivery: FakeDelivery) -> None:
    delivery.table_faults.extend([table_fault(), table_fault()])
    delivery.faults.append(table_fault())
    await build(ScriptedModel(["Hi."])).run(turn())
    assert the_end(delivery)["text"] == "Hi."


async def test_a_turn_that_is_cancelled_has_its_end_too(build: Build, delivery: FakeDelivery) -> None:
    model = ScriptedModel(["Half an ans", 5.0])
    running = asyncio.create_task(build(model).run(turn()))
    await eventually(lambda: delivery.written)
    running.cancel()
    await asyncio.wait([running], timeout=2)
    assert running.cancelled()
    end = the_end(delivery)
    assert (end["event"], end["code"]) == ("error", "turn_failed")


async def test_a_turn_that_is_cancelled_while_it_is_answered_has_one_end(build: Build, delivery: FakeDelivery) -> None:
    running = asyncio.create_task(build(ScriptedModel(["Hi."])).run(turn()))
    await eventually(lambda: delivery.written)
    delivery.seconds = 0.1
    await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running], timeout=2)
    await asyncio.sleep(0.2)
    assert len(delivery.ends) == 1


async def test_a_cancelled_call_of_a_library_is_an_error_of_the_turn(
    build: Build, delivery: FakeDelivery, gateway: FakeGateway
) -> None:
    gateway.fault = asyncio.CancelledError()
    await build(ScriptedModel()).run(turn())
    assert the_end(delivery)["code"] == "turn_failed"


# A prompt that is sent again


async def test_a_finished_turn_repeats_its_end(build: Build, delivery: FakeDelivery) -> None:
    model = ScriptedModel(["Hi."])
    runner = build(model)
    await runner.run(turn())
    await runner.repeat(SESSION, "request-1")
    first, second = delivery.ends
    assert first == second
    assert len(model.seen) == 1


async def test_a_failed_turn_repeats_its_error(build: Build, delivery: FakeDelivery) -> None:
    runner = build(ScriptedModel([RuntimeError("boom")]))
    await runner.run(turn())
    await runner.repeat(SESSION, "request-1")
    first, second = delivery.ends
    assert first == second
    assert first["data"]["code"] == "turn_failed"


async def test_a_running_turn_is_not_disturbed_by_its_repeat(build: Build, delivery: FakeDelivery) -> None:
    runner = build(ScriptedModel(["Half an ", 0.2, "answer."]))
    running = asyncio.create_task(runner.run(turn()))
    await eventually(lambda: delivery.written)
    before = len(delivery.events)
    await asyncio.wait_for(runner.repeat(SESSION, "request-1"), 0.1)
    assert len(delivery.events) == before
    await running
    assert the_end(delivery)["text"] == "Half an answer."


async def test_only_the_turns_own_session_gets_its_end(build: Build, delivery: FakeDelivery) -> None:
    runner = build(ScriptedModel(["Hi."]))
    await runner.run(turn())
    for session, name in (("another-session", "request-1"), (SESSION, "request-2")):
        await runner.repeat(session, name)
    assert len(delivery.ends) == 1


async def test_only_recent_turns_are_kept(
    build: Build, delivery: FakeDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "RECENT_TURNS", 2)
    runner = build(ScriptedModel(["a"], ["b"], ["c"]))
    for name in "abc":
        await runner.run(turn(name))
    assert [name for _, name in runner._recent] == ["b", "c"]  # pyright: ignore[reportPrivateUsage]
    await runner.repeat(SESSION, "a")
    assert len(delivery.ends) == 3
    await runner.repeat(SESSION, "b")
    assert [end["data"]["text"] for end in delivery.ends] == ["a", "b", "c", "b"]


# The running turn ends just as the next one is queued


@pytest.mark.parametrize("ticks", range(6))
@pytest.mark.parametrize("end_first", [True, False])
async def test_a_turn_queued_as_the_running_one_ends_has_one_count(
    build: Build, delivery: FakeDelivery, ticks: int, end_first: bool
) -> None:
    runner = build(ScriptedModel(["Hi."]))
    may_end = asyncio.Event()

    async def run(running: Turn) -> None:
        if running.request.request_id == "request-1":
            await may_end.wait()
        else:
            await runner.run(running)

    queue = TurnQueue(
        run=run,
        limit=1,
        queued=runner.queued,
        repeated=runner.repeat,
        on_busy=lambda: 0,
        on_idle=lambda _: None,
    )
    await queue.offer(SESSION, turn_request("request-1"))
    await asyncio.sleep(0)
    if end_first:
        may_end.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    await queue.offer(SESSION, turn_request("request-2"))
    assert (await queue.offer(SESSION, turn_request("request-2"))).status == "duplicate"
    may_end.set()
    await eventually(lambda: delivery.ends)
    await eventually(lambda: not queue._lanes and not queue._telling)  # pyright: ignore[reportPrivateUsage]
    by_number = {message["data"]["seq"]: json.dumps(message) for message in delivery.events}
    assert sorted(by_number) == list(range(len(by_number)))
    assert {json.dumps(message) for message in delivery.events} == set(by_number.values())
    told = [data["status"] for data in delivery.named("chat_accepted")]
    assert told in (["accepted"], ["queued", "accepted"])
    assert len(runner._recent) == 1  # pyright: ignore[reportPrivateUsage]
