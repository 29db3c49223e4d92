"""The local Lambda endpoint as a process, and durable executions that wait in it."""

from __future__ import annotations

import base64
import contextlib
import json
import sys
import threading
import urllib.request
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.local.parts.processes import PartProcess, configured, until

LAUNCH = (
    "from local.config import LocalConfig; from local.parts.functions.process import run; "
    "from tests.local.parts.functions import test_functions_samples as samples; "
    "run(LocalConfig.from_environment(), samples.{table})"
)
CONTEXT = base64.b64encode(json.dumps({"custom": {"tool": "é"}, "client": {"app_title": "x"}}).encode()).decode()


class Endpoint(PartProcess):
    """The part as a process, with a client."""

    def __init__(self, state: Path, table: str = "TABLE", **environment: str) -> None:
        self.log = state / "log"
        config = configured(state, honest_poll=False)
        command = [sys.executable, "-c", LAUNCH.format(table=table)]
        super().__init__("functions", config, command=command, output=self.log, **environment)
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
        if self.health() != 200:
            return False
        with urllib.request.urlopen(self.config.url("functions") + "/health", timeout=5) as answer:
            return json.load(answer) == {"status": "ok"}

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

    def stop(self) -> None:
        """End it as the supervisor does, where the test has not."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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
