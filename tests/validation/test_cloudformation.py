"""The rendered template: what cfn-lint finds in it, and that nothing gets lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from validation.cloudformation import lint, render
from validation.cloudformation.rendering import RenderingError
from validation.graph import Graph, Resource

REGION = "us-east-1"

FUNCTION: dict[str, Any] = {
    "name": "function",
    "role": "arn:aws:iam::123456789012:role/function",
    "runtime": "python3.13",
    "handler": "a.handler",
    "code": {"archive": "a.zip"},
    "architectures": ["arm64"],
    "publish": True,
    "durableConfig": {"executionTimeout": 900, "retentionPeriod": 1},
}
TABLE: dict[str, Any] = {
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "id",
    "attributes": [{"name": "id", "type": "S"}, {"name": "session", "type": "S"}],
    "ttl": {"attributeName": "expires", "enabled": True},
    "pointInTimeRecovery": {"enabled": True},
    "globalSecondaryIndexes": [
        {"name": "sessions", "projectionType": "ALL", "keySchemas": [{"attributeName": "session", "keyType": "HASH"}]}
    ],
}
RUNTIME: dict[str, Any] = {
    "agentRuntimeName": "agent_dev",
    "agentRuntimeArtifact": {
        "containerConfiguration": {"containerUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/agent:1a2b"}
    },
    "networkConfiguration": {"networkMode": "PUBLIC"},
    "roleArn": "arn:aws:iam::123456789012:role/agent",
    "lifecycleConfigurations": [{"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}],
    "environmentVariables": {"lower_case": "kept"},
}
KINDS = {
    "function": ("aws:lambda/function:Function", FUNCTION),
    "table": ("aws:dynamodb/table:Table", TABLE),
    "runtime": ("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime", RUNTIME),
    "log": ("aws:cloudwatch/logGroup:LogGroup", {"name": "log", "retentionInDays": 14}),
}


def graph_of(kind: str, **changed: Any) -> Graph:
    token, inputs = KINDS[kind]
    return Graph("desk", "test", (Resource(f"urn::{kind}", token, kind, {**inputs, **changed}),))


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_resource_has_no_findings(kind: str):
    assert lint(graph_of(kind), REGION) == []


@pytest.mark.parametrize(
    ("kind", "changed", "rule"),
    [
        ("function", {"timeout": 1000}, "E3717"),
        ("function", {"runtime": "python3.99"}, "E3030"),
        ("function", {"architectures": ["aarch64"]}, "E3030"),
        ("function", {"environment": {"variables": {"AWS_REGION": "x"}}}, "E3663"),
        ("function", {"durableConfig": {"executionTimeouts": 9}}, "E3002"),
        ("function", {"memorySizes": 512}, "E3002"),
        ("table", {"hashKey": "other"}, "E3039"),
        ("table", {"billingMode": "PAY"}, "E3030"),
        ("runtime", {"networkConfiguration": {"networkMode": "PRIVATE"}}, "E3030"),
        ("log", {"retentionInDays": 400_000}, "E3030"),
    ],
)
def test_each_mistake_is_found(kind: str, changed: dict[str, Any], rule: str):
    found = lint(graph_of(kind, **changed), REGION)
    assert rule in {finding.rule for finding in found}, found
    assert {finding.resource for finding in found} == {kind}


def test_keys_that_are_data_keep_their_case():
    [runtime] = render(graph_of("runtime")).values()
    assert runtime.properties["EnvironmentVariables"] == {"lower_case": "kept"}


def test_parts_become_properties_of_what_they_belong_to():
    bucket = Resource("urn::b", "aws:s3/bucket:Bucket", "b", {}, {"bucket": "b-1a2b3c4"})
    block = Resource(
        "urn::p",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "p",
        {"bucket": "b-1a2b3c4", "blockPublicAcls": True},
    )
    [rendered] = render(Graph("desk", "test", (block, bucket))).values()
    assert rendered.properties == {
        "BucketName": "b-1a2b3c4",
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
    }


def test_a_part_of_nothing_is_refused():
    block = Resource("urn::p", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "p", {"bucket": "b"})
    with pytest.raises(RenderingError, match="0 resources are called b"):
        render(Graph("desk", "test", (block,)))


def test_a_type_that_nobody_described_is_refused():
    with pytest.raises(RenderingError, match="aws:new/thing:Thing"):
        render(Graph("desk", "test", (Resource("urn", "aws:new/thing:Thing", "thing", {}),)))
