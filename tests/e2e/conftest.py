"""Stacks for the end-to-end tests: real processes, real sockets, ports of their own."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from local.client.connection import Connection
from local.client.mac import SimulatedMac
from local.client.settings import ClientSettings
from local.client.signin import SignIn
from local.config import LocalConfig
from local.supervisor import LogLine, Supervisor
from tests.e2e.wire import Socket

HOOKS = {"DESKSIDE_MODEL_HOOKS": "1", "DESKSIDE_MODEL_DELAY_MS": "2"}
# Below 32768, where Linux begins to hand out ports to outgoing connections.
_next_port = itertools.count(10_000 + (os.getpid() % 1_000) * 20, 10)


def free_base_port() -> int:
    """The first of ten consecutive free loopback ports."""
    for base in _next_port:
        try:
            for port in range(base, base + 10):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


@dataclass
class Stack:
    """A running stack, and everything its parts have logged."""

    config: LocalConfig
    supervisor: Supervisor
    lines: list[LogLine] = field(default_factory=list)

    @property
    def settings(self) -> ClientSettings:
        return ClientSettings.local(self.config)

    async def token(self, person: str = "alex") -> str:
        return await SignIn(self.settings, person=person).access_token()

    @asynccontextmanager
    async def person(
        self, name: str = "alex", session: str = "chat-1", mac: SimulatedMac | None = None, **options: Any
    ) -> AsyncIterator[tuple[Connection, SimulatedMac]]:
        """Somebody with the headless client and a Mac."""
        mac = mac or SimulatedMac(transition_seconds=0.1)
        signed_in = SignIn(self.settings, person=name)
        async with Connection(self.settings, signed_in, mac, session_id=session, **options) as connection:
            yield connection, mac

    @asynccontextmanager
    async def socket(self, person: str = "alex", *, hello: str | None = None) -> AsyncIterator[Socket]:
        """A bare WebSocket, to say what the client never would."""
        async with Socket.connect(self.config.websocket_url, await self.token(person)) as raw:
            if hello:
                await raw.hello(hello)
            yield raw

    def events(self, event: str, since: float = 0.0, **fields: object) -> list[LogLine]:
        """Log lines of an event, with these fields, from `since` on."""
        return [
            line
            for line in self.lines
            if line.get("event") == event
            and float(line.get("timestamp", 0)) >= since
            and all(line.get(name) == value for name, value in fields.items())
        ]

    async def until(self, found: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until something is true; log lines travel through pipes."""
        end = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < end, "it did not happen"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(folder: Path, environment: dict[str, str] | None = None, **options: Any) -> AsyncIterator[Stack]:
    """A stack with these options, ended afterwards."""
    config = LocalConfig(state=folder, base_port=free_base_port(), honest_poll=False, **options)
    lines: list[LogLine] = []
    supervisor = Supervisor(config, on_log=lines.append, environment=HOOKS | (environment or {}))
    await supervisor.start()
    try:
        yield Stack(config, supervisor, lines)
    finally:
        await supervisor.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The stack most tests share. Unanswered requests time out after 4 s in it."""
    overrides = {"mcp-proxy": {"CALLBACK_SECONDS_LIMIT": "4"}, "agent": {"QUEUE_LIMIT": "1"}}
    async with running(tmp_path_factory.mktemp("stack"), overrides=overrides) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hasty_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack whose tokens and connections end within seconds."""
    async with running(
        tmp_path_factory.mktemp("hasty"),
        user_token_seconds=5,
        machine_token_seconds=2,
        idle_seconds=2.0,
        lifetime_seconds=8.0,
    ) as started:
        yield started
