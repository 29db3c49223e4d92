from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.rule_cases import Case, drop, fired, in_program, put, without_dependency
from validation.graph import Graph

CASES: list[Case] = [
    ("alarm-evaluation", in_program(put("-executions-failed", "datapointsToAlarm", 5))),
    ("alarm-evaluation", in_program(put("-executions-failed", "evaluationPeriods", 500))),
    ("alarm-evaluation", in_program(put("-websocket-errors", "metricQueries.0.expression", "SUM([m0, m9])"))),
    ("alarm-evaluation", in_program(put("-websocket-errors", "metricQueries.1.returnData", True))),
    ("alarm-silent", put("d-failed", "actionsEnabled", False)),
    ("alarm-silent", in_program(put("-executions-failed", "comparisonOperator", "LessThanThreshold"))),
    ("prod-unwatched", drop("d-late")),
    ("prod-unwatched", drop("d-broken")),
    ("prod-unwatched", drop("d-dashboard")),
    ("prod-unwatched", drop("d-ended")),
    ("filter-pattern", put("d-refused", "pattern", '{ ($.event = "refused" }')),
    ("filter-pattern", put("d-refused", "pattern", '{ $.event = "refused }')),
    ("filter-pattern", in_program(put("-watch-agent-ToolCalls", "metricTransformation.defaultValue", "0"))),
    ("filter-pattern", put("d-ws-logs", "logGroupClass", "INFREQUENT_ACCESS")),
    ("event-pattern", put("d-ended", "state", "DISABLED")),
    ("event-pattern", put("d-ended", "eventPattern.source", ["aws.lamda"])),
    ("event-pattern", put("d-ended", "eventPattern.detail-type", ["Durable Execution"])),
    ("event-pattern", put("d-ended", "eventPattern.detail.status", ["TIMEDOUT"])),
    ("event-pattern", put("d-ended-target", "inputTransformer", {"inputPaths": {}, "inputTemplate": '"<status>"'})),
    ("query-command", put("d-query", "queryString", "fieldz @message")),
    ("query-command", put("d-query", "queryString", "fields @message | sortt @timestamp")),
    ("delivery-incomplete", in_program(drop("-tools-traces", "LogDelivery"))),
    ("delivery-incomplete", in_program(put("-tools-traces", "logType", "TRACE", "LogDeliverySource"))),
    ("delivery-incomplete", in_program(without_dependency("-account-destination", "-account-spans"))),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
