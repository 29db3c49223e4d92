"""Starts every part of the local stack, watches them, and ends them together.

One rule: either all parts run, or none does and one sentence says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from local.config import HOST, LocalConfig
from local.parts.calls import credentials

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
"""How long all parts together may take; a loaded laptop needs some 10 s."""
STOP_SECONDS = 3.0
PORT_IN_USE = 98

MODULES = {
    "aws": "local.parts.aws",
    "identity": "local.parts.identity",
    "session-store": "local.parts.session_store",
    "model": "local.parts.model",
    "functions": "local.parts.functions",
    "websocket": "local.parts.websocket",
    "gateway": "local.parts.gateway",
    "runtime": "local.parts.runtime",
    "agent": "services.agent.app",
}

DESCRIPTIONS = {
    "aws": "DynamoDB, S3, Secrets Manager",
    "identity": "OAuth 2 issuer in Cognito's place",
    "session-store": "session memory (Valkey protocol)",
    "model": "Bedrock ConverseStream, deterministic model",
    "functions": "Lambda: ws-manager, authorizer, durable mcp-proxy",
    "websocket": "API Gateway WebSocket API",
    "gateway": "AgentCore Gateway (MCP)",
    "runtime": "AgentCore Runtime data plane",
    "agent": "the Strands agent",
}


class StackError(RuntimeError):
    """The stack cannot run; the text is one clear sentence."""


LogLine = dict[str, Any]


@dataclass(slots=True)
class Part:
    """One running process of the stack."""

    name: str
    process: asyncio.subprocess.Process
    ready_at: float | None = None
    last_error: str = ""
    tail: deque[str] = field(default_factory=lambda: deque[str](maxlen=20))


class Supervisor:
    """The local stack as one thing that starts and stops.

    Args:
        config: where and how it runs.
        on_log: called with every JSON log line of every part, as it is written.
        environment: further variables for all parts (test hooks).
    """

    def __init__(
        self,
        config: LocalConfig,
        on_log: Callable[[LogLine], None] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.config = config
        self.parts: dict[str, Part] = {}
        self._on_log = on_log
        self._extra = environment or {}
        self._secret = secrets.token_urlsafe(32)
        self._readers: list[asyncio.Task[None]] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._died: asyncio.Future[str] | None = None
        self._stopping = False

    async def start(self, on_ready: Callable[[str, float], None] | None = None) -> None:
        """Start everything and wait until all of it answers.

        Raises:
            StackError: when a port is taken, a part dies or does not become ready; nothing runs then.
        """
        self._check_model()
        self._check_ports()
        (self.config.state / "logs").mkdir(parents=True, exist_ok=True)
        self._died = asyncio.get_running_loop().create_future()
        began = time.monotonic()
        ready: asyncio.Future[list[None]] | None = None
        try:
            # Those with the most to import first: start-up is bound by the processors.
            for name in reversed(self._names()):
                await self._spawn(name)
            ready = asyncio.gather(*(self._until_ready(part, began, on_ready) for part in self.parts.values()))
            done, _ = await asyncio.wait(
                {ready, self._died}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if self._died in done:
                raise StackError(self._died.result())
            if ready not in done:
                slow = ", ".join(part.name for part in self.parts.values() if part.ready_at is None)
                raise StackError(f"not ready within {READY_SECONDS:.0f} s: {slow}")
            await ready
        except BaseException:
            if ready is not None:
                ready.cancel()
                await asyncio.gather(ready, return_exceptions=True)
            await self.stop()
            raise

    async def failed(self) -> str:
        """Wait until a part dies, and say which and why."""
        assert self._died is not None
        return await asyncio.shield(self._died)

    async def stop(self) -> None:
        """End every part; nothing is left running."""
        self._stopping = True
        for task in self._watchers:
            task.cancel()
        for part in self.parts.values():
            _signal(part.process.pid, signal.SIGTERM)
        waits = [asyncio.create_task(part.process.wait()) for part in self.parts.values()]
        if waits:
            await asyncio.wait(waits, timeout=STOP_SECONDS)
        for part in self.parts.values():
            # Also those that ended: their group may hold workers.
            _signal(part.process.pid, signal.SIGKILL)
        for wait in waits:
            await wait
        await asyncio.gather(*self._readers, return_exceptions=True)

    def _names(self) -> list[str]:
        skipped = set() if self.config.model == "offline" else {"model"}
        return [name for name in MODULES if name not in skipped]

    def _check_model(self) -> None:
        """Say at once what a real model lacks; the first prompt would only fail after minutes."""
        if self.config.model == "bedrock":
            if boto3.Session().get_credentials() is None:
                raise StackError("MODEL=bedrock needs AWS credentials with access to the model; none were found")
        elif self.config.model == "ollama":
            parts = urlsplit(_ollama_host())
            try:
                socket.create_connection((parts.hostname or "", parts.port or 80), timeout=2).close()
            except OSError:
                raise StackError(f"MODEL=ollama needs Ollama at {_ollama_host()}; nothing answers there") from None
        elif self.config.model != "offline":
            raise StackError(f"MODEL={self.config.model} is not one of offline, bedrock, ollama")

    def _check_ports(self) -> None:
        for name in (*self._names(), "management"):
            port = self.config.port(name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError:
                    raise StackError(
                        f"port {port} ({name}) is already in use; is another stack running? "
                        f"Choose other ports with PORT={self.config.base_port + 100}."
                    ) from None

    async def _spawn(self, name: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "local.parts.run",
            MODULES[name],
            cwd=ROOT,
            env=self._environment(name),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=1024 * 1024,
        )
        part = self.parts[name] = Part(name, process)
        self._readers.append(asyncio.create_task(self._read(part)))
        self._watchers.append(asyncio.create_task(self._watch(part)))

    def _environment(self, name: str) -> dict[str, str]:
        """A clean environment: nothing of the person's own AWS set-up reaches a part by accident."""
        kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
        environment = {key: os.environ[key] for key in kept if key in os.environ}
        environment |= {key: value for key, value in os.environ.items() if key.startswith("DESKSIDE_")}
        environment |= {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), "DESKSIDE_MACHINE_SECRET": self._secret}
        environment |= self.config.aws_environment() | self.config.to_environment() | self._extra
        if name == "agent":
            # What the container gets in AWS, and where it has to listen here.
            del environment["DESKSIDE_MACHINE_SECRET"], environment["DESKSIDE_LOCAL"]
            environment |= {"HOST": HOST, "PORT": str(self.config.port("agent"))}
            environment |= credentials("agent") | self.config.service_environment("agent")
            environment |= self._model_environment(environment)
        return environment

    def _model_environment(self, environment: dict[str, str]) -> dict[str, str]:
        """What switches the agent to a real model."""
        if self.config.model == "bedrock":
            for key in (
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_EC2_METADATA_DISABLED",
            ):
                environment.pop(key)
            own = {key: value for key, value in os.environ.items() if key.startswith("AWS_") and "ENDPOINT" not in key}
            return own | _given("MODEL_ID", "MODEL_OPTIONS")
        if self.config.model == "ollama":
            chosen = {"MODEL_ID": "llama3.2", "MODEL_OPTIONS": json.dumps({"host": _ollama_host()})}
            return {"MODEL_PROVIDER": "ollama"} | chosen | _given("MODEL_ID", "MODEL_OPTIONS")
        return {}

    async def _read(self, part: Part) -> None:
        assert part.process.stdout is not None
        with (self.config.state / "logs" / f"{part.name}.log").open("w", encoding="utf-8") as log:
            while True:
                try:
                    raw = await part.process.stdout.readline()
                except ValueError:  # one line over the limit: drop it, keep reading
                    continue
                if not raw:
                    return
                text = raw.decode(errors="replace").rstrip()
                log.write(text + "\n")
                log.flush()
                part.tail.append(text)
                line = _parse(text)
                if line is None:
                    continue
                if line.get("level") in ("error", "critical"):
                    part.last_error = _sentence(line)
                if self._on_log is not None:
                    self._on_log(line)

    async def _watch(self, part: Part) -> None:
        code = await part.process.wait()
        await asyncio.sleep(0.05)  # let its last lines arrive
        if self._stopping or self._died is None or self._died.done():
            return
        if code == PORT_IN_USE:
            reason = f"{part.name} found its port {self.config.port(part.name)} in use"
        else:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
            # After a signal the last line says nothing about the end; neither does any ordinary log line.
            said = [line for line in part.tail if line.strip() and not line.startswith("{")]
            why = "" if code < 0 else part.last_error or (said[-1] if said else "")
            reason = f"{part.name} ({DESCRIPTIONS[part.name]}) {how}" + (f": {why[:300]}" if why else "")
        self._died.set_result(reason)

    async def _until_ready(self, part: Part, began: float, on_ready: Callable[[str, float], None] | None) -> None:
        while not await self._answers(part.name):  # noqa: ASYNC110 - another process, nothing to await
            await asyncio.sleep(0.05)
        part.ready_at = time.monotonic() - began
        if on_ready is not None:
            on_ready(part.name, part.ready_at)

    async def _answers(self, name: str) -> bool:
        port = self.config.port("management" if name == "websocket" else name)
        path = "/ping" if name == "agent" else "/health"
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection(HOST, port)
                if name == "session-store":
                    writer.write(b"*1\r\n$4\r\nPING\r\n")
                else:
                    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                first = await reader.readline()
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
        except (OSError, TimeoutError):
            return False
        return first.startswith(b"+PONG") or b" 200 " in first


def _ollama_host() -> str:
    host = os.environ.get("OLLAMA_HOST") or "http://127.0.0.1:11434"
    return host if "://" in host else f"http://{host}"


def _given(*names: str) -> dict[str, str]:
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _parse(text: str) -> LogLine | None:
    if not text.startswith("{"):
        return None
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _sentence(line: LogLine) -> str:
    about = line.get("reason") or line.get("exception") or ""
    return f"{line.get('event', '')} {str(about).strip().splitlines()[-1] if about else ''}".strip()
