"""What the program asks for against AWS's own service models, as boto3 carries them.

botocore itself checks only types, unknown keys, required members and minimums; here enums, patterns
and maximums count as well. The requests are taken from the rendered template, whose properties AWS
named after its own API in nearly all cases; where not, `OPERATIONS` says how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, cast

import botocore.session

from validation.cloudformation import Rendered, render
from validation.findings import Finding
from validation.graph import Graph, Resource

LAYER: Final = "service-models"


@dataclass(frozen=True, slots=True)
class Operation:
    """The call that creates a type of resource."""

    service: str
    name: str
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    drop: frozenset[str] = frozenset()
    """Properties that another call sets."""
    as_text: frozenset[str] = frozenset()
    """Objects that the API takes as JSON text."""


OPERATIONS: Final[Mapping[str, Operation]] = {
    "AWS::BedrockAgentCore::Runtime": Operation("bedrock-agentcore-control", "CreateAgentRuntime"),
    "AWS::BedrockAgentCore::RuntimeEndpoint": Operation("bedrock-agentcore-control", "CreateAgentRuntimeEndpoint"),
    "AWS::BedrockAgentCore::Gateway": Operation("bedrock-agentcore-control", "CreateGateway"),
    "AWS::BedrockAgentCore::GatewayTarget": Operation("bedrock-agentcore-control", "CreateGatewayTarget"),
    "AWS::ApiGatewayV2::Api": Operation("apigatewayv2", "CreateApi"),
    "AWS::ApiGatewayV2::Authorizer": Operation("apigatewayv2", "CreateAuthorizer"),
    "AWS::ApiGatewayV2::Deployment": Operation("apigatewayv2", "CreateDeployment"),
    "AWS::ApiGatewayV2::Integration": Operation("apigatewayv2", "CreateIntegration"),
    "AWS::ApiGatewayV2::IntegrationResponse": Operation("apigatewayv2", "CreateIntegrationResponse"),
    "AWS::ApiGatewayV2::Route": Operation("apigatewayv2", "CreateRoute"),
    "AWS::ApiGatewayV2::RouteResponse": Operation("apigatewayv2", "CreateRouteResponse"),
    "AWS::ApiGatewayV2::Stage": Operation("apigatewayv2", "CreateStage"),
    "AWS::Lambda::Function": Operation("lambda", "CreateFunction"),
    "AWS::Lambda::Alias": Operation("lambda", "CreateAlias"),
    "AWS::Lambda::Permission": Operation("lambda", "AddPermission"),
    "AWS::ElastiCache::ServerlessCache": Operation("elasticache", "CreateServerlessCache"),
    "AWS::ElastiCache::User": Operation("elasticache", "CreateUser"),
    "AWS::ElastiCache::UserGroup": Operation("elasticache", "CreateUserGroup"),
    "AWS::Cognito::UserPool": Operation(
        # MFA has a call of its own.
        "cognito-idp",
        "CreateUserPool",
        {"UserPoolName": "PoolName"},
        frozenset({"EnabledMfas"}),
    ),
    "AWS::Cognito::UserPoolClient": Operation("cognito-idp", "CreateUserPoolClient"),
    "AWS::Cognito::UserPoolDomain": Operation("cognito-idp", "CreateUserPoolDomain"),
    "AWS::Cognito::UserPoolResourceServer": Operation("cognito-idp", "CreateResourceServer"),
    "AWS::Cognito::ManagedLoginBranding": Operation("cognito-idp", "CreateManagedLoginBranding"),
    "AWS::DynamoDB::Table": Operation(
        "dynamodb",
        "CreateTable",
        drop=frozenset({"TimeToLiveSpecification", "PointInTimeRecoverySpecification"}),
    ),
    "AWS::ECR::Repository": Operation("ecr", "CreateRepository", drop=frozenset({"LifecyclePolicy"})),
    "AWS::CodeBuild::Project": Operation("codebuild", "CreateProject"),
    "AWS::Logs::LogGroup": Operation("logs", "CreateLogGroup", drop=frozenset({"RetentionInDays"})),
    "AWS::Logs::MetricFilter": Operation("logs", "PutMetricFilter"),
    "AWS::Logs::QueryDefinition": Operation("logs", "PutQueryDefinition"),
    "AWS::Logs::ResourcePolicy": Operation("logs", "PutResourcePolicy"),
    "AWS::Logs::DeliverySource": Operation("logs", "PutDeliverySource"),
    "AWS::Logs::DeliveryDestination": Operation("logs", "PutDeliveryDestination"),
    "AWS::Logs::Delivery": Operation("logs", "CreateDelivery"),
    "AWS::CloudWatch::Alarm": Operation("cloudwatch", "PutMetricAlarm"),
    "AWS::CloudWatch::Dashboard": Operation("cloudwatch", "PutDashboard"),
    "AWS::Events::Rule": Operation(
        "events", "PutRule", drop=frozenset({"Targets"}), as_text=frozenset({"EventPattern"})
    ),
    "AWS::SNS::Topic": Operation("sns", "CreateTopic", {"TopicName": "Name"}, frozenset({"KmsMasterKeyId"})),
    "AWS::SNS::Subscription": Operation("sns", "Subscribe"),
    "AWS::SecretsManager::Secret": Operation("secretsmanager", "CreateSecret"),
    "AWS::IAM::Role": Operation(
        "iam", "CreateRole", drop=frozenset({"ManagedPolicyArns"}), as_text=frozenset({"AssumeRolePolicyDocument"})
    ),
    "AWS::IAM::RolePolicy": Operation("iam", "PutRolePolicy", as_text=frozenset({"PolicyDocument"})),
    "AWS::KMS::Key": Operation(
        "kms",
        "CreateKey",
        {"KeyPolicy": "Policy"},
        frozenset({"EnableKeyRotation", "PendingWindowInDays"}),
        frozenset({"KeyPolicy"}),
    ),
    "AWS::KMS::Alias": Operation("kms", "CreateAlias"),
    "AWS::IAM::OIDCProvider": Operation("iam", "CreateOpenIDConnectProvider"),
    "AWS::XRay::Group": Operation("xray", "CreateGroup"),
    "AWS::XRay::ResourcePolicy": Operation("xray", "PutResourcePolicy"),
}

DIRECT: Final[Mapping[str, Operation]] = {
    "aws:lambda/invocation:Invocation": Operation(
        "lambda", "Invoke", {"input": "Payload"}, frozenset({"triggers", "lifecycleScope", "terraformKey"})
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": Operation(
        "s3", "PutObject", {"kmsKeyId": "SSEKMSKeyId"}, frozenset({"source", "content", "sourceHash", "forceDestroy"})
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Operation("secretsmanager", "PutSecretValue"),
    "aws:xray/traceSegmentDestination:TraceSegmentDestination": Operation("xray", "UpdateTraceSegmentDestination"),
}
"""By type token: the calls of types that CloudFormation does not have; names are those of Pulumi's inputs."""

