"""The typed settings of a service, built from values that exist only once AWS has made them."""

import contextlib
from collections.abc import Callable
from typing import Any, cast

import pulumi
from pydantic import ValidationError

from services.contract.settings import Settings

Read = Callable[[pulumi.Input[str]], str]
"""Takes an input of the program for the text it will have."""


def environment(build: Callable[[Read], Settings]) -> pulumi.Output[dict[str, str]]:
    """The variables of a service, from the very model the service reads them with.

    ::

        environment(lambda read: McpProxySettings(connections_table=read(tables.connections_name), …))

    A missing or misspelt setting is a type error, a value that the model refuses fails the update.

    Args:
        build: makes the settings; called once to learn which inputs it reads, and again with their values.
    """
    inputs: list[pulumi.Input[str]] = []

    def collect(value: pulumi.Input[str]) -> str:
        inputs.append(value)
        return ""

    # Empty stand-ins are refused, but by then every input has been read.
    with contextlib.suppress(ValidationError):
        build(collect)

    def resolve(values: list[Any]) -> dict[str, str]:
        remaining = iter(cast(list[str], values))
        return build(lambda _: next(remaining)).to_environment()

    # `all` has no typed overload for a list of inputs.
    return pulumi.Output.all(*inputs).apply(resolve)
