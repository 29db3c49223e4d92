"""Roles seen from what runs as them: they can be assumed, suffice, and reach nothing beyond the stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from validation.graph import Graph, Resource
from validation.rules.iam import STAR_ONLY
from validation.rules.reading import (
    ACCOUNT,
    FUNCTION,
    GATEWAY,
    LOG_GROUP,
    PERMISSION,
    PROJECT,
    REPOSITORY,
    ROLE,
    RUNTIME,
    Statement,
    allows,
    at,
    covers,
    found,
    identity_statements,
    listed,
    resource_statements,
    role_statements,
    told,
    trust_statements,
)
from validation.rules.rule import Problems

RUN_AS: Mapping[str, tuple[str, str, str | None]] = {
    FUNCTION: ("role", "lambda.amazonaws.com", "arn"),
    RUNTIME: ("roleArn", "bedrock-agentcore.amazonaws.com", "agentRuntimeArn"),
    GATEWAY: ("roleArn", "bedrock-agentcore.amazonaws.com", "gatewayArn"),
    PROJECT: ("serviceRole", "codebuild.amazonaws.com", "arn"),
    ACCOUNT: ("cloudwatchRoleArn", "apigateway.amazonaws.com", None),
}
"""By type: the input with its role, the service that assumes it, and the output that is the source ARN then."""

WITHOUT_NAME: Mapping[str, str] = {
    "logs:DescribeLogGroups": "lists the groups of the account",
}
"""Actions whose resource may be all of a type, and why."""

NAMED_FIRST = ("s3", "sns", "execute-api")
"""Services whose ARNs begin with the name, without a type before it."""

INVOKERS = ("apigateway.amazonaws.com", "bedrock-agentcore.amazonaws.com")
"""Services to which a function's own policy may open it."""

FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


def _users(graph: Graph) -> Iterator[tuple[Resource, Resource, str, str | None]]:
    """What runs as a role of ours: the resource, its role, the service and the source ARN."""
    for type, (key, service, source) in RUN_AS.items():
        for resource in graph.of_type(type):
            role = found(graph, ROLE, "arn", resource.inputs.get(key))
            if role is not None:
                yield resource, role, service, str(told(resource, source)) if source else None


def role_not_assumable(graph: Graph) -> Problems:
    """What runs as a role can assume it: its service, for this account and for this very resource."""
    trusts = [*trust_statements(graph)]
    for resource, role, service, source in _users(graph):
        account = str(told(role, "arn")).split(":")[4]
        context = {"aws:sourceaccount": account, "aws:sourcearn": source} if source else {}
        if not any(s.owner is role and _admits(s, service, context) for s in trusts):
            yield resource, f"runs as {role.name}, whose trust policy does not let {service} for it"


def _admits(statement: Statement, service: str, context: Mapping[str, str | None]) -> bool:
    """Whether a trust statement lets the service assume the role in that context. Other operators never do."""
    if service not in statement.principals.get("Service", ()) or "sts:AssumeRole" not in statement.actions:
        return False
    for operator, tests in statement.conditions.items():
        for key, values in tests.items():
            value = context.get(key)
            equal = operator == "StringEquals" and value in values
            like = operator in ("StringLike", "ArnLike", "ArnEquals") and any(covers(v, str(value)) for v in values)
            if value is None or not (equal or like):
                return False
    return statement.effect == "Allow"


def role_shared(graph: Graph) -> Problems:
    """Nothing runs as another's role."""
    first: dict[str, Resource] = {}
    for resource, role, _, _ in _users(graph):
        if role.urn in first:
            yield resource, f"runs as {role.name}, the role of {first[role.urn].name}"
        first.setdefault(role.urn, resource)


def role_insufficient(graph: Graph) -> Problems:
    """A role lets what runs as it log, trace, and read and write what it is made of."""
    for resource, role, _, _ in _users(graph):
        statements = role_statements(graph, told(role, "arn"))
        for action, arn in _needs(graph, resource):
            if not allows(statements, action, arn):
                yield resource, f"runs as {role.name}, which may not {action} on {arn}"


