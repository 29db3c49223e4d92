"""Every metric that an alarm, the dashboard or a filter of ours names, and where the fact comes from.

A `Series` cannot be made of a metric or of dimensions that are not in the catalogue, so a misspelt
name stops the program instead of leaving an empty graph. `validation` holds the recorded alarms and
the recorded dashboard against the same catalogue through `known` and `referenced`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import pulumi

OWN = "Deskside"
"""Namespaces of our own begin with this and a slash; the rest names the environment."""

Dimensions = frozenset[str]


class Fact(NamedTuple):
    """What is known about one metric."""

    variants: tuple[Dimensions, ...]
    """The sets of dimensions it is published with. CloudWatch does not aggregate over dimensions that are
    left out: another set is another metric, and mostly an empty one."""
    source: str


def _facts(source: str, *variants: Sequence[str], names: Sequence[str]) -> dict[str, Fact]:
    return {name: Fact(tuple(frozenset(variant) for variant in variants), source) for name in names}


_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"
_DURABLE = "https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html"
_WEBSOCKET = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html"
_RUNTIME = (
    "https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-runtime-metrics.html; the dimensions "
    "as in aws-cdk-lib's aws-bedrockagentcore runtime-base.ts: Name is `{runtime}::{endpoint}`"
)
_GATEWAY = (
    "https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-gateway-metrics.html; the dimensions "
    "as in aws-cdk-lib's aws-bedrockagentcore gateway-base.ts: Operation InvokeGateway, Protocol MCP"
)
_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html"
_CACHE = (
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/serverless-metrics-events-redis.html; the dimension of "
    "serverless caches is `clusterId`, unlike that of nodes"
)
_BEDROCK = "https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html"
_LOGS = "components/observability/log_metrics.py"

_TABLE: Mapping[str, Mapping[str, Fact]] = {
    "AWS/Lambda": {
        **_facts(_LAMBDA, ["FunctionName"], names=["Invocations", "Errors", "Throttles", "Duration"]),
        **_facts(
            _DURABLE,
            ["FunctionName"],
            names=[
                "ApproximateRunningDurableExecutions",
                "DurableExecutionDuration",
                "DurableExecutionStarted",
                "DurableExecutionStopped",
                "DurableExecutionSucceeded",
                "DurableExecutionFailed",
                "DurableExecutionTimedOut",
                "DurableExecutionOperations",
                "DurableExecutionStorageWrittenBytes",
            ],
        ),
        # Of the account's quota, so it belongs to no function.
        **_facts(_DURABLE, [], names=["ApproximateRunningDurableExecutionsUtilization"]),
    },
    "AWS/ApiGateway": _facts(
        _WEBSOCKET,
        ["ApiId"],
        ["ApiId", "Stage"],
        names=[
            "ConnectCount",
            "MessageCount",
            "IntegrationError",
            "ClientError",
            "ExecutionError",
            "IntegrationLatency",
        ],
    ),
    # The one namespace of Runtime and Gateway; their dimensions tell them apart.
    "AWS/Bedrock-AgentCore": {
        **_facts(
            f"{_RUNTIME}; {_GATEWAY}",
            ["Resource", "Operation", "Name"],
            ["Resource", "Operation", "Protocol"],
            names=["Invocations", "Throttles", "SystemErrors", "UserErrors", "Latency"],
        ),
        **_facts(_RUNTIME, ["Resource", "Operation", "Name"], names=["SessionCount"]),
        **_facts(_GATEWAY, ["Resource", "Operation", "Protocol"], names=["Duration", "TargetExecutionTime"]),
    },
    "AWS/DynamoDB": {
        **_facts(_DYNAMODB, ["TableName", "Operation"], names=["SystemErrors", "SuccessfulRequestLatency"]),
        **_facts(
            _DYNAMODB,
            ["TableName"],
            ["TableName", "GlobalSecondaryIndexName"],
            names=[
                "ReadThrottleEvents",
                "WriteThrottleEvents",
                "ConsumedReadCapacityUnits",
                "ConsumedWriteCapacityUnits",
            ],
        ),
    },
    "AWS/ElastiCache": _facts(
        _CACHE,
        ["clusterId"],
        names=[
            "BytesUsedForCache",
            "ElastiCacheProcessingUnits",
            "ThrottledCmds",
            "Evictions",
            "CurrConnections",
            "AuthenticationFailures",
        ],
    ),
    "AWS/Bedrock": _facts(
        _BEDROCK, ["ModelId"], names=["InputTokenCount", "OutputTokenCount", "InvocationThrottles", "InvocationLatency"]
    ),
    "AWS/Events": _facts(_EVENTS, ["RuleName"], names=["Invocations", "FailedInvocations"]),
    # Made by our log metric filters; `log_metrics.LOG_METRICS` says of which lines.
    OWN: {
        **_facts(
            _LOGS,
            [],
            names=[
                "TurnsStarted",
                "TurnsFinished",
                "TurnsFailed",
                "TurnSeconds",
                "TurnEndsUndelivered",
                "PromptsUndelivered",
                "ToolSeconds",
                "ToolsUnreachable",
                "TokenRequests",
                "PushesOffline",
                "PushesUnconfirmed",
                "CallbackSeconds",
                "CallbacksRefused",
                "CallbacksUndelivered",
                "ConnectionSeconds",
                "ConnectionsGone",
                "ConnectionsRefused",
                "ConnectionsUndecided",
                "RoutesFailed",
            ],
        ),
        **_facts(_LOGS, ["Tool", "Outcome"], names=["ToolCalls"]),
    },
}

CATALOGUE: Mapping[tuple[str, str], Fact] = {
    (namespace, name): fact for namespace, facts in _TABLE.items() for name, fact in facts.items()
}
"""By namespace and name; our own metrics stand under OWN alone."""


class UnknownMetricError(LookupError):
    """Not in the catalogue."""


def known(namespace: str, name: str, dimensions: Sequence[str]) -> bool:
    """Whether a metric is published with exactly these dimensions."""
    key = OWN if namespace.startswith(f"{OWN}/") else namespace
    fact = CATALOGUE.get((key, name))
    return fact is not None and frozenset(dimensions) in fact.variants


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a graph, or what an alarm watches.

    Raises:
        UnknownMetricError: the catalogue does not have it.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]
    stat: str = "Sum"
    label: str = ""

    def __post_init__(self) -> None:
        if not known(self.namespace, self.name, list(self.dimensions)):
            raise UnknownMetricError(f"{self.namespace} {self.name} {{{', '.join(self.dimensions)}}}")

    def row(self, **options: Any) -> list[Any]:
        """As in a dashboard widget's `metrics`.

        Args:
            options: rendering properties such as `id`, `visible` or `yAxis`.
        """
        pairs = [part for pair in self.dimensions.items() for part in pair]
        rendering = {"stat": self.stat, **({"label": self.label} if self.label else {}), **options}
        return [self.namespace, self.name, *pairs, rendering]


class Reference(NamedTuple):
    """A metric as a recorded alarm or dashboard names it."""

    namespace: str
    name: str
    dimensions: tuple[str, ...]


_SEARCH = re.compile(r"""SEARCH\(\s*'\{(?P<schema>[^}]*)\}(?P<terms>[^']*)'""")
_METRIC_NAME = re.compile(r'MetricName="([^"]+)"')


