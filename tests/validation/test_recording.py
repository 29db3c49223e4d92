"""The recorder: what it keeps, and what it refuses as the engine would."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx
import pytest

from components.service_role import ServiceRole
from validation import faithful, sdk_types
from validation.recording import ROOT, UNKNOWN, RecordingError, faults, record, stack_config

REGION = {"aws:region": "eu-west-1"}


def provider() -> aws.Provider:
    return aws.Provider("test", region="eu-west-1")


def role() -> None:
    ServiceRole(
        "desk-role",
        {
            "service": "lambda.amazonaws.com",
            "account_id": "123456789012",
            "statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a/*"]}],
        },
        pulumi.ResourceOptions(providers=[provider()]),
    )


def test_parents_providers_and_dependencies_are_kept():
    graph = record(role)
    component = graph.named("desk-role", "deskside:index:ServiceRole")
    made = graph.named("desk-role", "aws:iam/role:Role")
    attached = graph.named("desk-role-policy")
    assert not component.custom
    assert made.parent == component.urn
    assert made.provider == graph.named("test").urn
    assert attached.dependencies == {made.urn}
    assert attached.inputs["role"] == faithful.physical("aws:iam/role:Role", "desk-role")


def test_options_are_kept():
    options = dict[str, Any](
        protect=True,
        retain_on_delete=True,
        delete_before_replace=True,
        ignore_changes=["tags"],
        replace_on_changes=["name"],
        aliases=["urn:pulumi:test::deskside::aws:sns/topic:Topic::old", pulumi.Alias(name="older")],
        import_="arn:aws:sns:us-east-1:123456789012:there",
        custom_timeouts=pulumi.CustomTimeouts(create="5m"),
    )

    def program() -> None:
        other = aws.sns.Topic("other")
        aws.sns.Topic("topic", opts=pulumi.ResourceOptions(deleted_with=other, **options))

    graph = record(program)
    kept = graph.named("topic")
    assert (kept.protect, kept.retain_on_delete, kept.delete_before_replace) == (True, True, True)
    assert kept.ignore_changes == ("tags",)
    assert kept.replace_on_changes == ("name",)
    assert kept.aliases == ("urn:pulumi:test::deskside::aws:sns/topic:Topic::old", "older")
    assert kept.import_id == "arn:aws:sns:us-east-1:123456789012:there"
    assert kept.deleted_with == graph.named("other").urn
    assert kept.timeouts == {"create": "5m"}


def test_options_left_out_are_off():
    kept = record(lambda: aws.sns.Topic("topic")).named("topic")
    assert not any((kept.protect, kept.retain_on_delete, kept.delete_before_replace))
    assert (kept.ignore_changes, kept.replace_on_changes, kept.aliases, kept.timeouts) == ((), (), (), {})
    assert (kept.import_id, kept.deleted_with, kept.provider) == (None, None, None)


def test_dependencies_are_kept_by_input_and_as_a_whole():
    def program() -> None:
        first, second = aws.sns.Topic("first"), aws.sns.Topic("second")
        named = pulumi.Output.concat(first.name, "-x")
        aws.cloudwatch.LogGroup("log", name=named, opts=pulumi.ResourceOptions(depends_on=[second]))

    graph = record(program)
    log = graph.named("log")
    assert log.dependencies == {graph.named("first").urn, graph.named("second").urn}
    assert log.property_dependencies["name"] == {graph.named("first").urn}


def test_secrets_are_unwrapped_and_named():
    def program() -> None:
        pool = aws.cognito.UserPool("pool")
        client = aws.cognito.UserPoolClient("client", user_pool_id=pool.id, generate_secret=True)
        aws.secretsmanager.SecretVersion("kept", secret_id="s", secret_string=client.client_secret)
        pulumi.export("secret", client.client_secret)
        pulumi.export("pool", pool.id)

    graph = record(program)
    assert graph.named("kept").secrets == {"secretString"}
    assert graph.named("kept").inputs["secretString"] == graph.named("client").outputs["clientSecret"]
    assert graph.secret_exports == {"secret"}
    assert graph.exports["pool"].startswith("us-east-1_")


def test_a_secret_inside_a_value_makes_the_whole_input_secret():
    def program() -> None:
        client = aws.cognito.UserPoolClient("client", user_pool_id="p", generate_secret=True)
        hidden = client.client_secret
        variables = {"variables": {"PLAIN": "a", "TOKEN": hidden}}
        aws.lambda_.Function("nested", role="r", environment=variables)  # pyright: ignore[reportArgumentType]
        aws.lambda_.Function("listed", role="r", layers=["a", hidden])
        aws.sns.TopicPolicy("json", arn="a", policy=pulumi.Output.json_dumps({"a": [hidden]}))

    graph = record(program)
    assert graph.named("nested").secrets == {"environment"}
    assert graph.named("listed").secrets == {"layers"}
    assert graph.named("json").secrets == {"policy"}


def test_a_secret_input_is_a_secret_output():
    def program() -> None:
        pulumi.export("value", aws.sns.Topic("topic", display_name=pulumi.Output.secret("x")).display_name)

    assert record(program).secret_exports == {"value"}


def test_secret_config_makes_secret_inputs():
    def program() -> None:
        aws.secretsmanager.SecretVersion("v", secret_id="s", secret_string=pulumi.Config("desk").require_secret("key"))

    graph = record(program, config={"desk:key": "hidden"}, secrets=["desk:key"])
    assert graph.named("v").secrets == {"secretString"}


def test_without_answers_outputs_are_unknown():
    graph = record(role, faithful=False)
    assert graph.named("desk-role-policy").inputs["role"] == UNKNOWN
    assert any("unknown" in fault for fault in faults(graph))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (lambda _: None, "tags.deep: is None"),
        (lambda t: pulumi.Output.from_input(t.arn).apply(lambda _: None), "tags.deep: is None"),
        (lambda t: t.arn.apply(lambda arn: f"{arn}/{None}"), "tags.deep: contains 'None'"),
        (lambda t: pulumi.Output.json_dumps({"a": [t.arn, None]}), "tags.deep (JSON).a[1]: is None"),
        (lambda _: json.dumps({"a": json.dumps({"b": None})}), "tags.deep (JSON).a (JSON).b: is None"),
        (lambda t: f"{t.arn}", "tags.deep: holds an Output"),
        (lambda t: json.dumps({"a": str([t.arn])}), "tags.deep (JSON).a: holds an Output"),
        (lambda t: f"{t}", "tags.deep: holds a Python object"),
        (lambda _: f"{aws.sns.Topic}", "tags.deep: holds a Python object"),
        (lambda t: t, "tags.deep: is a whole resource"),
        (lambda t: t.kms_master_key_id, "tags.deep: is unknown"),
        (lambda t: pulumi.Output.secret(t.kms_master_key_id), "tags.deep: is unknown"),
        (lambda t: pulumi.Output.json_dumps({"a": t.kms_master_key_id}), "tags.deep: is unknown"),
    ],
)
def test_what_is_no_value_is_found_at_any_depth(given: Callable[[aws.sns.Topic], Any], fault: str):
    def program() -> None:
        topic = aws.sns.Topic("topic")
        aws.cloudwatch.LogGroup("log", tags={"deep": given(topic)})

    [found] = faults(record(program))
    assert f"log (aws:cloudwatch/logGroup:LogGroup): {fault}" in found


def test_exports_are_looked_at_too():
    def program() -> None:
        pulumi.export("list", [{"a": None}])
        pulumi.export("text", f"{aws.sns.Topic('topic').arn}")

    assert sorted(fault[:30] for fault in faults(record(program))) == [
        "export list[0].a: is None",
        "export text: holds an Output p",
    ]


def test_keys_are_values_too():
    [fault] = faults(record(lambda: aws.cloudwatch.LogGroup("log", tags={"None/a": "b"})))
    assert "tags.None/a (key): contains 'None'" in fault


def test_what_is_unknown_may_be_passed_over():
    graph = record(role, faithful=False)
    assert faults(graph, unknown=False) == []


def test_no_two_resources_have_the_same_id_or_made_up_name():
    def program() -> None:
        api = aws.apigatewayv2.Api("same", protocol_type="WEBSOCKET")
        aws.apigatewayv2.Route("same", api_id=api.id, route_key="a")
        aws.apigatewayv2.Integration("same", api_id=api.id, integration_type="MOCK")
        aws.apigatewayv2.Deployment("same", api_id=api.id)
        aws.iam.Role("same", assume_role_policy="{}")
        aws.lambda_.Function("same", role="r")
        aws.sns.Topic("same")

    graph = record(program)
    ids = [resource.outputs["id"] for resource in graph]
    assert len(set(ids)) == len(ids) == 7
    assert not [one for one in ids for other in ids if one is not other and one in other]
    names = [resource.outputs["name"] for resource in graph if "name" in resource.outputs]
    assert len(set(names)) == len(names) == 4


@pytest.mark.parametrize(
    ("module", "event"),
    [
        ("services/deploy_hooks/runtime_metadata.py", {"agent_runtime_id": "a", "version": "1"}),
        ("services/deploy_hooks/image.py", {"tag": "t"}),
    ],
)
def test_hooks_answer_with_the_fields_they_return(module: str, event: dict[str, str]):
    [handler] = [
        node
        for node in ast.parse((ROOT / module).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "handler"
    ]
    returned = [node.value for node in ast.walk(handler) if isinstance(node, ast.Return)]
    fields = {ast.literal_eval(key) for value in returned if isinstance(value, ast.Dict) for key in value.keys if key}
    _, outputs = faithful.outputs(
        "aws:lambda/invocation:Invocation", "i", {"functionName": "f", "input": json.dumps(event)}, "us-east-1"
    )
    assert set(json.loads(outputs["result"])) == fields


def test_arns_are_of_the_stacks_region():
    topic = record(lambda: aws.sns.Topic("topic"), config=REGION).named("topic")
    name = faithful.physical(topic.type, "topic")
    assert topic.outputs["arn"] == f"arn:aws:sns:eu-west-1:123456789012:{name}"


def test_packaged_components_do_not_give_their_inputs_back():
    def program() -> None:
        vpc = awsx.ec2.Vpc(
            "vpc",
            nat_gateways={"strategy": awsx.ec2.NatGatewayStrategy.SINGLE},
            availability_zone_names=["us-east-1a", "us-east-1b"],
        )
        pulumi.export("private", vpc.private_subnet_ids)

    graph = record(program)
    assert graph.named("vpc").remote
    assert len(graph.exports["private"]) == 2


def test_a_second_resource_of_a_name_is_refused():
    def program() -> None:
        aws.sns.Topic("topic")
        aws.sns.Topic("topic")

    with pytest.raises(RecordingError, match=r"duplicate resource URN .*::topic"):
        record(program)


def test_a_type_that_nobody_described_is_refused():
    with pytest.raises(RecordingError, match="aws:sns/platformApplication:PlatformApplication"):
        record(lambda: aws.sns.PlatformApplication("app", platform="GCM", platform_credential="x"))


def test_a_provider_function_that_nobody_described_is_refused():
    with pytest.raises(Exception, match="getCanonicalUserId"):
        record(aws.s3.get_canonical_user_id)


def test_a_function_of_a_default_provider_is_refused_where_the_project_disables_them():
    disabled = {"aws:region": "us-east-1", "pulumi:disable-default-providers": '["aws"]'}
    with pytest.raises(RecordingError, match="getCallerIdentity is called with no explicit provider"):
        record(aws.get_caller_identity, config=disabled)
    through = record(lambda: aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider())), config=disabled)
    assert through.invokes == ("aws:index/getCallerIdentity:getCallerIdentity",)


def test_default_providers_are_refused_where_the_project_disables_them():
    disabled = {"aws:region": "us-east-1", "pulumi:disable-default-providers": '["aws"]'}
    with pytest.raises(RecordingError, match=r"topic .* no explicit provider"):
        record(lambda: aws.sns.Topic("topic"), config=disabled)
    record(lambda: aws.sns.Topic("topic", opts=pulumi.ResourceOptions(provider=provider())), config=disabled)


def test_the_programs_own_error_comes_through():
    def program() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record(program)


def test_runs_do_not_know_of_each_other():
    for stack in ("dev", "prod"):
        graph = record(lambda: aws.sns.Topic("topic"), stack=stack)
        assert [resource.urn for resource in graph] == [f"urn:pulumi:{stack}::deskside::aws:sns/topic:Topic::topic"]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (lambda: f"{aws.sns.Topic('other').arn}", "Output put into text"),
        (lambda: aws.sns.Topic("other").arn, None),
        (lambda: f"prefix-{None}", "'None'"),
        (lambda: aws.sns.Topic("other").signature_version.apply(str), "unknown"),
    ],
)
def test_values_that_are_not_what_was_meant_are_faults(value, fault: str | None):
    graph = record(lambda: aws.sns.Topic("topic", display_name=value()))
    found = [text for text in faults(graph) if "displayName" in text]
    assert (fault in found[0]) if fault else (found == [])


def test_config_is_read_as_the_cli_reads_it():
    values, secrets = stack_config("prod")
    assert values["deskside:protect"] == "true"
    assert values["aws:region"] == "us-west-2"
    assert values["pulumi:disable-default-providers"] == '["aws"]'
    assert secrets == []


@pytest.mark.parametrize("token", sorted(faithful.known_types()))
def test_answers_name_only_outputs_that_the_type_has(token: str):
    given = {
        "role": "r",
        "url": "https://a",
        "functionName": "f",
        "dashboardName": "d",
        "bucket": "b",
        "protocolType": "WEBSOCKET",
        "domain": "d",
        "identifier": "i",
        "userPoolId": "p",
        "input": "{}",
        "name": "alias/name",
    }
    required = dict.fromkeys(sdk_types.required_names(token), "x")
    _, computed = faithful.known_types()[token](faithful.Created(token, "name", {**required, **given}, "us-east-1"))
    assert set(computed) <= sdk_types.output_names(token)
