"""`make client-config`: what the Mac app and the terminal client have to know about a deployed stack.

Public addresses and a public client's id; no secret. The terminal's file is for `make chat CONFIG=…`.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deployment.pulumi_cli import ROOT, PulumiCli
from deployment.stack_file import StackError, chosen_stack, short
from local.client.settings import ClientSettings, ClientSettingsError, is_loopback

FOLDER = "client-config"
APP_FILE = "deskside.json"
TERMINAL_FILE = "terminal.json"
OUTPUTS = ("websocketUrl", "signInUrl", "appClientId", "appCallbackUrls")
"""The stack's outputs that are read."""
SCOPE = "openid"
"""What both clients ask for. It names the person; there is nothing else to permit."""


def configurations(outputs: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The content of each file, by its name.

    Args:
        outputs: of the deployed stack.

    Raises:
        StackError: an output is missing, or there is no callback URL for a client.
    """
    missing = [name for name in OUTPUTS if not outputs.get(name)]
    if missing:
        raise StackError(f"The stack has no output {', '.join(missing)}; deploy it first with make up")
    sign_in = str(outputs["signInUrl"]).rstrip("/")
    callbacks: list[str] = outputs["appCallbackUrls"]
    app = [url for url in callbacks if urlsplit(url).scheme not in ("http", "https")]
    loopback = [url for url in callbacks if is_loopback(url)]
    if not app or not loopback:
        kind = "of the app's own scheme" if not app else "on loopback"
        raise StackError(f"deskside:appCallbackUrls has no URL {kind}; add one and run make up")
    common = {
        "websocket_url": str(outputs["websocketUrl"]),
        "authorize_url": f"{sign_in}/oauth2/authorize",
        "token_url": f"{sign_in}/oauth2/token",
        "client_id": str(outputs["appClientId"]),
        "scope": SCOPE,
    }
    # For signing out: the refresh token is revoked, and the browser's session ended.
    leaving = {"revoke_url": f"{sign_in}/oauth2/revoke", "logout_url": f"{sign_in}/logout"}
    return {
        APP_FILE: {**common, **leaving, "redirect_uri": app[0]},
        TERMINAL_FILE: {**common, "redirect_uri": loopback[0]},
    }


def write(outputs: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the files, and read them back as the client does.

    Raises:
        StackError: the outputs do not make a configuration that a client accepts.
    """
    contents = configurations(outputs)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, content in contents.items():
        path, draft = folder / name, folder / f".{name}"
        draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        try:
            ClientSettings.from_file(draft)
        except ClientSettingsError as error:
            draft.unlink()
            raise StackError(f"The stack's outputs make no usable configuration: {error}") from None
        draft.replace(path)
        written.append(path)
    return written


def main() -> int:
    """Run from a command line; STACK comes from the environment."""
    try:
        stack = chosen_stack(os.environ.get("STACK"), "client-config", ROOT)
        cli = PulumiCli(os.environ)
        cli.check_stack(stack)
        paths = write(cli.outputs(stack) or {}, ROOT / FOLDER / short(stack))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    app, terminal = (path.relative_to(ROOT) for path in paths)
    sys.stdout.write(f"{app}  for the Mac app\n{terminal}  for the terminal: make chat CONFIG={terminal}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
