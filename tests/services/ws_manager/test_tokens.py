"""Access tokens: real RS256, and every way to cheat that is known to us."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from services.ws_manager.tokens import MAX_TOKEN_BYTES, Identity, KeySet, TokenRefusedError, TokenVerifier
from tests.services.fakes import FakeClock
from tests.services.ws_manager.pool import (
    CLIENT,
    FOREIGN_KEY,
    ISSUER,
    KEY,
    Jwks,
    b64,
    claims,
    signed,
    token,
)

CLIENTS = frozenset({CLIENT, "the-cli"})
BROKEN_HEADERS: list[object] = [
    *([], "x", 1, None, {}),
    {"kid": "key-1"},
    {"alg": None, "kid": "key-1"},
    {"alg": ["RS256"], "kid": "key-1"},
    {"alg": "RS256", "kid": "key-1", "crit": 5},
    {"alg": "RS256", "kid": "key-1", "crit": ["x"]},
    {"alg": "RS256", "kid": "key-1", "crit": ["b64"], "b64": False},
    {"alg": "RS256", "kid": "key-1", "typ": 1},
]


@pytest.fixture
def jwks() -> Jwks:
    return Jwks(KEY)


@pytest.fixture
def verifier(jwks: Jwks) -> TokenVerifier:
    return TokenVerifier(ISSUER, CLIENTS, KeySet("https://keys", jwks, FakeClock().time))


def refuse(verifier: TokenVerifier, attempt: str) -> str:
    with pytest.raises(TokenRefusedError) as caught:
        verifier.verify(attempt)
    return str(caught.value)


def test_a_good_token(verifier: TokenVerifier) -> None:
    issued = claims()
    good = jwt.encode({"alg": "RS256", "kid": "key-1"}, issued, KEY)
    assert verifier.verify(good) == Identity(issued["sub"], CLIENT, issued["exp"])
    assert verifier.verify(token(client_id="the-cli")).client_id == "the-cli"


# Claims


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": ISSUER + "2"}, "wrong issuer"),
        ({"iss": ISSUER + "/"}, "wrong issuer"),
        ({"iss": [ISSUER]}, "wrong issuer"),
        ({"iss": None}, "wrong issuer"),
        ({"token_use": "id"}, "not an access token"),
        ({"token_use": "id", "aud": CLIENT, "client_id": None}, "not an access token"),
        ({"token_use": None}, "not an access token"),
        ({"client_id": "machine-client"}, "wrong client"),
        ({"client_id": None, "aud": CLIENT}, "wrong client"),
        ({"client_id": [CLIENT]}, "wrong client"),
        ({"client_id": ""}, "wrong client"),
        ({"sub": None}, "no subject"),
        ({"sub": ""}, "no subject"),
        ({"sub": 5}, "no subject"),
        ({"exp": None}, "no expiry"),
        ({"exp": True}, "no expiry"),
        ({"exp": "9999999999"}, "no expiry"),
        ({"exp": 9999999999.5}, "no expiry"),
        ({"exp": [9999999999]}, "no expiry"),
        ({"exp": 0}, "expired"),
        ({"exp": -1}, "expired"),
    ],
)
def test_a_wrong_claim(verifier: TokenVerifier, change: dict[str, Any], reason: str) -> None:
    assert refuse(verifier, token(**change)) == reason


def test_a_token_is_good_until_it_expires(verifier: TokenVerifier) -> None:
    now = int(time.time())
    assert verifier.verify(token(exp=now + 5)).expires_at == now + 5
    assert refuse(verifier, token(exp=now)) == "expired"
    assert refuse(verifier, token(exp=now - 1)) == "expired"


# Signatures


def test_no_algorithm_means_no_entry(verifier: TokenVerifier) -> None:
    for name in ("none", "None", "NONE", ""):
        head = b64({"alg": name, "kid": "key-1", "typ": "JWT"})
        for signature in ("", b64(b"x"), token().split(".")[2]):
            refuse(verifier, f"{head}.{b64(claims())}.{signature}")


@pytest.mark.parametrize("form", ["pem", "der", "jwk", "n"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_the_public_key_is_no_hmac_secret(verifier: TokenVerifier, form: str, algorithm: str) -> None:
    """The HS/RS confusion: sign with HMAC, using what everybody can read as the secret."""
    public = KEY.as_dict(private=False)
    secret = {
        "pem": lambda: KEY.as_pem(private=False),
        "der": lambda: KEY.as_der(private=False),
        "jwk": lambda: json.dumps(public).encode(),
        "n": lambda: str(public["n"]).encode(),
    }[form]()
    forging = OctKey.import_key(b64(secret)) if form == "der" else OctKey(secret, secret)
    forged = jwt.encode({"alg": algorithm, "kid": "key-1"}, claims(), forging, algorithms=[algorithm])
    # The forgery itself is sound: whoever takes the public key as an HMAC secret lets it in.
    assert jwt.decode(forged, forging, algorithms=[algorithm]).claims["sub"] == claims()["sub"]
    refuse(verifier, forged)
    # Nor does calling it RS256 help.
    _, payload, signature = forged.split(".")
    refuse(verifier, f"{b64({'alg': 'RS256', 'kid': 'key-1'})}.{payload}.{signature}")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_of_the_right_key_are_refused(verifier: TokenVerifier, algorithm: str) -> None:
    unbound = RSAKey.import_key({name: value for name, value in KEY.as_dict(private=True).items() if name != "alg"})
    refuse(verifier, jwt.encode({"alg": algorithm, "kid": "key-1"}, claims(), unbound, algorithms=[algorithm]))


def test_another_pools_key_of_the_same_id(verifier: TokenVerifier) -> None:
    assert "BadSignatureError" in refuse(verifier, token(FOREIGN_KEY))


def test_a_key_the_token_brings_along_is_not_used(verifier: TokenVerifier) -> None:
    header = {"jwk": FOREIGN_KEY.as_dict(private=False), "jku": "https://evil/keys"}
    refuse(verifier, token(FOREIGN_KEY, header))


def test_a_tampered_payload(verifier: TokenVerifier) -> None:
    head, _, signature = token().split(".")
    refuse(verifier, f"{head}.{b64(claims(sub='somebody-else'))}.{signature}")


def test_a_tampered_header_or_signature(verifier: TokenVerifier) -> None:
    head, payload, signature = token().split(".")
    refuse(verifier, f"{b64({'kid': 'key-1', 'alg': 'RS256'})}.{payload}.{signature}")
    refuse(verifier, f"{head}.{payload}.{signature[:-8]}")
    refuse(verifier, f"{head}.{payload}.")
    refuse(verifier, f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")


@pytest.mark.parametrize("kid", [None, "", "key-9", 5, ["key-1"], {"a": 1}])
def test_a_missing_or_unknown_key_id(verifier: TokenVerifier, kid: object) -> None:
    head = b64({"alg": "RS256"} if kid is None else {"alg": "RS256", "kid": kid})
    refuse(verifier, f"{head}.{b64(claims())}.{token().split('.')[2]}")


# Rubbish


@pytest.mark.parametrize("header", BROKEN_HEADERS, ids=str)
def test_a_broken_header_is_a_refusal_and_no_crash(verifier: TokenVerifier, header: object) -> None:
    refuse(verifier, f"{b64(header)}.{b64(claims())}.{token().split('.')[2]}")
    refuse(verifier, f"{b64(header)}..")


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"null", b"{", b"\xff", b'{"exp":' + b"9" * 4_500 + b"}", b"[" * 4_000], ids=repr
)
def test_a_well_signed_payload_that_is_no_claims(verifier: TokenVerifier, payload: bytes) -> None:
    refuse(verifier, signed(payload))


@pytest.mark.parametrize(
    "attempt", ["", ".", "..", "...", "....", "a.b", "a.b.c", "é.é.é", "\ud800.a.b", "{}", "\x00", "Bearer x"], ids=repr
)
def test_what_is_no_token_at_all(verifier: TokenVerifier, attempt: str) -> None:
    refuse(verifier, attempt)


def test_a_token_that_is_too_long_is_not_even_read(verifier: TokenVerifier, jwks: Jwks) -> None:
    long = token(padding="x" * MAX_TOKEN_BYTES)
    assert refuse(verifier, long) == "token too long"
    assert jwks.fetches == []
    assert verifier.verify(token(padding="x" * 4_000))
