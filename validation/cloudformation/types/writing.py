"""What the subjects' modules write with, and the tables they fill."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

Inputs = Mapping[str, Any]
Properties = dict[str, Any]
Whole = Callable[[Inputs], Properties]
Part = Callable[[Properties, Inputs], None]

WHOLES: Final[dict[str, tuple[str, Whole]]] = {}
"""By type token: CloudFormation's type, and how its properties come about."""

PARTS: Final[dict[str, tuple[str, str, Part]]] = {}
"""By type token: the type they are a property of, the input that names it, and how they are added."""

NO_EQUIVALENT: Final[Mapping[str, str]] = {
    "pulumi:providers:aws": "Pulumi's own",
    "awsx:ec2:Vpc": "a component of the awsx plugin, which makes the resources",
    "aws:lambda/invocation:Invocation": "calls a function once; there would be a custom resource",
    "aws:s3/bucketObjectv2:BucketObjectv2": "content is not a resource",
    "aws:secretsmanager/secretVersion:SecretVersion": "the value would be in the template",
    "aws:xray/traceSegmentDestination:TraceSegmentDestination": "AWS::XRay::TransactionSearchConfig sets it implicitly",
}
"""Types without a CloudFormation resource, with the reason."""

VERBATIM: Final = frozenset(
    {
        "additionalVersionWeights", "assumeRolePolicy", "attributes", "customParameters", "dimensions",
        "environmentVariables", "headerParameters", "inputPaths", "mappings", "policy", "policyDocument",
        "queryStringParameters", "requestModels", "requestParameters", "requestTemplates", "responseModels",
        "responseTemplates", "stageVariables", "staticQueryParameters", "tags", "triggers", "variables",
    }
)  # fmt: skip
"""Inputs whose keys are data, not property names."""

PULUMI_ONLY: Final = frozenset({"region", "timeouts", "forceDestroy", "forceDelete", "skipDestroy", "tags"})
"""Inputs that steer the provider. Tags come from the provider's `default_tags`, tested by a rule."""

LEFT_OUT: Final[Mapping[tuple[str, str], str]] = {
    ("aws:lambda/function:Function", "publish"): "AWS::Lambda::Version, which the provider makes",
    ("aws:lambda/function:Function", "sourceCodeHash"): "tells Pulumi that the package has changed",
    ("aws:apigatewayv2/deployment:Deployment", "triggers"): "tells Pulumi that a new deployment is due",
    ("aws:lambda/permission:Permission", "qualifier"): "at the end of FunctionName",
    ("aws:lambda/permission:Permission", "function"): "FunctionName, with the qualifier at its end",
    ("aws:xray/indexingRule:IndexingRule", "name"): "AWS has only the one rule",
    ("aws:secretsmanager/secret:Secret", "recoveryWindowInDays"): "of the deletion, which a template does not describe",
    ("aws:cognito/userPool:UserPool", "softwareTokenMfaConfiguration"): "EnabledMfas, a list",
    ("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget", "required"): "Required, a list of names",
}
"""Inputs, at any depth, whose values are not among the properties, with the reason."""


def cased(value: Any) -> Any:
    """The value with all keys inside as CloudFormation writes them."""
    match value:
        case dict():
            pairs = cast(dict[str, Any], value).items()
            return {upper(key): _below(key, inner) for key, inner in pairs}
        case list():
            return [cased(item) for item in cast(list[Any], value)]
        case _:
            return value


def _below(key: str, value: Any) -> Any:
    is_data = key in VERBATIM and isinstance(value, dict)
    return cast(Any, value) if is_data else cased(value)


def upper(key: str) -> str:
    """The key as CloudFormation writes it, if it is not renamed."""
    return key[:1].upper() + key[1:]


def written(inputs: Inputs, rename: Mapping[str, str] | None = None, drop: tuple[str, ...] = ()) -> Properties:
    """The inputs as properties.

    Args:
        inputs: by wire name.
        rename: properties that are called otherwise, by wire name.
        drop: inputs that are written in another way, or not at all.
    """
    names = rename or {}
    return {
        names.get(key, upper(key)): _below(key, value)
        for key, value in inputs.items()
        if key not in drop and key not in PULUMI_ONLY
    }


def parsed(properties: Properties, *keys: str) -> Properties:
    """Parse policy documents that came as text."""
    for key in keys:
        if isinstance(properties.get(key), str):
            properties[key] = json.loads(properties[key])
    return properties


def listed(values: Mapping[str, Any], key: str = "Name") -> list[dict[str, Any]]:
    """A mapping as CloudFormation's list of names and values."""
    return [{key: name, "Value": value} for name, value in values.items()]


def whole(token: str, kind: str) -> Callable[[Whole], Whole]:
    """Register how a type of resource is written."""

    def add(write: Whole) -> Whole:
        WHOLES[token] = (kind, write)
        return write

    return add


def part(token: str, of: str, reference: str) -> Callable[[Part], Part]:
    """Register how a type is added to the properties of what its input `reference` names."""

    def add(write: Part) -> Part:
        PARTS[token] = (of, reference, write)
        return write

    return add


def simple(token: str, kind: str, rename: Mapping[str, str] | None = None, drop: tuple[str, ...] = ()) -> None:
    """Register a type that takes no more than other names."""
    WHOLES[token] = (kind, lambda inputs: written(inputs, rename, drop))
