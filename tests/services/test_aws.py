"""The timeouts and retries of the AWS clients: what must not be repeated is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services import aws
from services.contract.limits import API_GATEWAY_INTEGRATION_TIMEOUT, TIMEOUTS
from tests.services.fakes import REGION

BUILDERS: list[Any] = [aws.dynamodb, aws.lambda_, aws.secrets, aws.management, aws.agent_runtime]
URL = "http://127.0.0.1:9/prod"


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for build in BUILDERS:
        build.cache_clear()
    yield
    for build in BUILDERS:
        build.cache_clear()


def attempts(client: Any) -> int:
    return client.meta.config.retries["total_max_attempts"]


@pytest.mark.parametrize(
    ("build", "count"),
    [
        (aws.dynamodb, 3),
        (aws.lambda_, 1),
        (aws.secrets, 3),
        (lambda: aws.management(URL), 1),
        (lambda: aws.agent_runtime(12.0), 1),
    ],
)
def test_only_idempotent_calls_are_repeated(build: Callable[[], Any], count: int) -> None:
    client = build()
    assert attempts(client) == count
    assert client.meta.config.connect_timeout <= 2


@pytest.mark.parametrize("build", [aws.dynamodb, aws.lambda_, aws.secrets, lambda: aws.management(URL)])
def test_no_call_outlasts_the_integration_timeout(build: Callable[[], Any]) -> None:
    client = build()
    config: Any = client.meta.config
    assert attempts(client) * (config.connect_timeout + config.read_timeout) < API_GATEWAY_INTEGRATION_TIMEOUT


def test_the_agent_is_given_the_time_asked_for() -> None:
    for seconds in (TIMEOUTS.accept, 3.0):
        config: Any = aws.agent_runtime(seconds).meta.config
        assert config.read_timeout == seconds


def test_the_management_api_is_the_one_of_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert aws.management(URL).meta.endpoint_url == URL


def test_other_endpoints_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:2")
    assert aws.dynamodb().meta.endpoint_url == "http://127.0.0.1:2"


def test_clients_are_built_once() -> None:
    assert aws.dynamodb() is aws.dynamodb()
    assert aws.management(URL) is aws.management(URL)
