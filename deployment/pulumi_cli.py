"""The Pulumi CLI as we call it: the right version, on our virtual environment, never through a shell."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from deployment.stack_file import StackError

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"

INSTALL = """The Pulumi CLI is not installed.
Install {version} or newer:
  macOS:          brew install pulumi/tap/pulumi
  Linux, macOS:   curl -fsSL https://get.pulumi.com | sh -s -- --version {version}
  others:         https://www.pulumi.com/docs/iac/download-install/
Its plugins for aws and awsx come by themselves with the first preview; Node.js is not needed."""

LOG_IN = """Pulumi is not logged in to where it keeps the stacks' state. One of:
  pulumi login file://~                      on this machine, for trying it out
  pulumi login 's3://BUCKET?region=REGION'   a bucket of yours (bootstrap/ makes one)
  pulumi login                               Pulumi Cloud
docs/deploy.md says what each needs."""

INIT = """{backend} has no stack {stack} yet. Make it once; what encrypts its secrets is chosen then:
  pulumi stack init {stack} --secrets-provider 'awskms://alias/KEY?region=REGION'   a KMS key (bootstrap/ makes one)
  pulumi stack init {stack} --secrets-provider passphrase                           a passphrase
  pulumi stack init {stack}                                                         Pulumi Cloud
and commit what it adds to Pulumi.{short}.yaml."""

UNREADABLE = """Pulumi cannot read stack {stack} from its backend ({who}). It says:
  {said}
Often the backend's credentials have expired, or PULUMI_CONFIG_PASSPHRASE is not set."""

NO_SUCH_STACK = "no stack named"
"""What the CLI says of a stack that its backend does not have (its StackNotFoundError)."""


def needed_version() -> str:
    """The version of the locked SDK: an older CLI may lack what the SDK asks of it."""
    return version("pulumi")


def parts(text: str) -> tuple[int, ...]:
    """A version as numbers that compare; empty if the text has none."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found else ()


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment in which the CLI finds our packages and leaves the lock file alone."""
    # An IDE's NODE_OPTIONS is read by the awsx plugin's built-in Node.js, too, and ends it (pulumi-awsx #955).
    kept = {name: value for name, value in given.items() if name not in ("NODE_OPTIONS", "PYTHONHOME", "PYTHONPATH")}
    return {
        **kept,
        # The Makefile put uv there; Pulumi's uv toolchain looks for it on the path.
        "PATH": os.pathsep.join([str(ENVIRONMENT / "bin"), given.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": str(ENVIRONMENT),
        "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT),
        # Pulumi runs a plain `uv sync`, which would bring a stale lock file up to date without a word.
        "UV_LOCKED": "1",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """What a command that failed said about it, on one line."""
    return " ".join(done.stderr.split())


class PulumiCli:
    """The installed CLI, in one project's folder."""

    def __init__(self, given: Mapping[str, str], folder: Path = ROOT) -> None:
        """Find it.

        Raises:
            StackError: there is none, or it is too old.
        """
        self.environment = environment(given)
        self.folder = folder
        path = shutil.which("pulumi", path=self.environment["PATH"])
        if path is None:
            raise StackError(INSTALL.format(version=needed_version()))
        self.path = path
        self.version = self._output("version") or "unknown"
        if parts(self.version) < parts(needed_version()):
            raise StackError(
                f"The Pulumi CLI is {self.version}; this program needs {needed_version()} or newer "
                "(pulumi.com/docs/iac/download-install, or `brew upgrade pulumi`)"
            )

    def _called(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # `path` comes from the search path, the arguments from here; there is no shell.
        return subprocess.run(  # noqa: S603
            [self.path, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _output(self, *arguments: str) -> str | None:
        done = self._called(*arguments)
        return done.stdout.strip() if done.returncode == 0 else None

    def json(self, *arguments: str) -> Any:
        """What a command prints as JSON; None if it fails."""
        printed = self._output(*arguments, "--json", "--non-interactive")
        try:
            return None if printed is None else json.loads(printed)
        except ValueError:
            return None

    def check_stack(self, stack: str) -> None:
        """Make sure that its state can be reached.

        Raises:
            StackError: not logged in, the backend has no such stack, or does not let us read it.
        """
        asked = self._called("whoami", "--non-interactive")
        if asked.returncode:
            # Also a backend that cannot be reached looks like this; only the CLI knows which.
            raise StackError("\n".join(filter(None, [LOG_IN, _said(asked)])))
        who = asked.stdout.strip()
        found = self._called("stack", "--stack", stack, "--show-name", "--non-interactive")
        if found.returncode and NO_SUCH_STACK in found.stderr:
            name = stack.rpartition("/")[2]
            raise StackError(INIT.format(backend=f"The backend ({who})", stack=stack, short=name))
        if found.returncode:
            raise StackError(UNREADABLE.format(stack=stack, who=who, said=_said(found) or "nothing"))

    def outputs(self, stack: str) -> dict[str, Any] | None:
        """The stack's outputs, secret ones masked; None if they cannot be had."""
        return self.json("stack", "output", "--stack", stack)

    def plugins(self) -> dict[str, list[str]]:
        """The installed resource plugins' versions by name."""
        found: dict[str, list[str]] = {}
        listed: list[dict[str, str]] = self.json("plugin", "ls") or []
        for plugin in listed:
            if plugin.get("kind") == "resource":
                found.setdefault(plugin["name"], []).append(plugin.get("version", ""))
        return found

    def become(self, *arguments: str) -> NoReturn:
        """Turn into this command: its exit code is ours, and Ctrl-C reaches it and nobody else."""
        os.chdir(self.folder)
        os.execve(self.path, [self.path, *arguments], self.environment)  # noqa: S606
