"""Where a stack lives."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws


class Location(TypedDict):
    """The parts that every ARN begins with. Plain strings, known before anything is created."""

    partition: str
    """`aws`, or `aws-us-gov` and the like."""
    region: str
    account_id: str


def locate(provider: aws.Provider, region: str) -> Location:
    """Ask AWS which account and partition the provider's credentials lead to."""
    asked = pulumi.InvokeOptions(provider=provider)
    return {
        "partition": aws.get_partition(opts=asked).partition,
        "region": region,
        "account_id": aws.get_caller_identity(opts=asked).account_id,
    }


def arn(location: Location, service: str, resource: str) -> str:
    """`arn:{partition}:{service}:{region}:{account}:{resource}`."""
    return f"arn:{location['partition']}:{service}:{location['region']}:{location['account_id']}:{resource}"
