"""The tools as an MCP server: an AgentCore Gateway with one target, the durable function."""

import json
from typing import Any, Final, NotRequired, TypedDict, cast

import pulumi
import pulumi_aws as aws

from components.location import Location, arn
from components.service_role import ServiceRole

TARGET_NAME: Final = "mac"
"""Names the tools: the agent sees `mac___run_client_command`. No underscores (service model)."""

KEYWORDS: Final = {"type", "description", "properties", "required", "items"}
"""What the Gateway's SchemaDefinition has of JSON Schema."""

TYPES: Final = ("string", "number", "object", "array", "boolean", "integer")


class ToolGatewayArgs(TypedDict):
    """Inputs of ToolGateway."""

    location: Location
    discovery_url: pulumi.Input[str]
    """The token issuer's OpenID configuration: `https://…/.well-known/openid-configuration`."""
    allowed_clients: list[pulumi.Input[str]]
    """`client_id` of the tokens that are let in."""
    allowed_scopes: list[pulumi.Input[str]]
    """A token needs one of them."""
    function_alias_arn: pulumi.Input[str]
    """Runs every tool. A durable function can only be invoked through a version or an alias."""
    tools: list[dict[str, Any]]
    """Each with `name`, `description` and `inputSchema` (JSON Schema, KEYWORDS only)."""
    log_retention_days: NotRequired[int]
    """Keep the Gateway's request logs that long. None are kept by default: they hold whole arguments and
    results (AWS: "request and response bodies"), so also the logs collected from people's Macs."""


