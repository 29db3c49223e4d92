"""The environment of each service."""

from __future__ import annotations

from typing import Any

import pytest

from services.contract.limits import TIMEOUTS
from services.contract.settings import (
    USUAL_MODEL,
    AgentSettings,
    AuthorizerSettings,
    McpProxySettings,
    Settings,
    SettingsError,
    WsManagerSettings,
)

WS_MANAGER: dict[str, str] = {
    "CONNECTIONS_TABLE": "c",
    "REQUESTS_TABLE": "r",
    "WEBSOCKET_MANAGEMENT_URL": "https://api.execute-api.us-east-1.amazonaws.com/prod",
    "AGENT_RUNTIME_ARN": "arn:aws:bedrock-agentcore:us-east-1:1:runtime/x",
    "AGENT_RUNTIME_QUALIFIER": "DEFAULT",
}
AUTHORIZER = {
    "USER_POOL_ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x",
    "USER_POOL_CLIENT_IDS": "one,two",
}
MCP_PROXY = {name: WS_MANAGER[name] for name in ("CONNECTIONS_TABLE", "REQUESTS_TABLE", "WEBSOCKET_MANAGEMENT_URL")}
AGENT = {
    "CONNECTIONS_TABLE": "c",
    "WEBSOCKET_MANAGEMENT_URL": WS_MANAGER["WEBSOCKET_MANAGEMENT_URL"],
    "GATEWAY_URL": "https://gateway/mcp",
    "TOKEN_URL": "https://pool/oauth2/token",
    "MACHINE_CLIENT_ID": "m",
    "MACHINE_CLIENT_SECRET_ID": "name-of-a-secret",
    "MACHINE_SCOPE": "gateway/invoke",
    "MODEL_ID": USUAL_MODEL,
    "SESSION_STORE": "s3://bucket/sessions",
    "SESSION_TTL_SECONDS": "604800",
}
ALL: list[tuple[type[Settings], dict[str, str]]] = [
    (AuthorizerSettings, AUTHORIZER),
    (WsManagerSettings, WS_MANAGER),
    (McpProxySettings, MCP_PROXY),
    (AgentSettings, AGENT),
]


@pytest.mark.parametrize(("model", "environment"), ALL)
def test_what_is_written_is_read_back(model: type[Settings], environment: dict[str, str]) -> None:
    settings = model.from_environment({**environment, "LOG_LEVEL": "DEBUG", "PATH": "/bin"})
    written = settings.to_environment()
    assert settings.log_level == "DEBUG"
    assert "PATH" not in written
    assert environment.items() <= written.items()
    assert model.from_environment(written) == settings


@pytest.mark.parametrize(("model", "environment"), ALL)
def test_each_missing_variable_is_named(model: type[Settings], environment: dict[str, str]) -> None:
    for name in environment:
        rest = {other: value for other, value in environment.items() if other != name}
        with pytest.raises(SettingsError, match=rf"{model.__name__}: {name}: "):
            model.from_environment(rest)
    with pytest.raises(SettingsError) as caught:
        model.from_environment({})
    assert all(name in str(caught.value) for name in environment)


@pytest.mark.parametrize(("model", "environment"), ALL)
def test_an_empty_variable_is_as_good_as_missing(model: type[Settings], environment: dict[str, str]) -> None:
    for name in environment:
        with pytest.raises(SettingsError, match=name):
            model.from_environment({**environment, name: ""})


@pytest.mark.parametrize("url", ["api.example.com/prod", "wss://api/prod", "https://", "https:///prod", "https://a b"])
def test_a_url_must_be_one(url: str) -> None:
    with pytest.raises(SettingsError, match="WEBSOCKET_MANAGEMENT_URL"):
        McpProxySettings.from_environment({**MCP_PROXY, "WEBSOCKET_MANAGEMENT_URL": url})


@pytest.mark.parametrize(
    ("model", "environment", "bad"),
    [
        (WsManagerSettings, WS_MANAGER, {"ACCEPT_SECONDS": "24.5"}),
        (WsManagerSettings, WS_MANAGER, {"ACCEPT_SECONDS": "0"}),
        (WsManagerSettings, WS_MANAGER, {"ACCEPT_SECONDS": "soon"}),
        (McpProxySettings, MCP_PROXY, {"CALLBACK_SECONDS_LIMIT": str(TIMEOUTS.callback + 1)}),
        (McpProxySettings, MCP_PROXY, {"CALLBACK_SECONDS_LIMIT": "0"}),
        (AgentSettings, AGENT, {"QUEUE_LIMIT": "-1"}),
        (AgentSettings, AGENT, {"SESSION_TTL_SECONDS": "0"}),
    ],
)
def test_a_figure_out_of_bounds_is_refused(
    model: type[Settings], environment: dict[str, str], bad: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match=next(iter(bad))):
        model.from_environment({**environment, **bad})


def test_what_differs_between_environments_cannot_be_forgotten() -> None:
    optional = {
        f"{model.__name__}.{name}"
        for model in Settings.__subclasses__()
        for name, field in model.model_fields.items()
        if not field.is_required() and name not in Settings.model_fields
    }
    assert optional == {
        "WsManagerSettings.accept_seconds",
        "McpProxySettings.callback_seconds_limit",
        "AgentSettings.model_provider",
        "AgentSettings.model_options",
        "AgentSettings.queue_limit",
        "AgentSettings.mcp_call_seconds",
        "AgentSettings.turn_seconds",
        "RuntimeMetadataSettings.ready_seconds",
    }


def test_the_defaults_are_the_timeout_chain() -> None:
    ws, proxy = WsManagerSettings.from_environment(WS_MANAGER), McpProxySettings.from_environment(MCP_PROXY)
    agent = AgentSettings.from_environment(AGENT)
    assert ws.accept_seconds == TIMEOUTS.accept
    assert proxy.callback_seconds_limit == TIMEOUTS.callback
    assert (agent.mcp_call_seconds, agent.turn_seconds) == (TIMEOUTS.mcp_call, TIMEOUTS.turn)


def test_the_error_never_shows_a_value() -> None:
    bad: dict[str, Any] = {**MCP_PROXY, "WEBSOCKET_MANAGEMENT_URL": "hunter2", "CALLBACK_SECONDS_LIMIT": "hunter2"}
    with pytest.raises(SettingsError) as caught:
        McpProxySettings.from_environment(bad)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in MCP_PROXY.items():
        monkeypatch.setenv(name, value)
    assert McpProxySettings.from_environment() == McpProxySettings.from_environment(MCP_PROXY)
