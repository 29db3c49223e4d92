"""The model, chosen by setting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from strands.models import BedrockModel
from strands.models.ollama import OllamaModel

from services.agent.model import MAX_TOKENS, build_model
from services.contract.limits import SAFE_FRAME_BYTES
from services.contract.settings import USUAL_MODEL, AgentSettings, SettingsError


def settings(**chosen: str) -> AgentSettings:
    """The agent's settings, with a model chosen."""
    return AgentSettings(
        connections_table="t",
        websocket_management_url="http://127.0.0.1:1/stage",
        gateway_url="http://127.0.0.1:1/mcp",
        token_url="http://127.0.0.1:1/token",
        machine_client_id="m",
        machine_client_secret_id="s",
        machine_scope="gateway/invoke",
        session_store="file:///tmp/sessions",
        session_ttl_seconds=60,
        **{"model_id": USUAL_MODEL, **chosen},  # type: ignore[arg-type]
    )


def test_bedrock_is_the_default() -> None:
    model = build_model(settings())
    assert isinstance(model, BedrockModel)
    config = model.get_config()
    assert config["model_id"] == "us.anthropic.claude-sonnet-4-6"  # pyright: ignore[reportTypedDictNotRequiredAccess]
    assert config.get("max_tokens") == MAX_TOKENS
    assert model.client.meta.config.read_timeout == 120
    assert model.client.meta.config.retries["total_max_attempts"] == 3


def test_the_longest_answer_of_one_model_call_fits_a_frame() -> None:
    # Four bytes a token is generous for English Markdown.
    assert MAX_TOKENS * 4 < SAFE_FRAME_BYTES


def test_options_override() -> None:
    chosen = settings(
        model_id="eu.amazon.nova-lite-v1:0", model_options=json.dumps({"max_tokens": 7, "temperature": 0.5})
    )
    config: Any = build_model(chosen).get_config()
    assert config["model_id"] == "eu.amazon.nova-lite-v1:0"
    assert (config["max_tokens"], config["temperature"]) == (7, 0.5)


def test_another_provider_by_its_name() -> None:
    model = build_model(
        settings(model_provider="ollama", model_id="llama3", model_options='{"host": "http://127.0.0.1:11434"}')
    )
    assert isinstance(model, OllamaModel)
    config: Any = model.get_config()
    assert config["model_id"] == "llama3"
    assert "max_tokens" not in config


@pytest.mark.parametrize("provider", ["nobody", "", "model", "_validation", "../bedrock"])
def test_an_unknown_provider_is_named(provider: str) -> None:
    with pytest.raises(SettingsError, match="MODEL_PROVIDER"):
        build_model(settings(model_provider=provider))


def test_a_provider_that_is_not_installed_is_named() -> None:
    with pytest.raises(SettingsError, match="MODEL_PROVIDER: mistral is not available"):
        build_model(settings(model_provider="mistral"))


@pytest.mark.parametrize("options", ["", "not json", "[]", "7", "null", '"text"'])
def test_options_that_are_no_object_are_refused(options: str) -> None:
    with pytest.raises(SettingsError, match="MODEL_OPTIONS"):
        build_model(settings(model_options=options))


@pytest.mark.parametrize(
    ("provider", "options"),
    [
        ("bedrock", '{"model_id": "twice"}'),
        ("bedrock", '{"endpoint_url": "no url"}'),
        ("ollama", '{"model_id": "twice"}'),
        ("openai", '{"client": 7, "client_args": {}}'),
    ],
)
def test_options_a_provider_refuses_are_a_settings_error(provider: str, options: str) -> None:
    with pytest.raises(SettingsError, match="MODEL_"):
        build_model(settings(model_provider=provider, model_options=options))
