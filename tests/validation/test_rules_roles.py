from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.validation.mutations import find
from tests.validation.rule_cases import Case, fired, grant, in_program, more, put
from validation.graph import Graph
from validation.rules.reading import listed

TRUST = "assumeRolePolicy.Statement.0"
DYNAMODB = "arn:aws:dynamodb:us-west-2:123456789012"


def _equal(condition: dict[str, Any]) -> dict[str, Any]:
    """StringEquals takes the pattern's asterisks literally."""
    return {"StringEquals": {**condition["StringEquals"], **condition["ArnLike"]}}


def _unequal(condition: dict[str, Any]) -> dict[str, Any]:
    return {"StringNotEquals": condition["StringEquals"], "ArnLike": condition["ArnLike"]}


def _without(action: str) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    def change(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
        left = [{**s, "Action": [a for a in listed(s["Action"]) if a != action]} for s in statements]
        return [statement for statement in left if statement["Action"]]

    return change


def _shared(graph: Graph) -> Graph:
    return put("d-builder", "role", find(graph, "d-mcp-role", "Role").outputs["arn"], "Function")(graph)


def _another(graph: Graph, name: str, type: str, **inputs: Any) -> Graph:
    like = find(graph, "d-socket-permission")
    return more(graph, replace(like, urn=f"{like.urn}-2", name=name, type=type, inputs=inputs))


def _attached(graph: Graph) -> Graph:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    return _another(graph, "d-admin", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", policyArn=arn)


def _public(graph: Graph) -> Graph:
    inputs = {**find(graph, "d-socket-permission").inputs, "principal": "*"}
    return _another(graph, "d-public", "aws:lambda/permission:Permission", **inputs)


def _url(graph: Graph) -> Graph:
    return _another(graph, "d-url", "aws:lambda/functionUrl:FunctionUrl", authorizationType="NONE")


CASES: list[Case] = [
    ("role-not-assumable", put("d-ws-role", f"{TRUST}.Condition.StringEquals", {"aws:SourceAccount": "999999999999"})),
    ("role-not-assumable", put("d-ws-role", f"{TRUST}.Condition.ArnLike", {"aws:SourceArn": "arn:aws:sqs:*:*:*"})),
    ("role-not-assumable", put("d-ws-role", f"{TRUST}.Condition", _equal)),
    ("role-not-assumable", put("d-ws-role", f"{TRUST}.Condition", _unequal)),
    ("role-not-assumable", put("d-ws-role", f"{TRUST}.Principal.Service", "codebuild.amazonaws.com")),
    ("role-not-assumable", put("d-ws-role", f"{TRUST}.Action", "sts:AssumeRoleWithWebIdentity")),
    ("role-shared & role-insufficient & role-before-policy & environment-forbidden", _shared),
    ("role-insufficient", put("d-ws-role-policy", "policy.Statement", _without("logs:PutLogEvents"))),
    ("role-insufficient", put("d-ws-role-policy", "policy.Statement", _without("xray:PutTraceSegments"))),
    ("role-insufficient", put("d-agent-role-policy", "policy.Statement", _without("ecr:BatchGetImage"))),
    ("role-insufficient", put("d-build-role-policy", "policy.Statement", _without("s3:GetObject"))),
    ("role-insufficient", in_program(put("-image-build-role-policy", "policy.Statement", _without("ecr:PutImage")))),
    ("managed-policy", put("d-ws-role", "managedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"])),
    ("managed-policy", _attached),
    ("wide-resource", grant("d-ws-role-policy", "dynamodb:PutItem", f"{DYNAMODB}:table/*")),
    ("wide-resource", grant("d-ws-role-policy", "dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/d-connections-*")),
    ("wide-resource", grant("d-ws-role-policy", "s3:GetObject", "arn:aws:s3:::*")),
    (
        "negated-statement",
        put("d-ws-role-policy", "policy.Statement.0.NotResource", "arn:aws:dynamodb:us-west-2:123456789012:table/x"),
    ),
    (
        "open-to-everybody",
        put("d-alarms-policy", "policy.Statement", lambda all: [*all, {**all[0], "Principal": "*"}]),
    ),
    ("open-to-everybody", _public),
    ("open-to-everybody", _url),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
