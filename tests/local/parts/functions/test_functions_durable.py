"""Durable executions over real sockets and processes."""

from __future__ import annotations

import base64
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.local.parts.functions.endpoint import CONTEXT, Endpoint, Waiting
from tests.local.parts.processes import until


def test_an_execution_suspends_and_resumes_with_the_answer(either: Endpoint, tmp_path: Path) -> None:
    ids = {"session_id": "s1", "request_id": "r1", "tool_call_id": "t1"}
    waiting = Waiting(either, tmp_path / "id", ClientContext=CONTEXT, private="hush", **ids)
    waiting.callback_id()
    time.sleep(0.3)
    waiting.succeed("grüß dich".encode())
    assert waiting.result() == {"answer": "grüß dich"}
    answer = waiting.answer.result()[1]
    assert (answer["ExecutedVersion"], answer.get("FunctionError")) == ("1", None)
    assert waiting.arn.startswith("arn:aws:lambda:us-east-1:123456789012:function:waiting:1/durable-execution/")
    assert (tmp_path / "id").read_text().count("\n") == 1

    first = "é" if either.log.parent.name.startswith("plain") else "None"
    assert (tmp_path / "id.contexts").read_text().split() == [first, "None"]

    finished = until(lambda: either.events("execution_finished", waiting.arn))[0]
    assert finished["status"] == "SUCCEEDED"
    assert finished["invocations"] == 2
    assert ids.items() <= finished.items()
    invocations = either.events("invocation_finished", waiting.arn)
    assert [(line["invocation"], line["status"]) for line in invocations] == [(1, "suspended"), (2, "ok")]
    assert finished["billed_ms"] == sum(line["billed_ms"] for line in invocations)
    assert finished["waited_ms"] > 200
    assert finished["duration_ms"] > finished["waited_ms"]
    assert len(either.events("execution_suspended", waiting.arn)) == 1
    assert len(either.events("execution_resumed", waiting.arn)) == 1
    assert "hush" not in either.log.read_text()
    assert "grüß" not in either.log.read_text()


def test_the_durable_operations_of_boto3(endpoint: Endpoint, tmp_path: Path) -> None:
    waiting = Waiting(endpoint, tmp_path / "id", DurableExecutionName="operations")
    waiting.succeed()
    waiting.result()
    found = endpoint.client.get_durable_execution(DurableExecutionArn=waiting.arn)
    assert (found["Status"], found["DurableExecutionName"]) == ("SUCCEEDED", "operations")
    history = endpoint.client.get_durable_execution_history(DurableExecutionArn=waiting.arn)["Events"]
    assert {"CallbackStarted", "CallbackSucceeded"} <= {event["EventType"] for event in history}
    listed = endpoint.client.list_durable_executions_by_function(FunctionName="waiting")["DurableExecutions"]
    assert waiting.arn in {entry["DurableExecutionArn"] for entry in listed}


def test_a_handlers_error_fails_the_execution(endpoint: Endpoint, tmp_path: Path) -> None:
    error, answer = endpoint.invoke("waiting:live", {"path": str(tmp_path / "id"), "fail": True})
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "refused")
    assert until(lambda: endpoint.events("execution_finished", answer["DurableExecutionArn"]))[0]["status"] == "FAILED"


def test_callback_failure_and_timeout_reach_the_handler(endpoint: Endpoint, tmp_path: Path) -> None:
    failing = Waiting(endpoint, tmp_path / "failing")
    late = Waiting(endpoint, tmp_path / "late", timeout=1)
    endpoint.client.send_durable_execution_callback_heartbeat(CallbackId=failing.callback_id())
    endpoint.client.send_durable_execution_callback_failure(
        CallbackId=failing.callback_id(), Error={"ErrorType": "declined", "ErrorMessage": "no"}
    )
    assert failing.result()["error"] == "CallbackExternalError"
    assert late.result()["error"] == "CallbackTimeoutError"
    with pytest.raises(endpoint.client.exceptions.CallbackTimeoutException):
        late.succeed()


def test_an_execution_that_takes_too_long_is_ended(endpoint: Endpoint, tmp_path: Path) -> None:
    waiting = Waiting(endpoint, tmp_path / "id", function="hasty:live")
    error, answer = waiting.answer.result(10)
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorMessage"] == "Execution timed out after 1 seconds."
    assert until(lambda: endpoint.events("execution_finished", waiting.arn))[0]["status"] == "TIMED_OUT"
    with pytest.raises(endpoint.client.exceptions.CallbackTimeoutException):
        waiting.succeed()


