"""Signing in: PKCE, state, refresh, and that no token shows."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import aiohttp
import pytest

from local.client.settings import ClientSettings, ClientSettingsError
from local.client.signin import Pkce, SignIn, SignInRefusedError, SignInUnavailableError
from local.config import LocalConfig
from tests.local.client.client_fakes import FakeSystem


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_signs_in_with_a_checked_verifier(fake: FakeSystem) -> None:
    token = await SignIn(fake.settings, person="alex").access_token()
    assert token in fake.issuer.valid
    assert fake.issuer.people == ["alex"]
    assert fake.issuer.grants == ["authorization_code"]


def test_pkce_matches_the_rfc_example() -> None:
    pkce = Pkce("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert pkce.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert 43 <= len(Pkce().verifier) <= 128
    assert Pkce().verifier != Pkce().verifier


async def test_wrong_verifier_is_refused(fake: FakeSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pkce, "challenge", "0" * 43)
    with pytest.raises(SignInRefusedError):
        await SignIn(fake.settings).access_token()


async def test_expired_code_is_refused(fake: FakeSystem) -> None:
    fake.issuer.codes_expire = True
    with pytest.raises(SignInRefusedError, match="400"):
        await SignIn(fake.settings).access_token()


async def test_foreign_state_is_refused(fake: FakeSystem) -> None:
    fake.issuer.state_override = "someone-elses"
    with pytest.raises(SignInRefusedError, match="state"):
        await SignIn(fake.settings).access_token()
    assert fake.issuer.grants == [], "the code must not be redeemed"


async def test_error_of_the_issuer_is_named(fake: FakeSystem) -> None:
    fake.issuer.error = "access_denied"
    with pytest.raises(SignInRefusedError, match="access_denied"):
        await SignIn(fake.settings).access_token()


async def test_token_is_kept_until_shortly_before_expiry_then_refreshed(fake: FakeSystem) -> None:
    clock = Clock()
    signin = SignIn(fake.settings, clock=clock)
    first = await signin.access_token()
    clock.now += 3600 - 61
    assert await signin.access_token() == first
    clock.now += 2
    assert await signin.access_token() != first
    assert fake.issuer.grants == ["authorization_code", "refresh_token"]


async def test_concurrent_callers_share_one_sign_in(fake: FakeSystem) -> None:
    signin = SignIn(fake.settings)
    tokens = await asyncio.gather(*(signin.access_token() for _ in range(5)))
    assert len(set(tokens)) == 1
    assert fake.issuer.grants == ["authorization_code"]


async def test_refresh_token_stays_good_when_the_issuer_does_not_rotate_it(fake: FakeSystem) -> None:
    fake.issuer.rotates = False
    signin = SignIn(fake.settings)
    for _ in range(3):
        await signin.access_token(fresh=True)
    assert fake.issuer.grants == ["authorization_code", "refresh_token", "refresh_token"]


async def test_revoked_refresh_token_leads_to_a_new_sign_in(fake: FakeSystem) -> None:
    signin = SignIn(fake.settings)
    await signin.access_token()
    fake.issuer.refresh_tokens.clear()
    assert await signin.access_token(fresh=True) in fake.issuer.valid
    assert fake.issuer.grants == ["authorization_code", "refresh_token", "authorization_code"]


async def test_failing_issuer_is_unavailable_and_keeps_the_refresh_token(fake: FakeSystem) -> None:
    signin = SignIn(fake.settings)
    await signin.access_token()
    fake.issuer.token_status = 503
    with pytest.raises(SignInUnavailableError):
        await signin.access_token(fresh=True)
    fake.issuer.token_status = 200
    await signin.access_token(fresh=True)
    assert fake.issuer.grants[-1] == "refresh_token"


async def test_unreachable_issuer_is_unavailable(fake: FakeSystem) -> None:
    settings = fake.settings.model_copy(update={"authorize_url": "http://127.0.0.1:1/authorize"})
    with pytest.raises(SignInUnavailableError):
        await SignIn(settings).access_token()


async def test_tokens_do_not_show(fake: FakeSystem, capfd: pytest.CaptureFixture[str]) -> None:
    signin = SignIn(fake.settings)
    token = await signin.access_token()
    assert token not in repr(signin._tokens)
    assert token not in "".join(capfd.readouterr())


async def test_browser_sign_in_through_the_loopback_redirect(fake: FakeSystem) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    redirect = f"http://127.0.0.1:{port}/callback"
    settings = fake.settings.model_copy(update={"pageless": False, "redirect_uri": redirect})
    loop, statuses = asyncio.get_running_loop(), list[int]()

    async def browse(url: str) -> None:
        async with aiohttp.ClientSession() as browser:
            # A page elsewhere tries to slip its own code in: turned away, and the sign-in goes on.
            async with browser.get(f"{redirect}?code=forged&state=guessed") as forged:
                statuses.append(forged.status)
            async with browser.get(url) as page:
                statuses.append(page.status)
                assert "close this window" in await page.text()

    pages: list[asyncio.Task[None]] = []
    signin = SignIn(
        settings,
        open_browser=lambda url: loop.call_soon_threadsafe(lambda: pages.append(loop.create_task(browse(url)))),
    )
    assert await signin.access_token() in fake.issuer.valid
    await asyncio.gather(*pages)
    assert statuses == [400, 200]


async def test_browser_sign_in_gives_up(fake: FakeSystem) -> None:
    settings = fake.settings.model_copy(update={"pageless": False, "redirect_uri": "http://127.0.0.1:0/callback"})
    with pytest.raises(SignInRefusedError, match="in time"):
        await SignIn(settings, open_browser=lambda _: None, browser_timeout=0.02).access_token()


async def test_browser_sign_in_needs_a_loopback_redirect(fake: FakeSystem) -> None:
    settings = fake.settings.model_copy(update={"pageless": False, "redirect_uri": "myapp://callback"})
    with pytest.raises(SignInRefusedError, match="redirect_uri"):
        await SignIn(settings).access_token()


DEPLOYED = {
    "websocket_url": "wss://abc.execute-api.us-east-1.amazonaws.com/live",
    "authorize_url": "https://desk.auth.us-east-1.amazoncognito.com/oauth2/authorize",
    "token_url": "https://desk.auth.us-east-1.amazoncognito.com/oauth2/token",
    "client_id": "abc",
    "redirect_uri": "http://localhost:8765/callback",
}


def test_settings_of_a_deployed_system(tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps({**DEPLOYED, "newer": 1}))
    settings = ClientSettings.from_file(file)
    assert settings.client_id == "abc"
    assert not settings.pageless


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"client_id": None}, "client_id"),
        ({"websocket_url": "ws://example.com/live"}, "websocket_url"),
        ({"token_url": "http://example.com/token"}, "token_url"),
        ({"authorize_url": "nonsense"}, "authorize_url"),
    ],
)
def test_faulty_settings_are_named(tmp_path: Path, change: dict[str, object], named: str) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps({**DEPLOYED, **change}))
    with pytest.raises(ClientSettingsError, match=named):
        ClientSettings.from_file(file)


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_unreadable_settings_are_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "client.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ClientSettingsError, match=r"client\.json"):
        ClientSettings.from_file(file)


def test_settings_of_the_local_stack(tmp_path: Path) -> None:
    config = LocalConfig(state=tmp_path, base_port=9100)
    settings = ClientSettings.local(config)
    assert settings.websocket_url == config.websocket_url
    assert settings.pageless
