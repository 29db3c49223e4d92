"""Functions of every kind."""

from __future__ import annotations

from validation.graph import Graph
from validation.rules.reading import FUNCTION, RUNTIME, at
from validation.rules.rule import Problems


def empty_environment(graph: Graph) -> Problems:
    """Variables are given, or left out: an empty map never settles (terraform-provider-aws #45885)."""
    for function in graph.of_type(FUNCTION):
        if function.inputs.get("environment") is not None and not at(function, "environment.variables"):
            yield function, "has an empty environment"
    for runtime in graph.of_type(RUNTIME):
        if runtime.inputs.get("environmentVariables") == {}:
            yield runtime, "has an empty environment"


def function_architecture(graph: Graph) -> Problems:
    """Functions run on arm64, for which the packages are made."""
    for function in graph.of_type(FUNCTION):
        if function.inputs.get("architectures") != ["arm64"]:
            yield function, f"runs on {function.inputs.get('architectures')}, the package is for arm64"


def function_memory(graph: Graph) -> Problems:
    """Functions have 128 to 10240 MB; AWS's models name the higher limit of managed instances."""
    for function in graph.of_type(FUNCTION):
        megabytes = function.inputs.get("memorySize", 128)
        if not 128 <= megabytes <= 10240:
            yield function, f"has {megabytes} MB of memory; Lambda allows 128 to 10240"


def function_untraced(graph: Graph) -> Problems:
    """Functions take part in traces: what an untraced one calls emits no spans either."""
    for function in graph.of_type(FUNCTION):
        if at(function, "tracingConfig.mode") != "Active":
            yield function, "is not traced"


RULES = (empty_environment, function_architecture, function_memory, function_untraced)
