"""Sample handlers for the tests of the local Lambda endpoint; the processes import this module."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from local.parts.functions.table import Function

HERE = "tests.local.parts.functions.test_functions_samples"
DURABLE = "tests.local.parts.functions.test_functions_durable_samples.waiting"


def plain(event: dict[str, Any], context: Any) -> Any:
    """Does what `do` says."""
    match event.get("do"):
        case "raise":
            raise ValueError("no such thing")
        case "sleep":
            time.sleep(event["seconds"])
        case "exit":
            os._exit(3)
        case "print":
            for number in range(event["lines"]):
                sys.stdout.write(json.dumps({"line": number, "text": "x" * event["size"]}) + "\n")
        case "big":
            return "x" * (7 * 1024 * 1024)
        case "context":
            client = context.client_context
            return {
                "function": [context.function_name, context.function_version, context.memory_limit_in_mb],
                "arn": context.invoked_function_arn,
                "request_id": context.aws_request_id,
                "log": [context.log_group_name, context.log_stream_name],
                "remaining": context.get_remaining_time_in_millis(),
                "custom": client.custom if client else None,
                "identity": context.identity.cognito_identity_id,
                "handler": os.environ["_HANDLER"],
                "secret": os.environ.get("AWS_SESSION_TOKEN"),
                "pid": os.getpid(),
                "lambda": os.environ["AWS_ENDPOINT_URL_LAMBDA"],
            }
        case _:
            return {"echo": event, "pid": os.getpid()}
    return {"pid": os.getpid()}


TABLE = (
    Function("plain", f"{HERE}.plain", timeout=1, concurrency=6),
    Function("wide", f"{HERE}.plain", timeout=10),
    Function("waiting", DURABLE, timeout=10, alias="live", execution_timeout=60),
    Function("hasty", DURABLE, timeout=10, alias="live", execution_timeout=1),
    Function("endless", DURABLE, timeout=10, alias="live", execution_timeout=901),
)
BROKEN = (Function("broken", "tests.local.parts.no_such_module.handler", timeout=1),)
