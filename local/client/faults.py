"""The faults a simulated Mac can have, as they show in its logs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from local.client.network import TUNNEL_MTU


@dataclass(frozen=True, slots=True)
class FaultTraits:
    """How one fault shows."""

    message: str
    """What Cisco Secure Client writes about it. `{host}` and `{date}` are filled in."""
    level: str
    keywords: tuple[str, ...]
    """Words of which an analysis that found the fault uses at least one."""
    subsystem: str
    breaks_connection: bool = False
    """The VPN cannot be connected while the Mac has it."""
    protocol: str = "DTLSv1.2"


class MacFault(StrEnum):
    """What is wrong with this Mac."""

    NONE = "none"
    DTLS_BLOCKED = "dtls_blocked"
    CERTIFICATE_EXPIRED = "certificate_expired"
    DNS_FAILURE = "dns_failure"
    MTU_TOO_LARGE = "mtu_too_large"
    AUTHENTICATION_FAILED = "authentication_failed"

    @property
    def traits(self) -> FaultTraits | None:
        """How it shows; None for a healthy Mac."""
        return _TRAITS.get(self)


_TRAITS: dict[MacFault, FaultTraits] = {
    MacFault.DTLS_BLOCKED: FaultTraits(
        "DTLS tunnel to {host} could not be established (UDP port 443 blocked), falling back to TLS",
        "warning",
        ("DTLS", "UDP"),
        "tunnel",
        protocol="TLSv1.2",
    ),
    MacFault.CERTIFICATE_EXPIRED: FaultTraits(
        "Certificate validation failure: the certificate of {host} expired on {date}",
        "error",
        ("certificate", "expired"),
        "certificate",
        breaks_connection=True,
    ),
    MacFault.DNS_FAILURE: FaultTraits(
        "Unable to resolve {host}: DNS lookup failed (kDNSServiceErr_NoSuchRecord -65554)",
        "error",
        ("DNS", "resolve", "name resolution"),
        "dns",
        breaks_connection=True,
    ),
    MacFault.MTU_TOO_LARGE: FaultTraits(
        f"Tunnel MTU {TUNNEL_MTU} exceeds the path MTU 1280, large packets are dropped and retransmitted",
        "warning",
        ("MTU", "packet size"),
        "tunnel",
    ),
    MacFault.AUTHENTICATION_FAILED: FaultTraits(
        "Authentication failed due to problem retrieving the single sign-on cookie",
        "error",
        ("authentication", "sign-on", "SSO"),
        "auth",
        breaks_connection=True,
    ),
}
