"""A client for the Valkey store that `SESSION_STORE` names.

::

    valkey://host:port                              plain
    valkeys://host:port                             TLS
    valkeys://host:port?cluster=true                cluster mode, as ElastiCache Serverless always is
    ...&user=ID&cache=NAME&region=REGION            an ElastiCache Serverless cache with IAM authentication
"""

# valkey and botocore are only partly typed.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from functools import cache
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import boto3
import valkey
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from typing_extensions import override
from valkey.credentials import CredentialProvider

TOKEN_SECONDS = 900
"""Longest life of a token (ElastiCache user guide, "Authenticating with IAM"). It is spent at once."""

IAM_SETTINGS = frozenset({"user", "cache", "region"})


class HashStore(Protocol):
    """What is used of a Valkey client. The cache's access string allows these commands and no others."""

    def hget(self, name: str, key: str) -> object: ...
    def hgetall(self, name: str) -> object: ...
    def eval(self, script: str, numkeys: int, *keys_and_args: str) -> object: ...


class IamCredentials(CredentialProvider):
    """Signs in to an ElastiCache Serverless cache as the process's own IAM role.

    The client asks for credentials whenever it opens a connection. ElastiCache closes each one after
    12 hours; the next command then opens another, with a new token. That costs no request: signing
    is arithmetic.

    Args:
        user: ID and name of the ElastiCache user, which IAM requires to be the same.
        cache: name of the serverless cache, lower case.
        region: where the cache is.
        session: whose credentials sign, and which renews them.
    """

    def __init__(self, user: str, cache: str, region: str, session: boto3.Session | None = None) -> None:
        self._user = user
        self._cache = cache
        self._region = region
        self._session = session or boto3.Session()

    @override
    def get_credentials(self) -> tuple[str, str]:
        """The user and a token: a signed `connect` request without its scheme.

        Raises:
            ConnectionError: the process has no AWS credentials.
        """
        credentials = self._session.get_credentials()
        if credentials is None:
            raise ConnectionError("no AWS credentials to sign in to the session store with")
        query = urlencode({"Action": "connect", "User": self._user, "ResourceType": "ServerlessCache"})
        request = AWSRequest("GET", f"https://{self._cache}/?{query}")
        signer = SigV4QueryAuth(credentials.get_frozen_credentials(), "elasticache", self._region, TOKEN_SECONDS)
        signer.add_auth(request)
        return self._user, cast(str, request.url).removeprefix("https://")


@cache
def connect(url: str) -> HashStore:
    """The client of a store, one for each URL.

    Raises:
        ValueError: the URL asks for IAM authentication without TLS or without all it takes.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "health_check_interval": 30,
        # CLIENT SETINFO is not among the commands ElastiCache Serverless knows.
        "lib_name": None,
        "lib_version": None,
    }
    if IAM_SETTINGS & query.keys():
        if not query.keys() >= IAM_SETTINGS or parts.scheme != "valkeys":
            raise ValueError("SESSION_STORE: IAM authentication takes valkeys:// with user, cache and region")
        options["credential_provider"] = IamCredentials(query["user"], query["cache"], query["region"])
    plain = parts._replace(query="").geturl()
    clustered = query.get("cluster") == "true"
    client: object = (
        valkey.ValkeyCluster.from_url(plain, **options) if clustered else valkey.Valkey.from_url(plain, **options)
    )
    return cast(HashStore, client)
