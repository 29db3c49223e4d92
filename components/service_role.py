"""A role that one AWS service assumes for us, with the least it needs."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.policies import Statement, policy, trust


class ServiceRoleArgs(TypedDict):
    """Inputs of ServiceRole."""

    service: str
    """The principal, such as `lambda.amazonaws.com`."""
    account_id: pulumi.Input[str]
    """The only account on whose behalf the service may assume the role."""
    statements: list[Statement]
    source_arns: NotRequired[list[pulumi.Input[str]]]
    """Patterns of the resources on whose behalf it may be assumed."""
    description: NotRequired[str]


class ServiceRole(pulumi.ComponentResource):
    """An IAM role with a service's trust and one inline policy.

    What is created with the role should depend on this component, and so on the policy too.
    """

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: ServiceRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:ServiceRole", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            assume_role_policy=trust(args["service"], args["account_id"], args.get("source_arns", [])),
            description=args.get("description"),
            opts=child,
        )
        aws.iam.RolePolicy(f"{name}-policy", role=role.name, policy=policy(args["statements"]), opts=child)
        self.arn = role.arn
        self.name = role.name
        self.register_outputs({"arn": self.arn, "name": self.name})
