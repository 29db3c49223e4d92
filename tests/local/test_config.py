"""The local configuration: ports, and the environment each service gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.config import AUTHORIZER, MCP_PROXY, PARTS, WS_MANAGER, LocalConfig
from local.supervisor import DESCRIPTIONS, MODULES
from services.contract.settings import AgentSettings, AuthorizerSettings, McpProxySettings, Settings, WsManagerSettings


def test_every_part_has_a_port_of_its_own() -> None:
    config = LocalConfig(state=Path("x"), base_port=9_000)
    ports = {config.port(part) for part in (*PARTS, "management")}
    assert ports == set(range(9_000, 9_010))


def test_parts_modules_and_descriptions_agree() -> None:
    assert set(PARTS) == set(MODULES) == set(DESCRIPTIONS)


def test_the_configuration_survives_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    config = LocalConfig(state=Path("/tmp/x"), idle_seconds=2, overrides={"agent": {"QUEUE_LIMIT": "0"}})
    for name, value in config.to_environment().items():
        monkeypatch.setenv(name, value)
    assert LocalConfig.from_environment() == config


@pytest.mark.parametrize(
    ("service", "model"),
    [
        (WS_MANAGER, WsManagerSettings),
        (AUTHORIZER, AuthorizerSettings),
        (MCP_PROXY, McpProxySettings),
        ("agent", AgentSettings),
    ],
)
def test_every_service_gets_exactly_what_its_settings_need(service: str, model: type[Settings]) -> None:
    environment = LocalConfig(state=Path("x")).service_environment(service)
    assert model.from_environment(environment).to_environment() == environment


def test_every_address_is_loopback() -> None:
    config = LocalConfig(state=Path("x"))
    urls = [value for value in config.aws_environment().values() if "://" in value]
    urls += [
        value for service in (WS_MANAGER, MCP_PROXY, "agent") for value in config.service_environment(service).values()
    ]
    assert all("://127.0.0.1:" in url for url in urls if "://" in url)
    assert len([url for url in urls if "://" in url]) >= 10


def test_overrides_reach_one_service() -> None:
    config = LocalConfig(state=Path("x"), overrides={"agent": {"QUEUE_LIMIT": "7"}})
    assert config.service_environment("agent")["QUEUE_LIMIT"] == "7"
    assert "QUEUE_LIMIT" not in config.service_environment(MCP_PROXY)
