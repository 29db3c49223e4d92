"""Graphs with one thing changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from validation.graph import Graph, Resource

REMOVED = object()
"""As a value: the input is taken away."""


def find(graph: Graph, name: str, type: str | None = None) -> Resource:
    """The one resource whose logical name ends so; `type` is the end of its token's, such as `Function`."""
    named = [r for r in graph if (r.custom or r.remote) and r.name.endswith(name)]
    found = [r for r in named if type in (None, r.type.rsplit(":", 1)[-1])]
    if len(found) != 1:
        raise LookupError(f"{len(found)} resources end in {name} ({type}): {[r.urn for r in found][:5]}")
    return found[0]


def swap(graph: Graph, old: Resource, *new: Resource) -> Graph:
    """The graph with a resource replaced, or removed."""
    at = graph.resources.index(old)
    return replace(graph, resources=(*graph.resources[:at], *new, *graph.resources[at + 1 :]))


def set_input(graph: Graph, resource: Resource, path: str, value: Any) -> Graph:
    """One input changed, at a dotted path; what AWS only echoed follows. JSON texts are opened on the way."""
    inputs = deepcopy(dict(resource.inputs))
    _set(inputs, path.split("."), value)
    top = path.split(".", maxsplit=1)[0]
    outputs = dict(resource.outputs)
    if top in outputs and resource.inputs.get(top) == outputs[top]:
        outputs.pop(top)
        if top in inputs:
            outputs[top] = inputs[top]
    return swap(graph, resource, replace(resource, inputs=inputs, outputs=outputs))


def _set(container: Any, path: list[str], value: Any) -> None:
    key: Any = int(path[0]) if isinstance(container, list) else path[0]
    if len(path) == 1:
        if value is REMOVED:
            del container[key]
        else:
            container[key] = value(container[key]) if callable(value) else value
        return
    if isinstance(container, dict) and key not in container:
        container[key] = {}
    inner = container[key]
    if isinstance(inner, str):
        document = json.loads(inner)
        _set(document, path[1:], value)
        container[key] = json.dumps(document)
    else:
        _set(inner, path[1:], value)


def set_everywhere(graph: Graph, change: Callable[[Resource], Resource]) -> Graph:
    """Every resource passed through a function."""
    return replace(graph, resources=tuple(change(r) for r in graph))
