"""The issuer: its endpoints in process, and its process over a real socket."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from local.config import APP_CLIENT_ID, MACHINE_CLIENT_ID, MACHINE_SCOPE, USER_POOL, LocalConfig
from local.parts.identity.application import Issuer
from local.parts.identity.grants import CODE_SECONDS, REFRESH_SECONDS, challenge_of
from tests.local.parts.processes import PartProcess, configured, until

SECRET = "machine+secret/with=odd:characters"
VERIFIER = "v" * 43
REDIRECT = "http://127.0.0.1:53123/callback"
STANDARD = {
    *("sub", "iss", "client_id", "token_use", "scope", "auth_time", "iat", "exp", "jti", "version"),
}


class Pool:
    """An issuer with a clock that tests turn."""

    def __init__(self) -> None:
        self.now = time.time()
        self.config = LocalConfig(state=Path(), user_token_seconds=900, machine_token_seconds=600)
        self.http = TestClient(Issuer(self.config, SECRET, lambda: self.now).application(), follow_redirects=False)

    def authorize(self, **changed: Any) -> Any:
        query = {
            "response_type": "code",
            "client_id": APP_CLIENT_ID,
            "redirect_uri": REDIRECT,
            "state": "s&1",
            "scope": "openid",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            "login_hint": "anna",
            "nonce": "n-1",
            **changed,
        }
        return self.http.get(
            "/oauth2/authorize", params={key: value for key, value in query.items() if value is not None}
        )

    def code(self, **changed: str | None) -> str:
        return answer_of(self.authorize(**changed))["code"]

    def token(self, headers: dict[str, str] | None = None, **form: str) -> Any:
        return self.http.post("/oauth2/token", data=form, headers=headers)

    def redeem(self, code: str, **changed: str) -> Any:
        form: dict[str, Any] = {
            "client_id": APP_CLIENT_ID,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            **changed,
        }
        return self.token(grant_type="authorization_code", code=code, **form)

    def refresh(self, token: str, client_id: str = APP_CLIENT_ID) -> Any:
        return self.token(grant_type="refresh_token", refresh_token=token, client_id=client_id)

    def machine(self, **changed: str) -> Any:
        form: dict[str, Any] = {"client_id": MACHINE_CLIENT_ID, "client_secret": SECRET, **changed}
        return self.token(grant_type="client_credentials", **form)

    def claims(self, token: str) -> dict[str, Any]:
        keys = self.http.get(f"/{USER_POOL}/.well-known/jwks.json").json()
        return jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"]).claims


def answer_of(response: Any) -> dict[str, str]:
    assert response.status_code == 302
    target = urlsplit(response.headers["location"])
    assert target._replace(query="").geturl() == REDIRECT
    return {name: values[0] for name, values in parse_qs(target.query).items()}


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool()


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def refused(response: Any, code: str) -> bool:
    assert "access_token" not in response.text
    return (response.status_code, response.json()["error"]) == (400, code)


def basic(name: str, secret: str) -> dict[str, str]:
    from urllib.parse import quote

    pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def test_discovery_names_the_endpoints_and_no_private_key(pool: Pool) -> None:
    found = pool.http.get(f"/{USER_POOL}/.well-known/openid-configuration").json()
    assert found["issuer"] == pool.config.issuer
    assert found["jwks_uri"] == f"{pool.config.issuer}/.well-known/jwks.json"
    assert found["token_endpoint"] == pool.config.token_url
    assert found["authorization_endpoint"] == pool.config.authorize_url
    (key,) = pool.http.get(f"/{USER_POOL}/.well-known/jwks.json").json()["keys"]
    assert {"kid", "n", "e"} <= set(key)
    assert not {"d", "p", "q", "dp", "dq", "qi"} & set(key)
    assert pool.http.get("/us-east-1_other/.well-known/jwks.json").status_code == 404


def test_every_issuer_has_its_own_key(pool: Pool) -> None:
    path = f"/{USER_POOL}/.well-known/jwks.json"
    assert Pool().http.get(path).json() != pool.http.get(path).json()


@pytest.mark.parametrize("way", ["basic", "body"])
def test_machine_token_has_cognitos_claims(pool: Pool, way: str) -> None:
    if way == "basic":
        response = pool.token(basic(MACHINE_CLIENT_ID, SECRET), grant_type="client_credentials", scope=MACHINE_SCOPE)
    else:
        response = pool.machine()
    answer = response.json()
    assert set(answer) == {"access_token", "expires_in", "token_type"}
    assert (answer["expires_in"], answer["token_type"]) == (600, "Bearer")
    assert response.headers["cache-control"] == "no-store"
    claims = pool.claims(answer["access_token"])
    assert set(claims) == STANDARD
    assert claims["sub"] == claims["client_id"] == MACHINE_CLIENT_ID
    assert (claims["token_use"], claims["scope"], claims["version"]) == ("access", MACHINE_SCOPE, 2)
    assert claims["iss"] == pool.config.issuer
    assert claims["exp"] - claims["iat"] == 600


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_id": "stranger"}, "invalid_client"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"client_id": APP_CLIENT_ID, "client_secret": ""}, "unauthorized_client"),
    ],
)
def test_machine_token_refusals(pool: Pool, changed: dict[str, str], code: str) -> None:
    assert refused(pool.machine(**changed), code)


def test_malformed_token_requests(pool: Pool) -> None:
    assert refused(pool.token(basic(MACHINE_CLIENT_ID, "wrong"), grant_type="client_credentials"), "invalid_client")
    assert refused(pool.token({"Authorization": "Basic ?"}, grant_type="client_credentials"), "invalid_client")
    assert refused(pool.token(client_id=APP_CLIENT_ID, grant_type="password"), "unsupported_grant_type")
    assert refused(pool.token(client_id=APP_CLIENT_ID, grant_type="refresh_token"), "invalid_request")
    assert refused(pool.http.post("/oauth2/token", json={"grant_type": "x"}), "invalid_request")
    repeated = "grant_type=a&grant_type=b"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert refused(pool.http.post("/oauth2/token", content=repeated, headers=form), "invalid_request")
    assert pool.http.get("/oauth2/token").status_code == 405


def test_no_configured_secret_lets_nobody_in() -> None:
    http = TestClient(Issuer(LocalConfig(state=Path()), "").application())
    form = {"grant_type": "client_credentials", "client_id": MACHINE_CLIENT_ID, "client_secret": ""}
    assert refused(http.post("/oauth2/token", data=form), "invalid_client")


def test_person_signs_in_and_gets_cognitos_claims(pool: Pool) -> None:
    redirected = answer_of(pool.authorize())
    assert redirected["state"] == "s&1"
    answer = pool.redeem(redirected["code"]).json()
    assert set(answer) == {"access_token", "id_token", "refresh_token", "expires_in", "token_type"}
    access, identity = pool.claims(answer["access_token"]), pool.claims(answer["id_token"])
    assert set(access) == STANDARD | {"username"}
    assert (access["username"], access["client_id"], access["token_use"]) == ("anna", APP_CLIENT_ID, "access")
    assert access["exp"] - access["iat"] == answer["expires_in"] == 900
    assert (identity["token_use"], identity["aud"], identity["nonce"]) == ("id", APP_CLIENT_ID, "n-1")
    assert identity["cognito:username"] == "anna"
    assert identity["sub"] == access["sub"]


def test_subject_is_stable_and_a_persons_own(pool: Pool) -> None:
    def subject(of: Pool, name: str) -> str:
        return of.claims(of.redeem(of.code(login_hint=name)).json()["access_token"])["sub"]

    assert subject(pool, "anna") == subject(Pool(), "anna") != subject(pool, "bert")


def test_no_id_token_without_openid(pool: Pool) -> None:
    assert "id_token" not in pool.redeem(pool.code(scope="profile")).json()


@pytest.mark.parametrize(
    "uri",
    [
        "https://127.0.0.1/callback",
        "http://localhost/callback",
        "http://127.0.0.1/callback/x",
        "http://127.0.0.1/callback?x=1",
        "http://127.0.0.1/callback#x",
        "http://127.0.0.1:80@evil.example/callback",
        "http://user@127.0.0.1/callback",
        "http://127.0.0.1:/callback",
        "http://127x0.0.1/callback",
        "http://evil.example/http://127.0.0.1/callback",
        "http://127.0.0.1/callback\n",
        "",
    ],
)
def test_other_redirects_are_refused_without_redirecting(pool: Pool, uri: str) -> None:
    response = pool.authorize(redirect_uri=uri)
    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.parametrize("uri", ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback"])
def test_any_port_of_the_registered_redirect_is_accepted(pool: Pool, uri: str) -> None:
    assert pool.authorize(redirect_uri=uri).headers["location"].startswith(f"{uri}?code=")


def test_unknown_client_is_refused_without_redirecting(pool: Pool) -> None:
    for client in ("stranger", MACHINE_CLIENT_ID, None):
        assert pool.authorize(client_id=client).status_code == 400


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"login_hint": None}, "invalid_request"),
        ({"login_hint": "a b"}, "invalid_request"),
        ({"login_hint": "a" * 129}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": MACHINE_SCOPE}, "invalid_scope"),
    ],
)
def test_authorization_refusals_go_back_with_the_state(pool: Pool, changed: dict[str, Any], code: str) -> None:
    answer = answer_of(pool.authorize(**changed))
    assert (answer["error"], answer["state"]) == (code, "s&1")
    assert "code" not in answer


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:1/callback"}, "invalid_grant"),
        ({"client_id": MACHINE_CLIENT_ID, "client_secret": SECRET}, "unauthorized_client"),
        ({"client_secret": "guess"}, "invalid_client"),
    ],
)
def test_code_refusals(pool: Pool, changed: dict[str, str], code: str) -> None:
    assert refused(pool.redeem(pool.code(), **changed), code)


def test_code_works_once_and_not_after_a_wrong_try(pool: Pool) -> None:
    code = pool.code()
    assert pool.redeem(code).status_code == 200
    assert refused(pool.redeem(code), "invalid_grant")
    code = pool.code()
    assert refused(pool.redeem(code, code_verifier="w" * 43), "invalid_grant")
    assert refused(pool.redeem(code), "invalid_grant")
    assert refused(pool.redeem("unknown"), "invalid_grant")


def test_code_expires() -> None:
    pool = Pool()
    early, late = pool.code(), pool.code()
    pool.now += CODE_SECONDS - 1
    assert pool.redeem(early).status_code == 200
    pool.now += 1
    assert refused(pool.redeem(late), "invalid_grant")


def test_refresh_keeps_the_sign_in_and_gives_fresh_tokens() -> None:
    pool = Pool()
    first = pool.redeem(pool.code()).json()
    pool.now += 100
    second = pool.refresh(first["refresh_token"]).json()
    assert set(second) == {"access_token", "id_token", "expires_in", "token_type"}
    before, after = pool.claims(first["access_token"]), pool.claims(second["access_token"])
    assert after["iat"] == before["iat"] + 100
    assert after["auth_time"] == before["auth_time"]
    assert after["sub"] == before["sub"]
    assert after["jti"] != before["jti"]
    pool.now += REFRESH_SECONDS
    assert refused(pool.refresh(first["refresh_token"]), "invalid_grant")


def test_revoked_and_unknown_refresh_tokens_are_refused(pool: Pool) -> None:
    tokens = pool.redeem(pool.code()).json()
    assert refused(pool.refresh("unknown"), "invalid_grant")

    def revoke(token: str) -> Any:
        return pool.http.post("/oauth2/revoke", data={"token": token, "client_id": APP_CLIENT_ID})

    assert revoke("unknown").status_code == 200
    assert refused(revoke(tokens["access_token"]), "unsupported_token_type")
    foreign = {"token": tokens["refresh_token"], "client_id": MACHINE_CLIENT_ID, "client_secret": SECRET}
    pool.http.post("/oauth2/revoke", data=foreign)
    assert pool.refresh(tokens["refresh_token"]).status_code == 200
    assert revoke(tokens["refresh_token"]).status_code == 200
    assert refused(pool.refresh(tokens["refresh_token"]), "invalid_grant")


def test_logout_returns_only_to_the_registered_place(pool: Pool) -> None:
    def logout(**query: str) -> Any:
        return pool.http.get("/logout?" + urlencode({"client_id": APP_CLIENT_ID, **query}))

    assert logout(logout_uri=REDIRECT).headers["location"] == REDIRECT
    assert logout(logout_uri="http://evil.example/").status_code == 400
    assert logout(logout_uri=REDIRECT, client_id="stranger").status_code == 400


def test_logs_name_who_but_hold_no_tokens_codes_or_secrets(pool: Pool, log: list[Any]) -> None:
    code = pool.code()
    tokens = pool.redeem(code).json()
    pool.machine()
    pool.machine(client_secret="a-wrong-guess")
    pool.redeem(code)
    output = json.dumps(log)
    for private in (
        code,
        SECRET,
        VERIFIER,
        "a-wrong-guess",
        *(tokens[name] for name in tokens if "token" in name[-5:]),
    ):
        if private != "Bearer":
            assert private not in output
    issued = [line for line in log if line["event"] == "token_issued"]
    assert [line["grant"] for line in issued] == ["authorization_code", "client_credentials"]
    assert all(line["client_id"] and line["subject"] for line in issued)
    reasons = [line["reason"] for line in log if line["event"] == "token_refused"]
    assert reasons == ["wrong_secret", "unknown_or_used_code"]


def test_process_is_ready_tells_a_taken_port_and_stops_at_once(tmp_path: Path) -> None:
    with PartProcess("identity", configured(tmp_path), DESKSIDE_MACHINE_SECRET=SECRET) as part:
        until(lambda: part.health() == 200)
        body = urlencode({"grant_type": "client_credentials"}).encode()
        request = urllib.request.Request(part.config.token_url, body, basic(MACHINE_CLIENT_ID, SECRET))
        with urllib.request.urlopen(request, timeout=5) as response:
            assert json.load(response)["token_type"] == "Bearer"
        part.tells_a_taken_port()
        part.stops_at_once()
        assert part.process.stdout is not None
        assert SECRET not in part.process.stdout.read()
