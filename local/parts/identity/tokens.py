"""The tokens, with the claims of Cognito's (aws-facts.md 6)."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

SUBJECTS = uuid.UUID("6f1a4f0e-6f0b-5d0c-9a55-9c9be1f5c7a1")
"""Namespace of the subjects, so that a name has the same one in every run."""


def subject_of(username: str) -> str:
    """The stable `sub` of a person."""
    return str(uuid.uuid5(SUBJECTS, username))


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person and what their tokens keep when they are refreshed."""

    username: str
    client_id: str
    scope: str
    auth_time: int
    nonce: str | None = None

    @property
    def openid(self) -> bool:
        return "openid" in self.scope.split()


@dataclass(slots=True)
class Tokens:
    """Signs tokens with a key that lives as long as this object.

    Args:
        issuer: the pool's URL.
        user_seconds, machine_seconds: lifetimes of access tokens.
        clock: seconds since the epoch.
    """

    issuer: str
    user_seconds: int
    machine_seconds: int
    clock: Callable[[], float] = time.time
    _key: RSAKey = field(init=False)

    def __post_init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, private=True, auto_kid=True)

    def key_set(self) -> dict[str, Any]:
        """The public key, as the pool publishes it."""
        return dict(KeySet([self._key]).as_dict(private=False))

    def machine(self, client_id: str, scope: str) -> str:
        """An access token of the client credentials grant."""
        now = int(self.clock())
        return self._sign(self._access(client_id, client_id, scope, now, self.machine_seconds))

    def person(self, person: Person) -> dict[str, str]:
        """The access token of a person, and an id token when they asked for `openid`."""
        subject = subject_of(person.username)
        claims = self._access(subject, person.client_id, person.scope, person.auth_time, self.user_seconds)
        access = self._sign({**claims, "username": person.username})
        if not person.openid:
            return {"access_token": access}
        identity = {
            "sub": subject,
            "iss": self.issuer,
            "aud": person.client_id,
            "token_use": "id",
            "cognito:username": person.username,
            "auth_time": person.auth_time,
            "iat": claims["iat"],
            "exp": claims["exp"],
            "jti": str(uuid.uuid4()),
            "at_hash": _half_hash(access),
        }
        if person.nonce is not None:
            identity["nonce"] = person.nonce
        return {"access_token": access, "id_token": self._sign(identity)}

    def _access(self, subject: str, client_id: str, scope: str, auth_time: int, seconds: int) -> dict[str, Any]:
        now = int(self.clock())
        return {
            "sub": subject,
            "iss": self.issuer,
            "client_id": client_id,
            "token_use": "access",
            "scope": scope,
            "version": 2,
            "auth_time": auth_time,
            "iat": now,
            "exp": now + seconds,
            "jti": str(uuid.uuid4()),
        }

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)


def _half_hash(token: str) -> str:
    """`at_hash` of OpenID Connect Core 3.1.3.6 for RS256."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