class ToolGateway(pulumi.ComponentResource):
    """An MCP gateway that lets the agent in by its token and calls the durable function in its own role.

    Traces go to X-Ray, for which the account needs Transaction Search (`AccountSettings`): let this component
    depend on it, or AWS refuses the delivery.
    """

    gateway_id: pulumi.Output[str]
    arn: pulumi.Output[str]
    url: pulumi.Output[str]
    """The MCP endpoint."""

    def __init__(self, name: str, args: ToolGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:ToolGateway", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        location = args["location"]
        role = ServiceRole(
            f"{name}-role",
            {
                "service": "bedrock-agentcore.amazonaws.com",
                "account_id": location["account_id"],
                # The ARN ends in the Gateway's id: its name, which begins so, and ten characters of AWS's.
                "source_arns": [arn(location, "bedrock-agentcore", f"gateway/{name}-*")],
                "statements": [{"actions": ["lambda:InvokeFunction"], "resources": [args["function_alias_arn"]]}],
                "description": "The tool gateway calls the tools' function",
            },
            child,
        )
        gateway = aws.bedrock.AgentcoreGateway(
            name,
            description="Deskside: what the agent can ask of a person's Mac",
            role_arn=role.arn,
            protocol_type="MCP",
            # No protocol_configuration. AWS chooses the MCP versions, and a list once given could not be extended;
            # the agent has its own instructions, and knows the tools without searching. Nor an exception_level:
            # its one value, DEBUG, would show the agent, and so the model, how the target failed inside.
            authorizer_type="CUSTOM_JWT",
            authorizer_configuration={
                "custom_jwt_authorizer": {
                    "discovery_url": args["discovery_url"],
                    # Not allowed_audiences: Cognito's access tokens have no `aud`. All conditions must hold.
                    "allowed_clients": args["allowed_clients"],
                    "allowed_scopes": args["allowed_scopes"],
                }
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        aws.bedrock.AgentcoreGatewayTarget(
            f"{name}-{TARGET_NAME}",
            name=TARGET_NAME,
            # The id: given the ARN, AWS answers AccessDenied.
            gateway_identifier=gateway.gateway_id,
            description="The tools that run on a person's Mac",
            target_configuration={
                "mcp": {
                    "lambda_": {
                        "lambda_arn": args["function_alias_arn"],
                        "tool_schema": {"inline_payloads": [tool_definition(tool) for tool in args["tools"]]},
                    }
                }
            },
            credential_provider_configuration={"gateway_iam_role": {}},
            # AWS tries the role on the function. The name is fixed, so an old target makes room first.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role], delete_before_replace=True),
        )
        self._deliver(
            f"{name}-traces",
            "TRACES",
            gateway,
            aws.cloudwatch.LogDeliveryDestinationArgs(delivery_destination_type="XRAY"),
        )
        if "log_retention_days" in args:
            log_group = aws.cloudwatch.LogGroup(
                f"{name}-logs",
                # Where the console would put them. Log delivery may write below /aws/vendedlogs/ only.
                name=pulumi.Output.concat(
                    "/aws/vendedlogs/bedrock-agentcore/gateway/APPLICATION_LOGS/", gateway.gateway_id
                ),
                retention_in_days=args["log_retention_days"],
                opts=child,
            )
            self._deliver(
                f"{name}-logs",
                "APPLICATION_LOGS",
                gateway,
                aws.cloudwatch.LogDeliveryDestinationArgs(
                    delivery_destination_configuration=(
                        aws.cloudwatch.LogDeliveryDestinationDeliveryDestinationConfigurationArgs(
                            destination_resource_arn=log_group.arn
                        )
                    )
                ),
            )

        self.gateway_id = gateway.gateway_id
        self.arn = gateway.gateway_arn
        self.url = gateway.gateway_url
        self.register_outputs({"gateway_id": self.gateway_id, "arn": self.arn, "url": self.url})

    def _deliver(
        self,
        name: str,
        log_type: str,
        gateway: aws.bedrock.AgentcoreGateway,
        to: aws.cloudwatch.LogDeliveryDestinationArgs,
    ) -> None:
        """Have AWS deliver one kind of telemetry of the Gateway."""
        child = pulumi.ResourceOptions(parent=self)
        # AWS refuses a second source of the same resource and log type, and a second delivery of that source.
        alone = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        source = aws.cloudwatch.LogDeliverySource(name, log_type=log_type, resource_arn=gateway.gateway_arn, opts=alone)
        destination = aws.cloudwatch.LogDeliveryDestination(name, to, child)
        aws.cloudwatch.LogDelivery(
            name, delivery_source_name=source.name, delivery_destination_arn=destination.arn, opts=alone
        )


def tool_definition(tool: dict[str, Any]) -> Any:
    """A tool as the provider wants it: properties are a list, each saying whether it is required.

    The provider spells three levels out; what is nested deeper it takes as JSON text.

    Args:
        tool: `name`, `description` and `inputSchema`.

    Raises:
        ValueError: the Gateway cannot express the schema; names the place.
    """
    name = cast(str, tool["name"])
    if unknown := tool.keys() - {"name", "description", "inputSchema"}:
        raise ValueError(f"{name}: the Gateway has no {', '.join(sorted(unknown))}")
    return {
        "name": name,
        "description": tool["description"],
        "input_schema": _schema(tool["inputSchema"], f"{name}.inputSchema"),
    }


SPELLED_OUT: Final = {(), ("property",), ("items",), ("property", "items")}
"""Ways down from the root to a schema whose children the provider has types for."""


def _schema(schema: dict[str, Any], place: str, way: tuple[str, ...] = ()) -> dict[str, Any]:
    _check(schema, place)
    converted: dict[str, Any] = {key: schema[key] for key in ("type", "description") if key in schema}
    if "properties" in schema and way not in SPELLED_OUT:
        _check_below(schema, place)
        below = {key: schema[key] for key in ("properties", "required") if key in schema}
        converted["properties_json"] = json.dumps(below, separators=(",", ":"))
    elif "properties" in schema:
        required = schema.get("required", [])
        converted["properties"] = [
            {
                "name": name,
                "required": name in required,
                **_schema(child, f"{place}.{name}", (*way, "property")),
            }
            for name, child in schema["properties"].items()
        ]
    if "items" in schema and way not in SPELLED_OUT:
        _check_below(schema, place)
        converted["items_json"] = json.dumps(schema["items"], separators=(",", ":"))
    elif "items" in schema:
        converted["items"] = _schema(schema["items"], f"{place}[]", (*way, "items"))
    return converted


def _check(schema: dict[str, Any], place: str) -> None:
    if unknown := schema.keys() - KEYWORDS:
        raise ValueError(f"{place}: the Gateway's schemas have no {', '.join(sorted(unknown))}")
    if schema.get("type") not in TYPES:
        raise ValueError(f"{place}: type must be one of {', '.join(TYPES)}")
    if ("properties" in schema or "required" in schema) and schema["type"] != "object":
        raise ValueError(f"{place}: only an object has properties")
    if ("items" in schema) != (schema["type"] == "array"):
        raise ValueError(f"{place}: an array, and only that, has items")
    if missing := set(schema.get("required", [])) - schema.get("properties", {}).keys():
        raise ValueError(f"{place}: {', '.join(sorted(missing))} is required but not declared")


def _check_below(schema: dict[str, Any], place: str) -> None:
    """Check what goes to AWS as text, which no type describes."""
    children = {f"{place}.{name}": child for name, child in schema.get("properties", {}).items()}
    if "items" in schema:
        children[f"{place}[]"] = schema["items"]
    for where, child in children.items():
        _check(child, where)
        _check_below(child, where)
