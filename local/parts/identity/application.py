"""The issuer's HTTP endpoints."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from local.config import USER_POOL, LocalConfig
from local.parts.identity.clients import APP, MACHINE, Client, OAuthError, authenticate, is_registered_redirect
from local.parts.identity.grants import CHALLENGE, Grants, InvalidGrantError
from local.parts.identity.tokens import Person, Tokens, subject_of
from services.logs import get_logger

USERNAME = re.compile(r"[^\s\x00-\x1f]{1,128}")
"""Cognito user names: 1 to 128 characters without white space."""

FORM = "application/x-www-form-urlencoded"
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Issuer:
    """The endpoints of one user pool and its domain."""

    def __init__(self, config: LocalConfig, machine_secret: str, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._machine_secret = machine_secret
        self._clock = clock
        self._tokens = Tokens(config.issuer, config.user_token_seconds, config.machine_token_seconds, clock)
        self._grants = Grants(clock)
        self._handlers: dict[str, Callable[[Client, Mapping[str, str]], dict[str, object]]] = {
            "client_credentials": self._client_credentials,
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
        }

    def application(self) -> Starlette:
        """The ASGI application."""
        well_known = f"/{USER_POOL}/.well-known"
        return Starlette(
            routes=[
                Route("/health", _health),
                Route(f"{well_known}/openid-configuration", self._configuration),
                Route(f"{well_known}/jwks.json", self._keys),
                Route("/oauth2/authorize", self._authorize),
                Route("/oauth2/token", _oauth(self._token), methods=["POST"]),
                Route("/oauth2/revoke", _oauth(self._revoke), methods=["POST"]),
                Route("/logout", self._logout),
            ]
        )

    async def _configuration(self, _request: Request) -> Response:
        domain = self._config.url("identity")
        return JSONResponse(
            {
                "issuer": self._config.issuer,
                "authorization_endpoint": self._config.authorize_url,
                "token_endpoint": self._config.token_url,
                "revocation_endpoint": f"{domain}/oauth2/revoke",
                "end_session_endpoint": f"{domain}/logout",
                "jwks_uri": f"{self._config.issuer}/.well-known/jwks.json",
                "response_types_supported": ["code"],
                "grant_types_supported": list(self._handlers),
                "scopes_supported": [*APP.scopes, *MACHINE.scopes],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            }
        )

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(self._tokens.key_set())

    async def _authorize(self, request: Request) -> Response:
        """Sign the person named by `login_hint` in, without asking for anything on this machine."""
        query = request.query_params
        redirect_uri = query.get("redirect_uri", "")
        # Never redirect to what is not registered, not even with an error (RFC 6749 4.1.2.1).
        if query.get("client_id") != APP.id:
            return _refused(OAuthError("invalid_client", "unknown_client"))
        if not is_registered_redirect(redirect_uri):
            return _refused(OAuthError("redirect_mismatch", "redirect_uri_not_registered"))
        state = {"state": query["state"]} if "state" in query else {}
        try:
            code = self._sign_in(query, redirect_uri)
        except OAuthError as error:
            get_logger().info("authorization_refused", reason=error.reason)
            answer = {"error": error.code, "error_description": error.reason, **state}
        else:
            answer = {"code": code, **state}
        return RedirectResponse(f"{redirect_uri}?{urlencode(answer)}", 302, NOT_STORED)

    def _sign_in(self, query: Mapping[str, str], redirect_uri: str) -> str:
        if query.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "only_code_is_supported")
        challenge = query.get("code_challenge", "")
        if query.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
            raise OAuthError("invalid_request", "pkce_s256_required")
        scope = APP.allowed_scope(query.get("scope", ""))
        username = query.get("login_hint", "")
        if not USERNAME.fullmatch(username):
            raise OAuthError("invalid_request", "login_hint_required")
        person = Person(username, APP.id, scope, int(self._clock()), query.get("nonce"))
        get_logger().info("signed_in", client_id=APP.id, subject=subject_of(username))
        return self._grants.code(person, redirect_uri, challenge)

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        client = authenticate(request.headers.get("Authorization", ""), form, self._machine_secret)
        grant = form.get("grant_type", "")
        handler = self._handlers.get(grant)
        if handler is None:
            raise OAuthError("unsupported_grant_type", "unsupported_grant_type")
        if grant not in client.grants:
            raise OAuthError("unauthorized_client", "grant_not_allowed_for_client")
        try:
            answer = handler(client, form)
        except InvalidGrantError as error:
            raise OAuthError("invalid_grant", str(error)) from None
        return JSONResponse({**answer, "token_type": "Bearer"}, headers=NOT_STORED)

    def _client_credentials(self, client: Client, form: Mapping[str, str]) -> dict[str, object]:
        token = self._tokens.machine(client.id, client.allowed_scope(form.get("scope", "")))
        get_logger().info("token_issued", grant="client_credentials", client_id=client.id, subject=client.id)
        return {"access_token": token, "expires_in": self._config.machine_token_seconds}

    def _authorization_code(self, client: Client, form: Mapping[str, str]) -> dict[str, object]:
        person = self._grants.redeem(
            _needed(form, "code"), client.id, _needed(form, "redirect_uri"), _needed(form, "code_verifier")
        )
        refresh = self._grants.refresh_token(person)
        return {**self._for_person(person, "authorization_code"), "refresh_token": refresh}

    def _refresh_token(self, client: Client, form: Mapping[str, str]) -> dict[str, object]:
        # No new refresh token: rotation is off by default in Cognito.
        return self._for_person(self._grants.refresh(_needed(form, "refresh_token"), client.id), "refresh_token")

    def _for_person(self, person: Person, grant: str) -> dict[str, object]:
        get_logger().info("token_issued", grant=grant, client_id=person.client_id, subject=subject_of(person.username))
        return {**self._tokens.person(person), "expires_in": self._config.user_token_seconds}

    async def _revoke(self, request: Request) -> Response:
        form = await _form(request)
        client = authenticate(request.headers.get("Authorization", ""), form, self._machine_secret)
        token = _needed(form, "token")
        if token.count(".") == 2:
            raise OAuthError("unsupported_token_type", "only_refresh_tokens_can_be_revoked")
        self._grants.revoke(token, client.id)
        get_logger().info("token_revoked", client_id=client.id)
        return Response(status_code=200)

    async def _logout(self, request: Request) -> Response:
        """End the browser's session: there is none to end here, so only the way back is checked."""
        target = request.query_params.get("logout_uri", "")
        if request.query_params.get("client_id") != APP.id or not is_registered_redirect(target):
            return _refused(OAuthError("invalid_request", "logout_uri_not_registered"))
        return RedirectResponse(target, 302)


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; a repeated one is an error (RFC 6749 3.2)."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM:
        raise OAuthError("invalid_request", "not_a_form")
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=32)
    except ValueError:
        raise OAuthError("invalid_request", "malformed_form") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("invalid_request", "repeated_field")
    return form


def _needed(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise OAuthError("invalid_request", f"{name}_missing")
    return value


def _oauth(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Turn OAuthError into its answer."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except OAuthError as error:
            return _refused(error)

    return answer


def _refused(error: OAuthError) -> Response:
    """Cognito answers every OAuth error with 400, wrong client credentials included."""
    get_logger().info("token_refused", reason=error.reason)
    return JSONResponse({"error": error.code, "error_description": error.reason}, 400, NOT_STORED)
