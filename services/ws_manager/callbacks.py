"""Completing a durable callback with a Mac's answer, for the session it was sent to and once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from services.contract.answers import MalformedAnswerError
from services.contract.errors import ErrorCode
from services.contract.limits import MAX_CONTENT_BYTES
from services.contract.messages import AsyncCallback
from services.contract.tools import REGISTRY
from services.logs import bound_contextvars, get_logger
from services.stores.requests import ClaimRefused, PendingRequest, PendingRequests, why_refused

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

REFUSALS: dict[ClaimRefused, ErrorCode] = {
    ClaimRefused.UNKNOWN: ErrorCode.CALLBACK_UNKNOWN,
    ClaimRefused.ANSWERED: ErrorCode.CALLBACK_ANSWERED,
    ClaimRefused.EXPIRED: ErrorCode.CALLBACK_EXPIRED,
}

CLOSED_CALLBACK = frozenset({"CallbackTimeoutException", "ResourceNotFoundException"})
"""Lambda's answers for a callback that is over or whose execution is gone."""


class CallbackDesk:
    """Decides whether an answer counts, and hands it to Lambda if it does."""

    def __init__(self, requests: PendingRequests, client: LambdaClient) -> None:
        self._requests = requests
        self._client = client

    def answer(self, session_id: str | None, message: AsyncCallback) -> ErrorCode | None:
        """Complete or fail the callback. None means it was done; an error means nothing changed."""
        request = self._requests.get(session_id, message.callback_id) if session_id else None
        if request is None:
            # Missing and somebody else's look the same to the sender, on purpose.
            get_logger().warning("callback_unknown_or_foreign")
            return ErrorCode.CALLBACK_UNKNOWN
        with bound_contextvars(request_id=request.request_id, tool_call_id=request.tool_call_id, tool=request.tool):
            refused = self._refused(request, message)
            if refused is not None:
                get_logger().warning("callback_refused", code=refused.value)
                return refused
            return self._complete(request, message)

    def _refused(self, request: PendingRequest, message: AsyncCallback) -> ErrorCode | None:
        if not request.open_at(time.time()):
            return REFUSALS[why_refused(request)]
        if message.content is not None:
            if len(message.content.encode()) > MAX_CONTENT_BYTES:
                return ErrorCode.CONTENT_TOO_LARGE
            answer = REGISTRY.by_name[request.tool].answer if request.tool in REGISTRY.by_name else None
            try:
                if answer is not None:
                    answer.result(message.content)
            except MalformedAnswerError:
                return ErrorCode.MALFORMED_ANSWER
        refused = self._requests.claim(request)
        return None if refused is None else REFUSALS[refused]

    def _complete(self, request: PendingRequest, message: AsyncCallback) -> ErrorCode | None:
        """Hand the claimed answer to Lambda."""
        try:
            if message.content is not None:
                self._client.send_durable_execution_callback_success(
                    CallbackId=request.durable_callback_id, Result=message.content.encode()
                )
            elif message.error is not None:
                self._client.send_durable_execution_callback_failure(
                    CallbackId=request.durable_callback_id,
                    # ErrorData is what the durable SDK hands to mcp-proxy; it drops the type.
                    Error={
                        "ErrorType": message.error.code.value,
                        "ErrorMessage": message.error.message,
                        "ErrorData": message.error.model_dump_json(),
                    },
                )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in CLOSED_CALLBACK:
                self._requests.expire(request)
                get_logger().warning("callback_too_late", reason=code)
                return ErrorCode.CALLBACK_EXPIRED
            return self._undelivered(request, code)
        except BotoCoreError as error:
            return self._undelivered(request, type(error).__name__)
        self._requests.settle(request)
        outcome = "content" if message.content is not None else "refusal"
        waited = round(time.time() - request.created_at, 3)
        get_logger().info("callback_completed", outcome=outcome, waited_seconds=waited)
        return None

    def _undelivered(self, request: PendingRequest, reason: str) -> ErrorCode:
        self._requests.release(request)
        get_logger().error("callback_undelivered", reason=reason)
        return ErrorCode.CALLBACK_UNDELIVERED
