"""The tool gateway and the conversion of tool schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.tool_gateway import TARGET_NAME, ToolGateway, ToolGatewayArgs, tool_definition
from local.config import GATEWAY_TARGET
from services.contract.tools import TOOLS, TRUSTED_ARGUMENTS
from validation.graph import Graph, Resource
from validation.recording import record

NAME = "deskside-test-tools"
ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:mcp-proxy:live"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI"

GATEWAY = "aws:bedrock/agentcoreGateway:AgentcoreGateway"
TARGET = "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget"


def _args() -> ToolGatewayArgs:
    return {
        "location": {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"},
        "discovery_url": f"{ISSUER}/.well-known/openid-configuration",
        "allowed_clients": ["machine"],
        "allowed_scopes": ["deskside/tools"],
        "function_alias_arn": ALIAS,
        "tools": [tool.gateway_schema() for tool in TOOLS],
    }


def _graph(**more: Any) -> Graph:
    args: Any = {**_args(), **more}
    return record(lambda: ToolGateway(NAME, args))


def _only(graph: Graph, type: str) -> Resource:
    (resource,) = graph.of_type(type)
    return resource


def _payloads(graph: Graph) -> list[dict[str, Any]]:
    function = _only(graph, TARGET).inputs["targetConfiguration"]["mcp"]["lambda"]
    return function["toolSchema"]["inlinePayloads"]


def test_only_the_agents_tokens_are_let_in() -> None:
    inputs = _only(_graph(), GATEWAY).inputs

    assert inputs["authorizerType"] == "CUSTOM_JWT"
    assert inputs["authorizerConfiguration"] == {
        "customJwtAuthorizer": {
            "discoveryUrl": f"{ISSUER}/.well-known/openid-configuration",
            "allowedClients": ["machine"],
            "allowedScopes": ["deskside/tools"],
        }
    }
    assert inputs["protocolType"] == "MCP"
    assert "exceptionLevel" not in inputs


def test_the_role_may_call_the_alias_and_nothing_else() -> None:
    graph = _graph()
    policy = json.loads(_only(graph, "aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    trust = json.loads(_only(graph, "aws:iam/role:Role").inputs["assumeRolePolicy"])

    assert policy["Statement"] == [{"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": [ALIAS]}]
    (statement,) = trust["Statement"]
    assert statement["Principal"] == {"Service": "bedrock-agentcore.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/{NAME}-*"]},
    }


def test_the_trust_covers_the_gateway_that_is_made() -> None:
    made = _only(_graph(), GATEWAY).outputs["gatewayArn"]

    assert made.startswith(f"arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/{NAME}-")


def test_gateway_and_target_wait_for_the_roles_policy() -> None:
    graph = _graph()
    policy = _only(graph, "aws:iam/rolePolicy:RolePolicy").urn

    assert policy in _only(graph, GATEWAY).dependencies
    assert policy in _only(graph, TARGET).dependencies


def test_one_target_has_all_tools_and_the_name_that_the_local_stack_uses() -> None:
    graph = _graph()
    inputs = _only(graph, TARGET).inputs

    assert inputs["name"] == TARGET_NAME == GATEWAY_TARGET
    assert inputs["gatewayIdentifier"] == _only(graph, GATEWAY).outputs["gatewayId"]
    assert inputs["targetConfiguration"]["mcp"]["lambda"]["lambdaArn"] == ALIAS
    assert inputs["credentialProviderConfiguration"] == {"gatewayIamRole": {}}
    assert [payload["name"] for payload in _payloads(graph)] == [tool.name for tool in TOOLS]
    assert _only(graph, TARGET).delete_before_replace


def _read_back(definition: dict[str, Any]) -> dict[str, Any]:
    """As the provider writes it for AWS: a map of properties, and the required ones by name."""
    schema = {key: definition[key] for key in ("type", "description") if key in definition}
    if "properties" in definition:
        properties = definition["properties"]
        schema["properties"] = {one["name"]: _read_back(one) for one in properties}
        schema["required"] = [one["name"] for one in properties if one["required"]]
    return schema


def test_the_tools_are_those_of_the_protocol() -> None:
    declared = json.loads((Path(__file__).parents[2] / "protocol" / "gateway-tools.json").read_text())
    offered = [
        {**{key: one[key] for key in ("name", "description")}, "inputSchema": _read_back(one["inputSchema"])}
        for one in _payloads(_graph())
    ]
    assert offered == declared


def test_the_trusted_arguments_are_required_of_every_tool() -> None:
    for payload in _payloads(_graph()):
        required = {one["name"] for one in payload["inputSchema"]["properties"] if one["required"]}
        assert required >= TRUSTED_ARGUMENTS.keys()


def test_traces_are_delivered_and_no_bodies_are_logged() -> None:
    graph = _graph()
    source = _only(graph, "aws:cloudwatch/logDeliverySource:LogDeliverySource")
    destination = _only(graph, "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
    delivery = _only(graph, "aws:cloudwatch/logDelivery:LogDelivery").inputs

    assert source.inputs["logType"] == "TRACES"
    assert source.inputs["resourceArn"] == _only(graph, GATEWAY).outputs["gatewayArn"]
    assert source.delete_before_replace
    # X-Ray is not addressed by an ARN: AWS refuses a configuration here.
    assert destination.inputs == {"deliveryDestinationType": "XRAY"}
    assert delivery["deliverySourceName"] == source.outputs["name"]
    assert delivery["deliveryDestinationArn"] == destination.outputs["arn"]
    assert not graph.of_type("aws:cloudwatch/logGroup:LogGroup")


def test_request_logs_are_kept_for_as_long_as_asked() -> None:
    graph = _graph(log_retention_days=7)
    log_group = _only(graph, "aws:cloudwatch/logGroup:LogGroup")
    source = graph.named(f"{NAME}-logs", "aws:cloudwatch/logDeliverySource:LogDeliverySource")
    destination = graph.named(f"{NAME}-logs", "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")

    assert log_group.inputs["retentionInDays"] == 7
    assert log_group.inputs["name"].startswith("/aws/vendedlogs/")
    assert source.inputs["logType"] == "APPLICATION_LOGS"
    assert destination.inputs["deliveryDestinationConfiguration"]["destinationResourceArn"] == log_group.outputs["arn"]


def _tool(schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": "t", "description": "d", "inputSchema": schema}


def _converted(schema: dict[str, Any]) -> dict[str, Any]:
    return tool_definition(_tool(schema))["input_schema"]


def test_required_is_said_by_each_property() -> None:
    schema = {
        "type": "object",
        "description": "all",
        "properties": {"a": {"type": "string", "description": "first"}, "b": {"type": "integer"}},
        "required": ["a"],
    }

    assert tool_definition(_tool(schema)) == {
        "name": "t",
        "description": "d",
        "input_schema": {
            "type": "object",
            "description": "all",
            "properties": [
                {"name": "a", "type": "string", "description": "first", "required": True},
                {"name": "b", "type": "integer", "required": False},
            ],
        },
    }


def test_arrays_keep_their_items() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}

    assert _converted(schema)["properties"] == [
        {"name": "a", "type": "array", "items": {"type": "string"}, "required": False}
    ]


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


TEXT = {"type": "string"}


def test_three_levels_are_spelled_out_and_the_rest_is_json() -> None:
    (outer,) = _converted(_object(outer=_object(inner=_object(deep=TEXT))))["properties"]
    (inner,) = outer["properties"]

    assert inner.keys() == {"name", "type", "required", "properties_json"}
    assert json.loads(inner["properties_json"]) == {"properties": {"deep": TEXT}, "required": ["deep"]}


def test_an_array_of_objects_with_an_array() -> None:
    (outer,) = _converted(_object(outer=_array(_object(inner=_array(TEXT)))))["properties"]
    (inner,) = outer["items"]["properties"]

    assert json.loads(inner.pop("items_json")) == TEXT
    assert inner == {"name": "inner", "type": "array", "required": True}


def test_an_array_of_arrays_of_arrays() -> None:
    (outer,) = _converted(_object(outer=_array(_array(_array(TEXT)))))["properties"]

    assert outer["items"]["items"] == {"type": "array", "items_json": '{"type":"string"}'}


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        (_object(a={"type": "string", "enum": ["x"]}), r"t\.inputSchema\.a: .* no enum"),
        ({**_object(), "additionalProperties": False}, "no additionalProperties"),
        (_object(a=_array({"type": "string", "pattern": "x"})), r"\.a\[\]: .* no pattern"),
        (_object(a=_object(b=_object(c={"type": "string", "minLength": 1}))), r"\.a\.b\.c: .* no minLength"),
        (_object(a=_object(b=_array(_array({"type": "date"})))), r"\.a\.b\[\]\[\]: type must be"),
        (_object(a={"type": ["string", "null"]}), r"\.a: type must be"),
        (_object(a={"description": "untyped"}), r"\.a: type must be"),
        (_object(a={"type": "array"}), r"\.a: an array, and only that, has items"),
        (_object(a={"type": "string", "properties": {}}), r"\.a: only an object has properties"),
        ({"type": "object", "properties": {}, "required": ["a"]}, "a is required but not declared"),
    ],
)
def test_what_the_gateway_cannot_express_is_an_error_with_its_place(schema: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        tool_definition(_tool(schema))


def test_a_tool_with_more_than_the_gateway_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="t: the Gateway has no annotations"):
        tool_definition({**_tool(_object()), "annotations": {}})
