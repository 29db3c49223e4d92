"""The AWS part over its real socket with boto3, and the tables in process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.config import (
    CONNECTIONS_TABLE,
    HOST,
    MACHINE_SECRET_ID,
    REGION,
    REQUESTS_TABLE,
    SESSIONS_BUCKET,
    LocalConfig,
)
from local.parts.aws import with_health
from local.parts.tables import create_tables

SECRET = "machine-secret"
COMMAND = [sys.executable, "-m", "local.parts.aws"]


class Part:
    """The running part."""

    def __init__(self, state: Path) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.config = LocalConfig(state=state, base_port=probe.getsockname()[1] - 7)
        self.environment = {**os.environ, **self.config.to_environment(), "DESKSIDE_MACHINE_SECRET": SECRET}
        self.output = state / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(COMMAND, env=self.environment, stdout=output, stderr=output)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.config.url('aws')}/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(self.output.read_text())

    def client(self, service: str) -> Any:
        session = boto3.Session("local", "local", region_name=REGION)
        return session.client(service, endpoint_url=self.config.url("aws"))  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    part = Part(tmp_path_factory.mktemp("aws"))
    yield part
    part.process.kill()


def _row(session: str, connection: str) -> dict[str, Any]:
    return {"connection_id": {"S": connection}, "session_id": {"S": session}, "expires_at": {"N": "1"}}


def check_tables(dynamodb: Any) -> None:
    """Both tables take what the services do with them."""
    for table in (CONNECTIONS_TABLE, REQUESTS_TABLE):
        described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
        summary = dynamodb.describe_table(TableName=table)["Table"]["BillingModeSummary"]
        assert summary["BillingMode"] == "PAY_PER_REQUEST"
    for session, connection in (("s1", "c1"), ("s1", "c2"), ("s2", "c3")):
        dynamodb.put_item(TableName=CONNECTIONS_TABLE, Item=_row(session, connection))
    found = dynamodb.query(
        TableName=CONNECTIONS_TABLE,
        IndexName="session_id",
        KeyConditionExpression="session_id = :s",
        ExpressionAttributeValues={":s": {"S": "s1"}},
    )["Items"]
    assert sorted(found, key=lambda row: row["connection_id"]["S"]) == [_row("s1", "c1"), _row("s1", "c2")]
    key = {"session_id": {"S": "s1"}, "callback_id": {"S": "cb-1"}}
    dynamodb.put_item(TableName=REQUESTS_TABLE, Item={**key, "state": {"S": "waiting"}})
    assert dynamodb.get_item(TableName=REQUESTS_TABLE, Key=key)["Item"]["state"] == {"S": "waiting"}
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(TableName=REQUESTS_TABLE, Item=key, ConditionExpression="attribute_not_exists(callback_id)")


def test_tables_over_the_socket(part: Part) -> None:
    check_tables(part.client("dynamodb"))


def test_same_tables_in_process() -> None:
    with mock_aws():
        session = boto3.Session("local", "local", region_name=REGION)
        dynamodb = session.client("dynamodb")
        create_tables(dynamodb)
        check_tables(dynamodb)


def test_bucket_takes_an_object(part: Part) -> None:
    s3 = part.client("s3")
    s3.put_object(Bucket=SESSIONS_BUCKET, Key="a/b", Body=b"x")
    assert s3.get_object(Bucket=SESSIONS_BUCKET, Key="a/b")["Body"].read() == b"x"


def test_secret_is_the_stacks(part: Part) -> None:
    assert part.client("secretsmanager").get_secret_value(SecretId=MACHINE_SECRET_ID)["SecretString"] == SECRET


def test_log_is_one_quiet_json_line_without_the_secret(part: Part) -> None:
    lines = [json.loads(line) for line in part.output.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["started"]
    assert SECRET not in part.output.read_text()


def test_health_is_503_until_everything_exists() -> None:
    ready, statuses = Event(), []
    application = with_health(lambda _environ, _start: [b"moto"], ready)

    def start(status: str, _headers: Any) -> None:
        statuses.append(status[:3])

    list(application({"PATH_INFO": "/health"}, start))
    ready.set()
    list(application({"PATH_INFO": "/health"}, start))
    assert statuses == ["503", "200"]
    assert list(application({"PATH_INFO": "/"}, start)) == [b"moto"]


def test_taken_port_is_told(part: Part) -> None:
    second = subprocess.run(COMMAND, env=part.environment, capture_output=True, text=True, timeout=10, check=False)
    assert second.returncode == 98
    (line,) = [json.loads(line) for line in second.stdout.splitlines()]
    assert (line["event"], line["port"]) == ("port_in_use", part.config.port("aws"))
    assert second.stderr == ""


def test_it_stops_at_once(part: Part) -> None:
    part.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert part.process.wait(5) == 0
    assert time.monotonic() - began < 1
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{part.config.url('aws')}/health", timeout=1)
