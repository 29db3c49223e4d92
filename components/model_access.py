"""What the agent's role needs to talk to its model through Bedrock."""

import re
from collections.abc import Mapping, Sequence

from components.location import Location, arn
from components.policies import Statement
from components.settings import ConfigurationError

ACTIONS = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
"""Converse and ConverseStream are authorized as these two."""

GLOBAL = "global"

PROFILE = re.compile(r"(?P<geography>global|[a-z]{2,4}(?:-gov)?)\.(?P<model>[a-z]+[0-9]*\.\S+)")
"""`us.anthropic.claude-…`: a geography, then the provider; `anthropic.claude-…` has no geography."""

DESTINATIONS: Mapping[str, tuple[str, ...]] = {
    "us": ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1"),
    "eu": (
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
    ),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "apac": (
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-4",
    ),
    "us-gov": ("us-gov-east-1", "us-gov-west-1"),
}
"""Regions to which a profile of each geography may route a request.

The destinations differ with the model and with the source Region (Bedrock user guide, "Supported Regions
and models for inference profiles"); these are the union over the Claude models from Sonnet 4 on in AWS's
guidance-for-claude-code-with-amazon-bedrock (`models.py`). A Region too many in a policy
opens nothing that the profile does not, a Region too few fails some of the requests. What is true for one
account: `aws bedrock get-inference-profile`. `deskside:modelRegions` overrides.
"""


def model_statements(location: Location, model_id: str, model_regions: Sequence[str]) -> list[Statement]:
    """Invocation of one model, in every Region where its profile may have it run.

    Args:
        location: where the stack lives; the source Region of every request.
        model_id: an inference profile (`us.…`, `eu.…`, `global.…`) or a model that runs in the Region itself.
        model_regions: destination Regions of the profile; empty for those of DESTINATIONS.

    Raises:
        ConfigurationError: the geography of the profile is not known and no Regions are given, or the id is an ARN.
    """
    if model_id.startswith("arn:"):
        raise ConfigurationError("deskside:modelId must be the id of a model or of a predefined profile, not an ARN")
    geography, model = _split(model_id)
    if geography is None:
        return [_statement([_model(location, location["region"], model)])]
    profile = arn(location, "bedrock", f"inference-profile/{model_id}")
    if geography == GLOBAL:
        return _global(location, profile, model)
    regions = model_regions or DESTINATIONS.get(geography)
    if not regions:
        known = ", ".join(f"{name}." for name in (*DESTINATIONS, GLOBAL))
        raise ConfigurationError(
            f"deskside:modelRegions must list the destination Regions of {model_id}: "
            f"those of its geography are not known (known: {known})"
        )
    # The source Region itself is a destination of every profile.
    models = [_model(location, region, model) for region in sorted({*regions, location["region"]})]
    return [
        _statement([profile]),
        # The model itself, but through this profile only.
        {**_statement(models), "conditions": {"StringEquals": {"bedrock:InferenceProfileArn": profile}}},
    ]


def _global(location: Location, profile: str, model: str) -> list[Statement]:
    """The profile, the model in the source Region, and the model without a Region.

    Bedrock user guide, "Global cross-Region inference": the last has the requested Region "unspecified".
    """
    through = {"bedrock:InferenceProfileArn": profile}
    return [
        _statement([profile]),
        {**_statement([_model(location, location["region"], model)]), "conditions": {"StringEquals": {**through}}},
        {
            **_statement([_model(location, "", model)]),
            "conditions": {"StringEquals": {"aws:RequestedRegion": "unspecified", **through}},
        },
    ]


def _split(model_id: str) -> tuple[str | None, str]:
    """Geography and model; no geography for a model that runs in the Region itself."""
    profile = PROFILE.fullmatch(model_id)
    return (profile["geography"], profile["model"]) if profile else (None, model_id)


def _model(location: Location, region: str, model: str) -> str:
    return f"arn:{location['partition']}:bedrock:{region}::foundation-model/{model}"


def _statement(resources: Sequence[str]) -> Statement:
    return {"actions": [*ACTIONS], "resources": [*resources]}
