"""`make demo`: the main job on this machine, shown hop by hop and proven.

Starts the whole stack, signs a person in, sends three prompts (or those given), shows each as a
live timeline, and holds the outcome against the simulated Mac right after the answer. Exit status 0
only when all of it is true; otherwise the hop that failed is named.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import sys
import time

from rich.console import Console
from rich.markdown import Markdown
from rich.rule import Rule
from rich.text import Text

from local.__main__ import add_arguments, config_from
from local.client.connection import Connection
from local.client.lifecycle import ConnectionRefusedForGoodError
from local.client.mac import SimulatedMac
from local.client.settings import ClientSettings
from local.client.signin import SignIn, SignInError
from local.config import LocalConfig
from local.proof import CONNECT, LOGS, STATUS, NotTrueError, Witness, prove
from local.supervisor import DESCRIPTIONS, StackError, Supervisor
from local.timeline import Hop, Timeline
from services.contract.limits import MAX_PROMPT_CHARACTERS
from services.contract.messages import Answer, AnswerDelta, Error

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
        self.console.print(Rule(Text(text, style="bold"), align="left"))


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

    async def run(self, prompts: list[str]) -> list[str | None]:
        """Start the stack and ask every prompt; returns what each of them proved.

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

    async def _ask(self, connection: Connection, prompt: str) -> str | None:
        self.stage.title(prompt)
        witness = Witness(self.mac, verbatim=self.config.model == "offline")
        self.timeline.begin(time.time())
        ticking = asyncio.create_task(self._tick())
        try:
            answer = await self._answer(connection, prompt)
            await asyncio.sleep(0.3)  # the last log lines of the parts are on their way
        finally:
            ticking.cancel()
            self.timeline.flush()
        self.stage.answer(answer)
        self.stage.line(self._bill(), "bold")
        try:
            proven = prove(prompt, await witness.evidence(answer))
        except NotTrueError as untrue:
            raise DemoFailedError(self._blame(str(untrue))) from None
        if proven:
            self.stage.line(f"  ✓ {proven}", "green")
        return proven

    def _bill(self) -> str:
        bill = self.timeline.bill
        waited = f", waited {bill.waited:,.0f} ms for free" if bill.waited else ""
        return f"  mcp-proxy billed {bill.billed:,.0f} ms{waited}; ws-manager billed {bill.other:,.0f} ms"

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
        """The hop that failed, what came of it, and what was logged about it."""
        hop = self.timeline.failed_hop()
        return "; ".join([*([hop] if hop else []), otherwise, *self.timeline.reasons()[:2]])


def given_prompts(text: str) -> list[str]:
    """The prompts in `PROMPTS`: each in double quotes, or one without any."""
    quoted = re.findall(r'"([^"]*)"', text)
    return quoted or ([text] if text.strip() else [])


async def _run(arguments: argparse.Namespace) -> int:
    stage = Stage(arguments.brief)
    demo = Demo(config_from(arguments), stage)
    prompts: list[str] = arguments.prompts or given_prompts(os.environ.get("PROMPTS", "")) or [CONNECT, STATUS, LOGS]
    for prompt in prompts:
        if not prompt.strip() or len(prompt) > MAX_PROMPT_CHARACTERS:
            stage.line(f"A prompt must have text, and at most {MAX_PROMPT_CHARACTERS:,} characters.", "bold red")
            return 2
    main = asyncio.current_task()
    assert main is not None
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        # Once is enough: a second Ctrl-C must not cut off the clean-up.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)
        main.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        work = asyncio.create_task(demo.run(prompts))
        proven = await _unless_a_part_dies(work, demo.supervisor)
    except (StackError, DemoFailedError) as error:
        stage.line(f"The demo failed: {error}", "bold red")
        stage.line(f"Logs of every part: {demo.config.state / 'logs'}")
        return 1
    except asyncio.CancelledError:
        stage.line("Interrupted.")
        return 130
    finally:
        await demo.supervisor.stop()
    unproven = proven.count(None)
    verdict = f"{len(proven) - unproven} of {len(proven)} outcomes proven" if unproven else "All of it is true"
    stage.line(f"{verdict}. Every part has ended.", "bold green")
    return 0


async def _unless_a_part_dies(work: asyncio.Task[list[str | None]], supervisor: Supervisor) -> list[str | None]:
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
