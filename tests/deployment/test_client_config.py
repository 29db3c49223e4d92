"""`make client-config`: files that the clients accept."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployment import client_config
from deployment.pulumi_cli import ROOT
from deployment.stack_file import StackError
from local.client.settings import ClientSettings
from tests.deployment.conftest import FakePulumi

OUTPUTS: dict[str, Any] = {
    "websocketUrl": "wss://abc123.execute-api.us-east-1.amazonaws.com/live",
    "signInUrl": "https://deskside-dev.auth.us-east-1.amazoncognito.com",
    "appClientId": "1example23456789",
    "appCallbackUrls": ["deskside://signed-in", "http://127.0.0.1:8976/"],
    "machineClientId": "2machine",
    "dashboardUrl": "https://example.com",
}


def test_both_files_are_what_clients_read(tmp_path: Path) -> None:
    app, terminal = client_config.write(OUTPUTS, tmp_path / "dev")
    assert (app.name, terminal.name) == ("deskside.json", "terminal.json")
    for path, redirect in ((app, "deskside://signed-in"), (terminal, "http://127.0.0.1:8976/")):
        settings = ClientSettings.from_file(path)
        assert settings.redirect_uri == redirect
        assert settings.websocket_url == OUTPUTS["websocketUrl"]
        assert settings.authorize_url == f"{OUTPUTS['signInUrl']}/oauth2/authorize"
        assert settings.token_url == f"{OUTPUTS['signInUrl']}/oauth2/token"
        assert settings.client_id == OUTPUTS["appClientId"]
        assert settings.scope == "openid"
        assert not settings.pageless


def test_every_key_of_the_terminals_file_is_one_that_is_read() -> None:
    terminal = client_config.configurations(OUTPUTS)["terminal.json"]
    assert set(terminal) == set(ClientSettings.model_fields) - {"pageless"}


def test_the_app_also_learns_how_to_sign_out() -> None:
    app = client_config.configurations(OUTPUTS)["deskside.json"]
    assert app["revoke_url"].endswith("/oauth2/revoke")
    assert app["logout_url"].endswith("/logout")


def test_nothing_of_the_machine_client_is_in_them() -> None:
    assert "2machine" not in json.dumps(client_config.configurations(OUTPUTS))


@pytest.mark.parametrize("name", client_config.OUTPUTS)
def test_a_missing_output_is_named(name: str) -> None:
    with pytest.raises(StackError, match=f"no output {name}; deploy it first with make up"):
        client_config.configurations({key: value for key, value in OUTPUTS.items() if key != name})


@pytest.mark.parametrize(
    ("urls", "lacking"),
    [(["http://127.0.0.1:8976/"], "of the app's own scheme"), (["deskside://signed-in"], "on loopback")],
)
def test_a_missing_callback_url_is_named(urls: list[str], lacking: str) -> None:
    with pytest.raises(StackError, match=f"appCallbackUrls has no URL {lacking}"):
        client_config.configurations({**OUTPUTS, "appCallbackUrls": urls})


def test_what_a_client_would_refuse_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make no usable configuration"):
        client_config.write({**OUTPUTS, "websocketUrl": "ws://plain.example.com"}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_from_the_command_line(
    pulumi: FakePulumi,
    repository: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = repository(dev={})
    monkeypatch.setattr(client_config, "ROOT", root)
    monkeypatch.setenv("PATH", pulumi.path)
    monkeypatch.setenv("STACK", "acme/dev")
    pulumi.answer("stack output", json.dumps(OUTPUTS))
    assert client_config.main() == 0
    assert "make chat CONFIG=client-config/dev/terminal.json" in capsys.readouterr().out
    assert ClientSettings.from_file(root / "client-config" / "dev" / "terminal.json").client_id == "1example23456789"
    pulumi.answer("stack output", "{}")
    assert client_config.main() == 2
    assert "deploy it first" in capsys.readouterr().err


def test_the_program_exports_what_is_read() -> None:
    exported = set(re.findall(r'pulumi\.export\("(\w+)"', (ROOT / "__main__.py").read_text()))
    assert set(client_config.OUTPUTS) <= exported


def test_git_ignores_them() -> None:
    assert f"{client_config.FOLDER}/" in (ROOT / ".gitignore").read_text().splitlines()
