"""What a stack has, counted in its recorded graph."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.contract.tools import TOOLS
from validation.graph import Graph
from validation.recording import stack_config


@dataclass(frozen=True, slots=True)
class Stack:
    """What one stack has, counted in its recorded graph."""

    name: str
    region: str
    zones: int
    nat_gateways: int
    interface_endpoints: int
    caches: int
    keys: int
    secrets: int
    machine_clients: int
    dashboards: int
    alarms: int
    alarm_metrics: int
    custom_metrics: int
    images: int
    function_gb: float
    idle_minutes: float

    @classmethod
    def of(cls, graph: Graph) -> "Stack":
        """Count."""
        vpcs = graph.of_type("awsx:ec2:Vpc")
        zones = len(vpcs[0].inputs["availabilityZoneNames"]) if vpcs else 0
        per_zone = bool(vpcs) and vpcs[0].inputs["natGateways"]["strategy"] == "OnePerAz"
        alarms = [alarm.inputs for alarm in graph.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")]
        proxy = next(f for f in graph.of_type("aws:lambda/function:Function") if f.name.endswith("-mcp-proxy"))
        runtime = graph.of_type("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime")[0]
        return cls(
            name=graph.stack,
            region=stack_config(graph.stack)[0]["aws:region"],
            zones=zones,
            nat_gateways=zones if per_zone else min(zones, 1),
            interface_endpoints=sum(
                endpoint.inputs["vpcEndpointType"] == "Interface"
                for endpoint in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
            ),
            caches=len(graph.of_type("aws:elasticache/serverlessCache:ServerlessCache")),
            keys=len(graph.of_type("aws:kms/key:Key")),
            secrets=len(graph.of_type("aws:secretsmanager/secret:Secret")),
            machine_clients=sum(
                "client_credentials" in client.inputs["allowedOauthFlows"]
                for client in graph.of_type("aws:cognito/userPoolClient:UserPoolClient")
            ),
            dashboards=len(graph.of_type("aws:cloudwatch/dashboard:Dashboard")),
            alarms=len(alarms),
            alarm_metrics=sum(map(_watched_metrics, alarms)),
            custom_metrics=_custom_metrics(graph),
            images=len(graph.of_type("aws:ecr/repository:Repository")),
            function_gb=float(proxy.inputs["memorySize"]) / 1024,
            idle_minutes=float(runtime.inputs["lifecycleConfigurations"][0]["idleRuntimeSessionTimeout"]) / 60,
        )


def _watched_metrics(alarm: Mapping[str, Any]) -> int:
    """An alarm on an expression is billed for each metric in it."""
    queries: list[Mapping[str, Any]] = alarm.get("metricQueries") or []
    return sum("metric" in query for query in queries) or 1


def _custom_metrics(graph: Graph) -> int:
    """Series from log metric filters: each name once, and once a tool where there is such a dimension."""
    filters = graph.of_type("aws:cloudwatch/logMetricFilter:LogMetricFilter")
    found = {f.inputs["metricTransformation"]["name"]: f.inputs["metricTransformation"] for f in filters}
    return sum(len(TOOLS) if metric.get("dimensions") else 1 for metric in found.values())
