"""What a stack's file says, for the tools that run outside of Pulumi."""

import json
import re
from pathlib import Path
from typing import Any, cast

import yaml

from components.settings import ConfigurationError, Settings

STACK_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/){0,2}[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
"""`stack`, or for Pulumi Cloud `organization/stack` or `organization/project/stack`."""


class StackError(Exception):
    """The stack cannot be worked with; the message is one sentence that says why and what to do."""


def short(stack: str) -> str:
    """The part of a stack's name that its file is called after."""
    return stack.rpartition("/")[2]


def known_stacks(folder: Path) -> list[str]:
    """The stacks that have a file."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml"))


def chosen_stack(given: str | None, target: str, folder: Path) -> str:
    """The stack that a person named.

    Args:
        given: what they gave as STACK.
        target: the Makefile's target, for the message.
        folder: where the stacks' files are.

    Raises:
        StackError: none was given, it is no name, or it has no file.
    """
    stacks = known_stacks(folder)
    example = stacks[0] if stacks else "dev"
    if not given:
        have = f" (here: {', '.join(stacks)})" if stacks else ""
        raise StackError(f"STACK is not set; say which one{have}: make {target} STACK={example}")
    if not STACK_NAME.fullmatch(given):
        raise StackError(f"{given!r} is not the name of a stack")
    if short(given) not in stacks:
        raise StackError(f"There is no Pulumi.{short(given)}.yaml; write one like Pulumi.{example}.yaml first")
    return given


def settings_of(stack: str, folder: Path) -> Settings:
    """The stack's settings, by the same rules as in the program.

    Raises:
        StackError: they cannot be read, or the program would refuse them.
    """
    path = folder / f"Pulumi.{short(stack)}.yaml"
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StackError(f"{path.name} cannot be read: {error.strerror}") from None
    except yaml.YAMLError:
        raise StackError(f"{path.name} is not YAML") from None
    config = cast(dict[str, Any], content["config"] if isinstance(content, dict) and "config" in content else {})
    try:
        return Settings.of({key: _text(value) for key, value in config.items() if value is not None})
    except ConfigurationError as error:
        raise StackError(f"{path.name}: {error}") from None


def _text(value: Any) -> str:
    # As the CLI hands it to a program: text as it is, everything else as JSON.
    return value if isinstance(value, str) else json.dumps(value)
