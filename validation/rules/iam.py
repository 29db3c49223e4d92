"""Roles: who may assume them, and that they may do what is needed and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from validation.graph import Graph, Resource
from validation.rules.reading import (
    ACCOUNT,
    FUNCTION,
    GATEWAY,
    INVOCATION,
    PROJECT,
    ROLE,
    RUNTIME,
    TABLE,
    Statement,
    all_dependencies,
    arns,
    at,
    covers,
    function_of,
    identity_statements,
    listed,
    resource_statements,
    role_statements,
    told,
    trust_statements,
)
from validation.rules.rule import Problems

STAR_ONLY: Mapping[str, str] = {
    "ecr:GetAuthorizationToken": "the token is for the registry, not for a repository",
    "xray:PutTraceSegments": "traces have no ARN",
    "xray:PutTelemetryRecords": "traces have no ARN",
    "xray:GetSamplingRules": "sampling rules are read as a list",
    "xray:GetSamplingTargets": "sampling rules are read as a list",
    "xray:PutSpans": "traces have no ARN",
    "xray:PutSpansForIndexing": "traces have no ARN",
    "cloudwatch:PutMetricData": "metrics have no ARN; limited by cloudwatch:namespace",
    "logs:DescribeLogGroups": "listing has no resource",
    "logs:PutResourcePolicy": "resource policies have no ARN",
    "logs:DescribeResourcePolicies": "resource policies have no ARN",
}
"""Actions for which AWS knows no resource but `*`."""

STAR_REVIEWED: Mapping[str, str] = {
    "-api-logs-policy": "API Gateway's one logging role writes for every API of the account, and API Gateway refuses "
    "it with less",
}
"""Policies, by the end of their logical names, whose `*` was reviewed; only for actions on logs."""

SERVICES: Mapping[str, str] = {
    "lambda.amazonaws.com": "our functions",
    "bedrock-agentcore.amazonaws.com": "runtime and Gateway",
    "codebuild.amazonaws.com": "builds the agent's image",
    "apigateway.amazonaws.com": "writes the access logs",
}
"""The services that may assume a role of ours."""

WITHOUT_SOURCE_ARN: Mapping[str, str] = {
    "apigateway.amazonaws.com": "the account-wide logging role is assumed for no particular API",
}
"""Trust without aws:SourceArn that was reviewed, and why."""

WITHOUT_SOURCE_ACCOUNT: Mapping[str, str] = {
    "apigateway.amazonaws.com": "API Gateway tries the role when the account's setting is made, naming no source",
}
"""Trust without aws:SourceAccount that was reviewed, and why."""

ESCALATING: tuple[str, ...] = ("iam:", "sts:", "lambda:UpdateFunction", "lambda:CreateFunction", "lambda:AddPermission")
"""Beginnings of actions with which a role could become another."""

GROUPS_OF_AWS: tuple[str, ...] = (":log-group:aws/spans", ":log-group:/aws/application-signals/data")
"""Log groups that X-Ray makes itself."""

OUR_ARNS = re.compile(
    r"arn:[^:]+:(dynamodb|s3|secretsmanager|ecr|lambda|elasticache|sns|bedrock-agentcore|codebuild|logs):"
)
"""ARNs of services whose resources are all in the graph."""


def star_action(graph: Graph) -> Problems:
    """No role may do everything, or everything of one service."""
    for statement in identity_statements(graph):
        for action in statement.actions:
            if statement.effect == "Allow" and re.fullmatch(r"\*|[^:]+:\*", action):
                yield statement.owner, f"allows {action}"


def star_resource(graph: Graph) -> Problems:
    """`*` is a resource only for actions that have no other."""
    for statement in identity_statements(graph):
        if statement.effect != "Allow" or "*" not in statement.resources:
            continue
        for action in statement.actions:
            if action.startswith("logs:") and statement.owner.name.endswith(tuple(STAR_REVIEWED)):
                continue
            if action not in STAR_ONLY and not re.fullmatch(r"\*|[^:]+:\*", action):
                yield statement.owner, f"allows {action} on every resource"


def foreign_principal(graph: Graph) -> Problems:
    """Roles are assumed by the services we use, and by nobody else."""
    for statement in trust_statements(graph):
        for kind, names in statement.principals.items():
            for name in names:
                if kind != "Service" or name not in SERVICES:
                    yield statement.owner, f"may be assumed by {name}, which is no service of ours"


def trust_without_source(graph: Graph) -> Problems:
    """A service assumes a role for our account and our resources only."""
    for statement in trust_statements(graph):
        services = statement.principals.get("Service", ())
        for key, reviewed in (
            ("aws:SourceAccount", WITHOUT_SOURCE_ACCOUNT),
            ("aws:SourceArn", WITHOUT_SOURCE_ARN),
        ):
            if not statement.tested(key) and any(service not in reviewed for service in services):
                yield statement.owner, f"can be assumed for a stranger: the trust policy has no {key}"


def privilege_escalation(graph: Graph) -> Problems:
    """No role may assume or change roles, pass any but a named one to a named service, or change functions."""
    for statement in identity_statements(graph):
        for action in statement.actions:
            if action == "iam:PassRole" and _one_role_to_one_service(statement):
                continue
            if statement.effect == "Allow" and action.startswith(ESCALATING) and not action.endswith(":*"):
                yield statement.owner, f"allows {action}, with which it could become another role"


def _one_role_to_one_service(statement: Statement) -> bool:
    """Passing a named role to a named service, which whoever updates an agent runtime must do."""
    named = not any("*" in resource for resource in statement.resources)
    return named and statement.tested("iam:PassedToService")


def query_without_index(graph: Graph) -> Problems:
    """Who may query a table that is queried by index may query the index."""
    for table in graph.of_type(TABLE):
        arn = str(told(table, "arn"))
        indexes = [f"{arn}/index/{at(table, f'globalSecondaryIndexes.{n}.name')}" for n in range(_indexes(table))]
        for statement in identity_statements(graph):
            queried = [r for r in statement.resources if "dynamodb:Query" in statement.actions]
            if indexes and arn in queried and not any(covers(r, i) for r in queried for i in indexes):
                yield statement.owner, f"may query {table.name} but not its index"


def _indexes(table: Resource) -> int:
    return len(listed(table.inputs.get("globalSecondaryIndexes")))


def dangling_policy(graph: Graph) -> Problems:
    """What a policy names is in the stack: neither a leftover nor a slip of the pen."""
    known = [arn for resource in graph for arn in arns(resource)]
    for statement in (*identity_statements(graph), *resource_statements(graph)):
        for resource in statement.resources:
            if any(group in resource for group in GROUPS_OF_AWS):
                continue
            if OUR_ARNS.match(resource) and not any(_leads_to(resource, arn) for arn in known):
                yield statement.owner, f"names {resource}, which is not in the stack"


ARN_HEAD = len("arn:aws:s3:::")
"""Shorter than this no ARN is whole."""


def _leads_to(pattern: str, arn: str) -> bool:
    """Whether the pattern covers the ARN or something below it."""
    if pattern.split(":")[2:3] != arn.split(":")[2:3]:
        return False
    return covers(pattern, arn) or any(
        covers(pattern[:end], arn) for end, character in enumerate(pattern) if character in ":/" and end > ARN_HEAD
    )


def role_before_policy(graph: Graph) -> Problems:
    """What uses a role's permissions while it is created waits for the role's policies."""
    for resource in graph.of_type(RUNTIME, GATEWAY, INVOCATION, PROJECT, ACCOUNT):
        roles = [resource.inputs.get(key) for key in ("roleArn", "serviceRole", "cloudwatchRoleArn")]
        if resource.type == INVOCATION:
            function = function_of(graph, resource.inputs.get("functionName"))
            roles = [function.inputs.get("role")] if function else []
        before = all_dependencies(graph, resource)
        for role in roles:
            for owner in {s.owner.urn: s.owner for s in role_statements(graph, role)}.values():
                if owner.urn not in before and owner.type != ROLE:
                    yield resource, f"may be created before {owner.name} is attached to its role"


def role_missing(graph: Graph) -> Problems:
    """Every role that is used is one of ours."""
    ours = {told(role, "arn") for role in graph.of_type(ROLE)}
    for key, types in {
        "role": (FUNCTION,),
        "roleArn": (RUNTIME, GATEWAY),
        "serviceRole": (PROJECT,),
        "cloudwatchRoleArn": (ACCOUNT,),
    }.items():
        for resource in graph.of_type(*types):
            if resource.inputs.get(key) not in ours:
                yield resource, f"runs as {resource.inputs.get(key)}, which is not a role of the stack"


RULES = (
    star_action,
    star_resource,
    foreign_principal,
    trust_without_source,
    privilege_escalation,
    query_without_index,
    dangling_policy,
    role_before_policy,
    role_missing,
)
