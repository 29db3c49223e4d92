"""Verification of Cognito user-pool access tokens.

Claims as in "Using the access token" of the Cognito developer guide: RS256, `iss`, `token_use`
"access", `client_id` (access tokens carry no `aud`), `exp`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import urllib3
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

MAX_TOKEN_BYTES = 8_192
"""Longer tokens are refused unread. Cognito's are about 1 KB; API Gateway takes 10 KB of headers."""

KEYS_FRESH_SECONDS = 3_600.0
"""How long fetched keys are trusted without asking again. Our own figure."""

REFETCH_SECONDS = 30.0
"""Least time between two fetches, whatever key ids arrive: a flood of forged ones must not
become a flood of requests to Cognito. Our own figure."""


class TokenRefusedError(Exception):
    """The token is not acceptable; the text says why, for the operator only."""


class KeysUnavailableError(Exception):
    """The pool's keys could not be fetched, so nothing can be said about any token."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a verified token speaks for."""

    subject: str
    client_id: str
    expires_at: int
    """Seconds since the epoch."""


def fetch_json(url: str) -> object:
    """GET a JSON document; raise KeysUnavailableError when that fails."""
    try:
        response = urllib3.request("GET", url, timeout=3.0, retries=1)
        if response.status != 200:
            raise KeysUnavailableError(f"{url} answered {response.status}")
        return json.loads(response.data)
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise KeysUnavailableError(f"{url}: {type(error).__name__}") from error


class KeySet:
    """The pool's signing keys by key id, cached, refetched at a bounded rate."""

    def __init__(
        self,
        url: str,
        fetch: Callable[[str], object] = fetch_json,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, RSAKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def key(self, key_id: str) -> RSAKey:
        """The key of that id; raise TokenRefusedError when the pool has none."""
        now = self._clock()
        stale = self._fetched_at is None or now - self._fetched_at > KEYS_FRESH_SECONDS
        if stale or key_id not in self._keys:
            self._refetch(now)
        key = self._keys.get(key_id)
        if key is None:
            raise TokenRefusedError("unknown key id")
        return key

    def _refetch(self, now: float) -> None:
        if self._tried_at is not None and now - self._tried_at < REFETCH_SECONDS:
            if not self._keys:
                raise KeysUnavailableError("no keys yet; the next try is a moment away")
            return
        self._tried_at = now
        try:
            self._keys = _signing_keys(self._fetch(self._url))
            self._fetched_at = now
        except KeysUnavailableError:
            if not self._keys:
                raise
            # Keys that were good an hour ago are better than locking everyone out.


def _signing_keys(document: object) -> dict[str, RSAKey]:
    entries: object = cast(Mapping[str, object], document).get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, list):
        raise KeysUnavailableError("the key document has no keys")
    keys: dict[str, RSAKey] = {}
    for entry in cast(list[object], entries):
        if not isinstance(entry, dict):
            continue
        fields = {name: value for name, value in cast(dict[str, object], entry).items() if isinstance(value, str)}
        if fields.get("kty") == "RSA" and fields.get("use", "sig") == "sig" and "kid" in fields:
            try:
                keys[fields["kid"]] = RSAKey.import_key({name: fields[name] for name in ("kty", "n", "e", "kid")})
            except (JoseError, KeyError, ValueError):
                continue  # one unusable entry must not take the other keys with it
    return keys


class TokenVerifier:
    """Verifies access tokens of one user pool for some of its app clients."""

    def __init__(self, issuer: str, client_ids: frozenset[str], keys: KeySet) -> None:
        self._issuer = issuer
        self._client_ids = client_ids
        self._keys = keys

    def verify(self, token: str) -> Identity:
        """Who the token speaks for.

        Raises:
            TokenRefusedError: when signature or any claim is not right.
            KeysUnavailableError: when that cannot be decided.
        """
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenRefusedError("token too long")
        try:
            claims = jwt.decode(token, self._key_of, algorithms=["RS256"]).claims
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            # TypeError: joserfc takes the types of some header fields on trust.
            raise TokenRefusedError(f"not verifiable: {type(error).__name__}") from None
        return self._identity(claims)

    def _key_of(self, token: object) -> RSAKey:
        """joserfc's key callback: called with the parsed, still unverified token."""
        headers = getattr(token, "headers", {})
        assert callable(headers)
        key_id = cast(Mapping[str, object], headers()).get("kid")
        if not isinstance(key_id, str):
            raise TokenRefusedError("no key id")
        return self._keys.key(key_id)

    def _identity(self, claims: Mapping[str, object]) -> Identity:
        if claims.get("iss") != self._issuer:
            raise TokenRefusedError("wrong issuer")
        if claims.get("token_use") != "access":
            raise TokenRefusedError("not an access token")
        client_id = claims.get("client_id")
        if not isinstance(client_id, str) or client_id not in self._client_ids:
            raise TokenRefusedError("wrong client")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise TokenRefusedError("no subject")
        expires_at = claims.get("exp")
        if not isinstance(expires_at, int) or isinstance(expires_at, bool):
            raise TokenRefusedError("no expiry")
        if expires_at <= time.time():
            raise TokenRefusedError("expired")
        return Identity(subject, client_id, expires_at)
