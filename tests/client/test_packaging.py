"""What can be said of the Mac app's bundle without a Mac."""

from __future__ import annotations

import plistlib
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from components.settings import Settings
from deployment.client_config import APP_FILE, configurations

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client-macos"
BUNDLE = CLIENT / "scripts/bundle.sh"
INFO: dict[str, Any] = plistlib.loads((CLIENT / "Packaging/Info.plist").read_bytes())
ENTITLEMENTS: dict[str, Any] = plistlib.loads((CLIENT / "Packaging/Deskside.entitlements").read_bytes())


def _sources(*folders: str) -> dict[str, str]:
    files = [path for folder in folders for path in sorted((CLIENT / "Sources" / folder).glob("**/*.swift"))]
    assert files
    return {str(path.relative_to(CLIENT)): path.read_text() for path in files}


def test_the_bundle_is_an_app_of_macos_15() -> None:
    manifest = (CLIENT / "Package.swift").read_text()
    assert INFO["CFBundleIdentifier"] == "dev.deskside.mac"
    assert INFO["CFBundlePackageType"] == "APPL"
    assert INFO["LSMinimumSystemVersion"] == "15.0" and ".macOS(.v15)" in manifest
    assert f'.executableTarget(name: "{INFO["CFBundleExecutable"]}"' in manifest
    assert re.fullmatch(r"\d+\.\d+\.\d+", INFO["CFBundleShortVersionString"])
    assert INFO["CFBundleVersion"].isdigit()
    assert "LSUIElement" not in INFO, "a window of its own, and a place in the Dock"


def test_the_keychain_item_bears_the_apps_identifier() -> None:
    assert f'service: "{INFO["CFBundleIdentifier"]}"' in "".join(_sources("DesksideMac").values())


def test_the_scheme_is_the_one_the_user_pool_redirects_to() -> None:
    [url_type] = INFO["CFBundleURLTypes"]
    default: list[str] = Settings.model_fields["app_callback_urls"].default
    own = [urlsplit(url).scheme for url in default if urlsplit(url).scheme not in ("http", "https")]
    assert url_type["CFBundleURLSchemes"] == own == ["deskside"]
    outputs = {
        "websocketUrl": "wss://example.com/v1",
        "signInUrl": "https://example.com",
        "appClientId": "client",
        "appCallbackUrls": default,
    }
    assert urlsplit(configurations(outputs)[APP_FILE]["redirect_uri"]).scheme == "deskside"


def test_what_the_person_is_asked_for_is_explained() -> None:
    assert "press Connect" in INFO["NSAppleEventsUsageDescription"]
    assert not [key for key in INFO if key.endswith("UsageDescription") and key != "NSAppleEventsUsageDescription"]


def test_the_app_is_entitled_to_apple_events_and_nothing_else() -> None:
    """Neither to a sandbox, in which Cisco's command line could not run, nor to a debugger, which Apple refuses."""
    assert ENTITLEMENTS == {"com.apple.security.automation.apple-events": True}


def test_the_bundle_is_hardened_signed_and_notarised() -> None:
    script = BUNDLE.read_text()
    for part in (
        "--options runtime",
        "--entitlements Packaging/Deskside.entitlements",
        "--arch arm64 --arch x86_64",
        "codesign --verify --strict",
        "xcrun notarytool submit",
        "xcrun stapler staple",
        "spctl --assess",
        "Packaging/Info.plist",
    ):
        assert part in script, part
    assert "timestamp=--timestamp\n" in script
    assert "--deep" not in script


