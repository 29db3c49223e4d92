"""The doctor's checks of this machine, and its report."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pulumi as sdk
import pytest

from deployment import doctor
from deployment.artifacts import Artifacts
from deployment.doctor import deployed, tools
from deployment.doctor.__main__ import examine, line, report, situation_of
from deployment.doctor.finding import State, fail, ok, unknown, warn
from deployment.doctor.situation import Situation
from deployment.pulumi_cli import INSTALL, LOG_IN, ROOT, PulumiCli, needed_version
from tests.deployment.conftest import FakePulumi
from tests.deployment.doctor_world import World, settings

PLUGINS = [
    {"name": "aws", "kind": "resource", "version": version("pulumi-aws")},
    {"name": "awsx", "kind": "resource", "version": version("pulumi-awsx")},
    {"name": "python", "kind": "language", "version": "1.0.0"},
]


def situation(pulumi: FakePulumi | None = None, problem: str = "") -> Situation:
    cli = PulumiCli({"PATH": pulumi.path}, ROOT) if pulumi else None
    return Situation("dev", settings(), World().client, cli, problem)


def test_this_python_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tools.python(situation()).state is State.OK
    monkeypatch.setattr(tools, "OLDEST_PYTHON", (9, 0))
    assert "Install Python 3.11 or newer" in tools.python(situation()).remedy


def test_uv_is_where_pulumi_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tools, "ENVIRONMENT", tmp_path)
    assert (tools.uv(situation()).state, "make clean" in tools.uv(situation()).remedy) == (State.FAIL, True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").touch()
    assert tools.uv(situation()).state is State.OK


def test_the_cli(pulumi: FakePulumi) -> None:
    assert tools.pulumi_cli(situation(pulumi)).said.startswith(f"CLI v{needed_version()}")
    missing = tools.pulumi_cli(situation(problem=INSTALL.format(version=needed_version())))
    assert missing.state is State.FAIL
    assert missing.said == "The Pulumi CLI is not installed."
    assert "brew install" in missing.remedy
    old = tools.pulumi_cli(situation(problem="The Pulumi CLI is v3.1.0; this program needs 3.272.0 or newer"))
    assert old.state is State.FAIL
    assert old.remedy


def test_the_stacks_state(pulumi: FakePulumi) -> None:
    assert tools.state(situation(pulumi)).state is State.OK
    assert tools.state(situation(problem="The Pulumi CLI is not installed.")).state is State.UNKNOWN
    found = tools.state(situation(pulumi, LOG_IN))
    assert found.state is State.FAIL
    assert found.said.startswith("Pulumi is not logged in")
    assert "pulumi login file://~" in found.remedy


def test_what_is_deployed_is_not_known_without_the_state(pulumi: FakePulumi) -> None:
    assert deployed.instance_metadata(situation(pulumi)).state is State.OK
    assert deployed.instance_metadata(situation(pulumi, LOG_IN)).state is State.UNKNOWN


def test_the_state_is_looked_at_before_the_outputs(pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", pulumi.path)
    assert situation_of("dev").cli_problem == ""
    pulumi.answer("whoami", "", 255)
    assert situation_of("dev").cli_problem.startswith("Pulumi is not logged in")


def test_the_plugins(pulumi: FakePulumi) -> None:
    pulumi.answer("plugin ls", json.dumps(PLUGINS))
    assert [found.state for found in tools.plugins(situation(pulumi))] == [State.OK, State.OK]
    pulumi.answer("plugin ls", json.dumps([{**PLUGINS[0], "version": "6.0.0"}]))
    aws, awsx = tools.plugins(situation(pulumi))
    assert aws.said == f"{version('pulumi-aws')} is not installed, another version is"
    assert awsx.said == f"{version('pulumi-awsx')} is not installed"
    assert f"pulumi plugin install resource awsx {version('pulumi-awsx')}" in awsx.remedy
    pulumi.answer("plugin ls", "no JSON")
    assert [found.state for found in tools.plugins(situation(pulumi))] == [State.WARN, State.WARN]
    assert tools.plugins(situation())[0].state is State.UNKNOWN


def test_stale_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def verified(_: Path) -> None:
        raise sdk.RunError("dist/ws_manager.zip is older than the sources.")

    monkeypatch.setattr(Artifacts, "verified", verified)
    found = tools.packages(situation())
    assert (found.state, found.said) == (State.WARN, "dist/ws_manager.zip is older than the sources.")
    assert "make build" in found.remedy
    monkeypatch.setattr(Artifacts, "verified", lambda _: None)
    assert tools.packages(situation()).state is State.OK


def test_the_report_says_what_it_comes_to() -> None:
    lines: list[str] = []
    findings = [ok("a", "fine"), warn("b", "soon", "wait"), unknown("c", "?", "ask"), fail("d", "no", "do\nthis")]
    assert report(findings, lines.append) == 1
    assert lines[-1] == "1 ok, 1 warn, 1 fail, 1 unknown\n"
    assert line(findings[3]).splitlines() == [
        "✗ d                         no",
        "                           → do",
        "                             this",
    ]
    assert report(findings[:3], lines.append) == 0


def test_every_check_is_run_once() -> None:
    defined = {
        (module.__name__, name)
        for module in (doctor.tools, doctor.account, doctor.region, doctor.models, doctor.quotas, doctor.deployed)
        for name, found in vars(module).items()
        if getattr(found, "__module__", "") == module.__name__
        and not name.startswith("_")
        and callable(found)
        and list(getattr(found, "__annotations__", {}).values())[:1] == [Situation]
    }
    assert sorted(defined) == sorted((check.__module__, check.__name__) for check in doctor.CHECKS)


def test_a_check_may_find_several_things() -> None:
    several = examine(situation(), [lambda _: [ok("a", "x"), ok("b", "x")], lambda _: ok("c", "x")])
    assert [found.subject for found in several] == ["a", "b", "c"]


def test_without_cli_and_credentials_it_still_reports(tmp_path: Path) -> None:
    # The proxy is a closed port: nothing can leave this machine even if there were credentials.
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "deployment.doctor"],
        cwd=ROOT,
        env={"PATH": os.defpath, "STACK": "dev", **nowhere},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "✗ pulumi" in done.stdout
    assert "✗ credentials               no AWS credentials" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_it_needs_a_stack() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deployment.doctor"],
        cwd=ROOT,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("STACK is not set")
