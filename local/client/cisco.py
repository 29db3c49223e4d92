"""Cisco Secure Client's command line: what `vpn` prints, and how to read it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.contract.tools import VPN_STATES

BANNER = (
    "Cisco Secure Client (version 5.1.8.105) .\n\n"
    "Copyright (c) 2004 - 2025 Cisco Systems, Inc.  All Rights Reserved.\n\n\n"
)

# `VPN> \r  >> state: Connected` may be one line. "Management Connection State: ..." has no `>>`.
_STATE = re.compile(r">>\s*state:[ \t]*(\w*)", re.IGNORECASE)
_NOTE = re.compile(r">>\s*((?:error|warning|notice):[^\r\n]*)", re.IGNORECASE)

_NOTICES = {
    "connected": "Connected to {host}.",
    "disconnected": "Ready to connect.",
    "connecting": "Contacting {host}.",
    "disconnecting": "Disconnect in progress, please wait...",
    "reconnecting": "Reconnecting to {host}...",
}


def parse_state(output: str) -> str:
    """The VPN state in an output of `vpn state`: one of VPN_STATES.

    The last `state:` wins. What cannot be read is `unknown`, never `disconnected`.
    """
    found = _STATE.findall(output)
    state = found[-1].lower() if found else "unknown"
    return state if state in VPN_STATES else "unknown"


def notes(output: str) -> list[str]:
    """The error, warning and notice lines of an output, without their `>>`."""
    return [note.strip() for note in _NOTE.findall(output)]


@dataclass(frozen=True, slots=True)
class Session:
    """What `vpn stats` tells of the tunnel."""

    host: str
    client_address: str | None
    seconds: int
    sent: int
    received: int
    protocol: str
    cipher: str


def state_output(state: str, host: str, note: str | None = None) -> str:
    """What `vpn state` prints. `note` is a whole `level: text` line."""
    word = state.title()
    lines = [
        f"  >> state: {word}",
        f"  >> state: {word}",
        "  >> registered with local VPN subsystem.",
        f"  >> state: {word}",
    ]
    if state in _NOTICES:
        lines.append(f"  >> notice: {_NOTICES[state].format(host=host)}")
    if note:
        lines.append(f"  >> {note}")
    return BANNER + "\n".join(lines) + "\nVPN> \n"


def stats_output(state: str, session: Session) -> str:
    """What `vpn stats` prints."""
    up = state == "connected"
    minutes, seconds = divmod(session.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    left = max(24 * 60 - session.seconds // 60, 0)
    sections = {
        "Connection Information": {
            "Connection State": state.title(),
            "Tunnel Mode (IPv4)": "Split Include" if up else "Not Available",
            "Tunnel Mode (IPv6)": "Drop All Traffic" if up else "Not Available",
            "Duration": f"{hours:02}:{minutes:02}:{seconds:02}",
            "Session Disconnect": f"{left // 60} Hours {left % 60} Minutes Remaining" if up else "None",
            "Management Connection State": "Disconnected (disabled)",
        },
        "Address Information": {
            "Client Address (IPv4)": session.client_address or "Not Available",
            "Client Address (IPv6)": "Not Available",
            "Server Address": session.host if up else "Not Available",
        },
        "Bytes": {"Bytes Sent": str(session.sent), "Bytes Received": str(session.received)},
        "Frames": {"Packets Sent": str(session.sent // 412), "Packets Received": str(session.received // 640)},
        "Transport Information": {
            "Protocol": session.protocol if up else "Not Available",
            "Cipher": session.cipher if up else "Not Available",
            "Compression": "None" if up else "Not Available",
            "Proxy Address": "No Proxy" if up else "Not Available",
        },
        "Secured Routes (IPv4)": {"Network         Subnet": ""} | ({"10.0.0.0        8": ""} if up else {}),
    }
    lines = [f"  >> state: {state.title()}", ""]
    for title, values in sections.items():
        lines += ["", f"[ {title} ]", ""]
        lines += [f"    {name + ':':<29}{value}" if value else f"    {name}" for name, value in values.items()]
    return BANNER + "\n".join(lines) + "\n\nVPN> \n"
