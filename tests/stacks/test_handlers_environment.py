"""The real handlers, with the environment that the recorded graph gives them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from components.agent_runtime import TELEMETRY
from services.contract.settings import (
    AgentSettings,
    AuthorizerSettings,
    ImageBuilderSettings,
    McpProxySettings,
    RuntimeMetadataSettings,
    Settings,
    WsManagerSettings,
)
from tests.stacks.conftest import Recorded
from validation.graph import Graph
from validation.recording import ROOT

SETTINGS: dict[str, type[Settings]] = {
    "services.ws_manager.handler.handler": WsManagerSettings,
    "services.ws_manager.authorizer.handler": AuthorizerSettings,
    "services.mcp_proxy.handler.handler": McpProxySettings,
    "services.deploy_hooks.image.handler": ImageBuilderSettings,
    "services.deploy_hooks.runtime_metadata.handler": RuntimeMetadataSettings,
}
"""What each handler reads its environment with."""

CALL = """
import importlib, json, sys
module, name = sys.argv[1].rsplit(".", 1)
handler = getattr(importlib.import_module(module), name)
try:
    print(json.dumps({"answer": handler(json.loads(sys.argv[2]), None)}))
except Exception as error:
    print(json.dumps({"error": type(error).__name__, "message": str(error)}))
"""
"""In a process of its own: nothing of the test's environment or of another handler's is in its way."""


def functions(graph: Graph) -> dict[str, dict[str, str]]:
    """Environment by handler."""
    return {
        str(function.inputs["handler"]): function.inputs.get("environment", {}).get("variables", {})
        for function in graph.of_type("aws:lambda/function:Function")
    }


def call(handler: str, environment: dict[str, str], event: object) -> dict[str, Any]:
    """What the handler answers or raises, in a process with this environment alone."""
    lambda_own = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    ran = subprocess.run(
        [sys.executable, "-c", CALL, handler, json.dumps(event)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **lambda_own, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_every_function_has_a_handler_of_ours(recorded: Recorded):
    assert set(functions(recorded.graph)) == set(SETTINGS)


@pytest.mark.parametrize("handler", SETTINGS)
def test_the_environment_is_exactly_what_the_settings_model_writes(recorded: Recorded, handler: str):
    given = functions(recorded.graph)[handler]
    assert SETTINGS[handler].from_environment(given).to_environment() == given


def test_the_agents_environment_is_what_its_settings_model_writes_and_tracing(recorded: Recorded):
    [runtime] = recorded.graph.of_type("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime")
    given = dict(runtime.inputs["environmentVariables"])
    platform = {**TELEMETRY, "AWS_REGION": recorded.region, "AWS_DEFAULT_REGION": recorded.region}
    assert {**AgentSettings.from_environment(given).to_environment(), **platform} == given


def test_the_authorizer_refuses_a_connection_without_a_token(recorded: Recorded):
    handler = "services.ws_manager.authorizer.handler"
    answer = call(handler, functions(recorded.graph)[handler], {"type": "REQUEST", "headers": {}})
    assert answer == {"error": "UnauthorizedError", "message": "Unauthorized"}


def test_ws_manager_answers_what_is_no_event_of_the_api(recorded: Recorded):
    handler = "services.ws_manager.handler.handler"
    answer = call(handler, functions(recorded.graph)[handler], {})
    assert "SettingsError" not in str(answer)


@pytest.mark.parametrize("handler", SETTINGS)
def test_the_handler_starts_with_its_environment(recorded: Recorded, handler: str):
    answer = call(handler, functions(recorded.graph)[handler], {})
    assert answer.get("error") not in {"SettingsError", "ModuleNotFoundError", "ImportError", "AttributeError"}, answer


def test_a_handler_without_one_of_its_variables_says_which(recorded: Recorded):
    handler = "services.ws_manager.handler.handler"
    rest = {k: v for k, v in functions(recorded.graph)[handler].items() if k != "REQUESTS_TABLE"}
    answer = call(handler, rest, {})
    assert answer["error"] == "SettingsError"
    assert "REQUESTS_TABLE" in answer["message"]