def test_a_callback_is_answered_once(endpoint: Endpoint, tmp_path: Path) -> None:
    waiting = Waiting(endpoint, tmp_path / "id")
    callback_id = waiting.callback_id()

    def answer(number: int) -> str:
        try:
            endpoint.client.send_durable_execution_callback_success(CallbackId=callback_id, Result=b"%d" % number)
        except endpoint.client.exceptions.CallbackTimeoutException as error:
            return str(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return str(number)

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(answer, range(4)))
    assert results.count("400") == 3
    assert waiting.result() == {"answer": next(result for result in results if result != "400")}
    assert answer(9) == "400"
    with pytest.raises(endpoint.client.exceptions.CallbackTimeoutException):
        endpoint.client.send_durable_execution_callback_failure(CallbackId=callback_id, Error={})


def test_unknown_and_oversized_callbacks(endpoint: Endpoint, tmp_path: Path) -> None:
    errors, client = endpoint.client.exceptions, endpoint.client
    unknown = base64.b64encode(b'{"arn":"nothing","op":"1"}').decode()
    with pytest.raises(errors.ResourceNotFoundException):
        client.send_durable_execution_callback_success(CallbackId=unknown, Result=b"x")
    for garbage in ("not an id!", "aGVsbG8=", "cb-1", "A" * 1025):
        with pytest.raises((errors.InvalidParameterValueException, errors.ResourceNotFoundException)):
            client.send_durable_execution_callback_success(CallbackId=garbage, Result=b"x")
    with pytest.raises(errors.ResourceNotFoundException):
        client.get_durable_execution(DurableExecutionArn="arn:nothing/durable-execution/a/b")
    waiting = Waiting(endpoint, tmp_path / "id")
    with pytest.raises(errors.InvalidParameterValueException):
        waiting.succeed(b"x" * (1024 * 1024 + 1))
    waiting.succeed(b"x" * (1024 * 1024))
    assert len(waiting.result()["answer"]) == 1024 * 1024


def test_after_stop_nothing_is_accepted(endpoint: Endpoint, tmp_path: Path) -> None:
    waiting = Waiting(endpoint, tmp_path / "id", DurableExecutionName="to-be-stopped")
    waiting.callback_id()
    (arn,) = {line["execution"] for line in endpoint.lines() if "/to-be-stopped/" in line.get("execution", "")}
    endpoint.client.stop_durable_execution(DurableExecutionArn=arn)
    assert waiting.answer.result(10)[1]["FunctionError"] == "Unhandled"
    assert endpoint.client.get_durable_execution(DurableExecutionArn=arn)["Status"] == "STOPPED"
    with pytest.raises(endpoint.client.exceptions.CallbackTimeoutException):
        waiting.succeed()


def test_a_name_starts_one_execution(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "id"
    first = Waiting(endpoint, path, DurableExecutionName="once")
    first.callback_id()
    second = Waiting(endpoint, path, DurableExecutionName="once")
    with pytest.raises(endpoint.client.exceptions.DurableExecutionAlreadyStartedException) as raised:
        endpoint.invoke("waiting:live", {"other": 1}, DurableExecutionName="once")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    first.succeed()
    assert first.result() == second.result() == {"answer": "hello"}
    assert first.arn == second.arn
    assert endpoint.invoke("waiting:live", {"path": str(path)}, DurableExecutionName="once")[0] == {"answer": "hello"}
    assert path.read_text().count("\n") == 1


def test_a_hundred_executions_wait_at_once(endpoint: Endpoint, tmp_path: Path) -> None:
    waiting = [Waiting(endpoint, tmp_path / str(number)) for number in range(100)]
    for each in waiting:
        each.callback_id()
    threads = len(list(Path(f"/proc/{endpoint.process.pid}/task").iterdir()))
    # One for each process is asyncio's way of noticing its end.
    assert threads <= 10 + len(endpoint.workers())
    for number, each in enumerate(waiting):
        each.succeed(str(number).encode())
    assert [each.result() for each in waiting] == [{"answer": str(number)} for number in range(100)]


def test_an_answer_is_quick(endpoint: Endpoint, tmp_path: Path) -> None:
    latencies = []
    for number in range(7):
        waiting = Waiting(endpoint, tmp_path / str(number))
        waiting.callback_id()
        time.sleep(0.05)
        began = time.perf_counter()
        waiting.succeed()
        waiting.result()
        latencies.append(time.perf_counter() - began)
    # Several times what it takes, and still below the SDK's own 100 ms poll.
    assert statistics.median(latencies) < 0.09
