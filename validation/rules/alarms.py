"""Alarms that can go off, and filters, event patterns and queries that AWS takes."""

from __future__ import annotations

import re
from typing import Any

from validation.graph import Graph
from validation.rules.observability import ALARM, DASHBOARD, EVENT_RULE, EVENT_TARGET, METRIC_FILTER, QUERY
from validation.rules.protection import PROTECTED_STACKS
from validation.rules.reading import (
    LOG_GROUP,
    STAGE,
    TARGET,
    all_dependencies,
    at,
    decoded,
    found,
    function_of,
    listed,
    mapping,
    texts,
    told,
)
from validation.rules.rule import Problems

DAY = 24 * 60 * 60
METRIC_ID = re.compile(r"\b[a-z][A-Za-z0-9_]*\b")
STATUSES = frozenset({"RUNNING", "SUCCEEDED", "STOPPED", "FAILED", "TIMED_OUT"})
STATUS_CHANGE = "Durable Execution Status Change"
"""Lambda developer guide, "Monitoring durable functions"."""

COMMANDS = frozenset({"dedup", "diff", "display", "fields", "filter", "limit", "parse", "pattern", "sort", "stats"})
"""CloudWatch Logs Insights query language."""

DELIVERED = ("TRACES", "APPLICATION_LOGS", "USAGE_LOGS")
"""Log types of AgentCore."""


def alarm_evaluation(graph: Graph) -> Problems:
    """An alarm evaluates what CloudWatch takes: one result, known ids, at most a day, enough datapoints."""
    for alarm in graph.of_type(ALARM):
        queries = [mapping(query) for query in listed(alarm.inputs.get("metricQueries"))]
        periods = alarm.inputs.get("evaluationPeriods", 1)
        datapoints = alarm.inputs.get("datapointsToAlarm", periods)
        if not 1 <= datapoints <= periods:
            yield alarm, f"waits for {datapoints} of {periods} datapoints"
        lengths = [alarm.inputs.get("period"), *(mapping(query.get("metric")).get("period") for query in queries)]
        longest = max([length for length in lengths if length] or [0])
        if longest < 3600 and periods * longest > DAY:
            yield alarm, f"evaluates {periods} periods of {longest} s, more than a day"
        if queries and sum(query.get("returnData") is True for query in queries) != 1:
            yield alarm, "has not exactly one query that returns data"
        ids = {str(query.get("id")) for query in queries}
        for query in queries:
            for name in METRIC_ID.findall(re.sub(r"\"[^\"]*\"|'[^']*'", "", str(query.get("expression") or ""))):
                if name not in ids:
                    yield alarm, f"computes with {name}, which none of its queries is"


def alarm_silent(graph: Graph) -> Problems:
    """An alarm's actions are on, and its threshold can be crossed."""
    for alarm in graph.of_type(ALARM):
        if alarm.inputs.get("actionsEnabled") is False:
            yield alarm, "has its actions switched off"
        below = str(alarm.inputs.get("comparisonOperator")).startswith("LessThan")
        if below and alarm.inputs.get("threshold", 0) <= 0 and alarm.inputs.get("statistic") == "Sum":
            yield alarm, "waits for a sum below zero"


def prod_unwatched(graph: Graph) -> Problems:
    """In prod there is a dashboard, and alarms and events for tool calls that fail, time out, or are throttled."""
    if graph.stack not in PROTECTED_STACKS:
        return
    watched = {text for alarm in graph.of_type(ALARM) for text in texts(alarm.inputs)}
    patterns = " ".join(str(rule.inputs.get("eventPattern")) for rule in graph.of_type(EVENT_RULE))
    for target in graph.of_type(TARGET):
        function = function_of(graph, at(target, "targetConfiguration.mcp.lambda.lambdaArn"))
        for metric in ("DurableExecutionFailed", "DurableExecutionTimedOut", "Throttles"):
            if metric not in watched:
                yield target, f"has no alarm on {metric}"
        if function is not None and str(told(function, "arn")) not in patterns:
            yield function, "is durable, but no event tells of its executions"
    for stage in graph.of_type(STAGE):
        if not graph.of_type(DASHBOARD):
            yield stage, "is on no dashboard"
        if "IntegrationError" not in watched:
            yield stage, "has no alarm on IntegrationError"


