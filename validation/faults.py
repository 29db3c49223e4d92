"""Values that would reach AWS, or people, as anything but what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pulumi.runtime import rpc

from validation.graph import Graph
from validation.monitor import UNKNOWN
from validation.values import from_json, leaves

_UNKNOWN: Final = "is unknown although everything exists: an output that AWS does not give"

_OBJECT: Final = re.compile(r"<(class '[\w.]+'|function [\w.<>]+ at 0x\w+|[\w.<>]+ object at 0x\w+|[\w.]+\.\w+: .+)>")
"""How Python shows what is not text: a resource, a class, a member of an enumeration."""


def faults(graph: Graph, *, unknown: bool = True) -> list[str]:
    """What is wrong with the values of all inputs and exports, one sentence each.

    Args:
        graph: a recording.
        unknown: whether unknown values count; without faithful answers there are always some.
    """
    found = [
        f"{resource.name} ({resource.type}): {path}: {fault}"
        for resource in graph
        for path, fault in _faults(resource.inputs)
    ]
    found += [f"export {path}: {fault}" for path, fault in _faults(graph.exports)]
    return [fault for fault in found if unknown or not fault.endswith(_UNKNOWN)]


def _faults(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for below, leaf in leaves(value, path):
        inside = from_json(leaf)
        if inside is not None:
            yield from _faults(inside, f"{below} (JSON)")
        else:
            for fault in _leaf_faults(leaf):
                yield below, fault


def _leaf_faults(value: object) -> Iterator[str]:
    if value is None:
        yield "is None"
    elif isinstance(value, str):
        if UNKNOWN in value or rpc.UNKNOWN in value:
            yield _UNKNOWN
        if "None" in value:
            yield f"contains 'None': {_shortened(value, 'None')}"
        if "Calling __str__ on an Output" in value or "pulumi.output.Output" in value:
            yield "holds an Output put into text without waiting for it"
        elif shown := _OBJECT.search(value):
            yield f"holds a Python object put into text: {shown[0]}"
        if value.startswith("urn:pulumi:"):
            yield "is a whole resource, where one of its outputs is meant"


def _shortened(text: str, around: str) -> str:
    at = text.index(around)
    return text[max(0, at - 30) : at + 30]
