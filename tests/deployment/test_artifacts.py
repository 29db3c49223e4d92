"""Nothing is deployed from packages that are missing, damaged, out of date or made for tests."""

from __future__ import annotations

import json
import time
from pathlib import Path

import grpc
import pulumi
import pytest
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub

from deployment import packages
from deployment.archive import write_zip
from deployment.artifacts import Artifacts, Entry, Manifest, stand_ins, write_stand_ins
from deployment.packages import PACKAGES
from validation.recording import record


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in miniature."""
    root = tmp_path / "project"
    for name in ("ws_manager", "mcp_proxy", "deploy_hooks", "agent"):
        folder = root / "services" / name
        folder.mkdir(parents=True)
        (folder / "handler.py").write_text("from services.shared import x\n")
    (root / "services/agent/Dockerfile").write_text("FROM scratch\n")
    (root / "services/shared.py").write_text("x = 1\n")
    (root / "services/unused.py").write_text("y = 1\n")
    (root / "pyproject.toml").write_text("")
    (root / "uv.lock").write_text("")
    (root / "deployment").mkdir()
    for name in packages.BUILD_CODE:
        (root / "deployment" / name).write_text("")
    return root


@pytest.fixture
def dist(root: Path) -> Path:
    """Its packages."""
    dist = root / "dist"
    dist.mkdir()
    entries: dict[str, Entry] = {}
    for package in PACKAGES:
        content = {"a.txt": package.name.encode()}
        write_zip(dist / package.filename, content)
        entries[package.filename] = Entry.of(dist / package.filename, content, packages.fingerprint(package, root))
    Manifest(packages=entries).write(dist)
    return dist


def refusal(dist: Path, root: Path = packages.ROOT) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        Artifacts.verified(dist, root)
    return str(caught.value)


def test_accepts_packages_that_fit_their_sources(dist: Path, root: Path) -> None:
    artifacts = Artifacts.verified(dist, root)
    assert artifacts.mcp_proxy == dist / "mcp-proxy.zip"
    manifest = json.loads((dist / "manifest.json").read_text())
    assert artifacts.agent_source_hash == manifest["packages"]["agent-source.zip"]["sha256"]


def test_names_the_command_when_nothing_was_built(tmp_path: Path) -> None:
    assert refusal(tmp_path / "dist") == f"There are no packages in {tmp_path / 'dist'}: run `make build`."


def test_refuses_a_manifest_that_it_does_not_know(dist: Path, root: Path) -> None:
    (dist / "manifest.json").write_text('{"version": 2}')
    assert refusal(dist, root) == f"{dist / 'manifest.json'} is not one of ours: run `make build`."


def test_names_a_package_that_is_missing_and_one_that_was_changed(dist: Path, root: Path) -> None:
    (dist / "ws-manager.zip").unlink()
    with (dist / "mcp-proxy.zip").open("ab") as file:
        file.write(b"x")
    assert refusal(dist, root) == (
        f"In {dist}, ws-manager.zip is missing, mcp-proxy.zip is not what the build wrote: run `make build`."
    )


def test_names_only_the_package_whose_source_changed(dist: Path, root: Path) -> None:
    (root / "services/ws_manager/handler.py").write_text("from services.shared import z\n")
    assert refusal(dist, root) == f"In {dist}, ws-manager.zip is older than its sources: run `make build`."


@pytest.mark.parametrize(
    "path", ["services/shared.py", "uv.lock", "pyproject.toml", "deployment/build.py", "deployment/packages.py"]
)
def test_all_are_out_of_date_when_what_they_share_changes(path: str, dist: Path, root: Path) -> None:
    (root / path).write_text("# changed\n")
    assert refusal(dist, root).count("is older than its sources") == len(PACKAGES)


@pytest.mark.parametrize("path", ["services/agent/Dockerfile", "services/agent/new.py"])
def test_the_agents_image_follows_its_sources(path: str, dist: Path, root: Path) -> None:
    (root / path).write_text("# changed\n")
    assert refusal(dist, root) == f"In {dist}, agent-source.zip is older than its sources: run `make build`."


@pytest.mark.parametrize("constant", ["ARCHITECTURE", "PYTHON_VERSION", "WHEEL_PLATFORM"])
def test_all_are_out_of_date_for_another_target(
    constant: str, dist: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, constant, "another")
    assert refusal(dist, root).count("is older than its sources") == len(PACKAGES)


def test_a_module_that_nothing_imports_changes_nothing(dist: Path, root: Path) -> None:
    (root / "services/unused.py").write_text("y = 2\n")
    assert Artifacts.verified(dist, root)


def test_says_why_sources_cannot_be_checked(dist: Path, root: Path) -> None:
    (root / "services/mcp_proxy/handler.py").write_text("from services.gone import x\n")
    assert refusal(dist, root) == (
        f"In {dist}, mcp-proxy.zip cannot be checked (services/mcp_proxy/handler.py imports services.gone, "
        "which does not exist): run `make build`."
    )


def test_stand_ins_are_accepted_under_mocks() -> None:
    with stand_ins() as dist:
        found: list[Artifacts] = []
        record(lambda: found.append(Artifacts.verified(dist)))
        [artifacts] = found
        assert artifacts.deploy_hooks.is_file()


@pytest.mark.parametrize("monitor", [None, ResourceMonitorStub(grpc.insecure_channel("127.0.0.1:1"))])
def test_stand_ins_cannot_be_deployed(monitor: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As outside of Pulumi, and as under its CLI.
    monkeypatch.setattr("deployment.artifacts.get_monitor", lambda: monitor)
    write_stand_ins(tmp_path)
    assert refusal(tmp_path) == f"The packages in {tmp_path} are stand-ins for tests: run `make build`."


def test_stand_ins_are_the_same_each_time() -> None:
    with stand_ins() as one, stand_ins() as two:
        for file in one.iterdir():
            assert file.read_bytes() == (two / file.name).read_bytes()


def test_a_stand_in_that_is_missing_is_still_found(tmp_path: Path) -> None:
    write_stand_ins(tmp_path)
    (tmp_path / "ws-manager.zip").unlink()
    with pytest.raises(Exception, match=r"ws-manager\.zip is missing"):
        record(lambda: Artifacts.verified(tmp_path))


def test_the_real_fingerprints_are_quick() -> None:
    began = time.perf_counter()
    for package in PACKAGES:
        packages.fingerprint(package)
    assert time.perf_counter() - began < 2, "every preview pays for this"
