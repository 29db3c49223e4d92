"""IAM documents from typed statements."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi

ConditionValue = pulumi.Input[str] | Sequence[pulumi.Input[str]]


class Statement(TypedDict):
    """One thing a role may do. There is no Deny, NotAction or NotResource: nothing here needs them."""

    actions: list[str]
    resources: list[pulumi.Input[str]]
    conditions: NotRequired[dict[str, dict[str, pulumi.Input[str] | list[pulumi.Input[str]]]]]
    """Operator, then key, then value."""


def policy(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """An identity policy with these statements."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": statement["actions"],
                    "Resource": statement["resources"],
                    **({"Condition": statement["conditions"]} if "conditions" in statement else {}),
                }
                for statement in statements
            ],
        }
    )


def trust(
    service: str, source_account: pulumi.Input[str], source_arns: Sequence[pulumi.Input[str]] = ()
) -> pulumi.Output[str]:
    """A trust policy for one AWS service acting for our account only (against the confused deputy).

    Args:
        service: the principal, such as `lambda.amazonaws.com`.
        source_account: the account on whose behalf it may act.
        source_arns: patterns of the resources on whose behalf it may act; none where the service sends none.
    """
    condition: Mapping[str, Mapping[str, ConditionValue]] = {
        "StringEquals": {"aws:SourceAccount": source_account},
        **({"ArnLike": {"aws:SourceArn": list(source_arns)}} if source_arns else {}),
    }
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                    "Condition": condition,
                }
            ],
        }
    )
