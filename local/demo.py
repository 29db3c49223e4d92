"""`make demo`: the main job on this machine, shown hop by hop and proven.

Starts the whole stack, signs a person in, sends three prompts (or those given), shows each as a
live timeline, and checks the outcome against the simulated Mac. Exit status 0 only when all of
it is true; otherwise the hop that failed is named.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.markdown import Markdown
from rich.rule import Rule
from rich.text import Text

from local.__main__ import add_arguments, config_from
from local.client.cisco import parse_state
from local.client.connection import Connection
from local.client.lifecycle import ConnectionRefusedForGoodError
from local.client.mac import SimulatedMac
from local.client.settings import ClientSettings
from local.client.signin import SignIn, SignInError
from local.config import LocalConfig
from local.supervisor import DESCRIPTIONS, StackError, Supervisor
from local.timeline import Hop, Timeline
from services.contract.messages import Answer, AnswerDelta, Error

CONNECT, STATUS, LOGS = "Help me connect to my VPN", "What's my VPN status?", "Analyze my VPN logs"
DEADLINE = 90.0
"""Seconds one prompt may take before the demo gives up and names the hop."""
LATE_SECONDS = 0.15
"""How long a hop is held back so that a slower process's earlier one is shown first."""
MAC_DELAYS = {"get_vpn_status": 1.2, "request_logs": 5.0}
"""Seconds the simulated Mac takes, as a real one does: 1-2 s and 5-30 s."""

COLOURS = {
    "mac": "cyan",
    "websocket": "blue",
    "ws-manager": "green",
    "agent": "magenta",
    "model": "bright_black",
    "gateway": "blue",
    "functions": "yellow",
    "mcp-proxy": "green",
}


class DemoFailedError(Exception):
    """The demo did not show what it promises; the text names the hop."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt and what came back."""

    prompt: str
    answer: str


class Stage:
    """What the person sees."""

    def __init__(self, brief: bool) -> None:
        # On a pipe a line must not break in the middle of a hop.
        self.console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
        self._brief = brief
        self._streaming = False

    def line(self, text: str = "", style: str = "") -> None:
        self._end_stream()
        self.console.print(Text(text, style=style))

    def hop(self, milliseconds: float, hop: Hop) -> None:
        if self._brief:
            return
        self._end_stream()
        style = "bold yellow" if "SUSPENDED" in hop.text else ""
        self.console.print(
            Text.assemble(
                (f"{milliseconds:8.0f} ms  ", "bright_black"),
                (f"{hop.service:11} ", COLOURS.get(hop.service, "")),
                (hop.text, style),
            )
        )

    def delta(self, text: str) -> None:
        """The answer as it streams; on a terminal only, since it is printed whole at the end."""
        if self._brief or not self.console.is_terminal:
            return
        if not self._streaming:
            self.console.print(" " * 13, end="")
            self._streaming = True
        self.console.print(text, end="", style="italic bright_black", markup=False)

    def _end_stream(self) -> None:
        if self._streaming:
            self.console.print()
            self._streaming = False

    def answer(self, text: str) -> None:
        self._end_stream()
        self.console.print()
        self.console.print(Markdown(text), width=min(self.console.width, 100))

    def title(self, text: str) -> None:
        self._end_stream()
        self.console.print()
        self.console.print(Rule(f"[bold]{text}", align="left"))