def _needs(graph: Graph, resource: Resource) -> Iterator[tuple[str, str]]:
    """Actions and ARNs without which the resource does not work, whatever its code does."""
    if resource.type in (FUNCTION, PROJECT):
        path = "loggingConfig.logGroup" if resource.type == FUNCTION else "logsConfig.cloudwatchLogs.groupName"
        group = found(graph, LOG_GROUP, "name", at(resource, path))
        if group is not None:
            stream = f"{told(group, 'arn')}:log-stream:any"
            yield from (("logs:CreateLogStream", stream), ("logs:PutLogEvents", stream))
    if resource.type in (FUNCTION, RUNTIME):
        yield from (("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*"))
    if resource.type == RUNTIME:
        uri = str(at(resource, "agentRuntimeArtifact.containerConfiguration.containerUri")).rpartition(":")[0]
        repository = found(graph, REPOSITORY, "repositoryUrl", uri)
        if repository is not None:
            arn = str(told(repository, "arn"))
            yield from (("ecr:BatchGetImage", arn), ("ecr:GetDownloadUrlForLayer", arn))
            yield "ecr:GetAuthorizationToken", "*"
    if resource.type == PROJECT:
        yield "s3:GetObject", f"arn:aws:s3:::{at(resource, 'source.location')}"
        yield "ecr:GetAuthorizationToken", "*"
        for variable in listed(at(resource, "environment.environmentVariables")):
            repository = found(graph, REPOSITORY, "repositoryUrl", variable.get("value"))
            pushing = ("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage")
            for action in (*pushing, "BatchCheckLayerAvailability") if repository is not None else ():
                yield f"ecr:{action}", str(told(repository, "arn")) if repository else ""


def managed_policy(graph: Graph) -> Problems:
    """Roles have the one policy that the program writes: AWS's managed ones grow without us."""
    for role in graph.of_type(ROLE):
        for arn in listed(role.inputs.get("managedPolicyArns")):
            yield role, f"has the managed policy {arn}"
    for attachment in graph.of_type(ATTACHMENT):
        yield attachment, f"attaches the managed policy {attachment.inputs.get('policyArn')}"


def wide_resource(graph: Graph) -> Problems:
    """A resource is named, at least by the beginning of its name, in one Region and account."""
    for statement in identity_statements(graph):
        if statement.effect != "Allow" or set(statement.actions) <= {*WITHOUT_NAME, *STAR_ONLY}:
            continue
        for resource in statement.resources:
            if resource != "*" and _is_wide(resource):
                yield statement.owner, f"allows {statement.actions[0]} on {resource}, which names no one resource"


def _is_wide(arn: str) -> bool:
    parts = arn.split(":", 5)
    if len(parts) < 6 or any("*" in part for part in parts[:5]):
        return True
    name = parts[5]
    if parts[2] not in NAMED_FIRST:
        # `table/name`, `function:name`, `log-group:/name`.
        name = name.replace(":", "/", 1).partition("/")[2]
    return name.lstrip("/")[:1] in ("", "*", "?")


def negated_statement(graph: Graph) -> Problems:
    """Policies say what is allowed: NotAction, NotResource and NotPrincipal allow all the rest."""
    for statement in (*identity_statements(graph), *resource_statements(graph), *trust_statements(graph)):
        if statement.effect == "Allow" and statement.negated:
            yield statement.owner, f"allows everything but what {', '.join(statement.negated)} names"


def open_to_everybody(graph: Graph) -> Problems:
    """No resource's own policy lets everybody in, nor any account or service but those it is for."""
    for statement in resource_statements(graph):
        if statement.effect == "Allow" and "*" in statement.principals.get("AWS", ()):
            yield statement.owner, "lets everybody in"
    for permission in graph.of_type(PERMISSION):
        if permission.inputs.get("principal") not in (*INVOKERS, "events.amazonaws.com"):
            yield permission, f"lets {permission.inputs.get('principal')} invoke a function"
    for url in graph.of_type(FUNCTION_URL):
        if url.inputs.get("authorizationType") != "AWS_IAM":
            yield url, "lets everybody invoke a function"


RULES = (
    role_not_assumable,
    role_shared,
    role_insufficient,
    managed_policy,
    wide_resource,
    negated_statement,
    open_to_everybody,
)
