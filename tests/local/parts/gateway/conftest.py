"""Fixtures of the gateway part's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiohttp import web
from strands.tools.mcp import MCPClient

from tests.local.parts.gateway.world import Bearer, World
from tests.local.parts.processes import configured


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(configured(tmp_path_factory.mktemp("state"))) as world:
        yield world


@pytest.fixture
def world(around: World) -> World:
    around.invocations.clear()
    around.lambda_seconds = 0.0
    around.lambda_answer = lambda event: web.json_response({"got": event})
    return around


@pytest.fixture(scope="module")
def client(around: World) -> Iterator[MCPClient]:
    with MCPClient(url=around.config.gateway_url, auth_provider=Bearer(around.token())) as connected:
        yield connected
