"""The sample durable handler for the tests of the local Lambda endpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, StepContext, durable_execution, durable_step
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration


@durable_step
def note(step: StepContext, path: str, text: str) -> str:
    with Path(path).open("a") as file:
        file.write(text + "\n")
    return text


@durable_execution
def waiting(event: dict[str, Any], context: DurableContext) -> Any:
    """Tells its callback id through a file, waits for the answer, returns it."""
    client = context.lambda_context.client_context  # type: ignore[union-attr]
    seen = [(client.custom or {}).get("tool") if client else None]
    with Path(event["path"] + ".contexts").open("a") as file:
        file.write(f"{seen[0]}\n")
    if event.get("fail"):
        raise ValueError("refused")
    if event.get("crash"):
        os._exit(4)
    if event.get("now"):
        return {"now": True}
    timeout = Duration.from_seconds(event.get("timeout", 30))
    callback = context.create_callback("answer", CallbackConfig(timeout=timeout))
    context.step(note(event["path"], callback.callback_id))
    try:
        return {"answer": callback.result()}
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}
