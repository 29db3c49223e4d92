"""Fixtures of the service tests: moto's tables, fake clients, a clock that does not wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
import structlog
from moto import mock_aws
from structlog.contextvars import clear_contextvars

from local.config import CONNECTIONS_TABLE, REQUESTS_TABLE
from local.parts.tables import create_tables
from services import delivery
from services.stores import connections as connections_module
from services.stores import requests as requests_module
from services.stores.connections import Connections
from services.stores.requests import PendingRequests
from tests.services.fakes import CREDENTIALS, FakeClock, FakeLambda, FakeSockets, Online

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """`services.logs.configure` is process-wide and holds on to a captured stdout."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    clear_contextvars()
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def _dynamodb_client() -> DynamoDBClient:
    return boto3.client("dynamodb", **CREDENTIALS)


@pytest.fixture
def dynamodb(_dynamodb_client: DynamoDBClient) -> Iterator[DynamoDBClient]:
    """Both tables, empty."""
    with mock_aws():
        create_tables(_dynamodb_client)
        yield _dynamodb_client


@pytest.fixture
def connections(dynamodb: DynamoDBClient) -> Connections:
    return Connections(dynamodb, CONNECTIONS_TABLE)


@pytest.fixture
def pending(dynamodb: DynamoDBClient) -> PendingRequests:
    return PendingRequests(dynamodb, REQUESTS_TABLE)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The time of the stores and of delivery."""
    fake = FakeClock()
    for module in (connections_module, requests_module, delivery):
        monkeypatch.setattr(module, "time", fake)
    return fake


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Delivery does not wait between attempts; what it would have waited."""
    fake = FakeClock()
    monkeypatch.setattr(delivery, "time", fake)
    return fake.sleeps


@pytest.fixture
def online(connections: Connections, request: pytest.FixtureRequest) -> Online:
    """Opens connections; tokens are good for an hour."""
    now = request.getfixturevalue("clock").now if "clock" in request.fixturenames else time.time()
    return Online(connections, now)


@pytest.fixture
def sockets() -> FakeSockets:
    return FakeSockets()


@pytest.fixture
def lambda_client() -> FakeLambda:
    return FakeLambda()
