"""Every policy document of the graph through ol-parliament, which knows AWS's actions, resources and conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import parliament  # pyright: ignore[reportMissingTypeStubs]

from validation.findings import Finding
from validation.graph import Graph, Resource

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

_OF_IDENTITY_POLICIES: Final = frozenset({"RESOURCE_STAR", "RESOURCE_MISMATCH"})
"""Issues that say nothing of a resource's own policy, whose resource is itself."""

_NOT_A_POLICY: Final = frozenset({"aws:ecr/lifecyclePolicy:LifecyclePolicy"})


def check(graph: Graph) -> list[Finding]:
    """What ol-parliament objects to in any policy document.

    Raises:
        LookupError: a resource has a policy input that is listed above neither way.
    """
    return [finding for resource in graph for finding in check_resource(resource)]


def check_resource(resource: Resource) -> Iterator[Finding]:
    """What ol-parliament objects to in the policy documents of one resource."""
    for key, document in documents(resource):
        yield from _analyzed(resource, key, document)


def documents(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """The policy documents among a resource's inputs."""
    listed = {**IDENTITY_POLICIES, **RESOURCE_POLICIES}.get(resource.type)
    for key, value in resource.inputs.items():
        if not key.lower().endswith(("policy", "policydocument", "policyjson")) or resource.type in _NOT_A_POLICY:
            continue
        if isinstance(value, str) and not value.startswith("{"):
            continue
        document = json.loads(value) if isinstance(value, str) else value
        if not isinstance(document, dict) or "Statement" not in document:
            continue
        if key != listed:
            raise LookupError(f"{resource.type}: say in validation/iam.py what kind of policy {key} is")
        yield key, cast(dict[str, Any], document)


def _analyzed(resource: Resource, key: str, document: Mapping[str, Any]) -> Iterator[Finding]:
    statements = cast(list[dict[str, Any]], document["Statement"])
    if resource.type in RESOURCE_POLICIES:
        # Parliament knows identity policies only: a principal is no part of them, and what a resource
        # policy's resource may be differs. What remains is actions, conditions and structure.
        statements = [_as_identity_statement(statement) for statement in statements]
    for statement in statements:
        whole = {"Version": document.get("Version", "2012-10-17"), "Statement": [statement]}
        analyzed = cast(Any, parliament).analyze_policy_string(json.dumps(whole), include_community_auditors=False)
        for found in analyzed.findings:
            if resource.type in RESOURCE_POLICIES and found.issue in _OF_IDENTITY_POLICIES:
                continue
            detail = f"{found.issue}: {_brief(found.detail)}" if found.detail else str(found.issue)
            yield Finding(LAYER, str(found.issue), resource.name, resource.type, f"{key}: {detail} {_about(statement)}")


def _as_identity_statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in statement.items() if key not in ("Principal", "NotPrincipal")}
    return {"Resource": "*", **rest}


def _about(statement: Mapping[str, Any]) -> str:
    actions = statement.get("Action", [])
    return f"(statement with {actions if isinstance(actions, str) else ', '.join(cast(list[str], actions))})"


def _brief(detail: object) -> str:
    return json.dumps(detail, default=str, sort_keys=True)
