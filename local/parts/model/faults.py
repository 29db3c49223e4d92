"""Finding the lines of a log that look like faults. Only lines that are there are ever reported."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One line that looks like a fault."""

    line: str
    severity: int
    meaning: str = ""
    """One plain sentence, where the class of fault is recognised."""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class _Class:
    pattern: re.Pattern[str]
    severity: int
    meaning: str
    next_step: str


def _class(pattern: str, severity: int, meaning: str, next_step: str) -> _Class:
    return _Class(re.compile(pattern, re.IGNORECASE), severity, meaning, next_step)


_BAD = r"(?:fail\w*|denied|reject\w*|invalid|refused|error|expired|incorrect|mismatch|untrusted|revoked|not trusted)"

_CLASSES = (
    _class(
        r"certificate.*(?:expired|will expire|about to expire|expires in)|expired.*certificate",
        95,
        "A certificate has expired or is about to.",
        "Renew the certificate, or ask whoever issues it to.",
    ),
    _class(
        rf"\b(?:certificate|cert)\b.*{_BAD}|{_BAD}.*\b(?:certificate|cert)\b",
        92,
        "A certificate was not accepted.",
        "Check the certificate and the clock of this Mac, then connect again.",
    ),
    _class(
        rf"\b(?:auth\w*|log-?in|credentials?|password|mfa|saml)\b.*{_BAD}|{_BAD}.*\b(?:auth\w*|credentials?|password)\b",
        90,
        "Signing in was refused.",
        "Sign in again with the current password; if that fails, ask for the account to be checked.",
    ),
    _class(
        r"dtls.*(?:block\w*|disabled|fail\w*|time\w* ?out|fall\w* ?back|using tls|unavailable|drop\w*|error)"
        r"|(?:block\w*|fall\w* ?back|unable|fail\w*).*dtls",
        45,
        "DTLS is not in use, so the VPN runs over TLS, which is usually slower.",
        "Check whether UDP port 443 is blocked on this network.",
    ),
    _class(
        r"\b(?:gateway|server|head-?end|concentrator|peer|host)\b.*"
        r"(?:unreachable|not respond\w*|no response|timed? ?out|refused|is down)|unreachable.*\bgateway\b",
        85,
        "The other end could not be reached.",
        "Check that this Mac reaches the internet without the VPN, then try the connection again.",
    ),
    _class(
        r"nxdomain|servfail|(?:dns|name resolution|resolver|hostname).*(?:fail\w*|time\w* ?out|error|unable|refused)"
        r"|(?:could not|cannot|can't|unable to|failed to) resolve",
        82,
        "A name could not be turned into an address (DNS).",
        "Check the DNS servers of the active network interface.",
    ),
    _class(
        r"no route|network is unreachable|host is down",
        80,
        "The Mac has no route to that address.",
        "Check the routes and whether the network interface is up.",
    ),
    _class(
        r"\broutes?\b.*(?:conflict\w*|overlap\w*|duplicate)|(?:conflict\w*|overlap\w*).*\broutes?\b",
        78,
        "Two networks claim the same addresses.",
        "Compare the local network's address range with the routes of the VPN.",
    ),
    _class(
        r"(?:tls|ssl|handshake).*(?:fail\w*|error|alert|abort\w*)|(?:fail\w*|error).*handshake",
        76,
        "The encrypted connection could not be set up.",
        "Check whether a proxy or firewall sits between this Mac and the other end.",
    ),
    _class(
        r"(?:\bmtu\b|fragment\w*).*(?:need\w*|exceed\w*|too (?:big|large)|mismatch|drop\w*|fail\w*|error|warn\w*)"
        r"|(?:exceed\w*|too (?:big|large)|mismatch|warn\w*|error|drop\w*).*(?:\bmtu\b|fragment\w*)|message too long",
        66,
        "Packets are too large for the path (MTU or fragmentation).",
        "Try a smaller MTU on the VPN interface.",
    ),
    _class(
        r"retransmi\w*|packet loss|(?:packets?|frames?).*(?:dropped|lost)|dropped.*packets?",
        42,
        "Packets get lost on the way.",
        "Try another network, or a cable instead of Wi-Fi, and compare.",
    ),
    _class(
        r"connection refused|refused by",
        72,
        "The other end refused the connection.",
        "Check that the service is running and that the address is right.",
    ),
    _class(
        r"\btime[d]?[- ]?outs?\b",
        62,
        "Something did not answer in time.",
        "Try again; if it stays, check that this Mac reaches the other end at all.",
    ),
)

