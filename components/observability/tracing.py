"""X-Ray: what belongs together on the service map.

A trace begins in ws-manager: API Gateway does not trace WebSocket APIs. Lambda decides there with a
rate of its own, one request a second and 5 % of the others, which cannot be configured (Lambda
developer guide, "Visualize Lambda function invocations using AWS X-Ray"). Everything behind it
follows: boto3 sends the decision with InvokeAgentRuntime, and the agent's sampler,
`parentbased_always_on`, records all of a request that was sampled and nothing of one that was not.
So there is no sampling rule: nothing of ours would read it.
"""

import pulumi
import pulumi_aws as aws

from components.observability.watched import Text, Watched


def create_tracing(name: str, watched: Watched, opts: pulumi.ResourceOptions) -> None:
    """The trace group of the environment.

    Args:
        name: of the group; at most 32 characters (X-Ray service model).
        watched: the functions.
        opts: of the group.
    """
    aws.xray.Group(
        f"{name}-traces",
        group_name=name,
        filter_expression=_any_of(watched.ws_manager, watched.authorizer, watched.mcp_proxy),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )


def _any_of(*services: Text) -> pulumi.Output[str]:
    parts: list[Text] = []
    for service in services:
        parts += [" OR " if parts else "", 'service("', service, '")']
    return pulumi.Output.concat(*parts)
