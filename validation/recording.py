"""Runs the program without AWS and records what it would ask the Pulumi engine for.

`record` takes any callable that creates resources, `record_stack` the real `__main__.py` with the
stack's own configuration. AWS is played by `faithful`. Each run has a context of its own, so
any number of them can follow each other in one process.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import logging
import runpy
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, cast

import yaml
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import get_root_resource

from validation.faults import faults
from validation.graph import Graph
from validation.monitor import DEFAULT_CONFIG, UNKNOWN, Monitor, NoMocks, RecordingError
from validation.values import leaves

__all__ = [
    "DEFAULT_CONFIG",
    "PLACEHOLDER_SECRET",
    "ROOT",
    "UNKNOWN",
    "RecordingError",
    "faults",
    "leaves",
    "record",
    "record_stack",
    "stack_config",
]

ROOT: Final = Path(__file__).resolve().parent.parent

PLACEHOLDER_SECRET: Final = "a-secret-value"  # noqa: S105
"""Stands for values that the stack file holds encrypted."""


def record(
    program: Callable[[], object],
    *,
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
    preview: bool = True,
    faithful: bool = True,
    project: str = "deskside",
) -> Graph:
    """Run a callable that creates resources.

    Args:
        program: creates the resources; may call `pulumi.export`.
        stack: name of the stack.
        config: by full key, such as `aws:region`; values as Pulumi holds them (JSON unless text).
        secrets: the keys of `config` whose values are secret.
        preview: as `pulumi preview` does; what AWS has not answered is then unknown rather than None.
        faithful: AWS answers as it does after creation; otherwise nothing but the inputs comes back.
        project: name of the project.

    Raises:
        RecordingError: a duplicate URN, an unexpected provider function or an unknown resource type.
        Exception: whatever the program raises.
    """
    values = dict(DEFAULT_CONFIG if config is None else config)

    def run() -> Graph:
        monitor = Monitor(project, stack, values, faithful)
        quiet = logging.getLogger("validation.recording.engine")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        pulumi_mocks.set_mocks(NoMocks(), project, stack, preview=preview, logger=quiet, monitor=monitor)
        set_all_config(values, list(secrets))

        def whole() -> None:
            program()
            root = cast(Any, get_root_resource())
            root.register_outputs(root.outputs)

        try:
            cast(Any, pulumi_mocks).test(whole)()
        except Exception as error:
            if monitor.refused:
                raise RecordingError("; ".join(monitor.refused)) from error
            raise
        if monitor.refused:
            raise RecordingError("; ".join(monitor.refused))
        return monitor.graph()

    # A thread has no event loop yet, so it does not matter whether the caller has one that is running or closed.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(contextvars.Context().run, _with_event_loop, run).result()


def _with_event_loop(run: Callable[[], Graph]) -> Graph:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return run()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def record_stack(
    stack: str,
    *,
    config: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
    preview: bool = True,
    faithful: bool = True,
    name: str | None = None,
) -> Graph:
    """Run the real `__main__.py` with `Pulumi.<stack>.yaml` and tiny stand-ins for the packages.

    Args:
        stack: whose settings to use.
        config: settings that replace the stack's own, by full key.
        secrets: keys of `config` that are secret.
        preview: see `record`.
        faithful: see `record`.
        name: what the stack is called, where that is to differ from `stack`.
    """
    from deployment.artifacts import stand_ins

    values, secret_keys = stack_config(stack)
    with stand_ins() as dist, contextlib.chdir(ROOT):
        return record(
            lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
            stack=name or stack,
            config={**values, "deskside:distFolder": str(dist), **(config or {})},
            secrets=[*secret_keys, *secrets],
            preview=preview,
            faithful=faithful,
            project=cast(str, _yaml(ROOT / "Pulumi.yaml")["name"]),
        )


def stack_config(stack: str) -> tuple[dict[str, str], list[str]]:
    """The settings of a stack as the CLI would pass them, and which of them are secret."""
    project = _yaml(ROOT / "Pulumi.yaml")
    prefix = cast(str, project["name"])
    values: dict[str, str] = {}
    secret: list[str] = []
    defaults = {key: _default(given) for key, given in cast(dict[str, Any], project.get("config") or {}).items()}
    own = cast(dict[str, Any], _yaml(ROOT / f"Pulumi.{stack}.yaml").get("config") or {})
    for bare, value in {**defaults, **own}.items():
        if value is None:
            continue
        key = bare if ":" in bare else f"{prefix}:{bare}"
        if isinstance(value, dict) and set(cast(dict[str, Any], value)) == {"secure"}:
            secret.append(key)
            values[key] = PLACEHOLDER_SECRET
        else:
            values[key] = value if isinstance(value, str) else json.dumps(value)
    return values, secret


def _default(declared: Any) -> Any:
    """A project's config entry is a value, or says its `value` or `default`."""
    if not isinstance(declared, dict):
        return declared
    entry = cast(dict[str, Any], declared)
    return entry.get("value", entry.get("default"))


def _yaml(path: Path) -> dict[str, Any]:
    return cast(dict[str, Any], yaml.safe_load(path.read_text()))
