"""Functions of every kind."""

from __future__ import annotations

from pathlib import Path

from deployment.packages import PYTHON_VERSION
from validation.graph import Graph
from validation.rules.reading import FUNCTION, RUNTIME, at, mapping
from validation.rules.rule import Problems

ROOT = Path(__file__).resolve().parents[2]


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


def function_code(graph: Graph) -> Problems:
    """A function's handler exists, is in the package that it is given, and runs on the Python that it was built for."""
    for function in graph.of_type(FUNCTION):
        package = mapping(function.inputs.get("code")).get("archive")
        module, _, entry = str(function.inputs.get("handler")).rpartition(".")
        source = ROOT.joinpath(*module.split(".")).with_suffix(".py")
        if not source.is_file() or (
            f"\ndef {entry}(" not in source.read_text() and f"\n{entry} = " not in source.read_text()
        ):
            yield function, f"has the handler {function.inputs.get('handler')}, which does not exist"
        elif isinstance(package, str) and package != f"{module.split('.')[1].replace('_', '-')}.zip":
            yield function, f"has the handler {function.inputs.get('handler')}, which is not in {package}"
        if function.inputs.get("runtime") != f"python{PYTHON_VERSION}":
            yield function, f"runs on {function.inputs.get('runtime')}, its package is for {PYTHON_VERSION}"


def function_log_level(graph: Graph) -> Problems:
    """Functions log JSON from INFO on, which metric filters and queries read."""
    for function in graph.of_type(FUNCTION):
        if at(function, "loggingConfig.logFormat") != "JSON":
            yield function, "does not log JSON"
        if at(function, "loggingConfig.applicationLogLevel") not in (None, "TRACE", "DEBUG", "INFO"):
            yield function, f"logs from {at(function, 'loggingConfig.applicationLogLevel')} on only"


def function_stopped(graph: Graph) -> Problems:
    """No function is held at no concurrency at all, Lambda's way to switch one off."""
    for function in graph.of_type(FUNCTION):
        if function.inputs.get("reservedConcurrentExecutions") == 0:
            yield function, "may not run: its reserved concurrency is 0"


RULES = (
    empty_environment,
    function_architecture,
    function_memory,
    function_untraced,
    function_code,
    function_log_level,
    function_stopped,
)