SHAPES_OF_THEIR_OWN: Final[Mapping[str, str]] = {
    "AWS::S3::Bucket": "one property a call, and hardly a constraint in the model",
    "AWS::S3::BucketPolicy": "the policy goes through the IAM layer",
    "AWS::SNS::TopicPolicy": "the policy goes through the IAM layer",
    "AWS::EC2::SecurityGroup": "EC2's model has no constraints",
    "AWS::EC2::SecurityGroupIngress": "EC2's model has no constraints",
    "AWS::EC2::SecurityGroupEgress": "EC2's model has no constraints",
    "AWS::EC2::VPCEndpoint": "EC2's model has no constraints",
    "AWS::ApiGateway::Account": "a list of patch operations",
    "AWS::XRay::TransactionSearchConfig": "three calls of X-Ray's; the schema has the limits",
}
"""Types that are not held against a model, with the reason."""


def check(graph: Graph) -> list[Finding]:
    """What the services' models do not allow.

    Raises:
        LookupError: a type has neither an operation nor a reason for having none.
    """
    rendered = [finding for one in render(graph).values() for finding in check_rendered(one)]
    return rendered + [finding for resource in graph for finding in check_direct(resource)]


def check_direct(resource: Resource) -> Iterator[Finding]:
    """What the model does not allow in the inputs of a type that CloudFormation does not have."""
    operation = DIRECT.get(resource.type)
    if operation is not None:
        given = {key: value for key, value in resource.inputs.items() if key not in operation.drop and key != "region"}
        yield from _findings(resource, operation, {operation.rename.get(key, key): given[key] for key in given})


def check_rendered(rendered: Rendered) -> Iterator[Finding]:
    """What the model of one resource's operation does not allow."""
    operation = OPERATIONS.get(rendered.type)
    if operation is None:
        if rendered.type not in SHAPES_OF_THEIR_OWN:
            raise LookupError(f"{rendered.type}: see OPERATIONS in validation/service_models.py")
        return
    yield from _findings(rendered.resource, operation, _request(rendered, operation))


def _findings(resource: Resource, operation: Operation, request: Mapping[str, Any]) -> Iterator[Finding]:
    for rule, message in violations(request, _input_shape(operation.service, operation.name)):
        yield Finding(LAYER, rule, resource.name, resource.type, f"{operation.name}: {message}")


def _request(rendered: Rendered, operation: Operation) -> dict[str, Any]:
    request = {
        operation.rename.get(key, key): json.dumps(value) if key in operation.as_text else value
        for key, value in rendered.properties.items()
        if key not in operation.drop
    }
    match rendered.type:
        case "AWS::Lambda::Permission":
            given = rendered.resource.inputs
            request["StatementId"] = rendered.resource.outputs["statementId"]
            request["FunctionName"] = given["function"]
            request |= {"Qualifier": given["qualifier"]} if "qualifier" in given else {}
        case "AWS::BedrockAgentCore::Runtime" if "ProtocolConfiguration" in request:
            request["ProtocolConfiguration"] = {"serverProtocol": request["ProtocolConfiguration"]}
        case "AWS::DynamoDB::Table" if "SSESpecification" in request:
            given = cast(dict[str, Any], request["SSESpecification"])
            request["SSESpecification"] = {
                {"SSEEnabled": "Enabled"}.get(key, key): value for key, value in given.items()
            }
        case "AWS::Logs::MetricFilter":
            metrics = cast(list[dict[str, Any]], request["MetricTransformations"])
            request["MetricTransformations"] = [_with_mapping(metric) for metric in metrics]
        case "AWS::Logs::DeliveryDestination":
            arn = request.pop("DestinationResourceArn", None)
            request |= {"deliveryDestinationConfiguration": {"destinationResourceArn": arn}} if arn else {}
        case _:
            pass
    return request


