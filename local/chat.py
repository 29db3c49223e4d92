"""`make chat`: talk to the agent from a terminal, with a simulated Mac it can act on.

python -m local.chat                         # the local stack
python -m local.chat --config client.json    # a deployed system
echo "What's my VPN status?" | python -m local.chat
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from local.__main__ import add_arguments, config_from
from local.client.connection import Connection
from local.client.faults import MacFault
from local.client.lifecycle import ConnectionRefusedForGoodError, ConnectionState
from local.client.mac import SimulatedMac, accept_all
from local.client.settings import ClientSettings, ClientSettingsError
from local.client.signin import SignIn, SignInError
from local.client.terminal import PlainScreen, Screen, TerminalScreen
from local.config import HOST, LocalConfig
from services import logs

REALISTIC_DELAYS = {"get_vpn_status": 0.3, "request_logs": 2.0}

Stack = Callable[[LocalConfig], contextlib.AbstractAsyncContextManager[None]]

HELP = """/vpn [connect|disconnect]   the simulated Mac's VPN
/fault [NAME]               what is wrong with the Mac
/quit                       leave"""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local.chat", description="Talk to the agent.")
    parser.add_argument("--config", type=Path, help="JSON file of a deployed system (make client-config)")
    parser.add_argument("--start", action="store_true", help="run the local stack for as long as this chat")
    add_arguments(parser)
    parser.add_argument("--person", default="alex", help="who signs in (login hint)")
    parser.add_argument("--session", help="name of a conversation to continue")
    parser.add_argument("--fault", type=MacFault, default=MacFault.DTLS_BLOCKED, choices=list(MacFault))
    parser.add_argument("--yes", action="store_true", help="agree to everything the agent asks of the Mac")
    parser.add_argument("--log", action="store_true", help="write the client's own log lines to stderr")
    parser.add_argument("--fast", action="store_true", help="without the delays of a real Mac")
    return parser.parse_args(arguments)


def client_logger() -> FilteringBoundLogger:
    """The client's log lines as JSON on stderr; stdout is for the conversation."""
    with contextlib.redirect_stdout(sys.stderr):
        logs.configure("mac")
    return logs.get_logger()


async def command(line: str, mac: SimulatedMac, screen: Screen, connection: ConnectionState) -> bool:
    """Carry out a line that begins with a slash; returns False to leave."""
    word, *rest = line.split()
    if word in ("/quit", "/exit"):
        return False
    if word == "/vpn":
        if rest == ["connect"]:
            mac.vpn.connect()
        elif rest == ["disconnect"]:
            mac.vpn.disconnect()
        screen.note(f"VPN {mac.vpn.state}, connection {connection.value}")
    elif word == "/fault":
        try:
            mac.fault = MacFault(rest[0]) if rest else mac.fault
        except ValueError:
            screen.note(f"there is no such fault; one of: {', '.join(MacFault)}")
        else:
            screen.note(f"fault {mac.fault.value}: {mac.fault_line or 'nothing is wrong'}")
    else:
        screen.note(HELP)
    return True


async def converse(connection: Connection, mac: SimulatedMac, screen: Screen) -> bool:
    """Read and answer until there is no more; returns whether every prompt was answered."""
    well = True
    while (line := await screen.prompt()) is not None:
        if not line:
            continue
        if line.startswith("/"):
            if not await command(line, mac, screen, connection.state):
                break
            continue
        try:
            well = await screen.turn(connection.ask(line)) and well
        except ValueError:
            screen.note("this prompt cannot be sent: it is too long, or no text")
            well = False
        if connection.state is ConnectionState.STOPPED:
            return False
    return well


def _listening(config: LocalConfig) -> bool:
    """Whether somebody is there at all; without, a client would go on trying politely."""
    with contextlib.suppress(OSError):
        socket.create_connection((HOST, config.port("websocket")), timeout=1).close()
        return True
    return False


@contextlib.asynccontextmanager
async def local_stack(config: LocalConfig) -> AsyncIterator[None]:
    """The local stack, for as long as this chat.

    Raises:
        RuntimeError: it did not start.
    """
    from local.supervisor import Supervisor

    supervisor = Supervisor(config)
    await supervisor.start()
    try:
        yield
    finally:
        await supervisor.stop()


async def chat(arguments: argparse.Namespace, screen: Screen, stack: Stack = local_stack) -> int:
    """One chat session; returns the exit status."""
    try:
        async with contextlib.AsyncExitStack() as running:
            if arguments.config:
                settings = ClientSettings.from_file(arguments.config)
            else:
                config = config_from(arguments)
                settings = ClientSettings.local(config)
                if arguments.start:
                    screen.note("Starting the local stack…")
                    await running.enter_async_context(stack(config))
                elif not _listening(config):
                    screen.note(
                        f"No local stack on port {config.base_port}: start it with `make local`, or use --start."
                    )
                    return 1
            mac = SimulatedMac(
                fault=arguments.fault,
                consent=accept_all if arguments.yes else screen.consent,
                delays=None if arguments.fast else REALISTIC_DELAYS,
            )
            connection = await running.enter_async_context(
                Connection(
                    settings,
                    SignIn(settings, person=arguments.person),
                    mac,
                    session_id=arguments.session,
                    on_state=screen.state,
                    log=client_logger() if arguments.log else None,
                )
            )
            return 0 if await converse(connection, mac, screen) else 1
    except (ClientSettingsError, SignInError, ConnectionRefusedForGoodError, TimeoutError, RuntimeError) as error:
        screen.note(str(error))
        return 1


def main() -> int:
    """Run from a command line."""
    arguments = parse_arguments()
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    screen: Screen = TerminalScreen() if interactive else PlainScreen()
    if interactive:
        screen.note("Type a question, or /help. Ctrl-D leaves.")
    try:
        return asyncio.run(chat(arguments, screen))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
