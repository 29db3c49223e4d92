"""A stack's recorded graph as text that a review can read: what a change of the program changes in AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import yaml

from validation.graph import Graph, Resource

STACKS: Final = ("dev", "prod")

FOLDER: Final = Path(__file__).resolve().parent.parent / "tests" / "stacks" / "snapshots"

HASH: Final = re.compile(r"\b[0-9a-f]{64}\b|(?<![\w+/])[\w+/]{43}=(?![\w=])")
"""SHA-256, in hex or in base64."""


def text(graph: Graph) -> str:
    """The graph, sorted by URN: for each resource how it is kept and what it is made of."""
    whole = {_title(resource): _described(resource) for resource in graph}
    exports = {key: "<secret>" if key in graph.secret_exports else value for key, value in graph.exports.items()}
    head = f"# Recorded from __main__.py with Pulumi.{graph.stack}.yaml; `make generate` rewrites it.\n"
    return head + _dumped({"exports": exports, "resources": whole})


def write() -> list[Path]:
    """Record every stack and write its snapshot; the files written."""
    from validation.recording import record_stack

    FOLDER.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for stack in STACKS:
        path = FOLDER / f"{stack}.yaml"
        path.write_text(text(record_stack(stack)))
        written.append(path)
    return written


def _title(resource: Resource) -> str:
    return f"{resource.urn.split('::')[2]} {resource.name}"


def _described(resource: Resource) -> dict[str, Any]:
    options = {
        "protect": resource.protect,
        "retainOnDelete": resource.retain_on_delete,
        "deleteBeforeReplace": resource.delete_before_replace,
        "ignoreChanges": list(resource.ignore_changes),
        "replaceOnChanges": list(resource.replace_on_changes),
        "aliases": list(resource.aliases),
        "import": resource.import_id,
        "deletedWith": resource.deleted_with and _short(resource.deleted_with),
        "timeouts": dict(resource.timeouts),
        "dependsOn": sorted(_short(urn) for urn in resource.dependencies),
    }
    inputs = {
        key: "<secret>" if key in resource.secrets else _readable(value) for key, value in resource.inputs.items()
    }
    # Components take no inputs.
    return {**{key: value for key, value in options.items() if value}, **({"inputs": inputs} if inputs else {})}


def _short(urn: str) -> str:
    return f"{urn.split('::')[2].rsplit('$', maxsplit=1)[-1]} {urn.split('::')[3]}"


def _readable(value: Any) -> Any:
    """JSON as what it says, and no hash of a package or of other inputs."""
    match value:
        case str() if value.startswith(("{", "[")):
            try:
                return {"JSON": _readable(json.loads(value))}
            except ValueError:
                return HASH.sub("<hash>", value)
        case str():
            return HASH.sub("<hash>", value)
        case Mapping():
            return {key: _readable(inner) for key, inner in cast(Mapping[str, Any], value).items()}
        case list():
            return [_readable(item) for item in cast(list[Any], value)]
        case _:
            return value


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _dumped(value: Mapping[str, Any]) -> str:
    return yaml.dump(dict(value), Dumper=_Dumper, sort_keys=True, width=120, allow_unicode=True)
