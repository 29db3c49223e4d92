"""The local Lambda endpoint over real sockets, as boto3 and real processes see it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from local.config import LocalConfig

ROOT = Path(__file__).resolve().parents[3]
LAUNCH = (
    "from local.config import LocalConfig; from local.parts.functions.process import run; "
    "from tests.local.parts import test_functions_samples as samples; "
    "run(LocalConfig.from_environment(), samples.{table})"
)


def free_base_port() -> int:
    """A base port whose ten ports are free."""
    for base in range(21000 + os.getpid() % 2000 * 10, 60000, 10):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(base, base + 10):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            return base
    raise RuntimeError("no free ports")


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Wait for a condition and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.002)
    return value


class Endpoint:
    """The part as a process, with a client."""

    def __init__(self, state: Path, table: str = "TABLE", **environment: str) -> None:
        self.config = LocalConfig(state=state, base_port=free_base_port(), honest_poll=False)
        self.log = state / "log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH.format(table=table)],
                cwd=ROOT,
                env={**os.environ, **self.config.to_environment(), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        aws = self.config.aws_environment()
        self.client: Any = boto3.client(
            "lambda",
            endpoint_url=self.config.url("functions"),
            region_name=aws["AWS_REGION"],
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"max_attempts": 0}, max_pool_connections=256, read_timeout=30),
        )

    def healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(self.config.url("functions") + "/health", timeout=5) as answer:
                return json.load(answer) == {"status": "ok"}
        except OSError:
            return False

    def invoke(self, name: str, payload: Any = None, **more: Any) -> tuple[Any, dict[str, Any]]:
        body = payload if isinstance(payload, bytes) else json.dumps(payload or {}).encode()
        answer = self.client.invoke(FunctionName=name, Payload=body, **more)
        text = answer["Payload"].read()
        return (json.loads(text) if text else None), answer

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def events(self, name: str, arn: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("event") == name and line.get("execution") == arn]

    def workers(self) -> set[int]:
        children = set()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if entry.name.isdigit() and int(fields[1]) == self.process.pid and fields[0] != "Z":
                    children.add(int(entry.name))
        return children

    def stop(self) -> float:
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(10)
        return time.monotonic() - began


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    started = Endpoint(tmp_path_factory.mktemp("functions"), DESKSIDE_WORKER="")
    until(started.healthy, 30)
    yield started
    if started.process.poll() is None:
        started.stop()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    started = Endpoint(
        tmp_path_factory.mktemp("plain"), DESKSIDE_WORKER="plain", DESKSIDE_DURABLE_CLIENT_CONTEXT="first"
    )
    until(started.healthy, 30)
    yield started
    if started.process.poll() is None:
        started.stop()


@pytest.fixture(params=["awslambdaric", "plain"])
def either(request: pytest.FixtureRequest) -> Endpoint:
    if request.param == "awslambdaric":
        pytest.importorskip("awslambdaric")
    return request.getfixturevalue("endpoint" if request.param == "awslambdaric" else "plain")


CONTEXT = base64.b64encode(json.dumps({"custom": {"tool": "é"}, "client": {"app_title": "x"}}).encode()).decode()


class Waiting:
    """A durable execution that waits for its callback, called from a thread."""

    def __init__(self, endpoint: Endpoint, path: Path, **event: Any) -> None:
        self.endpoint, self.path = endpoint, path
        more = {name: event.pop(name) for name in ("DurableExecutionName", "ClientContext") if name in event}
        self.answer: Future[tuple[Any, dict[str, Any]]] = Future()
        name = event.pop("function", "waiting:live")

        def call() -> None:
            try:
                self.answer.set_result(endpoint.invoke(name, {"path": str(path), **event}, **more))
            except Exception as error:
                self.answer.set_exception(error)

        threading.Thread(target=call, daemon=True).start()

    def callback_id(self) -> str:
        return until(
            lambda: self.path.exists() and self.path.read_text().endswith("\n") and self.path.read_text()
        ).strip()

    def result(self) -> Any:
        return self.answer.result(20)[0]

    @property
    def arn(self) -> str:
        return self.answer.result(20)[1]["DurableExecutionArn"]

    def succeed(self, text: bytes = b"hello") -> None:
        self.endpoint.client.send_durable_execution_callback_success(CallbackId=self.callback_id(), Result=text)


# Invoke


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


def test_a_handlers_environment_has_no_secret_of_this_machine(tmp_path: Path) -> None:
    from local.parts.functions.environment import function_environment
    from local.parts.functions.table import FUNCTIONS

    config = LocalConfig(state=tmp_path, overrides={"mcp-proxy": {"LOG_LEVEL": "DEBUG"}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SESSION_TOKEN", "secret")
        patch.setenv("GITHUB_TOKEN", "secret")
        patch.setenv("HTTPS_PROXY", "http://proxy")
        for function in FUNCTIONS:
            environment = function_environment(config, function, "127.0.0.1:1", "stream")
            assert not {"AWS_SESSION_TOKEN", "GITHUB_TOKEN", "HTTPS_PROXY", "DESKSIDE_LOCAL"} & set(environment)
            assert environment["_HANDLER"] == function.handler
            assert environment["CONNECTIONS_TABLE"]
            assert "DESKSIDE_DURABLE_POLL_SECONDS" not in environment
            assert environment["LOG_LEVEL"] == ("DEBUG" if function.durable else "INFO")


def test_output_of_processes_passes_in_whole_lines(endpoint: Endpoint) -> None:
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: endpoint.invoke("wide", {"do": "print", "lines": 200, "size": 3000}), range(3)))
    printed = until(
        lambda: (found := [line for line in endpoint.lines() if "line" in line]) and len(found) == 600 and found
    )
    assert all(len(line["text"]) == 3000 for line in printed)


# Durable executions


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


# The process


def test_sigterm_ends_everything_at_once(tmp_path: Path, plain: Endpoint) -> None:
    def dropped() -> None:
        with contextlib.suppress(BotoCoreError):
            plain.invoke("wide", {"do": "sleep", "seconds": 8})

    threading.Thread(target=dropped).start()
    time.sleep(0.2)
    workers = plain.workers()
    assert len(workers) >= 4
    assert plain.stop() < 1.5
    assert plain.process.returncode == 0
    until(lambda: not any(alive(pid) for pid in workers), 1)
    assert not [line for line in plain.lines() if "exception" in line]


def test_processes_do_not_outlive_a_killed_parent(endpoint: Endpoint) -> None:
    workers = endpoint.workers()
    assert workers
    os.kill(endpoint.process.pid, signal.SIGKILL)
    endpoint.process.wait(5)
    until(lambda: not any(alive(pid) for pid in workers), 2)


@pytest.mark.parametrize("kind", ["", "plain"])
def test_a_handler_that_cannot_be_imported_ends_the_part(tmp_path: Path, kind: str) -> None:
    broken = Endpoint(tmp_path, "BROKEN", DESKSIDE_WORKER=kind)
    assert broken.process.wait(15) == 1
    (line,) = [line for line in broken.lines() if line.get("event") == "worker_failed_to_start"]
    assert (line["function"], line["error_type"]) == ("broken", "Runtime.ImportModuleError")
    assert "tests.local.parts.no_such_module" in line["error_message"]
