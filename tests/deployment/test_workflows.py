"""The workflows: well-formed, pinned, with the least permissions, and in the right order."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployment.pulumi_cli import ENVIRONMENT, ROOT, needed_version
from deployment.stack_file import known_stacks, settings_of

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
FILES = WORKFLOWS + ACTIONS

PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
LOCAL = re.compile(r"uses: \./\.github/(actions/[\w-]+|workflows/[\w-]+\.yml)")
WRITES = {"id-token", "pull-requests"}

PULUMI = "pulumi/actions"


def load(name: str) -> dict[str, Any]:
    content = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    # YAML reads the key `on` as true.
    content["on"] = content.pop(True)
    return content


def steps(job: dict[str, Any], action: str) -> Iterator[dict[str, Any]]:
    return (step for step in job.get("steps", []) if step.get("uses", "").startswith(action))


def deploying() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in load(path.stem)["jobs"].items():
            if list(steps(job, PULUMI)):
                yield path.stem, name, job


DEPLOYING = list(deploying())


def test_there_is_something_to_look_at() -> None:
    assert {path.stem for path in WORKFLOWS} == {"checks", "pull-request", "main", "drift"}
    assert [(workflow, job) for workflow, job, _ in DEPLOYING] == [
        ("drift", "drift"),
        ("main", "dev"),
        ("main", "prod"),
        ("pull-request", "preview"),
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_it_is_what_github_reads(path: Path) -> None:
    schema = "vendor.github-workflows" if path in WORKFLOWS else "vendor.github-actions"
    done = subprocess.run(
        [str(ENVIRONMENT / "bin" / "check-jsonschema"), "--builtin-schema", schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_security_linter_finds_nothing() -> None:
    done = subprocess.run(
        [
            str(ENVIRONMENT / "bin" / "zizmor"),
            "--offline",
            "--no-progress",
            "--config",
            ".github/zizmor.yml",
            ".github",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text().splitlines()]
    for line in lines:
        if line.startswith("uses:"):
            assert PINNED.fullmatch(line) or LOCAL.fullmatch(line), line
            if LOCAL.fullmatch(line):
                target = ROOT / line.removeprefix("uses: ./")
                assert target.is_file() or (target / "action.yml").is_file()


def test_one_version_of_each_action() -> None:
    used = set(re.findall(r"uses: ([\w-]+/[\w-]+)@(\S+ # \S+)", "\n".join(path.read_text() for path in FILES)))
    assert len({action for action, _ in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_given_job_by_job(path: Path) -> None:
    workflow = load(path.stem)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        given = job["permissions"]
        assert given["contents"] == "read", name
        assert {key for key, value in given.items() if value == "write"} <= WRITES
        assert ("id-token" in given) is bool(list(steps(job, PULUMI)))
    assert all("pull-requests" not in job["permissions"] for _, name, job in DEPLOYING if name != "preview")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_foreign_code_with_our_rights(path: Path) -> None:
    text = path.read_text()
    assert "pull_request_target" not in text
    assert "workflow_run" not in text
    assert "secrets." not in text
    assert "secrets: inherit" not in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_from_outside_reaches_a_shell(path: Path) -> None:
    def scripts(found: Any) -> Iterator[str]:
        if isinstance(found, dict):
            yield from (str(value) for key, value in found.items() if key == "run")
            for value in found.values():
                yield from scripts(value)
        elif isinstance(found, list):
            for value in found:
                yield from scripts(value)

    assert not [script for script in scripts(yaml.safe_load(path.read_text())) if "${{" in script]


def test_forks_get_checks_and_no_more() -> None:
    jobs = load("pull-request")["jobs"]
    assert "if" not in jobs["checks"]
    condition = jobs["preview"]["if"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in condition
    assert "||" not in condition
    assert set(load("pull-request")["on"]) == {"pull_request"}


def test_the_order() -> None:
    main = load("main")
    assert main["on"] == {"push": {"branches": ["main"]}}
    assert main["jobs"]["dev"]["needs"] == "checks"
    assert main["jobs"]["prod"]["needs"] == "dev"
    assert load("pull-request")["jobs"]["preview"]["needs"] == "checks"
    assert set(load("drift")["on"]) == {"schedule", "workflow_dispatch"}


def test_up_waits_for_its_environment_and_for_others() -> None:
    for _, stack, job in DEPLOYING:
        for step in steps(job, PULUMI):
            if step["with"]["command"] == "up":
                assert job["environment"] == stack
                assert job["concurrency"] == {"group": f"pulumi-{stack}", "cancel-in-progress": False}
                assert step["with"]["stack-name"].endswith(f"}}}}{stack}")


def test_what_each_job_calls() -> None:
    called = {name: step["with"] for _, name, job in DEPLOYING for step in steps(job, PULUMI)}
    assert {name: given["command"] for name, given in called.items()} == {
        "drift": "preview",
        "dev": "up",
        "prod": "up",
        "preview": "preview",
    }
    assert called["preview"]["comment-on-pr"] is True
    assert called["drift"]["refresh"] is True
    assert called["drift"]["expect-no-changes"] is True


@pytest.mark.parametrize(("workflow", "name", "job"), DEPLOYING, ids=lambda each: each if isinstance(each, str) else "")
def test_locked_packages_are_there_before_pulumi(workflow: str, name: str, job: dict[str, Any]) -> None:
    order = [step.get("uses", "").partition("@")[0] for step in job["steps"]]
    assert order == ["actions/checkout", "./.github/actions/prepare", "./.github/actions/sign-in", PULUMI]
    assert job["env"]["UV_LOCKED"] == "1"
    assert job["timeout-minutes"] <= 120
    (step,) = steps(job, PULUMI)
    assert step["with"]["pulumi-version"] == needed_version()
    assert step["with"]["cloud-url"] == "${{ vars.PULUMI_BACKEND_URL }}"


def test_prepare_installs_what_is_locked_and_builds() -> None:
    text = (ROOT / ".github" / "actions" / "prepare" / "action.yml").read_text()
    assert text.index("uv sync --locked") < text.index("make build")
    pinned = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert pinned
    assert f'version: "{pinned[1]}"' in text


def test_every_stack_is_in_every_matrix_with_its_region() -> None:
    regions = {stack: settings_of(stack, ROOT).region for stack in known_stacks(ROOT)}
    for workflow in ("pull-request", "drift"):
        (job,) = (job for name, _, job in DEPLOYING if name == workflow)
        assert {each["stack"]: each["region"] for each in job["strategy"]["matrix"]["include"]} == regions
    for stack, region in regions.items():
        (signing,) = steps(load("main")["jobs"][stack], "./.github/actions/sign-in")
        assert signing["with"]["region"] == region


def test_checks_are_what_anybody_can_run() -> None:
    (job,) = load("checks")["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
