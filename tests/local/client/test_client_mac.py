"""The simulated Mac: its VPN, its programs' outputs and its faults."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from local.client.cisco import notes, parse_state
from local.client.faults import MacFault
from local.client.mac import SimulatedMac
from local.client.wire import MacRequest
from services.contract.limits import MAX_CONTENT_BYTES

NOW = datetime(2026, 9, 26, 10, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def mac_at(clock: Clock, fault: MacFault = MacFault.DTLS_BLOCKED, **options: object) -> SimulatedMac:
    return SimulatedMac(fault=fault, clock=clock, now=lambda: NOW, **options)  # pyright: ignore[reportArgumentType]


async def logs_of(mac: SimulatedMac, kind: str) -> str:
    reply = await mac.handle(MacRequest("request_logs", {"log_type": kind}, "cb-" + "0" * 32))
    assert reply.content is not None
    return reply.content


def test_vpn_takes_its_time_both_ways() -> None:
    clock = Clock()
    mac = mac_at(clock)
    mac.run("vpn", "connect", mac.vpn.host)
    assert parse_state(mac.run("vpn", "state")) == "connecting"
    clock.now = 1.9
    assert mac.vpn.state == "connecting"
    clock.now = 2.0
    assert parse_state(mac.run("vpn", "state")) == "connected"
    clock.now = 62.0
    assert "Duration:                    00:01:00" in mac.run("vpn", "stats")
    mac.run("vpn", "disconnect")
    assert mac.vpn.state == "disconnecting"
    clock.now = 64.0
    assert mac.vpn.state == "disconnected"
    assert mac.vpn.history == ["disconnected", "connecting", "connected", "disconnecting", "disconnected"]


async def test_settled_waits_in_real_time() -> None:
    mac = SimulatedMac(transition_seconds=0.01)
    mac.vpn.connect()
    assert await mac.vpn.settled() == "connected"


@pytest.mark.parametrize("fault", list(MacFault))
def test_fault_that_breaks_the_connection_does(fault: MacFault) -> None:
    clock = Clock()
    mac = mac_at(clock, fault)
    mac.vpn.connect()
    clock.now = 5.0
    broken = fault in (MacFault.CERTIFICATE_EXPIRED, MacFault.DNS_FAILURE, MacFault.AUTHENTICATION_FAILED)
    assert mac.vpn.state == ("disconnected" if broken else "connected")


@pytest.mark.parametrize("fault", list(MacFault))
@pytest.mark.parametrize("connected", [True, False])
async def test_fault_is_in_the_logs_and_only_that_one(fault: MacFault, connected: bool) -> None:
    mac = SimulatedMac(fault=fault, vpn_connected=connected)
    texts = [await logs_of(mac, kind) for kind in ("vpn", "system")]
    for other in MacFault:
        line = SimulatedMac(fault=other).fault_line
        assert other is MacFault.NONE or line
        for text in texts:
            assert line is None or (line in text) is (other is fault)
    for text in (*texts, await logs_of(mac, "network")):
        assert len(text.encode()) < MAX_CONTENT_BYTES
    if fault.traits and mac.fault_line:
        assert any(word.lower() in mac.fault_line.lower() for word in fault.traits.keywords)
        assert f"{fault.traits.level}: {mac.fault_line}" in notes(mac.run("vpn", "state"))


def test_blocked_dtls_shows_in_the_transport() -> None:
    assert "Protocol:                    TLSv1.2" in SimulatedMac(vpn_connected=True).run("vpn", "stats")
    healthy = SimulatedMac(vpn_connected=True, fault=MacFault.NONE)
    assert "Protocol:                    DTLSv1.2" in healthy.run("vpn", "stats")


async def test_network_agrees_with_the_vpn() -> None:
    up, down = SimulatedMac(vpn_connected=True), SimulatedMac()
    assert "utun4" in await logs_of(up, "network")
    assert "inet 10.3.3.3" in up.run("ifconfig")
    assert "10.3.3.3" in up.run("vpn", "stats")
    assert "utun4" not in await logs_of(down, "network")
    assert "10.3.3.3" not in down.run("vpn", "stats")


async def test_equal_seeds_print_equal_logs() -> None:
    clock = Clock()
    first, second, other = mac_at(clock), mac_at(clock), mac_at(clock, seed=7)
    first.run("log", "show")
    for kind in ("vpn", "network", "system"):
        assert await logs_of(first, kind) == await logs_of(second, kind)
    assert await logs_of(first, "system") != await logs_of(other, "system")


async def test_keeps_a_list_of_what_it_ran_and_sent() -> None:
    mac = SimulatedMac()
    await asyncio.gather(logs_of(mac, "network"), logs_of(mac, "vpn"))
    assert {ran.argv for ran in mac.ran} == {("ifconfig",), ("netstat", "-rn"), ("vpn", "state"), ("vpn", "stats")}
    assert [sent.action for sent in mac.sent] == ["request_logs", "request_logs"]
    with pytest.raises(FileNotFoundError):
        mac.run("rm", "-rf", "/")


MACOS_DISCONNECT = """Cisco AnyConnect Secure Mobility Client (version 4.7.04056) .
Copyright (c) 2004 - 2019 Cisco Systems, Inc.  All Rights Reserved.
  >> state: Connected
  >> registered with local VPN subsystem.
  >> state: Disconnecting
  >> notice: Disconnect in progress, please wait...
  >> state: Connected
  >> notice: Connected to vpn.example.org.
  >> state: Disconnecting
  >> state: Disconnected
  >> notice: Ready to connect.
VPN>
"""


@pytest.mark.parametrize(
    ("output", "state"),
    [
        (MACOS_DISCONNECT, "disconnected"),
        ("VPN> \r  >> state: Connected\r\n", "connected"),
        ("Overall: ok\n>> STATE: Reconnecting", "reconnecting"),
        ("  >> state: Connected\n    Management Connection State: Disconnected (disabled)", "connected"),
        ("  >> state: Unknown", "unknown"),
        ("  >> state: Sleeping", "unknown"),
        ("  >> state:", "unknown"),
        ("  >> state:\n  Connected", "unknown"),
        (">> error: Connect capability is unavailable because the VPN service is in use", "unknown"),
        ("", "unknown"),
    ],
)
def test_state_is_read_by_the_rules(output: str, state: str) -> None:
    assert parse_state(output) == state
