"""A system small enough to misbehave on command: an issuer and a WebSocket server in this process."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from local.client.backoff import Backoff
from local.client.connection import Connection
from local.client.lifecycle import Pace
from local.client.mac import SimulatedMac
from local.client.settings import ClientSettings
from local.client.signin import SignIn

CLIENT_ID = "mac-app"
REDIRECT_URI = "http://127.0.0.1/callback"
FAST = Pace(heartbeat=30, pong=0.05, handshake=1.0, renew_before=60, redeliver=0.005)

Message = dict[str, Any]
OnChat = Callable[["FakeSystem", Message], Awaitable[None]]


def callback_id(number: int = 1) -> str:
    return f"cb-{number:032x}"


async def eventually(condition: Callable[[], object], seconds: float = 2.0) -> None:
    """Wait until something holds; fails the test when it never does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def answer_at_once(fake: FakeSystem, chat: Message) -> None:
    await fake.turn(chat, "chat_accepted", status="accepted")
    await fake.turn(chat, "answer", text=f"You said: {chat['prompt']}")


class FakeIssuer:
    """Authorization code with PKCE, really checked."""

    def __init__(self) -> None:
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: set[str] = set()
        self.valid: set[str] = set()
        self.people: list[str | None] = []
        self.grants: list[str] = []
        self.expires_in = 3600.0
        self.state_override: str | None = None
        self.error: str | None = None
        self.codes_expire = False
        self.token_status = 200
        self.rotates = True

    def authorize(self, query: dict[str, str]) -> str:
        """The redirect's location."""
        self.people.append(query.get("login_hint"))
        answer = {"state": self.state_override or query["state"]}
        if self.error:
            return f"{query['redirect_uri']}?{urlencode({**answer, 'error': self.error})}"
        code = secrets.token_hex(8)
        if not self.codes_expire:
            self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({**answer, 'code': code})}"

    def token(self, form: dict[str, str]) -> tuple[int, Message]:
        self.grants.append(form["grant_type"])
        if self.token_status != 200:
            return self.token_status, {}
        if form["grant_type"] == "refresh_token":
            granted = form["refresh_token"] in self.refresh_tokens and form["client_id"] == CLIENT_ID
        else:
            asked = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            granted = (
                asked is not None
                and asked["code_challenge_method"] == "S256"
                and asked["code_challenge"] == challenge
                and asked["redirect_uri"] == form["redirect_uri"]
                and asked["client_id"] == form["client_id"] == CLIENT_ID
            )
        if not granted:
            return 400, {"error": "invalid_grant"}
        access, refresh = f"access-{secrets.token_hex(8)}", f"refresh-{secrets.token_hex(8)}"
        self.valid.add(access)
        self.refresh_tokens.add(refresh)
        granted_tokens = {"access_token": access, "expires_in": self.expires_in}
        if self.rotates or form["grant_type"] != "refresh_token":
            granted_tokens["refresh_token"] = refresh
        return 200, granted_tokens

    def application(self) -> web.Application:
        async def authorize(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": self.authorize(dict(request.query))})

        async def token(request: web.Request) -> web.Response:
            form = {name: str(value) for name, value in (await request.post()).items()}
            status, body = self.token(form)
            return web.json_response(body, status=status)

        application = web.Application()
        application.router.add_get("/authorize", authorize)
        application.router.add_post("/token", token)
        return application


class FakeSystem:
    """The issuer and the WebSocket, with everything they received."""

    def __init__(self) -> None:
        self.issuer = FakeIssuer()
        self.on_chat: OnChat = answer_at_once
        self.pending: list[Message] = []
        self.received: list[Message] = []
        self.tokens: list[str] = []
        self.reject: int | None = None
        self.failures: list[int] = []
        self.greets = True
        self.pongs = True
        self.close_after_ready = False
        self.ready_expires_in = 3600
        self.protocol_version = 1
        self.socket: ServerConnection | None = None
        self.settings: ClientSettings
        self._seqs: dict[str, int] = {}

    def messages(self, action: str) -> list[Message]:
        return [message for message in self.received if message["action"] == action]

    @property
    def answers(self) -> list[Message]:
        return self.messages("async_callback")

    async def push(self, message: Message) -> None:
        assert self.socket is not None
        await self.socket.send(json.dumps(message))

    async def turn(self, chat: Message, event: str, seq: int | None = None, **data: Any) -> None:
        """One event of the turn of a prompt, numbered on unless a number is given."""
        request_id = chat["request_id"]
        if seq is None:
            seq = self._seqs.get(request_id, 0)
            self._seqs[request_id] = seq + 1
        about = {"request_id": request_id, "session_id": chat["session_id"], "seq": seq}
        await self.push({"event": event, "data": {**about, **data}})

    async def ask_mac(self, action: str, number: int = 1, expires_in: float = 30.0, **fields: Any) -> Message:
        """Push a request; returns it."""
        request = {"action": action, **fields, "callback_id": callback_id(number), "expires_in": expires_in}
        await self.push(request)
        return request

    def drop(self) -> None:
        """Cut the socket without a closing handshake."""
        assert self.socket is not None
        self.socket.transport.abort()

    def authorize(self, connection: ServerConnection, request: Request) -> Response | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.tokens.append(token)
        if self.failures:
            return connection.respond(HTTPStatus(self.failures.pop(0)), "")
        if self.reject or token not in self.issuer.valid:
            return connection.respond(HTTPStatus(self.reject or 401), "")
        return None

    async def converse(self, socket: ServerConnection) -> None:
        self.socket = socket
        try:
            async for raw in socket:
                assert isinstance(raw, str)
                message = json.loads(raw)
                self.received.append(message)
                if message["action"] == "hello" and self.greets:
                    data = {
                        "session_id": message["session_id"],
                        "protocol_version": self.protocol_version,
                        "expires_in": self.ready_expires_in,
                        "pending": self.pending,
                    }
                    await self.push({"event": "ready", "data": data})
                    if self.close_after_ready:
                        await socket.close(1001)
                elif message["action"] == "chat":
                    await self.on_chat(self, message)
                elif message["action"] == "ping" and self.pongs:
                    await self.push({"event": "pong", "data": {}})
        except ConnectionClosed:
            pass


@asynccontextmanager
async def fake_system() -> AsyncIterator[FakeSystem]:
    """A running fake."""
    fake = FakeSystem()
    runner = web.AppRunner(fake.issuer.application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    server: Server
    async with serve(fake.converse, "127.0.0.1", 0, process_request=fake.authorize, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        fake.settings = ClientSettings(
            websocket_url=f"ws://127.0.0.1:{port}/local",
            authorize_url=f"{issuer}/authorize",
            token_url=f"{issuer}/token",
            client_id=CLIENT_ID,
            redirect_uri=REDIRECT_URI,
            pageless=True,
        )
        yield fake
    await runner.cleanup()


def connection_to(fake: FakeSystem, mac: SimulatedMac | None = None, **options: Any) -> Connection:
    """A client of the fake, with times fit for a test."""
    options = {"pace": FAST, "backoff": Backoff(base=0.002, cap=0.02, rng=random.Random(1)), **options}
    signin = SignIn(fake.settings, person="alex")
    return Connection(fake.settings, signin, mac or SimulatedMac(transition_seconds=0.01), **options)
