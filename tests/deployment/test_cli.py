"""`make preview|up|destroy`: what they check, and what they call."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi as sdk
import pytest

from deployment import cli
from deployment.artifacts import Artifacts
from deployment.pulumi_cli import ENVIRONMENT, ROOT, PulumiCli, environment, needed_version, parts
from deployment.stack_file import StackError, chosen_stack, known_stacks, settings_of
from tests.deployment.conftest import FakePulumi

Repository = Callable[..., Path]

VPC = {"agentNetwork": "vpc"}


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that the process would have turned into."""
    calls: list[list[str]] = []

    def become(self: PulumiCli, *arguments: str) -> None:
        calls.append([str(self.folder), *arguments])

    monkeypatch.setattr(PulumiCli, "become", become)
    monkeypatch.setattr(cli, "build_packages", lambda settings: calls.append(["build", str(settings.dist_folder)]))
    return calls


def run(command: str, pulumi: FakePulumi, root: Path, interactive: bool = True, **given: str) -> None:
    cli.run(command, {"PATH": pulumi.path, **given}, interactive, root)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_without_a_stack_it_says_how_to_name_one(command: str, pulumi: FakePulumi, repository: Repository) -> None:
    with pytest.raises(StackError) as error:
        run(command, pulumi, repository(dev={}, prod={}))
    assert str(error.value) == f"STACK is not set; say which one (here: dev, prod): make {command} STACK=dev"
    assert not pulumi.calls


@pytest.mark.parametrize("stack", ["--yes", "dev; rm -rf /", "$(id)", "../dev", "a/b/c/d", "dev\nprod"])
def test_what_is_no_name_is_refused(stack: str, pulumi: FakePulumi, repository: Repository) -> None:
    with pytest.raises(StackError):
        run("up", pulumi, repository(dev={}), STACK=stack)
    assert not pulumi.calls


def test_a_stack_without_a_file(repository: Repository) -> None:
    with pytest.raises(StackError, match=r"There is no Pulumi\.qa\.yaml; write one like Pulumi\.dev\.yaml first"):
        chosen_stack("qa", "up", repository(dev={}))


def test_an_organisation_before_the_name(repository: Repository) -> None:
    root = repository(dev={"logLevel": "DEBUG"})
    assert chosen_stack("acme/dev", "up", root) == "acme/dev"
    assert settings_of("acme/deskside/dev", root).log_level == "DEBUG"


