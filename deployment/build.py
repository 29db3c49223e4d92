"""`make build`: the Lambda packages and the agent's build context, the same bytes on every machine.

The wheels come from uv.lock, chosen for Lambda's platform and never built here.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from deployment.archive import is_library, write_zip
from deployment.artifacts import MANIFEST, Entry, Manifest
from deployment.packages import (
    AWS_SERVICES,
    PACKAGES,
    PYTHON_VERSION,
    ROOT,
    WHEEL_PLATFORM,
    Package,
    PackagingError,
    fingerprint,
    is_packed,
    own_files,
    undeclared_clients,
)

LARGEST = 50_000_000
"""Bytes of a package. Lambda takes 50 MB with the request that creates the function (quotas page)."""

AARCH64 = 0xB7
"""`e_machine` of the ELF format."""

Install = Callable[[Path, str, Path], None]
"""Puts the dependencies of a group into a folder: project, group, folder."""


def build(dist: Path, root: Path = ROOT, install: Install | None = None) -> dict[str, dict[str, bytes]]:
    """Make all packages.

    Args:
        dist: where they go; the manifest is written last, so that an interrupted build counts as none.
        root: the project.
        install: stands for uv in tests.

    Returns:
        What each holds, by file name and path.

    Raises:
        PackagingError: with one sentence.
    """
    dist.mkdir(parents=True, exist_ok=True)
    (dist / MANIFEST).unlink(missing_ok=True)
    entries: dict[str, Entry] = {}
    contents: dict[str, dict[str, bytes]] = {}
    for package in PACKAGES:
        inputs = fingerprint(package, root)
        content = _content(package, root, install or install_with_uv)
        file = dist / package.filename
        write_zip(file, content)
        entry = Entry.of(file, content, inputs)
        if package.group and entry.size > LARGEST:
            raise PackagingError(f"{package.filename} has {entry.size:,} bytes; Lambda takes {LARGEST:,}.")
        entries[package.filename] = entry
        contents[package.filename] = content
    Manifest(packages=entries).write(dist)
    return contents


def install_with_uv(root: Path, group: str, target: Path) -> None:
    """Install a group and the project's own dependencies from uv.lock, for Lambda's platform.

    Raises:
        PackagingError: uv is absent or fails.
    """
    uv = Path(sys.executable).with_name("uv")
    if not uv.is_file():
        raise PackagingError(f"uv is not installed in {uv.parent}; `make build` installs it.")
    requirements = _run(
        [str(uv), "export", "--quiet", "--frozen", "--no-default-groups", "--group", group, "--no-emit-project"], root
    )
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text(requirements)
        _run(
            [
                *(str(uv), "pip", "install", "--quiet", "--target", str(target), "--requirements", str(listed)),
                *("--python", sys.executable, "--python-platform", WHEEL_PLATFORM, "--python-version", PYTHON_VERSION),
                *("--only-binary", ":all:", "--no-installer-metadata", "--require-hashes", "--no-deps"),
            ],
            root,
        )


def report(dist: Path, contents: Mapping[str, Mapping[str, bytes]]) -> str:
    """A table of the packages in `dist`, with the largest parts of each."""
    manifest = Manifest.model_validate_json((dist / MANIFEST).read_bytes())
    lines = [f"{'package':<18}{'packed':>9}{'unpacked':>10}{'files':>7}  sha256"]
    for name, entry in manifest.packages.items():
        lines.append(f"{name:<18}{_mb(entry.size):>9}{_mb(entry.unpacked):>10}{entry.files:>7}  {entry.sha256}")
        sizes: Counter[str] = Counter()
        for path, content in contents[name].items():
            sizes[path.split("/")[0]] += len(content)
        largest = ", ".join(f"{part} {_mb(size)}" for part, size in sizes.most_common(4))
        lines.append(f"  largest: {largest}")
    return "\n".join(lines)


def main() -> int:
    """Build into `dist` and print the table."""
    dist = ROOT / "dist"
    try:
        contents = build(dist)
    except PackagingError as error:
        sys.stderr.write(f"make build: {error}\n")
        return 1
    sys.stdout.write(report(dist, contents) + "\n")
    return 0


def _content(package: Package, root: Path, install: Install) -> dict[str, bytes]:
    own = own_files(package, root)
    if package.group is None:
        return {path: (root / path).read_bytes() for path in own}
    if undeclared := undeclared_clients(own, root):
        raise PackagingError(f"{package.name}: {undeclared[0]}")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        install(root, package.group, target)
        content = {
            path: file.read_bytes()
            for file in target.rglob("*")
            if file.is_file() and is_packed(path := file.relative_to(target).as_posix())
        }
        for service in AWS_SERVICES:
            if not (target / "botocore" / "data" / service).is_dir():
                raise PackagingError(f"botocore does not know the service {service!r} of AWS_SERVICES.")
    for path, data in content.items():
        if is_library(path) and int.from_bytes(data[18:20], "little") != AARCH64:
            raise PackagingError(f"{package.name}: {path} is not made for arm64.")
    for path in own:
        if path in content:
            raise PackagingError(f"{package.name}: a dependency brings a file {path} of its own.")
        content[path] = (root / path).read_bytes()
    return content


def _run(command: list[str], root: Path) -> str:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        reason = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise PackagingError(f"`uv {' '.join(command[1:3])}` failed: {reason}")
    return done.stdout


def _mb(size: int) -> str:
    return f"{size / 1e6:.2f} MB" if size < 1e7 else f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
