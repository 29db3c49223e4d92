"""The pool's signing keys: cached, refetched at a bounded rate."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.ws_manager.tokens import (
    KEYS_FRESH_SECONDS,
    REFETCH_SECONDS,
    KeySet,
    KeysUnavailableError,
    TokenRefusedError,
    TokenVerifier,
    fetch_json,
)
from tests.services.fakes import FakeClock
from tests.services.ws_manager.pool import CLIENT, ISSUER, KEY, NEXT_KEY, Jwks, document, token

OUTAGE = KeysUnavailableError("down")
USABLE = KEY.as_dict(private=False)


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(1_000.0)


@pytest.fixture
def jwks() -> Jwks:
    return Jwks(KEY)


@pytest.fixture
def keys(jwks: Jwks, time: FakeClock) -> KeySet:
    return KeySet("https://keys", jwks, time.monotonic)


@pytest.fixture
def verifier(keys: KeySet) -> TokenVerifier:
    return TokenVerifier(ISSUER, frozenset({CLIENT}), keys)


def test_keys_are_fetched_once_while_they_are_fresh(keys: KeySet, jwks: Jwks, time: FakeClock) -> None:
    for _ in range(100):
        assert keys.key("key-1").kid == "key-1"
        time.now += KEYS_FRESH_SECONDS / 100
    assert jwks.fetches == ["https://keys"]
    time.now += 1
    keys.key("key-1")
    assert len(jwks.fetches) == 2


def test_a_flood_of_unknown_key_ids_is_no_flood_of_fetches(keys: KeySet, jwks: Jwks, time: FakeClock) -> None:
    seconds = 300
    for index in range(seconds * 10):
        with pytest.raises(TokenRefusedError, match="unknown key id"):
            keys.key(f"forged-{index}")
        time.now += 0.1
    assert 2 <= len(jwks.fetches) <= seconds / REFETCH_SECONDS + 1
    # Nor does the flood lock anybody out.
    assert keys.key("key-1")


def test_a_flood_during_an_outage_is_bounded_too(keys: KeySet, jwks: Jwks, time: FakeClock) -> None:
    jwks.failure = OUTAGE
    for index in range(600):
        with pytest.raises(KeysUnavailableError):
            keys.key(f"forged-{index}")
        time.now += 0.1
    assert len(jwks.fetches) <= 60 / REFETCH_SECONDS + 1


def test_a_rotated_key_is_picked_up(verifier: TokenVerifier, jwks: Jwks, time: FakeClock) -> None:
    assert verifier.verify(token())
    jwks.document = document(KEY, NEXT_KEY)
    after_rotation = token(NEXT_KEY, {"kid": "key-2"})
    with pytest.raises(TokenRefusedError, match="unknown key id"):
        verifier.verify(after_rotation)
    time.now += REFETCH_SECONDS
    assert verifier.verify(after_rotation)
    assert verifier.verify(token())
    assert len(jwks.fetches) == 2


def test_a_withdrawn_key_is_dropped_with_the_next_fetch(verifier: TokenVerifier, jwks: Jwks, time: FakeClock) -> None:
    assert verifier.verify(token())
    jwks.document = document(NEXT_KEY)
    time.now += KEYS_FRESH_SECONDS + 1
    with pytest.raises(TokenRefusedError, match="unknown key id"):
        verifier.verify(token())


def test_an_outage_without_keys_decides_nothing(verifier: TokenVerifier, jwks: Jwks, time: FakeClock) -> None:
    jwks.failure = OUTAGE
    for _ in range(2):  # fetched, then held back
        with pytest.raises(KeysUnavailableError):
            verifier.verify(token())
    assert len(jwks.fetches) == 1
    jwks.failure = None
    time.now += REFETCH_SECONDS
    assert verifier.verify(token())


def test_an_outage_with_cached_keys_locks_nobody_out(verifier: TokenVerifier, jwks: Jwks, time: FakeClock) -> None:
    assert verifier.verify(token())
    jwks.failure = OUTAGE
    time.now += KEYS_FRESH_SECONDS * 3
    assert verifier.verify(token())
    assert verifier.verify(token())
    assert len(jwks.fetches) == 2
    with pytest.raises(TokenRefusedError):
        verifier.verify(token(NEXT_KEY, {"kid": "key-2"}))


@pytest.mark.parametrize("broken", [[], None, "keys", {}, {"keys": 3}, {"keys": {"a": 1}}], ids=str)
def test_a_document_without_keys_is_an_outage(
    keys: KeySet, verifier: TokenVerifier, jwks: Jwks, time: FakeClock, broken: object
) -> None:
    jwks.document = broken
    with pytest.raises(KeysUnavailableError):
        keys.key("key-1")
    jwks.document = document(KEY)
    time.now += REFETCH_SECONDS
    assert verifier.verify(token())
    jwks.document = broken
    time.now += KEYS_FRESH_SECONDS + 1
    assert verifier.verify(token())


@pytest.mark.parametrize(
    "entry",
    [
        5,
        {"kty": "RSA", "kid": "x"},
        {"kty": "RSA", "kid": "x", "n": "", "e": ""},
        {"kty": "RSA", "kid": "x", "n": "!!", "e": "é"},
        {"kty": "EC", "kid": "x", "crv": "P-256", "x": "AA", "y": "AA"},
        {**USABLE, "kid": 5},
        {name: value for name, value in USABLE.items() if name != "kid"},
        {**USABLE, "kid": "x", "use": "enc"},
    ],
    ids=["number", "no key", "empty", "not base64", "not on the curve", "kid is a number", "no kid", "for encryption"],
)
def test_an_unusable_entry_does_not_take_the_others_with_it(keys: KeySet, jwks: Jwks, entry: object) -> None:
    jwks.document = {"keys": [entry, USABLE]}
    assert keys.key("key-1").kid == "key-1"
    with pytest.raises(TokenRefusedError):
        keys.key("x")


# The fetch itself


class Endpoint(BaseHTTPRequestHandler):
    answers: list[tuple[int, bytes]]

    def do_GET(self) -> None:
        status, body = self.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/jwks.json"
    server.shutdown()
    thread.join()
    server.server_close()


def test_fetching(url: str) -> None:
    Endpoint.answers = [(200, b'{"keys": []}'), (500, b"oops"), (404, b"{}"), (200, b"<html>")]
    assert fetch_json(url) == {"keys": []}
    for reason in ("500", "404", "JSONDecodeError"):
        with pytest.raises(KeysUnavailableError, match=reason):
            fetch_json(url)


def test_nobody_listening_is_an_outage() -> None:
    with pytest.raises(KeysUnavailableError):
        fetch_json("http://127.0.0.1:9/jwks.json")
