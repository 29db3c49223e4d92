"""MMDSv2: required of every runtime, and the right version is served either way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.stub import Stubber
from botocore.validate import ParamValidator

from components.agent_runtime import CHECK_SECONDS
from services.deploy_hooks import image
from services.deploy_hooks import runtime_metadata as module
from tests.services.fakes import CREDENTIALS, FakeClock

RUNTIME_ID = "deskside_dev-abcdefghij"
NOT_TOLD = {"clientToken"}
"""The one member of UpdateAgentRuntime that GetAgentRuntime does not have."""


def sample(shape: Shape, depth: int = 0) -> Any:
    """A value that the service model accepts, with every member set; of a union, the first."""
    if isinstance(shape, StructureShape):
        members = list(shape.members.items())
        if getattr(shape, "is_tagged_union", False):
            members = members[:1]
        return {name: sample(member, depth + 1) for name, member in members if depth < 8}
    if isinstance(shape, ListShape):
        return [sample(shape.member, depth + 1)] if depth < 8 else []
    if isinstance(shape, MapShape):
        return {"KEY": "value"}
    match shape.type_name:
        case "boolean":
            return True
        case "integer" | "long":
            return max(int(shape.metadata.get("min", 1)), 60)
        case "float" | "double":
            return 1.0
        case "timestamp":
            return datetime(2026, 11, 1, tzinfo=UTC)
        case "blob":
            return b"x"
        case _:
            enum: list[str] = getattr(shape, "enum", [])
            return enum[0] if enum else "x" * max(int(shape.metadata.get("min", 1)), 12)


@pytest.fixture
def client() -> Any:
    return boto3.client("bedrock-agentcore-control", **CREDENTIALS)  # pyright: ignore


@pytest.fixture
def stub(client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    settings = module.RuntimeMetadataSettings(ready_seconds=10)
    monkeypatch.setattr(module, "_dependencies", lambda: (settings, client))
    monkeypatch.setattr(module, "time", FakeClock())
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def runtime(client: Any, **more: Any) -> dict[str, Any]:
    """An answer of GetAgentRuntime with everything that it can have."""
    shape = client.meta.service_model.operation_model("GetAgentRuntime").output_shape
    told = {**sample(shape), "agentRuntimeId": RUNTIME_ID, "agentRuntimeVersion": "4", "status": "READY"}
    return {name: value for name, value in {**told, **more}.items() if value is not None}


def updated(client: Any) -> dict[str, Any]:
    shape = client.meta.service_model.operation_model("UpdateAgentRuntime").output_shape
    return {**sample(shape), "agentRuntimeId": RUNTIME_ID, "agentRuntimeVersion": "5", "status": "UPDATING"}


def check() -> dict[str, object]:
    return module.handler({"agent_runtime_id": RUNTIME_ID, "version": "4"}, None)


def test_a_runtime_that_requires_it_is_left_alone(client: Any, stub: Stubber) -> None:
    stub.add_response("get_agent_runtime", runtime(client, metadataConfiguration={"requireMMDSV2": True}))
    assert check() == {"version": "4", "updated": False}


@pytest.mark.parametrize("configuration", [None, {"requireMMDSV2": False}])
def test_one_that_does_not_is_updated_and_the_new_version_served(
    client: Any, stub: Stubber, configuration: dict[str, bool] | None
) -> None:
    before = runtime(client, metadataConfiguration=configuration)
    wanted = {"requireMMDSV2": True}
    request = {**module.update_request(client, before), "metadataConfiguration": wanted}
    stub.add_response("get_agent_runtime", before, {"agentRuntimeId": RUNTIME_ID})
    stub.add_response("update_agent_runtime", updated(client), request)
    stub.add_response("get_agent_runtime", runtime(client, status="UPDATING", agentRuntimeVersion="5"))
    after = runtime(client, agentRuntimeVersion="5", metadataConfiguration=wanted)
    stub.add_response("get_agent_runtime", after)
    assert check() == {"version": "5", "updated": True}


def test_permissions_that_arrive_late_are_waited_for(client: Any, stub: Stubber) -> None:
    before = runtime(client, metadataConfiguration=None)
    stub.add_client_error("get_agent_runtime", "AccessDeniedException")
    stub.add_client_error("get_agent_runtime", "AccessDeniedException")
    stub.add_response("get_agent_runtime", before)
    stub.add_client_error("update_agent_runtime", "AccessDeniedException")
    stub.add_response("update_agent_runtime", updated(client), module.update_request(client, before))
    stub.add_response("get_agent_runtime", runtime(client, metadataConfiguration={"requireMMDSV2": True}))
    assert check()["updated"] is True


def test_permissions_that_never_arrive_fail_the_update(client: Any, stub: Stubber) -> None:
    for _ in range(module.PERMISSION_SECONDS // module.POLL_SECONDS + 2):
        stub.add_client_error("get_agent_runtime", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        check()


def test_another_refusal_is_told_at_once(client: Any, stub: Stubber) -> None:
    stub.add_client_error("get_agent_runtime", "ResourceNotFoundException")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        check()


def test_all_that_is_waited_for_fits_the_functions_timeout() -> None:
    ready = module.RuntimeMetadataSettings().ready_seconds
    assert 2 * (ready + module.PERMISSION_SECONDS) < CHECK_SECONDS


def test_an_update_repeats_all_that_the_service_tells_and_takes_back(client: Any) -> None:
    """Held against the service model: a member that a later boto3 brings is repeated too."""
    told = runtime(client, metadataConfiguration=None)
    request = module.update_request(client, told)
    model = client.meta.service_model
    accepted = set(model.operation_model("UpdateAgentRuntime").input_shape.members)
    assert request.keys() == accepted - NOT_TOLD
    changed = {"metadataConfiguration", "networkConfiguration"}
    assert {name: request[name] for name in request.keys() - changed} == {
        name: told[name] for name in request.keys() - changed
    }
    # As in the answer, and also something the request's model accepts.
    report = ParamValidator().validate(request, model.operation_model("UpdateAgentRuntime").input_shape)
    assert not report.has_errors(), report.generate_report()


def test_every_member_of_an_update_can_be_copied(client: Any) -> None:
    model = client.meta.service_model
    accepted = model.operation_model("UpdateAgentRuntime").input_shape.members
    told = model.operation_model("GetAgentRuntime").output_shape.members
    assert accepted.keys() - told.keys() == NOT_TOLD
    for name in accepted.keys() & told.keys():
        assert accepted[name].name == told[name].name, name


def test_what_the_service_only_tells_is_not_sent(client: Any) -> None:
    network = {"securityGroups": ["sg-0123456789"], "subnets": ["subnet-01234567"], "requireServiceS3Endpoint": False}
    told = runtime(client, networkConfiguration={"networkMode": "VPC", "networkModeConfig": network})
    sent = module.update_request(client, told)["networkConfiguration"]
    assert sent == {
        "networkMode": "VPC",
        "networkModeConfig": {"securityGroups": ["sg-0123456789"], "subnets": ["subnet-01234567"]},
    }
    assert "requireServiceS3Endpoint" in network


def test_absent_members_stay_absent(client: Any) -> None:
    told = runtime(client, authorizerConfiguration=None, filesystemConfigurations=None, description=None)
    request = module.update_request(client, told)
    assert not {"authorizerConfiguration", "filesystemConfigurations", "description"} & request.keys()


@pytest.mark.parametrize("status", ["CREATE_FAILED", "UPDATE_FAILED", "DELETING"])
def test_a_runtime_that_will_never_be_ready(client: Any, stub: Stubber, status: str) -> None:
    stub.add_response("get_agent_runtime", runtime(client, status=status, failureReason="no such image"))
    with pytest.raises(module.RuntimeNotReadyError, match=f"{RUNTIME_ID} is {status}: no such image"):
        check()


def test_a_runtime_that_takes_too_long(client: Any, stub: Stubber) -> None:
    for _ in range(6):
        stub.add_response("get_agent_runtime", runtime(client, status="CREATING"))
    with pytest.raises(module.RuntimeNotReadyError, match="still CREATING after 10 s"):
        check()


def test_an_update_that_changes_nothing_is_an_error(client: Any, stub: Stubber) -> None:
    stub.add_response("get_agent_runtime", runtime(client, metadataConfiguration=None))
    stub.add_response("update_agent_runtime", updated(client))
    stub.add_response("get_agent_runtime", runtime(client, metadataConfiguration=None, agentRuntimeVersion="5"))
    with pytest.raises(module.RuntimeNotReadyError, match="does not require MMDSv2"):
        check()


def test_the_clients_are_ones_boto3_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("CODEBUILD_PROJECT", "project")
    monkeypatch.setenv("ECR_REPOSITORY", "images")
    for hook in (module, image):
        hook._dependencies.cache_clear()
        _, *clients = hook._dependencies()
        assert clients
        hook._dependencies.cache_clear()
