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
    SettingsError,
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

DURABLE = {"services.mcp_proxy.handler.handler", "services.deploy_hooks.image.handler"}

EXECUTION: dict[str, object] = {
    "DurableExecutionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/a/b",
    "CheckpointToken": "token",
    "InitialExecutionState": {
        "Operations": [
            {
                "Id": "execution",
                "Type": "EXECUTION",
                "Status": "STARTED",
                "StartTimestamp": 1_700_000_000_000,
                "ExecutionDetails": {"InputPayload": "{}"},
            }
        ],
        "NextMarker": "",
    },
}
"""What Lambda sends to begin a durable execution: anything else is refused before our code runs."""

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


def start(handler: str, environment: dict[str, str]) -> tuple[str, str]:
    """The kind of error and the message with which the handler ends for an empty event; empty where it answers."""
    answer = call(handler, environment, EXECUTION if handler in DURABLE else {})
    if handler in DURABLE:
        assert "answer" in answer, f"the durable SDK itself refused the event: {answer}"
        error = answer["answer"].get("Error") or {}
        return str(error.get("ErrorType", "")).rsplit(".", maxsplit=1)[-1], str(error.get("ErrorMessage", ""))
    return answer.get("error", ""), answer.get("message", "")


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
    error, message = start(handler, functions(recorded.graph)[handler])
    assert error not in {"SettingsError", "ModuleNotFoundError", "ImportError", "AttributeError"}, message


def test_the_durable_functions_are_those_called_so(recorded: Recorded):
    functions = recorded.graph.of_type("aws:lambda/function:Function")
    assert {str(one.inputs["handler"]) for one in functions if "durableConfig" in one.inputs} == DURABLE


@pytest.mark.parametrize("handler", SETTINGS)
def test_a_handler_without_one_of_its_variables_says_which(recordings: dict[str, Recorded], handler: str):
    given = functions(recordings["dev"].graph)[handler]
    required = [name.upper() for name, field in SETTINGS[handler].model_fields.items() if field.is_required()]
    # The model with nothing but defaults has none that it could miss, only one that it cannot read.
    missing = required[-1] if required else "READY_SECONDS"
    rest = {name: value for name, value in given.items() if name != missing}
    error, message = start(handler, rest if required else {**given, missing: "soon"})
    assert error == "SettingsError"
    assert message.startswith(SETTINGS[handler].__name__), "the model that the test knows is the one it reads"
    assert missing in message


@pytest.mark.parametrize("handler", SETTINGS)
def test_one_variable_more_less_or_misspelt_is_seen(recordings: dict[str, Recorded], handler: str):
    given = functions(recordings["prod"].graph)[handler]
    model = SETTINGS[handler]
    for name in given:
        rest = {key: value for key, value in given.items() if key != name}
        for wrong in (rest, {**rest, f"{name}S": given[name]}, {**given, f"{name}S": "x"}):
            try:
                same = model.from_environment(wrong).to_environment() == wrong
            except SettingsError:
                same = False
            assert not same, f"{name} of {handler}"
