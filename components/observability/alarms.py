"""The alarms. Each one's name is a heading in docs/observability.md, which says what to do.

Missing data is good everywhere: nobody chats at night, and then nothing is published. Thresholds that
no AWS limit gives are our own figures, chosen so that one bad request pages nobody and a bad
deployment does within ten minutes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.observability.metrics import Series
from components.observability.watched import TABLE_OPERATIONS, Text, Watched

RUNBOOK = "docs/observability.md"

MOST_METRICS = 10
"""In the expression of one alarm (CloudWatch quota)."""

REFUSED_CONNECTIONS = 50
"""In five minutes. A Mac with an expired token tries a few times; fifty is a client in a loop or somebody guessing."""

FEW = 3
"""Below this a percentage of turns says nothing."""

UNHAPPY_PERCENT = 10
"""Of the turns that ended, in fifteen minutes."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm.

    Raises:
        ValueError: an expression names more metrics than an alarm may have.
    """

    name: str
    says: str
    """What has happened, for whoever is woken by it."""
    watch: Series | Mapping[str, Series]
    """One series, or several by their name in the expression."""
    expression: str = ""
    threshold: float = 0
    """Alarms above it."""
    period: int = 300
    """Seconds."""
    periods: int = 1
    bad_periods: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.watch, Series) and len(self.watch) > MOST_METRICS:
            raise ValueError(f"{self.name}: {len(self.watch)} metrics, at most {MOST_METRICS} in one alarm")


def _sum(name: str, says: str, *watch: Series, threshold: float = 0, periods: int = 1, bad: int = 1) -> Alarm:
    """Any of several series. SUM over a list, not `+`: it takes what there is when one has no data."""
    named = {f"m{index}": series for index, series in enumerate(watch)}
    return Alarm(name, says, named, f"SUM([{', '.join(named)}])", threshold, periods=periods, bad_periods=bad)


def alarms(watched: Watched) -> list[Alarm]:
    """Every alarm of one environment."""
    own, function, api = watched.own, watched.function, watched.api
    found = [
        # Durable executions. `Errors` counts every replay, so these are the metrics that count.
        Alarm(
            "executions-failed",
            "A tool call's durable execution ended with an error instead of a typed result.",
            function(watched.mcp_proxy, "DurableExecutionFailed"),
        ),
        Alarm(
            "executions-timed-out",
            "A tool call's durable execution outlived its timeout: its own callback timeout did not end it.",
            function(watched.mcp_proxy, "DurableExecutionTimedOut"),
        ),
        Alarm(
            "executions-near-quota",
            "Running durable executions use over 80 % of the account's quota.",
            Series("AWS/Lambda", "ApproximateRunningDurableExecutionsUtilization", {}, "Maximum"),
            threshold=80,
        ),
        # Who may connect. Lambda counts a refusal (401) as an error too.
        Alarm(
            "authorizer-failing",
            "The authorizer fails otherwise than by refusing a token: nobody can connect.",
            {
                "errors": function(watched.authorizer, "Errors"),
                "refused": own("ConnectionsRefused"),
            },
            "errors - refused",
            # A refusal and its log line may fall into neighbouring periods.
            threshold=1,
            periods=3,
            bad_periods=2,
        ),
        Alarm(
            "connections-refused",
            f"More than {REFUSED_CONNECTIONS} connections were refused in five minutes.",
            own("ConnectionsRefused"),
            threshold=REFUSED_CONNECTIONS,
        ),
        # Dead sessions: the person waits and nothing will come.
        Alarm(
            "sessions-dead",
            f"Over {UNHAPPY_PERCENT} % of the turns ended while nobody could be told: their sockets are dead.",
            {"dead": own("TurnEndsUndelivered"), "finished": own("TurnsFinished")},
            f"IF(dead >= {FEW}, 100 * dead / MAX([dead, finished]), 0)",
            threshold=UNHAPPY_PERCENT,
            period=900,
        ),
        Alarm(
            "turns-failing",
            f"Over {UNHAPPY_PERCENT} % of the turns ended with an error.",
            {"failed": own("TurnsFailed"), "finished": own("TurnsFinished")},
            f"IF(failed >= {FEW}, 100 * failed / (failed + finished), 0)",
            threshold=UNHAPPY_PERCENT,
            period=900,
        ),
        Alarm(
            "prompts-undelivered",
            "Prompts could not be handed to the agent.",
            own("PromptsUndelivered"),
            threshold=2,
        ),
        Alarm(
            "callbacks-undelivered",
            "A Mac's answer could not be handed to Lambda; the tool call waits for nothing.",
            own("CallbacksUndelivered"),
        ),
        Alarm(
            "pushes-unconfirmed",
            "API Gateway does not say whether it took our pushes.",
            own("PushesUnconfirmed"),
            threshold=10,
        ),
        Alarm(
            "tools-unreachable",
            "The agent cannot reach its tools: no token, no gateway, or no answer from it.",
            own("ToolsUnreachable"),
            threshold=2,
        ),
        # The services.
        _sum(
            "ws-manager-failing",
            "ws-manager failed on messages it should have handled.",
            function(watched.ws_manager, "Errors"),
            own("RoutesFailed"),
            periods=3,
            bad=2,
        ),
        _sum(
            "functions-throttled",
            "Lambda turned invocations away: the account's concurrency is used up.",
            *(function(name, "Throttles") for name in (watched.ws_manager, watched.authorizer, watched.mcp_proxy)),
        ),
        _sum(
            "websocket-errors",
            "The WebSocket API answers with 5xx, or its integrations do.",
            api("IntegrationError"),
            api("ExecutionError"),
            threshold=2,
            periods=3,
            bad=2,
        ),
        _sum(
            "tables-throttled",
            "DynamoDB turned requests away.",
            *(
                watched.table(table, name)
                for table in TABLE_OPERATIONS
                for name in ("ReadThrottleEvents", "WriteThrottleEvents")
            ),
        ),
        _sum(
            "tables-failing",
            "DynamoDB fails on its side.",
            *(
                watched.table(table, "SystemErrors", operation=operation)
                for table, operations in TABLE_OPERATIONS.items()
                for operation in operations
            ),
        ),
        Alarm(
            "agent-failing",
            "AgentCore Runtime fails on its side when the agent is invoked.",
            watched.runtime("SystemErrors"),
            threshold=2,
        ),
        Alarm("agent-throttled", "AgentCore Runtime turned invocations away.", watched.runtime("Throttles")),
        _sum(
            "gateway-failing",
            "The tool gateway fails on its side, or turns calls away.",
            watched.gateway("SystemErrors"),
            watched.gateway("Throttles"),
        ),
        Alarm(
            "model-throttled",
            "Bedrock turned requests of this account to the model away.",
            watched.model("InvocationThrottles"),
            threshold=5,
        ),
    ]
    if watched.cache_name is not None:
        dimensions: Mapping[str, Text] = {"clusterId": watched.cache_name}
        found += [
            Alarm("cache-throttled", "The session store slows commands down.", _cache("ThrottledCmds", dimensions)),
            Alarm(
                "cache-evicting",
                "The session store is full and forgets conversations before their time.",
                _cache("Evictions", dimensions),
            ),
            Alarm(
                "cache-refusing",
                "The session store refuses the agent's credentials.",
                _cache("AuthenticationFailures", dimensions),
            ),
        ]
    return found


def _cache(name: str, dimensions: Mapping[str, Text]) -> Series:
    return Series("AWS/ElastiCache", name, dimensions)


def create_alarm(name: str, alarm: Alarm, topic_arn: Text, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Create one alarm that tells the topic when it goes off and when it is over; returns its ARN."""
    if isinstance(alarm.watch, Series):
        single, queries = alarm.watch, None
    else:
        single, queries = None, _queries(alarm, alarm.watch)
    return aws.cloudwatch.MetricAlarm(
        f"{name}-{alarm.name}",
        alarm_description=description(alarm),
        namespace=single and single.namespace,
        metric_name=single and single.name,
        dimensions=(single and single.dimensions) or None,
        statistic=single and single.stat,
        period=alarm.period if single else None,
        metric_queries=queries,
        evaluation_periods=alarm.periods,
        datapoints_to_alarm=alarm.bad_periods,
        threshold=alarm.threshold,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        opts=opts,
    ).arn


def _queries(alarm: Alarm, watch: Mapping[str, Series]) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    result: aws.cloudwatch.MetricAlarmMetricQueryArgsDict = {
        "id": "result",
        "expression": alarm.expression,
        "label": alarm.name,
        "return_data": True,
    }
    return [result, *(_query(key, series, alarm.period) for key, series in watch.items())]


def _query(key: str, series: Series, period: int) -> aws.cloudwatch.MetricAlarmMetricQueryArgsDict:
    metric: aws.cloudwatch.MetricAlarmMetricQueryMetricArgsDict = {
        "namespace": series.namespace,
        "metric_name": series.name,
        "stat": series.stat,
        "period": period,
    }
    if series.dimensions:
        metric["dimensions"] = series.dimensions
    return {"id": key, "metric": metric, "return_data": False}


def description(alarm: Alarm) -> str:
    """What the message says; at most 1,024 characters."""
    return f"{alarm.says} What to do: {RUNBOOK}#{alarm.name}"
