"""What stands around the gateway: a small issuer, a fake Lambda endpoint, callers."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import httpx
import uvicorn
from aiohttp import ClientSession, web
from joserfc import jwt
from joserfc.jwk import RSAKey
from strands.tools.mcp import MCPClient

from local.config import GATEWAY_TARGET, MACHINE_CLIENT_ID, MACHINE_SCOPE, USER_POOL, LocalConfig
from local.parts import gateway

IDS = {"session_id": "s-1", "request_id": "r-1", "tool_call_id": "t-1"}
STATUS_CALL = {"query": "vpn_status", **IDS}


class World:
    """What stands around the gateway, in one thread with one event loop."""

    def __init__(self, config: LocalConfig, *, with_gateway: bool = True) -> None:
        self.config = config
        self.key = RSAKey.generate_key(2048, auto_kid=True)
        self.published = [self.key]
        self.key_fetches = 0
        self.invocations: list[tuple[str, Any, dict[str, Any]]] = []
        self.lambda_answer: Callable[[Any], web.Response] = lambda event: web.json_response({"got": event})
        self.lambda_seconds = 0.0
        self._with_gateway = with_gateway
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()), daemon=True)

    def __enter__(self) -> World:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def token(self, key: RSAKey | None = None, **changed: Any) -> str:
        now, signer = int(time.time()), key or self.key
        claims = {
            "iss": self.config.issuer,
            "sub": MACHINE_CLIENT_ID,
            "client_id": MACHINE_CLIENT_ID,
            "token_use": "access",
            "scope": MACHINE_SCOPE,
            "iat": now,
            "exp": now + 300,
            **changed,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": signer.kid}, claims, signer)

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        app = web.Application()
        app.router.add_get(f"/{USER_POOL}/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_post("/2015-03-31/functions/{function}/invocations", self._invoked)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        for part in ("identity", "functions"):
            await web.TCPSite(runner, "127.0.0.1", self.config.port(part)).start()
        async with ClientSession() as client:
            if self._with_gateway:
                serve = uvicorn.Config(
                    gateway.build_app(self.config, client), port=self.config.port("gateway"), log_config=None
                )
                server = uvicorn.Server(serve)
                running = asyncio.create_task(server.serve())
                while not server.started:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                self._ready.set()
                await self._stop.wait()
                server.force_exit = server.should_exit = True
                await running
            self._ready.set()
            await self._stop.wait()
        await runner.cleanup()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _discovery(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": self.config.issuer, "jwks_uri": f"{self.config.url('identity')}/jwks"})

    async def _jwks(self, _: web.Request) -> web.Response:
        self.key_fetches += 1
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.published]})

    async def _invoked(self, request: web.Request) -> web.Response:
        event = await request.json()
        context = json.loads(base64.b64decode(request.headers["X-Amz-Client-Context"]))
        self.invocations.append((request.match_info["function"], event, context))
        await asyncio.sleep(self.lambda_seconds)
        return self.lambda_answer(event)


class Bearer(httpx.Auth):
    """As the agent does it: the token is set on every request."""

    def __init__(self, token: str) -> None:
        self.token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


def call(client: MCPClient, tool: str, arguments: dict[str, Any]) -> tuple[str, list[str]]:
    result = client.call_tool_sync("use-1", f"{GATEWAY_TARGET}___{tool}", arguments)
    return result["status"], [block.get("text", "") for block in result["content"]]
