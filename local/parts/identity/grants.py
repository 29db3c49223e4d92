"""Authorization codes and refresh tokens: what has been handed out and may come back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from local.parts.identity.tokens import Person

CODE_SECONDS = 300
"""Lifetime of an authorization code: Cognito's five minutes."""

REFRESH_SECONDS = 30 * 24 * 60 * 60
"""Lifetime of a refresh token: Cognito's default of 30 days."""

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""A base64url SHA-256 without padding (RFC 7636 4.2)."""

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636 4.1."""


class InvalidGrantError(ValueError):
    """A code or refresh token that is not good (any more)."""


@dataclass(frozen=True, slots=True)
class _Code:
    person: Person
    redirect_uri: str
    challenge: str
    expires_at: float


@dataclass(slots=True)
class Grants:
    """The open grants, in memory."""

    clock: Callable[[], float] = time.time
    _codes: dict[str, _Code] = field(default_factory=dict[str, _Code])
    _refresh: dict[str, tuple[Person, float]] = field(default_factory=dict[str, tuple[Person, float]])

    def code(self, person: Person, redirect_uri: str, challenge: str) -> str:
        """A fresh single-use code for a person who has just signed in."""
        now = self.clock()
        self._codes = {code: grant for code, grant in self._codes.items() if grant.expires_at > now}
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Code(person, redirect_uri, challenge, now + CODE_SECONDS)
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str) -> Person:
        """The person a code was for.

        Raises:
            InvalidGrantError: unknown, used or expired; another client's; another redirect URI;
                or a verifier that does not belong to the challenge.
        """
        # Gone with the first try, right or wrong: a guess must not leave it usable.
        grant = self._codes.pop(code, None)
        if grant is None:
            raise InvalidGrantError("unknown_or_used_code")
        if grant.expires_at <= self.clock():
            raise InvalidGrantError("expired_code")
        if grant.person.client_id != client_id:
            raise InvalidGrantError("code_of_another_client")
        if grant.redirect_uri != redirect_uri:
            raise InvalidGrantError("redirect_uri_differs")
        if not VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge_of(verifier), grant.challenge):
            raise InvalidGrantError("code_verifier_wrong")
        return grant.person

    def refresh_token(self, person: Person) -> str:
        """A fresh refresh token."""
        now = self.clock()
        self._refresh = {token: grant for token, grant in self._refresh.items() if grant[1] > now}
        token = secrets.token_urlsafe(48)
        self._refresh[token] = (person, now + REFRESH_SECONDS)
        return token

    def refresh(self, token: str, client_id: str) -> Person:
        """The person a refresh token is for; InvalidGrantError when it is not good for this client."""
        person, expires_at = self._refresh.get(token, (None, 0.0))
        if person is None:
            raise InvalidGrantError("unknown_or_revoked_refresh_token")
        if expires_at <= self.clock():
            raise InvalidGrantError("expired_refresh_token")
        if person.client_id != client_id:
            raise InvalidGrantError("refresh_token_of_another_client")
        return person

    def revoke(self, token: str, client_id: str) -> None:
        """Forget a refresh token; an unknown one is as good as revoked (RFC 7009 2.2)."""
        person, _ = self._refresh.get(token, (None, 0.0))
        if person is not None and person.client_id == client_id:
            del self._refresh[token]


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
