"""Signs a person in: OAuth authorization code with PKCE, then refresh.

Tokens, codes and verifiers are never printed, logged or put into an exception.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from local.client.loopback import redirect_listener
from local.client.settings import ClientSettings, is_loopback

EXPIRY_MARGIN = 60.0
"""Seconds before its expiry at which a token is no longer used."""

HTTP_TIMEOUT = 15.0
BROWSER_TIMEOUT = 300.0


class SignInError(RuntimeError):
    """Nobody could be signed in."""


class SignInRefusedError(SignInError):
    """The issuer, or the person, said no: trying again the same way is pointless."""


class SignInUnavailableError(SignInError):
    """The issuer could not be reached or failed: trying again can help."""


class TokenSource(Protocol):
    """Where a connection gets its access token."""

    async def access_token(self, *, fresh: bool = False) -> str:
        """A valid access token; with `fresh`, one that was issued just now."""
        ...


@dataclass(frozen=True, slots=True)
class Pkce:
    """The proof that the one who redeems a code is the one who asked for it (RFC 7636)."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the issuer gave. Its repr shows no token."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_at: float
    """In the clock of the `SignIn` that holds them."""
    margin: float = EXPIRY_MARGIN

    def usable(self, now: float) -> bool:
        """Whether the access token has more than its margin left."""
        return now < self.expires_at - self.margin


class _TokenResponse(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    access_token: Annotated[str, StringConstraints(min_length=1)]
    refresh_token: str | None = None
    expires_in: float = 3600.0


class SignIn:
    """One person's sign-in to one system; a `TokenSource`.

    Args:
        settings: the system.
        person: sent as `login_hint`; on the local stack this is who is signed in.
        open_browser: shows a URL to the person; used where the issuer has a page.
        clock: seconds, for the expiry.
        browser_timeout: seconds a person has to sign in.
    """

    def __init__(
        self,
        settings: ClientSettings,
        *,
        person: str | None = None,
        open_browser: Callable[[str], object] = webbrowser.open,
        clock: Callable[[], float] = time.monotonic,
        browser_timeout: float = BROWSER_TIMEOUT,
    ) -> None:
        self._settings = settings
        self._person = person
        self._open_browser = open_browser
        self._clock = clock
        self._browser_timeout = browser_timeout
        self._tokens: Tokens | None = None
        self._lock = asyncio.Lock()

    async def access_token(self, *, fresh: bool = False) -> str:
        """A valid access token: the one at hand, else a refreshed one, else a new sign-in.

        Raises:
            SignInRefusedError: the issuer or the person refused.
            SignInUnavailableError: the issuer cannot be reached.
        """
        async with self._lock:
            tokens = self._tokens
            if tokens is None or fresh or not tokens.usable(self._clock()):
                tokens = await self._renew(tokens.refresh if tokens else None)
                self._tokens = tokens
            return tokens.access

    async def _renew(self, refresh: str | None) -> Tokens:
        if refresh is not None:
            try:
                return await self._redeem({"grant_type": "refresh_token", "refresh_token": refresh}, refresh)
            except SignInRefusedError:
                # The refresh token has expired or was revoked: the person signs in again.
                self._tokens = None
        return await self._authorize()

    async def _authorize(self) -> Tokens:
        """One authorization code flow."""
        pkce, state = Pkce(), secrets.token_urlsafe(24)
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_uri,
            "scope": self._settings.scope,
            "state": state,
            "code_challenge": pkce.challenge,
            "code_challenge_method": "S256",
        }
        if self._person is not None:
            query["login_hint"] = self._person
        url = f"{self._settings.authorize_url}?{urlencode(query)}"
        arrived = await (self._pageless(url) if self._settings.pageless else self._with_browser(url, state))
        code = self._code_of(arrived, state)
        return await self._redeem(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._settings.redirect_uri,
                "code_verifier": pkce.verifier,
            }
        )

    async def _pageless(self, url: str) -> dict[str, str]:
        """The redirect's parameters from an issuer that needs no page."""
        try:
            async with self._http() as http, http.get(url, allow_redirects=False) as response:
                status, location = response.status, response.headers.get("Location", "")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SignInUnavailableError(f"the issuer cannot be reached ({type(error).__name__})") from None
        if status >= 500:
            raise SignInUnavailableError(f"the issuer answered {status}")
        if status not in (302, 303) or location.partition("?")[0] != self._settings.redirect_uri:
            raise SignInRefusedError(f"the issuer did not redirect back to this client (it answered {status})")
        return dict(parse_qsl(urlsplit(location).query))

    async def _with_browser(self, url: str, state: str) -> dict[str, str]:
        """The redirect's parameters after the person signed in on the issuer's page."""
        try:
            async with redirect_listener(self._settings.redirect_uri, state) as arrived:
                await asyncio.to_thread(self._open_browser, url)
                async with asyncio.timeout(self._browser_timeout):
                    return await arrived
        except TimeoutError:
            raise SignInRefusedError("nobody signed in in time") from None
        except (ValueError, OSError) as error:
            raise SignInRefusedError(f"the sign-in cannot be received: {error}") from None

    @staticmethod
    def _code_of(arrived: dict[str, str], state: str) -> str:
        if not secrets.compare_digest(arrived.get("state", "").encode(), state.encode()):
            raise SignInRefusedError("the answer belongs to another sign-in (state differs)")
        if "error" in arrived:
            raise SignInRefusedError(f"the issuer refused: {arrived['error']}")
        if not arrived.get("code"):
            raise SignInRefusedError("the issuer sent no code")
        return arrived["code"]

    async def _redeem(self, form: dict[str, str], refresh: str | None = None) -> Tokens:
        """Exchange a code or a refresh token at the token endpoint."""
        asked_at = self._clock()
        form = {**form, "client_id": self._settings.client_id}
        try:
            async with self._http() as http, http.post(self._settings.token_url, data=form) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SignInUnavailableError(f"the token endpoint cannot be reached ({type(error).__name__})") from None
        if status == 429 or status >= 500:
            raise SignInUnavailableError(f"the token endpoint answered {status}")
        if status != 200:
            raise SignInRefusedError(f"the token endpoint answered {status}")
        try:
            granted = _TokenResponse.model_validate_json(body)
        except ValidationError:
            raise SignInUnavailableError("the token endpoint sent something else than tokens") from None
        return Tokens(
            access=granted.access_token,
            # Without rotation the issuer sends none back: the old one stays good.
            refresh=granted.refresh_token or refresh,
            expires_at=asked_at + granted.expires_in,
            margin=min(EXPIRY_MARGIN, granted.expires_in * 0.2),
        )

    def _http(self) -> aiohttp.ClientSession:
        # A proxy of the environment is for the world outside, not for this machine.
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=HTTP_TIMEOUT),
            trust_env=not is_loopback(self._settings.token_url),
        )
