"""Where conversations are remembered, and that the agent may do with it what it does."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import boto3
import pulumi
import pytest
from moto import mock_aws
from strands.types.session import Session, SessionAgent, SessionMessage, SessionType

from components.policies import policy
from components.session_memory import (
    CACHE_COMMANDS,
    CLIENT_COMMANDS,
    S3SessionMemory,
    ValkeySessionMemory,
)
from services.agent import memory, valkey_client
from tests.services.agent.valkey_stub import valkey_stub
from validation.graph import Graph
from validation.recording import faults, record

NAME = "deskside-test-memory"
CACHE = "aws:elasticache/serverlessCache:ServerlessCache"
BUCKET = "aws:s3/bucket:Bucket"


def s3(protect: bool = False, session_days: int = 7) -> Graph:
    return _recorded(lambda: S3SessionMemory(NAME, {"session_days": session_days, "protect": protect}))


def valkey(protect: bool = False) -> Graph:
    return _recorded(
        lambda: ValkeySessionMemory(
            NAME,
            {
                "location": {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"},
                "vpc_id": "vpc-1",
                "subnet_ids": ["subnet-1", "subnet-2"],
                "client_security_group_id": "sg-agent",
                "protect": protect,
            },
        )
    )


def _recorded(build: Callable[[], S3SessionMemory | ValkeySessionMemory]) -> Graph:
    def program() -> None:
        made = build()
        pulumi.export("url", made.store_url)
        pulumi.export("policy", policy(made.statements()))

    return record(program)


def allowed(graph: Graph, action: str, resource: str) -> bool:
    return any(
        action in statement["Action"] and any(fnmatch.fnmatchcase(resource, arn) for arn in statement["Resource"])
        for statement in json.loads(graph.exports["policy"])["Statement"]
    )


def use(repository: Any) -> None:
    """Everything the session managers do to a repository."""
    agent = SessionAgent(agent_id="a", state={}, conversation_manager_state={})
    message = SessionMessage({"role": "user", "content": [{"text": "Hi"}]}, 0)
    repository.create_session(Session("s", SessionType.AGENT))
    repository.read_session("s")
    repository.create_agent("s", agent)
    repository.read_agent("s", "a")
    repository.create_message("s", "a", message)
    repository.read_message("s", "a", 0)
    repository.list_messages("s", "a")


@pytest.mark.parametrize("graph", [s3, valkey])
def test_every_input_is_known(graph: Callable[[], Graph]) -> None:
    assert faults(graph()) == []


@mock_aws
def test_the_bucket_permits_what_strands_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = s3()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket=graph.named(NAME, BUCKET).outputs["bucket"])
    manager: Any = memory.session_manager("s", graph.exports["url"], 100)
    calls: list[tuple[str, str]] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        # The only call that is allowed under another name.
        action = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}.get(model.name, model.name)
        key = f"/{params['Key']}" if "Key" in params else ""
        calls.append((f"s3:{action}", f"arn:aws:s3:::{params['Bucket']}{key}"))

    manager.client.meta.events.register("provide-client-params.s3", note)
    repository = manager.session_repository
    for session in ("another", "s"):
        repository.read_session(session)
    repository.create_session(Session("another", SessionType.AGENT))
    repository.create_agent("s", SessionAgent(agent_id="a", state={}, conversation_manager_state={}))
    repository.read_agent("s", "a")
    repository.create_message("s", "a", SessionMessage({"role": "user", "content": []}, 0))
    repository.list_messages("s", "a")
    assert {action for action, _ in calls} == {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}
    assert [call for call in calls if not allowed(graph, *call)] == []
    assert not allowed(graph, "s3:DeleteObject", calls[0][1])


def test_listing_has_no_condition() -> None:
    # With one, an object that is not there is answered with 403 and no conversation could begin.
    assert not any("Condition" in statement for statement in json.loads(s3().exports["policy"])["Statement"])


def test_the_bucket_forgets_what_is_old() -> None:
    graph = s3(session_days=30)
    _, expiry = graph.named(f"{NAME}-lifecycle").inputs["rules"]
    assert expiry["status"] == "Enabled"
    assert expiry["expiration"] == {"days": 30}
    assert urlsplit(graph.exports["url"]).path.lstrip("/").startswith(expiry["filter"]["prefix"].rstrip("/"))


@pytest.mark.parametrize("protect", [True, False])
def test_the_bucket_is_protected_as_chosen(protect: bool) -> None:
    bucket = s3(protect).named(NAME, BUCKET)
    assert bucket.protect is protect
    assert bucket.inputs["forceDestroy"] is not protect


def test_the_store_url_signs_in_to_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = valkey()
    made: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "services.agent.valkey_client.valkey.ValkeyCluster.from_url", lambda url, **given: made.append((url, given))
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    valkey_client.connect.cache_clear()
    valkey_client.connect(graph.exports["url"])
    ((url, options),) = made
    cache = graph.named(NAME, CACHE)
    endpoint = cache.outputs["endpoints"][0]
    assert url == f"valkeys://{endpoint['address']}:{endpoint['port']}"
    user, token = options["credential_provider"].get_credentials()
    assert user == graph.named(f"{NAME}-user").inputs["userId"]
    assert token.startswith(f"{cache.outputs['name']}/?")
    assert "%2Fus-east-1%2Felasticache%2F" in token
    for arn in (cache.outputs["arn"], graph.named(f"{NAME}-user").outputs["arn"]):
        assert allowed(graph, "elasticache:Connect", arn)


def test_iam_authentication_is_set_up_as_elasticache_wants_it() -> None:
    graph = valkey()
    user, group, cache = graph.named(f"{NAME}-user"), graph.named(f"{NAME}-users"), graph.named(NAME, CACHE)
    assert user.inputs["userId"] == user.inputs["userName"] == user.inputs["userId"].lower()
    assert user.inputs["authenticationMode"] == {"type": "iam"}
    assert not {"passwords", "noPasswordRequired"} & user.inputs.keys()
    assert {resource.inputs["engine"] for resource in (user, group, cache)} == {"valkey"}
    assert group.inputs["userIds"] == [user.inputs["userId"]]
    assert cache.inputs["userGroupId"] == group.inputs["userGroupId"]
    assert cache.inputs["majorEngineVersion"] == "8"
    assert len(f"{NAME}-1a2b3c4") <= 40, "ElastiCache's longest name"
    assert user.delete_before_replace, "its id is fixed"
    assert group.delete_before_replace, "its id is fixed"


def test_the_access_string_holds_what_is_sent_and_no_more() -> None:
    with valkey_stub() as (port, sent):
        valkey_client.connect.cache_clear()
        client: Any = valkey_client.connect(f"valkey://127.0.0.1:{port}?cluster=true")
        use(memory.ValkeySessionRepository(client, 100))
        # The client asks for this on connections that were silent.
        client.ping()
    inside = re.findall(r"redis\.call\('(\w+)'", memory.WRITE)
    asked = {"cluster|slots" if words[:2] == ["CLUSTER", "SLOTS"] else words[0].lower() for words in sent}
    granted = valkey().named(f"{NAME}-user").inputs["accessString"].split()
    assert granted[:3] == ["on", "~deskside:*", "-@all"]
    assert set(granted[3:]) == {f"+{command}" for command in {*asked, *map(str.lower, inside)}}
    assert len(granted[3:]) == len(CACHE_COMMANDS) + len(CLIENT_COMMANDS)
    keys = [words[3] for words in sent if words[0] == "EVAL"] + [words[1] for words in sent if words[0] == "HGET"]
    assert keys
    assert all(fnmatch.fnmatchcase(key, "deskside:*") for key in keys)


def test_only_the_agent_reaches_the_cache() -> None:
    graph = valkey()
    (into,) = graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    (out,) = graph.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    (group,) = cast(list[str], graph.named(NAME, CACHE).inputs["securityGroupIds"])
    for rule, own, other in ((into, group, "sg-agent"), (out, "sg-agent", group)):
        assert rule.inputs["securityGroupId"] == own
        assert rule.inputs["referencedSecurityGroupId"] == other
        assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (6379, 6380)
        assert "cidrIpv4" not in rule.inputs


def test_the_cache_cannot_grow_without_end() -> None:
    limits = valkey().named(NAME, CACHE).inputs["cacheUsageLimits"]
    assert limits["dataStorage"] == {"maximum": 2, "unit": "GB"}
    (ecpus,) = limits["ecpuPerSeconds"]
    assert ecpus["maximum"] >= 1_000, "AWS takes no less"


@pytest.mark.parametrize("protect", [True, False])
def test_the_cache_is_protected_as_chosen(protect: bool) -> None:
    cache = valkey(protect).named(NAME, CACHE)
    assert cache.protect is protect
    assert cache.inputs.get("snapshotRetentionLimit") == (3 if protect else None)
