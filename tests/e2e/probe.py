"""Drives the compiled core of the macOS client: holds its sockets, follows its sign-in page, reads what it shows.

The core makes every decision; this is the WebSocket that Linux's URLSession is not.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local.client.settings import ClientSettings

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(os.environ.get("DESKSIDE_CLIENT_PACKAGE", ROOT / "client-macos"))
CACHE = Path(os.environ.get("DESKSIDE_CACHE", Path.home() / ".cache" / "deskside"))
FLAGS = ("-Xlinker", "--allow-shlib-undefined") if platform.system() == "Linux" else ()

Message = dict[str, Any]


def missing_toolchain() -> str | None:
    """Why Swift code cannot be compiled here, or None when it can."""
    if swift := shutil.which("swift"):
        found = subprocess.run([swift, "--version"], capture_output=True, text=True, check=False)
        if "Swift version 6" in found.stdout + found.stderr:
            return None
    if (CACHE / "swift-trixie" / ".ready-1").exists() and os.geteuid() == 0:
        return None
    return "no Swift 6 toolchain: the macOS client's core was NOT tested end to end; `make test-client` brings one"


def swift(*command: str) -> list[str]:
    """The command line that runs a command in the package, with the toolchain."""
    return [str(ROOT / "client-macos/scripts/with-swift.sh"), str(CACHE), str(PACKAGE), *command]


def build() -> str:
    """Compile the probe; returns where it is, as seen by `swift`."""
    command = swift("swift", "build", "--product", "deskside-probe", *FLAGS)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return ".build/debug/deskside-probe"


def environment() -> dict[str, str]:
    """Without proxies: they are for the world outside, and the stack is on this machine."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


