"""How rules read a graph: nested values, IAM documents, and what a name or ARN leads to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from validation.graph import Graph, Resource

FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
PERMISSION = "aws:lambda/permission:Permission"
INVOCATION = "aws:lambda/invocation:Invocation"
ROLE = "aws:iam/role:Role"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
TABLE = "aws:dynamodb/table:Table"
PROJECT = "aws:codebuild/project:Project"
SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105
ACCOUNT = "aws:apigateway/account:Account"
API = "aws:apigatewayv2/api:Api"
ROUTE = "aws:apigatewayv2/route:Route"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
DEPLOYMENT = "aws:apigatewayv2/deployment:Deployment"
STAGE = "aws:apigatewayv2/stage:Stage"
RUNTIME = "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"
ENDPOINT = "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint"
GATEWAY = "aws:bedrock/agentcoreGateway:AgentcoreGateway"
TARGET = "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget"
REPOSITORY = "aws:ecr/repository:Repository"
TOPIC = "aws:sns/topic:Topic"

IDENTITY_POLICIES: Mapping[str, str] = {
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/policy:Policy": "policy",
}
"""Types with what a principal may do, and the input that says it."""

RESOURCE_POLICIES: Mapping[str, str] = {
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "policy",
    "aws:kms/key:Key": "policy",
}
"""Types with who may use a resource, and the input that says it."""


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is a mapping, or nothing."""
    return dict(cast(Mapping[str, Any], value)) if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """The items of a list; a single value is a list of itself, None an empty one."""
    if value is None:
        return []
    return list(cast(list[Any], value)) if isinstance(value, list | tuple) else [value]


def decoded(value: Any) -> Any:
    """A JSON text's content; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def at(resource: Resource, path: str) -> Any:
    """The input at a dotted path such as `environment.variables`, or None."""
    value: Any = resource.inputs
    for key in path.split("."):
        items = listed(value)
        value = items[int(key)] if key.isdigit() and int(key) < len(items) else mapping(value).get(key)
    return value


def texts(value: Any) -> Iterator[str]:
    """Every text within a value, JSON texts opened, keys left out."""
    if isinstance(value, str):
        yield from _texts_within(value)
    elif isinstance(value, Mapping):
        for item in mapping(value).values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in listed(value):
            yield from texts(item)


@cache
def _texts_within(text: str) -> tuple[str, ...]:
    """The texts of a JSON text; of any other, itself."""
    value = decoded(text)
    return (text,) if isinstance(value, str) else tuple(texts(value))


def told(resource: Resource, name: str) -> Any:
    """What AWS says about a resource, or what it was told."""
    answered = resource.outputs.get(name)
    return resource.inputs.get(name) if answered is None else answered


def identifier(resource: Resource) -> Any:
    """The resource's id in AWS."""
    return told(resource, "id")


def arns(resource: Resource) -> set[str]:
    """The ARNs that AWS gave the resource itself, those of its versions and aliases included."""
    keys = ("arn", "agentRuntimeArn", "agentRuntimeEndpointArn", "gatewayArn", "qualifiedArn")
    return {cast(str, told(resource, key)) for key in keys if isinstance(told(resource, key), str)}


def found(graph: Graph, type: str, key: str, value: Any) -> Resource | None:
    """The resource of that type whose output or input `key` has that value."""
    return next((r for r in graph.of_type(type) if value is not None and told(r, key) == value), None)


def function_of(graph: Graph, reference: Any) -> Resource | None:
    """The function that a name or an ARN, qualified or not, or an integration's URI leads to."""
    if not isinstance(reference, str):
        return None
    text = reference.split("/functions/")[-1].removesuffix("/invocations")
    name = text.split(":")[6] if text.count(":") >= 6 else text.split(":")[0]
    return next((f for f in graph.of_type(FUNCTION) if told(f, "name") == name), None)


def qualifier_of(reference: str) -> str | None:
    """`live` in an ARN or a URI that ends in `:function:name:live`."""
    text = reference.rsplit("/functions/", maxsplit=1)[-1].removesuffix("/invocations")
    parts = text.split(":")
    return parts[7] if len(parts) > 7 else None


def durable_functions(graph: Graph) -> list[Resource]:
    """The functions with a durable configuration."""
    return [f for f in graph.of_type(FUNCTION) if f.inputs.get("durableConfig")]


