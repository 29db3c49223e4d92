"""The session store with real clients: the fake always, a real server where one is installed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import valkey

from local.config import HOST, LocalConfig

COMMAND = [sys.executable, "-m", "local.parts.session_store"]
REAL = next((name for name in ("valkey-server", "redis-server") if shutil.which(name)), None)


def configured(state: Path) -> LocalConfig:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return LocalConfig(state=state, base_port=probe.getsockname()[1] - 8)


class Part:
    """The running part."""

    def __init__(self, state: Path, choice: str) -> None:
        config = configured(state)
        self.port = config.port("session-store")
        self.environment = {**os.environ, **config.to_environment(), "DESKSIDE_SESSION_STORE": choice}
        self.process = subprocess.Popen(COMMAND, env=self.environment, stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with self.client() as client:
                    assert client.ping()
                return
            except (valkey.ConnectionError, valkey.TimeoutError):
                time.sleep(0.02)
        raise AssertionError("not ready")

    def client(self) -> Any:
        return valkey.Valkey(HOST, self.port, socket_timeout=5)


@pytest.fixture(
    scope="module",
    params=["fake", pytest.param("", marks=pytest.mark.skipif(REAL is None, reason="no valkey or redis server"))],
)
def part(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    part = Part(tmp_path_factory.mktemp("store"), request.param)
    yield part
    part.process.kill()


@pytest.mark.parametrize("kind", [valkey.Valkey, redis.Redis])
def test_commands_the_agent_uses(part: Part, kind: Any) -> None:
    with kind(HOST, part.port, socket_timeout=5) as client:
        client.hset("{s}:h", mapping={"a": b"1", "b": b"two\r\nlines"})
        assert client.hgetall("{s}:h") == {b"a": b"1", b"b": b"two\r\nlines"}
        assert client.expire("{s}:h", 60)
        assert 0 < client.ttl("{s}:h") <= 60
        assert client.delete("{s}:h") == 1
        assert client.hgetall("{s}:h") == {}
        client.setex("{s}:k", 60, b"\x00\xff")
        assert client.get("{s}:k") == b"\x00\xff"
        assert client.get("{s}:none") is None
        with client.pipeline(transaction=True) as pipeline:
            pipeline.hset("{s}:h", "a", "1")
            pipeline.expire("{s}:h", 60)
            pipeline.hgetall("{s}:h")
            assert pipeline.execute() == [1, True, {b"a": b"1"}]


def test_keys_expire(part: Part) -> None:
    with part.client() as client:
        client.psetex("short", 50, "x")
        time.sleep(0.1)
        assert client.get("short") is None


def test_errors_are_told_and_the_connection_goes_on(part: Part) -> None:
    with part.client() as client:
        client.set("text", "x")
        with pytest.raises(valkey.ResponseError, match="WRONGTYPE"):
            client.hgetall("text")
        with client.pipeline(transaction=True) as pipeline:
            pipeline.hset("text", "a", "1")
            pipeline.get("text")
            answers = pipeline.execute(raise_on_error=False)
        assert isinstance(answers[0], valkey.ResponseError)
        assert answers[1] == b"x"


def test_a_long_conversation_fits(part: Part) -> None:
    value = os.urandom(4 * 1024 * 1024)
    with part.client() as client:
        client.set("large", value)
        assert client.get("large") == value


def test_pipelines_are_not_slowed_by_small_packets(part: Part) -> None:
    with part.client() as client:
        began = time.monotonic()
        for _ in range(20):
            with client.pipeline(transaction=True) as pipeline:
                for number in range(5):
                    pipeline.setex(f"k{number}", 60, "x")
                pipeline.execute()
        # With delayed acknowledgements each would take 40 ms.
        assert time.monotonic() - began < 20 * 0.03


def test_taken_port_is_told(part: Part) -> None:
    second = subprocess.run(COMMAND, env=part.environment, capture_output=True, text=True, timeout=10, check=False)
    assert second.returncode == 98
    (line,) = [json.loads(line) for line in second.stdout.splitlines()]
    assert (line["event"], line["port"]) == ("port_in_use", part.port)
    assert second.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("choice", ["fake", *([""] if REAL else [])])
def test_it_stops_at_once_with_a_client_connected(tmp_path: Path, choice: str, number: int) -> None:
    part = Part(tmp_path, choice)
    with part.client() as client:
        client.ping()
        part.process.send_signal(number)
        began = time.monotonic()
        assert part.process.wait(5) == 0
        assert time.monotonic() - began < 1
        with pytest.raises(OSError), socket.create_connection((HOST, part.port), 1):
            pass


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_installed_server_is_run_on_loopback_without_persistence(tmp_path: Path, name: str) -> None:
    program = tmp_path / name
    program.write_text('#!/bin/sh\nprintf "%s|" "$0" "$@"\n')
    program.chmod(0o755)
    config = configured(tmp_path)
    environment = {**os.environ, **config.to_environment(), "PATH": f"{tmp_path}:/bin:/usr/bin"}
    environment.pop("DESKSIDE_SESSION_STORE", None)
    output = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=10, check=True).stdout
    ran = output.splitlines()[-1].split("|")
    options = dict(zip(ran[1::2], ran[2::2], strict=False))
    assert Path(ran[0]).name == name
    assert (options["--bind"], options["--port"]) == (HOST, str(config.port("session-store")))
    assert (options["--save"], options["--appendonly"]) == ("", "no")
