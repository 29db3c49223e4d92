"""`docs/deploy.md` against the program: settings, defaults, outputs, targets, variables."""

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from bootstrap.settings import Settings as BootstrapSettings
from components.settings import Settings
from deployment.pulumi_cli import ROOT, needed_version

TEXT = (ROOT / "docs" / "deploy.md").read_text()
SETTINGS = dict(re.findall(r"^\| `([\w:]+)` \| ([^|]+?) \|", TEXT, re.MULTILINE))
EXPORTS = re.compile(r'pulumi\.export\("(\w+)"')


def shown(default: Any) -> str:
    """A default as the table writes it."""
    if default is None:
        return "none"
    if default == "":
        return "empty"
    if isinstance(default, StrEnum | Path | str):
        return f"`{default}`"
    return f"`{json.dumps(default)}`"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_there_with_its_default(name: str) -> None:
    field = Settings.model_fields[name]
    key = "aws:region" if name == "region" else field.alias
    assert key in SETTINGS
    expected = "required" if field.is_required() else shown(field.get_default(call_default_factory=True))
    assert SETTINGS[key] == expected


def test_no_setting_is_there_that_does_not_exist() -> None:
    table = TEXT[TEXT.index("| key (`deskside:`)") :].partition("\n\n")[0]
    known = {field.alias for field in Settings.model_fields.values()} | {"aws:region"}
    assert set(re.findall(r"^\| `([\w:]+)`", table, re.MULTILINE)) <= known


def test_the_bootstraps_settings_are_there() -> None:
    table = TEXT[TEXT.index("| key (`deskside-bootstrap:`)") :].partition("\n\n")[0]
    for name in BootstrapSettings.__dataclass_fields__:
        first, *rest = name.split("_")
        key = first + "".join("ARN".capitalize() if word == "arn" else word.capitalize() for word in rest)
        assert name == "region" or f"`{key}`" in table


def test_every_output_is_named_and_every_name_is_one() -> None:
    program = set(EXPORTS.findall((ROOT / "__main__.py").read_text()))
    assert [name for name in program if f"`{name}`" not in TEXT] == []
    read = set(re.findall(r"pulumi stack output (\w+)", TEXT))
    assert read <= program
    for name in EXPORTS.findall((ROOT / "bootstrap" / "__main__.py").read_text()):
        assert f"`{name}`" in TEXT


def test_every_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|[`(])make ([a-z-]+)", TEXT, re.MULTILINE))
    assert {"build", "preview", "up", "destroy", "doctor", "client-config", "chat"} <= named
    assert named <= targets


def test_every_variable_of_the_workflows_is_explained() -> None:
    files = (ROOT / ".github").rglob("*.yml")
    used = {name for path in files for name in re.findall(r"vars\.(\w+)", path.read_text())}
    assert [name for name in used if f"`{name}`" not in TEXT] == []


def test_the_clis_version() -> None:
    assert f"{needed_version()} or newer" in TEXT


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
    anchors = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", TEXT, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
