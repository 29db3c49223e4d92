"""The agent's runtime: the version that was checked is served, and people's words stay out of its traces."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from amazon.opentelemetry.distro.attribute_redacting_span_processor import AttributeRedactingSpanProcessor
from botocore.session import get_session
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from strands.telemetry import tracer as strands_tracer

from components.agent_runtime import CHECK_SECONDS, TELEMETRY, AgentRuntime, AgentRuntimeArgs
from services.contract.settings import RuntimeMetadataSettings
from services.deploy_hooks.runtime_metadata import RuntimeRequest
from validation.graph import Graph
from validation.recording import record

NAME = "deskside-test-agent"
RUNTIME_NAME = "deskside_test"
SECRET_WORDS = "my own words"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dist") / "package.zip"
    path.write_bytes(b"PK\x05\x06" + bytes(18))
    return path


def built(package: Path, **changes: Any) -> Graph:
    args: dict[str, Any] = {
        "location": {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"},
        "runtime_name": RUNTIME_NAME,
        "image_uri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/images:0123",
        "repository_arn": "arn:aws:ecr:us-east-1:123456789012:repository/images",
        "hooks_package": package,
        "network": None,
        "idle_seconds": 900,
        "lifetime_seconds": 28_800,
        "log_retention_days": 14,
        "environment": {"MODEL_ID": "us.anthropic.claude-sonnet-4-6"},
        "statements": [
            {"actions": ["dynamodb:Query"], "resources": ["arn:aws:dynamodb:us-east-1:123456789012:table/t"]}
        ],
        **changes,
    }

    def program() -> None:
        provider = aws.Provider("test", region="us-east-1")
        agent = AgentRuntime(NAME, AgentRuntimeArgs(**args), pulumi.ResourceOptions(providers=[provider]))
        for output in ("arn", "runtime_id", "endpoint_name", "endpoint_arn", "version", "log_group_name"):
            pulumi.export(output, getattr(agent, output))

    return record(program)


@pytest.fixture(scope="module")
def graph(package: Path) -> Graph:
    return built(package)


def dependencies(graph: Graph, name: str) -> set[str]:
    return {graph.by_urn(urn).name for urn in graph.named(name).dependencies}


def statements(graph: Graph, name: str) -> list[dict[str, Any]]:
    [policy] = [r for r in graph.of_type("aws:iam/rolePolicy:RolePolicy") if r.name.startswith(name)]
    return json.loads(policy.inputs["policy"])["Statement"]


def test_names_are_ones_agentcore_takes(graph: Graph) -> None:
    pattern = re.compile("[a-zA-Z][a-zA-Z0-9_]{0,47}")
    assert pattern.fullmatch(graph.named(f"{NAME}-runtime").inputs["agentRuntimeName"])
    assert pattern.fullmatch(graph.named(f"{NAME}-endpoint").inputs["name"])


def test_the_endpoint_serves_the_version_the_check_answered(graph: Graph) -> None:
    endpoint = graph.named(f"{NAME}-endpoint")
    result = json.loads(graph.named(f"{NAME}-checked").outputs["result"])
    assert endpoint.inputs["agentRuntimeVersion"] == result["version"] == graph.exports["version"]
    assert f"{NAME}-checked" in dependencies(graph, f"{NAME}-endpoint")


def test_the_logs_have_their_group_before_the_endpoint_writes_any(graph: Graph) -> None:
    runtime_id = graph.named(f"{NAME}-runtime").outputs["agentRuntimeId"]
    logs = graph.named(f"{NAME}-log").inputs
    assert logs["name"] == f"/aws/bedrock-agentcore/runtimes/{runtime_id}-{graph.exports['endpoint_name']}"
    assert logs["retentionInDays"] == 14
    assert f"{NAME}-log" in dependencies(graph, f"{NAME}-endpoint")
    assert graph.exports["log_group_name"] == logs["name"]


def test_the_check_is_made_anew_with_every_version(graph: Graph, package: Path) -> None:
    before = graph.named(f"{NAME}-checked").inputs
    RuntimeRequest.model_validate_json(before["input"])
    assert before["triggers"]["version"] == "1"
    for change in (
        {"image_uri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/images:4567"},
        {"environment": {"MODEL_ID": "other"}},
        {"idle_seconds": 60},
        {"network": {"subnet_ids": ["subnet-01234567"], "security_group_ids": ["sg-01234567"]}},
    ):
        assert built(package, **change).named(f"{NAME}-checked").inputs["triggers"] != before["triggers"]


def test_the_check_may_look_update_and_pass_the_one_role(graph: Graph) -> None:
    granted = statements(graph, f"{NAME}-check")
    [update] = [s for s in granted if "bedrock-agentcore:UpdateAgentRuntime" in s["Action"]]
    assert update["Resource"] == [graph.exports["arn"]]
    [passing] = [s for s in granted if s["Action"] == ["iam:PassRole"]]
    assert passing["Resource"] == [graph.named(f"{NAME}-role", "aws:iam/role:Role").outputs["arn"]]
    assert passing["Condition"]["StringEquals"] == {"iam:PassedToService": "bedrock-agentcore.amazonaws.com"}
    function = graph.named(f"{NAME}-check", "aws:lambda/function:Function").inputs
    settings = RuntimeMetadataSettings.from_environment(function["environment"]["variables"])
    assert 2 * settings.ready_seconds < function["timeout"] == CHECK_SECONDS


def test_public_by_default(graph: Graph) -> None:
    assert graph.named(f"{NAME}-runtime").inputs["networkConfiguration"] == {"networkMode": "PUBLIC"}


def test_in_a_vpc_without_what_the_service_refuses(package: Path) -> None:
    network = {"subnet_ids": ["subnet-01234567", "subnet-89abcdef"], "security_group_ids": ["sg-01234567"]}
    inputs = built(package, network=network).named(f"{NAME}-runtime").inputs
    assert inputs["networkConfiguration"] == {
        "networkMode": "VPC",
        "networkModeConfig": {"subnets": network["subnet_ids"], "securityGroups": network["security_group_ids"]},
    }


def test_the_runtime_waits_for_its_role(graph: Graph) -> None:
    assert f"{NAME}-role-policy" in dependencies(graph, f"{NAME}-runtime")
    runtime = graph.named(f"{NAME}-runtime")
    assert runtime.delete_before_replace
    assert runtime.inputs["lifecycleConfigurations"] == [{"idleRuntimeSessionTimeout": 900, "maxLifetime": 28_800}]


def test_the_role_is_agentcores_for_this_account(graph: Graph) -> None:
    role = graph.named(f"{NAME}-role", "aws:iam/role:Role")
    [trust] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "bedrock-agentcore.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": ["arn:aws:bedrock-agentcore:us-east-1:123456789012:*"]},
    }
    granted = statements(graph, f"{NAME}-role")
    assert any(s["Action"] == ["dynamodb:Query"] for s in granted)
    anywhere = {action for s in granted if s["Resource"] == ["*"] for action in s["Action"]}
    assert {action.partition(":")[0] for action in anywhere} == {"ecr", "xray", "cloudwatch"}


def test_the_environment_is_ours_and_the_telemetry_settings(graph: Graph) -> None:
    variables = graph.named(f"{NAME}-runtime").inputs["environmentVariables"]
    # boto3 needs a Region, and nothing says that AgentCore sets one.
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    assert variables == {"MODEL_ID": "us.anthropic.claude-sonnet-4-6", **TELEMETRY, **region}
    shape = get_session().get_service_model("bedrock-agentcore-control").shape_for("EnvironmentVariableKey")
    assert all(len(key) <= int(shape.metadata["max"]) for key in variables)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[strands_tracer.Tracer, InMemorySpanExporter]]:
    """Strands' tracer as the runtime sets it up."""
    for key, value in TELEMETRY.items():
        monkeypatch.setenv(key, value)
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(AttributeRedactingSpanProcessor())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = strands_tracer.Tracer()
    monkeypatch.setattr(tracer, "tracer", provider.get_tracer("test"))
    yield tracer, exporter
    provider.shutdown()


