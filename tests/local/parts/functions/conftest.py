"""Fixtures of the functions part's tests: the endpoint with either kind of worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.parts.functions.endpoint import Endpoint
from tests.local.parts.processes import until


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with Endpoint(tmp_path_factory.mktemp("functions"), DESKSIDE_WORKER="") as started:
        until(started.healthy, 30)
        yield started
        started.stop()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    environment = {"DESKSIDE_WORKER": "plain", "DESKSIDE_DURABLE_CLIENT_CONTEXT": "first"}
    with Endpoint(tmp_path_factory.mktemp("plain"), **environment) as started:
        until(started.healthy, 30)
        yield started
        started.stop()
        assert not [line for line in started.lines() if "exception" in line]


@pytest.fixture(params=["awslambdaric", "plain"])
def either(request: pytest.FixtureRequest) -> Endpoint:
    if request.param == "awslambdaric":
        pytest.importorskip("awslambdaric")
    return request.getfixturevalue("endpoint" if request.param == "awslambdaric" else "plain")
