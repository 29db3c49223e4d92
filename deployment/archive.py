"""Zip archives whose bytes depend on nothing but their content.

They are written without compression, because zlib's output differs between its builds.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first date that the format knows."""

UNIX = 3
"""`create_system` that makes the upper half of the attributes the file's mode."""


def write_zip(file: Path, content: Mapping[str, bytes]) -> None:
    """Write an archive; an older one is replaced when the new one is complete.

    Args:
        file: where.
        content: by POSIX path.
    """
    unfinished = file.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(content):
            info = zipfile.ZipInfo(path, EARLIEST)
            info.create_system = UNIX
            info.external_attr = (stat.S_IFREG | (0o755 if is_library(path) else 0o644)) << 16
            archive.writestr(info, content[path])
    unfinished.replace(file)


def is_library(path: str) -> bool:
    """Whether it is a shared library, by its name."""
    name = path.rsplit("/", 1)[-1]
    return name.endswith(".so") or ".so." in name


def sha256(file: Path) -> str:
    """The hash of a file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
