"""Policies for Pulumi's policy engine, out of the rules that the tests run.

Every rule may compare resources, so each becomes one policy over the whole stack. In the preview of a
stack that does not exist yet most ARNs and ids are unknown, and a rule that compares them could not
tell a fault from an answer to come: it is silent then, and speaks in the next preview. Rules that
read nothing but what is written in the program always speak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from validation.graph import Graph, Resource
from validation.rules import RULES
from validation.rules.reading import texts
from validation.rules.rule import Rule, described

ALWAYS: tuple[str, ...] = (
    "cache-engine",
    "build-machine",
    "build-outlives-waiter",
    "client-careless",
    "domain-reserved",
    "empty-environment",
    "function-architecture",
    "function-log-level",
    "function-memory",
    "function-stopped",
    "function-untraced",
    "gateway-name",
    "image-expiry",
    "integration-time-limit",
    "log-group-retention",
    "open-sign-up",
    "password-flow",
    "prod-deletable",
    "prod-deleted-first",
    "prod-unprotected",
    "prod-unrecoverable",
    "repository-mutable",
    "route-selection",
    "runtime-name",
    "session-lifetime",
    "stage-logs-messages",
    "table-without-expiry",
    "token-lifetime",
    "topic-unencrypted",
)
"""Rules that compare no resource with another."""


ANSWERED = frozenset({"arn", "id", "invokeArn", "qualifiedArn", "qualifiedInvokeArn", "responseStreamingInvokeArn"})
"""Properties that are always AWS's answer; a policy is shown them together with what the program gave."""

UNTOLD: Mapping[str, str] = {
    "secret-unmarked": "a policy is not told which values are secret",
    "secret-exported": "a policy is not shown the exports",
    "fixed-name-replacement": "a name that Pulumi chose looks like a given one",
    "ignored-change": "a stack policy is shown resources as they are, with every change",
    "left-behind": "a policy is not told what is retained",
    "secret-written": "a policy is shown secrets as if they were plain",
    "empty-client-list": "AWS answers with an empty list for one that was left out",
}
"""Rules that are no policy, and why."""


class PolicyOptions(Protocol):
    """What the engine says of a resource besides its properties."""

    protect: bool
    delete_before_replace: bool | None


class PolicyResource(Protocol):
    """A resource as the engine shows it to a policy."""

    resource_type: str
    props: Mapping[str, Any]
    urn: str
    name: str
    opts: PolicyOptions
    provider: Any
    parent: Any
    dependencies: Iterable[Any]
    property_dependencies: Mapping[str, Iterable[Any]]


class PolicyStack(Protocol):
    """All resources of a stack."""

    resources: Iterable[PolicyResource]


Report = Callable[[str, str], None]
"""Message and URN."""


def graph_of(stack: PolicyStack) -> tuple[Graph, bool]:
    """The stack as our rules read it, and whether all of its values are known."""
    resources: list[Resource] = []
    complete = True
    project = name = ""
    for one in stack.resources:
        name, project = one.urn.split("::")[0].removeprefix("urn:pulumi:"), one.urn.split("::")[1]
        known, all_known = _known(one.props)
        complete = complete and all_known
        resources.append(
            Resource(
                urn=one.urn,
                type=one.resource_type,
                name=one.name,
                inputs={key: value for key, value in known.items() if key not in ANSWERED},
                outputs=known,
                custom=one.resource_type.startswith(("aws:", "pulumi:providers:")),
                parent=one.parent.urn if one.parent is not None else None,
                protect=bool(one.opts.protect),
                delete_before_replace=bool(one.opts.delete_before_replace),
                dependencies=frozenset(other.urn for other in one.dependencies),
                property_dependencies={
                    key: frozenset(other.urn for other in others) for key, others in one.property_dependencies.items()
                },
                provider=one.provider.urn if one.provider is not None else None,
            )
        )
    return Graph(project, name, tuple(resources)), complete


UNKNOWN = "(known after the update)"
"""In place of a value that AWS has yet to give: it is there, whatever it will be."""


def _known(props: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The properties, and whether all of them have a value yet."""
    known: dict[str, Any] = {str(key): _plain(lambda key=key: props[key]) for key in props}
    return known, UNKNOWN not in texts(known)


def _plain(read: Callable[[], Any]) -> Any:
    """A value without the engine's wrappers; reading one that is not known yet raises."""
    try:
        value = read()
    except Exception:  # UnknownValueError of pulumi-policy, which the tests do not have
        return UNKNOWN
    if isinstance(value, Mapping):
        inside = cast(Mapping[Any, Any], value)
        return {str(key): _plain(lambda key=key: inside[key]) for key in inside}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = cast(Sequence[Any], value)
        return [_plain(lambda at=at: items[at]) for at in range(len(items))]
    # All numbers arrive as doubles.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def validator(name: str, rule: Rule) -> Callable[[PolicyStack, Report], None]:
    """What the engine calls for one policy."""

    def validate(stack: PolicyStack, report: Report) -> None:
        graph, complete = graph_of(stack)
        if complete or name in ALWAYS:
            for resource, sentence in rule(graph):
                report(f"{resource.name} {sentence}", resource.urn)

    return validate


def policies() -> list[tuple[str, str, Callable[[PolicyStack, Report], None]]]:
    """Name, description and validator of every rule but those in UNTOLD."""
    return [(name, described(rule), validator(name, rule)) for name, rule in RULES.items() if name not in UNTOLD]
