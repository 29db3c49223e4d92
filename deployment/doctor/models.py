"""Checks of the model: that it exists, and that the account may use it. Nothing here costs anything."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployment.doctor.finding import Finding, fail, ok, unknown, warn
from deployment.doctor.situation import Situation, code, unanswered

GEOGRAPHIES = ("us", "eu", "au", "jp", "apac", "global", "us-gov", "ca", "sa")


def foundation_model(model_id: str) -> str:
    """The model behind an inference profile's id: `anthropic.x` of `us.anthropic.x`."""
    geography, dot, rest = model_id.partition(".")
    return rest if dot and geography in GEOGRAPHIES else model_id


def model_access(situation: Situation) -> Finding:
    """The account has agreed to the model's terms and may use it."""
    subject, model = "model access", foundation_model(situation.settings.model_id)
    if model.startswith("arn:"):
        return unknown(subject, "deskside:modelId is an ARN, which AWS cannot be asked about", "Try it in the console")
    try:
        answer: dict[str, Any] = situation.client("bedrock").get_foundation_model_availability(modelId=model)
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and code(error) in ("ResourceNotFoundException", "ValidationException"):
            return fail(subject, f"Bedrock knows no model {model}", "Correct deskside:modelId")
        return unanswered(subject, "bedrock:GetFoundationModelAvailability", error)
    region = situation.settings.region
    if answer["regionAvailability"] != "AVAILABLE":
        return fail(subject, f"{model} is not offered in {region}", "Choose another deskside:modelId or aws:region")
    if answer["authorizationStatus"] != "AUTHORIZED" or answer["entitlementAvailability"] != "AVAILABLE":
        return fail(
            subject,
            f"the account may not use {model}",
            "Ask whoever manages the organisation: a service control policy or a missing Marketplace subscription "
            "forbids it",
        )
    agreement = answer["agreementAvailability"]["status"]
    if agreement == "PENDING":
        return warn(subject, f"access to {model} is being set up", "Wait some minutes and run this again")
    if agreement != "AVAILABLE":
        return fail(
            subject,
            f"the account has not agreed to the terms of {model}",
            "Open the model in the Bedrock console's model catalog and fill in the use-case form, once per account "
            "(Anthropic asks first-time users for it)",
        )
    return ok(subject, f"{model} may be used")


def inference_profile(situation: Situation) -> Finding:
    """The profile that the agent calls exists in the Region and leads where the role's policy says."""
    subject, model_id = "inference profile", situation.settings.model_id
    if foundation_model(model_id) == model_id:
        return warn(
            subject,
            f"{model_id} is no inference profile",
            "Newer models can be called only through one, such as us.… or global.…: deskside:modelId",
        )
    try:
        profile: dict[str, Any] = situation.client("bedrock").get_inference_profile(inferenceProfileIdentifier=model_id)
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and code(error) in ("ResourceNotFoundException", "ValidationException"):
            return fail(
                subject,
                f"there is no {model_id} in {situation.settings.region}",
                "Choose a profile of the Region's geography, or a global one: deskside:modelId",
            )
        return unanswered(subject, "bedrock:GetInferenceProfile", error)
    regions = sorted({model["modelArn"].split(":")[3] for model in profile["models"]} - {""})
    given = situation.settings.model_regions
    lacking = [region for region in regions if given and region not in given]
    if lacking:
        return fail(
            subject,
            f"{model_id} also leads to {', '.join(lacking)}",
            "Add them to deskside:modelRegions, or remove that setting; otherwise some calls are denied",
        )
    return ok(subject, f"{model_id} leads to {', '.join(regions) or 'every Region'}")
