"""Every policy document of the graph through ol-parliament, which knows AWS's actions, resources and conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import parliament  # pyright: ignore[reportMissingTypeStubs]

from validation.findings import Finding
from validation.graph import Graph, Resource
from validation.values import from_json

LAYER: Final = "iam"

IDENTITY_POLICIES: Final[Mapping[str, str]] = {
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/policy:Policy": "policy",
}
"""The input that holds what a role may do, by type."""

RESOURCE_POLICIES: Final[Mapping[str, str]] = {
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:kms/key:Key": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:xray/resourcePolicy:ResourcePolicy": "policyDocument",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
}
"""The input that says who may use a resource, by type."""

_OF_IDENTITY_POLICIES: Final = frozenset({"RESOURCE_STAR"})
"""Issues that say nothing of a resource's own policy, whose `*` is the resource itself."""


def check(graph: Graph) -> list[Finding]:
    """What ol-parliament objects to in any policy document.

    Raises:
        LookupError: a resource has a policy that is listed above neither way.
    """
    return [finding for resource in graph for finding in check_resource(resource)]


def check_resource(resource: Resource) -> Iterator[Finding]:
    """What ol-parliament, and AWS's own grammar, object to in the policy documents of one resource."""
    found = dict(documents(resource))
    listed = {**IDENTITY_POLICIES, **RESOURCE_POLICIES}.get(resource.type)
    if listed in resource.inputs and listed not in found:
        yield Finding(LAYER, "MALFORMED", resource.name, resource.type, f"{listed}: is no policy document")
    for key, document in found.items():
        for issue, message in (*_ungrammatical(resource, document), *_analyzed(resource, document)):
            yield Finding(LAYER, issue, resource.name, resource.type, f"{key}: {message}")


def documents(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """The policy documents among a resource's inputs, wherever they are and whether text or not."""
    listed = {**IDENTITY_POLICIES, **RESOURCE_POLICIES}.get(resource.type)
    for path, document in _documents(resource.inputs, ""):
        if path != listed:
            raise LookupError(f"{resource.type}: say in validation/iam.py what kind of policy {path} is")
        yield path, document


def _documents(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    inside = from_json(value)
    if inside is not None:
        yield from _documents(inside, path)
    elif isinstance(value, Mapping):
        given = cast(dict[str, Any], value)
        if "Statement" in given:
            yield path, given
        else:
            for key, inner in given.items():
                yield from _documents(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(cast(list[Any], value)):
            yield from _documents(inner, f"{path}[{index}]")


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = document["Statement"]
    return cast(list[dict[str, Any]], given if isinstance(given, list) else [given])


def _ungrammatical(resource: Resource, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What IAM refuses and ol-parliament lets pass."""
    statements = _statements(document)
    if not statements:
        yield "EMPTY", "EMPTY: no statement"
    trust = resource.type == "aws:iam/role:Role"
    for statement in statements:
        for key in ("Action", "NotAction", "Resource", "NotResource"):
            if statement.get(key) in ([], ""):
                yield "EMPTY", f"EMPTY: {key} {_about(statement)}"
        names_principal = bool({"Principal", "NotPrincipal"} & set(statement))
        if names_principal != (resource.type in RESOURCE_POLICIES):
            how = "is not for what a role may do" if names_principal else "is missing"
            yield "PRINCIPAL", f"PRINCIPAL: {how} {_about(statement)}"
        if trust and {"Resource", "NotResource"} & set(statement):
            yield "RESOURCE", f"RESOURCE: a trust policy has none {_about(statement)}"


def _analyzed(resource: Resource, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    statements = _statements(document)
    if resource.type in RESOURCE_POLICIES:
        # Parliament knows identity policies only: a principal is no part of them.
        statements = [_as_identity_statement(statement) for statement in statements]
    # Each by itself, so that a finding says which; the whole for what is between them.
    seen: set[str] = set()
    for statement in statements:
        for issue, detail in _parliament({**document, "Statement": [statement]}):
            seen.add(issue)
            if resource.type not in RESOURCE_POLICIES or issue not in _of_itself(statement):
                yield issue, f"{detail} {_about(statement)}"
    for issue, detail in _parliament({**document, "Statement": statements}):
        if issue not in seen:
            yield issue, detail


def _of_itself(statement: Mapping[str, Any]) -> frozenset[str]:
    """What says nothing of this statement: its `*` is the resource itself, and no resource has all of `s3:*`."""
    actions = statement.get("Action", [])
    vague = statement.get("Resource") == "*" or any("*" in action for action in _listed(actions))
    return _OF_IDENTITY_POLICIES | frozenset({"RESOURCE_MISMATCH"} if vague else ())


def _listed(given: Any) -> list[str]:
    return cast(list[str], given if isinstance(given, list) else [given])


def _parliament(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    analyzed = cast(Any, parliament).analyze_policy_string(json.dumps(document), include_community_auditors=False)
    for found in analyzed.findings:
        yield str(found.issue), f"{found.issue}: {_brief(found.detail)}" if found.detail else str(found.issue)


def _as_identity_statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in statement.items() if key not in ("Principal", "NotPrincipal")}
    if rest.get("Effect") == "Deny":
        # Parliament does not look at the resources of what is denied; the service does.
        rest["Effect"] = "Allow"
    return rest if "NotResource" in rest else {"Resource": "*", **rest}


def _about(statement: Mapping[str, Any]) -> str:
    return f"(statement with {', '.join(_listed(statement.get('Action', [])))})"


def _brief(detail: object) -> str:
    return json.dumps(detail, default=str, sort_keys=True)