@pytest.mark.parametrize("script", sorted((CLIENT / "scripts").glob("*.sh")), ids=lambda path: path.name)
def test_the_scripts_are_scripts(script: Path) -> None:
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in script.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--help"], 0, "Usage"),
        (["--sign"], 64, "unknown argument --sign"),
        (["--config"], 64, "--config needs a value"),
        (["--config", "/nowhere.json"], 64, "no file /nowhere.json"),
        (["--notary", "profile"], 64, "--notary needs --identity"),
    ],
)
def test_bundle_says_what_it_wants(arguments: list[str], code: int, words: str) -> None:
    done = subprocess.run([str(BUNDLE), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert words in done.stdout + done.stderr


# Decisions. What a view may do is show a state by its cases and by properties that a model has decided.

PATH = r"!?[\w.]+"
CONTROL = re.compile(r"\b(if|switch|guard|while|repeat|for|catch|try|throw|do)\b([^{\n]*)")
ALLOWED = re.compile(rf"(if (let \w+( = {PATH})?|{PATH})|switch {PATH})\s*")
OPERATORS = re.compile(r"&&|\|\||[=!]=|\?\?|\s[<>]=?\s|\s\?\s|\s[%*/+-]\s|\.\.\.|\.\.<")
SCALED = re.compile(r"CGFloat\(\w+\) \* \d+|\d+\.\.\.\d+")
"""Sizes of layout."""
CALLS = re.compile(r"\.(filter|map|compactMap|first|contains|hasPrefix|sorted|count|isEmpty == )\b[({ ]")
REACH = re.compile(
    r"\b(URLSession|URL|Process|FileManager|UserDefaults|JSONDecoder|Keychain\w*|NSWorkspace|NSApp)\(?\b"
)


def _code(source: str) -> str:
    """Without comments and texts; what a text inserts stays."""
    source = re.sub(r"//.*", "", source)
    return re.sub(r'"(?:\\.|[^"\\])*"', lambda text: " ".join(re.findall(r"\\\((.*?)\)", text[0])) or '""', source)


def decisions(source: str) -> list[str]:
    """What a file decides by itself."""
    code = _code(source)
    found = [match[0].strip() for match in CONTROL.finditer(code) if not ALLOWED.fullmatch(match[0])]
    plain = SCALED.sub("", code)
    found += [line.strip() for line in plain.splitlines() if OPERATORS.search(line)]
    found += [line.strip() for line in plain.splitlines() if CALLS.search(line) or REACH.search(line)]
    return found


@pytest.mark.parametrize(("name", "source"), _sources("Deskside").items(), ids=lambda value: Path(value[:90]).name)
def test_the_apps_files_contain_no_decisions(name: str, source: str) -> None:
    assert decisions(source) == [], name
    cases = [pattern for pattern in re.findall(r"case (.*?):", _code(source)) if "where" in pattern]
    assert cases == [], name


@pytest.mark.parametrize(
    "line",
    [
        "if chat.exchanges.count > 3 {",
        "if chat.isReady && chat.canSend {",
        "guard let client else { return }",
        "for step in steps {",
        "let title = problem ?? fallback",
        'Text(isOn ? "on" : "off")',
        "let shown = entries.filter { $0.isNew }",
        "if case .ready = chat.status {",
        "do { try send() } catch {}",
        "URLSession.shared.data(from: url)",
        "let wait = seconds * 2",
        "switch (status, isOn) {",
        'Text("\\(count == 1)")',
    ],
)
def test_a_decision_would_be_found(line: str) -> None:
    assert decisions(line)


@pytest.mark.parametrize(
    "line", ["if let hint = chat.status.hint {", "if chat.canSend {", "switch stage {", "Text(hint)"]
)
def test_showing_a_state_is_no_decision(line: str) -> None:
    assert decisions(line) == []


def test_the_apps_files_are_short() -> None:
    assert {name: lines for name, text in _sources("Deskside").items() if (lines := text.count("\n")) > 80} == {}


def test_every_apple_module_has_a_stand_in() -> None:
    """Otherwise the types of the files that only a Mac compiles are not checked here."""
    imported = {
        module
        for source in _sources("Deskside", "DesksideMac").values()
        for module in re.findall(r"^import (\w+)", source, re.MULTILINE)
    }
    stand_ins = {path.stem: path.read_text() for path in (CLIENT / "tools/stand-in").glob("*.swift")}
    assert imported - {"Foundation", "DesksideCore", "DesksideMac"} == set(stand_ins)
    checked = re.search(r"^for module in (.*); do$", (CLIENT / "scripts/typecheck-mac.sh").read_text(), re.MULTILINE)
    assert checked and set(checked[1].split()) == set(stand_ins)
    assert all("says nothing about" in text.splitlines()[0] for text in stand_ins.values())


def test_no_secret_and_no_escape_hatch_in_what_ships() -> None:
    for name, source in _sources("Deskside", "DesksideMac").items():
        code = _code(source)
        assert "@unchecked" not in code and "nonisolated(unsafe)" not in code, name
        assert not re.search(r"\btry[?!]|\bas!|\w!\.|\bprint\(|NSLog", code), name
