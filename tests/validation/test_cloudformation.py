"""The rendered template: what cfn-lint finds in it, and that nothing gets lost on the way."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from pulumi import _types  # pyright: ignore[reportPrivateUsage]

from validation.cloudformation import Rendered, lint, render
from validation.cloudformation.rendering import RenderingError, lost
from validation.cloudformation.types import LEFT_OUT, PARTS, VERBATIM, WHOLES
from validation.graph import Graph, Resource
from validation.sdk_types import arguments_class

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
        ("function", {"runtime": "python3.9"}, "W2531"),
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


def test_parts_are_added_to_their_own_whole_only():
    buckets = [Resource(f"urn::{n}", "aws:s3/bucket:Bucket", n, {}, {"bucket": n}) for n in ("a", "b")]
    block = Resource(
        "urn::p",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "p",
        {"bucket": "b", "blockPublicAcls": True},
    )
    rendered = render(Graph("desk", "test", (*buckets, block)))
    assert "PublicAccessBlockConfiguration" not in rendered["aBucket"].properties
    assert rendered["bBucket"].properties["PublicAccessBlockConfiguration"] == {"BlockPublicAcls": True}


TARGET = "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget"


def target(configuration: dict[str, Any], **inputs: Any) -> Rendered:
    given = {"name": "mac", "gatewayIdentifier": "g", "targetConfiguration": configuration, **inputs}
    [rendered] = render(Graph("desk", "test", (Resource("urn", TARGET, "mac", given),))).values()
    return rendered


def test_a_target_keeps_what_is_not_lambda():
    both = target({"http": {"a": 1}, "mcp": {"lambda": {"lambdaArn": "f"}, "mcpServer": {"endpoint": "e"}}})
    assert both.properties["TargetConfiguration"] == {
        "Http": {"A": 1},
        "Mcp": {"Lambda": {"LambdaArn": "f"}, "McpServer": {"Endpoint": "e"}},
    }
    given = {"oauth": {"providerArn": "p"}, "gatewayIamRole": {}}
    assert target({}, credentialProviderConfiguration=given).properties["CredentialProviderConfigurations"] == [
        {"CredentialProviderType": "OAUTH", "CredentialProvider": {"Oauth": {"ProviderArn": "p"}}},
        {"CredentialProviderType": "GATEWAY_IAM_ROLE"},
    ]


def test_a_tools_schema_is_written_as_awss():
    schema = {
        "type": "object",
        "properties": [
            {"name": "a", "type": "string", "required": True},
            {"name": "b", "type": "array", "items": {"type": "string"}},
            {"name": "c", "type": "object", "propertiesJson": '{"d": {"type": "string"}}'},
            {"name": "e", "type": "array", "itemsJson": '{"type": "integer"}'},
        ],
    }
    tool = {"name": "t", "description": "d", "inputSchema": schema}
    rendered = target({"mcp": {"lambda": {"lambdaArn": "f", "toolSchema": {"inlinePayloads": [tool]}}}})
    [written] = rendered.properties["TargetConfiguration"]["Mcp"]["Lambda"]["ToolSchema"]["InlinePayload"]
    assert written["InputSchema"] == {
        "Type": "object",
        "Required": ["a"],
        "Properties": {
            "a": {"Type": "string"},
            "b": {"Type": "array", "Items": {"Type": "string"}},
            "c": {"Type": "object", "Properties": {"d": {"Type": "string"}}},
            "e": {"Type": "array", "Items": {"Type": "integer"}},
        },
    }
    assert lost(rendered) == []


@pytest.mark.parametrize(
    ("kind", "changed", "path"),
    [
        ("function", {"code": {"asset": "a.zip"}}, "code.asset"),
        ("function", {"replacementSecurityGroupIds": ["sg-1"]}, "replacementSecurityGroupIds"),
        ("runtime", {"lifecycleConfigurations": [{"maxLifetime": 1}, {"maxLifetime": 2}]}, "lifecycleConfigurations"),
        ("runtime", {"protocolConfiguration": {"serverProtocol": "HTTP", "other": 7}}, "protocolConfiguration.other"),
    ],
)
def test_an_input_that_gets_lost_is_found(kind: str, changed: dict[str, Any], path: str):
    found = [finding for finding in lint(graph_of(kind, **changed), REGION) if finding.rule == "lost"]
    assert [finding.message.split(": ")[1].split()[0] for finding in found if path in finding.message] != []
    assert {(finding.layer, finding.resource) for finding in found} == {("cloudformation", kind)}


def test_an_input_of_a_part_that_gets_lost_is_found():
    bucket = Resource("urn::b", "aws:s3/bucket:Bucket", "b", {}, {"bucket": "b"})
    owner = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    controls = Resource("urn::o", owner, "o", {"bucket": "b", "rule": {"objectOwnership": "x"}, "expected": "y"})
    [rendered] = render(Graph("desk", "test", (bucket, controls))).values()
    assert lost(rendered) == ["o: expected is not in the template"]


def test_numbers_and_json_are_found_however_they_are_written():
    token = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
    metric = {"name": "m", "namespace": "n", "value": "1", "defaultValue": "0"}
    inputs = {"name": "f", "pattern": "p", "logGroupName": "g", "metricTransformation": metric}
    [rendered] = render(Graph("desk", "test", (Resource("urn", token, "f", inputs),))).values()
    assert lost(rendered) == []


def test_what_is_left_out_belongs_to_a_written_type():
    for (type, key), reason in LEFT_OUT.items():
        assert type in {**WHOLES, **PARTS}
        assert len(reason.split()) > 2, key


@pytest.mark.parametrize("token", sorted({**WHOLES, **PARTS}))
def test_keys_that_are_data_are_listed(token: str):
    assert mappings(arguments_class(token)) <= VERBATIM


def mappings(arguments: type, seen: frozenset[type] = frozenset()) -> set[str]:
    """Inputs, at any depth, that the SDK types as mappings; of policies the document's own."""
    found: set[str] = set()
    for key, expected in _types.input_type_types(arguments).items():
        for kind in every_kind(expected):
            if inspect.isclass(kind) and _types.is_input_type(kind):
                if kind not in seen and key not in VERBATIM:
                    found |= mappings(kind, seen | {kind})
            elif inspect.isclass(origin := typing.get_origin(kind)) and issubclass(origin, Mapping):
                found.add(key)
    return found


def every_kind(expected: Any) -> Iterator[Any]:
    """The alternatives of a type, and of what its lists hold."""
    origin = typing.get_origin(expected)
    if origin in (typing.Union, types.UnionType) or origin is Sequence:
        for one in typing.get_args(expected):
            yield from every_kind(one)
    else:
        yield expected


def test_a_condition_of_a_policy_keeps_its_keys():
    condition = {"StringEquals": {"aws:SourceAccount": "1"}}
    trust = {"Statement": [{"Effect": "Allow", "Condition": condition}]}
    role = Resource("urn", "aws:iam/role:Role", "r", {"assumeRolePolicy": trust})
    [rendered] = render(Graph("desk", "test", (role,))).values()
    assert rendered.properties["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] == condition


def test_a_part_of_nothing_is_refused():
    block = Resource("urn::p", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "p", {"bucket": "b"})
    with pytest.raises(RenderingError, match="0 resources are called b"):
        render(Graph("desk", "test", (block,)))


def test_a_type_that_nobody_described_is_refused():
    with pytest.raises(RenderingError, match="aws:new/thing:Thing"):
        render(Graph("desk", "test", (Resource("urn", "aws:new/thing:Thing", "thing", {}),)))
