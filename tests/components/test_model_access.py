"""Permission for the configured model: everywhere its profile may have it run, and for nothing else."""

import json
from typing import Any

import pulumi
import pytest

from components.location import Location
from components.model_access import DESTINATIONS, model_statements
from components.policies import Statement, policy
from components.settings import ConfigurationError
from validation.recording import record

HOME: Location = {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"}
MODEL = "anthropic.claude-sonnet-4-6"


def resources(statements: list[Statement]) -> set[Any]:
    return {resource for statement in statements for resource in statement["resources"]}


def profile(model_id: str, region: str = "us-east-1") -> str:
    return f"arn:aws:bedrock:{region}:123456789012:inference-profile/{model_id}"


@pytest.mark.parametrize(("geography", "region"), [("us", "us-east-1"), ("eu", "eu-west-1"), ("jp", "ap-northeast-1")])
def test_a_geographic_profile_and_its_model_in_every_destination(geography: str, region: str) -> None:
    model_id = f"{geography}.{MODEL}"
    statements = model_statements({**HOME, "region": region}, model_id, [])
    models = {f"arn:aws:bedrock:{there}::foundation-model/{MODEL}" for there in DESTINATIONS[geography]}
    assert resources(statements) == {profile(model_id, region), *models}


def test_the_model_is_reached_through_the_profile_only() -> None:
    [itself, models] = model_statements(HOME, f"us.{MODEL}", [])
    assert "conditions" not in itself
    assert models.get("conditions") == {"StringEquals": {"bedrock:InferenceProfileArn": profile(f"us.{MODEL}")}}


def test_the_global_profile_has_three_arns_one_without_a_region() -> None:
    statements = model_statements(HOME, f"global.{MODEL}", [])
    through = {"bedrock:InferenceProfileArn": profile(f"global.{MODEL}")}
    assert [(s["resources"], s.get("conditions")) for s in statements] == [
        ([profile(f"global.{MODEL}")], None),
        ([f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"], {"StringEquals": through}),
        (
            [f"arn:aws:bedrock:::foundation-model/{MODEL}"],
            {"StringEquals": {"aws:RequestedRegion": "unspecified", **through}},
        ),
    ]


@pytest.mark.parametrize(
    "model_id", [MODEL, "amazon.nova-lite-v1:0", "zai.glm-4.7", "deepseek.v3.2", "meta.llama3-2-1b-instruct-v1:0"]
)
def test_a_model_in_the_region_itself(model_id: str) -> None:
    assert model_statements(HOME, model_id, []) == [
        {
            "actions": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
            "resources": [f"arn:aws:bedrock:us-east-1::foundation-model/{model_id}"],
        }
    ]


def test_given_regions_replace_ours_and_the_source_stays() -> None:
    statements = model_statements(HOME, f"us.{MODEL}", ["us-west-2"])
    assert resources(statements) == {
        profile(f"us.{MODEL}"),
        f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}",
        f"arn:aws:bedrock:us-west-2::foundation-model/{MODEL}",
    }


def test_a_geography_we_do_not_know_needs_its_regions() -> None:
    with pytest.raises(ConfigurationError, match=r"deskside:modelRegions .* ca\.anthropic\.claude-sonnet-4-6"):
        model_statements(HOME, f"ca.{MODEL}", [])
    assert len(model_statements(HOME, f"ca.{MODEL}", ["ca-central-1"])) == 2


def test_an_arn_is_no_id() -> None:
    with pytest.raises(ConfigurationError, match="deskside:modelId"):
        model_statements(HOME, profile(f"us.{MODEL}"), [])


def test_only_two_actions_and_no_wildcard() -> None:
    documents: list[dict[str, Any]] = []
    record(
        lambda: pulumi.export(
            "policy",
            policy(model_statements(HOME, f"global.{MODEL}", [])).apply(
                lambda text: documents.append(json.loads(text))
            ),
        )
    )
    for statement in documents[0]["Statement"]:
        assert statement["Action"] == ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        assert not any("*" in resource for resource in statement["Resource"])
