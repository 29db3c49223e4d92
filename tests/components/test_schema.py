"""The components as a package: what Pulumi's own analyzer reads from them, kept as a golden file.

So they can be consumed from other languages, and a review sees when an argument or an output changes.
`make generate` rewrites the file.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import pulumi
from pulumi.provider.experimental.analyzer import Analyzer
from pulumi.provider.experimental.schema import generate_schema

import components

GOLDEN = Path(__file__).parent / "schema.json"


def component_classes() -> list[type[pulumi.ComponentResource]]:
    """Every component of the package, by name."""
    found: dict[str, type[pulumi.ComponentResource]] = {}
    for module in pkgutil.walk_packages(components.__path__, "components."):
        for name, value in vars(importlib.import_module(module.name)).items():
            is_component = isinstance(value, type) and issubclass(value, pulumi.ComponentResource)
            if is_component and value.__module__.startswith("components"):
                found[name] = value
    return [found[name] for name in sorted(found)]


def schema() -> str:
    read = Analyzer("deskside").analyze(component_classes())
    dependencies = sorted(read["dependencies"], key=str)
    package = generate_schema(
        "deskside", "0.1.0", None, read["component_definitions"], read["type_definitions"], dependencies
    )
    return json.dumps(package.to_json(), indent=2, sort_keys=True) + "\n"


def test_every_component_can_be_consumed():
    described = json.loads(schema())["resources"]
    assert set(described) == {f"deskside:index:{component.__name__}" for component in component_classes()}


def test_arguments_and_outputs_are_the_golden_ones():
    assert json.loads(schema()) == json.loads(GOLDEN.read_text()), "if meant: make generate"


if __name__ == "__main__":
    GOLDEN.write_text(schema())
