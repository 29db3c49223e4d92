"""The `$connect` authorizer, with API Gateway's event and answer shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.contract.settings import SettingsError
from services.ws_manager import authorizer
from services.ws_manager.authorizer import UnauthorizedError
from services.ws_manager.tokens import KeysUnavailableError
from tests.services.ws_manager.events import METHOD_ARN, authorizer_event
from tests.services.ws_manager.pool import CLIENT, FOREIGN_KEY, ISSUER, KEY, Jwks, claims, token

ENVIRONMENT = {
    "CONNECTIONS_TABLE": "c",
    "REQUESTS_TABLE": "r",
    "WEBSOCKET_MANAGEMENT_URL": "http://127.0.0.1:9/prod",
    "AGENT_RUNTIME_ARN": "arn",
    "AGENT_RUNTIME_QUALIFIER": "DEFAULT",
    "USER_POOL_ISSUER": ISSUER,
    "USER_POOL_CLIENT_IDS": f"the-cli, {CLIENT} ,",
}


@pytest.fixture
def jwks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jwks]:
    """The authorizer in its process, whose pool publishes KEY."""
    published = Jwks(KEY)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    real = authorizer.KeySet
    monkeypatch.setattr(authorizer, "KeySet", lambda url: real(url, published))
    authorizer._verifier.cache_clear()
    yield published
    authorizer._verifier.cache_clear()


def authorize(headers: Any) -> dict[str, Any]:
    return authorizer.handler(authorizer_event(headers), None)


def test_a_good_token_is_let_in(jwks: Jwks) -> None:
    issued = claims()
    answer = authorize({"Host": "x", "Authorization": f"Bearer {token(**issued)}"})
    assert answer == {
        "principalId": issued["sub"],
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": METHOD_ARN}],
        },
        "context": {"owner": issued["sub"], "token_expires_at": str(issued["exp"])},
    }
    assert jwks.fetches == [f"{ISSUER}/.well-known/jwks.json"]
    # API Gateway refuses contexts with anything but strings, numbers and booleans.
    assert all(isinstance(value, str) for value in answer["context"].values())


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION", "aUTHORIZATION"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_header_name_and_scheme_in_any_case(jwks: Jwks, name: str, scheme: str) -> None:
    assert authorize({name: f"{scheme} {token()}"})["principalId"]


def test_space_around_the_token_does_not_matter(jwks: Jwks) -> None:
    assert authorize({"Authorization": f"  Bearer   {token()}  "})["principalId"]


def test_each_listed_client_may_connect_and_no_other(jwks: Jwks) -> None:
    assert authorize({"Authorization": f"Bearer {token(client_id='the-cli')}"})["principalId"]
    for other in ("", " ", "the-cli, " + CLIENT):
        with pytest.raises(UnauthorizedError):
            authorize({"Authorization": f"Bearer {token(client_id=other)}"})


def refused_headers() -> list[Any]:
    return [
        None,
        {},
        {"Host": "x"},
        {"X-Authorization": f"Bearer {token()}"},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": token()},
        {"Authorization": f"Basic {token()}"},
        {"Authorization": f"Bearer {token(exp=1)}"},
        {"Authorization": f"Bearer {token(token_use='id')}"},
        {"Authorization": f"Bearer {token(FOREIGN_KEY)}"},
        {"Authorization": f"Bearer {token()}x.y"},
        {"Authorization": ["Bearer x"]},
    ]


@pytest.mark.parametrize("index", range(len(refused_headers())))
def test_a_refusal_is_exactly_the_text_api_gateway_answers_401_for(jwks: Jwks, index: int) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        authorize(refused_headers()[index])
    assert str(caught.value) == "Unauthorized"
    assert caught.value.__suppress_context__


def test_a_broken_event_is_a_refusal(jwks: Jwks) -> None:
    for event in ({}, {"headers": []}, {"headers": "x"}):
        with pytest.raises(UnauthorizedError):
            authorizer.handler(event, None)


def test_an_outage_is_not_a_refusal(jwks: Jwks, capfd: pytest.CaptureFixture[str]) -> None:
    """401 would send the person to sign in again, for nothing."""
    jwks.failure = KeysUnavailableError("https://pool answered 500")
    good = token()
    with pytest.raises(KeysUnavailableError) as caught:
        authorize({"Authorization": f"Bearer {good}"})
    assert str(caught.value) != "Unauthorized"
    assert good not in str(caught.value)
    [line] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert (line["event"], line["level"], line["reason"]) == ("connect_undecided", "error", "https://pool answered 500")


def test_nothing_of_a_token_reaches_the_logs(jwks: Jwks, capfd: pytest.CaptureFixture[str]) -> None:
    attempts = [token(), token(exp=1), token(FOREIGN_KEY), token(client_id="x"), token(header={"kid": "key-9"})]
    attempts += ["hunter2-hunter2", token() + "." + "hunter2" * 3, "a" * 9_000]
    for attempt in attempts:
        try:
            authorize({"Authorization": f"Bearer {attempt}"})
        except UnauthorizedError as refused:
            assert attempt not in str(refused)
    with pytest.raises(UnauthorizedError):
        authorize({"Authorization": "hunter2-hunter2"})
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == ["connect_authorized"] + ["connect_refused"] * len(attempts)
    assert lines[0]["service"] == "ws-authorizer"
    assert lines[0]["owner"] == claims()["sub"]
    assert {line["reason"] for line in lines[1:4]} == {"expired", "not verifiable: BadSignatureError", "wrong client"}
    for part in {part for attempt in attempts for part in attempt.split(".") if len(part) > 6}:
        assert part not in out + err
    assert "hunter2" not in out + err


def test_the_keys_are_kept_between_invocations(jwks: Jwks) -> None:
    for _ in range(5):
        authorize({"Authorization": f"Bearer {token()}"})
    assert len(jwks.fetches) == 1


def test_an_incomplete_environment_is_an_error_of_the_deployment(jwks: Jwks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("USER_POOL_CLIENT_IDS")
    with pytest.raises(SettingsError, match="USER_POOL_CLIENT_IDS"):
        authorize({"Authorization": f"Bearer {token()}"})
