from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.mutations import REMOVED
from tests.validation.rule_cases import Case, fired, grant, put, without_dependency
from validation.faithful import physical
from validation.graph import Graph

SOURCES = physical("aws:s3/bucket:Bucket", "d-sources")
MANAGER = physical("aws:lambda/function:Function", "d-ws")

CASES: list[Case] = [
    ("star-action", grant("d-ws-role-policy", "*", f"arn:aws:s3:::{SOURCES}")),
    ("star-action", grant("d-ws-role-policy", "dynamodb:*", "*")),
    ("star-resource", grant("d-ws-role-policy", "dynamodb:PutItem", "*")),
    (
        "foreign-principal & role-not-assumable",
        put("d-ws-role", "assumeRolePolicy.Statement.0.Principal.Service", "lamdba.amazonaws.com"),
    ),
    ("trust-without-source", put("d-ws-role", "assumeRolePolicy.Statement.0.Condition.ArnLike", REMOVED)),
    ("trust-without-source", put("d-ws-role", "assumeRolePolicy.Statement.0.Condition.StringEquals", REMOVED)),
    ("privilege-escalation", grant("d-ws-role-policy", "iam:PassRole", "arn:aws:iam::123456789012:role/x")),
    (
        "privilege-escalation",
        grant(
            "d-ws-role-policy",
            "lambda:UpdateFunctionCode",
            f"arn:aws:lambda:us-west-2:123456789012:function:{MANAGER}",
        ),
    ),
    (
        "query-without-index",
        put("d-mcp-role-policy", "policy.Statement.1.Resource", lambda arn: arn.removesuffix("/index/*")),
    ),
    (
        "dangling-policy",
        grant("d-ws-role-policy", "dynamodb:PutItem", "arn:aws:dynamodb:us-west-2:123456789012:table/others"),
    ),
    ("role-before-policy", without_dependency("d-tools", "d-tools-role-policy")),
    (
        "role-missing & environment-forbidden",
        put("d-ws", "role", "arn:aws:iam::123456789012:role/somebody", "Function"),
    ),
    ("role-before-policy", without_dependency("d-account", "d-account-role-policy")),
    ("role-before-policy", without_dependency("d-build", "d-build-role-policy")),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
