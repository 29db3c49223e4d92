"""What `log show --style compact` prints about the VPN's processes."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

LOG_COMMAND = (
    "log",
    "show",
    "--last",
    "15m",
    "--style",
    "compact",
    "--predicate",
    'process == "vpnagentd" OR process == "Cisco Secure Client"',
)

_ROUTINE = (
    ("Df", "vpnagentd[412:1a2b]", "agent", "Function: processHostConfig, host configuration is unchanged"),
    ("I ", "Cisco Secure Client[633:1f04]", "ui", "Checking for profile updates..."),
    ("Df", "vpnagentd[412:1a31]", "network", "Network interface change notification, interface en0 is up"),
    ("Df", "vpnagentd[412:1a2b]", "statetracker", "VPN state is now {state}"),
    ("I ", "vpnagentd[412:1a44]", "captiveportal", "Captive portal detection finished, no portal"),
    ("Df", "vpnagentd[412:1a2b]", "agent", "Function: keepalive, no response is due"),
)

_LEVELS = {"warning": "E ", "error": "E "}


def log_output(
    state: str, fault: tuple[str, str, str] | None, history: Iterable[str], now: datetime, rng: random.Random
) -> str:
    """The last quarter of an hour.

    Args:
        state: the VPN state.
        fault: level, subsystem and message of what went wrong, if anything did.
        history: VPN states, oldest first.
        now: the end of the log.
        rng: spaces the lines out.
    """
    lines = [(kind, process, system, text.format(state=state.title())) for kind, process, system, text in _ROUTINE]
    lines += [("Df", "vpnagentd[412:1a2b]", "statetracker", f"VPN state is now {past.title()}") for past in history]
    if fault is not None:
        level, subsystem, message = fault
        lines.insert(rng.randrange(2, len(lines)), (_LEVELS[level], "vpnagentd[412:1a2b]", subsystem, message))
    at = now - timedelta(minutes=14)
    step = timedelta(minutes=13) / len(lines)
    printed = ["Timestamp               Ty Process[PID:TID]"]
    for kind, process, system, text in lines:
        at += step * rng.uniform(0.6, 1.0)
        printed.append(f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} {kind} {process} [{system}] {text}")
    return "\n".join(printed) + "\n"
