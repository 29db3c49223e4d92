"""The packages that `make build` made, verified before anything is deployed from them."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor
from pydantic import BaseModel, ConfigDict, ValidationError

from deployment import packages
from deployment.archive import sha256, write_zip
from deployment.packages import AGENT_SOURCE, DEPLOY_HOOKS, MCP_PROXY, PACKAGES, WS_MANAGER, Package

MANIFEST = "manifest.json"


class Entry(BaseModel):
    """What the manifest says of one package."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    size: int
    """Bytes of the file."""
    unpacked: int
    """Bytes of its content."""
    files: int
    inputs: str
    """`packages.fingerprint` when it was made."""

    @classmethod
    def of(cls, file: Path, content: Mapping[str, bytes], inputs: str) -> Self:
        """The entry of a package that was just written."""
        return cls(
            sha256=sha256(file),
            size=file.stat().st_size,
            unpacked=sum(map(len, content.values())),
            files=len(content),
            inputs=inputs,
        )


class Manifest(BaseModel):
    """`dist/manifest.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    packages: Mapping[str, Entry]
    """By file name."""
    stand_in: bool = False
    """The packages are empty stand-ins for tests."""

    def write(self, dist: Path) -> None:
        (dist / MANIFEST).write_text(json.dumps(self.model_dump(), indent=2, sort_keys=True) + "\n")


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Where the packages are. Paths are as relative as the folder that was given, so that state and
    previews are the same on every machine."""

    ws_manager: Path
    mcp_proxy: Path
    deploy_hooks: Path
    agent_source: Path
    agent_source_hash: str
    """SHA-256 in hex; the packages are byte-identical on every machine, and so is this."""

    @classmethod
    def verified(cls, dist: Path, root: Path = packages.ROOT) -> Self:
        """The packages in a folder, if each is whole and made from the sources as they are now.

        Args:
            dist: where `make build` put them.
            root: the project.

        Raises:
            pulumi.RunError: with one sentence that names what is missing or out of date.
        """
        try:
            manifest = Manifest.model_validate_json((dist / MANIFEST).read_bytes())
        except FileNotFoundError:
            raise pulumi.RunError(f"There are no packages in {dist}: run `make build`.") from None
        except ValidationError:
            raise pulumi.RunError(f"{dist / MANIFEST} is not one of ours: run `make build`.") from None
        # Only a test runs the program against Pulumi's mocks; neither a setting nor a flag can do it.
        if manifest.stand_in and not isinstance(get_monitor(), MockMonitor):
            raise pulumi.RunError(f"The packages in {dist} are stand-ins for tests: run `make build`.")
        faults = [fault for package in PACKAGES if (fault := _fault(package, dist, manifest, root))]
        if faults:
            raise pulumi.RunError(f"In {dist}, {', '.join(faults)}: run `make build`.")
        return cls(
            ws_manager=dist / WS_MANAGER.filename,
            mcp_proxy=dist / MCP_PROXY.filename,
            deploy_hooks=dist / DEPLOY_HOOKS.filename,
            agent_source=dist / AGENT_SOURCE.filename,
            agent_source_hash=manifest.packages[AGENT_SOURCE.filename].sha256,
        )


@contextlib.contextmanager
def stand_ins() -> Generator[Path]:
    """A folder with stand-ins for the packages, for as long as a test runs."""
    with tempfile.TemporaryDirectory(prefix="deskside-dist-") as folder:
        write_stand_ins(Path(folder))
        yield Path(folder)


def write_stand_ins(dist: Path) -> None:
    """Write a tiny stand-in for each package, which `verified` accepts under Pulumi's mocks only."""
    dist.mkdir(parents=True, exist_ok=True)
    entries: dict[str, Entry] = {}
    for package in PACKAGES:
        content = {"STAND_IN.txt": f"A stand-in for {package.filename}: it cannot run.\n".encode()}
        file = dist / package.filename
        write_zip(file, content)
        entries[package.filename] = Entry.of(file, content, inputs="")
    Manifest(packages=entries, stand_in=True).write(dist)


def _fault(package: Package, dist: Path, manifest: Manifest, root: Path) -> str | None:
    file = dist / package.filename
    entry = manifest.packages.get(package.filename)
    if entry is None or not file.is_file():
        return f"{package.filename} is missing"
    if sha256(file) != entry.sha256:
        return f"{package.filename} is not what the build wrote"
    if manifest.stand_in:
        return None
    try:
        current = packages.fingerprint(package, root)
    except packages.PackagingError as error:
        return f"{package.filename} cannot be checked ({str(error).rstrip('.')})"
    return None if current == entry.inputs else f"{package.filename} is older than its sources"
