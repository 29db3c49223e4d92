"""The recorder: what it keeps, and what it refuses as the engine would."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx
import pytest

from components.service_role import ServiceRole
from validation import faithful, sdk_types
from validation.recording import UNKNOWN, RecordingError, faults, record, stack_config

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
    assert attached.inputs["role"] == "desk-role-1a2b3c4"


def test_options_are_kept():
    options = pulumi.ResourceOptions(
        protect=True, retain_on_delete=True, delete_before_replace=True, ignore_changes=["tags"]
    )
    kept = record(lambda: aws.sns.Topic("topic", opts=options)).named("topic")
    assert (kept.protect, kept.retain_on_delete, kept.delete_before_replace) == (True, True, True)
    assert kept.ignore_changes == ("tags",)


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


def test_secret_config_makes_secret_inputs():
    def program() -> None:
        aws.secretsmanager.SecretVersion("v", secret_id="s", secret_string=pulumi.Config("desk").require_secret("key"))

    graph = record(program, config={"desk:key": "hidden"}, secrets=["desk:key"])
    assert graph.named("v").secrets == {"secretString"}


def test_without_answers_outputs_are_unknown():
    graph = record(role, faithful=False)
    assert graph.named("desk-role-policy").inputs["role"] == UNKNOWN
    assert any("unknown" in fault for fault in faults(graph))


def test_arns_are_of_the_stacks_region():
    topic = record(lambda: aws.sns.Topic("topic"), config=REGION).named("topic")
    assert topic.outputs["arn"] == "arn:aws:sns:eu-west-1:123456789012:topic-1a2b3c4"


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
    _, computed = faithful.known_types()[token](faithful.Created("name", {**required, **given}, "us-east-1"))
    assert set(computed) <= sdk_types.output_names(token)