_SIGNS = (
    (re.compile(r"\b(?:fatal|critical|panic|emergency)\b", re.IGNORECASE), 85),
    (re.compile(r"\b(?:errors?|err)\b", re.IGNORECASE), 70),
    (re.compile(r"\bunreachable\b|\bno route\b", re.IGNORECASE), 70),
    (re.compile(r"\b(?:fail(?:ed|s|ing|ures?)?|refused|denied|rejected)\b", re.IGNORECASE), 65),
    (re.compile(r"\b(?:expired|revoked|corrupt(?:ed)?|crash(?:ed)?)\b", re.IGNORECASE), 60),
    (re.compile(r"\btime[d]?[- ]?outs?\b|\b(?:unable to|cannot|could not)\b", re.IGNORECASE), 55),
    (
        re.compile(
            r"\b(?:mismatch|invalid|untrusted|conflict(?:s|ing)?|overlap(?:s|ping)?|aborted|reset by peer|blocked)\b",
            re.IGNORECASE,
        ),
        50,
    ),
    (re.compile(r"\bwarn(?:ing)?s?\b", re.IGNORECASE), 40),
    (re.compile(r"\b(?:dropped|drops|lost)\b|\bretransmi\w*|\bpacket loss\b", re.IGNORECASE), 35),
    (re.compile(r"\bdisabled\b", re.IGNORECASE), 25),
    (
        re.compile(
            r"nxdomain|servfail|certificate (?:will expire|expires in|is about to expire)|message too long", re.I
        ),
        60,
    ),
)

_COUNTED = (
    r"(?:errors?|err|warn(?:ing)?s?|fail(?:ed|ures?)?|faults?|timeouts?|timed out|drop(?:s|ped)?|lost|loss|refused"
    r"|denied|rejected|retransmi\w*|conflicts?|problems?|crash(?:es)?|expired)"
)
_HARMLESS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # "0 errors", "no packets dropped"
        rf"(?<![\d.,])\b(?:0+(?:\.0+)?\s*%?|no|without(?: any)?)\s+(?:[A-Za-z]\w*\s+){{0,2}}?{_COUNTED}\b",
        # "errors: 0", "dropped=0", "last error: none"
        rf"\b{_COUNTED}(?:[ _][A-Za-z]\w*){{0,2}}?\s*[:= ]\s*"
        r"(?:0+(?:\.0+)?\s*%?(?![\d.])|(?:none|never|no|false|nil)\b)",
        # a setting, not an event: "idle timeout: 30 min"
        r"\btime-?outs?\b\s*(?:[:=(]|is|of|set to)\s*(?:\d|none|never|unlimited)",
        # and a feature nobody switched on: "Management Connection State: Disconnected (disabled)"
        r"\(disabled\)",
    )
)
_MARKER = re.compile(r"^\s*(?:<[^<>]*>|[-=*#~]{3,}.*|\[/?[A-Z][A-Z _]*\])\s*$")
"""A line that only frames data, such as the label of untrusted content."""


def find(text: str) -> list[Fault]:
    """The lines of a log that look like faults, worst first, repeats only once."""
    faults: dict[str, Fault] = {}
    for line in log_lines(text):
        fault = _judge(line)
        if fault:
            faults.setdefault(re.sub(r"\d+", "#", line), fault)
    return sorted(faults.values(), key=lambda fault: -fault.severity)


def log_lines(text: str) -> list[str]:
    """The lines that hold something, as they were written but for the space around them."""
    return [line.strip() for line in text.splitlines() if line.strip() and not _MARKER.match(line)]


def _judge(line: str) -> Fault | None:
    seen = line
    for harmless in _HARMLESS:
        seen = harmless.sub(" ", seen)
    severity = max((rank for sign, rank in _SIGNS if sign.search(seen)), default=0)
    if not severity:
        return None
    for known in _CLASSES:
        if known.pattern.search(seen):
            return Fault(line, max(severity, known.severity), known.meaning, known.next_step)
    return Fault(line, severity)
