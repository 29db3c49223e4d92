"""Who calls AWS, and what for.

Each service signs with an access key of its own, as it has a role of its own in AWS. The parts that
stand for AWS log every call as `aws_call` with the IAM action it takes, so that a test can hold what
the services do against what `components/permissions.py` allows them.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from services.logs import get_logger

CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=local-([a-z-]+)/")

PATHS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("POST", re.compile(r"/[^/]+/@connections/.+"), "execute-api:ManageConnections"),
    ("DELETE", re.compile(r"/[^/]+/@connections/.+"), "execute-api:ManageConnections"),
    ("GET", re.compile(r"/[^/]+/@connections/.+"), "execute-api:ManageConnections"),
    ("POST", re.compile(r"/runtimes/[^/]+/invocations"), "bedrock-agentcore:InvokeAgentRuntime"),
    ("POST", re.compile(r"/2015-03-31/functions/[^/]+/invocations"), "lambda:InvokeFunction"),
    ("POST", re.compile(r".*/durable-execution-callbacks/.+/succeed"), "lambda:SendDurableExecutionCallbackSuccess"),
    ("POST", re.compile(r".*/durable-execution-callbacks/.+/fail"), "lambda:SendDurableExecutionCallbackFailure"),
    ("POST", re.compile(r".*/durable-executions/.+/checkpoint"), "lambda:CheckpointDurableExecution"),
    ("GET", re.compile(r".*/durable-executions/.+/state"), "lambda:GetDurableExecutionState"),
    ("POST", re.compile(r"/model/[^/]+/converse-stream"), "bedrock:InvokeModelWithResponseStream"),
    ("POST", re.compile(r"/model/[^/]+/converse"), "bedrock:InvokeModel"),
)
"""How the REST operations that we know look; the others name themselves in `X-Amz-Target`."""

TARGETS = {"DynamoDB_20120810": "dynamodb", "secretsmanager": "secretsmanager"}

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def credentials(service: str) -> dict[str, str]:
    """The access key with which one service signs."""
    return {"AWS_ACCESS_KEY_ID": f"local-{service}", "AWS_SECRET_ACCESS_KEY": "local"}


@web.middleware
async def noted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log the call before it is served."""
    signed = CREDENTIAL.match(request.headers.get("Authorization", ""))
    if signed:
        path = request.raw_path.partition("?")[0]
        action = next((name for verb, form, name in PATHS if verb == request.method and form.fullmatch(path)), None)
        stage = path.split("/")[1] if action == "execute-api:ManageConnections" else None
        resource = f"{stage}/{request.method}/@connections" if stage else None
        _log(signed[1], action or f"unknown:{request.method} {path}", resource)
    return await handler(request)


def noting(application: Wsgi) -> Wsgi:
    """The same in front of a WSGI application that serves DynamoDB, S3 and Secrets Manager."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        signed = CREDENTIAL.match(environ.get("HTTP_AUTHORIZATION", ""))
        if signed:
            service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
            if service in TARGETS:
                body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                environ["wsgi.input"] = io.BytesIO(body)
                _log(signed[1], f"{TARGETS[service]}:{operation}", _table(body))
            else:
                _log(signed[1], f"s3:{environ['REQUEST_METHOD']}", environ.get("PATH_INFO"))
        return application(environ, start_response)

    return answer


def _table(body: bytes) -> str | None:
    asked = json.loads(body or b"{}")
    table, index = asked.get("TableName"), asked.get("IndexName")
    return f"{table}/index/{index}" if index else table


def _log(service: str, action: str, resource: str | None) -> None:
    get_logger().info("aws_call", caller=service, action=action, resource=resource)
