"""What `make build` packs, and that its bytes depend on nothing but its inputs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import botocore
import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.session import Session

from deployment import packages
from deployment.archive import write_zip
from deployment.artifacts import Artifacts
from deployment.build import LARGEST, build, report
from deployment.packages import (
    AWS_SERVICES,
    DEPLOY_HOOKS,
    MCP_PROXY,
    PACKAGES,
    ROOT,
    WS_MANAGER,
    Package,
    PackagingError,
    is_packed,
    own_files,
    undeclared_clients,
)

HANDLERS = {
    WS_MANAGER: ["services.ws_manager.handler", "services.ws_manager.authorizer"],
    MCP_PROXY: ["services.mcp_proxy.handler"],
    DEPLOY_HOOKS: [
        f"services.deploy_hooks.{path.stem}" for path in sorted((ROOT / "services/deploy_hooks").glob("[!_]*.py"))
    ],
}
ARM64_LIBRARY = b"\x7fELF" + bytes(14) + b"\xb7\x00"
X86_LIBRARY = b"\x7fELF" + bytes(14) + b"\x3e\x00"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the real packages are made from."""
    return copied(tmp_path / "project")


def copied(root: Path) -> Path:
    for package in PACKAGES:
        for path in [*own_files(package), "pyproject.toml", "uv.lock"]:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes((ROOT / path).read_bytes())
    (root / "deployment").mkdir()
    for name in packages.BUILD_CODE:
        (root / "deployment" / name).write_bytes((ROOT / "deployment" / name).read_bytes())
    return root


def install(_: Path, group: str, target: Path) -> None:
    """Stands for uv: what it leaves behind, in another order and with other modes each time."""
    files = {
        "library/__init__.py": b"",
        f"library/{group}.py": b"",
        "library/_speedups.cpython-313-aarch64-linux-gnu.so": ARM64_LIBRARY,
        "library/__init__.pyi": b"",
        "library/__pycache__/__init__.cpython-313.pyc": os.urandom(8),
        "library/tests/test_library.py": b"",
        "library-1.0.dist-info/METADATA": b"",
        "library-1.0.dist-info/RECORD": os.urandom(8),
        "bin/library": f"#!{target}/python".encode(),
        ".lock": b"",
        "botocore/data/endpoints.json": b"",
        "botocore/data/quantum/2020-01-01/service-2.json.gz": b"",
        **{f"botocore/data/{service}/2020-01-01/service-2.json.gz": b"" for service in AWS_SERVICES},
    }
    names = list(files)
    if os.urandom(1)[0] % 2:
        names.reverse()
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(files[name])
        (target / name).chmod(0o600)


def digests(dist: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in dist.iterdir()}


@pytest.mark.parametrize("package", HANDLERS, ids=lambda package: package.name)
def test_handlers_can_be_imported_from_our_own_files_in_the_package(package: Package, tmp_path: Path) -> None:
    for path in own_files(package):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    assert HANDLERS[package]
    script = (
        "import importlib, sys\n"
        f"sys.path[:0] = [{str(tmp_path)!r}, {sysconfig.get_path('purelib')!r}]\n"
        f"for name in {HANDLERS[package]!r}:\n"
        "    module = importlib.import_module(name)\n"
        f"    assert module.__file__.startswith({str(tmp_path)!r}), module.__file__\n"
    )
    # -I: neither this folder nor PYTHONPATH may help.
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_functions_leave_out_what_they_do_not_import() -> None:
    assert not [path for path in own_files(WS_MANAGER) if "mcp_proxy" in path or "/agent/" in path]
    assert "services/contract/generate.py" not in own_files(MCP_PROXY)
    assert "services/stores/requests.py" in own_files(MCP_PROXY)


@pytest.mark.parametrize("above", ["tests", "bin"])
def test_where_the_project_lies_makes_no_difference(above: str, tmp_path: Path) -> None:
    root = copied(tmp_path / above / "project")
    for package in PACKAGES:
        assert own_files(package, root) == own_files(package)


def test_no_client_is_made_whose_description_is_left_out() -> None:
    assert [fault for package in HANDLERS for fault in undeclared_clients(own_files(package))] == []


def test_a_client_whose_description_is_left_out_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("boto3.client('s3')\nclient = boto3.client\nclient('sqs')\nboto3.client(name)\n")
    found = undeclared_clients(["a.py"], tmp_path)
    assert [fault.split(", which")[0] for fault in found] == [
        "a.py:1 makes a client of s3",
        "a.py:3 makes a client of sqs",
        "a.py:4 makes a client of a service that is not written there",
    ]


def test_a_module_that_does_not_exist_is_named(project: Path) -> None:
    (project / "services/mcp_proxy/extra.py").write_text("from services.nowhere import x\n")
    with pytest.raises(PackagingError, match=r"services/mcp_proxy/extra\.py imports services\.nowhere, which"):
        own_files(MCP_PROXY, project)


@pytest.mark.parametrize(
    "path",
    [
        ".lock",
        "bin/jp.py",
        "six/__pycache__/six.pyc",
        "pydantic/tests/test_x.py",
        "pydantic/main.pyi",
        "x-1.0.dist-info/RECORD",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
    ],
)
def test_leaves_out(path: str) -> None:
    assert not is_packed(path)


@pytest.mark.parametrize(
    "path",
    [
        "six.py",
        "x-1.0.dist-info/METADATA",
        "botocore/data/partitions.json",
        "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
        "boto3/data/s3/2006-03-01/resources-1.json",
    ],
)
def test_keeps(path: str) -> None:
    assert is_packed(path)


