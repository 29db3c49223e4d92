"""What each package holds, and the fingerprint of everything that decides its bytes.

Nothing here needs the network or writes: the program asks at every start whether `dist` is up to date.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

ARCHITECTURE = "arm64"
PYTHON_VERSION = "3.13"
WHEEL_PLATFORM = "aarch64-manylinux_2_28"
"""Lambda's python3.13 runs on Amazon Linux 2023 with glibc 2.34, so wheels for 2.28 and older run there."""

AWS_SERVICES = frozenset(
    {
        "apigatewaymanagementapi",
        "bedrock-agentcore",
        "bedrock-agentcore-control",
        "codebuild",
        "dynamodb",
        "ecr",
        "lambda",
        "secretsmanager",
    }
)
"""The services we make boto3 clients of, by botocore's names. botocore's descriptions of all the others are left
out: they are more than half of a package."""

NEVER_PACKED = frozenset({"__pycache__", "tests", "bin"})
"""Folders. `bin` holds command-line scripts whose first line names the building machine's Python."""

NEVER_PACKED_NAMES = frozenset({".lock", "RECORD"})
"""uv's lock, and the lists of installed files, which contain the hashes of those scripts."""

NEVER_PACKED_SUFFIXES = frozenset({".pyc", ".pyo", ".pyi"})


BUILD_CODE = ("archive.py", "build.py", "packages.py")
"""Files of this folder that decide a package's bytes."""


class PackagingError(Exception):
    """A package cannot be made; the message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class Package:
    """One file in `dist`."""

    name: str
    folders: tuple[str, ...]
    """Folders of our own code; what they import from `services` comes along."""
    files: tuple[str, ...] = ()
    """Further files, from the project's root."""
    group: str | None = None
    """Dependency group of pyproject.toml that is installed into it besides the project's own dependencies.
    None: nothing is installed."""

    @property
    def filename(self) -> str:
        return f"{self.name}.zip"


WS_MANAGER = Package("ws-manager", ("services/ws_manager",), group="ws-manager")
MCP_PROXY = Package("mcp-proxy", ("services/mcp_proxy",), group="durable")
DEPLOY_HOOKS = Package("deploy-hooks", ("services/deploy_hooks",), group="durable")
AGENT_SOURCE = Package(
    "agent-source", ("services/agent",), files=("pyproject.toml", "uv.lock", "services/agent/Dockerfile")
)
"""The Docker build context of the agent's image. Without the other services, whose changes then leave it alone."""

PACKAGES = (WS_MANAGER, MCP_PROXY, DEPLOY_HOOKS, AGENT_SOURCE)


def own_files(package: Package, root: Path = ROOT) -> list[str]:
    """Our own files in the package, as sorted POSIX paths from the root.

    Raises:
        PackagingError: a folder or file is missing, or a module imports one that does not exist.
    """
    for folder in package.folders:
        if not (root / folder).is_dir():
            raise PackagingError(f"{package.name}: the folder {folder} does not exist.")
    for file in package.files:
        if not (root / file).is_file():
            raise PackagingError(f"{package.name}: the file {file} does not exist.")
    pending = [
        path.as_posix()
        for folder in package.folders
        # Below the root only: the project itself may lie in a folder called `tests` or `bin`.
        for path in sorted(file.relative_to(root) for file in (root / folder).rglob("*.py"))
        if not NEVER_PACKED & set(path.parts)
    ]
    found = set(package.files)
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _packages_above(path, root)
            if path.endswith(".py"):
                pending += _imported(path, root)
    return sorted(found)


def fingerprint(package: Package, root: Path = ROOT) -> str:
    """SHA-256, in hex, of all that decides the package's bytes: sources, lock, build code, target.

    Raises:
        PackagingError: as `own_files`.
    """
    build_code = (root / "deployment" / name for name in BUILD_CODE)
    digest = hashlib.sha256(f"{package}\n{ARCHITECTURE} {PYTHON_VERSION} {WHEEL_PLATFORM}\n".encode())
    paths = [*own_files(package, root), "pyproject.toml", "uv.lock"]
    for file in itertools.chain((root / path for path in paths), build_code):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(root).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def undeclared_clients(paths: Iterable[str], root: Path = ROOT) -> list[str]:
    """Clients that the code makes although AWS_SERVICES does not name them, one sentence each."""
    return [
        f"{path}:{line} makes a client of {service}, which AWS_SERVICES in deployment/packages.py does not name."
        for path in paths
        if path.endswith(".py")
        for line, service in _clients(ast.parse((root / path).read_bytes()))
        if service not in AWS_SERVICES
    ]


def is_packed(path: str) -> bool:
    """Whether an installed file belongs in a package.

    Args:
        path: POSIX path below the folder that was installed into.
    """
    *folders, name = path.split("/")
    if NEVER_PACKED & set(folders) or name in NEVER_PACKED_NAMES or Path(name).suffix in NEVER_PACKED_SUFFIXES:
        return False
    # Files directly in `data` describe partitions and retries; each folder describes one service.
    return folders[:2] != ["botocore", "data"] or len(folders) == 2 or folders[2] in AWS_SERVICES


def _clients(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and service of each `boto3.client(…)`, also where `boto3.client` was given the name `client`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="client") | ast.Name(id="client"), args=[ast.Constant(value=str(name)), *_]
            ):
                yield node.lineno, name
            case ast.Call(func=ast.Attribute(attr="client", value=ast.Name(id="boto3"))):
                yield node.lineno, "a service that is not written there"
            case _:
                pass


def _packages_above(path: str, root: Path) -> Iterator[str]:
    for folder in Path(path).parents:
        initial = folder / "__init__.py"
        if folder != Path() and (root / initial).is_file():
            yield initial.as_posix()


def _imported(path: str, root: Path) -> Iterator[str]:
    for node in _import_statements((root / path).read_bytes()):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "services":
                    yield _file_of(alias.name, path, root)
        else:
            module = _absolute(node, path)
            if module.split(".")[0] == "services":
                yield _file_of(module, path, root)
                # `from services import aws` names a module, `from services.aws import dynamodb` does not.
                for alias in node.names:
                    if _candidate(f"{module}.{alias.name}", root):
                        yield _file_of(f"{module}.{alias.name}", path, root)


@functools.cache
def _import_statements(source: bytes) -> tuple[ast.Import | ast.ImportFrom, ...]:
    # The packages have most modules in common.
    return tuple(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom))


def _absolute(node: ast.ImportFrom, path: str) -> str:
    if not node.level:
        return node.module or ""
    package = Path(path).parts[: -node.level]
    return ".".join((*package, *([node.module] if node.module else [])))


def _candidate(module: str, root: Path) -> str | None:
    base = module.replace(".", "/")
    return next((path for path in (f"{base}.py", f"{base}/__init__.py") if (root / path).is_file()), None)


def _file_of(module: str, importer: str, root: Path) -> str:
    file = _candidate(module, root)
    if file is None:
        raise PackagingError(f"{importer} imports {module}, which does not exist.")
    return file
