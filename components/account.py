"""What exists once per account and Region, and which everything else relies on.

One stack of an account and Region has `accountSettings: true`; `make doctor` looks at the result. It
is the last to be destroyed: with it go API Gateway's role and X-Ray's permission to write, which the
other stacks use too, while the trace destination and the indexing rule stay as they are (notes on
both in the provider's documentation).
"""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.location import Location, arn
from components.policies import policy

INDEXED_PERCENT = 1.0
"""Of the spans that X-Ray indexes besides; this much is free, and every span is searchable anyway
("Enable transaction search", CloudWatch user guide)."""

SPAN_LOG_GROUPS = ("aws/spans", "/aws/application-signals/data")
"""Where X-Ray puts spans; it makes the groups itself (same page)."""


class AccountSettingsArgs(TypedDict):
    """Inputs of AccountSettings."""

    location: Location


class AccountSettings(pulumi.ComponentResource):
    """API Gateway's logging role, and X-Ray Transaction Search."""

    def __init__(self, name: str, args: AccountSettingsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:AccountSettings", name, {}, opts)
        self._log_api_gateway(name)
        self._search_transactions(name, args["location"])
        self.register_outputs({})

    def _log_api_gateway(self, name: str) -> None:
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-api-logs",
            description="API Gateway writes access logs with it",
            # As in "Set up CloudWatch logging for REST APIs": without a source condition. API Gateway tries the
            # role when the setting is made, and is documented nowhere to name a source then; and nobody else's
            # account can name our role, since the setting takes only a role of the account itself.
            assume_role_policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "apigateway.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            ),
            opts=child,
        )
        permission = aws.iam.RolePolicy(
            f"{name}-api-logs-policy",
            role=role.name,
            # What the managed policy AmazonAPIGatewayPushToCloudWatchLogs grants. API Gateway refuses a role
            # with less, on fewer resources too: the role is for every API of the account.
            policy=policy(
                [
                    {
                        "actions": [
                            "logs:CreateLogGroup",
                            "logs:CreateLogStream",
                            "logs:DescribeLogGroups",
                            "logs:DescribeLogStreams",
                            "logs:PutLogEvents",
                            "logs:GetLogEvents",
                            "logs:FilterLogEvents",
                        ],
                        "resources": ["*"],
                    }
                ]
            ),
            opts=child,
        )
        aws.apigateway.Account(
            f"{name}-api-gateway",
            cloudwatch_role_arn=role.arn,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[permission])),
        )

    def _search_transactions(self, name: str, location: Location) -> None:
        """Spans as logs, which is what AgentCore's observability needs ("Enable transaction search")."""
        child = pulumi.ResourceOptions(parent=self)
        allowed = aws.cloudwatch.LogResourcePolicy(
            f"{name}-spans",
            policy_name=f"{name}-spans",
            policy_document=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "TransactionSearchXRayAccess",
                            "Effect": "Allow",
                            "Principal": {"Service": "xray.amazonaws.com"},
                            "Action": "logs:PutLogEvents",
                            "Resource": [arn(location, "logs", f"log-group:{group}:*") for group in SPAN_LOG_GROUPS],
                            "Condition": {
                                "StringEquals": {"aws:SourceAccount": location["account_id"]},
                                "ArnLike": {"aws:SourceArn": arn(location, "xray", "*")},
                            },
                        }
                    ],
                }
            ),
            opts=child,
        )
        destination = aws.xray.TraceSegmentDestination(
            f"{name}-destination",
            destination="CloudWatchLogs",
            # X-Ray checks the policy when it switches over.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[allowed])),
        )
        aws.xray.IndexingRule(
            f"{name}-index",
            # The only rule there is.
            name="Default",
            rule={"probabilistic": {"desired_sampling_percentage": INDEXED_PERCENT}},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[destination])),
        )
