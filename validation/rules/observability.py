"""What is looked at exists: logs are kept for a time, metrics are published by something in the stack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.observability.metrics import known, referenced
from validation.graph import Graph, Resource
from validation.rules.reading import (
    API,
    ENDPOINT,
    FUNCTION,
    GATEWAY,
    LOG_GROUP,
    RUNTIME,
    STAGE,
    TABLE,
    TOPIC,
    arns,
    at,
    decoded,
    found,
    identifier,
    listed,
    mapping,
    resource_statements,
    told,
)
from validation.rules.rule import Problems

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
METRIC_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
QUERY = "aws:cloudwatch/queryDefinition:QueryDefinition"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"

Metric = tuple[str, str, Mapping[str, str]]
"""Namespace, name, dimensions."""

ANY = "*"
"""Value of a dimension over which a search goes."""


def log_group_retention(graph: Graph) -> Problems:
    """Every log group forgets."""
    for group in graph.of_type(LOG_GROUP):
        if not group.inputs.get("retentionInDays"):
            yield group, "keeps its logs for ever"


def function_log_group(graph: Graph) -> Problems:
    """Every function, build, endpoint and stage writes to a log group of the stack, where it expires."""
    groups = {told(group, "name") for group in graph.of_type(LOG_GROUP)}
    used: dict[str, str] = {}
    for function in graph.of_type(FUNCTION):
        group = at(function, "loggingConfig.logGroup") or f"/aws/lambda/{told(function, 'name')}"
        if group not in groups:
            yield function, f"logs to {group}, which is not in the stack"
        if group in used:
            yield function, f"logs to {group}, as {used[group]} does: metrics and queries take one for the other"
        used[group] = function.name
    for project in graph.of_type("aws:codebuild/project:Project"):
        group = at(project, "logsConfig.cloudwatchLogs.groupName") or f"/aws/codebuild/{told(project, 'name')}"
        if group not in groups:
            yield project, f"logs to {group}, which is not in the stack"
    for endpoint in graph.of_type(ENDPOINT):
        group = f"/aws/bedrock-agentcore/runtimes/{endpoint.inputs.get('agentRuntimeId')}-{endpoint.inputs.get('name')}"
        if group not in groups:
            yield endpoint, f"logs to {group}, which is not in the stack"
    for stage in graph.of_type(STAGE):
        group = f"/aws/apigateway/{stage.inputs.get('apiId')}/{stage.inputs.get('name')}"
        if at(stage, "defaultRouteSettings.loggingLevel") not in (None, "OFF") and group not in groups:
            yield stage, f"logs to {group}, which is not in the stack"


def alarm_unheard(graph: Graph) -> Problems:
    """Somebody is told of every alarm: it publishes to a topic of the stack, or is part of one that does."""
    topics = {told(topic, "arn") for topic in graph.of_type(TOPIC)}
    composed = " ".join(str(a.inputs.get("alarmRule")) for a in graph.of_type(COMPOSITE))
    for alarm in graph.of_type(ALARM, COMPOSITE):
        actions = listed(alarm.inputs.get("alarmActions"))
        name = told(alarm, "name") or told(alarm, "alarmName")
        if not actions and str(name) not in composed:
            yield alarm, "tells nobody"
        for action in actions:
            if action not in topics:
                yield alarm, f"tells {action}, which is no topic of the stack"


def dashboard_json(graph: Graph) -> Problems:
    """A dashboard's body is JSON with widgets, and none of them overlap."""
    for dashboard in graph.of_type(DASHBOARD):
        body = dashboard.inputs.get("dashboardBody")
        try:
            widgets = [mapping(widget) for widget in listed(mapping(json.loads(str(body))).get("widgets"))]
        except ValueError:
            yield dashboard, "has a body that is not JSON"
            continue
        if not widgets:
            yield dashboard, "has no widgets"
        taken: set[tuple[int, int]] = set()
        for widget in widgets:
            x, y, width, height = (int(widget.get(key, 0)) for key in ("x", "y", "width", "height"))
            cells = {(column, row) for column in range(x, x + width) for row in range(y, y + height)}
            title = mapping(widget.get("properties")).get("title", widget.get("type"))
            if x + width > 24:
                yield dashboard, f"has a widget {title} wider than the page"
            if cells & taken:
                yield dashboard, f"has a widget {title} on top of another"
            taken |= cells


