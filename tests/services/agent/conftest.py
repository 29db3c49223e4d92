"""Fixtures of the agent's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from services.agent import events, outbox
from tests.services.agent.fakes import FakeDelivery
from tests.services.agent.servers import McpGateway, TokenServer


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's patience, a tenth as long."""
    monkeypatch.setattr(events, "BATCH_SECONDS", 0.02)
    monkeypatch.setattr(events, "FINAL_PATIENCE", 1.0)
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(outbox, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(outbox, "UNCONFIRMED_PAUSE", 0.01)


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    """structlog's own defaults draw tracebacks, which takes seconds."""
    structlog.configure(processors=[structlog.processors.JSONRenderer(default=repr)])
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that open nothing, in a Region."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def delivery() -> FakeDelivery:
    """A person who is online."""
    return FakeDelivery()


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    """A token endpoint."""
    with TokenServer() as server:
        yield server


@pytest.fixture
def stateless() -> Iterator[McpGateway]:
    """An MCP server that keeps no sessions."""
    server = McpGateway(stateless=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def stateful() -> Iterator[McpGateway]:
    """An MCP server that keeps sessions."""
    server = McpGateway(stateless=False)
    server.start()
    yield server
    server.stop()
