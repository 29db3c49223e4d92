"""Calls to AWS, by the service that signed them."""

from __future__ import annotations

import io
import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs
from yarl import URL

from local.parts.calls import credentials, noted, noting

SIGNED = "AWS4-HMAC-SHA256 Credential=local-mcp-proxy/20261123/us-east-1/x/aws4_request, SignedHeaders=host"


def _calls(lines: list[MutableMapping[str, Any]]) -> list[tuple[str, str, str | None]]:
    return [(line["caller"], line["action"], line["resource"]) for line in lines if line["event"] == "aws_call"]


@pytest.mark.parametrize(
    ("verb", "path", "action", "resource"),
    [
        ("POST", "/local/@connections/abc%3D", "execute-api:ManageConnections", "local/POST/@connections"),
        ("DELETE", "/local/@connections/abc", "execute-api:ManageConnections", "local/DELETE/@connections"),
        ("POST", "/runtimes/arn%3Aaws%2Fx/invocations", "bedrock-agentcore:InvokeAgentRuntime", None),
        (
            "POST",
            "/2025-12-01/durable-execution-callbacks/a%2Fb%3D/succeed",
            "lambda:SendDurableExecutionCallbackSuccess",
            None,
        ),
        (
            "POST",
            "/2025-12-01/durable-execution-callbacks/ab/fail",
            "lambda:SendDurableExecutionCallbackFailure",
            None,
        ),
        ("POST", "/model/us.anthropic.x%3A0/converse-stream", "bedrock:InvokeModelWithResponseStream", None),
        ("PUT", "/something/new", "unknown:PUT /something/new", None),
    ],
)
async def test_rest_operations_are_recognised(verb: str, path: str, action: str, resource: str | None) -> None:
    async def ok(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application(middlewares=[noted])
    app.router.add_route("*", "/{rest:.*}", ok)
    async with TestClient(TestServer(app)) as client:
        url = URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)
        with capture_logs() as lines:
            async with client.session.request(verb, url, headers={"Authorization": SIGNED}) as answer:
                assert answer.status == 200
            async with client.session.request(verb, url) as answer:
                assert answer.status == 200, "an unsigned call is served, and not logged"
    assert _calls(lines) == [("mcp-proxy", action, resource)]


def _ask(target: str, body: dict[str, Any]) -> bytes:
    seen: list[bytes] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["wsgi.input"].read())
        return []

    encoded = json.dumps(body).encode()
    environ = {
        "HTTP_AUTHORIZATION": SIGNED,
        "HTTP_X_AMZ_TARGET": target,
        "CONTENT_LENGTH": str(len(encoded)),
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "wsgi.input": io.BytesIO(encoded),
    }
    list(noting(application)(environ, lambda *_: None))
    return seen[0]


def test_dynamodb_calls_name_table_and_index() -> None:
    body = {"TableName": "t", "IndexName": "i"}
    with capture_logs() as lines:
        assert json.loads(_ask("DynamoDB_20120810.Query", body)) == body, "the application reads the whole body"
        _ask("DynamoDB_20120810.PutItem", {"TableName": "t"})
        _ask("secretsmanager.GetSecretValue", {"SecretId": "s"})
    assert _calls(lines) == [
        ("mcp-proxy", "dynamodb:Query", "t/index/i"),
        ("mcp-proxy", "dynamodb:PutItem", "t"),
        ("mcp-proxy", "secretsmanager:GetSecretValue", None),
    ]


def test_each_service_has_an_access_key_of_its_own() -> None:
    assert credentials("agent")["AWS_ACCESS_KEY_ID"] != credentials("ws-manager")["AWS_ACCESS_KEY_ID"]
