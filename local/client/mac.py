"""A Mac that exists only in memory: programs with real-looking output, faults and bad manners."""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from local.client.cisco import Session, state_output, stats_output
from local.client.faults import MacFault
from local.client.handlers import HANDLERS, Handler
from local.client.network import ifconfig_output, netstat_output
from local.client.responder import Reply
from local.client.system_log import log_output
from local.client.vpn import TUNNEL_ADDRESS, SimulatedVpn
from local.client.wire import MacRequest
from services.contract.limits import MAX_CONTENT_BYTES
from services.contract.messages import Refusal
from services.contract.tools import ArgumentValue, Risk


class Manner(StrEnum):
    """How the Mac treats one action."""

    NORMAL = "normal"
    DECLINE = "decline"
    NOT_INSTALLED = "not_installed"
    FAIL = "fail"
    """Its handler raises."""
    NEVER = "never"
    """It stays silent."""
    TWICE = "twice"
    """It sends its answer twice."""
    LATE = "late"
    """It answers when nobody waits any more."""
    HUGE = "huge"
    """Its content is larger than the protocol allows."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A manner, and how long the Mac takes."""

    manner: Manner = Manner.NORMAL
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What the person is asked before the Mac obeys."""

    action: str
    risk: Risk
    fields: Mapping[str, ArgumentValue]
    seconds_left: float | None
    programs: tuple[str, ...] = ()
    """What was run to collect `content`."""
    content: str | None = field(default=None, repr=False)
    """What would leave the Mac, for `Risk.COLLECT`."""


Consent = Callable[[ConsentRequest], Awaitable[bool]]


async def accept_all(_request: ConsentRequest) -> bool:
    """The consent of a person who agrees to everything."""
    return True


@dataclass(frozen=True, slots=True)
class Ran:
    """One program this Mac ran."""

    argv: tuple[str, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Sent:
    """One answer this Mac gave."""

    action: str
    callback_id: str | None
    reply: Reply


class SimulatedMac:
    """Carries requests out as a Mac with Cisco Secure Client would; a `Device`.

    Args:
        fault: what is wrong with it; shows in `vpn` and `system` logs.
        vpn_connected, transition_seconds: the VPN it starts with.
        seed: equal seeds give equal outputs at equal times.
        consent: asked for changes, and before collected data leaves.
        delays: seconds by push action.
        handlers: by push action; those of `handlers.py` by default.
        now: the wall clock, for the logs.
        clock: the monotonic clock, for the VPN.
    """

    def __init__(
        self,
        *,
        fault: MacFault = MacFault.DTLS_BLOCKED,
        vpn_connected: bool = False,
        transition_seconds: float = 2.0,
        seed: int = 0,
        consent: Consent = accept_all,
        delays: Mapping[str, float] | None = None,
        handlers: Mapping[str, Handler] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fault = fault
        self.consent = consent
        self.ran: list[Ran] = []
        self.sent: list[Sent] = []
        self.vpn = SimulatedVpn(
            connected=vpn_connected,
            transition_seconds=transition_seconds,
            reachable=lambda: not (self.fault.traits and self.fault.traits.breaks_connection),
            clock=clock,
        )
        self._seed = seed
        self._now = now
        self._started = now()
        self._behaviours = {action: Behaviour(delay=delay) for action, delay in (delays or {}).items()}
        self._handlers = HANDLERS if handlers is None else handlers

    @property
    def capabilities(self) -> Collection[str]:
        """The push actions this Mac knows."""
        return self._handlers.keys()

    @property
    def fault_line(self) -> str | None:
        """The text, verbatim, with which the fault stands in `vpn` and `system` logs."""
        traits = self.fault.traits
        if traits is None:
            return None
        expired = self._started - timedelta(days=3)
        return traits.message.format(host=self.vpn.host, date=f"{expired:%b %d %Y} 23:59:59 GMT")

    def behave(self, action: str, manner: Manner = Manner.NORMAL, *, delay: float = 0.0) -> None:
        """Set how this Mac treats an action from now on."""
        self._behaviours[action] = Behaviour(manner, delay)

    async def handle(self, request: MacRequest) -> Reply:
        """Carry one request out, in the manner set for its action."""
        behaviour = self._behaviours.get(request.action, Behaviour())
        left = request.seconds_left()
        if behaviour.manner is Manner.NEVER:
            reply = Reply(copies=0)
        elif behaviour.manner is Manner.LATE:
            await asyncio.sleep((left or 0.0) + behaviour.delay)
            reply = await self._obey(request)
        else:
            # An approval given after nobody waits any more would be a lie to the person.
            limit = None if left is None else max(left - min(1.0, left * 0.1), 0.0)
            try:
                async with asyncio.timeout(limit):
                    await asyncio.sleep(behaviour.delay)
                    reply = await self._mannered(request, behaviour.manner)
            except TimeoutError:
                reply = Reply.refused(Refusal.TIMED_OUT, "nobody answered on the Mac in time")
        self.sent.append(Sent(request.action, request.callback_id, reply))
        return reply

    async def _mannered(self, request: MacRequest, manner: Manner) -> Reply:
        if manner is Manner.DECLINE:
            return Reply.refused(Refusal.DECLINED, "the person declined")
        if manner is Manner.NOT_INSTALLED:
            return Reply.refused(Refusal.NOT_INSTALLED, "Cisco Secure Client is not installed on this Mac")
        if manner is Manner.FAIL:
            raise OSError("the program crashed")
        if manner is Manner.HUGE:
            return Reply(content="x" * (MAX_CONTENT_BYTES + 1))
        reply = await self._obey(request)
        return Reply(reply.content, reply.refusal, reply.message, copies=2) if manner is Manner.TWICE else reply

    async def _obey(self, request: MacRequest) -> Reply:
        """Ask the person as the risk demands, and run the handler."""
        risk = request.risk
        if risk is Risk.CHANGE and not await self._agreed(request, None, ()):
            return Reply.refused(Refusal.DECLINED, "the person declined")
        first = len(self.ran)
        outcome = self._handlers[request.action](self, request.fields)
        content = await outcome if inspect.isawaitable(outcome) else outcome
        programs = tuple(" ".join(ran.argv) for ran in self.ran[first:])
        if risk is Risk.COLLECT and not await self._agreed(request, content, programs):
            return Reply.refused(Refusal.DECLINED, "the person declined")
        return Reply(content=content if content is not None else "")

    async def _agreed(self, request: MacRequest, content: str | None, programs: tuple[str, ...]) -> bool:
        left = request.seconds_left()
        return await self.consent(ConsentRequest(request.action, request.risk, request.fields, left, programs, content))

    def run(self, *argv: str) -> str:
        """Run one program; returns its output.

        Raises:
            FileNotFoundError: this Mac has no such program.
        """
        self.ran.append(Ran(argv, time.time()))
        match argv:
            case ("vpn", "state"):
                return state_output(self.vpn.state, self.vpn.host, self._note())
            case ("vpn", "stats"):
                return self._stats()
            case ("vpn", "connect", _):
                self.vpn.connect()
                return state_output(self.vpn.state, self.vpn.host)
            case ("vpn", "disconnect"):
                self.vpn.disconnect()
                return state_output(self.vpn.state, self.vpn.host)
            case ("ifconfig",):
                return ifconfig_output(self._tunnel_address())
            case ("netstat", "-rn"):
                return netstat_output(self._tunnel_address())
            case ("log", "show", *_):
                return self._system_log()
            case _:
                raise FileNotFoundError(argv[0])

    def _tunnel_address(self) -> str | None:
        return TUNNEL_ADDRESS if self.vpn.state == "connected" else None

    def _note(self) -> str | None:
        traits = self.fault.traits
        return f"{traits.level}: {self.fault_line}" if traits else None

    def _stats(self) -> str:
        seconds = int(self.vpn.seconds_connected)
        rng = random.Random(self._seed)  # noqa: S311
        session = Session(
            host=self.vpn.host,
            client_address=self._tunnel_address(),
            seconds=seconds,
            sent=seconds * rng.randrange(300, 900) + (21451 if seconds else 0),
            received=seconds * rng.randrange(900, 4000) + (64065 if seconds else 0),
            protocol=self.fault.traits.protocol if self.fault.traits else "DTLSv1.2",
            cipher="ECDHE_RSA_AES256_GCM_SHA384",
        )
        return stats_output(self.vpn.state, session)

    def _system_log(self) -> str:
        traits, line = self.fault.traits, self.fault_line
        fault = (traits.level, traits.subsystem, line) if traits and line else None
        state = self.vpn.state
        # A new generator each time: what is printed does not depend on what was run before.
        return log_output(state, fault, self.vpn.history, self._now(), random.Random(self._seed))  # noqa: S311
