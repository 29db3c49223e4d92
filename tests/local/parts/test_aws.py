"""The AWS part over its real socket with boto3, and the tables in process."""

from __future__ import annotations

import json
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
    MACHINE_SECRET_ID,
    REGION,
    REQUESTS_TABLE,
    SESSIONS_BUCKET,
)
from local.parts.aws import with_health
from local.parts.tables import create_tables
from tests.local.parts.processes import PartProcess, configured, until

SECRET = "machine-secret"


class Part(PartProcess):
    """The part, with clients."""

    def __init__(self, state: Path) -> None:
        self.log = state / "output"
        super().__init__("aws", configured(state), output=self.log, DESKSIDE_MACHINE_SECRET=SECRET)

    def client(self, service: str) -> Any:
        session = boto3.Session("local", "local", region_name=REGION)
        return session.client(service, endpoint_url=self.config.url("aws"))  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    with Part(tmp_path_factory.mktemp("aws")) as part:
        until(lambda: part.health() == 200, 20)
        yield part


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
    lines = [json.loads(line) for line in part.log.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["started"]
    assert SECRET not in part.log.read_text()


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
    part.tells_a_taken_port()


def test_it_stops_at_once(part: Part) -> None:
    part.stops_at_once()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{part.config.url('aws')}/health", timeout=1)