def _alarm_metrics(graph: Graph) -> Iterator[tuple[Resource, Metric]]:
    for alarm in graph.of_type(ALARM):
        if alarm.inputs.get("metricName"):
            yield (
                alarm,
                (
                    str(alarm.inputs.get("namespace")),
                    str(alarm.inputs["metricName"]),
                    mapping(alarm.inputs.get("dimensions")),
                ),
            )
        for query in listed(alarm.inputs.get("metricQueries")):
            metric = mapping(mapping(query).get("metric"))
            if metric:
                yield (
                    alarm,
                    (str(metric.get("namespace")), str(metric.get("metricName")), mapping(metric.get("dimensions"))),
                )


def _dashboard_metrics(graph: Graph) -> Iterator[tuple[Resource, Metric]]:
    for dashboard in graph.of_type(DASHBOARD):
        for widget in listed(mapping(decoded(dashboard.inputs.get("dashboardBody"))).get("widgets")):
            last: list[Any] = []
            for row in listed(mapping(mapping(widget).get("properties")).get("metrics")):
                parts = [part for part in listed(row) if not isinstance(part, Mapping)]
                if not parts:
                    # An expression; a SEARCH names metrics without the values of their dimensions.
                    for reference in referenced([{"properties": {"metrics": [row]}}]):
                        yield dashboard, (reference.namespace, reference.name, dict.fromkeys(reference.dimensions, ANY))
                    continue
                # "." repeats the part above, "..." all of them.
                full: list[Any] = []
                for part in parts:
                    if part == "...":
                        full = list(last[: len(last) - (len(parts) - 1)])
                    else:
                        full.append(last[len(full)] if part == "." and len(full) < len(last) else part)
                last = full
                names, values = full[2::2], full[3::2]
                yield (
                    dashboard,
                    (str(full[0]), str(full[1]), {str(n): str(v) for n, v in zip(names, values, strict=False)}),
                )


def watched_metrics(graph: Graph) -> Iterator[tuple[Resource, Metric]]:
    """Every metric that an alarm or a dashboard shows."""
    yield from _alarm_metrics(graph)
    yield from _dashboard_metrics(graph)


def _published(graph: Graph) -> dict[tuple[str, str], list[frozenset[str]]]:
    """The metrics that our own log groups' filters make, with the names of their dimensions."""
    made: dict[tuple[str, str], list[frozenset[str]]] = {}
    for filter in graph.of_type(METRIC_FILTER):
        metric = mapping(filter.inputs.get("metricTransformation"))
        key = (str(metric.get("namespace")), str(metric.get("name")))
        made.setdefault(key, []).append(frozenset(mapping(metric.get("dimensions"))))
    return made


def metric_unknown(graph: Graph) -> Problems:
    """What an alarm or a dashboard shows is published: by AWS, with those dimensions, or by a filter of the stack."""
    published = _published(graph)
    for resource, (namespace, name, dimensions) in watched_metrics(graph):
        by = f" by {', '.join(sorted(dimensions))}" if dimensions else ""
        if namespace.startswith("AWS/"):
            if not known(namespace, name, list(dimensions)):
                yield resource, f"shows {namespace} {name}{by}, which is not in the catalogue of AWS's metrics"
        elif (namespace, name) not in published:
            yield resource, f"shows {namespace} {name}, which no log filter of the stack makes"
        elif frozenset(dimensions) not in published[namespace, name]:
            yield resource, f"shows {namespace} {name}{by}, which its log filter does not give"


