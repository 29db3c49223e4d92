"""Logs, alarms, traces and topics in CloudFormation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from validation.cloudformation.types.writing import (
    Inputs,
    Properties,
    cased,
    listed,
    parsed,
    part,
    simple,
    whole,
    written,
)

simple("aws:cloudwatch/logGroup:LogGroup", "AWS::Logs::LogGroup", {"name": "LogGroupName"})
simple("aws:cloudwatch/dashboard:Dashboard", "AWS::CloudWatch::Dashboard")
simple("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "AWS::Logs::ResourcePolicy")
simple("aws:cloudwatch/queryDefinition:QueryDefinition", "AWS::Logs::QueryDefinition")
simple("aws:cloudwatch/logDeliverySource:LogDeliverySource", "AWS::Logs::DeliverySource")
simple("aws:cloudwatch/logDelivery:LogDelivery", "AWS::Logs::Delivery")


@whole("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination", "AWS::Logs::DeliveryDestination")
def _delivery_destination(inputs: Inputs) -> Properties:
    properties = written(inputs, drop=("deliveryDestinationConfiguration",))
    configuration = cast(dict[str, str], inputs.get("deliveryDestinationConfiguration", {}))
    return {**properties, **cased(configuration)}


@whole("aws:cloudwatch/logMetricFilter:LogMetricFilter", "AWS::Logs::MetricFilter")
def _metric_filter(inputs: Inputs) -> Properties:
    properties = written(inputs, {"name": "FilterName", "pattern": "FilterPattern"}, ("metricTransformation",))
    given = cast(dict[str, Any], inputs["metricTransformation"])
    names = {"name": "MetricName", "namespace": "MetricNamespace", "value": "MetricValue"}
    metric = written(given, names, ("dimensions",))
    if "DefaultValue" in metric:
        metric["DefaultValue"] = float(metric["DefaultValue"])
    if given.get("dimensions"):
        metric["Dimensions"] = listed(given["dimensions"], "Key")
    return {**properties, "MetricTransformations": [metric]}


@whole("aws:cloudwatch/metricAlarm:MetricAlarm", "AWS::CloudWatch::Alarm")
def _alarm(inputs: Inputs) -> Properties:
    rename = {"name": "AlarmName", "okActions": "OKActions"}
    properties = written(inputs, rename, ("dimensions", "metricQueries"))
    if "dimensions" in inputs:
        properties["Dimensions"] = listed(inputs["dimensions"])
    if "metricQueries" in inputs:
        properties["Metrics"] = [_query(query) for query in cast(list[dict[str, Any]], inputs["metricQueries"])]
    return properties


def _query(query: Mapping[str, Any]) -> Properties:
    rendered = written(query, drop=("metric",))
    if "metric" in query:
        metric = cast(dict[str, Any], query["metric"])
        outside = {key: metric[key] for key in ("period", "stat", "unit") if key in metric}
        inside = written(metric, drop=("dimensions", "period", "stat", "unit"))
        if "dimensions" in metric:
            inside["Dimensions"] = listed(metric["dimensions"])
        rendered["MetricStat"] = {**cased(outside), "Metric": inside}
    return rendered


@whole("aws:cloudwatch/eventRule:EventRule", "AWS::Events::Rule")
def _event_rule(inputs: Inputs) -> Properties:
    return parsed(written(inputs), "EventPattern")


@part("aws:cloudwatch/eventTarget:EventTarget", "aws:cloudwatch/eventRule:EventRule", "rule")
def _event_target(rule: Properties, inputs: Inputs) -> None:
    targets = rule.setdefault("Targets", [])
    target = written(inputs, {"targetId": "Id"}, ("rule", "inputTransformer"))
    if "inputTransformer" in inputs:
        given = cast(dict[str, Any], inputs["inputTransformer"])
        target["InputTransformer"] = {
            "InputTemplate": given["inputTemplate"],
            **({"InputPathsMap": given["inputPaths"]} if "inputPaths" in given else {}),
        }
    targets.append({"Id": f"target{len(targets)}", **target})


simple("aws:sns/topic:Topic", "AWS::SNS::Topic", {"name": "TopicName"})
simple("aws:sns/topicSubscription:TopicSubscription", "AWS::SNS::Subscription", {"topic": "TopicArn"})


@whole("aws:sns/topicPolicy:TopicPolicy", "AWS::SNS::TopicPolicy")
def _topic_policy(inputs: Inputs) -> Properties:
    return parsed({"Topics": [inputs["arn"]], "PolicyDocument": inputs["policy"]}, "PolicyDocument")


simple("aws:xray/group:Group", "AWS::XRay::Group")


@whole("aws:xray/indexingRule:IndexingRule", "AWS::XRay::TransactionSearchConfig")
def _indexing(inputs: Inputs) -> Properties:
    rule = cast(dict[str, Any], inputs.get("rule", {})).get("probabilistic", {})
    return {"IndexingPercentage": cast(dict[str, Any], rule).get("desiredSamplingPercentage")}


@whole("aws:xray/resourcePolicy:ResourcePolicy", "AWS::XRay::ResourcePolicy")
def _xray_policy(inputs: Inputs) -> Properties:
    return written(inputs)
