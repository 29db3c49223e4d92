"""The stack starts whole, says in one sentence why not, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from local.config import LocalConfig
from local.supervisor import MODULES, ROOT, StackError, Supervisor
from tests.e2e.conftest import free_base_port, running

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

TOKEN = "DESKSIDE_TEST_TOKEN"


def _alive(mark: str) -> list[int]:
    """Processes whose environment holds the mark: parts, workers, whatever they started."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            marked = f"{TOKEN}={mark}".encode() in (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if marked and state != "Z":
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


async def _gone(mark: str, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while _alive(mark):
        assert time.monotonic() < end, f"still running: {_alive(mark)}"
        await asyncio.sleep(0.05)


def _some(victims: list[str], *default: str) -> list[Any]:
    """All of them, most only in `make soak`: each takes a stack of its own."""
    return [name if name in default else pytest.param(name, marks=pytest.mark.soak) for name in victims]


linux_only = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc")


async def test_a_port_in_use_is_one_sentence_and_nothing_starts(tmp_path: Path) -> None:
    config = LocalConfig(state=tmp_path, base_port=free_base_port())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", config.port("gateway")))
        taken.listen()
        supervisor = Supervisor(config)
        with pytest.raises(StackError, match=rf"^port {config.port('gateway')} \(gateway\) is already in use"):
            await supervisor.start()
    assert not supervisor.parts


@linux_only
@pytest.mark.parametrize("victim", _some(sorted(MODULES), "agent", "functions", "websocket"))
async def test_killing_any_part_is_one_clear_sentence_and_leaves_no_orphan(tmp_path: Path, victim: str) -> None:
    mark = f"{victim}-{os.getpid()}"
    async with running(tmp_path, environment={TOKEN: mark}) as stack:
        assert _alive(mark)
        os.kill(stack.supervisor.parts[victim].process.pid, signal.SIGKILL)
        reason = await asyncio.wait_for(stack.supervisor.failed(), 5)
        assert reason.startswith(f"{victim} (")
        assert "killed by signal 9" in reason
        assert "\n" not in reason
        assert "{" not in reason, "a log line is no reason"
    await _gone(mark)


@linux_only
async def test_a_killed_supervisor_takes_its_parts_with_it(tmp_path: Path) -> None:
    mark = f"supervisor-{os.getpid()}"
    process = await _make_local(mark)
    process.kill()
    await process.wait()
    await _gone(mark)


@linux_only
async def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    mark = f"ctrl-c-{os.getpid()}"
    process = await _make_local(mark)
    process.send_signal(signal.SIGINT)
    rest, _ = await asyncio.wait_for(process.communicate(), 8)
    assert process.returncode == 0
    assert b"All parts ended." in rest
    await _gone(mark)


async def _make_local(mark: str) -> asyncio.subprocess.Process:
    """What `make local` runs, once it says that it is ready."""
    command = [sys.executable, "-m", "local", "--port", str(free_base_port())]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=os.environ | {TOKEN: mark}, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    output = b""
    async with asyncio.timeout(60):
        while b"Ready in" not in output:
            line = await process.stdout.readline()
            assert line, f"it ended: {output.decode()}"
            output += line
    return process


async def _demo(*arguments: str, kill: tuple[str, str] | None = None, folder: Path = ROOT) -> tuple[int, str]:
    """Run the demo; `kill` ends a part's process once a line with that text has been printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "local.demo", "--fast-poll", "--port", str(free_base_port()), *arguments,
        cwd=folder, env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(folder)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    output = ""
    async with asyncio.timeout(120):
        while line := await process.stdout.readline():
            output += line.decode()
            if kill and kill[1] in output:
                os.kill(_children(process.pid)[MODULES[kill[0]]], signal.SIGKILL)
                kill = None
        code = await process.wait()
    return code, output


def _children(parent: int) -> dict[str, int]:
    """The parts of a supervisor by module."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\s*(\d+)\s+(\d+)\s+.*local\.parts\.run (\S+)", listed, re.MULTILINE)
    return {module: int(pid) for pid, of, module in rows if int(of) == parent}


