"""What filters and saved queries read from log lines, held against the code that writes them."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
import structlog

from components.observability.log_metrics import LOG_METRICS, LogMetric, Service
from components.observability.metrics import CATALOGUE, OWN
from components.observability.queries import QUERIES, Query
from services import logs
from tests.components.observed import NAMESPACE, observed

SERVICES = Path(logs.__file__).parent

SHARED = [SERVICES / "delivery.py", *(SERVICES / "stores").glob("*.py")]

SOURCES = {
    Service.AUTHORIZER: [SERVICES / "ws_manager" / "authorizer.py", SERVICES / "ws_manager" / "tokens.py"],
    Service.WS_MANAGER: [
        *(path for path in (SERVICES / "ws_manager").glob("*.py") if path.name not in ("authorizer.py", "tokens.py")),
        *SHARED,
    ],
    Service.MCP_PROXY: [*(SERVICES / "mcp_proxy").glob("*.py"), *SHARED],
    Service.AGENT: [*(SERVICES / "agent").glob("*.py"), *SHARED],
}

ALWAYS = {"timestamp", "service", "level", "event", "exception"}
"""On every line, or on every line of an exception (services/logs.py)."""

LEVELS = {"debug", "info", "warning", "error", "exception"}


@cache
def emitted(service: Service) -> dict[str, set[str]]:
    """The events a service logs, each with the fields its calls name."""
    found: dict[str, set[str]] = {}
    for call in calls(service):
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in LEVELS and call.args:
            event = call.args[0]
            if isinstance(event, ast.Constant) and isinstance(event.value, str):
                found.setdefault(event.value, set()).update(keyword.arg for keyword in call.keywords if keyword.arg)
    return found


@cache
def bound(service: Service) -> set[str]:
    """The fields a service binds to all lines of a piece of work."""
    names: set[str] = set()
    for call in calls(service):
        if isinstance(call.func, ast.Name) and call.func.id in ("bind_contextvars", "bound_contextvars"):
            names.update(keyword.arg for keyword in call.keywords if keyword.arg)
    return names


def calls(service: Service) -> Iterator[ast.Call]:
    for path in SOURCES[service]:
        yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def fields(metric: LogMetric) -> set[str]:
    texts = [metric.value, *metric.dimensions.values()]
    return {text.removeprefix("$.") for text in texts if text.startswith("$.")}


def test_the_services_are_read() -> None:
    """Else nothing below could fail."""
    assert emitted(Service.AUTHORIZER).keys() == {"connect_authorized", "connect_refused", "connect_undecided"}
    assert {"tool", "tool_call_id", "session_id"} <= bound(Service.AGENT)
    assert emitted(Service.WS_MANAGER)["callback_completed"] == {"outcome", "waited_seconds"}


@pytest.mark.parametrize("metric", LOG_METRICS, ids=lambda metric: metric.name)
def test_every_counted_line_is_written(metric: LogMetric) -> None:
    for service in metric.services:
        for event in metric.events:
            assert event in emitted(service), f"{service} never logs {event}"
            missing = fields(metric) - emitted(service)[event] - bound(service) - ALWAYS
            assert not missing, f"{service}: {event} has no {missing}"


def test_the_filters_make_exactly_the_metrics_of_the_catalogue() -> None:
    catalogued = {name: fact for (namespace, name), fact in CATALOGUE.items() if namespace == OWN}
    assert {metric.name for metric in LOG_METRICS} == catalogued.keys()
    for metric in LOG_METRICS:
        assert catalogued[metric.name].variants == (frozenset(metric.dimensions),), metric.name


def test_the_filters_are_as_cloudwatch_wants_them() -> None:
    filters = observed().of_type("aws:cloudwatch/logMetricFilter:LogMetricFilter")
    assert len(filters) == sum(len(metric.services) for metric in LOG_METRICS)
    term = r'\$\.event = "\w+"'
    pattern = re.compile(rf'\{{ \({term}( \|\| {term})*\)( && \(\$\.\w+ (>= 0|= "\*")\))* \}}')
    for made in filters:
        transformation = made.inputs["metricTransformation"]
        assert pattern.fullmatch(made.inputs["pattern"]), made.inputs["pattern"]
        assert transformation["namespace"] == NAMESPACE
        assert len(transformation.get("dimensions", {})) <= 3
        assert not ("defaultValue" in transformation and "dimensions" in transformation)
        # CloudWatch reads no field that the pattern does not name.
        for text in (transformation["value"], *transformation.get("dimensions", {}).values()):
            assert text == "1" or f"({text} " in made.inputs["pattern"]


def matches(pattern: str, line: Mapping[str, object]) -> bool:
    """As CloudWatch evaluates a pattern of the form above."""
    return all(
        any(_holds(term, line) for term in group.split(" || ")) for group in re.findall(r"\(([^()]+)\)", pattern)
    )


def _holds(term: str, line: Mapping[str, object]) -> bool:
    found = re.fullmatch(r"\$\.(\w+) (=|>=) (.+)", term)
    assert found, term
    value, wanted = line.get(found[1]), json.loads(found[3])
    if found[2] == ">=":
        return isinstance(value, int | float) and value >= wanted
    return isinstance(value, str) and wanted in ("*", value)


@pytest.fixture
def printing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, object]]]]:
    """The lines that a service has printed; afterwards logging is as it was."""
    root, output = logging.getLogger(), io.StringIO()
    before = root.level, root.handlers
    monkeypatch.setattr(sys, "stdout", output)
    logs.configure("some-service")
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    structlog.reset_defaults()
    root.setLevel(before[0])
    root.handlers = before[1]


@pytest.mark.parametrize("metric", LOG_METRICS, ids=lambda metric: metric.name)
def test_a_line_as_it_is_printed_is_counted(metric: LogMetric, printing: Callable[[], list[dict[str, object]]]) -> None:
    read = {text.removeprefix("$."): "name" for text in metric.dimensions.values()}
    read |= {metric.value.removeprefix("$."): 1.5} if metric.value != "1" else {}
    for event in metric.events:
        logs.get_logger().info(event, **read)
        logs.get_logger().info("something_else", **read)
        logs.get_logger().info(event)
    counted = [line for line in printing() if matches(metric.pattern, line)]
    assert {line["event"] for line in counted} == {*metric.events}
    assert len(counted) == len(metric.events) * (1 if read else 2)


def test_what_alarms_divide_by_and_subtract_is_zero_when_silent() -> None:
    assert {metric.name for metric in LOG_METRICS if metric.zero} == {"TurnsFinished", "ConnectionsRefused"}


def test_each_filter_reads_the_log_group_of_its_service() -> None:
    groups = {
        Service.WS_MANAGER: "manager-logs",
        Service.AUTHORIZER: "authorizer-logs",
        Service.MCP_PROXY: "proxy-logs",
        Service.AGENT: "agent-logs",
    }
    read = {
        (made.inputs["metricTransformation"]["name"], made.inputs["logGroupName"])
        for made in observed().of_type("aws:cloudwatch/logMetricFilter:LogMetricFilter")
    }
    assert read == {(metric.name, groups[service]) for metric in LOG_METRICS for service in metric.services}


# Saved queries


def query_fields(query: Query) -> set[str]:
    """The fields that a query reads from lines."""
    text = re.sub(r'"[^"]*"', "", query.text)
    made = set(re.findall(r"\bas (\w+)", text))
    words = set(re.findall(r"(?<![@\w])[a-z]\w*(?!\w*\()", text))
    return words - made - {"fields", "filter", "stats", "sort", "limit", "by", "as", "in", "desc", "asc", "m"}


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_every_saved_query_asks_for_what_is_written(query: Query) -> None:
    events = {event for service in query.services for event in emitted(service)}
    for event in re.findall(r'event (?:=|in) (\[[^\]]*\]|"[^"]*")', query.text):
        for name in re.findall(r'"(\w+)"', event):
            assert name in events, f"nobody logs {name}"
    written = ALWAYS.union(
        *(bound(service) for service in query.services),
        *(names for service in query.services for names in emitted(service).values()),
    )
    assert query_fields(query), query.name
    assert query_fields(query) <= written, query_fields(query) - written


def test_the_queries_are_saved_by_name() -> None:
    saved = observed().of_type("aws:cloudwatch/queryDefinition:QueryDefinition")
    assert {made.inputs["name"] for made in saved} == {f"{NAMESPACE}/{query.name}" for query in QUERIES}
    whole = observed().named("deskside-test-watch-one-conversation")
    assert whole.inputs["logGroupNames"] == ["manager-logs", "authorizer-logs", "proxy-logs", "agent-logs"]
