"""Checks of what is deployed."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.settings import AgentNetwork
from deployment.doctor.finding import Finding, fail, ok, unknown, warn
from deployment.doctor.situation import Situation, code, unanswered

RELEASE_HOURS = 8
"""For how long AWS may keep a runtime's network interfaces after its end (AgentCore developer guide, VPC)."""


def instance_metadata(situation: Situation) -> Finding:
    """Since 2026-06-30 AgentCore refuses calls to runtimes that do not require MMDSv2."""
    subject, arn = "runtime's MMDSv2", situation.outputs.get("agentRuntimeArn")
    if not arn and situation.cli_problem:
        return unknown(subject, "the stack's outputs cannot be read", "See pulumi and stack's state")
    if not arn:
        return ok(subject, "no runtime is deployed yet")
    runtime_id = str(arn).rpartition("/")[2]
    try:
        client = situation.client("bedrock-agentcore-control")
        runtime: dict[str, Any] = client.get_agent_runtime(agentRuntimeId=runtime_id)
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and code(error) == "ResourceNotFoundException":
            remedy = f"Bring the state up to date: pulumi refresh --stack {situation.stack}, then make up"
            return fail(subject, f"the runtime {runtime_id} does not exist", remedy)
        return unanswered(subject, "bedrock-agentcore:GetAgentRuntime", error)
    if runtime.get("status") not in (None, "READY"):
        remedy = f"Wait, or run make up STACK={situation.stack} again"
        return warn(
            subject, f"the runtime is {runtime['status']}: {runtime.get('failureReason', 'no reason given')}", remedy
        )
    if runtime.get("metadataConfiguration", {}).get("requireMMDSV2") is True:
        return ok(subject, "required, as AgentCore demands")
    return fail(
        subject,
        "not required: AgentCore refuses every call to this runtime",
        f"Run make up STACK={situation.stack}, which sets it. By hand: aws bedrock-agentcore-control "
        f"update-agent-runtime --agent-runtime-id {runtime_id} --metadata-configuration requireMMDSV2=true, with role, "
        "artifact, network, environment and lifecycle as get-agent-runtime shows them: an update replaces all",
    )


def network_interfaces(situation: Situation) -> Finding:
    """What would hold up a destroy: AgentCore's interfaces in our VPC, which nobody but AWS can detach."""
    subject = "network interfaces"
    if situation.settings.agent_network is not AgentNetwork.VPC:
        return ok(subject, "the agent has no VPC: nothing can hold up a destroy")
    ec2 = situation.client("ec2")
    try:
        ours = [{"Name": f"tag:{key}", "Values": [value]} for key, value in situation.tags.items()]
        vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs(Filters=ours)["Vpcs"]]
        found: list[dict[str, Any]] = []
        if vpcs:
            pages = ec2.get_paginator("describe_network_interfaces")
            for page in pages.paginate(Filters=[{"Name": "vpc-id", "Values": vpcs}]):
                found.extend(page["NetworkInterfaces"])
    except (BotoCoreError, ClientError) as error:
        return unanswered(subject, "ec2:DescribeVpcs and ec2:DescribeNetworkInterfaces", error)
    held = [each["NetworkInterfaceId"] for each in found if _held_by_agentcore(each)]
    if not vpcs:
        return ok(subject, "the stack has no VPC now")
    if not held:
        return ok(subject, f"none of AgentCore in {', '.join(vpcs)}: nothing holds up a destroy")
    if situation.outputs.get("agentRuntimeArn"):
        said = f"{len(held)} of AgentCore in {', '.join(vpcs)}, as it should be"
        return ok(subject, f"{said}; a destroy has to wait up to {RELEASE_HOURS} hours for their end")
    return warn(
        subject,
        f"{', '.join(held)} in {', '.join(vpcs)} will hold up a destroy",
        f"Wait: AWS removes them within {RELEASE_HOURS} hours of the runtime's end, and nobody else can; then "
        f"make destroy STACK={situation.stack} again",
    )


def _held_by_agentcore(interface: dict[str, Any]) -> bool:
    attachment = str(interface.get("Attachment", {}).get("AttachmentId", ""))
    return interface.get("InterfaceType") == "agentic_ai" or attachment.startswith("ela-attach")
