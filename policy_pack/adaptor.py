"""Policies for Pulumi's policy engine, out of the rules that the tests run.

Every rule may compare resources, so each becomes one policy over the whole stack. In the preview of a
stack that does not exist yet most ARNs and ids are unknown, and a rule that compares them could not
tell a fault from an answer to come: it is silent then, and speaks in the next preview. Rules that
read nothing but what is written in the program always speak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from validation.graph import Graph, Resource
from validation.rules import RULES
from validation.rules.rule import Rule, described

ALWAYS: tuple[str, ...] = (
    "cache-engine",
    "durable-not-published",
    "empty-client-list",
    "empty-environment",
    "function-architecture",
    "function-memory",
    "function-untraced",
    "gateway-name",
    "integration-time-limit",
    "log-group-retention",
    "open-sign-up",
    "prod-deletable",
    "prod-unprotected",
    "prod-unrecoverable",
    "repository-mutable",
    "route-selection",
    "runtime-name",
    "session-lifetime",
    "table-without-expiry",
    "topic-unencrypted",
)
"""Rules that compare no resource with another."""


ANSWERED = frozenset({"arn", "id", "invokeArn", "qualifiedArn", "qualifiedInvokeArn", "responseStreamingInvokeArn"})
"""Properties that are always AWS's answer; a policy is shown them together with what the program gave."""

UNTOLD: Mapping[str, str] = {
    "secret-unmarked": "a policy is not told which values are secret",
    "secret-exported": "a policy is not shown the exports",
    "fixed-name-replacement": "a name that Pulumi chose looks like a given one",
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
                provider=one.provider.urn if one.provider is not None else None,
            )
        )
    return Graph(project, name, tuple(resources)), complete


def _known(props: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The properties that have a value yet; reading another one raises."""
    known: dict[str, Any] = {}
    complete = True
    for key in props:
        try:
            known[key] = _plain(props[key])
        except Exception:  # UnknownValueError of pulumi-policy, which the tests do not have
            complete = False
    return known, complete


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in value}
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    return [_plain(item) for item in value]


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
