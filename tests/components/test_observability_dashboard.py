"""The dashboard: complete, valid, and about metrics that exist."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from components.observability.log_metrics import LOG_METRICS
from components.observability.metrics import Reference, known, referenced
from services.contract.tools import TOOLS
from tests.components.observed import NAME, NAMESPACE, observed


def widgets(**variant: Any) -> list[Mapping[str, Any]]:
    [dashboard] = observed(**variant).of_type("aws:cloudwatch/dashboard:Dashboard")
    return json.loads(dashboard.inputs["dashboardBody"])["widgets"]


def shown(**variant: Any) -> set[Reference]:
    return set(referenced(widgets(**variant)))


def test_every_metric_exists() -> None:
    for reference in shown():
        assert known(*reference), reference


def test_a_metric_that_does_not_exist_is_seen() -> None:
    """Else the test above could not fail."""
    row = ["AWS/Lambda", "Eror", "FunctionName", "f", {"stat": "Sum"}]
    search = [{"expression": """SUM(SEARCH('{"Deskside/x",Outcome,Toool} MetricName="ToolCalls"', 'Sum', 300))"""}]
    found = list(referenced([{"properties": {"metrics": [row, search]}}]))
    assert found == [
        Reference("AWS/Lambda", "Eror", ("FunctionName",)),
        Reference("Deskside/x", "ToolCalls", ("Outcome", "Toool")),
    ]
    assert not any(known(*reference) for reference in found)


@pytest.mark.parametrize("variant", [{}, {"cache_name": None}, {"alarms": False}], ids=str)
def test_the_widgets_fill_the_grid_without_overlapping(variant: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets(**variant):
        assert widget["type"] in ("metric", "log", "alarm")
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells
    assert len(taken) == 24 * (max(y for _, y in taken) + 1)


def test_metric_widgets_are_well_formed() -> None:
    for widget in widgets():
        if widget["type"] != "metric":
            continue
        properties = widget["properties"]
        assert properties["region"] == "us-east-1"
        ids = [row[-1]["id"] for row in properties["metrics"] if "id" in row[-1]]
        assert len(ids) == len(set(ids)), properties["title"]
        for row in properties["metrics"]:
            if len(row) == 1:
                assert {"expression", "id"} <= set(row[0]) <= {"expression", "id", "label"}
            else:
                *names, rendering = row
                assert len(names) % 2 == 0
                assert all(isinstance(name, str) and name for name in names)
                assert "stat" in rendering


def test_all_that_the_services_log_is_shown() -> None:
    names = {reference.name for reference in shown() if reference.namespace == NAMESPACE}
    assert names | {"RoutesFailed"} == {metric.name for metric in LOG_METRICS}


def test_every_tool_has_its_line() -> None:
    [by_tool] = [w for w in widgets() if w["properties"].get("title") == "Tool calls by tool"]
    rows = [row[0] for row in by_tool["properties"]["metrics"]]
    assert [row["label"] for row in rows] == [tool.name for tool in TOOLS]
    for row in rows:
        assert f'Tool="{row["label"]}"' in row["expression"]


@pytest.mark.parametrize(
    "metric",
    [
        ("AWS/Lambda", "ApproximateRunningDurableExecutions"),
        ("AWS/Lambda", "DurableExecutionOperations"),
        ("AWS/Lambda", "DurableExecutionStorageWrittenBytes"),
        ("AWS/ApiGateway", "ConnectCount"),
        ("AWS/ApiGateway", "MessageCount"),
        ("AWS/ApiGateway", "IntegrationError"),
        ("AWS/Bedrock", "InputTokenCount"),
        ("AWS/Bedrock-AgentCore", "Latency"),
        ("AWS/Bedrock-AgentCore", "SystemErrors"),
        (NAMESPACE, "CallbackSeconds"),
        (NAMESPACE, "TokenRequests"),
    ],
    ids=" ".join,
)
def test_what_must_be_seen_is_shown(metric: tuple[str, str]) -> None:
    assert metric in {(reference.namespace, reference.name) for reference in shown()}


def test_the_alarms_are_on_it_where_there_are_any() -> None:
    graph = observed()
    [listed] = [widget for widget in widgets() if widget["type"] == "alarm"]
    created = graph.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert set(listed["properties"]["alarms"]) == {alarm.outputs["arn"] for alarm in created}
    assert [widget for widget in widgets(alarms=False) if widget["type"] == "alarm"] == []


def test_lambda_gb_seconds_follow_from_milliseconds_and_memory() -> None:
    expressions = [
        row[0]["expression"]
        for widget in widgets()
        for row in widget["properties"].get("metrics", [])
        if len(row) == 1 and row[0]["id"] == "gbs"
    ]
    # 512 MB for 1,000 ms are half a GB-second.
    assert expressions == ["SUM([d0, d1, d2]) * 0.000500000"]


def test_the_url_leads_to_it() -> None:
    assert observed().exports["dashboardUrl"] == (
        f"https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/{NAME}"
    )