def test_traces_hold_no_word_of_what_people_say(spans: tuple[strands_tracer.Tracer, InMemorySpanExporter]) -> None:
    tracer, exporter = spans
    prompt: Any = [{"role": "user", "content": [{"text": SECRET_WORDS}]}]
    answer: Any = {"role": "assistant", "content": [{"text": SECRET_WORDS}]}
    agent = tracer.start_agent_span(prompt, "agent", "model", system_prompt=SECRET_WORDS)
    model = tracer.start_model_invoke_span(prompt, agent, "model", system_prompt=SECRET_WORDS)
    tracer.end_model_invoke_span(
        model, answer, {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, {"latencyMs": 1}, "end_turn"
    )
    tool = tracer.start_tool_call_span(
        {"name": "get_vpn_status", "toolUseId": "1", "input": {"q": SECRET_WORDS}}, agent
    )
    # As the distribution's instrumentation of MCP before version 2 does.
    tool.set_attribute("gen_ai.tool.call.arguments", SECRET_WORDS)
    tool.set_attribute("gen_ai.tool.call.result", SECRET_WORDS)
    tracer.end_tool_call_span(tool, {"toolUseId": "1", "status": "success", "content": [{"text": SECRET_WORDS}]})
    agent.end()
    told = [span.to_json() for span in exporter.get_finished_spans()]
    assert len(told) == 3
    assert not [span for span in told if SECRET_WORDS in span]
    assert any("get_vpn_status" in span for span in told)


def test_the_same_spans_would_tell_it_all_without_our_settings(
    spans: tuple[strands_tracer.Tracer, InMemorySpanExporter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the test above means something."""
    for key in TELEMETRY:
        monkeypatch.delenv(key)
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = strands_tracer.Tracer()
    monkeypatch.setattr(tracer, "tracer", provider.get_tracer("test"))
    tracer.start_agent_span([{"role": "user", "content": [{"text": SECRET_WORDS}]}], "agent", "model").end()
    [span] = exporter.get_finished_spans()
    assert SECRET_WORDS in span.to_json()
