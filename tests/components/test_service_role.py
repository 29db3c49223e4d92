"""A role for one service: its trust, its policy, its place in the graph."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from components.service_role import ServiceRole, ServiceRoleArgs
from validation.graph import Graph
from validation.recording import record

NAME = "deskside-test-role"
ARGS: ServiceRoleArgs = {
    "service": "codebuild.amazonaws.com",
    "account_id": "123456789012",
    "source_arns": ["arn:aws:codebuild:us-east-1:123456789012:project/p"],
    "statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::b/*"]}],
}


def recorded(**changes: Any) -> Graph:
    def program() -> None:
        provider = aws.Provider("test", region="us-east-1")
        role = ServiceRole(NAME, {**ARGS, **changes}, pulumi.ResourceOptions(providers=[provider]))  # type: ignore[typeddict-item]
        pulumi.export("arn", role.arn)
        pulumi.export("name", role.name)
        aws.cloudwatch.LogGroup("after", opts=pulumi.ResourceOptions(provider=provider, depends_on=[role]))

    return record(program)


def test_one_service_may_assume_it_for_one_account() -> None:
    (statement,) = json.loads(recorded().named(NAME, "aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "codebuild.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": ["arn:aws:codebuild:us-east-1:123456789012:project/p"]},
    }


def test_it_may_do_what_its_statements_say_and_nothing_else() -> None:
    graph = recorded()
    (policy,) = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    assert json.loads(policy.inputs["policy"])["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}
    ]
    assert policy.inputs["role"] == graph.exports["name"]
    assert not graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")


def test_what_waits_for_it_waits_for_its_policy() -> None:
    graph = recorded()
    (policy,) = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    assert policy.urn in graph.named("after").dependencies


def test_its_outputs_are_those_of_the_role() -> None:
    graph = recorded(description="Builds")
    role = graph.named(NAME, "aws:iam/role:Role")
    assert role.inputs["description"] == "Builds"
    assert graph.exports == {"arn": role.outputs["arn"], "name": role.outputs["name"]}
