"""A Pulumi CLI that says what it was asked, and a repository with stacks."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployment.pulumi_cli import needed_version

FAKE = """#!/usr/bin/env python3
import json, os, sys
arguments = sys.argv[1:]
plan = json.loads({plan!r})
with open({log!r}, "a") as log:
    kept = ("UV_LOCKED", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV", "NODE_OPTIONS", "PATH")
    line = {{"arguments": arguments, "cwd": os.getcwd(), "env": {{k: os.environ.get(k) for k in kept}}}}
    log.write(json.dumps(line) + "\\n")
for beginning, answer in plan.items():
    if " ".join(arguments).startswith(beginning):
        print(answer["says"], file=sys.stderr if answer["code"] and answer["says"].startswith("error") else sys.stdout)
        sys.exit(answer["code"])
sys.exit(0)
"""


class FakePulumi:
    """A `pulumi` on a search path of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.plan: dict[str, dict[str, Any]] = {}
        self.answer("version", "v" + needed_version())
        self.answer("whoami", "alex")

    def answer(self, beginning: str, says: str, code: int = 0) -> None:
        """What it prints and exits with when called like this."""
        self.plan[beginning] = {"says": says, "code": code}
        script = self.folder / "pulumi"
        script.write_text(FAKE.format(plan=json.dumps(self.plan), log=str(self.log)))
        script.chmod(script.stat().st_mode | stat.S_IEXEC)

    @property
    def path(self) -> str:
        """A search path on which it comes first."""
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What it was asked, in order."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture(autouse=True)
def _never_leave_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*command: object) -> None:
        raise AssertionError(f"would have become {command[1]}")

    monkeypatch.setattr(os, "execve", refuse)


@pytest.fixture
def pulumi(tmp_path: Path) -> FakePulumi:
    folder = tmp_path / "bin"
    folder.mkdir()
    return FakePulumi(folder)


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., Path]:
    """Writes stack files into a folder; keyword arguments are stacks' settings."""

    def make(**stacks: dict[str, Any]) -> Path:
        folder = tmp_path / "repository"
        folder.mkdir(exist_ok=True)
        for stack, settings in stacks.items():
            lines = [f"  deskside:{key}: {json.dumps(value)}" for key, value in settings.items()]
            text = "\n".join(["config:", "  aws:region: us-east-1", "  deskside:signInDomain: example", *lines])
            (folder / f"Pulumi.{stack}.yaml").write_text(text + "\n")
        return folder

    return make
