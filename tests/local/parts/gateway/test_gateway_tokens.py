"""Which tokens the gateway takes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import RSAKey

from local.parts import gateway
from tests.local.parts.gateway.world import World
from tests.local.parts.processes import configured


def post(world: World, token: str | None) -> httpx.Response:
    headers = {"Accept": "application/json, text/event-stream"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    return httpx.post(world.config.gateway_url, json=body, headers=headers)


def unsigned(world: World) -> str:
    """A token that asks not to be checked."""
    _, claims, _ = world.token().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": world.key.kid}).encode()).rstrip(b"=").decode()
    return f"{header}.{claims}."


REFUSED = [
    ("none", lambda world: None),
    ("garbage", lambda world: "x.y.z"),
    ("expired", lambda world: world.token(exp=int(time.time()) - 1)),
    ("no expiry", lambda world: world.token(exp=None)),
    ("other issuer", lambda world: world.token(iss="http://127.0.0.1:1/other")),
    ("other client", lambda world: world.token(client_id="someone")),
    ("id token", lambda world: world.token(token_use="id")),
    ("other key, same kid", lambda world: world.token(RSAKey.generate_key(2048, {"kid": world.key.kid}))),
    ("unsigned", unsigned),
]


@pytest.mark.parametrize("make", [make for _, make in REFUSED], ids=[name for name, _ in REFUSED])
def test_bad_tokens_are_refused(world: World, make: Callable[[World], str | None]) -> None:
    response = post(world, make(world))
    assert response.status_code == 401
    pointer = f"{world.config.url('gateway')}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{pointer}"' in response.headers["WWW-Authenticate"]
    assert httpx.get(pointer).json()["authorization_servers"] == [world.config.issuer]


def test_a_token_without_the_scope_is_refused(world: World) -> None:
    response = post(world, world.token(scope="deskside-tools/other"))
    assert response.status_code == 403
    assert "insufficient_scope" in response.headers["WWW-Authenticate"]


def test_a_good_token_is_accepted(world: World) -> None:
    assert post(world, world.token()).status_code == 200


def test_a_new_key_is_found_but_unknown_ones_do_not_flood_the_issuer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "KEY_REFRESH_SECONDS", 60.0)
    with World(configured(tmp_path)) as world:
        _rotate(world, monkeypatch)


def _rotate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(world, world.token()).status_code == 200
    assert world.key_fetches == 1
    strangers = [world.token(RSAKey.generate_key(2048, auto_kid=True)) for _ in range(3)]
    assert {post(world, token).status_code for token in strangers} == {401}
    assert world.key_fetches == 1
    fresh = RSAKey.generate_key(2048, auto_kid=True)
    world.published.append(fresh)
    assert post(world, world.token(fresh)).status_code == 401
    monkeypatch.setattr(gateway, "KEY_REFRESH_SECONDS", 0.0)
    assert post(world, world.token(fresh)).status_code == 200
    assert world.key_fetches == 2
