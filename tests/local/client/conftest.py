"""Fixtures of the client's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.local.client.client_fakes import FakeSystem, fake_system


@pytest.fixture
async def fake() -> AsyncIterator[FakeSystem]:
    """A system to connect to."""
    async with fake_system() as running:
        yield running
