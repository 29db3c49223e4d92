"""What is set once per account and Region."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.account import AccountSettings
from validation.graph import Graph
from validation.recording import record

ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def graph() -> Graph:
    def program() -> None:
        provider = aws.Provider("deskside-test", region="us-east-1")
        AccountSettings(
            "deskside-test-account",
            {"location": {"partition": "aws", "region": "us-east-1", "account_id": ACCOUNT}},
            pulumi.ResourceOptions(providers=[provider]),
        )

    return record(program)


def inputs(graph: Graph, type: str) -> dict[str, Any]:
    [resource] = graph.of_type(type)
    return dict(resource.inputs)


def test_api_gateway_gets_the_role_only_when_it_can_write(graph: Graph) -> None:
    [account] = graph.of_type("aws:apigateway/account:Account")
    [role] = graph.of_type("aws:iam/role:Role")
    [permission] = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    assert account.inputs["cloudwatchRoleArn"] == role.outputs["arn"]
    assert {role.urn, permission.urn} <= account.dependencies
    [statement] = json.loads(permission.inputs["policy"])["Statement"]
    # API Gateway refuses a role with less than the managed policy grants.
    assert set(statement["Action"]) == {
        f"logs:{name}"
        for name in (
            "CreateLogGroup",
            "CreateLogStream",
            "DescribeLogGroups",
            "DescribeLogStreams",
            "PutLogEvents",
            "GetLogEvents",
            "FilterLogEvents",
        )
    }
    [trusted] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Service": "apigateway.amazonaws.com"}


def test_x_ray_may_write_spans_before_they_are_sent_there(graph: Graph) -> None:
    [policy] = graph.of_type("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
    [destination] = graph.of_type("aws:xray/traceSegmentDestination:TraceSegmentDestination")
    [rule] = graph.of_type("aws:xray/indexingRule:IndexingRule")
    [statement] = json.loads(policy.inputs["policyDocument"])["Statement"]
    assert statement["Resource"] == [
        f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:aws/spans:*",
        f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/application-signals/data:*",
    ]
    assert statement["Principal"] == {"Service": "xray.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert destination.inputs["destination"] == "CloudWatchLogs"
    assert policy.urn in destination.dependencies
    assert destination.urn in rule.dependencies
    assert rule.inputs["name"] == "Default"


def test_everything_is_a_child_of_the_component(graph: Graph) -> None:
    component = graph.named("deskside-test-account", "deskside:index:AccountSettings")
    children = [r for r in graph if r.custom and not r.type.startswith("pulumi:")]
    assert len(children) == 6
    assert {child.parent for child in children} == {component.urn}
