"""`python -m local.parts.gateway`: AgentCore Gateway with one Lambda target, the durable mcp-proxy.

MCP over streamable HTTP at /mcp, behind a CUSTOM_JWT authorizer that checks tokens for real.
Sources: the developer guide on Lambda targets (event and client context), the quotas page, and
botocore's bedrock-agentcore-control model (schema subset). How the real Gateway words its
errors and unwraps a Lambda's `content` could not be checked without an account.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import time
import uuid
from collections.abc import Mapping
from types import FrameType
from typing import Any, cast

import uvicorn
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, TextContent
from mcp_types import Tool as McpTool
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.config import ALIAS, GATEWAY_TARGET, MACHINE_CLIENT_ID, MACHINE_SCOPE, MCP_PROXY, LocalConfig
from local.parts.listening import BACKLOG, claim, exit_on_signals
from services.contract.tools import REGISTRY
from services.logs import bound_contextvars, configure, get_logger

INVOCATION_SECONDS = 15 * 60
"""Quota "timeout for a gateway invocation"."""

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Quota "maximum tool-call payload", and Lambda's own limit for synchronous payloads."""

MAX_CLIENT_CONTEXT_BYTES = 3583
"""Of its base64: `ClientContext` in botocore's lambda model."""

KEY_REFRESH_SECONDS = 10.0
"""The least time between two fetches of the key set, so that made-up key ids cannot flood the
issuer. Our own figure."""

KEY_RETRY_SECONDS = 1.0
"""The same after a fetch that failed: an issuer that starts late must not lock everyone out for long."""

IDENTITY_SECONDS = 5.0
"""To fetch the key set. Our own figure: the issuer is on this machine."""

MAX_LOGGED_ID = 256
"""Characters of an id taken into a log line. Our own figure."""

GATEWAY_ID, TARGET_ID = "deskside-local-gateway", "LOCALTARGT"
INTERNAL_ERROR = "An internal error occurred. Please retry later."

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_SCHEMA_WORDS = frozenset({"type", "properties", "required", "items", "description"})
_TRACED = ("request_id", "session_id", "tool_call_id")

Schema = Mapping[str, Any]


class UnsupportedSchemaError(ValueError):
    """A schema says something that a Gateway target cannot express."""


def check_schema(schema: Schema, place: str = "inputSchema") -> None:
    """Accept only the Gateway's subset of JSON Schema: `SchemaDefinition` in botocore's model.

    Raises:
        UnsupportedSchemaError: naming the place and what is wrong there.
    """
    unknown = sorted(schema.keys() - _SCHEMA_WORDS)
    if unknown:
        raise UnsupportedSchemaError(f"{place}: a Gateway schema has no {', '.join(unknown)}")
    if schema.get("type") not in _JSON_TYPES:
        raise UnsupportedSchemaError(f"{place}: type must be one of {', '.join(_JSON_TYPES)}")
    for name, declared in schema.get("properties", {}).items():
        check_schema(declared, f"{place}.{name}")
    if "items" in schema:
        check_schema(schema["items"], f"{place}.items")


