"""A person's connection to the agent: one WebSocket at a time, kept up until it is refused."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from structlog.typing import FilteringBoundLogger
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from local.client.backoff import Backoff
from local.client.lifecycle import ConnectionRefusedForGoodError, ConnectionState, OnState, Pace, TurnError
from local.client.responder import Device, Responder
from local.client.settings import ClientSettings, is_loopback
from local.client.signin import SignInError, SignInUnavailableError, TokenSource
from local.client.telemetry import OnHop, no_hop, silent_logger
from local.client.turns import Turns, ends_turn
from local.client.wire import Ignored, MacRequest, TurnEvent, decode, decode_message, encode_bounded
from services.contract.errors import ErrorCode
from services.contract.limits import MAX_MESSAGE_BYTES, PROTOCOL_VERSION, SAFE_FRAME_BYTES, TIMEOUTS
from services.contract.messages import (
    SPOKEN_VERSIONS,
    Answer,
    AnswerDelta,
    Chat,
    ClientInfo,
    Error,
    Hello,
    Ping,
    Pong,
    Ready,
    encode,
)

DEFAULT_DEADLINE = TIMEOUTS.turn + 30.0
"""Seconds `ask` waits: a little longer than the server itself lets a turn run."""


class Connection:
    """Connects a person and their Mac to the agent, and stays connected.

    Args:
        settings: the system.
        tokens: where access tokens come from.
        device: carries the agent's requests out.
        session_id: the name of the conversation; a new one by default.
        on_hop, on_state: told what happens; must not block.
        log: log lines go here; nowhere by default.
    """

    def __init__(
        self,
        settings: ClientSettings,
        tokens: TokenSource,
        device: Device,
        *,
        session_id: str | None = None,
        on_hop: OnHop = no_hop,
        on_state: OnState | None = None,
        log: FilteringBoundLogger | None = None,
        backoff: Backoff | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.session_id = session_id or f"chat-{uuid.uuid4().hex}"
        self._settings = settings
        self._tokens = tokens
        self._device = device
        self._on_hop = on_hop
        self._on_state = on_state
        self._log = (log or silent_logger()).bind(session_id=self.session_id)
        self._backoff = backoff or Backoff()
        self._pace = pace or Pace()
        self._turns = Turns(self, on_hop)
        self._responder = Responder(device, self, on_hop, self._log, self._pace.redeliver)
        self._socket: ClientConnection | None = None
        self._state = ConnectionState.WAITING
        self._changed = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._fresh_token = False
        self._heard = asyncio.Event()
        self.generation = 0
        """How many WebSockets this connection has opened."""

    # What its owner uses

    @property
    def state(self) -> ConnectionState:
        return self._state

    @property
    def duplicates(self) -> int:
        """Messages that arrived more than once."""
        return self._turns.duplicates + self._responder.duplicates

    async def start(self, timeout: float = 30.0) -> None:
        """Connect, and return once the server is ready for prompts.

        Raises:
            ConnectionRefusedForGoodError: the server refused (401, 403, or no version in common).
            SignInError: nobody could be signed in.
            TimeoutError: no connection within `timeout`; the reason of the last attempt is its text.
        """
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(timeout):
                await self._until(ConnectionState.READY)
        except TimeoutError:
            raise TimeoutError(f"not connected after {timeout:g} s: {self._failure or 'no answer'}") from None

    async def close(self) -> None:
        """Disconnect for good. Prompts still in flight end with an error."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        await self._responder.close()
        self._stop("closed by this client")

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def ask(
        self, prompt: str, *, deadline: float = DEFAULT_DEADLINE, request_id: str | None = None
    ) -> AsyncIterator[TurnEvent]:
        """Send a prompt; yields its events. The last one is an `Answer` or an `Error`.

        Raises:
            ValueError: the prompt is empty or longer than the protocol allows.
        """
        request_id = request_id or uuid.uuid4().hex
        chat = Chat(action="chat", prompt=prompt, session_id=self.session_id, request_id=request_id)
        turn = self._turns.open(request_id, encode_bounded(chat))
        ends_at = asyncio.get_running_loop().time() + deadline
        try:
            if self._state is ConnectionState.STOPPED:
                self._turns.fail_all(ErrorCode.NOT_CONNECTED, str(self._failure))
            await self._turns.flush()
            while True:
                try:
                    async with asyncio.timeout_at(ends_at):
                        event = await turn.events.get()
                except TimeoutError:
                    detail = f"no answer within {deadline:g} s"
                    event = Error.of(ErrorCode.TURN_TIMED_OUT, request_id=request_id, detail=detail)
                yield event
                if ends_turn(event):
                    return
        finally:
            self._turns.close(turn)

    async def ask_text(self, prompt: str, *, deadline: float = DEFAULT_DEADLINE) -> str:
        """Send a prompt and return the whole answer.

        Raises:
            TurnError: the turn ended with an error.
            ValueError: the prompt cannot be sent.
        """
        pieces: dict[int, str] = {}
        async for event in self.ask(prompt, deadline=deadline):
            if isinstance(event, AnswerDelta):
                pieces[event.data.seq] = event.data.text
            elif isinstance(event, Answer):
                return "".join(pieces[seq] for seq in sorted(pieces)) if event.data.truncated else event.data.text
            elif isinstance(event, Error):
                raise TurnError(event)
        raise AssertionError("a turn always ends with an answer or an error")

    def drop(self) -> None:
        """Cut the socket as a lost network would, without a closing handshake."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def send(self, data: bytes) -> bool:
        """Hand one message to the socket; False when none is ready. Part of `Link`."""
        if len(data) > SAFE_FRAME_BYTES:
            raise AssertionError("an outgoing message was not bounded")
        if self._socket is None or self._state is not ConnectionState.READY:
            return False
        return await _send(self._socket, data)

    # Keeping it up

    async def _run(self) -> None:
        while True:
            self._enter(ConnectionState.CONNECTING)
            try:
                async with await self._open() as socket:
                    await self._converse(socket)
            except SignInUnavailableError as error:
                self._failure = error
            except (SignInError, ConnectionRefusedForGoodError, InvalidURI) as error:
                self._failure = error
                self._stop(str(error))
                return
            except (OSError, TimeoutError, WebSocketException) as error:
                self._failure = error
            except Exception as error:
                # A fault of ours must end in a state the owner can see, not in a silent dead task.
                self._log.exception("connection failed")
                self._failure = error
                self._stop(f"internal fault: {type(error).__name__}")
                return
            delay = self._backoff.next_delay()
            self._log.info("reconnecting", seconds=round(delay, 2), reason=str(self._failure or "closed"))
            self._enter(ConnectionState.WAITING, str(self._failure or "the server closed the connection"))
            await asyncio.sleep(delay)

    async def _open(self) -> ClientConnection:
        """The upgrade, with a token that was not used for an earlier socket."""
        token = await self._tokens.access_token(fresh=self._fresh_token)
        self._fresh_token = False
        quiet = logging.getLogger("deskside.client.socket")
        quiet.disabled = True  # At DEBUG the library writes the handshake's headers, the token among them.
        try:
            return await connect(
                self._settings.websocket_url,
                additional_headers={"Authorization": f"Bearer {token}"},
                # API Gateway speaks no extension, and answers its own heartbeat only on our routes.
                compression=None,
                ping_interval=None,
                open_timeout=self._pace.handshake,
                close_timeout=1.0,
                max_size=MAX_MESSAGE_BYTES,
                proxy=None if is_loopback(self._settings.websocket_url) else True,
                logger=quiet,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            if status in (401, 403):
                raise ConnectionRefusedForGoodError(f"the server refused this person ({status})") from None
            raise

    async def _converse(self, socket: ClientConnection) -> None:
        """Everything that happens on one socket, until it closes."""
        self.generation += 1
        self._socket, self._fresh_token, self._failure = socket, True, None
        self._on_hop("connected", {"generation": self.generation})
        self._heard.clear()
        tasks = [asyncio.create_task(self._heartbeat(socket))]
        try:
            hello = Hello(
                action="hello",
                session_id=self.session_id,
                protocol_versions=sorted(SPOKEN_VERSIONS),
                capabilities=sorted(self._device.capabilities),
                client=ClientInfo(name="deskside-headless", version=str(PROTOCOL_VERSION)),
            )
            await _send(socket, encode_bounded(hello))
            async for raw in socket:
                self._heard.set()
                if (ready := await self._receive(raw)) is not None:
                    tasks.append(asyncio.create_task(self._renew(socket, ready.data.expires_in)))
        except ConnectionClosed as error:
            self._failure = error
        finally:
            self._socket = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            code = None if socket.close_code is None else int(socket.close_code)
            self._on_hop("disconnected", {"generation": self.generation, "code": code})
            self._log.info("disconnected", code=code)

    async def _receive(self, raw: str | bytes) -> Ready | None:
        """Hand one message on; returns a `ready`, which the socket's own loop acts on."""
        message = decode(raw)
        if isinstance(message, Ready):
            if message.data.protocol_version not in SPOKEN_VERSIONS:
                raise ConnectionRefusedForGoodError("no protocol version in common")
            await self._begin(message)
            return message
        if isinstance(message, Ignored):
            self._log.info("ignored", why=message.why)
            return None
        # A server that accepts, greets and dies must not be hammered: only what follows the
        # greeting proves the connection.
        self._backoff.reset()
        if isinstance(message, MacRequest):
            self._responder.receive(message)
        elif isinstance(message, Error) and message.data.code is ErrorCode.UNSUPPORTED_VERSION:
            raise ConnectionRefusedForGoodError("no protocol version in common")
        elif isinstance(message, Error) and message.data.callback_id is not None:
            self._responder.receive_error(message)
        elif not isinstance(message, Pong) and not self._turns.receive(message):
            self._log.info("dropped", what=message.event, request_id=message.data.request_id)
        return None

    async def _begin(self, ready: Ready) -> None:
        """The server knows us: take what waited there, and send what waited here."""
        self._enter(ConnectionState.READY)
        self._log.info("ready", expires_in=ready.data.expires_in, pending=len(ready.data.pending))
        for item in ready.data.pending:
            request = decode_message(item)
            if isinstance(request, MacRequest):
                self._responder.receive(request)
        await self._responder.flush()
        await self._turns.flush()

    async def _heartbeat(self, socket: ClientConnection) -> None:
        """First waits for `ready`, then pings; aborts a socket that falls silent."""
        try:
            async with asyncio.timeout(self._pace.handshake):
                await self._until(ConnectionState.READY)
            while True:
                await asyncio.sleep(self._pace.heartbeat)
                self._heard.clear()
                await _send(socket, encode(Ping(action="ping")))
                async with asyncio.timeout(self._pace.pong):
                    await self._heard.wait()
        except TimeoutError:
            # A dead peer would not answer a closing handshake either.
            self._log.warning("the server fell silent")
            socket.transport.abort()

    async def _renew(self, socket: ClientConnection, expires_in: float) -> None:
        """Replace the socket before its token expires, at a quiet moment if there is one."""
        margin = min(self._pace.renew_before, expires_in * self._pace.renew_share)
        await asyncio.sleep(max(expires_in - margin, 0.0))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(margin / 2):
                while self._turns.active or self._responder.active:  # noqa: ASYNC110
                    await asyncio.sleep(min(0.25, margin / 10))
        self._log.info("renewing")
        # The last one served its time; the next attempt should not wait.
        self._backoff.reset()
        await socket.close(1000)

    # State

    def _enter(self, state: ConnectionState, detail: str = "") -> None:
        if state is self._state:
            return
        self._state = state
        self._changed.set()
        self._changed = asyncio.Event()
        if self._on_state is not None:
            self._on_state(state, detail)

    async def _until(self, state: ConnectionState) -> None:
        while self._state is not state:
            if self._state is ConnectionState.STOPPED:
                raise self._failure or ConnectionRefusedForGoodError("the connection was closed")
            await self._changed.wait()

    def _stop(self, why: str) -> None:
        self._enter(ConnectionState.STOPPED, why)
        self._turns.fail_all(ErrorCode.NOT_CONNECTED, why)


async def _send(socket: ClientConnection, data: bytes) -> bool:
    try:
        # As text: API Gateway routes no binary frames.
        await socket.send(data, text=True)
    except ConnectionClosed:
        return False
    return True
