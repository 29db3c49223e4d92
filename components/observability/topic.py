"""Where alarms and events go: an encrypted SNS topic.

The key is our own. With `alias/aws/sns` nothing would ever arrive: the policy of an AWS managed key
cannot be changed, and it lets neither CloudWatch nor EventBridge use it ("Enable compatibility
between event sources from AWS services and encrypted topics", SNS developer guide).
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.location import Location, arn

ADMINISTRATION = [
    "kms:CancelKeyDeletion",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
]
"""What the account's own IAM policies may grant on the key, which without this nobody could change again."""

PUBLISHING = ["kms:Decrypt", "kms:GenerateDataKey"]
"""What a publisher needs of the key, by the same page."""


def create_topic(name: str, location: Location, email: str | None, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The topic with its key, its policy and, where an address is given, a subscription.

    AWS asks the address to confirm; until then it gets nothing.

    Returns:
        the topic's ARN, known once CloudWatch and EventBridge may publish.
    """
    key = aws.kms.Key(
        f"{name}-key",
        description=f"Messages of the SNS topic {name}",
        enable_key_rotation=True,
        deletion_window_in_days=7,
        policy=pulumi.Output.json_dumps(_key_policy(location)),
        opts=opts,
    )
    topic = aws.sns.Topic(f"{name}-topic", kms_master_key_id=key.arn, opts=opts)
    policy = aws.sns.TopicPolicy(
        f"{name}-topic-policy",
        arn=topic.arn,
        policy=pulumi.Output.json_dumps(_topic_policy(location, topic.arn)),
        opts=opts,
    )
    if email is not None:
        aws.sns.TopicSubscription(f"{name}-email", topic=topic.arn, protocol="email", endpoint=email, opts=opts)
    return policy.arn


def _alarms_of(location: Location) -> Mapping[str, Mapping[str, str]]:
    return {
        "StringEquals": {"aws:SourceAccount": location["account_id"]},
        "ArnLike": {"aws:SourceArn": arn(location, "cloudwatch", "alarm:*")},
    }


def _key_policy(location: Location) -> Mapping[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Administration",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{location['partition']}:iam::{location['account_id']}:root"},
                "Action": ADMINISTRATION,
                # In a key's own policy this is the key.
                "Resource": "*",
            },
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": PUBLISHING,
                "Resource": "*",
                "Condition": _alarms_of(location),
            },
            {
                # EventBridge's requests to KMS carry neither source account nor source ARN: with a condition on
                # them every message would be lost without a word (same page).
                "Sid": "Events",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": PUBLISHING,
                "Resource": "*",
            },
        ],
    }


def _topic_policy(location: Location, topic_arn: pulumi.Output[str]) -> Mapping[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": _alarms_of(location),
            },
            {
                # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge" (EventBridge user
                # guide, resource-based policies).
                "Sid": "Events",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic_arn,
            },
        ],
    }