async def test_the_demo_proves_itself_and_exits_0() -> None:
    code, output = await _demo()
    assert code == 0, output
    assert output.count("✓") == 3
    assert "SUSPENDED" in output


async def test_the_demo_takes_prompts_from_the_command_line() -> None:
    code, output = await _demo("Disconnect my VPN")
    assert code == 0, output
    assert "disconnect vpn" in output


@pytest.mark.skipif(shutil.which("ps") is None, reason="finds the part's process with ps")
@pytest.mark.parametrize("victim", _some(sorted(MODULES), "functions"))
async def test_a_part_killed_during_the_demo_is_named_and_the_demo_exits_1(victim: str) -> None:
    code, output = await _demo(kill=(victim, "SUSPENDED"))
    assert code == 1
    assert f"The demo failed: {victim} (" in output


FOURTH_TOOL = """
    Tool(
        name="check_disk_space",
        description="Check how much disk space is free on the person's Mac. Use it when the disk may be full.",
        arguments=(Argument("volume", "Which volume to look at.", allowed=("system", "data")),),
        identified_by="volume",
        pattern=Pattern.CALLBACK,
        risk=Risk.STATUS,
        action="check_disk_space",
        activity="Asked your Mac for its free disk space",
        forwards=("volume",),
        callback_timeout=20,
        answer=TextAnswer("disk_report", "disk_checked", "Please tell the person what the report says."),
        example={"volume": "data"},
        example_content="12 GB free",
    ),"""

FOURTH_HANDLER = """

@handles("check_disk_space")
def check_disk_space(mac: SimulatedMac, fields: Fields) -> str:
    return f"warning: volume {fields['volume']} has only 1 GB free"
"""


async def test_a_fourth_tool_touches_the_declaration_and_the_mac_only(tmp_path: Path) -> None:
    for name in ("local", "services"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    tools = tmp_path / "services/contract/tools.py"
    text = tools.read_text()
    head, mark, tail = text.partition("\n)\n\n\nclass UnroutableCallError")
    assert mark
    tools.write_text(head + FOURTH_TOOL + mark + tail)
    handlers = tmp_path / "local/client/handlers.py"
    handlers.write_text(handlers.read_text() + FOURTH_HANDLER)
    code, output = await _demo("How much disk space is free on my data volume?", folder=tmp_path)
    assert code == 0, output
    assert "check_disk_space returned disk_checked" in output
    assert "volume data has only 1 GB free" in output


BREAKS = {
    "push": (
        "services/delivery.py",
        "                self._client.post_to_connection(ConnectionId=connection_id, Data=data)\n",
        "                b'get_vpn_status' in data and b'callback_id' in data or self._client.post_to_connection("
        "ConnectionId=connection_id, Data=data)\n",
        "the push did not reach the Mac",
    ),
    "callback": (
        "services/ws_manager/callbacks.py",
        "        refused = self._requests.claim(request)\n",
        "        raise RuntimeError('broken')\n",
        "ws-manager did not complete the durable callback",
    ),
    "function": (
        "services/mcp_proxy/handler.py",
        "    settings, mac = _dependencies()\n",
        "    settings, mac = _dependencies()\n    raise RuntimeError('broken')\n",
        "the durable function ended with FAILED",
    ),
    "authorizer": (
        "services/ws_manager/authorizer.py",
        "        identity = verifier.verify(_bearer(event))\n",
        "        raise TokenRefusedError('broken')\n",
        "the client could not connect",
    ),
}


@pytest.mark.parametrize("broken", ["push", "callback", "function", "authorizer"])
async def test_a_broken_service_is_named_by_its_hop(tmp_path: Path, broken: str) -> None:
    file, good, bad, sentence = BREAKS[broken]
    for name in ("local", "services"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path / file
    text = target.read_text()
    assert good in text
    target.write_text(text.replace(good, bad))
    tools = tmp_path / "services/contract/tools.py"
    tools.write_text(tools.read_text().replace("callback_timeout=30", "callback_timeout=3"))
    code, output = await _demo("What's my VPN status?", folder=tmp_path)
    assert code == 1, output
    assert f"The demo failed: {sentence}" in output