def all_dependencies(graph: Graph, resource: Resource) -> set[str]:
    """URNs of all that a resource waits for: directly, through others, or because its component does."""
    by_urn = {r.urn: r for r in graph}
    seen: set[str] = set()
    waiting = [*resource.dependencies, *([resource.parent] if resource.parent else [])]
    while waiting:
        urn = waiting.pop()
        if urn not in seen:
            seen.add(urn)
            if urn in by_urn:
                waiting.extend(by_urn[urn].dependencies)
                waiting.extend([parent] if (parent := by_urn[urn].parent) else [])
    return seen


def sources(graph: Graph, resource: Resource, key: str) -> set[str]:
    """URNs of all that an input was made from, directly or through others; a value that was written down has none."""
    by_urn = {r.urn: r for r in graph}
    direct = resource.property_dependencies.get(key, frozenset[str]())
    return {*direct, *(urn for one in direct if one in by_urn for urn in all_dependencies(graph, by_urn[one]))}


def covers(pattern: str, text: str) -> bool:
    """Whether an IAM pattern with `*` and `?` matches the text."""
    return pattern == text or _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of an IAM document, its scalars turned into lists."""

    owner: Resource
    """What carries the document."""
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: Mapping[str, tuple[str, ...]]
    """By kind: Service, AWS, Federated. `"*"` counts as AWS."""
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Values by operator and lower-case key."""
    negated: tuple[str, ...] = ()
    """NotAction, NotResource and NotPrincipal, where it has them."""

    def tested(self, key: str) -> bool:
        """Whether a condition looks at that key."""
        return any(key.lower() in keys for keys in self.conditions.values())


def _statements(owner: Resource, document: Any) -> Iterator[Statement]:
    parsed = _parsed(document) if isinstance(document, str) else tuple(_read(document))
    for fields in parsed:
        yield Statement(owner, *fields)


Fields = tuple[
    str,
    tuple[str, ...],
    tuple[str, ...],
    Mapping[str, tuple[str, ...]],
    Mapping[str, Mapping[str, tuple[str, ...]]],
    tuple[str, ...],
]
"""A statement without its owner."""


@cache
def _parsed(document: str) -> tuple[Fields, ...]:
    return tuple(_read(decoded(document)))


def _read(document: Any) -> Iterator[Fields]:
    for one in listed(mapping(document).get("Statement")):
        statement = mapping(one)
        principal = statement.get("Principal")
        who = {"AWS": "*"} if principal == "*" else mapping(principal)
        yield (
            str(statement.get("Effect")),
            tuple(map(str, listed(statement.get("Action")))),
            tuple(map(str, listed(statement.get("Resource")))),
            {kind: tuple(map(str, listed(names))) for kind, names in who.items()},
            {
                operator: {key.lower(): tuple(map(str, listed(value))) for key, value in mapping(tests).items()}
                for operator, tests in mapping(statement.get("Condition")).items()
            },
            tuple(key for key in ("NotAction", "NotResource", "NotPrincipal") if key in statement),
        )


def identity_statements(graph: Graph) -> Iterator[Statement]:
    """What our roles may do."""
    for type, key in IDENTITY_POLICIES.items():
        for resource in graph.of_type(type):
            yield from _statements(resource, resource.inputs.get(key))
    for role in graph.of_type(ROLE):
        for inline in listed(role.inputs.get("inlinePolicies")):
            yield from _statements(role, mapping(inline).get("policy"))


def trust_statements(graph: Graph) -> Iterator[Statement]:
    """Who may assume our roles."""
    for role in graph.of_type(ROLE):
        yield from _statements(role, role.inputs.get("assumeRolePolicy"))


def resource_statements(graph: Graph) -> Iterator[Statement]:
    """Who may use our resources."""
    for type, key in RESOURCE_POLICIES.items():
        for resource in graph.of_type(type):
            yield from _statements(resource, resource.inputs.get(key))


def role_statements(graph: Graph, role_reference: Any) -> list[Statement]:
    """What one role may do, by the role's name or ARN."""
    role = next((r for r in graph.of_type(ROLE) if role_reference in (told(r, "arn"), told(r, "name"))), None)
    if role is None:
        return []
    name = told(role, "name")
    return [s for s in identity_statements(graph) if s.owner is role or s.owner.inputs.get("role") == name]


def allows(statements: list[Statement], action: str, arn: str) -> bool:
    """Whether one of the statements allows the action on the ARN."""
    return any(
        s.effect == "Allow" and any(covers(a, action) for a in s.actions) and any(covers(r, arn) for r in s.resources)
        for s in statements
    )
