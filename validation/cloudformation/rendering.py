"""From recorded resources to a template."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from validation.cloudformation.types import NO_EQUIVALENT, PARTS, WHOLES, Properties
from validation.graph import Graph, Resource
from validation.sdk_types import argument_names

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
            raise RenderingError(f"{resource.type} ({resource.name}): see validation/cloudformation/types.py")
    for resource in graph:
        if resource.type in PARTS:
            kind, reference, add = PARTS[resource.type]
            owner = str(resource.inputs[reference])
            wholes = [one for one in rendered.values() if one.resource.type == kind and owner in _names(one.resource)]
            if len(wholes) != 1:
                raise RenderingError(f"{resource.name} ({resource.type}): {len(wholes)} resources are called {owner}")
            add(wholes[0].properties, resource.inputs)
    return rendered


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
