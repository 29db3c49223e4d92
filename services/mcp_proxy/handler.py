"""Lambda entry point of mcp-proxy: one durable function for all tools.

What stands between `create_callback` and `result()` runs again on every replay, so every side
effect is inside a step, and a step that was cut off is not run a second time.
"""

# The SDK's decorator and callbacks are only partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import cast

from aws_durable_execution_sdk_python import (
    CallbackExternalError,
    CallbackTimeoutError,
    DurableContext,
    StepError,
    durable_execution,
)
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig, StepSemantics
from aws_durable_execution_sdk_python.exceptions import StepInterruptedError
from aws_durable_execution_sdk_python.retries import RetryPresets
from pydantic import ValidationError

from services import aws
from services.contract.answers import MalformedAnswerError
from services.contract.limits import MAX_RESULT_BYTES
from services.contract.messages import CallbackFailure, Refusal
from services.contract.results import SENT_TO_CLIENT, Failure, failure
from services.contract.settings import McpProxySettings
from services.contract.tools import TRUSTED_ARGUMENTS, Pattern
from services.delivery import Delivery
from services.logs import bind_contextvars, clear_contextvars, configure, get_logger
from services.mcp_proxy.calls import InvalidCallError, ToolCall, decode_call, tool_name
from services.mcp_proxy.mac import Mac, Push
from services.stores.connections import Connections
from services.stores.requests import PendingRequests

ONCE = StepConfig(retry_strategy=RetryPresets.none(), step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
"""A push that was cut off is reported as unconfirmed, never repeated."""

REFUSALS: dict[Refusal, dict[str, str]] = {
    Refusal.DECLINED: failure(Failure.DECLINED),
    Refusal.NOT_INSTALLED: failure(Failure.FAILED, reason="not_installed"),
    Refusal.FAILED: failure(Failure.FAILED, reason="failed_on_client"),
    Refusal.TIMED_OUT: failure(Failure.TIMED_OUT, reason="timed_out_on_client"),
}


@cache
def _dependencies() -> tuple[McpProxySettings, Mac]:
    settings = McpProxySettings.from_environment()
    configure("mcp-proxy", settings.log_level)
    connections = Connections(aws.dynamodb(), settings.connections_table)
    delivery = Delivery(connections, aws.management(settings.websocket_management_url))
    return settings, Mac(delivery, PendingRequests(aws.dynamodb(), settings.requests_table))


@durable_execution
def handler(event: object, context: DurableContext) -> dict[str, object]:
    """Answer one tool call.

    Args:
        event: the arguments, trusted ones included; nothing else arrives.
        context: the durable execution.

    Returns:
        `{"content": [{"type": "text", "text": <the result as JSON>}]}`; a call that could not be
        done is a typed result too (services.contract.results), not an exception.
    """
    clear_contextvars()
    settings, mac = _dependencies()
    try:
        call = decode_call(event, tool_name(context.lambda_context))
    except InvalidCallError as invalid:
        _bind_ids(event)
        get_logger().warning("tool_call_invalid", reason=str(invalid))
        return _content(failure(Failure.INVALID_ARGUMENTS, detail=str(invalid)))
    bind_contextvars(
        session_id=call.session_id,
        request_id=call.request_id,
        tool_call_id=call.tool_call_id,
        tool=call.tool.name,
    )
    if call.tool.pattern is Pattern.FIRE_AND_FORGET:
        result = _send(call, context, mac)
    else:
        result = _ask(call, context, mac, settings.callback_seconds_limit)
    result = _within_limits(result)
    get_logger().info("tool_call_finished", outcome=result["status"], reason=result.get("reason"))
    return _content(result)


def _send(call: ToolCall, context: DurableContext, mac: Mac) -> dict[str, str]:
    """Push a command and return at once; there is no callback."""
    pushed = _once(context, "push", lambda: mac.command(call))
    return dict(SENT_TO_CLIENT) if pushed == "sent" else _unsent(pushed)


def _ask(call: ToolCall, context: DurableContext, mac: Mac, limit: int) -> dict[str, str]:
    """Ask the Mac and suspend, at no cost, until it answers or the callback times out."""
    seconds = min(call.tool.callback_timeout or limit, limit)
    callback = context.create_callback(name="answer", config=CallbackConfig(timeout=Duration.from_seconds(seconds)))
    pushed = _once(context, "push", lambda: mac.ask(call, callback.callback_id, seconds))
    if pushed in ("unsupported", None):
        _once(context, "withdraw", lambda: mac.withdraw(call, callback.callback_id))
        return _unsent(pushed)
    try:
        content: object = callback.result()
    except CallbackTimeoutError:
        _once(context, "withdraw", lambda: mac.withdraw(call, callback.callback_id))
        return failure(Failure.CLIENT_OFFLINE if pushed == "offline" else Failure.TIMED_OUT)
    except CallbackExternalError as refused:
        return _refused(refused)
    if call.tool.answer is None or not isinstance(content, str):
        return failure(Failure.FAILED, reason="malformed_answer")
    try:
        return call.tool.answer.result(content)
    except MalformedAnswerError as error:
        return failure(Failure.FAILED, reason="malformed_answer", detail=str(error))


def _once(context: DurableContext, name: str, action: Callable[[], Push | None]) -> Push | None:
    """Run a side effect as one durable step. None when it failed or was cut off."""
    try:
        return context.step(lambda _: action(), name=name, config=ONCE)
    except (StepError, StepInterruptedError) as error:
        get_logger().error("step_failed", step=name, reason=type(error).__name__)
        return None


def _unsent(pushed: Push | None) -> dict[str, str]:
    match pushed:
        case "offline":
            return failure(Failure.CLIENT_OFFLINE)
        case "unsupported":
            return failure(Failure.FAILED, reason="unsupported_by_client")
        case _:
            detail = "It is not known whether the Mac received it."
            return failure(Failure.FAILED, reason="delivery_unconfirmed", detail=detail)


def _refused(refused: CallbackExternalError) -> dict[str, str]:
    # ws-manager writes the refusal into the error's data: the SDK does not hand on an error's type.
    try:
        said = CallbackFailure.model_validate_json(refused.data or "")
    except ValidationError:
        return failure(Failure.FAILED)
    result = dict(REFUSALS[said.code])
    if said.message:
        result["detail"] = said.message
    return result


def _within_limits(result: dict[str, str]) -> dict[str, str]:
    size = len(json.dumps(result, ensure_ascii=False).encode())
    if size <= MAX_RESULT_BYTES:
        return result
    detail = f"The answer has {size} bytes; the limit is {MAX_RESULT_BYTES}."
    return failure(Failure.FAILED, reason="result_too_large", detail=detail)


def _content(result: dict[str, str]) -> dict[str, object]:
    return {"content": [{"type": "text", "text": json.dumps(result, ensure_ascii=False)}]}


def _bind_ids(event: object) -> None:
    if isinstance(event, Mapping):
        arguments = cast(Mapping[str, object], event)
        bind_contextvars(**{name: str(arguments.get(name))[:64] for name in TRUSTED_ARGUMENTS})
