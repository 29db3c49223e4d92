"""How the Mac carries out each push action: the one place to extend for a new tool.

    @handles("request_disk_space")
    def disk_space(mac: SimulatedMac, fields: Fields) -> str:
        return mac.run("df", "-h", str(fields["volume"]))

A handler gets the push's own fields and returns the answer's content (or None for a
fire-and-forget action). It may be `async`; whatever it raises is answered as `failed`.
Consent follows from the tool's declared risk, outside the handler.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from local.client.cisco import parse_state
from local.client.system_log import LOG_COMMAND
from services.contract.tools import ArgumentValue

if TYPE_CHECKING:
    from local.client.mac import SimulatedMac

Fields = Mapping[str, ArgumentValue]
Handler = Callable[["SimulatedMac", Fields], str | Awaitable[str | None] | None]

HANDLERS: dict[str, Handler] = {}
"""The handler of each push action."""


def handles(action: str) -> Callable[[Handler], Handler]:
    """Make a function the handler of a push action."""

    def register(handler: Handler) -> Handler:
        if action in HANDLERS:
            raise ValueError(f"{action} has a handler")
        HANDLERS[action] = handler
        return handler

    return register


@handles("run_client_command")
def run_client_command(mac: SimulatedMac, fields: Fields) -> None:
    """Begin to connect or disconnect the VPN; the change itself takes a while."""
    commands = {"connect_vpn": ("vpn", "connect", mac.vpn.host), "disconnect_vpn": ("vpn", "disconnect")}
    mac.run(*commands[str(fields["command"])])


@handles("get_vpn_status")
def get_vpn_status(mac: SimulatedMac, _fields: Fields) -> str:
    """The state, read from Cisco's own output as a real Mac has to."""
    return json.dumps({"vpn_status": parse_state(mac.run("vpn", "state"))})


LOG_PROGRAMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "vpn": (("vpn", "state"), ("vpn", "stats")),
    "network": (("ifconfig",), ("netstat", "-rn")),
    "system": (LOG_COMMAND,),
}
"""The programs whose output makes up each kind of log."""


@handles("request_logs")
def request_logs(mac: SimulatedMac, fields: Fields) -> str:
    """The outputs of the programs of one kind of log, each under its command line."""
    programs = LOG_PROGRAMS[str(fields["log_type"])]
    return "\n".join(f"$ {' '.join(program)}\n{mac.run(*program)}" for program in programs)