def metric_of_nothing(graph: Graph) -> Problems:
    """The dimensions of a metric name something in the stack."""
    known = {
        "FunctionName": _values(graph, "name", FUNCTION),
        "ApiId": {str(identifier(api)) for api in graph.of_type(API)},
        "TableName": _values(graph, "name", TABLE),
        "Stage": _values(graph, "name", STAGE),
        "GlobalSecondaryIndexName": {
            str(mapping(index).get("name"))
            for table in graph.of_type(TABLE)
            for index in listed(table.inputs.get("globalSecondaryIndexes"))
        },
        "TopicName": _values(graph, "name", TOPIC),
        "CacheClusterId": _values(graph, "name", "aws:elasticache/serverlessCache:ServerlessCache"),
        "clusterId": _values(graph, "name", "aws:elasticache/serverlessCache:ServerlessCache"),
        "LogGroupName": _values(graph, "name", LOG_GROUP),
    }
    agentcore = {arn for r in graph.of_type(RUNTIME, ENDPOINT, GATEWAY) for arn in arns(r)}
    for resource, (namespace, name, dimensions) in watched_metrics(graph):
        for key, value in dimensions.items():
            names = agentcore if key == "Resource" and namespace.endswith("AgentCore") else known.get(key)
            if key == "Resource" and namespace == "AWS/Lambda":
                names = {f"{n}{q}" for n in known["FunctionName"] for q in ("", *_aliases(graph))}
            if names is not None and value != ANY and value not in names:
                yield resource, f"shows {namespace} {name} of {key} {value}, which is not in the stack"


def _values(graph: Graph, key: str, type: str) -> set[str]:
    return {str(told(resource, key)) for resource in graph.of_type(type)}


def _aliases(graph: Graph) -> set[str]:
    return {f":{told(alias, 'name')}" for alias in graph.of_type("aws:lambda/alias:Alias")}


def log_filter_source(graph: Graph) -> Problems:
    """Log filters and saved queries read log groups of the stack."""
    groups = {told(group, "name") for group in graph.of_type(LOG_GROUP)}
    for filter in graph.of_type(METRIC_FILTER, "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"):
        name = filter.inputs.get("logGroupName", filter.inputs.get("logGroup"))
        if name not in groups:
            yield filter, f"reads {name}, which is not in the stack"
    for query in graph.of_type(QUERY):
        for name in listed(query.inputs.get("logGroupNames")):
            if name not in groups:
                yield query, f"reads {name}, which is not in the stack"


def event_undelivered(graph: Graph) -> Problems:
    """Every event rule has a target, and a topic that is one may be published to by EventBridge."""
    for rule in graph.of_type(EVENT_RULE):
        if not any(t.inputs.get("rule") == told(rule, "name") for t in graph.of_type(EVENT_TARGET)):
            yield rule, "has no target"
    for target in graph.of_type(EVENT_TARGET):
        topic = found(graph, TOPIC, "arn", target.inputs.get("arn"))
        if topic is not None and not _may_publish(graph, topic, "events.amazonaws.com"):
            yield target, f"publishes to {topic.name}, whose policy does not let EventBridge"


def alarm_undelivered(graph: Graph) -> Problems:
    """A topic whose policy is written out lets CloudWatch's alarms publish too."""
    for topic in graph.of_type(TOPIC):
        named = {a for alarm in graph.of_type(ALARM, COMPOSITE) for a in listed(alarm.inputs.get("alarmActions"))}
        has_policy = any(s.resources == (told(topic, "arn"),) for s in resource_statements(graph))
        if told(topic, "arn") in named and has_policy and not _may_publish(graph, topic, "cloudwatch.amazonaws.com"):
            yield topic, "has a policy that does not let CloudWatch's alarms publish"


def _may_publish(graph: Graph, topic: Resource, service: str) -> bool:
    return any(
        s.effect == "Allow"
        and service in s.principals.get("Service", ())
        and {"sns:Publish", "SNS:Publish"} & set(s.actions)
        and told(topic, "arn") in s.resources
        for s in resource_statements(graph)
    )


RULES = (
    log_group_retention,
    function_log_group,
    alarm_unheard,
    dashboard_json,
    metric_unknown,
    metric_of_nothing,
    log_filter_source,
    event_undelivered,
    alarm_undelivered,
)
