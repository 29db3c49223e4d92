"""Hands requests to the Mac once each and gets every answer to the server."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection, Coroutine
from dataclasses import dataclass, field
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from local.client.link import Link
from local.client.telemetry import OnHop
from local.client.wire import MacRequest, MessageTooLargeError, encode_bounded
from services.contract.errors import ErrorCode
from services.contract.limits import MAX_CONTENT_BYTES, MAX_REASON_CHARACTERS
from services.contract.messages import AsyncCallback, CallbackFailure, Error, Refusal

REMEMBERED_REQUESTS = 512
REMEMBERED_ANSWERS = 32
MAX_DELIVERIES = 4
"""How often one answer is sent when the server says it could not hand it on."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a Mac says to a request: content, or why there is none."""

    content: str | None = None
    refusal: Refusal | None = None
    message: str = ""
    copies: int = 1
    """How often it is sent. Anything but 1 is for a Mac that misbehaves on purpose."""

    @classmethod
    def refused(cls, refusal: Refusal, message: str) -> Reply:
        """A refusal; its message is cut to what the protocol allows."""
        return cls(refusal=refusal, message=message[:MAX_REASON_CHARACTERS])


class Device(Protocol):
    """The machine that carries requests out."""

    @property
    def capabilities(self) -> Collection[str]:
        """The actions it knows."""
        ...

    async def handle(self, request: MacRequest) -> Reply:
        """Carry one request out. Whatever it raises becomes the refusal `failed`."""
        ...


@dataclass(slots=True)
class _Answer:
    data: bytes = field(repr=False)
    outcome: str
    copies: int
    sent_on: int | None = None
    deliveries: int = 0


class Responder:
    """Runs each request once, and answers it until the server has the answer."""

    def __init__(
        self, device: Device, link: Link, on_hop: OnHop, log: FilteringBoundLogger, retry_delay: float = 0.5
    ) -> None:
        self._device = device
        self._link = link
        self._on_hop = on_hop
        self._log = log
        self._retry_delay = retry_delay
        self._known: OrderedDict[str, None] = OrderedDict()
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.duplicates = 0

    @property
    def active(self) -> bool:
        """Whether a request is being carried out or an answer sent."""
        return bool(self._tasks)

    def receive(self, request: MacRequest) -> None:
        """Take a request. One that is known is not carried out again; its answer may be resent."""
        key = request.key
        if key is not None:
            if key in self._known:
                self.duplicates += 1
                self._log.info("duplicate request", action=request.action, callback_id=request.callback_id)
                self._start(self._deliver(key))
                return
            self._known[key] = None
            while len(self._known) > REMEMBERED_REQUESTS:
                self._known.popitem(last=False)
        hop: dict[str, object] = {"action": request.action}
        hop |= {name: value for name in ("callback_id", "action_id") if (value := getattr(request, name))}
        self._on_hop("push_received", hop)
        self._log.info("request", **hop)
        self._start(self._carry_out(request))

    async def flush(self) -> None:
        """Send the answers that were ready while no socket was."""
        for key, answer in list(self._answers.items()):
            if answer.sent_on is None:
                await self._deliver(key)

    def receive_error(self, error: Error) -> None:
        """Act on an error about an answer: send it again when that can help."""
        key = error.data.callback_id or ""
        answer = self._answers.get(key)
        self._log.warning("answer not taken", callback_id=key, code=error.data.code.value)
        if answer is None:
            return
        if error.data.code in (ErrorCode.NOT_CONNECTED, ErrorCode.TOKEN_EXPIRED):
            # This connection is about to be closed; `flush` sends it on the next one.
            answer.sent_on = None
        elif error.data.code is ErrorCode.CALLBACK_UNDELIVERED and answer.deliveries < MAX_DELIVERIES:
            self._start(self._deliver_again(key, answer))

    async def close(self) -> None:
        """Stop everything under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, request: MacRequest) -> None:
        try:
            if request.fault is not None:
                self._log.warning("invalid request", action=request.action)
                reply = Reply.refused(Refusal.FAILED, request.fault)
            elif request.action not in self._device.capabilities:
                self._log.warning("unknown action", action=request.action)
                reply = Reply.refused(Refusal.FAILED, f"this Mac does not know {request.action[:64]}")
            else:
                reply = await self._device.handle(request)
        except Exception as error:
            # The text of an exception may quote what the handler read: only its type leaves the Mac.
            self._log.exception("handler failed", action=request.action)
            reply = Reply.refused(Refusal.FAILED, f"the Mac could not do this ({type(error).__name__})")
        if request.callback_id is not None and reply.copies > 0:
            self._answers[request.callback_id] = _encoded(request.callback_id, reply)
            while len(self._answers) > REMEMBERED_ANSWERS:
                self._answers.popitem(last=False)
            await self._deliver(request.callback_id)

    async def _deliver(self, key: str) -> None:
        """Send an answer unless this very socket has carried it already."""
        answer = self._answers.get(key)
        if answer is None or answer.sent_on == self._link.generation:
            return
        # Claimed before the first await: a redelivered request and a reconnect may meet here.
        previous, answer.sent_on = answer.sent_on, self._link.generation
        for _ in range(answer.copies):
            began = time.time()
            if not await self._link.send(answer.data):
                answer.sent_on = previous
                return
            answer.deliveries += 1
            about = {"callback_id": key, "outcome": answer.outcome, "bytes": len(answer.data), "timestamp": began}
            self._on_hop("callback_sent", about)
            self._log.info("answered", callback_id=key, outcome=answer.outcome)

    async def _deliver_again(self, key: str, answer: _Answer) -> None:
        await asyncio.sleep(self._retry_delay * answer.deliveries)
        answer.sent_on = None
        await self._deliver(key)


def _encoded(callback_id: str, reply: Reply) -> _Answer:
    """The answer on the wire; content that does not fit becomes a refusal that says so."""
    if reply.content is not None:
        try:
            size = len(reply.content.encode())
            if size > MAX_CONTENT_BYTES:
                raise MessageTooLargeError(f"the content has {size} bytes")
            answer = AsyncCallback(action="async_callback", callback_id=callback_id, content=reply.content)
            return _Answer(encode_bounded(answer), "content", reply.copies)
        except MessageTooLargeError:
            reason = f"the answer was too large: at most {MAX_CONTENT_BYTES} bytes can be sent"
            reply = Reply(refusal=Refusal.FAILED, message=reason, copies=reply.copies)
        except UnicodeEncodeError:
            reply = Reply(refusal=Refusal.FAILED, message="the answer is not valid text", copies=reply.copies)
    refusal = reply.refusal or Refusal.FAILED
    # It may quote the request, and JSON can escape what UTF-8 cannot hold.
    message = reply.message.encode(errors="replace").decode()[:MAX_REASON_CHARACTERS]
    error = CallbackFailure(code=refusal, message=message)
    data = encode_bounded(AsyncCallback(action="async_callback", callback_id=callback_id, error=error))
    return _Answer(data, refusal.value, reply.copies)