def test_clients_can_be_made_with_what_is_packed_of_botocore(tmp_path: Path) -> None:
    whole = Path(botocore.__file__).parent
    for file in (whole / "data").rglob("*"):
        path = file.relative_to(whole.parent).as_posix()
        if file.is_file() and is_packed(path):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, tmp_path / path)
    session = Session()
    session.set_config_variable("defaults_mode", "standard")
    packed = Loader(extra_search_paths=[str(tmp_path / "botocore/data")], include_default_search_paths=False)
    session.register_component("data_loader", packed)
    # Read at the first call that fails, not when the client is made.
    assert packed.load_data("_retry")
    for service in AWS_SERVICES:
        client = session.create_client(
            service,
            region_name="us-east-1",
            endpoint_url="https://example.com" if service == "apigatewaymanagementapi" else None,
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        assert client.meta.service_model.operation_names
    with pytest.raises(UnknownServiceError):
        session.create_client("ec2", region_name="us-east-1")


def test_two_builds_have_the_same_bytes(project: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(tmp_path / name, project, install)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert set(digests(tmp_path / "one")) == {"manifest.json", *(package.filename for package in PACKAGES)}


def test_the_program_accepts_what_was_built(project: Path, tmp_path: Path) -> None:
    contents = build(tmp_path / "dist", project, install)
    artifacts = Artifacts.verified(tmp_path / "dist", project)
    assert artifacts.ws_manager == tmp_path / "dist" / "ws-manager.zip"
    assert artifacts.agent_source_hash == digests(tmp_path / "dist")["agent-source.zip"]
    table = report(tmp_path / "dist", contents)
    assert artifacts.agent_source_hash in table
    assert all(package.filename in table for package in PACKAGES)


def test_packages_hold_our_code_the_dependencies_and_nothing_else(project: Path, tmp_path: Path) -> None:
    build(tmp_path, project, install)
    with zipfile.ZipFile(tmp_path / "mcp-proxy.zip") as archive:
        names = archive.namelist()
    kept = {f"botocore/data/{service}/2020-01-01/service-2.json.gz" for service in AWS_SERVICES}
    assert set(names) - set(own_files(MCP_PROXY)) == kept | {
        "library/__init__.py",
        "library/durable.py",
        "library/_speedups.cpython-313-aarch64-linux-gnu.so",
        "library-1.0.dist-info/METADATA",
        "botocore/data/endpoints.json",
    }
    assert set(own_files(MCP_PROXY)) < set(names)


def test_the_agents_build_context_is_what_its_dockerfile_copies(project: Path, tmp_path: Path) -> None:
    build(tmp_path, project, install)
    with zipfile.ZipFile(tmp_path / "agent-source.zip") as archive:
        names = set(archive.namelist())
    assert {"pyproject.toml", "uv.lock", "services/agent/Dockerfile", "services/agent/app.py"} <= names
    assert not [name for name in names if "ws_manager" in name]


def test_entries_are_sorted_uncompressed_undated_and_have_plain_modes(tmp_path: Path) -> None:
    write_zip(tmp_path / "x.zip", {"z.py": b"z", "a/lib.so": b"a", "b/libx.so.1": b"b"})
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        entries = archive.infolist()
    assert [(e.filename, oct(e.external_attr >> 16)) for e in entries] == [
        ("a/lib.so", "0o100755"),
        ("b/libx.so.1", "0o100755"),
        ("z.py", "0o100644"),
    ]
    assert {(e.compress_type, e.date_time, e.create_system) for e in entries} == {
        (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), 3)
    }


def test_refuses_a_library_for_another_processor(project: Path, tmp_path: Path) -> None:
    def wrong(root: Path, group: str, target: Path) -> None:
        install(root, group, target)
        (target / "library/_speedups.cpython-313-aarch64-linux-gnu.so").write_bytes(X86_LIBRARY)

    with pytest.raises(PackagingError, match=r"ws-manager: library/_speedups\S+ is not made for arm64"):
        build(tmp_path / "dist", project, wrong)


def test_refuses_a_package_that_lambda_would_not_take(project: Path, tmp_path: Path) -> None:
    def large(root: Path, group: str, target: Path) -> None:
        install(root, group, target)
        (target / "library/large.bin").write_bytes(bytes(LARGEST))

    with pytest.raises(PackagingError, match="Lambda takes 50,000,000"):
        build(tmp_path / "dist", project, large)


def test_an_interrupted_build_counts_as_none(project: Path, tmp_path: Path) -> None:
    def fails(root: Path, group: str, target: Path) -> None:
        raise PackagingError("no network")

    build(tmp_path / "dist", project, install)
    with pytest.raises(PackagingError, match="no network"):
        build(tmp_path / "dist", project, fails)
    assert not (tmp_path / "dist/manifest.json").exists()


@pytest.mark.timeout(280)
def test_the_real_packages_are_reproducible_and_fit(tmp_path: Path) -> None:
    """With the real uv.lock; downloads the wheels that uv does not have yet."""
    build(tmp_path / "one")
    build(tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    for package in HANDLERS:
        with zipfile.ZipFile(tmp_path / "one" / package.filename) as archive:
            names = set(archive.namelist())
        assert {"boto3/__init__.py", "pydantic/__init__.py", "structlog/__init__.py"} <= names
        assert any(name.startswith("pydantic_core/_pydantic_core.cpython-313-aarch64") for name in names)
        assert ("joserfc/__init__.py" in names) == (package.group == "ws-manager")
        assert ("aws_durable_execution_sdk_python/__init__.py" in names) == (package.group == "durable")
