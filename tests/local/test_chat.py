"""The chat program, in a pipe."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from local.chat import chat, command, parse_arguments
from local.client.faults import MacFault
from local.client.lifecycle import ConnectionState
from local.client.mac import ConsentRequest, SimulatedMac
from local.client.settings import ClientSettings
from local.client.terminal import PlainScreen, TerminalScreen
from local.client.wire import TurnEvent
from local.config import LocalConfig
from services.contract.errors import ErrorCode
from services.contract.messages import Activity, ActivityData, Answer, AnswerData, AnswerDelta, AnswerDeltaData, Error
from services.contract.tools import Risk
from tests.local.client.client_fakes import FakeSystem, Message, eventually, fake_system

ROOT = Path(__file__).resolve().parents[2]
LOGS = ConsentRequest("request_logs", Risk.COLLECT, {"log_type": "vpn"}, 30.0, ("vpn state",), "secret [red]log[/red]")


@pytest.fixture
async def fake() -> AsyncIterator[FakeSystem]:
    async with fake_system() as running:
        yield running


def config_file(fake: FakeSystem, folder: Path) -> Path:
    file = folder / "client.json"
    file.write_text(fake.settings.model_dump_json())
    return file


async def on_chat(fake: FakeSystem, chat: Message) -> None:
    """Asks the Mac, as the agent would, and answers with what it said."""
    about: dict[str, Any] = {"tool": "x", "tool_call_id": "t", "status": "started", "message": "Asked your Mac"}
    await fake.turn(chat, "activity", **about)
    await fake.ask_mac("request_logs", len(fake.messages("chat")), log_type="vpn")

    async def finish() -> None:
        await eventually(lambda: len(fake.answers) == len(fake.messages("chat")), 10)
        await fake.turn(chat, "answer", text="logs" if "content" in fake.answers[-1] else "no logs")

    fake.finishing = asyncio.create_task(finish())  # pyright: ignore[reportAttributeAccessIssue]


async def run_chat(fake: FakeSystem, folder: Path, said: str, *options: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "local.chat", "--fast", "--config", str(config_file(fake, folder)), *options),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(said.encode())
    return process.returncode, out.decode(), err.decode()


async def test_piped_chat_prints_plain_answers_and_declines_by_default(fake: FakeSystem, tmp_path: Path) -> None:
    fake.on_chat = on_chat
    code, out, err = await run_chat(fake, tmp_path, "Check my logs\n\n/vpn\n/quit\nnever read\n")
    assert (code, out) == (0, "no logs\n")
    assert "Asked your Mac" in err
    assert "Declined" in err
    assert "VPN disconnected, connection ready" in err
    assert fake.issuer.people == ["alex"]


async def test_piped_chat_with_yes_and_log(fake: FakeSystem, tmp_path: Path) -> None:
    fake.on_chat = on_chat
    code, out, err = await run_chat(fake, tmp_path, "Check my logs", "--yes", "--log", "--person", "kim")
    assert (code, out) == (0, "logs\n")
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert {line["service"] for line in lines} == {"mac"}
    assert any(line["event"] == "answered" for line in lines)
    assert not any(token in err for token in fake.tokens)
    assert fake.issuer.people == ["kim"]


async def test_failed_turn_is_the_exit_status(
    fake: FakeSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(fake: FakeSystem, chat: Message) -> None:
        error = Error.of(ErrorCode.TURN_FAILED, request_id=chat["request_id"])
        await fake.push(error.model_dump(mode="json", exclude_none=True))

    fake.on_chat = fail
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hi\n" + "x" * 9000 + "\n"))
    assert await chat(parse_arguments(["--config", str(config_file(fake, tmp_path))]), PlainScreen()) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "could not finish" in captured.err
    assert "too long" in captured.err


async def test_refusal_and_bad_config_are_said_plainly(
    fake: FakeSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.reject = 403
    assert await chat(parse_arguments(["--config", str(config_file(fake, tmp_path))]), PlainScreen()) == 1
    assert "refused this person (403)" in capsys.readouterr().err
    assert await chat(parse_arguments(["--config", str(tmp_path / "none.json")]), PlainScreen()) == 1
    assert "none.json cannot be read" in capsys.readouterr().err


async def test_start_runs_the_stack_around_the_chat(
    fake: FakeSystem, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def stack(config: LocalConfig) -> AsyncIterator[None]:
        steps.append(f"up on {config.base_port}")
        yield
        steps.append(f"down after {len(fake.messages('chat'))}")

    monkeypatch.setattr(ClientSettings, "local", lambda _: fake.settings)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hi\n"))
    assert await chat(parse_arguments(["--start", "--port", "9300"]), PlainScreen(), stack) == 0
    assert capsys.readouterr().out == "You said: Hi\n"
    assert steps == ["up on 9300", "down after 1"]


async def test_stack_that_does_not_start_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    @asynccontextmanager
    async def stack(_: LocalConfig) -> AsyncIterator[None]:
        raise RuntimeError("port 8700 is taken")
        yield

    assert await chat(parse_arguments(["--start"]), PlainScreen(), stack) == 1
    assert "port 8700 is taken" in capsys.readouterr().err


async def test_commands(capsys: pytest.CaptureFixture[str]) -> None:
    mac, screen = SimulatedMac(), PlainScreen()
    for line in ("/fault dns_failure", "/fault nonsense", "/vpn connect", "/what"):
        assert await command(line, mac, screen, ConnectionState.READY)
    assert not await command("/quit", mac, screen, ConnectionState.READY)
    assert mac.fault is MacFault.DNS_FAILURE
    said = capsys.readouterr().err
    assert mac.fault_line
    assert mac.fault_line in said
    assert "no such fault" in said
    assert "VPN connecting" in said


@pytest.mark.parametrize(
    ("typed", "agreed"), [("y\r", True), ("yes\r", True), ("\r", False), ("n\r", False), ("\x04", False)]
)
async def test_consent_on_the_terminal_declines_unless_told_yes(typed: str, agreed: bool) -> None:
    shown = io.StringIO()
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        screen = TerminalScreen(Console(file=shown))
        keys.send_text(typed)
        assert await screen.consent(LOGS) is agreed
    assert "secret [red]log[/red]" in shown.getvalue()


async def test_turn_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    about: dict[str, Any] = {"request_id": "r", "session_id": "s"}

    async def events() -> AsyncIterator[TurnEvent]:
        yield Activity(
            data=ActivityData(**about, seq=0, tool="t", tool_call_id="c", status="started", message="Asked your Mac")
        )
        yield AnswerDelta(data=AnswerDeltaData(**about, seq=1, text="**Hel"))
        yield Answer(data=AnswerData(**about, seq=2, text="**Hello**"))

    shown = io.StringIO()
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        screen = TerminalScreen(Console(file=shown, force_terminal=True))
        assert await screen.turn(events())
        keys.send_text("hi\r")
        assert await screen.prompt() == "hi"
        keys.send_text("\x04")
        assert await screen.prompt() is None
    assert "Asked your Mac" in shown.getvalue()
    assert "Hello" in shown.getvalue()
