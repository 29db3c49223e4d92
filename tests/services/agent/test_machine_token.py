"""The machine token, fetched over real HTTP."""

from __future__ import annotations

import base64
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from structlog.testing import capture_logs

from services.agent import machine_token
from services.agent.machine_token import BearerAuth, MachineToken, TokenUnavailableError
from tests.services.agent.servers import CLIENT_ID, SCOPE, SECRET, TokenServer
from tests.services.fakes import client_error


class Clock:
    """time.monotonic in the test's hands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(machine_token.time, "monotonic", lambda: self.now)


def test_asks_as_cognito_wants_to_be_asked(token_server: TokenServer) -> None:
    assert token_server.token().get() == "token-1"
    [(authorization, form)] = token_server.requests
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT_ID}:{SECRET}"
    assert form == {"grant_type": "client_credentials", "scope": SCOPE}


def test_one_fetch_serves_many_calls_of_many_threads(token_server: TokenServer) -> None:
    token_server.seconds = 0.05
    token = token_server.token()
    with ThreadPoolExecutor(16) as pool:
        tokens = list(pool.map(lambda _: token.get(), range(200)))
    assert set(tokens) == {"token-1"}
    assert len(token_server.requests) == 1


@pytest.mark.parametrize(("lifetime", "early"), [(3600, 60.0), (300, 30.0), (20, 2.0)])
def test_is_replaced_shortly_before_it_expires(
    token_server: TokenServer, monkeypatch: pytest.MonkeyPatch, lifetime: int, early: float
) -> None:
    token_server.lifetime = lifetime
    clock = Clock(monkeypatch)
    token = token_server.token()
    token.get()
    clock.now += lifetime - early - 0.1
    assert token.get() == "token-1"
    clock.now += 0.2
    assert token.get() == "token-2"
    assert token.get() == "token-2"


def test_a_refused_token_is_replaced_once_for_all_who_held_it(token_server: TokenServer) -> None:
    token = token_server.token()
    held = token.get()
    with ThreadPoolExecutor(8) as pool:
        fresh = list(pool.map(lambda _: token.get(rejected=held), range(8)))
    assert set(fresh) == {"token-2"}
    assert len(token_server.requests) == 2


@pytest.mark.parametrize("status", [400, 401])
def test_the_secret_is_read_again_after_a_refusal(token_server: TokenServer, status: int) -> None:
    secrets = iter(["rotated-away", SECRET])
    token_server.instead.append((status, '{"error": "invalid_client"}'))
    assert token_server.token(lambda: next(secrets)).get() == "token-1"
    sent = [base64.b64decode(header.removeprefix("Basic ")).decode() for header, _ in token_server.requests]
    assert sent == [f"{CLIENT_ID}:rotated-away", f"{CLIENT_ID}:{SECRET}"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, '{"error": "forbidden"}'),
        (200, "not json"),
        (200, "[]"),
        (200, '{"access_token": 7, "expires_in": 3600}'),
        (200, '{"access_token": "t"}'),
        (200, '{"access_token": "t", "expires_in": "soon"}'),
    ],
)
def test_no_token_is_a_typed_error_and_is_not_remembered(token_server: TokenServer, status: int, body: str) -> None:
    token_server.instead.append((status, body))
    token = token_server.token()
    with pytest.raises(TokenUnavailableError):
        token.get()
    assert token.get() == "token-1"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_tried_again(token_server: TokenServer, status: int) -> None:
    token_server.instead.extend([(status, "{}")] * 2)
    assert token_server.token().get() == "token-1"
    assert len(token_server.requests) == 3


def test_a_server_error_without_end_is_a_typed_error(token_server: TokenServer) -> None:
    token_server.instead.extend([(500, "{}")] * 3)
    token = token_server.token()
    with pytest.raises(TokenUnavailableError):
        token.get()
    assert len(token_server.requests) == 3
    assert token.get() == "token-1"


# A refresh that fails while the old token is still good


FAULTS = [[(400, '{"error": "invalid_client"}')] * 2, [(503, "{}")] * 3, [(200, "not json")]]


@pytest.mark.parametrize("answers", FAULTS, ids=["refused", "down", "garbage"])
def test_a_token_that_is_still_good_is_kept(
    token_server: TokenServer, monkeypatch: pytest.MonkeyPatch, answers: list[tuple[int, str]]
) -> None:
    clock = Clock(monkeypatch)
    token = token_server.token()
    token.get()
    clock.now += 3_600 - 30
    token_server.instead.extend(answers)
    with capture_logs() as lines:
        assert token.get() == "token-1"
    assert [line["event"] for line in lines] == ["machine_token_kept"]
    asked = len(token_server.requests)
    assert token.get() == "token-1"
    assert len(token_server.requests) == asked, "asked again at once"
    clock.now += machine_token.RETRY_SECONDS
    assert token.get() == "token-2"


def test_a_token_is_kept_when_the_secret_cannot_be_read(
    token_server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    readable = [True, False, True]

    def secret() -> str:
        if readable.pop(0):
            return SECRET
        raise client_error("ThrottlingException", 429)

    token = token_server.token(secret)
    token.get()
    clock.now += 3_600 - 30
    assert token.get() == "token-1"
    clock.now += machine_token.RETRY_SECONDS
    assert token.get() == "token-2"


@pytest.mark.parametrize("why", ["expired", "rejected"])
def test_one_that_is_no_longer_good_is_not_kept(
    token_server: TokenServer, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    clock = Clock(monkeypatch)
    token = token_server.token()
    held = token.get()
    token_server.instead.extend([(400, "{}")] * 2)
    if why == "expired":
        clock.now += 3_600
    with pytest.raises(TokenUnavailableError):
        token.get(rejected=held if why == "rejected" else None)


def test_errors_and_logs_hold_no_secret(token_server: TokenServer) -> None:
    basic = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
    token_server.secret = "something else"
    with capture_logs() as lines:
        with pytest.raises(TokenUnavailableError) as refused:
            token_server.token().get()
        token_server.secret = SECRET
        token_server.token().get()
    told = f"{refused.value!r} {refused.value.__cause__!r} {lines!r}"
    assert "401 invalid_client" in told
    assert any(line["event"] == "machine_token_fetched" for line in lines)
    assert not any(secret in told for secret in (SECRET, basic, "token-1"))


def test_an_unreachable_endpoint_is_a_typed_error_without_a_secret() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        # Bound and not listening: connections are refused.
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/oauth2/token"
        with pytest.raises(TokenUnavailableError) as failed:
            MachineToken(url, CLIENT_ID, lambda: SECRET, SCOPE).get()
    assert SECRET not in repr(failed.value)
    assert failed.value.__suppress_context__


async def test_bearer_auth_puts_the_token_on_each_request(token_server: TokenServer) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        return httpx.Response(200)

    auth = BearerAuth(token_server.token())
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
        for _ in range(3):
            assert (await client.get("http://gateway.test/mcp")).status_code == 200
    assert sent == ["Bearer token-1"] * 3
    assert len(token_server.requests) == 1


async def test_bearer_auth_repeats_a_401_once_with_a_fresh_token(token_server: TokenServer) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        return httpx.Response(200 if sent[-1] == "Bearer token-2" else 401)

    auth = BearerAuth(token_server.token())
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
        assert (await client.post("http://gateway.test/mcp", content=b"{}")).status_code == 200
        assert (await client.post("http://gateway.test/mcp", content=b"{}")).status_code == 200
    assert sent == ["Bearer token-1", "Bearer token-2", "Bearer token-2"]


async def test_bearer_auth_gives_up_after_a_second_401(token_server: TokenServer) -> None:
    requests = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        return httpx.Response(401)

    auth = BearerAuth(token_server.token())
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
        assert (await client.get("http://gateway.test/mcp")).status_code == 401
    assert requests == 2


@pytest.mark.parametrize("fault", ["endpoint", "secret", "bug"])
async def test_bearer_auth_goes_without_a_token_rather_than_raise(token_server: TokenServer, fault: str) -> None:
    """An error in there would end the MCP session with every call on it."""
    sent: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("Authorization"))
        return httpx.Response(401)

    def secret() -> str:
        if fault == "secret":
            raise client_error("AccessDeniedException", 403)
        if fault == "bug":
            raise RuntimeError("odd")
        return SECRET

    token_server.instead.extend([(400, "{}")] * 4)
    auth = BearerAuth(token_server.token(secret))
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
        assert (await client.get("http://gateway.test/mcp")).status_code == 401
    assert sent == [None]


async def test_bearer_auth_whose_token_is_refused_and_cannot_be_replaced_ends_with_the_401(
    token_server: TokenServer,
) -> None:
    sent: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("Authorization"))
        return httpx.Response(401)

    token = token_server.token()
    token.get()
    token_server.instead.extend([(400, "{}")] * 2)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=BearerAuth(token)) as client:
        assert (await client.get("http://gateway.test/mcp")).status_code == 401
    assert sent == ["Bearer token-1"]
