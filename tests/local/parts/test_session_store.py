"""The session store with real clients: the fake always, a real server where one is installed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import valkey

from local.config import HOST
from tests.local.parts.processes import PartProcess, command_of, configured, until

REAL = next((name for name in ("valkey-server", "redis-server") if shutil.which(name)), None)


class Part(PartProcess):
    """The part, with a client."""

    def __init__(self, state: Path, choice: str) -> None:
        super().__init__("session-store", configured(state), DESKSIDE_SESSION_STORE=choice)
        self.port = self.config.port("session-store")

    def client(self) -> Any:
        return valkey.Valkey(HOST, self.port, socket_timeout=5)

    def answers(self) -> bool:
        self.assert_alive()
        try:
            with self.client() as client:
                assert client.ping()
            return True
        except (valkey.ConnectionError, valkey.TimeoutError):
            return False


@pytest.fixture(
    scope="module",
    params=["fake", pytest.param("", marks=pytest.mark.skipif(REAL is None, reason="no valkey or redis server"))],
)
def part(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    with Part(tmp_path_factory.mktemp("store"), request.param) as part:
        until(part.answers, 10)
        yield part


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
    part.tells_a_taken_port()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("choice", ["fake", *([""] if REAL else [])])
def test_it_stops_at_once_with_a_client_connected(tmp_path: Path, choice: str, number: int) -> None:
    with Part(tmp_path, choice) as part:
        until(part.answers, 10)
        with part.client() as client:
            client.ping()
            part.stops_at_once(number)
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
    output = subprocess.run(
        command_of("session-store"), env=environment, capture_output=True, text=True, timeout=10, check=True
    ).stdout
    ran = output.splitlines()[-1].split("|")
    options = dict(zip(ran[1::2], ran[2::2], strict=False))
    assert Path(ran[0]).name == name
    assert (options["--bind"], options["--port"]) == (HOST, str(config.port("session-store")))
    assert (options["--save"], options["--appendonly"]) == ("", "no")
