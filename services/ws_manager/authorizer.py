"""The `$connect` authorizer: who may open a socket, and for how long.

Entry point `handler`. The connection is bound to the token's subject and expiry through the
authorizer context, which API Gateway repeats on every later event of the connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import cast

from services.contract.settings import AuthorizerSettings
from services.logs import clear_contextvars, configure, get_logger
from services.ws_manager.tokens import KeySet, KeysUnavailableError, TokenRefusedError, TokenVerifier


class UnauthorizedError(Exception):
    """API Gateway answers 401 for the error text `Unauthorized`, and 500 for any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@cache
def _verifier() -> TokenVerifier:
    settings = AuthorizerSettings.from_environment()
    configure("ws-authorizer", settings.log_level)
    keys = KeySet(f"{settings.user_pool_issuer}/.well-known/jwks.json")
    clients = frozenset(name.strip() for name in settings.user_pool_client_ids.split(",") if name.strip())
    return TokenVerifier(settings.user_pool_issuer, clients, keys)


def handler(event: Mapping[str, object], context: object) -> dict[str, object]:
    """Answer a REQUEST authorizer event with a policy, or raise UnauthorizedError."""
    del context
    clear_contextvars()
    verifier = _verifier()
    try:
        identity = verifier.verify(_bearer(event))
    except TokenRefusedError as refused:
        get_logger().warning("connect_refused", reason=str(refused))
        raise UnauthorizedError from None
    except KeysUnavailableError as unavailable:
        # Lambda counts a refusal as an error too; this line is what tells an outage from it.
        get_logger().error("connect_undecided", reason=str(unavailable))
        raise
    get_logger().info("connect_authorized", owner=identity.subject, client_id=identity.client_id)
    return {
        "principalId": identity.subject,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": str(event.get("methodArn", ""))}
            ],
        },
        # API Gateway hands on strings, numbers and booleans only, and all as strings.
        "context": {"owner": identity.subject, "token_expires_at": str(identity.expires_at)},
    }


def _bearer(event: Mapping[str, object]) -> str:
    """The token of the `Authorization` header, whose name API Gateway passes on as sent."""
    headers = event.get("headers")
    for name, value in cast(Mapping[str, object], headers if isinstance(headers, Mapping) else {}).items():
        if name.lower() == "authorization" and isinstance(value, str):
            scheme, _, token = value.strip().partition(" ")
            if scheme.lower() == "bearer" and token:
                return token.strip()
            raise TokenRefusedError("not a bearer token")
    raise TokenRefusedError("no Authorization header")