def filter_pattern(graph: Graph) -> Problems:
    """A metric filter has a pattern that closes what it opens, and no default beside dimensions."""
    for filter in graph.of_type(METRIC_FILTER):
        pattern = str(filter.inputs.get("pattern"))
        outside = re.sub(r'"[^"]*"', "", pattern)
        if any(outside.count(a) != outside.count(b) for a, b in ("{}", "()")) or '"' in outside:
            yield filter, f"has the pattern {pattern}, which does not close what it opens"
        metric = mapping(filter.inputs.get("metricTransformation"))
        if metric.get("dimensions") and metric.get("defaultValue") is not None:
            yield filter, "has a default value and dimensions, of which CloudWatch takes one"
        group = found(graph, LOG_GROUP, "name", filter.inputs.get("logGroupName"))
        if group is not None and group.inputs.get("logGroupClass") not in (None, "STANDARD"):
            yield filter, f"reads {group.name}, whose class {group.inputs['logGroupClass']} has no metric filters"


def event_pattern(graph: Graph) -> Problems:
    """An event rule is on and waits for what Lambda sends; its message names what it takes from the event."""
    for rule in graph.of_type(EVENT_RULE):
        pattern = mapping(decoded(rule.inputs.get("eventPattern")))
        if rule.inputs.get("state", "ENABLED") != "ENABLED":
            yield rule, "is switched off"
        if pattern.get("source") != ["aws.lambda"] or pattern.get("detail-type") != [STATUS_CHANGE]:
            yield rule, f"waits for {pattern.get('source')}, {pattern.get('detail-type')}, which nobody sends"
        for status in sorted(set(listed(mapping(pattern.get("detail")).get("status"))) - STATUSES):
            yield rule, f"waits for the status {status}, which no execution has"
    for target in graph.of_type(EVENT_TARGET):
        paths = mapping(at(target, "inputTransformer.inputPaths"))
        for name in re.findall(r"<([^<>]+)>", str(at(target, "inputTransformer.inputTemplate") or "")):
            if name not in paths and not name.startswith("aws.events"):
                yield target, f"has <{name}> in its message, which it takes from nowhere"


def query_command(graph: Graph) -> Problems:
    """Saved queries are made of the commands that Logs Insights has."""
    for query in graph.of_type(QUERY):
        text = re.sub(r"\"[^\"]*\"|/(?:\\.|[^/\n])*/", "", str(query.inputs.get("queryString")))
        for command in (part.split()[0] if part.split() else "" for part in text.split("|")):
            if command.lower() not in COMMANDS:
                yield query, f"has the command {command or '(none)'}"


def delivery_incomplete(graph: Graph) -> Problems:
    """What AWS is to deliver has a delivery, and spans go to CloudWatch only once X-Ray may write there."""
    deliveries = graph.of_type("aws:cloudwatch/logDelivery:LogDelivery")
    for source in graph.of_type("aws:cloudwatch/logDeliverySource:LogDeliverySource"):
        if source.inputs.get("logType") not in DELIVERED:
            yield source, f"delivers {source.inputs.get('logType')}; there are {', '.join(DELIVERED)}"
        if not any(one.inputs.get("deliverySourceName") == told(source, "name") for one in deliveries):
            yield source, "is delivered nowhere"
    policies = {policy.urn for policy in graph.of_type("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")}
    for destination in graph.of_type("aws:xray/traceSegmentDestination:TraceSegmentDestination"):
        before: set[Any] = {*all_dependencies(graph, destination)}
        if not before & policies:
            yield destination, "does not wait for the policy that lets X-Ray write spans"


RULES = (
    alarm_evaluation,
    alarm_silent,
    prod_unwatched,
    filter_pattern,
    event_pattern,
    query_command,
    delivery_incomplete,
)
