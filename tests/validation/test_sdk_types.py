"""Inputs against the SDK's types: each kind of mistake is found, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from validation.graph import Resource
from validation.sdk_types import check_resource

FUNCTION = "aws:lambda/function:Function"


def faults(type: str = FUNCTION, /, **inputs: Any) -> list[str]:
    return check_resource(Resource("urn", type, "name", inputs))


def test_right_inputs_are_right():
    assert (
        faults(
            role="arn",
            code={"archive": "a.zip"},
            timeout=3,
            environment={"variables": {"A": "b"}},
            durableConfig={"executionTimeout": 900},
            architectures=["arm64"],
            publish=True,
        )
        == []
    )


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        (
            {"durableConfig": {"executionTimeouts": 1}},
            "durableConfig.executionTimeouts: unknown, did you mean executionT",
        ),
        ({"durableConfig": {"execution_timeout": 1}}, "durableConfig.execution_timeout: unknown"),
        ({"durableConfig": {"retentionPeriod": 1}}, "durableConfig: executionTimeout is missing"),
        ({"timeout": "3"}, "timeout: should be int, is str '3'"),
        ({"timeout": True}, "timeout: should be int"),
        ({"publish": "true"}, "publish: should be bool"),
        ({"architectures": "arm64"}, "architectures: should be a list"),
        ({"environment": {"variables": {"A": 1}}}, "environment.variables.A: should be str"),
        ({"environment": ["A"]}, "environment: should be an object"),
        ({"code": "a.zip"}, "code: should be Archive"),
        ({"timeoutSeconds": 3}, "timeoutSeconds: unknown"),
        ({"description": None}, "description: is None"),
    ],
)
def test_each_mistake_is_found(inputs: dict[str, Any], fault: str):
    found = faults(role="arn", **inputs)
    assert any(fault in text for text in found), found


def test_a_missing_argument_is_found():
    assert faults() == ["name (aws:lambda/function:Function): inputs: role is missing"]


def test_an_enumeration_takes_its_own_values_only():
    def vpc(**inputs: Any) -> list[str]:
        return check_resource(Resource("urn", "awsx:ec2:Vpc", "vpc", inputs, custom=False, remote=True))

    assert vpc(natGateways={"strategy": "Single"}, subnetSpecs=[{"type": "Private"}]) == []
    assert "natGateways.strategy: should be NatGatewayStrategy" in vpc(natGateways={"strategy": "Singel"})[0]
    assert "subnetSpecs[0].type: should be SubnetType" in vpc(subnetSpecs=[{"type": "Publik"}])[0]
    assert faults(role="arn", runtime="python3.99") == [], "plain text is allowed here too: cfn-lint knows runtimes"


def test_numbers_are_of_their_kind():
    alarm = "aws:cloudwatch/metricAlarm:MetricAlarm"
    right = {"comparisonOperator": "x", "evaluationPeriods": 1}
    assert faults(alarm, **right, threshold=0.5) == []
    assert faults(alarm, **right, threshold=1) == []
    assert "should be float" in faults(alarm, **right, threshold=True)[0]
    assert "should be int" in faults(alarm, **{**right, "evaluationPeriods": 1.5})[0]


def test_a_mapping_and_a_list_are_told_apart():
    assert "environment.variables: should be a mapping" in faults(role="a", environment={"variables": ["A"]})[0]
    assert "fileSystemConfig: should be an object" in faults(role="a", fileSystemConfig="x")[0]
    assert "layers[1]: is None" in faults(role="a", layers=["a", None])[0]


def test_documents_may_be_text_or_objects():
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
    assert faults("aws:iam/role:Role", assumeRolePolicy="{}") == []
    assert faults("aws:iam/role:Role", assumeRolePolicy=trust) == []


def test_packaged_components_and_providers_have_types_too():
    vpc = Resource("urn", "awsx:ec2:Vpc", "vpc", {"natGateways": {"strategi": "Single"}}, custom=False, remote=True)
    assert "natGateways.strategi: unknown, did you mean strategy?" in check_resource(vpc)[0]
    assert faults("pulumi:providers:aws", region="us-east-1", defaultTags='{"tags": {"a": "b"}}') == []
    assert faults("pulumi:providers:aws", defaultTags='{"tag": {"a": "b"}}') != []