def test_without_the_cli_it_says_what_to_install(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(StackError) as error:
        cli.run("up", {"STACK": "dev", "PATH": str(tmp_path)}, True, repository(dev={}))
    said = str(error.value)
    assert "not installed" in said
    assert f"--version {needed_version()}" in said
    assert "brew install pulumi/tap/pulumi" in said


def test_an_old_cli_is_refused(pulumi: FakePulumi, repository: Repository) -> None:
    pulumi.answer("version", "v3.199.0")
    with pytest.raises(StackError, match=rf"is v3\.199\.0; this program needs {needed_version()} or newer"):
        run("up", pulumi, repository(dev={}), STACK="dev")


def test_versions_compare_as_numbers() -> None:
    assert parts("v3.1000.0") > parts("3.272.0") > parts("v3.99.1-alpha.4")
    assert parts("dev") == ()


def test_not_logged_in(pulumi: FakePulumi, repository: Repository) -> None:
    pulumi.answer("whoami", "", 255)
    with pytest.raises(StackError) as error:
        run("up", pulumi, repository(dev={}), STACK="dev")
    assert all(way in str(error.value) for way in ("file://~", "s3://BUCKET", "Pulumi Cloud"))


def test_a_stack_that_the_backend_does_not_have(pulumi: FakePulumi, repository: Repository) -> None:
    pulumi.answer("stack --stack dev", "error: no stack named 'dev' found", 255)
    with pytest.raises(StackError, match="pulumi stack init dev --secrets-provider"):
        run("preview", pulumi, repository(dev={}), STACK="dev")


def test_a_backend_that_cannot_be_read_is_not_taken_for_an_empty_one(
    pulumi: FakePulumi, repository: Repository
) -> None:
    pulumi.answer("stack --stack dev", "error: could not read: ExpiredToken", 255)
    with pytest.raises(StackError) as error:
        run("preview", pulumi, repository(dev={}), STACK="dev")
    assert "ExpiredToken" in str(error.value)
    assert "stack init" not in str(error.value)
    pulumi.answer("whoami", "error: ExpiredToken", 255)
    with pytest.raises(StackError, match="ExpiredToken"):
        run("preview", pulumi, repository(dev={}), STACK="dev")


@pytest.mark.parametrize("command", ["preview", "up"])
def test_it_builds_and_calls_the_cli(
    command: str, pulumi: FakePulumi, repository: Repository, became: list[list[str]]
) -> None:
    root = repository(dev={})
    run(command, pulumi, root, STACK="dev", ARGS="--diff --target 'urn:with space' $(id)")
    assert became == [
        ["build", "dist"],
        [str(root), command, "--stack", "dev", "--diff", "--target", "urn:with space", "$(id)"],
    ]


def test_arguments_with_an_open_quote(pulumi: FakePulumi, repository: Repository) -> None:
    with pytest.raises(StackError, match="ARGS cannot be taken apart: No closing quotation"):
        run("up", pulumi, repository(dev={}), STACK="dev", ARGS="--diff 'x")


@pytest.mark.parametrize(
    "arguments",
    ["--stack prod", "--stack=prod", "-s prod", "-sprod", "-ys prod", "--cwd /elsewhere", "-C/elsewhere", "-- x"],
)
def test_arguments_cannot_name_another_stack_than_the_one_that_was_checked(
    arguments: str, pulumi: FakePulumi, repository: Repository, became: list[list[str]]
) -> None:
    with pytest.raises(StackError, match="the stack is chosen with STACK"):
        run("destroy", pulumi, repository(dev={}, prod={"protect": True}), STACK="dev", CONFIRM="dev", ARGS=arguments)
    assert not became and not pulumi.calls


@pytest.mark.parametrize("arguments", ["--skip-preview", "-y", "-fy", "-mfixes", "--target urn:s", "-p 4", "--json"])
def test_other_arguments_go_to_the_cli_as_they_are(arguments: str) -> None:
    assert cli.arguments_of(arguments) == arguments.split()


def test_make_hands_on_what_was_typed(tmp_path: Path) -> None:
    """A resource's URN has a `$` in it, which make takes for a variable of its own."""
    named = "--target 'urn:pulumi:dev::deskside::deskside:index:Tables$aws:dynamodb/table:Table::t' $(shell id) $$"
    wanted = ("STACK", "ARGS", "CONFIRM", "PROJECT", "PROMPTS")
    recipe = f"import os, json; print(json.dumps([os.environ[n] for n in {json.dumps(wanted)}]))"
    (tmp_path / "show.py").write_text(recipe)
    (tmp_path / "Makefile").write_text(f"include {ROOT}/Makefile\nshow: ; @{sys.executable} show.py\n")
    for given in ([f"{name}={named}" for name in wanted], []):
        done = subprocess.run(
            ["make", "-s", "show", *given],
            cwd=tmp_path,
            env={**os.environ, **dict.fromkeys(wanted, named)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == [named] * len(wanted)


def test_wrong_settings_are_found_before_anything_is_called(pulumi: FakePulumi, repository: Repository) -> None:
    with pytest.raises(StackError, match=r"Pulumi\.dev\.yaml: deskside:sessionDay is not a setting"):
        run("up", pulumi, repository(dev={"sessionDay": 3}), STACK="dev")
    assert not pulumi.calls


def test_a_protected_stack_is_not_destroyed(
    pulumi: FakePulumi, repository: Repository, became: list[list[str]]
) -> None:
    with pytest.raises(StackError) as error:
        run("destroy", pulumi, repository(prod={"protect": True}), STACK="prod", CONFIRM="prod")
    said = str(error.value)
    assert said.index("pulumi config set deskside:protect false --stack prod") < said.index("make up STACK=prod")
    assert said.index("make up STACK=prod") < said.index("make destroy STACK=prod")
    assert not became and not pulumi.calls


def test_a_person_is_asked_by_pulumi(pulumi: FakePulumi, repository: Repository, became: list[list[str]]) -> None:
    root = repository(dev={})
    run("destroy", pulumi, root, STACK="dev")
    assert became == [[str(root), "destroy", "--stack", "dev"]]


def test_with_nobody_there_it_has_to_be_confirmed(
    pulumi: FakePulumi, repository: Repository, became: list[list[str]]
) -> None:
    root = repository(dev={})
    with pytest.raises(StackError, match="make destroy STACK=dev CONFIRM=dev"):
        run("destroy", pulumi, root, interactive=False, STACK="dev")
    with pytest.raises(StackError, match="CONFIRM=prod is not the stack's name"):
        run("destroy", pulumi, root, STACK="dev", CONFIRM="prod")
    run("destroy", pulumi, root, interactive=False, STACK="dev", CONFIRM="dev", ARGS="--skip-preview")
    assert became == [[str(root), "destroy", "--stack", "dev", "--yes", "--skip-preview"]]


@pytest.mark.parametrize("settings", [{}, VPC])
def test_the_wait_for_network_interfaces_is_explained(
    settings: dict[str, Any],
    pulumi: FakePulumi,
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
    became: list[list[str]],
) -> None:
    run("destroy", pulumi, repository(dev=settings), STACK="dev", CONFIRM="dev")
    assert ("up to 8 hours" in capsys.readouterr().out) is bool(settings)
    # What does not hang on the interfaces goes in the first run.
    assert ("--continue-on-error" in became[0]) is bool(settings)


def test_the_bootstrap_program_is_in_its_folder(
    pulumi: FakePulumi, repository: Repository, became: list[list[str]]
) -> None:
    root = repository(dev={})
    (root / "bootstrap").mkdir()
    (root / "bootstrap" / "Pulumi.ci.yaml").write_text("config: {}\n")
    run("up", pulumi, root, STACK="ci", PROJECT="bootstrap")
    assert became == [[str(root / "bootstrap"), "up", "--stack", "ci"]]
    with pytest.raises(StackError, match="is no Pulumi program here"):
        run("up", pulumi, root, STACK="ci", PROJECT="../elsewhere")


def test_the_environment_is_ours() -> None:
    given = {"PATH": "/usr/bin", "NODE_OPTIONS": "--require x", "PYTHONPATH": "/x", "AWS_PROFILE": "dev"}
    made = environment(given)
    assert made["PATH"].split(os.pathsep)[0] == str(ENVIRONMENT / "bin")
    assert made["UV_LOCKED"] == "1"
    assert made["UV_PROJECT_ENVIRONMENT"] == made["VIRTUAL_ENV"] == str(ENVIRONMENT)
    assert made["AWS_PROFILE"] == "dev"
    assert not {"NODE_OPTIONS", "PYTHONPATH"} & set(made)


def python(module: str, given: Mapping[str, str], pulumi: FakePulumi) -> subprocess.CompletedProcess[str]:
    kept = {"HOME": os.environ.get("HOME", "/"), "PATH": pulumi.path}
    return subprocess.run(
        [sys.executable, "-m", module, *(["destroy"] if module == "deployment.cli" else [])],
        cwd=ROOT,
        env={**kept, **given},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("code", [0, 1, 255])
def test_the_exit_code_is_the_clis(code: int, pulumi: FakePulumi) -> None:
    pulumi.answer("destroy", "gone", code)
    done = python("deployment.cli", {"STACK": "dev", "CONFIRM": "dev"}, pulumi)
    assert (done.returncode, done.stdout) == (code, "gone\n"), done.stderr
    last = pulumi.calls[-1]
    assert last["arguments"] == ["destroy", "--stack", "dev", "--yes"]
    assert last["cwd"] == str(ROOT)


def test_a_refusal_is_one_message_and_code_2(pulumi: FakePulumi) -> None:
    done = python("deployment.cli", {}, pulumi)
    assert done.returncode == 2
    assert done.stderr.startswith("STACK is not set; say which one")
    assert "Traceback" not in done.stderr


def test_the_repositorys_own_stacks_are_readable() -> None:
    assert {"dev", "prod"} <= set(known_stacks(ROOT))
    assert not settings_of("dev", ROOT).protect
    assert settings_of("prod", ROOT).protect


def test_packages_that_building_did_not_make_fresh(monkeypatch: pytest.MonkeyPatch, repository: Repository) -> None:
    """`make build` fills dist/; another folder stays as it was, and Pulumi should not be started for that."""
    done = subprocess.CompletedProcess[str]([], 0)
    monkeypatch.setattr(cli.subprocess, "run", lambda command, **_: done)
    with pytest.raises(StackError, match=r"After building: .*elsewhere"):
        cli.build_packages(settings_of("dev", repository(dev={"distFolder": "elsewhere"})))


@pytest.mark.parametrize(("fresh", "code"), [(True, 0), (False, 0), (False, 1)])
def test_stale_packages_are_built_first(
    fresh: bool, code: int, monkeypatch: pytest.MonkeyPatch, repository: Repository
) -> None:
    called: list[list[str]] = []

    def verified(_: Path) -> None:
        if not fresh and (code or not called):
            raise sdk.RunError("dist/ws-manager.zip is stale.")

    def call(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        called.append(command)
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(Artifacts, "verified", verified)
    monkeypatch.setattr(cli.subprocess, "run", call)
    settings = settings_of("dev", repository(dev={}))
    if code:
        with pytest.raises(StackError, match="could not be built"):
            cli.build_packages(settings)
    else:
        cli.build_packages(settings)
    assert called == ([] if fresh else [[sys.executable, "-m", "deployment.build"]])
