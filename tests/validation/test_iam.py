"""Policies through ol-parliament, and the list of what we accept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from validation.accepted import ACCEPTED, Accepted, stale, unaccepted
from validation.findings import Finding
from validation.graph import Graph, Resource
from validation.iam import check

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"


def rules(type: str, key: str, **statement: Any) -> set[str]:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    graph = Graph("desk", "test", (Resource("urn", type, "policy", {key: json.dumps(document)}),))
    return {finding.rule for finding in check(graph)}


def role_policy(**statement: Any) -> set[str]:
    return rules("aws:iam/rolePolicy:RolePolicy", "policy", **statement)


def trust(**statement: Any) -> set[str]:
    return rules("aws:iam/role:Role", "assumeRolePolicy", **statement)


def test_right_policies_have_no_findings():
    assert role_policy(Action=["dynamodb:GetItem"], Resource=[TABLE]) == set()
    condition = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert trust(Action="sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}, Condition=condition) == set()


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ({"Action": ["dynamodb:GetItems"], "Resource": [TABLE]}, "UNKNOWN_ACTION"),
        ({"Action": ["dynamodbb:GetItem"], "Resource": [TABLE]}, "UNKNOWN_PREFIX"),
        ({"Action": ["dynamodb:GetItem"], "Resource": ["*"]}, "RESOURCE_STAR"),
        ({"Action": ["dynamodb:GetItem"], "Resource": ["arn:aws:s3:::bucket/key"]}, "RESOURCE_MISMATCH"),
        ({"Action": ["dynamodb:GetItem"], "Resource": ["table"]}, "INVALID_ARN"),
        (
            {"Action": ["dynamodb:GetItem"], "Resource": [TABLE], "Condition": {"StringEquals": {"dynamodb:X": "a"}}},
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
    ],
)
def test_each_mistake_is_found(statement: dict[str, Any], rule: str):
    assert rule in role_policy(**statement)


def test_a_resources_own_policy_is_checked_too():
    assert "UNKNOWN_ACTION" in trust(Action="sts:AsumeRole", Principal={"Service": "lambda.amazonaws.com"})
    topic = ("aws:sns/topicPolicy:TopicPolicy", "policy")
    principal = {"Service": "cloudwatch.amazonaws.com"}
    own = "arn:aws:sns:us-east-1:123456789012:t"
    assert rules(*topic, Action="sns:Publish", Principal=principal, Resource=own) == set()
    assert "UNKNOWN_ACTION" in rules(*topic, Action="sns:Publishh", Principal=principal, Resource="*")


def document(given: Any, type: str = "aws:iam/rolePolicy:RolePolicy", key: str = "policy") -> set[str]:
    graph = Graph("desk", "test", (Resource("urn", type, "policy", {key: given}),))
    return {finding.rule for finding in check(graph)}


STATEMENT = {"Sid": "A", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"Version": "2012-10-17", "Statement": [STATEMENT, STATEMENT]}, "DUPLICATE_SID"),
        ({"Statement": [STATEMENT]}, "NO_VERSION"),
        ({"Version": "2012-10-18", "Statement": [STATEMENT]}, "INVALID_VERSION"),
        ({"Version": "2012-10-17", "Statement": [STATEMENT], "Rest": 1}, "MALFORMED"),
        ({"Version": "2012-10-17", "Statements": [STATEMENT]}, "MALFORMED"),
        ({"Version": "2012-10-17", "Statement": []}, "EMPTY"),
        ({"Version": "2012-10-17", "Statement": [{**STATEMENT, "Action": []}]}, "EMPTY"),
        ({"Version": "2012-10-17", "Statement": [{**STATEMENT, "Principal": "*"}]}, "PRINCIPAL"),
        ({"Version": "2012-10-17", "Statement": {**STATEMENT, "Action": "dynamodb:GetItems"}}, "UNKNOWN_ACTION"),
    ],
)
def test_the_document_as_a_whole_is_checked(given: dict[str, Any], rule: str):
    assert rule in document(json.dumps(given))
    assert rule in document(given), "as an object"
    assert rule in document(f" {json.dumps(given, indent=1)}"), "with white space"


def test_text_that_is_no_document_is_found():
    assert document("policy") == {"MALFORMED"}
    assert document('{"Statement": [') == {"MALFORMED"}


def test_two_right_statements_are_right():
    both = [STATEMENT, {**STATEMENT, "Sid": "B"}]
    assert document({"Version": "2012-10-17", "Statement": both}) == set()


def test_a_trust_policy_names_principals_and_no_resource():
    def found(statement: dict[str, Any]) -> set[str]:
        return document({"Version": "2012-10-17", "Statement": [statement]}, "aws:iam/role:Role", "assumeRolePolicy")

    assert found(TRUST) == set()
    assert found({**TRUST, "Resource": "*"}) == {"RESOURCE"}
    assert found({key: value for key, value in TRUST.items() if key != "Principal"}) == {"PRINCIPAL"}


def test_a_resource_that_does_not_have_the_action_is_found_in_its_own_policy_too():
    def found(**statement: Any) -> set[str]:
        return rules("aws:s3/bucketPolicy:BucketPolicy", "policy", Principal="*", **statement)

    assert found(Action="s3:PutObject", Resource="arn:aws:s3:::bucket/*") == set()
    assert found(Effect="Deny", Action="s3:*", Resource=["arn:aws:s3:::b", "arn:aws:s3:::b/*"]) == set()
    for effect in ("Allow", "Deny"):
        assert found(Effect=effect, Action="sns:Publish", Resource="arn:aws:s3:::b") == {"RESOURCE_MISMATCH"}


def test_a_policy_that_nobody_listed_is_refused_wherever_it_is():
    inside = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
    with pytest.raises(LookupError, match=r"what kind of policy inlinePolicies\[0\]\.policy is"):
        document([{"name": "inline", "policy": inside}], "aws:iam/role:Role", "inlinePolicies")


def test_a_policy_of_an_unlisted_kind_is_refused():
    with pytest.raises(LookupError, match="say in validation"):
        rules("aws:new/thing:Thing", "resourcePolicy", Action="sns:Publish", Resource="*")


def test_only_what_was_looked_at_is_accepted():
    entry = Accepted("iam", "RESOURCE_STAR", "api-logs-policy", "logs:CreateLogGroup", "a reason")
    same = Finding("iam", "RESOURCE_STAR", "desk-dev-api-logs-policy", "t", "policy: logs:CreateLogGroup")
    others = [
        Finding("iam", "RESOURCE_MISMATCH", same.resource, "t", same.message),
        Finding("iam", same.rule, "desk-dev-other-policy", "t", same.message),
        Finding("iam", same.rule, same.resource, "t", "policy: logs:DeleteLogGroup"),
    ]
    assert unaccepted([same, *others], [entry]) == others
    assert stale([same], [entry]) == []
    assert stale(others, [entry]) == [entry]


def test_every_acceptance_has_a_reason():
    assert all(len(entry.reason.split()) > 5 for entry in ACCEPTED)
