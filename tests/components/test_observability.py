"""Alarms, topic, events, tracing: what wakes somebody, and whether it would reach them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from components.observability.alarms import MOST_METRICS, Alarm
from components.observability.metrics import CATALOGUE, Series, UnknownMetricError, alarmed, known
from services.ws_manager.turns import TurnCourier
from tests.components.observed import ACCOUNT, FUNCTION_ARN, GATEWAY_ARN, NAME, NAMESPACE, RUNTIME_ARN, observed
from tests.services.fakes import CREDENTIALS, SESSION
from validation.graph import Graph, Resource

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
RUNBOOK = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()


def alarms(graph: Graph) -> dict[str, Resource]:
    return {alarm.name.removeprefix(f"{NAME}-"): alarm for alarm in graph.of_type(ALARM)}


def queries(alarm: Resource) -> dict[str, Mapping[str, Any]]:
    return {query["id"]: query for query in alarm.inputs["metricQueries"]}


# Metrics


def test_a_series_of_an_unknown_metric_cannot_be_made() -> None:
    Series("AWS/Lambda", "Errors", {"FunctionName": "f"})
    for namespace, name, dimensions in (
        ("AWS/Lambda", "Error", {"FunctionName": "f"}),
        ("AWS/Lambda", "Errors", {"Function": "f"}),
        ("AWS/Lambda", "Errors", {"FunctionName": "f", "Resource": "f:live"}),
        ("AWS/ElastiCache", "Evictions", {"CacheClusterId": "c"}),
        ("Deskside/x", "TurnsStartd", {}),
        ("Elsewhere", "TurnsStarted", {}),
    ):
        with pytest.raises(UnknownMetricError):
            Series(namespace, name, dict(dimensions))


def test_every_fact_of_the_catalogue_has_a_source_and_dimensions() -> None:
    for key, fact in CATALOGUE.items():
        assert fact.source, key
        assert fact.variants, key


# Alarms


def test_the_alarms_that_must_be_there() -> None:
    assert alarms(observed()).keys() >= {
        "executions-failed",
        "executions-timed-out",
        "executions-near-quota",
        "authorizer-failing",
        "connections-refused",
        "sessions-dead",
        "turns-failing",
        "functions-throttled",
        "websocket-errors",
        "tables-throttled",
        "agent-failing",
        "agent-throttled",
        "gateway-failing",
        "cache-throttled",
        "notifications-failing",
    }


def test_every_alarm_watches_metrics_that_exist() -> None:
    for name, alarm in alarms(observed()).items():
        references = list(alarmed(alarm.inputs))
        assert references, name
        for reference in references:
            assert known(*reference), (name, reference)


def test_silence_is_good_and_the_topic_hears_of_both_ends() -> None:
    graph = observed()
    for name, alarm in alarms(graph).items():
        assert alarm.inputs["treatMissingData"] == "notBreaching", name
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [graph.exports["topicArn"]], name
        assert alarm.inputs["datapointsToAlarm"] <= alarm.inputs["evaluationPeriods"], name


def test_every_expression_uses_exactly_the_metrics_it_is_given() -> None:
    words = re.compile(r"\b[a-z]\w*\b")
    for name, alarm in alarms(observed()).items():
        if "metricQueries" not in alarm.inputs:
            continue
        given = queries(alarm)
        result = given.pop("result")
        assert result["returnData"] is True
        assert set(words.findall(result["expression"])) == given.keys(), name
        assert len(given) <= MOST_METRICS
        assert {query["returnData"] for query in given.values()} == {False}
        assert len({query["metric"]["period"] for query in given.values()}) == 1


def test_too_many_metrics_for_one_alarm_are_refused() -> None:
    series = Series("AWS/Lambda", "Errors", {"FunctionName": "f"})
    with pytest.raises(ValueError, match="crowded: 11 metrics"):
        Alarm("crowded", "", {f"m{index}": series for index in range(MOST_METRICS + 1)}, "SUM(METRICS())")


def test_a_refused_token_is_no_failure_of_the_authorizer() -> None:
    """Lambda counts the exception that API Gateway turns into 401 as an error."""
    given = queries(alarms(observed())["authorizer-failing"])
    assert given["result"]["expression"] == "errors - refused"
    assert given["errors"]["metric"]["dimensions"] == {"FunctionName": "authorizer"}
    assert given["refused"]["metric"]["namespace"] == NAMESPACE


def test_the_agents_metrics_are_those_of_the_endpoint_that_is_called() -> None:
    assert alarms(observed())["agent-failing"].inputs["dimensions"] == {
        "Resource": RUNTIME_ARN,
        "Operation": "InvokeAgentRuntime",
        "Name": "deskside_test::live",
    }
    given = queries(alarms(observed())["gateway-failing"])
    assert given["m0"]["metric"]["dimensions"]["Resource"] == GATEWAY_ARN


def test_the_cache_has_alarms_only_where_there_is_one() -> None:
    with_cache, without = alarms(observed()), alarms(observed(cache_name=None))
    assert with_cache.keys() - without.keys() == {"cache-throttled", "cache-evicting", "cache-refusing"}
    assert with_cache["cache-evicting"].inputs["dimensions"] == {"clusterId": "cache"}


def test_an_environment_can_do_without_alarms() -> None:
    graph = observed(alarms=False)
    assert graph.of_type(ALARM) == []
    assert len(graph.of_type("aws:sns/topic:Topic")) == 1
    assert len(graph.of_type("aws:cloudwatch/eventRule:EventRule")) == 1


def test_every_alarm_says_what_to_do_and_the_runbook_has_it() -> None:
    headings = re.findall(r"^### (.+)$", RUNBOOK, re.MULTILINE)
    assert set(headings) == alarms(observed()).keys()
    assert len(headings) == len(set(headings))
    for name, alarm in alarms(observed()).items():
        said = alarm.inputs["alarmDescription"]
        assert said.endswith(f"docs/observability.md#{name}")
        assert len(said) <= 1024


# Topic


def statements(document: str) -> dict[str, Mapping[str, Any]]:
    return {statement["Sid"]: statement for statement in json.loads(document)["Statement"]}


def test_the_topic_is_encrypted_with_a_key_that_its_publishers_may_use() -> None:
    graph = observed()
    [topic], [key] = graph.of_type("aws:sns/topic:Topic"), graph.of_type("aws:kms/key:Key")
    assert topic.inputs["kmsMasterKeyId"] == key.outputs["arn"]
    assert key.inputs["enableKeyRotation"] is True
    granted = statements(key.inputs["policy"])
    for sid, service in (("Alarms", "cloudwatch.amazonaws.com"), ("Events", "events.amazonaws.com")):
        assert granted[sid]["Principal"] == {"Service": service}
        assert set(granted[sid]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert "kms:PutKeyPolicy" in granted["Administration"]["Action"]


def test_only_our_account_may_publish_where_aws_lets_us_say_so() -> None:
    graph = observed()
    [policy], [topic] = graph.of_type("aws:sns/topicPolicy:TopicPolicy"), graph.of_type("aws:sns/topic:Topic")
    granted = statements(policy.inputs["policy"])
    assert {statement["Resource"] for statement in granted.values()} == {topic.outputs["arn"]}
    assert granted["Alarms"]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:*"},
    }
    # With a condition EventBridge's messages would be lost.
    assert "Condition" not in granted["Events"]


def test_an_address_is_subscribed_where_one_is_given() -> None:
    [subscription] = observed().of_type("aws:sns/topicSubscription:TopicSubscription")
    assert (subscription.inputs["protocol"], subscription.inputs["endpoint"]) == ("email", "ops@example.com")
    assert observed(email=None).of_type("aws:sns/topicSubscription:TopicSubscription") == []


# Events


def test_the_rule_takes_every_version_of_our_function_and_no_other() -> None:
    [rule] = observed().of_type("aws:cloudwatch/eventRule:EventRule")
    pattern = json.loads(rule.inputs["eventPattern"])
    assert pattern["source"] == ["aws.lambda"]
    assert pattern["detail-type"] == ["Durable Execution Status Change"]
    assert pattern["detail"]["status"] == ["FAILED", "TIMED_OUT"]

    def taken(arn: str) -> bool:
        return any(
            arn == wanted if isinstance(wanted, str) else arn.startswith(wanted["prefix"])
            for wanted in pattern["detail"]["functionArn"]
        )

    assert taken(FUNCTION_ARN)
    assert taken(f"{FUNCTION_ARN}:7")
    assert not taken(f"{FUNCTION_ARN}-of-somebody-else:7")


def test_the_message_is_one_text_with_every_value_it_names() -> None:
    graph = observed()
    [target] = graph.of_type("aws:cloudwatch/eventTarget:EventTarget")
    transformer = target.inputs["inputTransformer"]
    assert isinstance(json.loads(transformer["inputTemplate"]), str)
    assert set(re.findall(r"<(\w+)>", transformer["inputTemplate"])) == transformer["inputPaths"].keys()
    assert target.inputs["arn"] == graph.exports["topicArn"]
    # EventBridge publishes to encrypted topics by their policy.
    assert "roleArn" not in target.inputs


# Tracing


def test_the_trace_group_holds_the_three_functions() -> None:
    [group] = observed().of_type("aws:xray/group:Group")
    assert group.inputs["filterExpression"] == 'service("manager") OR service("authorizer") OR service("proxy")'
    assert len(group.inputs["groupName"]) <= 32


def test_a_prompt_takes_lambdas_trace_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 does it by itself, from what Lambda's runtime sets for each invocation; no layer, no SDK of X-Ray."""
    header = "Root=1-6b046263-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=cccccccccccccccc;Sampled=1"
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "manager")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
    sent: list[Any] = []
    client: Any = boto3.client("bedrock-agentcore", **CREDENTIALS)  # pyright: ignore

    def keep(request: Any, **_: Any) -> None:
        sent.append(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register("before-send.bedrock-agentcore.InvokeAgentRuntime", keep)
    TurnCourier(lambda _: client, RUNTIME_ARN, "live", 1.0).deliver(SESSION, "request-1", "laptop", "Hello")
    assert {request.headers["X-Amzn-Trace-Id"].decode() for request in sent} == {header}


def test_everything_is_a_child_of_the_component() -> None:
    graph = observed()
    component = graph.named(NAME, "deskside:index:Observability")
    for resource in graph:
        if resource.custom and not resource.type.startswith("pulumi:"):
            assert resource.parent == component.urn, resource.urn