def referenced(widgets: Sequence[Mapping[str, Any]]) -> Iterator[Reference]:
    """The metrics that a dashboard's widgets name, in SEARCH expressions too."""
    for widget in widgets:
        properties = cast(Mapping[str, Any], widget.get("properties", {}))
        for row in cast(Sequence[Sequence[Any]], properties.get("metrics", [])):
            if isinstance(row[0], Mapping):
                expression = str(cast(Mapping[str, Any], row[0]).get("expression", ""))
                for found in _SEARCH.finditer(expression):
                    # A namespace with a space or slash may stand in quotes.
                    namespace, *dimensions = (part.strip().strip('"') for part in found["schema"].split(","))
                    for name in _METRIC_NAME.findall(found["terms"]):
                        yield Reference(namespace, name, tuple(dimensions))
            else:
                parts = [part for part in row if isinstance(part, str)]
                yield Reference(parts[0], parts[1], tuple(parts[2::2]))


def alarmed(inputs: Mapping[str, Any]) -> Iterator[Reference]:
    """The metrics that a recorded `MetricAlarm` watches, by its inputs' wire names."""
    if "metricName" in inputs:
        yield Reference(inputs["namespace"], inputs["metricName"], tuple(inputs.get("dimensions") or {}))
    for query in cast(Sequence[Mapping[str, Any]], inputs.get("metricQueries") or []):
        metric = cast(Mapping[str, Any] | None, query.get("metric"))
        if metric is not None:
            yield Reference(metric["namespace"], metric["metricName"], tuple(metric.get("dimensions") or {}))
