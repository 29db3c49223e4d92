"""Holding an answer against the simulated Mac: what the demo promises has to be true."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from local.client.mac import Ran, Sent, SimulatedMac

CONNECT, STATUS, LOGS = "Help me connect to my VPN", "What's my VPN status?", "Analyze my VPN logs"
"""The prompts whose outcome can be proven."""


class NotTrueError(Exception):
    """An answer and the Mac disagree; the text says how."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one prompt did to the Mac."""

    answer: str
    before: str
    """State of the VPN before the prompt."""
    after: str
    """State of the VPN once it has settled."""
    ran: list[Ran]
    sent: list[Sent]
    fault_line: str | None
    fault_words: tuple[str, ...]
    verbatim: bool
    """The model is the offline one, which quotes; others may put it in their own words."""

    def replies(self, action: str) -> list[str]:
        """What the Mac answered to requests of that action."""
        return [sent.reply.content or "" for sent in self.sent if sent.action == action]


class Witness:
    """Watches the Mac while one prompt is answered."""

    def __init__(self, mac: SimulatedMac, *, verbatim: bool) -> None:
        self._mac = mac
        self._verbatim = verbatim
        self._before, self._ran, self._sent = mac.vpn.state, len(mac.ran), len(mac.sent)

    async def evidence(self, answer: str) -> Evidence:
        """What the Mac did since, when its VPN has come to rest."""
        after = await self._mac.vpn.settled()
        traits = self._mac.fault.traits
        return Evidence(
            answer=answer,
            before=self._before,
            after=after,
            ran=self._mac.ran[self._ran :],
            sent=self._mac.sent[self._sent :],
            fault_line=self._mac.fault_line,
            fault_words=traits.keywords if traits else (),
            verbatim=self._verbatim,
        )


def prove(prompt: str, evidence: Evidence) -> str | None:
    """What has been proven, as a sentence; None where nothing was promised but an answer.

    Raises:
        NotTrueError: the answer is empty, or what was promised did not happen.
    """
    if not evidence.answer.strip():
        raise NotTrueError("the answer is empty")
    check = CHECKS.get(prompt)
    return check(evidence) if check else None


def _connected(evidence: Evidence) -> str:
    if not any(ran.argv[:2] == ("vpn", "connect") for ran in evidence.ran):
        raise NotTrueError("no command to connect arrived at the Mac")
    if evidence.after != "connected":
        raise NotTrueError(f"the simulated VPN is {evidence.after}, not connected")
    return f"the simulated Mac's VPN was {evidence.before} and is connected now, by the command that arrived"


def _status_came_from_the_mac(evidence: Evidence) -> str:
    replies = evidence.replies("get_vpn_status")
    if not replies or not any(ran.argv == ("vpn", "state") for ran in evidence.ran):
        raise NotTrueError("the Mac gave no status: whatever the answer says did not come from it")
    state = str(json.loads(replies[-1])["vpn_status"])
    # Whole words: "connected" is in "disconnected" too.
    said = set(re.findall(r"\b(?:dis|re)?connect(?:ed|ing)\b", evidence.answer.lower()))
    if said != {state}:
        raise NotTrueError(f"the Mac says {state}, the answer says {' and '.join(sorted(said)) or 'nothing of it'}")
    return f"the status “{state}” came from the Mac and is what the answer says"


def _fault_was_named(evidence: Evidence) -> str:
    replies, fault = evidence.replies("request_logs"), evidence.fault_line
    if not replies or fault is None or fault not in replies[-1]:
        raise NotTrueError("the logs with the planted fault never left the Mac")
    words = (fault,) if evidence.verbatim else evidence.fault_words
    if not any(word.lower() in evidence.answer.lower() for word in words):
        raise NotTrueError(f"the analysis does not name the fault in the logs: {fault!r}")
    return f"the analysis names the fault that is in the logs: “{fault}”"


CHECKS: dict[str, Callable[[Evidence], str]] = {
    CONNECT: _connected,
    STATUS: _status_came_from_the_mac,
    LOGS: _fault_was_named,
}
