"""Checks of this machine: what `make up` runs with."""

import platform
import sys

import pulumi

from deployment.doctor.finding import Finding, fail, ok, unknown, warn
from deployment.doctor.situation import Situation
from deployment.pulumi_cli import ENVIRONMENT, needed_version, parts

OLDEST_PYTHON = (3, 11)

PLUGINS = {"aws": "pulumi-aws", "awsx": "pulumi-awsx"}
"""The resource plugins, and the Python packages whose version they have to have."""


def python(_: Situation) -> Finding:
    """The interpreter."""
    running = platform.python_version()
    if sys.version_info[:2] < OLDEST_PYTHON:
        return fail("python", f"Python {running}", "Install Python 3.11 or newer, then make clean and try again")
    return ok("python", f"Python {running}")


def uv(_: Situation) -> Finding:
    """Pulumi's uv toolchain calls it."""
    if (ENVIRONMENT / "bin" / "uv").exists():
        return ok("uv", "in .venv, where Pulumi finds it")
    return fail("uv", "not in .venv", "Run make clean, then the same again: the Makefile installs it")


def pulumi_cli(situation: Situation) -> Finding:
    """The CLI, as new as the SDK."""
    if situation.cli is None:
        said, _, remedy = situation.cli_problem.partition("\n")
        return fail("pulumi", said, remedy or f"Install Pulumi {needed_version()} or newer")
    return ok("pulumi", f"CLI {situation.cli.version}, program's SDK {needed_version()}")


def state(situation: Situation) -> Finding:
    """The backend: logged in to, readable, and with the stack."""
    if situation.cli is None:
        return unknown("stack's state", "there is no CLI to ask", "Install it first")
    if situation.cli_problem:
        said, _, remedy = situation.cli_problem.partition("\n")
        return fail("stack's state", said, remedy)
    return ok("stack's state", "the backend has the stack, and lets us read it")


def plugins(situation: Situation) -> list[Finding]:
    """Plugins of the SDK packages' versions. A missing one is downloaded by the first preview."""
    from importlib.metadata import version

    if situation.cli is None:
        return [unknown("plugins", "there is no CLI to ask", "Install it first")]
    installed = situation.cli.plugins()
    findings: list[Finding] = []
    for name, package in PLUGINS.items():
        wanted, subject = version(package), f"plugin {name}"
        have = [parts(each) for each in installed.get(name, [])]
        if parts(wanted) in have:
            findings.append(ok(subject, wanted))
        else:
            said = f"{wanted} is not installed" + (", another version is" if have else "")
            remedy = (
                f"make preview downloads it; without access to Pulumi's: pulumi plugin install resource {name} {wanted}"
            )
            findings.append(warn(subject, said, remedy))
    return findings


def packages(situation: Situation) -> Finding:
    """The Lambda packages and the agent's source."""
    from deployment.artifacts import Artifacts

    folder = situation.settings.dist_folder
    try:
        Artifacts.verified(folder)
    except pulumi.RunError as problem:
        return warn("packages", str(problem), "make build; make up does it by itself")
    return ok("packages", f"fresh in {folder}/")
