"""Findings of the generic layers that we have looked at and live with. Every entry says why.

An entry that matches nothing any more fails the tests, so the list cannot outlive its reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from validation.findings import Finding


@dataclass(frozen=True, slots=True)
class Accepted:
    """Findings of one rule on one resource."""

    layer: str
    rule: str
    resource: str
    """How the logical name ends, so that an entry holds for every stack."""
    contains: str
    """A part of the message."""
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this is the finding that was looked at."""
        return (
            (finding.layer, finding.rule) == (self.layer, self.rule)
            and finding.resource.endswith(self.resource)
            and self.contains in finding.message
        )


ACCEPTED: Final[Sequence[Accepted]] = (
    Accepted(
        "iam",
        "RESOURCE_STAR",
        "account-api-logs-policy",
        "logs:CreateLogGroup",
        "API Gateway names the groups it writes to by API and stage, for all APIs of the account. AWS's own managed "
        "policy for this role, AmazonAPIGatewayPushToCloudWatchLogs, has the same resource.",
    ),
    Accepted(
        "iam",
        "RESOURCE_MISMATCH",
        "agent-role-policy",
        '{"action": "logs:PutResourcePolicy", "required_format": "*"}',
        "For the resource policy of the runtime's own log groups (components/agent_runtime.py). Should AWS, as "
        "ol-parliament's data says, authorize it on `*` only, the statement grants nothing rather than too much.",
    ),
    Accepted(
        "iam",
        "RESOURCE_MISMATCH",
        "agent-role-policy",
        '{"action": "logs:DescribeLogGroups", "required_format": "*"}',
        "The AgentCore developer guide's execution role grants it on `log-group:*` of one Region and account, which "
        "is narrower than what ol-parliament's data asks for.",
    ),
    Accepted(
        "iam",
        "RESOURCE_MISMATCH",
        "agent-role-policy",
        '"action": "bedrock:InvokeModel"',
        "InvokeModel is authorized on several kinds of resource, of which a request needs the profile and its models; "
        "ol-parliament misses the kinds that we do not use.",
    ),
    Accepted(
        "iam",
        "MISMATCHED_TYPE_BUT_USABLE",
        "agent-role-policy",
        "StringEquals requires a value of type String but given Arn",
        "A whole ARN without wildcard is compared; the Bedrock user guide compares bedrock:InferenceProfileArn "
        "as text too.",
    ),
)


def unaccepted(findings: Iterable[Finding], accepted: Sequence[Accepted] = ACCEPTED) -> list[Finding]:
    """The findings that no entry covers."""
    return [finding for finding in findings if not any(entry.covers(finding) for entry in accepted)]


def stale(findings: Iterable[Finding], accepted: Sequence[Accepted] = ACCEPTED) -> list[Accepted]:
    """The entries that cover none of the findings of all stacks."""
    known = list(findings)
    return [entry for entry in accepted if not any(entry.covers(finding) for finding in known)]