def argument_fault(schema: Schema, value: object, place: str = "") -> str | None:
    """Why a value does not fit a schema of that subset, or None. There are no enums to check."""
    kind = schema["type"]
    right = isinstance(value, _JSON_TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    # JSON has one kind of number: 5.0 is an integer.
    if not right and not (kind == "integer" and isinstance(value, float) and value.is_integer()):
        return f"Field '{place or 'arguments'}' must be of type {kind}"
    faults: list[str | None] = []
    if isinstance(value, dict):
        fields = cast(dict[str, object], value)
        missing = [name for name in schema.get("required", []) if name not in fields]
        if missing:
            return f"Field '{place + '.' if place else ''}{missing[0]}' is required"
        declared: dict[str, Schema] = schema.get("properties", {})
        faults += [
            argument_fault(declared[name], inner, f"{place}.{name}" if place else name)
            for name, inner in fields.items()
            if name in declared
        ]
    if isinstance(value, list) and "items" in schema:
        faults += [argument_fault(schema["items"], inner, f"{place}[]") for inner in cast(list[object], value)]
    return next((fault for fault in faults if fault), None)


class JwtAuthorizer:
    """Accepts the access tokens of one machine client. The MCP server's token verifier.

    Args:
        issuer: as in the token's `iss`; its discovery document names the key set.
        client: fetches both documents.
    """

    def __init__(self, issuer: str, client: ClientSession) -> None:
        self._issuer = issuer
        self._client = client
        self._keys: KeySet | None = None
        self._tried = float("-inf")
        self._failed = False
        self._fetching = asyncio.Lock()

    async def verify_token(self, token: str) -> AccessToken | None:
        """The caller a token stands for, or None."""
        try:
            keys = await self._keys_for(_key_id(token))
            claims = jwt.decode(token, keys, algorithms=["RS256"]).claims if keys else {}
            jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self._issuer},
                exp={"essential": True},
                token_use={"essential": True, "value": "access"},
                client_id={"essential": True, "values": [MACHINE_CLIENT_ID]},
            ).validate(claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            get_logger().warning("token_refused", error=type(error).__name__)
            return None
        scopes = str(claims.get("scope", "")).split()
        return AccessToken(token=token, client_id=claims["client_id"], scopes=scopes, expires_at=int(claims["exp"]))

    async def _keys_for(self, key_id: str) -> KeySet | None:
        if self._holds(key_id):
            return self._keys
        async with self._fetching:
            # Whoever waited for the lock finds the keys fetched for another request.
            pause = KEY_RETRY_SECONDS if self._failed else KEY_REFRESH_SECONDS
            if not self._holds(key_id) and time.monotonic() - self._tried >= pause:
                fetched = await self._fetch()
                self._tried, self._failed = time.monotonic(), fetched is None
                self._keys = fetched or self._keys
        return self._keys

    def _holds(self, key_id: str) -> bool:
        return self._keys is not None and any(key.kid == key_id for key in self._keys.keys)

    async def _fetch(self) -> KeySet | None:
        try:
            discovery = await self._json(f"{self._issuer}/.well-known/openid-configuration")
            return KeySet.import_key_set(await self._json(discovery["jwks_uri"]))
        except (ClientError, TimeoutError, JoseError, ValueError, KeyError, TypeError) as error:
            get_logger().error("keys_unavailable", error=type(error).__name__)
            return None

    async def _json(self, url: str) -> Any:
        async with self._client.get(url, timeout=ClientTimeout(total=IDENTITY_SECONDS)) as response:
            response.raise_for_status()
            return await response.json(content_type=None)


def _key_id(token: str) -> str:
    head = token.partition(".")[0]
    header: object = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return str(cast(dict[str, object], header).get("kid")) if isinstance(header, dict) else ""


class Gateway:
    """The tools of one target and how they are called.

    Args:
        functions_url: the Lambda endpoint.
        client: invokes the function.
    """

    def __init__(self, functions_url: str, client: ClientSession) -> None:
        self._url = f"{functions_url}/2015-03-31/functions/{MCP_PROXY}:{ALIAS}/invocations"
        self._client = client
        self._tools: dict[str, McpTool] = {}
        for tool in REGISTRY.tools:
            declared = cast(dict[str, Any], tool.gateway_schema())
            check_schema(declared["inputSchema"])
            name = f"{GATEWAY_TARGET}___{declared['name']}"
            self._tools[name] = McpTool(
                name=name, description=declared["description"], input_schema=declared["inputSchema"]
            )

    async def list_tools(self, _: ServerRequestContext[Any, Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        """Every declared tool."""
        return ListToolsResult(tools=list(self._tools.values()))

    async def call_tool(self, context: ServerRequestContext[Any, Any], call: CallToolRequestParams) -> CallToolResult:
        """Check the arguments, invoke the function, hand its result on."""
        arguments = call.arguments or {}
        started = time.monotonic()
        with bound_contextvars(tool=call.name[:MAX_LOGGED_ID], **_traced(arguments)):
            get_logger().info("tool_called")
            status, result = await self._call(call.name, arguments, str(context.request_id))
            duration = round((time.monotonic() - started) * 1000, 1)
            get_logger().info("tool_returned", status=status, duration_ms=duration)
            return result

    async def _call(self, name: str, arguments: dict[str, Any], message_id: str) -> tuple[str, CallToolResult]:
        tool = self._tools.get(name)
        if tool is None:
            return "unknown_tool", _text(f"Unknown tool: {name}", is_error=True)
        if fault := argument_fault(tool.input_schema, arguments):
            return "invalid_arguments", _text(f"Parameter validation failed: {fault}", is_error=True)
        payload = json.dumps(arguments, ensure_ascii=False, separators=(",", ":")).encode()
        client_context = _client_context(name, message_id)
        if len(client_context) > MAX_CLIENT_CONTEXT_BYTES or len(payload) > MAX_PAYLOAD_BYTES:
            return "too_large", _text(INTERNAL_ERROR, is_error=True)
        return await self._invoke(payload, client_context)

    async def _invoke(self, payload: bytes, client_context: str) -> tuple[str, CallToolResult]:
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Invocation-Type": "RequestResponse",
            "X-Amz-Client-Context": client_context,
        }
        failed = _text(INTERNAL_ERROR, is_error=True)
        try:
            async with self._client.post(self._url, data=payload, headers=headers) as response:
                body = await response.read()
                if response.status == 429:
                    return "throttled", failed
                if response.status != 200:
                    return f"lambda_{response.status}", failed
                if "X-Amz-Function-Error" in response.headers:
                    return "function_error", failed
                if len(body) > MAX_PAYLOAD_BYTES:
                    return "too_large", failed
                result = tool_result(json.loads(body))
        except (ClientError, TimeoutError, OSError):
            return "unreachable", failed
        except (ValueError, RecursionError):
            return "not_json", failed
        return "error" if result.is_error else "ok", result


def tool_result(returned: object) -> CallToolResult:
    """What a Lambda returned, as MCP content: its own `content` of text blocks, else its JSON as text."""
    if isinstance(returned, dict):
        answer = cast(dict[str, Any], returned)
        content = answer.get("content")
        blocks = cast(list[Any], content) if isinstance(content, list) else []
        texts = [
            block["text"]
            for block in blocks
            if isinstance(block, dict) and block.get("type", "text") == "text" and isinstance(block.get("text"), str)
        ]
        if blocks and len(texts) == len(blocks):
            is_error = answer.get("isError") is True
            return CallToolResult(content=[TextContent(text=text) for text in texts], is_error=is_error)
    return _text(json.dumps(returned, ensure_ascii=False, separators=(",", ":")))


def _text(text: str, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=is_error)


def _client_context(name: str, message_id: str) -> str:
    custom = {
        "bedrockAgentCoreMessageVersion": "1.0",
        "bedrockAgentCoreAwsRequestId": str(uuid.uuid4()),
        "bedrockAgentCoreMcpMessageId": message_id,
        "bedrockAgentCoreGatewayId": GATEWAY_ID,
        "bedrockAgentCoreTargetId": TARGET_ID,
        "bedrockAgentCoreToolName": name,
    }
    return base64.b64encode(json.dumps({"custom": custom}).encode()).decode()


def _traced(arguments: Mapping[str, object]) -> dict[str, str]:
    values = {name: arguments.get(name) for name in _TRACED}
    return {name: value[:MAX_LOGGED_ID] for name, value in values.items() if isinstance(value, str)}


def build_app(config: LocalConfig, client: ClientSession) -> Starlette:
    """The ASGI application of this part."""
    gateway = Gateway(config.url("functions"), client)
    server = Server("deskside-local-gateway", on_list_tools=gateway.list_tools, on_call_tool=gateway.call_tool)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ready"})

    return server.streamable_http_app(
        streamable_http_path="/mcp",
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_PAYLOAD_BYTES,
        auth=AuthSettings(
            issuer_url=AnyHttpUrl(config.issuer),
            resource_server_url=AnyHttpUrl(config.gateway_url),
            required_scopes=[MACHINE_SCOPE],
        ),
        token_verifier=JwtAuthorizer(config.issuer, client),
        custom_starlette_routes=[Route("/health", health)],
    )


class _Server(uvicorn.Server):
    """Leaves at once: a tool call that waits for a person would hold a graceful shutdown for minutes."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        os._exit(0)


async def _serve(config: LocalConfig, listener: socket.socket) -> None:
    timeout = ClientTimeout(total=INVOCATION_SECONDS)
    # No limit: every waiting tool call holds a connection for as long as a person thinks.
    async with ClientSession(timeout=timeout, connector=TCPConnector(limit=0)) as client:
        serve = uvicorn.Config(
            build_app(config, client),
            log_config=None,
            access_log=False,
            backlog=BACKLOG,
        )
        get_logger().info("started")
        await _Server(serve).serve(sockets=[listener])


def main() -> None:
    configure("gateway")
    config = LocalConfig.from_environment()
    listener = claim(config.port("gateway"))
    # Until uvicorn takes over the signals.
    exit_on_signals()
    asyncio.run(_serve(config, listener))


if __name__ == "__main__":
    main()
