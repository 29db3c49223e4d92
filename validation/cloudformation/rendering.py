"""From recorded resources to a template."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from validation.cloudformation.types import LEFT_OUT, NO_EQUIVALENT, PARTS, PULUMI_ONLY, WHOLES, Properties
from validation.graph import Graph, Resource
from validation.sdk_types import argument_names
from validation.values import from_json, leaves

NAMES: Final = ("name", "bucket", "statementId", "ruleName")
"""Inputs that Pulumi fills in when they are left out."""


class RenderingError(LookupError):
    """Nobody has written down how a type looks in CloudFormation."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One resource of the template."""

    resource: Resource
    type: str
    properties: Properties
    """Includes those of the resources that are parts of it there."""
    parts: list[Resource] = field(default_factory=list[Resource])


def render(graph: Graph) -> dict[str, Rendered]:
    """The template's resources by logical id.

    Raises:
        RenderingError: a type is neither written down nor listed as without equivalent, or the resource
            that another one is a part of is not in the graph.
    """
    rendered: dict[str, Rendered] = {}
    for resource in graph:
        if resource.type in WHOLES:
            kind, whole = WHOLES[resource.type]
            rendered[_logical_id(resource)] = Rendered(resource, kind, whole(_with_names(resource)))
        elif (resource.custom or resource.remote) and resource.type not in PARTS and resource.type not in NO_EQUIVALENT:
            raise RenderingError(f"{resource.type} ({resource.name}): see validation/cloudformation/types")
    for resource in graph:
        if resource.type in PARTS:
            kind, reference, add = PARTS[resource.type]
            owner = str(resource.inputs[reference])
            wholes = [one for one in rendered.values() if one.resource.type == kind and owner in _names(one.resource)]
            if len(wholes) != 1:
                raise RenderingError(f"{resource.name} ({resource.type}): {len(wholes)} resources are called {owner}")
            add(wholes[0].properties, resource.inputs)
            wholes[0].parts.append(resource)
    return rendered


def lost(rendered: Rendered) -> list[str]:
    """Inputs of a resource and its parts whose values are not among the properties, though nobody said so."""
    found = Counter(value for _, value in _values(rendered.properties))
    # A name may have become a key: of a tool's properties, of an alarm's dimensions.
    found += Counter(str(leaf) for path, leaf in leaves(rendered.properties) if path.endswith(" (key)"))
    missing: list[str] = []
    for resource in (rendered.resource, *rendered.parts):
        reference = PARTS[resource.type][1] if resource.type in PARTS else None
        for path, value in _values(resource.inputs):
            keys = path.split(".")
            if keys[0] == reference or any(_is_left_out(resource.type, key) for key in keys):
                continue
            if found[value]:
                found[value] -= 1
            else:
                missing.append(f"{resource.name}: {path} is not in the template")
    return missing


def _is_left_out(type: str, key: str) -> bool:
    return key in PULUMI_ONLY or (type, key) in LEFT_OUT


def _values(given: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every scalar with its path, as text: what is inside JSON too, and numbers alike however they are written."""
    match given:
        case Mapping():
            for key, inner in cast(Mapping[str, Any], given).items():
                yield from _values(inner, f"{path}.{key}".removeprefix("."))
        case list():
            for inner in cast(list[Any], given):
                yield from _values(inner, path)
        case str() if (inside := from_json(given)) is not None:
            yield from _values(inside, path)
        case str():
            yield path, f"{float(given):g}" if re.fullmatch(r"\d+(\.\d+)?", given) else given
        case bool():
            yield path, str(given)
        case _:
            yield path, f"{given:g}"


def template(rendered: dict[str, Rendered]) -> str:
    """The template as JSON."""
    resources = {key: {"Type": one.type, "Properties": one.properties} for key, one in rendered.items()}
    whole = {"AWSTemplateFormatVersion": "2010-09-09", "Description": "Rendered for linting", "Resources": resources}
    return json.dumps(whole, indent=1)


def _logical_id(resource: Resource) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", f"{resource.name}-{resource.type.rsplit(':', maxsplit=1)[-1]}")


def _with_names(resource: Resource) -> dict[str, Any]:
    """The inputs, with the names that Pulumi makes up."""
    fields = argument_names(resource.type)
    made_up = {key: resource.outputs[key] for key in NAMES if key in fields and key in resource.outputs}
    return {**made_up, **resource.inputs}


def _names(resource: Resource) -> set[str]:
    return {str(resource.outputs.get(key)) for key in ("name", "bucket", "arn") if key in resource.outputs}
