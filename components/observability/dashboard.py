"""The dashboard: conversations first, cost last.

The body follows "Dashboard body structure and syntax" of the CloudWatch API reference: a grid of 24
columns, each widget with its place, and metrics as arrays.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.observability.log_metrics import Service
from components.observability.metrics import Series
from components.observability.watched import TABLE_OPERATIONS, Text, Watched

COLUMNS = 24
HEIGHT = 6
PERIOD = 300
"""Seconds of one point."""

PERCENTILES = ("p50", "p90", "p99")

Widget = dict[str, Any]
Row = Sequence[Any]


def body(
    watched: Watched,
    *,
    tools: Sequence[str],
    log_groups: Mapping[Service, Text],
    access_log_group: Text,
    function_memory_mb: int,
    alarm_arns: Sequence[Text],
) -> Mapping[str, object]:
    """The dashboard, for `pulumi.Output.json_dumps`.

    Args:
        watched: the environment.
        tools: their names.
        log_groups: of the services.
        access_log_group: of the WebSocket stage.
        function_memory_mb: of each function, to reckon GB-seconds.
        alarm_arns: of the alarms to show; none where there are none.
    """
    rows = [
        _conversations(watched),
        _tools(watched, tools),
        _waiting(watched),
        _sockets(watched),
        _agent(watched),
        _gateway(watched),
        _stores(watched),
        _cost(watched, function_memory_mb),
        _logs(watched, log_groups, access_log_group),
    ]
    if alarm_arns:
        rows.insert(0, [{"type": "alarm", "properties": {"title": "Alarms", "alarms": list(alarm_arns)}}])
    return {"start": "-PT6H", "periodOverride": "inherit", "widgets": _placed(rows)}


def _placed(rows: Sequence[Sequence[Widget]]) -> list[Widget]:
    """The widgets in rows of equal height, each as wide as its row allows."""
    return [
        {
            **widget,
            "x": column * (COLUMNS // len(row)),
            "y": line * HEIGHT,
            "width": COLUMNS // len(row),
            "height": HEIGHT,
        }
        for line, row in enumerate(rows)
        for column, widget in enumerate(row)
    ]


def _graph(watched: Watched, title: str, *rows: Row, left: str = "Count", stacked: bool = False) -> Widget:
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "region": watched.region,
            "view": "timeSeries",
            "stacked": stacked,
            "period": PERIOD,
            "yAxis": {"left": {"label": left, "showUnits": False, "min": 0}},
            "metrics": list(rows),
        },
    }


def _lines(*series: Series) -> list[Row]:
    return [one.row() for one in series]


def _expression(expression: str, label: str, key: str) -> Row:
    """Without a label CloudWatch names each line of a search by its dimensions."""
    return [{"expression": expression, "id": key, **({"label": label} if label else {})}]


def _search(watched: Watched, name: str, tool: str | None = None) -> str:
    """All series of a metric of ours by tool and outcome; names that are not letters alone stand in quotes."""
    terms = f'MetricName="{name}"' + (f' Tool="{tool}"' if tool else "")
    return f"""SEARCH('{{"{watched.namespace}",Outcome,Tool}} {terms}', 'Sum', {PERIOD})"""


def _conversations(watched: Watched) -> list[Widget]:
    own = watched.own
    return [
        _graph(
            watched,
            "Turns",
            *_lines(
                own("TurnsStarted", label="started"),
                own("TurnsFinished", label="finished"),
                own("TurnsFailed", label="failed"),
            ),
        ),
        _graph(watched, "Length of a turn", *_lines(*(own("TurnSeconds", p, p) for p in PERCENTILES)), left="Seconds"),
        _graph(
            watched,
            "Dead sessions",
            *_lines(
                own("PromptsUndelivered", label="prompt not handed to the agent"),
                own("TurnEndsUndelivered", label="end of a turn not told"),
                own("ConnectionsGone", label="socket gone"),
            ),
        ),
    ]


def _tools(watched: Watched, tools: Sequence[str]) -> list[Widget]:
    return [
        _graph(
            watched,
            "Tool calls by tool",
            *(
                _expression(f"SUM({_search(watched, 'ToolCalls', tool)})", tool, f"tool{index}")
                for index, tool in enumerate(tools)
            ),
            stacked=True,
        ),
        _graph(watched, "Tool calls by tool and outcome", _expression(_search(watched, "ToolCalls"), "", "outcomes")),
        _graph(
            watched,
            "Length of a tool call, the wait for the Mac included",
            *_lines(*(watched.own("ToolSeconds", p, p) for p in PERCENTILES)),
            left="Seconds",
        ),
    ]


def _waiting(watched: Watched) -> list[Widget]:
    proxy, own = watched.mcp_proxy, watched.own
    return [
        _graph(
            watched,
            "Waiting executions",
            *_lines(watched.function(proxy, "ApproximateRunningDurableExecutions", "Maximum", "running")),
        ),
        _graph(
            watched,
            "Executions that ended",
            *_lines(
                *(
                    watched.function(proxy, f"DurableExecution{end}", label=end.lower())
                    for end in ("Succeeded", "Failed", "TimedOut", "Stopped")
                )
            ),
        ),
        _graph(
            watched,
            "Callback latency: from the request to the Mac's answer",
            *_lines(*(own("CallbackSeconds", p, p) for p in PERCENTILES)),
            left="Seconds",
        ),
        _graph(
            watched,
            "Requests that found nobody, answers that did not count",
            *_lines(
                own("PushesOffline", label="Mac offline"),
                own("PushesUnconfirmed", label="push unconfirmed"),
                own("CallbacksRefused", label="answer refused"),
                own("CallbacksUndelivered", label="answer not handed on"),
            ),
        ),
    ]


def _sockets(watched: Watched) -> list[Widget]:
    return [
        _graph(
            watched,
            "WebSocket connections and messages",
            *_lines(watched.api("ConnectCount", label="connects"), watched.api("MessageCount", label="messages")),
        ),
        _graph(
            watched,
            "WebSocket errors",
            *_lines(*(watched.api(name) for name in ("ClientError", "IntegrationError", "ExecutionError"))),
        ),
        _graph(
            watched,
            "Latency of ws-manager as API Gateway sees it",
            *_lines(*(watched.api("IntegrationLatency", p, p) for p in PERCENTILES)),
            left="Milliseconds",
        ),
        _graph(
            watched,
            "Connections refused",
            *_lines(
                watched.own("ConnectionsRefused", label="token refused"),
                watched.own("ConnectionsUndecided", label="keys not to be had"),
                watched.function(watched.authorizer, "Errors", label="authorizer errors, refusals included"),
            ),
        ),
    ]


def _agent(watched: Watched) -> list[Widget]:
    return [
        _graph(
            watched,
            "Agent runtime",
            *_lines(
                watched.runtime("Invocations", label="invocations"),
                watched.runtime("SessionCount", label="sessions"),
            ),
        ),
        _graph(
            watched,
            "Agent runtime: latency until the prompt is accepted",
            *_lines(*(watched.runtime("Latency", p, p) for p in PERCENTILES)),
            left="Milliseconds",
        ),
        _graph(
            watched,
            "Agent runtime: errors",
            *_lines(*(watched.runtime(name) for name in ("SystemErrors", "UserErrors", "Throttles"))),
        ),
    ]


def _gateway(watched: Watched) -> list[Widget]:
    return [
        _graph(watched, "Tool gateway", *_lines(watched.gateway("Invocations", label="requests"))),
        _graph(
            watched,
            "Tool gateway: latency",
            *_lines(
                watched.gateway("Latency", "p90", "until the first byte, p90"),
                watched.gateway("Duration", "p90", "whole, p90"),
                watched.gateway("TargetExecutionTime", "p90", "mcp-proxy with its wait, p90"),
            ),
            left="Milliseconds",
        ),
        _graph(
            watched,
            "Tool gateway: errors",
            *_lines(
                *(watched.gateway(name) for name in ("SystemErrors", "UserErrors", "Throttles")),
                watched.own("ToolsUnreachable", label="not reached by the agent"),
            ),
        ),
    ]


def _stores(watched: Watched) -> list[Widget]:
    throttled = [
        watched.table(table, name, label=f"{table}: {name}")
        for table in TABLE_OPERATIONS
        for name in ("ReadThrottleEvents", "WriteThrottleEvents")
    ]
    latency = [
        watched.table(table, "SuccessfulRequestLatency", "p99", operation, f"{table}: {operation}")
        for table, operations in TABLE_OPERATIONS.items()
        for operation in operations
    ]
    found = [
        _graph(watched, "DynamoDB: requests turned away", *_lines(*throttled)),
        _graph(watched, "DynamoDB: latency, p99", *_lines(*latency), left="Milliseconds"),
    ]
    if watched.cache_name is not None:
        dimensions: Mapping[str, Text] = {"clusterId": watched.cache_name}
        found += [
            _graph(
                watched,
                "Session store",
                *_lines(
                    *(
                        Series("AWS/ElastiCache", name, dimensions)
                        for name in ("ThrottledCmds", "Evictions", "AuthenticationFailures")
                    ),
                    Series("AWS/ElastiCache", "CurrConnections", dimensions, "Maximum"),
                ),
            ),
            _graph(
                watched,
                "Session store: size",
                *_lines(Series("AWS/ElastiCache", "BytesUsedForCache", dimensions, "Maximum")),
                left="Bytes",
            ),
        ]
    return found


def _cost(watched: Watched, function_memory_mb: int) -> list[Widget]:
    """What is paid for by use; docs/cost.md has the prices."""
    functions = {"ws_manager": watched.ws_manager, "authorizer": watched.authorizer, "mcp_proxy": watched.mcp_proxy}
    durations = [
        watched.function(function, "Duration").row(id=f"d{index}", visible=False)
        for index, function in enumerate(functions.values())
    ]
    gb_per_millisecond = function_memory_mb / 1024 / 1000
    cache: list[Row] = []
    if watched.cache_name is not None:
        series = Series("AWS/ElastiCache", "ElastiCacheProcessingUnits", {"clusterId": watched.cache_name})
        cache = [series.row(label="cache ECPUs")]
    return [
        _graph(
            watched,
            "Cost: Lambda",
            *durations,
            _expression(f"SUM([d0, d1, d2]) * {gb_per_millisecond:.9f}", "GB-seconds", "gbs"),
            *_lines(*(watched.function(function, "Invocations", label=name) for name, function in functions.items())),
        ),
        _graph(
            watched,
            "Cost: durable executions",
            *_lines(watched.function(watched.mcp_proxy, "DurableExecutionOperations", label="operations")),
            watched.function(watched.mcp_proxy, "DurableExecutionStorageWrittenBytes", label="bytes written").row(
                yAxis="right"
            ),
        ),
        _graph(
            watched,
            "Cost: WebSocket",
            *_lines(watched.api("MessageCount", label="messages")),
            watched.own("ConnectionSeconds").row(id="c0", visible=False),
            _expression("c0 / 60", "connection minutes, of the sockets that closed", "minutes"),
        ),
        _graph(
            watched,
            "Cost: model and sign-in of the agent",
            *_lines(
                watched.model("InputTokenCount", label="tokens in, of the whole account"),
                watched.model("OutputTokenCount", label="tokens out, of the whole account"),
            ),
            watched.own("TokenRequests", label="Cognito token requests").row(yAxis="right"),
            *cache,
        ),
    ]


def _logs(watched: Watched, log_groups: Mapping[Service, Text], access_log_group: Text) -> list[Widget]:
    def table(title: str, groups: Sequence[Text], query: str) -> Widget:
        sources: list[Text] = []
        for group in groups:
            sources += ["SOURCE '", group, "' | "]
        return {
            "type": "log",
            "properties": {
                "title": title,
                "region": watched.region,
                "view": "table",
                "query": pulumi.Output.concat(*sources, query),
            },
        }

    return [
        table(
            "Latest errors",
            list(log_groups.values()),
            'fields @timestamp, service, event, reason, session_id | filter level = "error" '
            "| sort @timestamp desc | limit 50",
        ),
        table(
            "WebSocket access log", [access_log_group], "fields @timestamp, @message | sort @timestamp desc | limit 50"
        ),
    ]
