"""Checks of quotas that are low in new accounts. Each asks AWS for the value in force."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.settings import AgentNetwork, NatGateways
from deployment.doctor.finding import Finding, fail, ok, unknown, warn
from deployment.doctor.models import foundation_model
from deployment.doctor.situation import Situation, unanswered

ENOUGH_CONCURRENCY = 100
"""Concurrent Lambda executions below which daily use would be throttled; new accounts can have only 10."""


@dataclass(frozen=True, slots=True)
class Countable:
    """What EC2 lists and Service Quotas limits."""

    subject: str
    service: str
    """Service Quotas' code of the service."""
    spoken: str
    quota: str
    action: str
    listed: Callable[[Any], list[Any]]


VPCS = Countable("VPCs", "vpc", "Amazon VPC", "L-F678F1CE", "ec2:DescribeVpcs", lambda ec2: ec2.describe_vpcs()["Vpcs"])
ADDRESSES = Countable(
    "Elastic IPs",
    "ec2",
    "Amazon EC2",
    "L-0263D0A3",
    "ec2:DescribeAddresses",
    lambda ec2: ec2.describe_addresses()["Addresses"],
)

RAISE = "Ask for more in the Service Quotas console: {service}, {quota}"


def lambda_concurrency(situation: Situation) -> Finding:
    """Every message takes a concurrent execution for some milliseconds."""
    subject = "Lambda concurrency"
    try:
        limit = situation.client("lambda").get_account_settings()["AccountLimit"]
    except (BotoCoreError, ClientError) as error:
        return unanswered(subject, "lambda:GetAccountSettings", error)
    free = int(limit["UnreservedConcurrentExecutions"])
    if free < ENOUGH_CONCURRENCY:
        return warn(subject, f"{free} at a time", RAISE.format(service="AWS Lambda", quota="Concurrent executions"))
    return ok(subject, f"{free} at a time")


def message_rate(situation: Situation) -> Finding:
    """The stage cannot accept more than the account does."""
    subject, wanted = "API Gateway rate", situation.settings.message_rate
    try:
        throttle = situation.client("apigateway").get_account().get("throttleSettings", {})
    except (BotoCoreError, ClientError) as error:
        return unanswered(subject, "apigateway:GET on /account", error)
    rate = float(throttle.get("rateLimit", 0))
    if rate < wanted:
        remedy = RAISE.format(service="Amazon API Gateway", quota="Throttle rate") + ", or lower deskside:messageRate"
        return warn(subject, f"{rate:g} a second for the account, deskside:messageRate is {wanted:g}", remedy)
    return ok(subject, f"{rate:g} messages a second for the account, {wanted:g} for this stack")


def network(situation: Situation) -> list[Finding]:
    """Room for one more VPC, and addresses for its NAT gateways."""
    settings = situation.settings
    if settings.agent_network is not AgentNetwork.VPC:
        return [ok("VPC quotas", "not needed: the agent has no VPC")]
    if situation.outputs:
        return [ok("VPC quotas", "the stack has its VPC already")]
    gateways = len(settings.zones) if settings.nat_gateways is NatGateways.ONE_PER_ZONE else 1
    return [_room(situation, VPCS, 1), _room(situation, ADDRESSES, gateways)]


def _room(situation: Situation, kind: Countable, wanted: int) -> Finding:
    try:
        used = len(kind.listed(situation.client("ec2")))
        answer = situation.client("service-quotas").get_service_quota(ServiceCode=kind.service, QuotaCode=kind.quota)
    except (BotoCoreError, ClientError) as error:
        return unanswered(kind.subject, f"{kind.action} and servicequotas:GetServiceQuota", error)
    limit = int(answer["Quota"]["Value"])
    said = f"{used} of {limit} used, {wanted} more needed"
    if used + wanted > limit:
        return fail(kind.subject, said, RAISE.format(service=kind.spoken, quota=answer["Quota"]["QuotaName"]))
    return ok(kind.subject, said)


def _quotas(situation: Situation, service: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in situation.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service):
        found.extend(page["Quotas"])
    return found


def image_builds(situation: Situation) -> Finding:
    """CodeBuild builds the agent's image on a small arm64 machine; some new accounts have none."""
    subject = "CodeBuild on arm64"
    try:
        quotas = _quotas(situation, "codebuild")
    except (BotoCoreError, ClientError) as error:
        return unanswered(subject, "servicequotas:ListServiceQuotas", error)
    ours = [quota for quota in quotas if re.search(r"ARM\b.*/Small\b", quota["QuotaName"])]
    if not ours:
        return unknown(subject, "Service Quotas lists none", "Look in the Service Quotas console, AWS CodeBuild")
    value = int(ours[0]["Value"])
    if value < 1:
        return fail(subject, "no build may run", RAISE.format(service="AWS CodeBuild", quota=ours[0]["QuotaName"]))
    return ok(subject, f"{value} build(s) at a time")


def model_quota(situation: Situation) -> Finding:
    """Requests and tokens a minute of the model; zero in some new accounts."""
    subject, model = "model quota", foundation_model(situation.settings.model_id)
    try:
        quotas = _quotas(situation, "bedrock")
    except (BotoCoreError, ClientError) as error:
        return unanswered(subject, "servicequotas:ListServiceQuotas", error)
    # Bedrock writes "Anthropic Claude Sonnet 4.6" where the id says anthropic.claude-sonnet-4-6.
    spoken = re.sub(r"(\d)-(\d)", r"\1.\2", re.sub(r"-\d{8}.*$", "", model.partition(".")[2]))
    words = re.compile(rf"\b{re.escape(spoken.replace('-', ' '))}(?![.\d])", re.IGNORECASE)
    across_the_world = situation.settings.model_id.startswith("global.")
    ours = [
        quota
        for quota in quotas
        if words.search(quota["QuotaName"])
        and "per minute" in quota["QuotaName"]
        and "cross-region" in quota["QuotaName"].lower()
        and quota["QuotaName"].lower().startswith("global") == across_the_world
    ]
    if not ours:
        return unknown(subject, f"none found for {model}", "Look in the Service Quotas console, Amazon Bedrock")
    none = [quota["QuotaName"] for quota in ours if not quota["Value"]]
    if none:
        return fail(subject, f"zero: {'; '.join(none)}", RAISE.format(service="Amazon Bedrock", quota=none[0]))
    return ok(subject, "; ".join(f"{quota['QuotaName'].partition(' for ')[0]}: {quota['Value']:g}" for quota in ours))