class Demo:
    """One run: ask, show, prove."""

    def __init__(self, config: LocalConfig, stage: Stage) -> None:
        self.config = config
        self.stage = stage
        self.mac = SimulatedMac(delays=MAC_DELAYS, transition_seconds=1.5)
        self.timeline = Timeline(show=stage.hop)
        self.supervisor = Supervisor(config, on_log=self.timeline.add)

    def client_hop(self, name: str, fields: dict[str, object]) -> None:
        """A hop of the client, in the form of a log line."""
        self.timeline.add({"service": "mac", "event": name, "timestamp": time.time(), **fields})

    async def run(self, prompts: list[str]) -> list[Asked]:
        """Start the stack, ask every prompt, and return the answers.

        Raises:
            StackError, DemoFailedError: with one sentence for the person.
        """
        began = time.monotonic()
        self.stage.line("Starting the stack (no AWS account, loopback only) …")
        await self.supervisor.start(
            lambda name, seconds: self.stage.line(f"{seconds:6.1f} s  {name:14} {DESCRIPTIONS[name]}", "bright_black")
        )
        self.stage.line(f"Ready in {time.monotonic() - began:.1f} s.")
        settings = ClientSettings.local(self.config)
        try:
            async with Connection(
                settings, SignIn(settings, person="alex"), self.mac, session_id="demo", on_hop=self.client_hop
            ) as connection:
                self.stage.line("Signed in as alex (authorization code with PKCE); one WebSocket is open.")
                return [await self._ask(connection, prompt) for prompt in prompts]
        except (ConnectionRefusedForGoodError, SignInError, TimeoutError) as error:
            raise DemoFailedError(f"the client could not connect: {error}") from None

    async def _ask(self, connection: Connection, prompt: str) -> Asked:
        self.stage.title(prompt)
        self.timeline.begin(time.time())
        ticking = asyncio.create_task(self._tick())
        try:
            answer = await self._answer(connection, prompt)
            await asyncio.sleep(0.3)  # the last log lines of the parts are on their way
        finally:
            ticking.cancel()
            self.timeline.flush()
        self.stage.answer(answer)
        bill = self.timeline.bill
        self.stage.line(
            f"  mcp-proxy billed {bill.billed:,.0f} ms, waited {bill.waited:,.0f} ms for free; "
            f"ws-manager billed {bill.other:,.0f} ms",
            "bold",
        )
        return Asked(prompt, answer)

    async def _answer(self, connection: Connection, prompt: str) -> str:
        async for event in connection.ask(prompt, deadline=DEADLINE):
            if isinstance(event, AnswerDelta):
                self.stage.delta(event.data.text)
            elif isinstance(event, Answer):
                return event.data.text
            elif isinstance(event, Error):
                raise DemoFailedError(self._blame(f"{event.data.code.value}: {event.data.message}"))
        raise DemoFailedError(self._blame("the turn ended without an answer"))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            self.timeline.flush(before=time.time() - LATE_SECONDS)

    def _blame(self, otherwise: str) -> str:
        """The hop that failed, with the operator's reason if one was logged."""
        hop = self.timeline.failed_hop()
        reasons = [
            f"{line.get('service')}: {line.get('event')} {line.get('reason') or ''}" for line in self.timeline.faults
        ]
        return "; ".join([*([hop] if hop else []), otherwise, *reasons[:2]]).strip()

    async def prove(self, asked: list[Asked]) -> None:
        """Check every standard prompt's answer against the Mac itself.

        Raises:
            DemoFailedError: naming what is not true.
        """
        checks: dict[str, Callable[[Asked], str]] = {
            CONNECT: self._connected,
            STATUS: self._status_came_from_the_mac,
            LOGS: self._fault_was_named,
        }
        self.stage.title("Proof")
        await self.mac.vpn.settled()
        for one in asked:
            check = checks.get(one.prompt)
            proven = check(one) if check else self._answered(one)
            self.stage.line(f"  ✓ {proven}", "green")

    def _connected(self, asked: Asked) -> str:
        if self.mac.vpn.state != "connected":
            raise DemoFailedError(f"the simulated VPN is {self.mac.vpn.state}, not connected (“{asked.prompt}”)")
        return "the simulated Mac's VPN was disconnected and is connected now"

    def _status_came_from_the_mac(self, asked: Asked) -> str:
        replies = [sent.reply.content or "" for sent in self.mac.sent if sent.action == "get_vpn_status"]
        if not any(ran.argv[-1] == "state" for ran in self.mac.ran) or not replies:
            raise DemoFailedError("the Mac was never asked for its status: the status did not come from the client")
        state = parse_state(self.mac.run("vpn", "state"))
        if state not in replies[-1] or state not in asked.answer.lower():
            raise DemoFailedError(f"the Mac says {state}, but the answer does not: {asked.answer!r}")
        return f"the status “{state}” came from the Mac and is what the answer says"

    def _fault_was_named(self, asked: Asked) -> str:
        sent = [sent.reply.content or "" for sent in self.mac.sent if sent.action == "request_logs"]
        fault = self.mac.fault_line or ""
        if not sent or fault not in sent[-1]:
            raise DemoFailedError("the logs with the planted fault never left the Mac")
        if fault not in asked.answer:
            raise DemoFailedError(f"the analysis does not name the fault in the logs: {fault!r}")
        return f"the analysis names the fault that is in the logs: “{fault}”"

    def _answered(self, asked: Asked) -> str:
        if not asked.answer.strip():
            raise DemoFailedError(f"“{asked.prompt}” got an empty answer")
        return f"“{asked.prompt}” was answered in {len(asked.answer)} characters"


async def _run(arguments: argparse.Namespace) -> int:
    stage = Stage(arguments.brief)
    demo = Demo(config_from(arguments), stage)
    prompts: list[str] = arguments.prompts or [CONNECT, STATUS, LOGS]
    main = asyncio.current_task()
    assert main is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, main.cancel)
    try:
        work = asyncio.create_task(demo.run(prompts))
        asked = await _unless_a_part_dies(work, demo.supervisor)
        await demo.prove(asked)
    except (StackError, DemoFailedError) as error:
        stage.line(f"The demo failed: {error}", "bold red")
        stage.line(f"Logs of every part: {demo.config.state / 'logs'}")
        return 1
    except asyncio.CancelledError:
        stage.line("Interrupted.")
        return 130
    finally:
        await demo.supervisor.stop()
    stage.line("All of it is true. Every part has ended.", "bold green")
    return 0


async def _unless_a_part_dies(work: asyncio.Task[list[Asked]], supervisor: Supervisor) -> list[Asked]:
    """The result of `work`, or at once the sentence of the part that died."""
    watch = asyncio.create_task(supervisor.failed())
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if watch.done():
            raise StackError(watch.result())
        return await work
    finally:
        for task in (work, watch):
            task.cancel()
        await asyncio.gather(work, watch, return_exceptions=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make demo", description="The main job on this machine.")
    parser.add_argument("prompts", nargs="*", help="prompts to send instead of the three standard ones")
    parser.add_argument("--brief", action="store_true", help="answers and proof only")
    add_arguments(parser)
    sys.exit(asyncio.run(_run(parser.parse_args())))


if __name__ == "__main__":
    main()
