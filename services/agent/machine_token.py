"""The agent's own access token: Cognito `client_credentials`, cached until shortly before expiry.

Cognito bills token requests ($2.25 per 1,000, see the reference), so one token serves every call
of this process.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncGenerator, Callable
from typing import cast
from urllib.parse import urlencode

import httpx
import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from typing_extensions import override

from services.logs import get_logger

EARLY_SECONDS = 60.0
"""How long before expiry a token is replaced; a tenth of its life if that is shorter."""

RETRY_SECONDS = 5.0
"""After a refresh that failed, while the old token is still good. Our own figure."""

RETRIES = urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), allowed_methods=None)
"""A token request changes nothing, so a POST may be repeated too."""


class TokenUnavailableError(RuntimeError):
    """Cognito gave no token; the text names no secret."""


class MachineToken:
    """Fetches and keeps the token. Safe to use from several threads.

    Args:
        token_url: the user pool's `/oauth2/token`.
        client_id: the machine client.
        secret: reads the client's secret; asked again after a refusal, since secrets rotate.
        scope: what to ask for.
    """

    def __init__(self, token_url: str, client_id: str, secret: Callable[[], str], scope: str) -> None:
        self._token_url = token_url
        self._client_id = client_id
        self._secret = secret
        self._scope = scope
        self._lock = threading.Lock()
        self._token: str | None = None
        self._replace_at = 0.0
        self._expires_at = 0.0

    def get(self, rejected: str | None = None) -> str:
        """A token that is good for a while.

        Args:
            rejected: a token the Gateway has just refused; it is not handed out again.

        Raises:
            TokenUnavailableError: when Cognito cannot be reached or refuses, or the secret cannot be read.
        """
        with self._lock:
            now = time.monotonic()
            usable = self._token if now < self._expires_at and self._token != rejected else None
            if usable is not None and now < self._replace_at:
                return usable
            try:
                token, lifetime = self._fetch()
            except TokenUnavailableError as error:
                if usable is None:
                    raise
                # Still good for a while, and by then Cognito may be back.
                get_logger().warning("machine_token_kept", reason=str(error))
                self._replace_at = now + RETRY_SECONDS
                return usable
            self._token, self._expires_at = token, now + lifetime
            self._replace_at = self._expires_at - min(EARLY_SECONDS, lifetime / 10)
            get_logger().info("machine_token_fetched", lifetime=lifetime)
            return token

    def _fetch(self) -> tuple[str, float]:
        status, answer = self._request()
        if status in (400, 401):
            # The secret may have been rotated since we read it.
            status, answer = self._request()
        token, lifetime = answer.get("access_token"), answer.get("expires_in")
        if status != 200 or not isinstance(token, str) or not isinstance(lifetime, int | float):
            raise TokenUnavailableError(f"the token endpoint answered {status} {answer.get('error', '')}".strip())
        return token, float(lifetime)

    def _request(self) -> tuple[int, dict[str, object]]:
        try:
            secret = self._secret()
        except (ClientError, BotoCoreError) as error:
            raise TokenUnavailableError(type(error).__name__) from error
        headers = urllib3.make_headers(basic_auth=f"{self._client_id}:{secret}")
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            response = urllib3.request(
                "POST",
                self._token_url,
                body=urlencode({"grant_type": "client_credentials", "scope": self._scope}),
                headers=headers,
                timeout=5.0,
                retries=RETRIES,
            )
            decoded: object = json.loads(response.data)
        except urllib3.exceptions.HTTPError as error:
            raise TokenUnavailableError(type(error).__name__) from None
        except ValueError:
            raise TokenUnavailableError("the token endpoint did not answer with JSON") from None
        return response.status, cast(dict[str, object], decoded) if isinstance(decoded, dict) else {}


class BearerAuth(httpx.Auth):
    """Puts the current token on every MCP request, and a fresh one after a 401.

    It never raises: an error in here would end the MCP session and with it every other call that
    is under way. Without a token the request goes out bare and is answered with 401.
    """

    def __init__(self, token: MachineToken) -> None:
        self._machine_token = token

    @override
    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self._token()
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            fresh = await self._token(rejected=token)
            if fresh is not None:
                request.headers["Authorization"] = f"Bearer {fresh}"
                yield request

    async def _token(self, rejected: str | None = None) -> str | None:
        try:
            return await asyncio.to_thread(self._machine_token.get, rejected)
        except Exception as error:  # the secret's reader has errors of its own
            get_logger().error("machine_token_unavailable", reason=type(error).__name__)
            return None
