"""A user pool with real keys, and the tokens people try on it."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import RSAKey

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
CLIENT = "client-of-the-app"

KEY = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig", "alg": "RS256"})
NEXT_KEY = RSAKey.generate_key(2048, {"kid": "key-2", "use": "sig", "alg": "RS256"})
FOREIGN_KEY = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig", "alg": "RS256"})
"""Another pool's key that goes by the same id."""


def claims(**change: Any) -> dict[str, Any]:
    """An access token's claims as Cognito issues them; a change to None leaves the claim out."""
    now = int(time.time())
    issued: dict[str, Any] = {
        "sub": "7f1c5d9e-0000-4000-8000-0123456789ab",
        "iss": ISSUER,
        "version": 2,
        "client_id": CLIENT,
        "token_use": "access",
        "scope": "openid",
        "auth_time": now,
        "exp": now + 3_600,
        "iat": now,
        "jti": "jti-1",
        "username": "alice",
        **change,
    }
    return {name: value for name, value in issued.items() if value is not None}


def token(key: RSAKey = KEY, header: dict[str, Any] | None = None, **change: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "key-1", **(header or {})}, claims(**change), key)


def signed(payload: bytes, key: RSAKey = KEY) -> str:
    """A well signed token over any bytes."""
    return jws.serialize_compact({"alg": "RS256", "kid": "key-1"}, payload, key)


def b64(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def document(*keys: RSAKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


class Jwks:
    """The pool's key document, as fetched."""

    def __init__(self, *keys: RSAKey) -> None:
        self.document: object = document(*keys)
        self.failure: Exception | None = None
        self.fetches: list[str] = []

    def __call__(self, url: str) -> object:
        self.fetches.append(url)
        if self.failure is not None:
            raise self.failure
        return self.document
