"""Telling at once, with its ARN, which durable execution went wrong.

There is no dead-letter queue: what would be in it is known three times already, by the execution's
own history, by the alarm on DurableExecutionFailed, and by the alarm on this rule's failed
deliveries, which goes to the topic as CloudWatch and not as EventBridge.
"""

import pulumi
import pulumi_aws as aws

from components.observability.alarms import RUNBOOK, Alarm
from components.observability.metrics import Series
from components.observability.watched import Text

UNHAPPY_ENDS = ["FAILED", "TIMED_OUT"]
"""Of RUNNING, SUCCEEDED, STOPPED, FAILED and TIMED_OUT. STOPPED is somebody's wish."""


def create_rule(name: str, function_arn: Text, topic_arn: Text, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """From the default bus, where Lambda publishes, to the topic.

    The event and its fields: "Monitoring durable functions", Lambda developer guide.

    Args:
        name: prefix of the logical names.
        function_arn: the durable function's, unqualified.
        topic_arn: of a topic that EventBridge may publish to.
        opts: of the resources.

    Returns:
        the rule's name.
    """
    rule = aws.cloudwatch.EventRule(
        f"{name}-executions",
        description="Durable executions of mcp-proxy that failed or timed out",
        event_pattern=pulumi.Output.json_dumps(
            {
                "source": ["aws.lambda"],
                "detail-type": ["Durable Execution Status Change"],
                "detail": {
                    "status": UNHAPPY_ENDS,
                    # With a version mostly. A bare prefix would also match functions whose names are longer.
                    "functionArn": [function_arn, {"prefix": pulumi.Output.concat(function_arn, ":")}],
                },
            }
        ),
        opts=opts,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-executions-topic",
        rule=rule.name,
        arn=topic_arn,
        input_transformer={
            "input_paths": {
                "status": "$.detail.status",
                "execution": "$.detail.durableExecutionArn",
                "started": "$.detail.startTimestamp",
                "ended": "$.detail.endTimestamp",
            },
            # A JSON text, quotes included.
            "input_template": (
                '"A tool call ended as <status>. It ran from <started> to <ended>. Execution: <execution>. '
                f'What to do: {RUNBOOK}#executions-failed"'
            ),
        },
        opts=opts,
    )
    return rule.name


def delivery_alarm(rule_name: Text) -> Alarm:
    """That the topic did not take an event."""
    return Alarm(
        "notifications-failing",
        "EventBridge could not deliver an event to the alarm topic.",
        Series("AWS/Events", "FailedInvocations", {"RuleName": rule_name}),
    )
