"""What an operator sees of one environment, and what wakes them: docs/observability.md."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.location import Location
from components.observability.alarms import alarms, create_alarm
from components.observability.dashboard import body
from components.observability.events import create_rule, delivery_alarm
from components.observability.log_metrics import Service, create_filters
from components.observability.queries import create_queries
from components.observability.topic import create_topic
from components.observability.tracing import create_tracing
from components.observability.watched import Watched, WatchedFunction

__all__ = ["Observability", "ObservabilityArgs", "WatchedFunction"]

CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}
"""By partition."""


class WatchedTables(TypedDict):
    """The tables' names."""

    connections: pulumi.Input[str]
    requests: pulumi.Input[str]


class ObservabilityArgs(TypedDict):
    """Inputs of Observability."""

    location: Location
    namespace: str
    """Of our own metrics: `Deskside/{environment}`."""
    alarms: bool
    """Whether there are alarms; each metric they watch costs $0.10 a month (CloudWatch pricing)."""
    alarm_email: str | None
    tools: list[str]
    function_memory_mb: int
    model_id: str
    api_id: pulumi.Input[str]
    stage_name: str
    access_log_group_name: pulumi.Input[str]
    ws_manager: WatchedFunction
    authorizer: WatchedFunction
    mcp_proxy: WatchedFunction
    mcp_proxy_function_arn: pulumi.Input[str]
    """Unqualified: the rule on executions takes every version."""
    agent_runtime_arn: pulumi.Input[str]
    agent_runtime_name: str
    agent_endpoint_name: pulumi.Input[str]
    agent_log_group_name: pulumi.Input[str]
    gateway_arn: pulumi.Input[str]
    tables: WatchedTables
    """Names."""
    cache_name: pulumi.Input[str] | None
    """Of the ElastiCache serverless cache, where there is one."""


class Observability(pulumi.ComponentResource):
    """Metrics from logs, alarms, dashboard, saved queries, events and tracing."""

    dashboard_url: pulumi.Output[str]
    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:Observability", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        location = args["location"]
        watched = Watched(
            namespace=args["namespace"],
            region=location["region"],
            api_id=args["api_id"],
            stage_name=args["stage_name"],
            ws_manager=args["ws_manager"]["function_name"],
            authorizer=args["authorizer"]["function_name"],
            mcp_proxy=args["mcp_proxy"]["function_name"],
            agent_runtime_arn=args["agent_runtime_arn"],
            agent_name=pulumi.Output.concat(args["agent_runtime_name"], "::", args["agent_endpoint_name"]),
            gateway_arn=args["gateway_arn"],
            tables={"connections": args["tables"]["connections"], "requests": args["tables"]["requests"]},
            model_id=args["model_id"],
            cache_name=args["cache_name"],
        )
        log_groups: dict[Service, pulumi.Input[str]] = {
            Service.WS_MANAGER: args["ws_manager"]["log_group_name"],
            Service.AUTHORIZER: args["authorizer"]["log_group_name"],
            Service.MCP_PROXY: args["mcp_proxy"]["log_group_name"],
            Service.AGENT: args["agent_log_group_name"],
        }
        create_filters(name, args["namespace"], log_groups, child)
        create_queries(name, args["namespace"], log_groups, child)
        create_tracing(name, watched, child)
        self.topic_arn = create_topic(name, location, args["alarm_email"], child)
        rule_name = create_rule(name, args["mcp_proxy_function_arn"], self.topic_arn, child)
        created = (
            [
                create_alarm(name, alarm, self.topic_arn, child)
                for alarm in [*alarms(watched), delivery_alarm(rule_name)]
            ]
            if args["alarms"]
            else []
        )
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=name,
            dashboard_body=pulumi.Output.json_dumps(
                body(
                    watched,
                    tools=args["tools"],
                    log_groups=log_groups,
                    access_log_group=args["access_log_group_name"],
                    function_memory_mb=args["function_memory_mb"],
                    alarm_arns=created,
                )
            ),
            # It is known by the name we give it, so two of them cannot be there at once.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True)),
        )
        self.dashboard_url = pulumi.Output.concat(
            f"https://{location['region']}.{CONSOLES.get(location['partition'], CONSOLES['aws'])}",
            f"/cloudwatch/home?region={location['region']}#dashboards/dashboard/",
            dashboard.dashboard_name,
        )
        self.register_outputs({"dashboard_url": self.dashboard_url, "topic_arn": self.topic_arn})
