"""Both stacks, as they would be deployed, through every generic layer of the proof."""

from __future__ import annotations

import os

import pytest

from tests.stacks.conftest import Recorded
from validation import accepted, proof, sdk_types, service_models, snapshot
from validation.cloudformation.types import NO_EQUIVALENT, PARTS, WHOLES
from validation.findings import Finding
from validation.recording import faults, record_stack

STATEFUL = {
    "aws:dynamodb/table:Table",
    "aws:cognito/userPool:UserPool",
    "aws:elasticache/serverlessCache:ServerlessCache",
}


@pytest.fixture(scope="session")
def findings(recordings: dict[str, Recorded]) -> dict[str, list[Finding]]:
    return {stack: proof.findings(one.graph, one.region) for stack, one in recordings.items()}


def test_no_input_is_unknown_none_or_a_stringified_output(recorded: Recorded):
    assert faults(recorded.graph) == []


def test_a_preview_of_what_does_not_exist_registers_the_same_resources(recorded: Recorded):
    bare = record_stack(recorded.stack, faithful=False)
    assert {resource.urn for resource in bare} == {resource.urn for resource in recorded.graph}
    assert faults(bare, unknown=False) == []
    assert {r.urn: set(r.inputs) for r in bare} == {r.urn: set(r.inputs) for r in recorded.graph}
    assert {r.urn: r.secrets for r in bare} == {r.urn: r.secrets for r in recorded.graph}


def test_an_update_registers_the_same_inputs_as_a_preview(recorded: Recorded):
    update = record_stack(recorded.stack, preview=False)
    assert {r.urn: r.inputs for r in update} == {r.urn: r.inputs for r in recorded.graph}


def test_inputs_fit_the_types_of_the_sdk(recorded: Recorded):
    assert sdk_types.check(recorded.graph) == []


def test_neither_linter_nor_service_models_object(recorded: Recorded, findings: dict[str, list[Finding]]):
    assert list(map(str, accepted.unaccepted(findings[recorded.stack]))) == []


def test_every_accepted_finding_still_occurs(findings: dict[str, list[Finding]]):
    assert accepted.stale([finding for found in findings.values() for finding in found]) == []


def test_every_resource_has_a_parent_of_ours_and_the_explicit_provider(recorded: Recorded):
    for resource in recorded.graph:
        assert resource.parent is not None
        if resource.type.startswith("aws:"):
            assert resource.provider is not None, resource.name
            assert "deskside:index:" in resource.parent, f"{resource.name} is outside every component"


def test_every_child_is_named_after_the_component_it_is_in(recorded: Recorded):
    for resource in recorded.graph:
        parent = resource.parent or ""
        if "deskside:index:" in parent:
            assert resource.name.startswith(parent.rsplit("::", maxsplit=1)[-1]), resource.urn


def test_what_holds_data_is_protected_in_prod_and_only_there(recorded: Recorded):
    stateful = recorded.graph.of_type(*STATEFUL)
    assert {resource.type for resource in stateful} >= STATEFUL - {"aws:elasticache/serverlessCache:ServerlessCache"}
    assert {resource.protect for resource in stateful} == {recorded.stack == "prod"}


def test_secrets_stay_secret(recorded: Recorded):
    pools = recorded.graph.of_type("aws:cognito/userPoolClient:UserPoolClient")
    values = {value for pool in pools if (value := pool.outputs["clientSecret"])}
    assert values
    holders = [
        (resource.name, key)
        for resource in recorded.graph
        for key, value in resource.inputs.items()
        if key not in resource.secrets and any(secret in str(value) for secret in values)
    ]
    assert holders == []
    shown = [value for key, value in recorded.graph.exports.items() if key not in recorded.graph.secret_exports]
    assert not any(secret in str(shown) for secret in values)


def test_only_the_account_and_the_zones_are_looked_up(recorded: Recorded):
    allowed = {
        "aws:index/getCallerIdentity:getCallerIdentity",
        "aws:index/getPartition:getPartition",
        "aws:index/getAvailabilityZones:getAvailabilityZones",
    }
    assert set(recorded.graph.invokes) <= allowed


def test_the_list_of_types_without_equivalent_is_not_longer_than_needed(recordings: dict[str, Recorded]):
    used = {resource.type for one in recordings.values() for resource in one.graph}
    assert set(NO_EQUIVALENT) <= used
    assert not set(NO_EQUIVALENT) & ({*WHOLES} | {*PARTS})


def test_the_snapshot_shows_what_would_be_deployed(recorded: Recorded):
    kept = snapshot.FOLDER / f"{recorded.stack}.yaml"
    assert kept.read_text() == snapshot.text(recorded.graph), "if this change is meant: make generate"


def test_a_long_stack_name_stays_inside_every_limit():
    graph = record_stack("prod", name="feature-customer-onboarding-2026-q4-rehearsal")
    assert faults(graph) == []
    assert list(map(str, accepted.unaccepted(proof.findings(graph, "us-west-2")))) == []


def test_recording_takes_seconds(recordings: dict[str, Recorded]):
    # With room for slow machines: about 6 s and 3 s on two cores.
    budget = float(os.environ.get("RECORDING_SECONDS", "45"))
    assert sum(one.seconds for one in recordings.values()) < budget


def test_no_two_resources_share_an_id(recorded: Recorded):
    # Or one given for the other would not be seen. What has the id that it was given is no matter.
    ids = [
        str(resource.outputs["id"])
        for resource in recorded.graph
        if resource.custom and resource.outputs["id"] not in resource.inputs.values()
    ]
    assert sorted(ids) == sorted(set(ids))


def test_every_type_is_held_against_a_model_or_says_why_not(recordings: dict[str, Recorded]):
    used = {resource.type for one in recordings.values() for resource in one.graph if resource.custom}
    without = {type for type in used if type in NO_EQUIVALENT and type not in service_models.DIRECT}
    assert without == {"pulumi:providers:aws"}
    kinds = {WHOLES[type][0] for type in used if type in WHOLES}
    assert set(service_models.SHAPES_OF_THEIR_OWN) <= kinds | {"AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"}
    services = (
        "AWS::BedrockAgentCore::",
        "AWS::ApiGatewayV2::",
        "AWS::Lambda::",
        "AWS::ElastiCache::",
        "AWS::Cognito::",
    )
    named = {kind for kind in kinds if kind.startswith(services)}
    assert {kind.split("::")[1] for kind in named} == {service.split("::")[1] for service in services}
    assert named <= set(service_models.OPERATIONS)
