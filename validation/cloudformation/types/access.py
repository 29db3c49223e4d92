"""Roles and their policies in CloudFormation."""

from __future__ import annotations

from validation.cloudformation.types.writing import Inputs, Properties, parsed, part, simple, whole, written


@whole("aws:iam/role:Role", "AWS::IAM::Role")
def _role(inputs: Inputs) -> Properties:
    properties = written(inputs, {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"})
    return parsed(properties, "AssumeRolePolicyDocument")


@whole("aws:iam/rolePolicy:RolePolicy", "AWS::IAM::RolePolicy")
def _role_policy(inputs: Inputs) -> Properties:
    properties = written(inputs, {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"})
    return parsed(properties, "PolicyDocument")


@part("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/role:Role", "role")
def _attachment(role: Properties, inputs: Inputs) -> None:
    role.setdefault("ManagedPolicyArns", []).append(inputs["policyArn"])


simple(
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "AWS::IAM::OIDCProvider",
    {"clientIdLists": "ClientIdList", "thumbprintLists": "ThumbprintList"},
)
