"""AgentCore in CloudFormation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from validation.cloudformation.types.writing import Inputs, Properties, cased, upper, whole, written


@whole("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime", "AWS::BedrockAgentCore::Runtime")
def _runtime(inputs: Inputs) -> Properties:
    properties = written(inputs, drop=("lifecycleConfigurations", "protocolConfiguration"))
    if inputs.get("lifecycleConfigurations"):
        properties["LifecycleConfiguration"] = cased(inputs["lifecycleConfigurations"][0])
    if "protocolConfiguration" in inputs:
        properties["ProtocolConfiguration"] = inputs["protocolConfiguration"]["serverProtocol"]
    return _with_authorizer(properties)


@whole(
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint", "AWS::BedrockAgentCore::RuntimeEndpoint"
)
def _endpoint(inputs: Inputs) -> Properties:
    return written(inputs)


@whole("aws:bedrock/agentcoreGateway:AgentcoreGateway", "AWS::BedrockAgentCore::Gateway")
def _gateway(inputs: Inputs) -> Properties:
    return _with_authorizer(written(inputs))


def _with_authorizer(properties: Properties) -> Properties:
    given = properties.get("AuthorizerConfiguration", {})
    if "CustomJwtAuthorizer" in given:
        given["CustomJWTAuthorizer"] = given.pop("CustomJwtAuthorizer")
    return properties


@whole("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget", "AWS::BedrockAgentCore::GatewayTarget")
def _target(inputs: Inputs) -> Properties:
    properties = written(inputs, drop=("credentialProviderConfiguration",))
    function = properties["TargetConfiguration"].get("Mcp", {}).get("Lambda", {})
    schema = function.get("ToolSchema", {})
    if "InlinePayloads" in schema:
        del schema["InlinePayloads"]
        given = inputs["targetConfiguration"]["mcp"]["lambda"]["toolSchema"]["inlinePayloads"]
        schema["InlinePayload"] = [_tool(tool) for tool in cast(list[dict[str, Any]], given)]
    credentials = cast(dict[str, Any], inputs.get("credentialProviderConfiguration", {}))
    if credentials:
        properties["CredentialProviderConfigurations"] = [_credentials(*one) for one in credentials.items()]
    return properties


def _credentials(kind: str, given: Mapping[str, Any]) -> Properties:
    """The provider has one block a kind; AWS names the kind, and has the provider's fields below."""
    name = re.sub(r"(?<!^)([A-Z])", r"_\1", kind).upper()
    rest = {"CredentialProvider": {upper(kind): cased(given)}} if given else {}
    return {"CredentialProviderType": name, **rest}


def _tool(tool: Mapping[str, Any]) -> Properties:
    schemas = {upper(key): _schema(tool[key]) for key in ("inputSchema", "outputSchema") if key in tool}
    return {**written(tool, drop=("inputSchema", "outputSchema")), **schemas}


def _schema(schema: Mapping[str, Any]) -> Properties:
    """The provider lists properties by name and marks each as required; AWS has a mapping and a list."""
    rendered = written(schema, drop=("properties", "items", "name", "required", "itemsJson", "propertiesJson"))
    properties = cast(list[dict[str, Any]], schema.get("properties", []))
    if properties:
        rendered["Properties"] = {one["name"]: _schema(one) for one in properties}
        required = [one["name"] for one in properties if one.get("required")]
        if required:
            rendered["Required"] = required
    if "items" in schema:
        rendered["Items"] = _schema(schema["items"])
    if "itemsJson" in schema:
        rendered["Items"] = cased(json.loads(schema["itemsJson"]))
    if "propertiesJson" in schema:
        given = cast(dict[str, Any], json.loads(schema["propertiesJson"]))
        rendered["Properties"] = {name: cased(value) for name, value in given.items()}
    return rendered