def _with_mapping(metric: Mapping[str, Any]) -> dict[str, Any]:
    """CloudFormation lists dimensions, the API maps them."""
    dimensions = cast(list[dict[str, str]], metric.get("Dimensions", []))
    mapped = {"Dimensions": {one["Key"]: one["Value"] for one in dimensions}} if dimensions else {}
    return {**metric, **mapped}


@cache
def _session() -> Any:
    return cast(Any, botocore.session).get_session()


@cache
def _input_shape(service: str, operation: str) -> Any:
    return _session().get_service_model(service).operation_model(operation).input_shape


def violations(value: Any, shape: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """What a shape of a service model does not allow: the rule's name, and where and what.

    Args:
        value: of the request; the case of member names does not matter.
        shape: botocore's.
        path: where in the request the value is.
    """
    match shape.type_name:
        case "structure":
            yield from _structure(value, shape, path)
        case "list":
            if not isinstance(value, list):
                yield "type", f"{path}: should be a list"
                return
            items = cast(list[Any], value)
            yield from _range(len(items), shape, path, "items")
            for index, item in enumerate(items):
                yield from violations(item, shape.member, f"{path}[{index}]")
        case "map":
            if not isinstance(value, Mapping):
                yield "type", f"{path}: should be a mapping"
                return
            pairs = cast(Mapping[str, Any], value)
            yield from _range(len(pairs), shape, path, "entries")
            for key, item in pairs.items():
                yield from violations(key, shape.key, f"{path}.{key} (key)")
                yield from violations(item, shape.value, f"{path}.{key}")
        case _:
            yield from _scalar(value, shape, path)


def _structure(value: Any, shape: Any, path: str) -> Iterator[tuple[str, str]]:
    # A document has no members of its own.
    if getattr(shape, "is_document_type", False):
        return
    if not isinstance(value, Mapping):
        yield "type", f"{path}: should be an object"
        return
    members = {name.lower(): (name, member) for name, member in shape.members.items()}
    pairs = cast(Mapping[str, Any], value)
    for key, item in pairs.items():
        name, member = members.get(key.lower(), (key, None))
        below = f"{path}.{name}" if path else name
        if member is None:
            yield "unknown", f"{below}: no such member"
        else:
            yield from violations(item, member, below)
    given = {key.lower() for key in pairs}
    tokens = {name for name, member in shape.members.items() if member.metadata.get("idempotencyToken")}
    for name in shape.required_members:
        if name.lower() not in given and name not in tokens:
            yield "required", f"{path or 'request'}: {name} is missing"
    if getattr(shape, "is_tagged_union", False) and len(pairs) != 1:
        yield "union", f"{path}: exactly one of {', '.join(shape.members)} is allowed"


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "character": (str,),
    "timestamp": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
}


def _scalar(value: Any, shape: Any, path: str) -> Iterator[tuple[str, str]]:
    kinds = _KINDS[shape.type_name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        yield "type", f"{path}: should be {shape.type_name}, is {value!r}"
        return
    if isinstance(value, str):
        allowed = cast(list[str], shape.metadata.get("enum", []))
        if allowed and value not in allowed:
            yield "enum", f"{path}: {value!r} is not one of {', '.join(allowed)}"
        pattern = shape.metadata.get("pattern")
        if pattern and not matches(pattern, value):
            yield "pattern", f"{path}: {value!r} does not match {pattern}"
        yield from _range(len(value), shape, path, "characters")
    elif not isinstance(value, bool):
        yield from _range(value, shape, path, "")


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value fits a pattern of a service model."""
    # Java's character classes, as far as the models use them.
    translated = re.sub(r"\\p\{(Alpha|Digit|Alnum|L|M|S|N|P|Z[a-z]?|Graph|ASCII|Print)\}", _java_class, pattern)
    return re.fullmatch(translated, value, re.DOTALL) is not None


def _java_class(found: re.Match[str]) -> str:
    classes = {"Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9", "ASCII": "\\x00-\\x7f", "Z": "\\s", "N": "\\d"}
    inside = {"L": "a-zA-Z", "M": "\u0300-\u036f", "S": "$+<=>^`|~", "P": "!-/:-@\\[-`{-~", "Graph": "!-~"}
    return {**classes, **inside}.get(found[1], " -~")


def _range(size: float, shape: Any, path: str, unit: str) -> Iterator[tuple[str, str]]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield "min", f"{path}: {size} {unit} is less than {least}".replace("  ", " ")
    if most is not None and size > most:
        yield "max", f"{path}: {size} {unit} is more than {most}".replace("  ", " ")
