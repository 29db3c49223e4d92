"""X-Ray: what belongs together on the service map, and how much of it is recorded.

A trace begins in ws-manager: API Gateway does not trace WebSocket APIs. Lambda decides there with a
rate of its own, one request a second and 5 % of the others, which cannot be configured (Lambda
developer guide, "Visualize Lambda function invocations using AWS X-Ray"); everything behind it
follows, the agent too, which records nothing of a request that was not sampled. The sampling rule
therefore decides only about requests that reach the agent without a decision.
"""

import pulumi
import pulumi_aws as aws

from components.observability.watched import Text, Watched

PRIORITY = 1_000
"""Below 10,000, the default rule's; lower numbers go first."""


def create_tracing(
    name: str, watched: Watched, runtime_name: str, traced_fraction: float, opts: pulumi.ResourceOptions
) -> None:
    """The trace group of the environment and the agent's sampling rule.

    Args:
        name: of both; at most 32 characters (X-Ray service model).
        watched: the functions.
        runtime_name: the agent's; its spans call themselves `{runtime}.{endpoint}`.
        traced_fraction: of the requests beyond the first of each second.
        opts: of both.
    """
    fixed = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True))
    aws.xray.Group(
        f"{name}-traces",
        group_name=name,
        filter_expression=_any_of(watched.ws_manager, watched.authorizer, watched.mcp_proxy),
        opts=fixed,
    )
    aws.xray.SamplingRule(
        f"{name}-sampling",
        rule_name=name,
        priority=PRIORITY,
        reservoir_size=1,
        fixed_rate=traced_fraction,
        service_name=f"{runtime_name}*",
        service_type="*",
        resource_arn="*",
        host="*",
        http_method="*",
        url_path="*",
        version=1,
        opts=fixed,
    )


def _any_of(*services: Text) -> pulumi.Output[str]:
    parts: list[Text] = []
    for service in services:
        parts += [" OR " if parts else "", 'service("', service, '")']
    return pulumi.Output.concat(*parts)