@dataclass
class Probe:
    """One running core, what it shows and what it asked for."""

    process: asyncio.subprocess.Process
    snapshots: list[Message] = field(default_factory=list[Message])
    handled: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    tokens: list[str] = field(default_factory=list[str])
    """The token of each socket, oldest first."""
    closings: list[int | None] = field(default_factory=list[int | None])
    """The close code of each socket that opened."""
    sent: list[Message] = field(default_factory=list[Message])
    offline: bool = False
    """Whether new sockets fail as without a network."""
    deaf: bool = False
    """Whether what the server says is lost on its way."""
    garbled: bool = False
    """Whether tokens are spoilt on their way."""
    _sockets: dict[int, asyncio.Queue[Message]] = field(default_factory=dict[int, "asyncio.Queue[Message]"])
    _open: dict[int, ClientConnection] = field(default_factory=dict[int, ClientConnection])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    @asynccontextmanager
    async def running(
        cls, executable: str, settings: ClientSettings, person: str, **setup: float
    ) -> AsyncIterator[Probe]:
        """A core that knows this system; nobody is signed in yet."""
        process = await asyncio.create_subprocess_exec(
            *swift(executable),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=16 * 1024 * 1024,
            env=environment(),
        )
        probe = cls(process)
        names = ("websocket_url", "authorize_url", "token_url", "client_id", "redirect_uri", "scope")
        configuration = {name: getattr(settings, name) for name in names}
        await probe._write({"configuration": configuration, "person": person, **setup})
        probe._start(probe._read())
        try:
            yield probe
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                code = await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                raise
            finally:
                for task in probe._tasks:
                    task.cancel()
                await asyncio.gather(*probe._tasks, return_exceptions=True)
            assert code == 0, "the core crashed"

    # What a test does

    async def do(self, op: str, **fields: object) -> None:
        """Tell the core what the person does."""
        await self._write({"op": op, **fields})

    async def sign_in(self) -> None:
        await self.do("sign_in")
        await self.until(lambda now: now["state"] == "ready")

    async def ask(self, prompt: str, seconds: float = 30.0) -> Message:
        """Send a prompt; returns its turn once it has ended."""
        known = {turn["id"] for turn in self.turns}
        await self.do("send", text=prompt)
        await self.until(lambda now: any(t["id"] not in known for t in now["turns"]))
        name = next(turn["id"] for turn in self.turns if turn["id"] not in known)
        return await self.end(name, seconds)

    async def end(self, name: str, seconds: float = 30.0) -> Message:
        """A turn once it has ended."""
        ongoing = ("sending", "queued", "working")
        await self.until(lambda _: self.turn(name)["phase"] not in ongoing, seconds)
        return self.turn(name)

    def cut(self) -> None:
        """Lose the network under the newest socket, without a goodbye."""
        self._open[max(self._open)].transport.abort()

    # What it shows

    @property
    def now(self) -> Message:
        return self.snapshots[-1]

    @property
    def turns(self) -> list[Message]:
        return self.now["turns"] if self.snapshots else []

    @property
    def states(self) -> list[str]:
        """The connection's states, each once in a row."""
        states = [shown["state"] for shown in self.snapshots]
        return [state for index, state in enumerate(states) if index == 0 or states[index - 1] != state]

    def turn(self, name: str) -> Message:
        return next(turn for turn in self.turns if turn["id"] == name)

    async def until(self, wanted: Callable[[Message], object], seconds: float = 15.0) -> None:
        """Wait until what it shows is wanted."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                while not (self.snapshots and wanted(self.now)):
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"it did not happen; shown: {self.snapshots[-1:]}") from None

    async def heard(self, question: str, outcome: str, seconds: float = 15.0) -> None:
        """Wait until the person was asked something, or has decided."""
        await self.until(lambda _: (question, outcome) in self.handled, seconds)

    # The pipe

    async def _write(self, line: Message) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        await self.process.stdin.drain()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = json.loads(raw)
            match line["op"]:
                case "open":
                    self.tokens.append(line["token"])
                    self._sockets[line["socket"]] = asyncio.Queue()
                    self._start(self._hold(line["socket"], line["url"], line["token"]))
                case "send" | "close":
                    self._sockets[line["socket"]].put_nowait(line)
                case "abort":
                    if connection := self._open.get(line["socket"]):
                        connection.transport.abort()
                case "authorize":
                    self._start(self._follow(line["url"]))
                case "snapshot":
                    self.snapshots.append(line)
                case "handled":
                    self.handled.append((line["task"], line["outcome"]))
                case other:
                    raise AssertionError(other)
            async with self._changed:
                self._changed.notify_all()

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)

    async def _follow(self, url: str) -> None:
        """The redirect of an issuer that needs no page."""
        async with aiohttp.ClientSession() as http, http.get(url, allow_redirects=False) as response:
            location = response.headers.get("Location")
        await self._write({"op": "redirected", "url": location, "text": str(response.status)})

    async def _hold(self, number: int, url: str, token: str) -> None:
        """One WebSocket."""
        try:
            if self.offline:
                raise OSError("offline")
            connection = await connect(
                url,
                additional_headers={"Authorization": f"Bearer {'x' if self.garbled else token}"},
                ping_interval=None,
                compression=None,
                proxy=None,
                close_timeout=1.0,
            )
        except InvalidStatus as error:
            await self._write({"op": "refused", "socket": number, "status": error.response.status_code})
            return
        except OSError:
            await self._write({"op": "unreachable", "socket": number, "text": "connect"})
            return
        self._open[number] = connection
        sender = asyncio.create_task(self._send(number, connection))
        try:
            async for text in connection:
                if not self.deaf:
                    await self._write({"op": "text", "socket": number, "text": text})
        except ConnectionClosed:
            pass
        finally:
            sender.cancel()
            del self._open[number]
        self.closings.append(connection.close_code)
        await self._write({"op": "closed", "socket": number, "code": connection.close_code})

    async def _send(self, number: int, connection: ClientConnection) -> None:
        while True:
            line = await self._sockets[number].get()
            if line["op"] == "close":
                await connection.close(1000)
                return
            self.sent.append(json.loads(line["text"]))
            await connection.send(line["text"])
