"""Service settings from values that only AWS knows."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

from components.environment import Read, environment
from services.contract.settings import McpProxySettings, SettingsError


def _build(connections: pulumi.Input[str], url: pulumi.Input[str]) -> pulumi.Output[dict[str, str]]:
    def settings(read: Read) -> McpProxySettings:
        return McpProxySettings(
            connections_table=read(connections), requests_table="r", websocket_management_url=read(url)
        )

    return environment(settings)


async def test_the_service_reads_back_what_was_written() -> None:
    variables = await _build(pulumi.Output.from_input("c"), pulumi.Output.from_input("https://a/live")).future()
    assert variables is not None
    assert McpProxySettings.from_environment(variables) == McpProxySettings(
        connections_table="c", requests_table="r", websocket_management_url="https://a/live"
    )


async def test_values_keep_their_places() -> None:
    variables = await _build("one", "https://two/live").future()
    assert variables is not None
    assert (variables["CONNECTIONS_TABLE"], variables["WEBSOCKET_MANAGEMENT_URL"]) == ("one", "https://two/live")


async def test_a_value_that_the_service_would_refuse_fails_the_update() -> None:
    with pytest.raises(ValueError, match="websocket_management_url"):
        await _build("c", pulumi.Output.from_input("wss://a/live")).future()


async def test_what_is_not_known_yet_stays_unknown() -> None:
    unknown = pulumi.Output[str](resources=set(), future=_done(""), is_known=_done(False))
    variables = _build(unknown, "https://a/live")
    assert not await variables.is_known()


async def test_secrets_stay_secret() -> None:
    assert await _build(pulumi.Output.secret("c"), "https://a/live").is_secret()


def test_the_service_and_the_program_share_one_error() -> None:
    with pytest.raises(SettingsError):
        McpProxySettings.from_environment({})


def _done(value: object) -> asyncio.Future[Any]:
    future = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future
