"""Bad input, busy sessions, duplicates and reconnects over the real sockets."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from websockets.exceptions import ConnectionClosed

from local.client.mac import SimulatedMac
from services.contract.limits import MAX_FRAME_BYTES, MAX_MESSAGE_BYTES
from services.contract.messages import Answer, AnswerDelta, ChatAccepted
from tests.e2e.conftest import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{not json", "bad_json"),
        ('["a list"]', "bad_json"),
        ('"text"', "bad_json"),
        ("[" * 5_000, "bad_json"),
        ('{"action":"launch_missiles"}', "unknown_action"),
        ('{"no":"action"}', "unknown_action"),
        ('{"action":["chat"]}', "unknown_action"),
        ('{"action":"chat","prompt":"","session_id":"s"}', "invalid_message"),
        ('{"action":"chat","prompt":"hi"}', "invalid_message"),
        ('{"action":"chat","prompt":"hi","session_id":"../etc"}', "invalid_message"),
        ('{"action":"chat","prompt":"' + "x" * 8_001 + '","session_id":"s"}', "invalid_message"),
        ('{"action":"async_callback","callback_id":"cb-1","content":"x"}', "invalid_message"),
        ('{"action":"hello","session_id":"s","protocol_versions":[99]}', "unsupported_version"),
    ],
)
async def test_bad_input_gets_a_typed_error_and_the_socket_stays_open(stack: Stack, frame: str, code: str) -> None:
    async with stack.socket("uwe") as raw:
        await raw.send(frame)
        error = await raw.event("error")
        assert error["code"] == code
        await raw.send({"action": "ping"})
        await raw.event("pong")


async def test_an_oversize_frame_closes_with_1009(stack: Stack) -> None:
    async with stack.socket("vera") as raw:
        await raw.send("x" * (MAX_FRAME_BYTES + 1))
        assert await asyncio.wait_for(raw.closed, 5) == 1009


async def test_a_message_in_small_frames_may_be_larger_than_one_frame(stack: Stack) -> None:
    padding = "x" * 20_000
    message = json.dumps({"action": "ping", "padding": padding * 3})
    pieces = [message[start : start + 16_000] for start in range(0, len(message), 16_000)]
    async with stack.socket("vera") as raw:
        await raw.connection.send(pieces)
        await raw.event("pong")
        with pytest.raises((ConnectionClosed, TimeoutError)):
            await raw.connection.send(["x" * 16_000] * (MAX_MESSAGE_BYTES // 16_000 + 2))
            await asyncio.wait_for(raw.closed, 5)
            raise TimeoutError
        assert await asyncio.wait_for(raw.closed, 5) == 1009


async def test_an_original_client_that_never_says_hello_is_served(stack: Stack) -> None:
    async with stack.socket("willi") as raw:
        await raw.send({"action": "chat", "prompt": "What's my VPN status?", "session_id": "abc-123"})
        request = await raw.request("get_vpn_status")
        assert request["action"] == "get_vpn_status"
        content = json.dumps({"vpn_status": "connected"})
        await raw.send({"action": "async_callback", "callback_id": request["callback_id"], "content": content})
        assert "is connected" in (await raw.event("answer"))["text"]


async def test_a_callback_is_answered_once(stack: Stack) -> None:
    async with stack.socket("xaver", hello="once") as raw:
        await raw.chat("What's my VPN status?", "once", "once-1")
        request = await raw.request("get_vpn_status")
        answer = {
            "action": "async_callback",
            "callback_id": request["callback_id"],
            "content": '{"vpn_status":"connected"}',
        }
        await asyncio.gather(*(raw.send(answer) for _ in range(5)))
        assert "is connected" in (await raw.event("answer", request_id="once-1"))["text"]
        await raw.send(answer | {"content": '{"vpn_status":"disconnected"}'})
        await asyncio.sleep(0.5)
        errors = [message["data"]["code"] for message in raw.received if message.get("event") == "error"]
        assert errors == ["callback_answered"] * 5
        assert len([message for message in raw.received if message.get("event") == "answer"]) == 1


async def test_malformed_and_oversize_answers_change_nothing(stack: Stack) -> None:
    async with stack.socket("yara", hello="malformed") as raw:
        await raw.chat("What's my VPN status?", "malformed", "malformed-1")
        callback = (await raw.request("get_vpn_status"))["callback_id"]
        for content, code in (
            ("{}", "malformed_answer"),
            ("not json", "malformed_answer"),
            ("x" * 29_000, "content_too_large"),
        ):
            await raw.send({"action": "async_callback", "callback_id": callback, "content": content})
            await raw.event("error", code=code)
        await raw.send({"action": "async_callback", "callback_id": callback, "content": '{"vpn_status":"connected"}'})
        assert "is connected" in (await raw.event("answer", request_id="malformed-1"))["text"]


async def test_a_late_answer_is_harmless_and_said_to_be_late(stack: Stack) -> None:
    async with stack.socket("zoe", hello="late") as raw:
        await raw.chat("What's my VPN status?", "late", "late-1")
        callback = (await raw.request("get_vpn_status"))["callback_id"]
        await raw.event("activity", status="finished", outcome="timed_out")
        await raw.send({"action": "async_callback", "callback_id": callback, "content": '{"vpn_status":"connected"}'})
        await raw.event("error", code="callback_expired")
        await raw.event("answer", request_id="late-1")


async def test_a_busy_session_queues_and_then_says_so(stack: Stack) -> None:
    async with stack.socket("bea", hello="busy") as raw:
        await raw.chat("[[sleep 16]] [[say 3]]", "busy", "first")
        await raw.event("chat_accepted", request_id="first", status="accepted")
        await raw.chat("[[say 3]]", "busy", "second")
        queued = await raw.event("chat_accepted", request_id="second", status="queued")
        assert queued["position"] == 1
        began = time.monotonic()
        await raw.chat("[[say 3]]", "busy", "third")
        error = await raw.event("error", 20, request_id="third")
        assert error["code"] == "agent_busy"
        assert error["retryable"] is True
        assert time.monotonic() - began < 14, "well under API Gateway's 29 s"
        await raw.event("answer", 30, request_id="first")
        await raw.event("answer", request_id="second")
        places = [m["data"]["seq"] for m in raw.received if m.get("data", {}).get("request_id") == "second"]
        assert places == list(range(len(places)))


async def test_the_same_prompt_is_never_run_twice(stack: Stack) -> None:
    since = time.time()
    async with stack.socket("cleo", hello="twice") as raw:
        for _ in range(3):
            await raw.chat("[[say 3]]", "twice", "same-id")
        await raw.event("answer", request_id="same-id")
        await stack.until(lambda: len(stack.events("turn_offered", since, request_id="same-id")) == 3)
        await asyncio.sleep(0.3)
        answers = [message for message in raw.received if message.get("event") == "answer"]
        assert all(answer == answers[0] for answer in answers), "a repeat has the number of the first"
    assert len(stack.events("turn_started", since, request_id="same-id")) == 1


async def test_an_answer_that_was_lost_is_repeated_when_its_prompt_is_sent_again(stack: Stack) -> None:
    since = time.time()
    async with stack.socket("cora", hello="lost") as raw:
        await raw.chat("[[say 3]]", "lost", "lost-1")
        first = await raw.event("answer", request_id="lost-1")
    async with stack.socket("cora", hello="lost") as again:
        await again.chat("[[say 3]]", "lost", "lost-1")
        assert await again.event("answer", request_id="lost-1") == first
    assert len(stack.events("turn_started", since, request_id="lost-1")) == 1


async def test_a_socket_opened_during_a_turn_gets_all_of_it(stack: Stack) -> None:
    """The old socket may be half open: a push to it succeeds and arrives nowhere."""
    async with stack.socket("curt", hello="moved") as old:
        await old.chat("[[say 900]]", "moved", "moved-1")
        await old.event("answer_delta", request_id="moved-1")
        async with stack.socket("curt", hello="moved") as new:
            answer = await new.event("answer", request_id="moved-1")
            places = [m["data"]["seq"] for m in new.received if m.get("data", {}).get("request_id") == "moved-1"]
            assert places == list(range(answer["seq"] + 1))
            deltas = [m["data"]["text"] for m in new.received if m.get("event") == "answer_delta"]
            assert "".join(deltas) == answer["text"]
        assert not [message for message in old.received if message.get("event") == "answer"]


async def test_a_request_missed_while_away_is_delivered_after_hello(stack: Stack) -> None:
    async with stack.socket("dina", hello="away") as first:
        await first.chat("[[sleep 1]] What's my VPN status?", "away", "away-1")
        await first.event("chat_accepted", request_id="away-1")
    await stack.until(lambda: stack.events("push_offline", action="get_vpn_status"))
    async with stack.socket("dina") as second:
        ready = await second.hello("away")
        (waiting,) = ready["pending"]
        assert waiting["action"] == "get_vpn_status"
        assert 0 < waiting["expires_in"] <= 4
        await second.send(
            {"action": "async_callback", "callback_id": waiting["callback_id"], "content": '{"vpn_status":"connected"}'}
        )
        assert "is connected" in (await second.event("answer", request_id="away-1"))["text"]


async def test_a_mac_that_stays_away_is_reported_as_offline(stack: Stack) -> None:
    since = time.time()
    async with stack.socket("egon", hello="gone") as raw:
        await raw.chat("[[sleep 1]] What's my VPN status?", "gone", "gone-1")
        await raw.event("chat_accepted", request_id="gone-1")
    await stack.until(lambda: stack.events("tool_call_finished", since, outcome="client_offline"), 15)
    async with stack.socket("egon") as again:
        assert (await again.hello("gone"))["pending"] == []
        await again.event("answer", 20, request_id="gone-1")


async def test_a_dropped_socket_loses_neither_the_answer_nor_the_session(stack: Stack) -> None:
    mac = SimulatedMac(vpn_connected=True, delays={"request_logs": 1.0})
    async with stack.person("fips", "dropped", mac) as (connection, _):
        events = []
        async for event in connection.ask("Analyze my VPN logs"):
            events.append(event)
            if isinstance(event, ChatAccepted):
                connection.drop()
        assert isinstance(events[-1], Answer)
        assert connection.generation >= 2
        assert str(mac.fault_line) in events[-1].data.text
        assert len([event for event in events if isinstance(event, Answer)]) == 1


async def test_the_newest_connection_wins(stack: Stack) -> None:
    async with stack.socket("gerd", hello="newest") as old, stack.socket("gerd", hello="newest") as new:
        await old.chat("[[say 5]]", "newest", "newest-1")
        assert (await new.event("answer", request_id="newest-1"))["text"]
        assert not [message for message in old.received if message.get("event") == "answer"]


async def test_a_client_that_cannot_do_it_is_not_asked(stack: Stack) -> None:
    async with stack.socket("hein") as raw:
        await raw.send(
            {"action": "hello", "session_id": "unable", "protocol_versions": [1], "capabilities": ["get_vpn_status"]}
        )
        await raw.event("ready")
        await raw.chat("Analyze my VPN logs", "unable", "unable-1")
        await raw.event("activity", status="finished", outcome="failed")
        assert not [message for message in raw.received if message.get("action") == "request_logs"]


async def test_idle_and_old_connections_are_closed_and_the_client_does_not_mind(hasty_stack: Stack) -> None:
    async with hasty_stack.socket("ida", hello="idle") as raw:
        assert await asyncio.wait_for(raw.closed, 6) == 1001
    async with hasty_stack.person("jens", "long") as (connection, _):
        texts = []
        for _ in range(4):
            texts.append(await connection.ask_text("What's my VPN status?"))
            await asyncio.sleep(2.2)
        assert all("disconnected" in text for text in texts)
        assert connection.generation >= 2
    assert len(hasty_stack.events("machine_token_fetched")) >= 2, "the agent's own token was refreshed on the way"


async def test_a_model_failure_is_one_typed_error_and_the_conversation_goes_on(stack: Stack) -> None:
    async with stack.socket("kuno", hello="broken") as raw:
        await raw.chat("[[break]]", "broken", "broken-1")
        await raw.event("error", 60, request_id="broken-1", code="turn_failed")
        await raw.chat("[[say 3]]", "broken", "broken-2")
        await raw.event("answer", request_id="broken-2")
        ends = [m for m in raw.received if m.get("event") in ("answer", "error")]
        assert len(ends) == 2


async def test_deltas_arrive_before_the_answer_is_finished(stack: Stack) -> None:
    async with stack.person("lutz", "live") as (connection, _):
        stamps = [(type(event), time.monotonic()) async for event in connection.ask("[[say 400]]")]
    first = next(at for kind, at in stamps if kind is AnswerDelta)
    assert stamps[-1][1] - first > 0.3
