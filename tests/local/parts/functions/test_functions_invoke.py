"""Invoke, as boto3 and the handlers' processes see it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.local.parts.functions.endpoint import CONTEXT, Endpoint
from tests.local.parts.processes import until


def test_an_invocation_returns_what_the_handler_returns(either: Endpoint) -> None:
    result, answer = either.invoke("plain", {"hello": "wörld"})
    assert result["echo"] == {"hello": "wörld"}
    assert (answer["StatusCode"], answer["ExecutedVersion"], answer.get("FunctionError")) == (200, "$LATEST", None)
    assert either.invoke("plain", b"")[0]["echo"] == {}


def test_the_context_is_lambdas(either: Endpoint) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:plain"
    seen, answer = either.invoke(arn, {"do": "context"}, ClientContext=CONTEXT)
    assert seen["function"] == ["plain", "$LATEST", "512"]
    assert seen["arn"] == arn
    assert seen["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert seen["log"][0] == "/aws/lambda/plain"
    assert "[$LATEST]" in seen["log"][1]
    assert 0 < seen["remaining"] <= 1000
    assert seen["custom"] == {"tool": "é"}
    assert seen["identity"] is None
    assert seen["lambda"] == either.config.url("functions")
    assert either.invoke("plain", {"do": "context"})[0]["custom"] is None


def test_an_error_of_the_handler_is_a_function_error(either: Endpoint) -> None:
    error, answer = either.invoke("plain", {"do": "raise"})
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such thing")
    assert len(error["stackTrace"]) == 1
    assert "test_functions_samples" in error["stackTrace"][0]


def test_a_crash_fails_its_invocation_and_the_process_is_replaced(either: Endpoint) -> None:
    error, answer = either.invoke("plain", {"do": "exit"})
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in error["errorMessage"]
    assert either.invoke("plain", {"again": 1})[0]["echo"] == {"again": 1}


def test_an_overrun_is_killed_at_the_timeout(either: Endpoint) -> None:
    began = time.monotonic()
    error, answer = either.invoke("plain", {"do": "sleep", "seconds": 5})
    assert 0.9 < time.monotonic() - began < 2
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in error["errorMessage"]
    assert either.invoke("plain", {"again": 1})[0]["echo"] == {"again": 1}


def test_an_answer_over_6_mb_is_an_error(endpoint: Endpoint) -> None:
    assert endpoint.invoke("plain", {"do": "big"})[0]["errorType"] == "Function.ResponseSizeTooLarge"


def test_invocations_run_side_by_side_in_processes_of_their_own(endpoint: Endpoint) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: endpoint.invoke("wide", {"do": "sleep", "seconds": 3})[0], range(4)))
    assert len({result["pid"] for result in results}) == 4
    assert time.monotonic() - began < 8


def test_beyond_the_concurrency_callers_are_throttled(endpoint: Endpoint) -> None:
    def call(_: int) -> str:
        try:
            endpoint.invoke("plain", {"do": "sleep", "seconds": 0.5})
        except endpoint.client.exceptions.TooManyRequestsException as error:
            return str(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return "ran"

    with ThreadPoolExecutor(9) as threads:
        results = list(threads.map(call, range(9)))
    assert sorted(results) == ["429"] * 3 + ["ran"] * 6


def test_event_and_dry_run(endpoint: Endpoint, tmp_path: Path) -> None:
    assert endpoint.invoke("plain", {"do": "raise"}, InvocationType="Event")[1]["StatusCode"] == 202
    assert endpoint.invoke("plain", {"do": "exit"}, InvocationType="DryRun")[1]["StatusCode"] == 204
    path = tmp_path / "event"
    answer = endpoint.invoke("waiting:live", {"path": str(path), "now": True}, InvocationType="Event")[1]
    assert answer["StatusCode"] == 202
    until(lambda: endpoint.events("execution_finished", answer["DurableExecutionArn"]))


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"FunctionName": "missing"}, "ResourceNotFoundException 404"),
        ({"FunctionName": "waiting:none"}, "ResourceNotFoundException 404"),
        ({"FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:plain"}, "ResourceNotFoundException 404"),
        ({"FunctionName": "waiting"}, "InvalidParameterValueException 400"),
        ({"FunctionName": "waiting:live", "Qualifier": "1"}, "InvalidParameterValueException 400"),
        ({"FunctionName": "endless:live"}, "InvalidParameterValueException 400"),
        ({"FunctionName": "waiting:live", "DurableExecutionName": "no spaces"}, "InvalidParameterValueException 400"),
        ({"FunctionName": "plain", "Payload": b"{not json"}, "InvalidRequestContentException 400"),
        ({"FunctionName": "plain", "ClientContext": "!!"}, "InvalidRequestContentException 400"),
        ({"FunctionName": "plain", "ClientContext": "A" * 3584}, "InvalidRequestContentException 400"),
        ({"FunctionName": "plain", "Payload": b'"' + b"x" * 6291456 + b'"'}, "RequestTooLargeException 413"),
    ],
)
def test_bad_requests_raise_boto3s_typed_exceptions(endpoint: Endpoint, request_: dict[str, Any], error: str) -> None:
    name, status = error.split()
    with pytest.raises(getattr(endpoint.client.exceptions, name)) as raised:
        endpoint.client.invoke(**request_)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == int(status)
    assert raised.value.response["Error"]["Message"]


def test_output_of_processes_passes_in_whole_lines(endpoint: Endpoint) -> None:
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: endpoint.invoke("wide", {"do": "print", "lines": 200, "size": 3000}), range(3)))
    printed = until(
        lambda: (found := [line for line in endpoint.lines() if "line" in line]) and len(found) == 600 and found
    )
    assert all(len(line["text"]) == 3000 for line in printed)
