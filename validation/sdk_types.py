"""Recorded inputs against the argument types of the generated SDKs, nested keys included.

A type checker cannot follow a dict that came from JSON or a comprehension, and the SDK passes a
misspelt key in one on as it is. Here every key and value is compared with the generated classes.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import json
import types
import typing
from collections.abc import Awaitable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, cast

import pulumi
from pulumi import _types  # pyright: ignore[reportPrivateUsage]
from pulumi.runtime import rpc

from validation.graph import Graph, Resource


def check(graph: Graph) -> list[str]:
    """What the SDK types do not allow, one sentence each."""
    return [fault for resource in graph for fault in check_resource(resource)]


def check_resource(resource: Resource) -> list[str]:
    """What the SDK type of this resource does not allow in its inputs."""
    if not resource.custom and not resource.remote:
        return []
    inputs = resource.inputs
    if resource.type.startswith("pulumi:providers:"):
        # Providers receive everything but text as JSON.
        inputs = {key: _decoded(value) for key, value in inputs.items()}
    arguments = arguments_class(resource.type)
    return [f"{resource.name} ({resource.type}): {fault}" for fault in _object(inputs, arguments, "")]


@cache
def resource_class(token: str) -> type:
    """The SDK's class of a resource type.

    Raises:
        LookupError: no imported SDK has it.
    """
    package, module, _ = token.split(":")
    if package == "pulumi":
        return importlib.import_module(f"pulumi_{token.split(':')[2]}").Provider
    importlib.import_module(f"pulumi_{package}")
    registered = cast(Any, rpc.get_resource_module(package, module, ""))
    if registered is None:
        raise LookupError(f"no SDK has {token}")
    classes = cast(dict[str, str], registered.mod_info["classes"])
    return getattr(importlib.import_module(registered.mod_info["fqn"]), classes[token])


@cache
def arguments_class(token: str) -> type:
    """The SDK's class of a resource type's arguments."""
    resource = resource_class(token)
    module = importlib.import_module(resource.__module__)
    # `Init` where a nested type has the plain name.
    for name in (f"{resource.__name__}InitArgs", f"{resource.__name__}Args"):
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(f"no arguments class for {token}")


def argument_names(token: str) -> frozenset[str]:
    """Wire names of the inputs that the resource type takes."""
    return frozenset(_fields(arguments_class(token))[0])


def required_names(token: str) -> frozenset[str]:
    """Wire names of the inputs that the resource type requires."""
    return _fields(arguments_class(token))[1]


@cache
def output_names(token: str) -> frozenset[str]:
    """Wire names of the outputs that the resource's class offers."""
    return frozenset(_types.resource_py_to_pulumi_names(resource_class(token)).values())


@cache
def _fields(arguments: type) -> tuple[Mapping[str, Any], frozenset[str]]:
    """Types by wire name, and which names are required."""
    names = _types.input_type_py_to_pulumi_names(arguments)
    initial = cast(Any, arguments).__init__
    required = {
        names[name]
        for name, parameter in inspect.signature(initial).parameters.items()
        if name in names and parameter.default is inspect.Parameter.empty
    }
    return _types.input_type_types(arguments), frozenset(required)


def _object(values: Mapping[str, Any], arguments: type, path: str) -> list[str]:
    fields, required = _fields(arguments)
    found: list[str] = []
    for key, value in values.items():
        below = f"{path}.{key}" if path else key
        if key not in fields:
            close = difflib.get_close_matches(key, fields, n=1)
            found.append(f"{below}: unknown{f', did you mean {close[0]}?' if close else ''}")
        else:
            found += _value(value, fields[key], below)
    found += [f"{path or 'inputs'}: {key} is missing" for key in sorted(required - set(values))]
    return found


def _value(value: Any, expected: Any, path: str) -> list[str]:
    candidates = [kind for kind in _alternatives(expected) if kind is not type(None)]
    if not candidates or Any in candidates or object in candidates:
        return []
    if value is None:
        return [f"{path}: is None"]
    faults = [_one(value, kind, path) for kind in candidates]
    # The alternative that the value comes closest to says best what is wrong.
    return min(faults, key=_distance)


def _distance(faults: list[str]) -> tuple[bool, int]:
    return any("should be" in fault for fault in faults), len(faults)


def _alternatives(expected: Any) -> list[Any]:
    origin = typing.get_origin(expected)
    if origin in (typing.Union, types.UnionType):
        return [kind for member in typing.get_args(expected) for kind in _alternatives(member)]
    if origin in (pulumi.Output, Awaitable):
        return []
    return [expected]


def _one(value: Any, kind: Any, path: str) -> list[str]:
    origin = typing.get_origin(kind)
    if inspect.isclass(kind) and _types.is_input_type(kind):
        if not isinstance(value, Mapping):
            return [f"{path}: should be an object ({kind.__name__}), is {_named(value)}"]
        return _object(cast(Mapping[str, Any], value), kind, path)
    if origin is not None and inspect.isclass(origin) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            return [f"{path}: should be a mapping, is {_named(value)}"]
        inner = typing.get_args(kind)[1]
        pairs = cast(Mapping[str, Any], value).items()
        return [fault for key, item in pairs for fault in _value(item, inner, f"{path}.{key}")]
    if origin is not None and inspect.isclass(origin) and issubclass(origin, Sequence):
        if not isinstance(value, list):
            return [f"{path}: should be a list, is {_named(value)}"]
        inner = typing.get_args(kind)[0]
        items = enumerate(cast(list[Any], value))
        return [fault for index, item in items for fault in _value(item, inner, f"{path}[{index}]")]
    return [] if _fits(value, kind) else [f"{path}: should be {getattr(kind, '__name__', kind)}, is {_named(value)}"]


def _fits(value: Any, kind: Any) -> bool:
    if issubclass(kind, pulumi.Asset | pulumi.Archive):
        return isinstance(value, Mapping) and set(cast(Mapping[str, Any], value)) in ({"archive"}, {"asset"})
    if kind is bool:
        return isinstance(value, bool)
    if issubclass(kind, int | float):
        whole = isinstance(value, int) or (kind is float and isinstance(value, float))
        return whole and not isinstance(value, bool)
    if issubclass(kind, Enum):
        return value in {member.value for member in kind}
    if issubclass(kind, str):
        return isinstance(value, str)
    if issubclass(kind, dict):
        return isinstance(value, Mapping)
    # A resource given as such is recorded as its URN.
    return not issubclass(kind, pulumi.Resource) or isinstance(value, str)


def _named(value: Any) -> str:
    return f"{type(value).__name__} {str(value)[:60]!r}"


def _decoded(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value
