"""`make local`: the whole stack on this machine until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from local.config import DEFAULT_BASE_PORT, LocalConfig
from local.supervisor import DESCRIPTIONS, LogLine, StackError, Supervisor

STATE = Path(__file__).resolve().parent.parent / ".local"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options every command that starts a stack has."""
    # As text, so that a wrong value in PORT is told like a wrong option.
    parser.add_argument("--port", type=_base_port, default=os.environ.get("PORT") or str(DEFAULT_BASE_PORT))
    parser.add_argument("--model", default=os.environ.get("MODEL") or "offline", help="offline, bedrock or ollama")
    parser.add_argument("--fast-poll", action="store_true", help="cut the durable SDK's 100 ms poll to 5 ms")


def _base_port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65_526:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1024 to 65526 (ten are used)")
    return int(text)


def config_from(arguments: argparse.Namespace) -> LocalConfig:
    """The configuration those options ask for."""
    return LocalConfig(
        state=STATE / str(arguments.port),
        base_port=arguments.port,
        model=arguments.model,
        honest_poll=not arguments.fast_poll,
    )


def address(config: LocalConfig, part: str) -> str:
    """Where a person finds a part."""
    if part == "websocket":
        return config.websocket_url
    if part == "session-store":
        return config.url(part).replace("http", "valkey")
    return config.gateway_url if part == "gateway" else config.url(part)


def _tell(line: LogLine) -> None:
    """Warnings and errors of any part, one line each."""
    # Libraries' own warnings, such as that loopback has no TLS, are in the log files.
    if line.get("level") in ("warning", "error", "critical") and "logger" not in line:
        ids = " ".join(f"{key}={line[key]}" for key in ("session_id", "request_id", "callback_id") if line.get(key))
        detail = line.get("reason") or line.get("code") or ""
        print(f"  {line.get('service', '?'):14} {line['level']:8} {line.get('event')} {detail} {ids}".rstrip())


async def _run(config: LocalConfig) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    supervisor = Supervisor(config, on_log=_tell)
    began = time.monotonic()

    def ready(name: str, seconds: float) -> None:
        print(f"  {name:14} {address(config, name):32} {seconds:4.1f} s  {DESCRIPTIONS[name]}", flush=True)

    starting = asyncio.create_task(supervisor.start(ready))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        print("All parts ended.")
        return 130
    try:
        await starting
    except StackError as error:
        print(f"The local stack did not start: {error}", file=sys.stderr)
        return 1
    print(
        f"Ready in {time.monotonic() - began:.1f} s. Talk to it with `make chat`; Ctrl-C ends everything.", flush=True
    )
    failed = asyncio.create_task(supervisor.failed())
    await asyncio.wait({failed, stopped}, return_when=asyncio.FIRST_COMPLETED)
    await supervisor.stop()
    if failed.done() and not stop.is_set():
        print(f"The local stack stopped: {failed.result()}", file=sys.stderr)
        return 1
    failed.cancel()
    print("All parts ended.")
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="make local", description=__doc__)
    add_arguments(parser)
    sys.exit(asyncio.run(_run(config_from(parser.parse_args()))))


if __name__ == "__main__":
    main()
