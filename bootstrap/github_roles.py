"""Roles that GitHub Actions assumes with its own tokens: no key of ours is stored there."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"

PROJECT = "deskside"
"""What the names of all that the main program makes begin with."""

PASSED_TO = (
    "apigateway.amazonaws.com",
    "bedrock-agentcore.amazonaws.com",
    "codebuild.amazonaws.com",
    "lambda.amazonaws.com",
)
"""Services that the main program gives roles to."""


class State(TypedDict):
    """Where the stacks' state is."""

    bucket_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]


class GithubRolesArgs(TypedDict):
    """Inputs of GithubRoles."""

    partition: str
    account_id: str
    subject: Callable[[str], str]
    """The `sub` claim that GitHub's token has in a context."""
    environments: Sequence[str]
    """One `up` role for each."""
    branch: str
    provider_arn: str | None
    """An existing OIDC provider for GitHub; without, one is made."""
    state: State | None
    """None with Pulumi Cloud."""


def _allow(actions: list[str], resources: list[pulumi.Input[str]], **conditions: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": actions,
        "Resource": resources,
        **({"Condition": conditions} if conditions else {}),
    }


def _document(statements: Sequence[dict[str, Any]]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


class GithubRoles(pulumi.ComponentResource):
    """Preview (pull requests), drift (the main branch) and, for each environment, up."""

    preview_role_arn: pulumi.Output[str]
    drift_role_arn: pulumi.Output[str]
    up_role_arns: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: GithubRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:bootstrap:GithubRoles", name, {}, opts)
        self._args = args
        self._provider_arn: pulumi.Input[str] = (
            args["provider_arn"]
            # IAM trusts GitHub's certificate authorities by itself: no thumbprint to go stale.
            or aws.iam.OpenIdConnectProvider(
                name,
                url=f"https://{ISSUER}",
                client_id_lists=[AUDIENCE],
                opts=pulumi.ResourceOptions(parent=self),
            ).arn
        )
        prefix = name.removesuffix("-github")
        # A pull request's code runs in a preview: it may look at nothing but what the program itself asks AWS.
        self.preview_role_arn = self._role(f"{prefix}-preview", "pull_request", self._asked() + self._reading_state())
        # Comparing with what is there takes reading all of it; only reviewed code does so.
        self.drift_role_arn = self._role(
            f"{prefix}-drift",
            f"ref:refs/heads/{args['branch']}",
            self._asked() + self._reading_state() + self._refreshing(),
            ["ReadOnlyAccess"],
        )
        self.up_role_arns = {
            environment: self._role(
                f"{prefix}-up-{environment}",
                f"environment:{environment}",
                self._roles_of(environment),
                # All but IAM, also state and key: the program makes some forty kinds of resources.
                ["PowerUserAccess"],
            )
            for environment in args["environments"]
        }
        self.register_outputs(
            {
                "preview_role_arn": self.preview_role_arn,
                "drift_role_arn": self.drift_role_arn,
                "up_role_arns": self.up_role_arns,
            }
        )

    def _role(
        self, name: str, context: str, statements: Sequence[dict[str, Any]], managed: Sequence[str] = ()
    ) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            description=f"GitHub Actions, {context}",
            # Seconds. An update with an image build and a cache takes longer than one hour at worst.
            max_session_duration=7200,
            assume_role_policy=_document(
                [
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": self._provider_arn},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            # Equal, not like: no other repository, event, branch or environment.
                            "StringEquals": {
                                f"{ISSUER}:aud": AUDIENCE,
                                f"{ISSUER}:sub": self._args["subject"](context),
                            }
                        },
                    }
                ]
            ),
            opts=child,
        )
        aws.iam.RolePolicy(f"{name}-policy", role=role.name, policy=_document(statements), opts=child)
        for policy in managed:
            aws.iam.RolePolicyAttachment(
                f"{name}-{policy.lower()}",
                role=role.name,
                policy_arn=f"arn:{self._args['partition']}:iam::aws:policy/{policy}",
                opts=child,
            )
        return role.arn

    def _asked(self) -> list[dict[str, Any]]:
        # What the program and awsx ask in a preview; none of it can be limited to a resource.
        return [_allow(["sts:GetCallerIdentity", "ec2:DescribeAvailabilityZones", "ec2:DescribeRegions"], ["*"])]

    def _reading_state(self) -> list[dict[str, Any]]:
        state = self._args["state"]
        if state is None:
            return []
        return [
            _allow(["s3:ListBucket"], [state["bucket_arn"]]),
            _allow(["s3:GetObject"], [pulumi.Output.concat(state["bucket_arn"], "/*")]),
            _allow(["kms:Decrypt", "kms:DescribeKey"], [state["key_arn"]]),
        ]

    def _refreshing(self) -> list[dict[str, Any]]:
        account, partition = self._args["account_id"], self._args["partition"]
        return [
            # One by one: Get* would also give out tokens of workload identities.
            _allow(
                [
                    "bedrock-agentcore:GetAgentRuntime",
                    "bedrock-agentcore:GetAgentRuntimeEndpoint",
                    "bedrock-agentcore:GetGateway",
                    "bedrock-agentcore:GetGatewayTarget",
                    "bedrock-agentcore:ListTagsForResource",
                ],
                [f"arn:{partition}:bedrock-agentcore:*:{account}:*"],
            ),
            # The version of the machine client's secret is a resource of the program.
            _allow(
                ["secretsmanager:GetSecretValue"], [f"arn:{partition}:secretsmanager:*:{account}:secret:{PROJECT}-*"]
            ),
        ]

    def _roles_of(self, environment: str) -> list[dict[str, Any]]:
        account, partition = self._args["account_id"], self._args["partition"]
        ours = f"arn:{partition}:iam::{account}:role/{PROJECT}-{environment}-*"
        return [
            _allow(
                [
                    "iam:AttachRolePolicy",
                    "iam:CreateRole",
                    "iam:DeleteRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:GetRole",
                    "iam:GetRolePolicy",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                    "iam:ListRolePolicies",
                    "iam:PutRolePolicy",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                    "iam:UpdateRoleDescription",
                ],
                [ours],
            ),
            _allow(
                ["iam:PassRole"],
                [ours],
                StringEquals={"iam:PassedToService": list(PASSED_TO)},
            ),
        ]
