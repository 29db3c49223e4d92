from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.mutations import REMOVED
from tests.validation.rule_cases import Case, drop, fired, put
from validation.graph import Graph

CASES: list[Case] = [
    ("log-group-retention", put("d-ws-logs", "retentionInDays", REMOVED)),
    ("function-log-group", put("d-ws", "loggingConfig.logGroup", "/aws/lambda/x", "Function")),
    ("alarm-unheard", put("d-failed", "alarmActions", [])),
    ("alarm-unheard", put("d-failed", "alarmActions", ["arn:aws:sns:us-west-2:123456789012:others"])),
    ("dashboard-json", put("d-dashboard", "dashboardBody", "{widgets}")),
    ("dashboard-json", put("d-dashboard", "dashboardBody.widgets", lambda widgets: widgets * 2)),
    ("metric-unknown & prod-unwatched", put("d-failed", "metricName", "DurableExecutionsFailed")),
    ("metric-unknown", drop("d-refused")),
    ("metric-of-nothing", put("d-failed", "dimensions.FunctionName", "others")),
    ("metric-of-nothing", put("d-dashboard", "dashboardBody.widgets.0.properties.metrics.0.3", "others")),
    ("log-filter-source", put("d-query", "logGroupNames", ["/others"])),
    ("event-undelivered", drop("d-ended-target")),
    ("event-undelivered", put("d-alarms-policy", "policy.Statement.0.Principal.Service", ["cloudwatch.amazonaws.com"])),
    ("alarm-undelivered", put("d-alarms-policy", "policy.Statement.0.Principal.Service", ["events.amazonaws.com"])),
    (
        "function-log-group & role-insufficient",
        put("d-ws", "loggingConfig.logGroup", "/deskside/d-mcp", "Function"),
    ),
    ("function-log-group", drop("d-agent-logs")),
    ("function-log-group", put("d-socket-stage", "defaultRouteSettings.loggingLevel", "ERROR")),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
