"""Fixtures of ws-manager: its parts around fake clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.contract.tools import REGISTRY
from services.stores.requests import PendingRequest, PendingRequests, wire_id
from services.ws_manager import callbacks, routes, turns
from services.ws_manager.callbacks import CallbackDesk
from services.ws_manager.routes import Routes
from services.ws_manager.turns import TurnCourier
from tests.services.fakes import SESSION, FakeClock, FakeLambda, FakeSockets
from tests.services.ws_manager.events import Events
from tests.services.ws_manager.runtime import ARN, BUDGET, QUALIFIER, FakeRuntime


@pytest.fixture
def clock(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The time of all of ws-manager."""
    for module in (callbacks, routes, turns):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def runtime(clock: FakeClock) -> FakeRuntime:
    return FakeRuntime(clock)


@pytest.fixture
def courier(runtime: FakeRuntime, clock: FakeClock) -> TurnCourier:
    return TurnCourier(runtime.client, ARN, QUALIFIER, BUDGET, clock.sleep)


@pytest.fixture
def desk(pending: PendingRequests, lambda_client: FakeLambda) -> CallbackDesk:
    return CallbackDesk(pending, lambda_client.client)


@pytest.fixture
def parts(
    connections: Any, pending: PendingRequests, sockets: FakeSockets, courier: TurnCourier, desk: CallbackDesk
) -> Routes:
    return Routes(connections, pending, sockets.delivery(connections), courier, desk)


@pytest.fixture
def events(clock: FakeClock) -> Events:
    return Events(clock)


Ask = Callable[..., PendingRequest]


@pytest.fixture
def ask(pending: PendingRequests, clock: FakeClock) -> Ask:
    """Opens a request as mcp-proxy does."""

    def opened(
        tool: str = "get_vpn_status", session_id: str = SESSION, durable: str = "ZHVyYWJsZQ==", seconds: float = 30.0
    ) -> PendingRequest:
        declared = REGISTRY.by_name.get(tool)
        request = PendingRequest(
            session_id=session_id,
            callback_id=wire_id(durable),
            durable_callback_id=durable,
            tool=tool,
            arguments=dict(declared.example) if declared else {},
            deadline=clock.now + seconds,
            request_id="req-1",
            tool_call_id="call-1",
        )
        pending.open(request)
        return request

    return opened
