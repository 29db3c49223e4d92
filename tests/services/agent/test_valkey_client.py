"""The Valkey client: what its URL asks for, and signing in with IAM."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
import botocore.auth
import pytest
import valkey

from services.agent.valkey_client import IamCredentials, connect
from tests.services.agent.valkey_stub import valkey_stub

SECRET_KEY = "session-secret"
IAM = "valkeys://cache.test:6379?cluster=true&user=deskside-test&cache=deskside-cache&region=eu-west-1"


@pytest.fixture
def session() -> boto3.Session:
    return boto3.Session("AKIDEXAMPLE", SECRET_KEY, "session-token/+=")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The cluster clients that were built, by URL."""
    clients: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(valkey.ValkeyCluster, "from_url", lambda url, **options: clients.append((url, options)))
    connect.cache_clear()
    return clients


def test_the_url_names_tls_and_cluster_mode(made: list[tuple[str, dict[str, Any]]]) -> None:
    client: Any = connect("valkeys://one.test:6379")
    assert client.connection_pool.connection_class is valkey.SSLConnection
    assert client.connection_pool.connection_kwargs["socket_timeout"] == 5
    plain: Any = connect("valkey://one.test:6379")
    assert plain.connection_pool.connection_class is valkey.Connection
    assert made == []
    connect("valkeys://two.test:6379?cluster=true")
    assert [url for url, _ in made] == ["valkeys://two.test:6379"]
    assert "credential_provider" not in made[0][1]


def test_the_url_asks_for_iam(made: list[tuple[str, dict[str, Any]]]) -> None:
    connect(IAM)
    (url, options), *_ = made
    assert url == "valkeys://cache.test:6379", "the driver would take user= for one of its own options"
    user, token = options["credential_provider"].get_credentials()
    assert user == "deskside-test"
    assert token.startswith("deskside-cache/?")
    assert "%2Feu-west-1%2Felasticache%2Faws4_request" in token


@pytest.mark.parametrize(
    "url",
    [
        IAM.replace("valkeys", "valkey"),
        IAM.replace("&user=deskside-test", ""),
        IAM.replace("&cache=deskside-cache", ""),
        IAM.replace("&region=eu-west-1", ""),
    ],
)
def test_half_of_iam_is_refused(url: str, made: list[tuple[str, dict[str, Any]]]) -> None:
    with pytest.raises(ValueError, match="SESSION_STORE"):
        connect(url)
    assert made == []


def _signature(token: str) -> str:
    """The signature of a presigned URL by the rules of Signature Version 4, worked out here once more."""
    parts = urlsplit(f"https://{token}")
    query = dict(parse_qsl(parts.query))
    _, date, region, service, end = query["X-Amz-Credential"].split("/")
    unsigned = sorted((name, value) for name, value in query.items() if name != "X-Amz-Signature")
    canonical = "\n".join(
        [
            "GET",
            "/",
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in unsigned),
            f"host:{parts.netloc}",
            "",
            "host",
            hashlib.sha256(b"").hexdigest(),
        ]
    )
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    scope = f"{date}/{region}/{service}/{end}"
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{hashed}"
    key = f"AWS4{SECRET_KEY}".encode()
    for part in (date, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def test_the_token_is_a_signed_connect_request(session: boto3.Session) -> None:
    user, token = IamCredentials("deskside-test", "deskside-cache", "eu-west-1", session).get_credentials()
    query = dict(parse_qsl(urlsplit(f"https://{token}").query))
    signature = query.pop("X-Amz-Signature")
    date = query.pop("X-Amz-Date")
    assert user == "deskside-test"
    assert query == {
        "Action": "connect",
        "User": "deskside-test",
        "ResourceType": "ServerlessCache",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"AKIDEXAMPLE/{date[:8]}/eu-west-1/elasticache/aws4_request",
        "X-Amz-Expires": "900",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Security-Token": "session-token/+=",
    }
    assert signature == _signature(token)


def test_without_credentials_nothing_is_signed(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "get_credentials", lambda: None)
    with pytest.raises(ConnectionError, match="no AWS credentials"):
        IamCredentials("u", "c", "eu-west-1", session).get_credentials()


def test_each_connection_signs_in_with_a_token_of_its_own(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: now)

    def signed_in() -> list[tuple[str, str]]:
        found = [command for command in commands if command[0] == "AUTH"]
        commands.clear()
        return [(user, dict(parse_qsl(token))["X-Amz-Date"]) for _, user, token in found]

    with valkey_stub() as (port, commands):
        client = valkey.ValkeyCluster.from_url(
            f"valkey://127.0.0.1:{port}", credential_provider=IamCredentials("u", "c", "eu-west-1", session)
        )
        client.hget("deskside:{s}", "f")
        assert set(signed_in()) == {("u", "20261123T000000Z")}
        client.hget("deskside:{s}", "f")
        assert signed_in() == [], "an open connection stays signed in"
        # As ElastiCache does after 12 hours.
        client.disconnect_connection_pools()
        now += timedelta(hours=12)
        client.hget("deskside:{s}", "f")
        assert set(signed_in()) == {("u", "20261123T120000Z")}
