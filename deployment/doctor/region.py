"""Checks of the Region: whether what we build on is there."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.settings import AGENTCORE_ZONES, AgentNetwork
from deployment.doctor.finding import Finding, fail, ok
from deployment.doctor.situation import Situation, code, no_endpoint, unanswered

ELSEWHERE = f"Choose another aws:region; known to work with AgentCore in a VPC: {', '.join(AGENTCORE_ZONES)}"

PROBE = "deskside-doctor-asks-for-what-does-not-exist"


def agentcore(situation: Situation) -> Finding:
    """AgentCore answers in the Region."""
    subject, region = "AgentCore", situation.settings.region
    try:
        situation.client("bedrock-agentcore-control").list_agent_runtimes(maxResults=1)
    except (BotoCoreError, ClientError) as error:
        if no_endpoint(error):
            return fail(subject, f"has no endpoint in {region} that can be reached from here", ELSEWHERE)
        return unanswered(subject, "bedrock-agentcore:ListAgentRuntimes", error)
    return ok(subject, f"answers in {region}")


def durable_functions(situation: Situation) -> Finding:
    """Lambda knows durable executions in the Region; there is no list of Regions to look it up in."""
    subject, region = "durable functions", situation.settings.region
    try:
        situation.client("lambda").list_durable_executions_by_function(FunctionName=PROBE, MaxItems=1)
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError):
            if code(error) == "ResourceNotFoundException":
                # It looked for the function, so it knows the operation.
                return ok(subject, f"Lambda knows them in {region}")
            if code(error) in ("UnknownOperationException", "MissingAuthenticationTokenException", "404"):
                return fail(subject, f"Lambda does not know them in {region} ({code(error)})", ELSEWHERE)
        return unanswered(subject, "lambda:ListDurableExecutionsByFunction", error)
    return ok(subject, f"Lambda knows them in {region}")


def zones(situation: Situation) -> Finding:
    """The account has the availability zones that the VPC is to use."""
    subject, wanted = "availability zones", situation.settings.zones
    if situation.settings.agent_network is not AgentNetwork.VPC:
        return ok(subject, "not needed: the agent has no VPC")
    try:
        answer = situation.client("ec2").describe_availability_zones(ZoneIds=wanted)
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and code(error) == "InvalidParameterValue":
            return fail(
                subject, f"the account has not all of {', '.join(wanted)}", "Set deskside:zoneIds to two it has"
            )
        return unanswered(subject, "ec2:DescribeAvailabilityZones", error)
    described: list[dict[str, Any]] = answer["AvailabilityZones"]
    usable = {zone["ZoneId"] for zone in described if zone["State"] == "available"}
    lacking = [zone for zone in wanted if zone not in usable]
    if lacking:
        return fail(subject, f"not available: {', '.join(lacking)}", "Set deskside:zoneIds to the others")
    return ok(subject, ", ".join(wanted))
