"""Pulumi's engine, as far as a program sees it: takes registrations down and lets `faithful` answer them."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2

from validation import faithful
from validation.graph import Graph, Resource

UNKNOWN: Final = "<unknown until created>"
"""Stands in recorded inputs for what AWS had not answered."""

DEFAULT_CONFIG: Final[Mapping[str, str]] = {"aws:region": "us-east-1"}

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_UNKNOWN_PROPERTY: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class RecordingError(RuntimeError):
    """The program asked for what the engine would refuse, or what `faithful` does not know."""


class NoMocks(pulumi_mocks.Mocks):
    """The monitor answers everything itself."""

    def call(self, args: Any) -> Any:
        raise NotImplementedError

    def new_resource(self, args: Any) -> Any:
        raise NotImplementedError


class Monitor(pulumi_mocks.MockMonitor):
    """Pulumi's engine, as far as the program sees it. Called from several threads at once."""

    def __init__(self, project: str, stack: str, config: Mapping[str, str], is_faithful: bool) -> None:
        super().__init__(NoMocks())
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
            replace_on_changes=tuple(request.replaceOnChanges),
            aliases=tuple(alias.urn or alias.spec.name or alias.spec.type for alias in request.aliases),
            import_id=request.importId or None,
            deleted_with=request.deletedWith or None,
            timeouts=json_format.MessageToDict(request.customTimeouts),
            # Those of the inputs are among them.
            dependencies=frozenset(request.dependencies),
            property_dependencies={
                key: frozenset(dependencies.urns) for key, dependencies in request.propertyDependencies.items()
            },
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
            raise RecordingError(f"the program calls {request.tok}: no answer is known, see validation/faithful")
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
