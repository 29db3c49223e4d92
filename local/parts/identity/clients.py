"""The two registered clients and how they are recognised."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus, urlsplit

from local.config import APP_CLIENT_ID, APP_REDIRECT_URI, MACHINE_CLIENT_ID, MACHINE_SCOPE


class OAuthError(Exception):
    """An error of RFC 6749 5.2; `reason` is for the log only."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client."""

    id: str
    grants: frozenset[str]
    scopes: tuple[str, ...]
    confidential: bool

    def allowed_scope(self, asked: str) -> str:
        """The scope to grant: all of the client's when none is asked for."""
        wanted = asked.split() or list(self.scopes)
        if not set(wanted) <= set(self.scopes):
            raise OAuthError("invalid_scope", "scope_not_allowed")
        return " ".join(dict.fromkeys(wanted))


APP = Client(
    APP_CLIENT_ID,
    frozenset({"authorization_code", "refresh_token"}),
    ("openid", "profile", "email"),
    confidential=False,
)
MACHINE = Client(MACHINE_CLIENT_ID, frozenset({"client_credentials"}), (MACHINE_SCOPE,), confidential=True)
CLIENTS = {client.id: client for client in (APP, MACHINE)}


def _loopback(uri: str) -> re.Pattern[str]:
    parts = urlsplit(uri)
    return re.compile(rf"{parts.scheme}://{re.escape(parts.netloc)}(:[0-9]{{1,5}})?{re.escape(parts.path)}")


_REDIRECT = _loopback(APP_REDIRECT_URI)


def is_registered_redirect(uri: str) -> bool:
    """Whether a URI is the registered one, whatever its port (RFC 8252 7.3)."""
    return _REDIRECT.fullmatch(uri) is not None


def authenticate(authorization: str, form: Mapping[str, str], machine_secret: str) -> Client:
    """The client of a token request, by HTTP Basic or the form's credentials (RFC 6749 2.3.1)."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() == "basic":
        if secret:
            raise OAuthError("invalid_request", "two_ways_of_authentication")
        named, secret = _basic(encoded)
        if client_id not in ("", named):
            raise OAuthError("invalid_client", "two_client_ids")
        client_id = named
    client = CLIENTS.get(client_id)
    if client is None:
        raise OAuthError("invalid_client", "unknown_client")
    if client.confidential and not (machine_secret and hmac.compare_digest(secret.encode(), machine_secret.encode())):
        raise OAuthError("invalid_client", "wrong_secret")
    if not client.confidential and secret:
        raise OAuthError("invalid_client", "secret_of_a_public_client")
    return client


def _basic(encoded: str) -> tuple[str, str]:
    try:
        name, separator, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        separator, name, secret = "", "", ""
    if not separator:
        raise OAuthError("invalid_client", "malformed_basic_credentials")
    return unquote_plus(name), unquote_plus(secret)
