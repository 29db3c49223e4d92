"""Metrics made from the services' structured logs.

Every service prints one JSON object a line (services/logs.py), so a filter selects by `$.event` and
reads numbers and dimensions from the line's own fields. `tests/components/test_observability_logs.py`
holds each event and field against the services' code.

A metric has a default value of zero only where an alarm divides by it or subtracts it: elsewhere it
would publish, and cost, a metric that has nothing to say, and alarms take missing data as good.
CloudWatch allows three dimensions, of fields that are in the line, and none together with a default
value ("Filter pattern syntax for metric filters").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import pulumi
import pulumi_aws as aws


class Service(StrEnum):
    """Whose log group."""

    WS_MANAGER = "ws_manager"
    AUTHORIZER = "authorizer"
    MCP_PROXY = "mcp_proxy"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class LogMetric:
    """One metric, of the lines of some events in some services."""

    name: str
    services: tuple[Service, ...]
    events: tuple[str, ...]
    value: str = "1"
    """`1` counts lines; `$.field` takes the number in it."""
    unit: str = "Count"
    dimensions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Dimension to `$.field`."""
    zero: bool = False
    """Publish 0 for every minute in which the service logs other lines only."""

    @property
    def pattern(self) -> str:
        """The filter pattern; it names every field that is read, and a line without one of them is skipped."""
        events = " || ".join(f'$.event = "{event}"' for event in self.events)
        conditions = [f"({events})"]
        if self.value.startswith("$."):
            conditions.append(f"({self.value} >= 0)")
        conditions += [f'({text} = "*")' for text in self.dimensions.values()]
        return f"{{ {' && '.join(conditions)} }}"


_AGENT = (Service.AGENT,)
_WS = (Service.WS_MANAGER,)
_PROXY = (Service.MCP_PROXY,)

LOG_METRICS: Sequence[LogMetric] = (
    # Conversations.
    LogMetric("TurnsStarted", _AGENT, ("turn_started",)),
    LogMetric("TurnsFinished", _AGENT, ("turn_finished",), zero=True),
    LogMetric("TurnSeconds", _AGENT, ("turn_finished",), "$.seconds", "Seconds"),
    LogMetric("TurnsFailed", _AGENT, ("turn_failed", "turn_timed_out", "turn_cancelled", "turn_crashed")),
    LogMetric("TurnEndsUndelivered", _AGENT, ("turn_end_undelivered",)),
    LogMetric("PromptsUndelivered", _WS, ("turn_undelivered",)),
    # Tools. The agent counts, since a call may end before it reaches mcp-proxy.
    LogMetric("ToolCalls", _AGENT, ("tool_call_returned",), dimensions={"Tool": "$.tool", "Outcome": "$.outcome"}),
    LogMetric("ToolSeconds", _AGENT, ("tool_call_returned",), "$.seconds", "Seconds"),
    LogMetric("ToolsUnreachable", _AGENT, ("gateway_unreachable", "machine_token_unavailable", "tool_deadline_passed")),
    LogMetric("TokenRequests", _AGENT, ("machine_token_fetched",)),
    # Waiting for a Mac.
    LogMetric("PushesOffline", _PROXY, ("push_offline",)),
    LogMetric("PushesUnconfirmed", (Service.MCP_PROXY, Service.AGENT), ("push_unconfirmed",)),
    LogMetric("CallbackSeconds", _WS, ("callback_completed",), "$.waited_seconds", "Seconds"),
    LogMetric("CallbacksRefused", _WS, ("callback_refused", "callback_unknown_or_foreign", "callback_too_late")),
    LogMetric("CallbacksUndelivered", _WS, ("callback_undelivered",)),
    # Sockets.
    LogMetric("ConnectionSeconds", _WS, ("disconnected",), "$.seconds", "Seconds"),
    LogMetric("ConnectionsGone", (Service.WS_MANAGER, Service.MCP_PROXY, Service.AGENT), ("connection_gone",)),
    LogMetric("ConnectionsRefused", (Service.AUTHORIZER,), ("connect_refused",), zero=True),
    LogMetric("ConnectionsUndecided", (Service.AUTHORIZER,), ("connect_undecided",)),
    LogMetric("RoutesFailed", _WS, ("route_failed", "not_a_websocket_event", "connect_without_authorizer")),
)


def create_filters(
    name: str, namespace: str, log_groups: Mapping[Service, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> None:
    """One filter for each metric and service.

    Args:
        name: prefix of the logical names.
        namespace: of the metrics.
        log_groups: their names.
        opts: of every filter.
    """
    for metric in LOG_METRICS:
        transformation: aws.cloudwatch.LogMetricFilterMetricTransformationArgsDict = {
            "namespace": namespace,
            "name": metric.name,
            "value": metric.value,
            "unit": metric.unit,
        }
        if metric.dimensions:
            transformation["dimensions"] = metric.dimensions
        if metric.zero:
            transformation["default_value"] = "0"
        for service in metric.services:
            aws.cloudwatch.LogMetricFilter(
                f"{name}-{service.value.replace('_', '-')}-{metric.name}",
                log_group_name=log_groups[service],
                pattern=metric.pattern,
                metric_transformation=transformation,
                opts=opts,
            )
