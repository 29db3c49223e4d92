"""A Python function: what callers and policies rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.location import Location
from components.policies import Statement
from components.python_function import PythonFunction, accepted_by_lambda
from validation.graph import Graph
from validation.recording import record

LOCATION: Location = {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"}
NAME = "deskside-test-worker"
READ: Statement = {"actions": ["dynamodb:GetItem"], "resources": ["arn:aws:dynamodb:us-east-1:123456789012:table/t"]}


@pytest.fixture(scope="module")
def graph() -> Graph:
    def program() -> None:
        provider = aws.Provider("test", region="us-east-1")
        function = PythonFunction(
            NAME,
            {
                "location": LOCATION,
                "description": "Works",
                "package": Path("dist/worker.zip"),
                "handler": "services.worker.handler",
                "memory_mb": 512,
                "timeout_seconds": 28,
                "log_retention_days": 14,
                "environment": pulumi.Output.from_input({"TABLE": "t"}),
                "statements": [READ],
            },
            pulumi.ResourceOptions(providers=[provider]),
        )
        for output in ("function_name", "function_arn", "alias_name", "alias_arn", "invoke_arn", "version"):
            pulumi.export(output, getattr(function, output))
        pulumi.export("log_group_name", function.log_group_name)
        pulumi.export("role_name", function.role_name)

    return record(program)


def function(graph: Graph) -> Any:
    return graph.named(NAME, "aws:lambda/function:Function")


def statements(graph: Graph) -> list[dict[str, Any]]:
    [policy] = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    return json.loads(policy.inputs["policy"])["Statement"]


def test_is_configured_for_what_the_build_makes(graph: Graph) -> None:
    inputs = function(graph).inputs
    assert (inputs["runtime"], inputs["architectures"]) == ("python3.13", ["arm64"])
    assert (inputs["handler"], inputs["memorySize"], inputs["timeout"]) == ("services.worker.handler", 512, 28)
    assert inputs["code"] == {"archive": "worker.zip"}
    assert inputs["environment"] == {"variables": {"TABLE": "t"}}
    assert inputs["tracingConfig"] == {"mode": "Active"}
    assert "durableConfig" not in inputs


def test_is_named_by_pulumi_so_that_it_can_be_replaced(graph: Graph) -> None:
    assert "name" not in function(graph).inputs


def test_logs_as_json_into_its_own_group_with_retention(graph: Graph) -> None:
    [group] = graph.of_type("aws:cloudwatch/logGroup:LogGroup")
    assert group.inputs == {"name": f"/deskside/{NAME}", "retentionInDays": 14}
    assert function(graph).inputs["loggingConfig"] == {
        "logFormat": "JSON",
        "logGroup": f"/deskside/{NAME}",
        "applicationLogLevel": "INFO",
        "systemLogLevel": "INFO",
    }
    assert group.urn in function(graph).dependencies


def test_may_log_trace_and_what_it_was_given_and_nothing_else(graph: Graph) -> None:
    assert [(s["Action"], s["Resource"]) for s in statements(graph)] == [
        (
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"arn:aws:logs:us-east-1:123456789012:log-group:/deskside/{NAME}:*"],
        ),
        (["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
        (READ["actions"], READ["resources"]),
    ]


def test_only_lambda_may_assume_its_role_and_only_for_this_function(graph: Graph) -> None:
    [role] = graph.of_type("aws:iam/role:Role")
    [trust] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:lambda:us-east-1:123456789012:function:{NAME}-*"]},
    }
    # What the condition relies on.
    assert "vpcConfig" not in function(graph).inputs


def test_exists_only_once_its_role_has_its_policy(graph: Graph) -> None:
    [policy] = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    assert policy.urn in function(graph).dependencies


def test_callers_reach_its_newest_version_through_the_alias(graph: Graph) -> None:
    [alias] = graph.of_type("aws:lambda/alias:Alias")
    assert function(graph).inputs["publish"] is True
    assert alias.inputs["functionName"] == function(graph).outputs["name"]
    assert alias.inputs["functionVersion"] == function(graph).outputs["version"]
    assert graph.exports["alias_name"] == "live"
    assert graph.exports["alias_arn"].endswith(":live")
    assert ":live/invocations" in graph.exports["invoke_arn"]


def test_outputs_name_the_resources(graph: Graph) -> None:
    [role] = graph.of_type("aws:iam/role:Role")
    assert graph.exports["function_name"] == function(graph).outputs["name"]
    assert graph.exports["function_arn"] == function(graph).outputs["arn"]
    assert graph.exports["version"] == function(graph).outputs["version"]
    assert graph.exports["log_group_name"] == f"/deskside/{NAME}"
    assert graph.exports["role_name"] == role.outputs["name"]


def test_everything_is_inside_the_component(graph: Graph) -> None:
    component = graph.named(NAME, "deskside:index:PythonFunction")
    inside = [r for r in graph if r.urn != component.urn and not r.type.startswith("pulumi:providers")]
    role = graph.named(f"{NAME}-role", "deskside:index:ServiceRole")
    assert {r.parent for r in inside} == {component.urn, role.urn}


@pytest.mark.parametrize("name", ["AWS_REGION", "LAMBDA_TASK_ROOT", "_HANDLER"])
def test_refuses_variables_that_lambda_reserves(name: str) -> None:
    with pytest.raises(pulumi.RunError, match=name):
        accepted_by_lambda({name: "x", "TABLE": "t"})


def test_refuses_more_variables_than_lambda_takes() -> None:
    assert accepted_by_lambda({"A": "x" * 4095})
    with pytest.raises(pulumi.RunError, match="4097 bytes; Lambda takes 4096"):
        accepted_by_lambda({"A": "x" * 4096})
