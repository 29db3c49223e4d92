"""How the rules' tests are written: one change of the good graph, and the one rule it must set off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from tests.validation.example import example
from tests.validation.mutations import find, set_input, swap
from validation.graph import Graph, Resource
from validation.recording import record_stack
from validation.rules import check

Case = tuple[str, Callable[[Graph], Graph]]
"""The rule's name, those of others that the same change breaks after ` & `, and the change."""


def put(name: str, path: str, value: Any, type: str | None = None) -> Callable[[Graph], Graph]:
    """One input of one resource changed."""
    return lambda graph: set_input(graph, find(graph, name, type), path, value)


def drop(name: str, type: str | None = None) -> Callable[[Graph], Graph]:
    """One resource missing."""
    return lambda graph: swap(graph, find(graph, name, type))


def alter(name: str, type: str | None = None, /, **fields: Any) -> Callable[[Graph], Graph]:
    """An option of one resource changed."""
    return lambda graph: swap(graph, (r := find(graph, name, type)), replace(r, **fields))


def without_dependency(name: str, *on: str) -> Callable[[Graph], Graph]:
    """One resource that does not wait for others, given by the ends of their names."""

    def change(graph: Graph) -> Graph:
        resource = find(graph, name)
        kept = frozenset(urn for urn in resource.dependencies if not urn.endswith(on))
        return swap(graph, resource, replace(resource, dependencies=kept))

    return change


def grant(policy: str, action: str, resource: str, **more: Any) -> Callable[[Graph], Graph]:
    """One more statement in a role's policy."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return put(policy, "policy.Statement", lambda statements: [*statements, statement])


def more(graph: Graph, resource: Resource) -> Graph:
    """One resource more."""
    return replace(graph, resources=(*graph.resources, resource))


def in_program(change: Callable[[Graph], Graph]) -> Callable[[Graph], Graph]:
    """The change made to the real program's prod, for what the example does not have."""
    return lambda _: change(program())


@cache
def program() -> Graph:
    """The real program, recorded once."""
    return record_stack("prod")


def written_down(name: str, input: str, type: str | None = None) -> Callable[[Graph], Graph]:
    """The same value, but a constant in the source."""

    def change(graph: Graph) -> Graph:
        resource = find(graph, name, type)
        made = {key: urns for key, urns in resource.property_dependencies.items() if key != input}
        return swap(graph, resource, replace(resource, property_dependencies=made))

    return change


def fired(change: Callable[[Graph], Graph]) -> set[str]:
    """The rules that the changed graph breaks."""
    return {finding.rule for finding in check(change(example()))}
