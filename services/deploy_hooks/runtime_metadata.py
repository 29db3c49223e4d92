"""Sees to it that an agent runtime requires MMDSv2, and says which version of it is to be served.

AgentCore refuses to invoke a runtime that does not require version 2 of the microVM metadata service,
but neither CreateAgentRuntime nor the Pulumi provider can ask for it: only UpdateAgentRuntime does.
New runtimes have it of themselves; where one has not, this function repeats the runtime's own
configuration with it. That makes a new version.
"""

# No stubs are installed for the AgentCore control plane.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

from services.contract.settings import RuntimeMetadataSettings
from services.logs import configure, get_logger

PATIENT = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
"""An update has AgentCore check role, image and network. A repeated one carries the same client token."""

PERMISSION_SECONDS = 25
"""On the first deployment the function's own permissions may not have reached AgentCore yet."""

POLL_SECONDS = 2
UNDER_WAY = frozenset({"CREATING", "UPDATING"})


class RuntimeNotReadyError(RuntimeError):
    """The runtime cannot be served. The message is what the person who deploys gets to read."""


class RuntimeRequest(BaseModel):
    """What `pulumi up` asks for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    agent_runtime_id: Annotated[str, Field(min_length=1)]


@cache
def _dependencies() -> tuple[RuntimeMetadataSettings, Any]:
    settings = RuntimeMetadataSettings.from_environment()
    configure("runtime-metadata", settings.log_level)
    return settings, boto3.client("bedrock-agentcore-control", config=PATIENT)


def handler(event: object, _: object) -> dict[str, object]:
    """Have MMDSv2 required.

    Args:
        event: a RuntimeRequest.

    Returns:
        `{"version": <the version to serve>, "updated": <whether it was made here>}`.

    Raises:
        RuntimeNotReadyError: the runtime did not become READY, or does not require MMDSv2 even now.
    """
    settings, client = _dependencies()
    runtime_id = RuntimeRequest.model_validate(event).agent_runtime_id
    runtime = _ready(client, runtime_id, settings.ready_seconds)
    updated = not _requires_mmdsv2(runtime)
    if updated:
        get_logger().warning("mmdsv2_not_required", agent_runtime_id=runtime_id)
        _allowed(client.update_agent_runtime, **update_request(client, runtime))
        runtime = _ready(client, runtime_id, settings.ready_seconds)
        if not _requires_mmdsv2(runtime):
            raise RuntimeNotReadyError(f"Agent runtime {runtime_id} does not require MMDSv2 although it was updated")
    get_logger().info("runtime_checked", agent_runtime_id=runtime_id, updated=updated)
    return {"version": runtime["agentRuntimeVersion"], "updated": updated}


def update_request(client: Any, runtime: dict[str, Any]) -> dict[str, Any]:
    """The runtime's own configuration as UpdateAgentRuntime takes it, with MMDSv2 required.

    An update replaces the whole configuration, so all that the service tells of it and takes back is sent.

    Args:
        client: knows the operation's members.
        runtime: an answer of GetAgentRuntime.
    """
    accepted = client.meta.service_model.operation_model("UpdateAgentRuntime").input_shape.members
    request = {name: runtime[name] for name in accepted if runtime.get(name) is not None}
    network = request.get("networkConfiguration", {})
    if "networkModeConfig" in network:
        # Told by GetAgentRuntime, refused when it is sent.
        mode = {k: v for k, v in network["networkModeConfig"].items() if k != "requireServiceS3Endpoint"}
        request["networkConfiguration"] = {**network, "networkModeConfig": mode}
    return {**request, "metadataConfiguration": {"requireMMDSV2": True}}


def _requires_mmdsv2(runtime: dict[str, Any]) -> bool:
    return (runtime.get("metadataConfiguration") or {}).get("requireMMDSV2") is True


def _ready(client: Any, runtime_id: str, seconds: int) -> dict[str, Any]:
    """The runtime when it is READY."""
    deadline = time.monotonic() + seconds
    while True:
        runtime = _allowed(client.get_agent_runtime, agentRuntimeId=runtime_id)
        status = runtime["status"]
        if status == "READY":
            return runtime
        if status not in UNDER_WAY:
            reason = runtime.get("failureReason") or "no reason given"
            raise RuntimeNotReadyError(f"Agent runtime {runtime_id} is {status}: {reason}")
        if time.monotonic() >= deadline:
            raise RuntimeNotReadyError(f"Agent runtime {runtime_id} is still {status} after {seconds} s")
        time.sleep(POLL_SECONDS)


def _allowed(call: Callable[..., dict[str, Any]], **parameters: Any) -> dict[str, Any]:
    """The call's answer, when the permission for it has arrived."""
    deadline = time.monotonic() + PERMISSION_SECONDS
    while True:
        try:
            return call(**parameters)
        except ClientError as error:
            refused = error.response.get("Error", {}).get("Code") == "AccessDeniedException"
            if not refused or time.monotonic() >= deadline:
                raise
        time.sleep(POLL_SECONDS)
