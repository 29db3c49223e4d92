"""A small client of the Runtime API, for machines without an awslambdaric wheel.

The context has awslambdaric's attributes and answers have its shapes, so handlers see no difference.
"""

from __future__ import annotations

import decimal
import http.client
import importlib
import json
import os
import sys
import time
import traceback
from types import SimpleNamespace
from typing import Any

BASE = "/2018-06-01/runtime"


def _part(values: Any, names: tuple[str, ...]) -> SimpleNamespace | None:
    if values is None:
        return None
    return SimpleNamespace(**{name: values.get(name) for name in names})


class LambdaContext:
    """What a handler gets as `context`."""

    def __init__(self, headers: http.client.HTTPMessage) -> None:
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.tenant_id = headers["Lambda-Runtime-Aws-Tenant-Id"]
        client = headers["Lambda-Runtime-Client-Context"]
        self.client_context = _part(json.loads(client) if client else None, ("custom", "env", "client"))
        if self.client_context is not None:
            self.client_context.client = _part(
                self.client_context.client,
                ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"),
            )
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the process is killed."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Write to the log, as awslambdaric does."""
        sys.stdout.write(str(message))


def _encode(value: object) -> object:
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _fault(kind: str, message: str, stack: list[str], request_id: str = "") -> dict[str, object]:
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": stack}


def _raised(error: Exception, request_id: str = "") -> dict[str, object]:
    # The first frame is ours.
    stack = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return _fault(type(error).__name__, str(error), stack, request_id)


def _report(fault: dict[str, object]) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stdout.write(json.dumps({"timestamp": stamp, "level": "ERROR", **fault}) + "\n")


class Api:
    """One kept connection to the Runtime API. A failing request ends the process."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[bytes, http.client.HTTPMessage]:
        """Send a request; returns body and headers of the answer."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self._connection.request(method, f"{BASE}/{path}", body, headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise SystemExit(f"Runtime API: {response.status} for {path}")
        return answer, response.headers

    def post(self, path: str, fault: dict[str, object]) -> None:
        """Report an error to the API and to the log."""
        _report(fault)
        self.call("POST", path, json.dumps(fault).encode())


def _load(handler: str) -> Any:
    module, _, attribute = handler.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def serve(handler: str) -> None:
    """Load the handler and serve invocations until killed."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        function = _load(handler)
    except Exception as error:
        fault = _raised(error)
        if isinstance(error, ImportError):
            fault["errorType"] = "Runtime.ImportModuleError"
            fault["errorMessage"] = f"Unable to import module '{handler.rpartition('.')[0]}': {error}"
        elif isinstance(error, AttributeError):
            fault["errorType"] = "Runtime.HandlerNotFound"
        api.post("init/error", fault)
        raise SystemExit(1) from None
    while True:
        event, headers = api.call("GET", "invocation/next")
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        try:
            result = function(json.loads(event), LambdaContext(headers))
            answer = result if isinstance(result, bytes) else json.dumps(result, default=_encode).encode()
        except Exception as error:
            api.post(f"invocation/{request_id}/error", _raised(error, request_id))
        else:
            api.call("POST", f"invocation/{request_id}/response", answer)
