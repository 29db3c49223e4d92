"""How the program is put together: one provider with tags, and a component around every resource."""

from __future__ import annotations

from collections.abc import Mapping

from validation.graph import Graph, Resource
from validation.rules.reading import decoded, mapping
from validation.rules.rule import Problems

PROVIDER = "pulumi:providers:aws"
STACK = "pulumi:pulumi:Stack"
TAGS = ("Project", "Environment", "ManagedBy")


def default_provider(graph: Graph) -> Problems:
    """Everything goes through the program's own provider: right Region, right account, tagged."""
    ours = {provider.urn for provider in graph.of_type(PROVIDER)}
    for resource in graph:
        if resource.type.startswith(("aws:", "awsx:")) and resource.provider not in ours:
            yield resource, "does not go through the program's provider"


def untagged(graph: Graph) -> Problems:
    """The provider tags everything with project, environment and who manages it."""
    for provider in graph.of_type(PROVIDER):
        tags = mapping(mapping(decoded(provider.inputs.get("defaultTags"))).get("tags"))
        for missing in (tag for tag in TAGS if not tags.get(tag)):
            yield provider, f"gives no tag {missing}"
        if tags.get("Environment") not in (None, graph.stack):
            yield provider, f"tags the environment {tags['Environment']}, not {graph.stack}"


def orphan(graph: Graph) -> Problems:
    """Every resource belongs to a component."""
    by_urn: dict[str, Resource] = {resource.urn: resource for resource in graph}
    for resource in graph:
        parent = by_urn.get(resource.parent or "")
        if resource.custom and not resource.type.startswith("pulumi:") and (parent is None or parent.type == STACK):
            yield resource, "belongs to no component"


def parent_name(graph: Graph) -> Problems:
    """A resource's name begins with its component's, so that every name in AWS leads to a file."""
    by_urn = {resource.urn: resource for resource in graph}
    for resource in graph:
        parent = by_urn.get(resource.parent or "")
        if parent is not None and parent.type != STACK and not resource.name.startswith(parent.name):
            yield resource, f"is part of {parent.name}, but not named after it"


IGNORED: Mapping[str, str] = {}
"""`type.input` whose changes are ignored, and why. Nothing yet."""


def ignored_change(graph: Graph) -> Problems:
    """What the program says is what AWS gets: no change of an input is ignored unless that was reviewed."""
    for resource in graph:
        for key in resource.ignore_changes:
            if f"{resource.type}.{key}" not in IGNORED:
                yield resource, f"ignores changes of {key}"


def left_behind(graph: Graph) -> Problems:
    """Nothing that Pulumi forgets is left in AWS."""
    for resource in graph:
        if resource.retain_on_delete:
            yield resource, "is left behind when it is deleted"


RULES = (default_provider, untagged, orphan, parent_name, ignored_change, left_behind)
