"""Parts as processes of their own: how tests find them ports, start them, watch them and end them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from local.config import HOST, LocalConfig

ROOT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def free_base() -> int:
    """The first of ten free ports in a row, below those that the system hands out by itself."""
    bases = range(20_000, 32_000, 10)
    for base in random.sample(bases, len(bases)):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(base, base + 10):
                held.enter_context(socket.create_server((HOST, port)))
            return base
    raise RuntimeError("no ten free ports in a row")


def configured(state: Path, **settings: Any) -> LocalConfig:
    """A stack on free ports."""
    return LocalConfig(state=state, base_port=free_base(), **settings)


def command_of(name: str) -> list[str]:
    """How the supervisor starts a part."""
    return [sys.executable, "-m", f"local.parts.{name.replace('-', '_')}"]


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Wait for a condition and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.002)
    return value


class PartProcess:
    """A part as a process, which does not outlive its context.

    Args:
        name: as in `LocalConfig.port`.
        command: instead of the part's own.
        output: file that takes what it writes, logs and errors alike; without one `line` reads the logs.
        environment: more variables.
    """

    def __init__(
        self,
        name: str,
        config: LocalConfig,
        *,
        command: Sequence[str] = (),
        output: Path | None = None,
        **environment: str,
    ) -> None:
        self.name, self.config, self.output = name, config, output
        self._command = list(command) or command_of(name)
        self._environment = {**os.environ, **config.to_environment(), **environment}
        with contextlib.ExitStack() as stack:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=stack.enter_context(output.open("wb")) if output else subprocess.PIPE,
                stderr=subprocess.STDOUT if output else None,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def line(self) -> str:
        """The next line of its log."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def assert_alive(self) -> None:
        assert self.process.poll() is None, self.output.read_text() if self.output else "it has ended"

    def health(self, port: str = "") -> int | None:
        """The status that its health route answers with; none while nobody answers."""
        self.assert_alive()
        try:
            with urllib.request.urlopen(f"{self.config.url(port or self.name)}/health", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def tells_a_taken_port(self) -> dict[str, Any]:
        """Start it a second time: it must say in one line, which is returned, that its port is in use."""
        second = subprocess.run(
            self._command, cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 98, second
        (line,) = [json.loads(line) for line in second.stdout.splitlines()]
        assert (line["event"], line["port"]) == ("port_in_use", self.config.port(self.name)), line
        assert second.stderr == "", second.stderr
        return line

    def stops_at_once(self, number: int = signal.SIGTERM, within: float = 5.0) -> None:
        """Send it a signal: it must end in time and well."""
        began = time.monotonic()
        self.process.send_signal(number)
        status, took = self.process.wait(5), time.monotonic() - began
        assert status == 0, status
        assert took < within, took
