"""The compiled core of the macOS client against the whole local stack."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from tests.e2e import probe as probes
from tests.e2e.conftest import Stack, running
from tests.e2e.probe import Probe

pytestmark = [pytest.mark.e2e, pytest.mark.client, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="session")
def core() -> str:
    """The compiled probe."""
    if reason := probes.missing_toolchain():
        pytest.skip(reason)
    return probes.build()


async def test_it_signs_in_chats_and_streams(core: str, stack: Stack) -> None:
    async with Probe.running(core, stack.settings, "mac-chat") as probe:
        await probe.do("sign_in")
        await probe.until(lambda now: now["status"] == "Connected")
        turn = await probe.ask("[[say 120]]")
    assert turn["phase"] == "answered"
    partial = [shown["turns"][0]["answer"] for shown in probe.snapshots if shown["turns"]]
    growing = [text for text in partial if text]
    assert len(set(growing)) > 2, "delta by delta"
    assert all(turn["answer"].startswith(text) for text in growing)
    assert probe.sent[0]["action"] == "hello"


async def test_it_answers_the_status_and_gets_its_analysis(core: str, stack: Stack) -> None:
    async with Probe.running(core, stack.settings, "mac-requests") as probe:
        await probe.sign_in()
        status = await probe.ask("What's my VPN status?")
        assert "connected" in status["answer"]
        assert [step["outcome"] for step in status["steps"]] == ["connected"]
        assert "VPN status" in status["steps"][0]["text"]
        logs = await probe.ask("Analyze my VPN logs")
        assert "DNS resolution failed" in logs["answer"]
        assert "ey1234" not in json.dumps(probe.sent), "what is secret stays on the Mac"
        assert logs["steps"][-1]["outcome"] == "logs_received"
        command = await probe.ask("Help me disconnect from my VPN")
        assert command["phase"] == "answered"
        await probe.heard("change", "approved")
        assert "disconnected" in (await probe.ask("What's my VPN status?"))["answer"], "the command was obeyed"
    answers = [message for message in probe.sent if message["action"] == "async_callback"]
    assert len({answer["callback_id"] for answer in answers}) == len(answers) == 3, "each answered once"


async def test_what_the_person_declines_is_respected(core: str, stack: Stack) -> None:
    async with Probe.running(core, stack.settings, "mac-declines") as probe:
        await probe.sign_in()
        await probe.do("consent", decline=["logs"])
        declined = await probe.ask("Analyze my VPN logs")
        assert declined["phase"] == "answered"
        assert [step["outcome"] for step in declined["steps"]] == ["declined"]
        assert ("logs", "declined") in probe.handled
        assert not any("content" in message for message in probe.sent), "nothing left the Mac"
        assert ("logs", "asked") in probe.handled
        await probe.do("consent")
        assert "DNS resolution failed" in (await probe.ask("Analyze my VPN logs"))["answer"]


async def test_a_dropped_connection_costs_nothing(core: str, stack: Stack) -> None:
    async with Probe.running(core, stack.settings, "mac-drops") as probe:
        await probe.sign_in()
        await probe.do("send", text="[[say 600]]")
        await probe.until(lambda now: now["turns"] and now["turns"][0]["answer"])
        probe.cut()
        await probe.until(lambda now: now["state"] == "waiting")
        assert probe.now["status"] == "Offline"
        assert "keeps trying" in probe.now["advice"]
        turn = await probe.end(probe.turns[0]["id"])
        assert turn["phase"] == "answered"
        assert turn["answer"].count("word") >= 1 or len(turn["answer"]) > 600
        assert "connected" in (await probe.ask("What's my VPN status?"))["answer"]
        assert len(probe.turns) == 2, "the transcript survived"
    assert len(set(probe.tokens)) == len(probe.tokens) == 2, "a fresh token on the second socket"
    assert [message["action"] for message in probe.sent].count("hello") == 2


async def test_an_answer_given_while_away_is_sent_on_the_next_connection(core: str, stack: Stack) -> None:
    async with Probe.running(core, stack.settings, "mac-answers-late") as probe:
        await probe.sign_in()
        await probe.do("consent", hold=["logs"])
        await probe.do("send", text="Analyze my VPN logs")
        await probe.heard("logs", "asked")
        probe.offline = True
        probe.cut()
        await probe.until(lambda now: now["state"] == "waiting")
        await probe.do("consent")
        await probe.heard("logs", "approved")
        probe.offline = False
        turn = await probe.end(probe.turns[0]["id"])
        assert "DNS resolution failed" in turn["answer"]
    answers = [message["callback_id"] for message in probe.sent if message["action"] == "async_callback"]
    assert len(answers) == 1
    assert probe.handled.count(("logs", "asked")) == 1, "asked once, though the request came twice"


async def test_a_request_missed_while_away_is_answered_after_ready(core: str, stack: Stack) -> None:
    async with Probe.running(core, stack.settings, "mac-away") as probe:
        await probe.sign_in()
        await probe.do("send", text="[[sleep 1]] What's my VPN status?")
        await probe.until(lambda now: now["turns"] and now["turns"][0]["phase"] == "working")
        since = time.time()
        probe.deaf = True
        await stack.until(lambda: stack.events("pushed", since, action="get_vpn_status"))
        assert not probe.handled, "it was lost on its way"
        probe.cut()
        probe.deaf = False
        turn = await probe.end(probe.turns[0]["id"])
        assert [step["outcome"] for step in turn["steps"]] == ["connected"]
    assert len(probe.handled) == 2, "asked and approved once"


async def test_a_token_that_is_not_accepted_ends_in_a_way_to_sign_in(core: str, stack: Stack) -> None:
    async with Probe.running(core, stack.settings, "mac-refused") as probe:
        probe.garbled = True
        await probe.do("sign_in")
        await probe.until(lambda now: now["state"] == "signed_out")
        assert "Sign in again" in probe.now["advice"]
        await asyncio.sleep(1.0)
        assert len(probe.tokens) == 1, "it does not try again by itself"
        probe.garbled = False
        await probe.sign_in()


async def test_signing_out_and_in_again(core: str, stack: Stack) -> None:
    async with Probe.running(core, stack.settings, "mac-leaves") as probe:
        await probe.sign_in()
        await probe.ask("What's my VPN status?")
        await probe.do("sign_out")
        await probe.until(lambda now: now["status"] == "Signed out" and not now["turns"])
        await probe.sign_in()
        assert "connected" in (await probe.ask("What's my VPN status?"))["answer"]


async def test_short_lives_go_unnoticed(core: str, tmp_path: Path) -> None:
    options = {"user_token_seconds": 5, "machine_token_seconds": 60, "lifetime_seconds": 8.0}
    async with (
        running(tmp_path, **options) as brief,
        Probe.running(core, brief.settings, "mac-renews", shortest_life=1.0) as probe,
    ):
        await probe.sign_in()
        end = time.monotonic() + 12
        while time.monotonic() < end:
            assert (await probe.ask("[[say 40]]"))["phase"] == "answered"
            await asyncio.sleep(0.3)
    assert len(probe.tokens) >= 3
    assert len(set(probe.tokens)) == len(probe.tokens), "each socket has a token of its own"
    since_ready = probe.states[probe.states.index("ready") :]
    assert set(since_ready) == {"ready", "renewing"}, "nobody noticed"
