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
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, cast

import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_root_resource

from validation import faithful
from validation.graph import Graph, Resource

ROOT: Final = Path(__file__).resolve().parent.parent

UNKNOWN: Final = "<unknown until created>"
"""Stands in recorded inputs for what AWS had not answered."""

DEFAULT_CONFIG: Final[Mapping[str, str]] = {"aws:region": "us-east-1"}

PLACEHOLDER_SECRET: Final = "a-secret-value"  # noqa: S105
"""Stands for values that the stack file holds encrypted."""

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN_PROPERTY: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class RecordingError(RuntimeError):
    """The program asked for what the engine would refuse, or what `faithful` does not know."""


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
        monitor = _Monitor(project, stack, values, faithful)
        quiet = logging.getLogger("validation.recording.engine")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        pulumi_mocks.set_mocks(_NoMocks(), project, stack, preview=preview, logger=quiet, monitor=monitor)
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


def faults(graph: Graph) -> list[str]:
    """Inputs and exports that would reach AWS, or people, as anything but the value that was meant."""
    found = [
        f"{resource.name} ({resource.type}): {path}: {fault}"
        for resource in graph
        for path, value in leaves(resource.inputs)
        for fault in _leaf_faults(value)
    ]
    return found + [f"export {path}: {fault}" for path, value in leaves(graph.exports) for fault in _leaf_faults(value)]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside, with its path; keys of mappings count as values too."""
    if isinstance(value, Mapping):
        for key, inner in cast(Mapping[str, Any], value).items():
            below = f"{path}.{key}" if path else key
            yield f"{below} (key)", key
            yield from leaves(inner, below)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(cast(Sequence[Any], value)):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def _leaf_faults(value: object) -> Iterator[str]:
    if value is None:
        yield "is None"
    elif isinstance(value, str):
        if UNKNOWN in value or _UNKNOWN_PROPERTY in value:
            yield "is unknown although everything exists: an output that AWS does not give"
        if "None" in value:
            yield f"contains 'None': {_shortened(value, 'None')}"
        if "Calling __str__ on an Output" in value or "pulumi.output.Output" in value:
            yield "holds an Output put into text without waiting for it"


def _shortened(text: str, around: str) -> str:
    at = text.index(around)
    return text[max(0, at - 30) : at + 30]


class _NoMocks(pulumi_mocks.Mocks):
    """The monitor answers everything itself."""

    def call(self, args: Any) -> Any:
        raise NotImplementedError

    def new_resource(self, args: Any) -> Any:
        raise NotImplementedError


class _Monitor(pulumi_mocks.MockMonitor):
    """Pulumi's engine, as far as the program sees it. Called from several threads at once."""

    def __init__(self, project: str, stack: str, config: Mapping[str, str], is_faithful: bool) -> None:
        super().__init__(_NoMocks())
        self.refused: list[str] = []
        """What the engine would have stopped for. Kept rather than raised: what depends on it would fail too."""
        self._project = project
        self._stack = stack
        self._region = config.get("aws:region", DEFAULT_CONFIG["aws:region"])
        self._explicit_only: list[str] = json.loads(config.get("pulumi:disable-default-providers", "[]"))
        self._faithful = is_faithful
        self._lock = threading.Lock()
        self._recorded: dict[str, Resource] = {}
        self._invokes: list[str] = []
        self._exports: dict[str, Any] = {}
        self._secret_exports: frozenset[str] = frozenset()

    def graph(self) -> Graph:
        """What has been registered so far."""
        ordered = tuple(self._recorded[urn] for urn in sorted(self._recorded))
        return Graph(
            self._project,
            self._stack,
            ordered,
            self._exports,
            self._secret_exports,
            tuple(sorted(self._invokes)),
        )

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        # Ours needs no context variables, which the calling thread does not have. As in the engine,
        # the stack does not become part of its children's types.
        above = parent.split("::")[2] if parent else ""
        qualified = f"{above}${type_}" if above and above != "pulumi:pulumi:Stack" else type_
        return f"urn:pulumi:{self._stack}::{self._project}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs, secret = _top_level(request.object)
        identifier, outputs = self._created(request, inputs)
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            inputs=inputs,
            outputs={**outputs, "id": identifier} if request.custom else outputs,
            custom=request.custom,
            remote=request.remote,
            parent=request.parent or None,
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace,
            ignore_changes=tuple(request.ignoreChanges),
            dependencies=frozenset(
                [*request.dependencies, *(urn for p in request.propertyDependencies.values() for urn in p.urns)]
            ),
            provider=_provider(request),
            secrets=secret,
        )
        with self._lock:
            if urn in self._recorded:
                self.refused.append(f"duplicate resource URN {urn}: same type, name and parent twice")
            package = "aws" if request.type.startswith(("aws:", "awsx:")) else request.type.split(":")[0]
            if package in self._explicit_only and not resource.provider:
                self.refused.append(f"{request.name} ({request.type}) has no explicit provider")
            self._recorded[urn] = resource
        hidden = {*secret, *request.additionalSecretOutputs}
        answer = {
            key: {_SIGNATURE: _SECRET, "value": value} if key in hidden else value for key, value in outputs.items()
        }
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identifier, object=_struct(answer))

    def _created(self, request: Any, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        if not request.custom and not request.remote:
            return "", {}
        if self._faithful:
            try:
                return faithful.outputs(request.type, request.name, inputs, self._region)
            except faithful.UnknownTypeError as error:
                self.refused.append(str(error))
        if request.remote:
            return "", {}
        return "", faithful.echoed(inputs)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        # Components register theirs as well; only the stack's leave the program.
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self._exports, self._secret_exports = _top_level(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        given, _ = _top_level(request.args)
        with self._lock:
            self._invokes.append(request.tok)
            if request.tok.split(":")[0] in self._explicit_only and not request.provider:
                self.refused.append(f"{request.tok} is called with no explicit provider")
        answer = faithful.answer(request.tok, given, self._region)
        if answer is None:
            raise RecordingError(f"the program calls {request.tok}: no answer is known, see validation/faithful.py")
        fields: dict[str, Any] = {"return": _struct(answer)}
        return resource_pb2.ResourceInvokeResponse(**fields)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        raise RecordingError(f"the program reads the existing {request.type} {request.name}: nothing here exists yet")


def _provider(request: Any) -> str | None:
    """The explicit provider's URN; the engine receives `urn::id`."""
    reference = request.provider or next((value for _, value in sorted(request.providers.items())), "")
    return reference.rpartition("::")[0] or None


def _struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    json_format.ParseDict(_for_the_wire(values), struct)
    return struct


def _for_the_wire(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _for_the_wire(inner) for key, inner in cast(Mapping[str, Any], value).items()}
        case list():
            return [_for_the_wire(inner) for inner in cast(list[Any], value)]
        case _:
            return _UNKNOWN_PROPERTY if value == UNKNOWN else value


def _top_level(struct: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Plain values, and the names of those that are or contain secrets."""
    values: dict[str, Any] = {}
    secret: set[str] = set()
    for key, raw in json_format.MessageToDict(struct).items():
        value, is_secret = _plain(raw)
        values[key] = value
        if is_secret:
            secret.add(key)
    return values, frozenset(secret)


def _plain(raw: Any) -> tuple[Any, bool]:
    match raw:
        case {"4dabf18193072939515e22adb298388d": signature}:
            return _special(signature, cast(dict[str, Any], raw))
        case dict():
            pairs = {key: _plain(value) for key, value in cast(dict[str, Any], raw).items()}
            return {key: value for key, (value, _) in pairs.items()}, any(secret for _, secret in pairs.values())
        case list():
            items = [_plain(item) for item in cast(list[Any], raw)]
            return [value for value, _ in items], any(secret for _, secret in items)
        case float() if raw.is_integer():
            # All numbers travel as doubles.
            return int(raw), False
        case str() if raw == _UNKNOWN_PROPERTY:
            return UNKNOWN, False
        case _:
            return raw, False


def _special(signature: str, raw: Mapping[str, Any]) -> tuple[Any, bool]:
    match signature:
        case "1b47061264138c4ac30d75fd1eb44270":
            return _plain(raw["value"])[0], True
        case "5cf8f73096256a8f31e491e813e4eb8e":
            return raw["urn"], False
        case "0def7320c3a5731c473e5ecbe6d01bc7":
            return {"archive": _file_name(raw) or _plain(raw.get("assets"))[0]}, False
        case "c44067f5952c0a294b673a41bacd8c17":
            return {"asset": _file_name(raw) or raw.get("text")}, False
        case _:
            raise RecordingError(f"a value of unknown kind {signature}")


def _file_name(raw: Mapping[str, Any]) -> str:
    """Without the folder: stand-ins are in another one in each run."""
    return Path(raw.get("path") or raw.get("uri") or "").name


assert rpc.UNKNOWN == _UNKNOWN_PROPERTY, "pulumi changed its mark of unknown values"
