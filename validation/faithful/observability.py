"""What AWS answers for logs, alarms, traces, topics and queues."""

from __future__ import annotations

from validation.faithful.created import ACCOUNT, Created, Outputs, answers


@answers("aws:cloudwatch/logGroup:LogGroup")
def _log_group(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {"name": name, "arn": new.arn("logs", f"log-group:{name}")}


@answers("aws:cloudwatch/logMetricFilter:LogMetricFilter")
def _metric_filter(new: Created) -> tuple[str, Outputs]:
    return new.name(), {"name": new.name()}


@answers("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
def _log_policy(new: Created) -> tuple[str, Outputs]:
    return new.name("policyName"), {}


@answers("aws:cloudwatch/queryDefinition:QueryDefinition")
def _query(new: Created) -> tuple[str, Outputs]:
    return new.uuid(), {"name": new.name(), "queryDefinitionId": new.uuid()}


@answers("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm")
def _alarm(new: Created) -> tuple[str, Outputs]:
    key = "name" if "alarmName" not in new.inputs else "alarmName"
    return new.name(key), {key: new.name(key), "arn": new.arn("cloudwatch", f"alarm:{new.name(key)}")}


@answers("aws:cloudwatch/dashboard:Dashboard")
def _dashboard(new: Created) -> tuple[str, Outputs]:
    name = str(new.inputs["dashboardName"])
    return name, {"dashboardArn": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"}


@answers("aws:cloudwatch/eventRule:EventRule")
def _event_rule(new: Created) -> tuple[str, Outputs]:
    return new.name(), {"name": new.name(), "arn": new.arn("events", f"rule/{new.name()}"), "eventBusName": "default"}


@answers("aws:cloudwatch/eventTarget:EventTarget")
def _event_target(new: Created) -> tuple[str, Outputs]:
    target = new.inputs.get("targetId") or f"{new.inputs['rule']}-terraform-20261123120000000000000001"
    return f"{new.inputs['rule']}-{target}", {"targetId": target, "eventBusName": "default"}


@answers("aws:cloudwatch/logDeliverySource:LogDeliverySource")
def _delivery_source(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {"name": name, "arn": new.arn("logs", f"delivery-source:{name}"), "service": "bedrock-agentcore"}


@answers("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
def _delivery_destination(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {"name": name, "arn": new.arn("logs", f"delivery-destination:{name}")}


@answers("aws:cloudwatch/logDelivery:LogDelivery")
def _delivery(new: Created) -> tuple[str, Outputs]:
    return new.mark(16), {"arn": new.arn("logs", f"delivery:{new.mark(16)}")}


@answers("aws:xray/group:Group")
def _xray_group(new: Created) -> tuple[str, Outputs]:
    arn = new.arn("xray", f"group/{new.inputs['groupName']}/{new.mark(26).upper()}")
    return arn, {"arn": arn}


@answers("aws:xray/traceSegmentDestination:TraceSegmentDestination")
def _trace_destination(new: Created) -> tuple[str, Outputs]:
    return new.region, {}


@answers("aws:xray/indexingRule:IndexingRule")
def _indexing(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs.get("name", "Default")), {}


@answers("aws:xray/resourcePolicy:ResourcePolicy")
def _xray_policy(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["policyName"]), {"policyRevisionId": "1", "lastUpdatedTime": "2026-11-23T12:00:00Z"}


@answers("aws:sns/topic:Topic")
def _topic(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    arn = new.arn("sns", name)
    return arn, {"name": name, "arn": arn, "owner": ACCOUNT}


@answers("aws:sns/topicPolicy:TopicPolicy")
def _topic_policy(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["arn"]), {"owner": ACCOUNT}


@answers("aws:sns/topicSubscription:TopicSubscription")
def _subscription(new: Created) -> tuple[str, Outputs]:
    arn = f"{new.inputs['topic']}:{new.uuid()}"
    return arn, {"arn": arn, "ownerId": ACCOUNT, "pendingConfirmation": True, "confirmationWasAuthenticated": False}


@answers("aws:sqs/queue:Queue")
def _queue(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    url = f"https://sqs.{new.region}.amazonaws.com/{ACCOUNT}/{name}"
    return url, {"name": name, "url": url, "arn": new.arn("sqs", name)}


@answers("aws:sqs/queuePolicy:QueuePolicy")
def _queue_policy(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["queueUrl"]), {}
