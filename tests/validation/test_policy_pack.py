"""The rules as Pulumi's policy engine calls them, with stand-ins for its objects."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from policy_pack.adaptor import ALWAYS, UNKNOWN, UNTOLD, graph_of, policies
from tests.validation.example import example
from tests.validation.rule_cases import program, put
from validation.graph import Graph
from validation.rules import RULES


class Unknown(dict[str, Any]):
    """Properties of which one is not known yet; pulumi-policy raises when it is read."""

    def __getitem__(self, key: str) -> Any:
        if key == "arn":
            raise RuntimeError("unknown value")
        return super().__getitem__(key)


def stack(graph: Graph, properties: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> Any:
    """The graph as the engine shows it: inputs and outputs are one, and parents are resources."""
    shown = {
        r.urn: SimpleNamespace(
            resource_type=r.type,
            props=properties({**r.outputs, **r.inputs}),
            urn=r.urn,
            name=r.name,
            opts=SimpleNamespace(protect=r.protect, delete_before_replace=r.delete_before_replace),
            provider=None,
            parent=None,
            dependencies=[],
            property_dependencies={},
        )
        for r in graph
    }
    for r in graph:
        one = shown[r.urn]
        one.parent = shown.get(r.parent or "")
        one.provider = shown.get(r.provider or "")
        one.dependencies = [shown[urn] for urn in sorted(r.dependencies)]
        one.property_dependencies = {
            key: [shown[urn] for urn in sorted(urns)] for key, urns in r.property_dependencies.items()
        }
    return SimpleNamespace(resources=list(shown.values()))


def reports(shown: Any) -> set[str]:
    """The policies that report something."""
    found: set[str] = set()
    for name, _, validate in policies():
        validate(shown, lambda message, urn, name=name: found.add(name))
    return found


def test_a_good_stack_passes() -> None:
    assert reports(stack(example())) == set()


def test_a_fault_is_reported_with_its_resource() -> None:
    shown = stack(put("d-images", "imageTagMutability", "MUTABLE")(example()))
    messages: list[tuple[str, str]] = []
    for name, _, validate in policies():
        if name == "repository-mutable":
            validate(shown, lambda message, urn: messages.append((message, urn)))
    assert [message for message, _ in messages] == ["d-images lets tags move to another image"]
    assert messages[0][1].endswith("::d-images")


def test_in_the_preview_of_a_new_stack_only_what_is_known_is_judged() -> None:
    faulty = put("d-images", "imageTagMutability", "MUTABLE")(example())
    assert reports(stack(faulty, Unknown)) == {"repository-mutable"}
    graph, complete = graph_of(stack(faulty, Unknown))
    assert not complete
    assert (graph.project, graph.stack) == ("deskside", "prod")


class UnknownId(dict[str, Any]):
    """Properties, at any depth, whose ids and ARNs are not known yet."""

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if key in ("securityGroupIds", "functionName", "destinationArn", "logGroup", "groupName"):
            raise RuntimeError("unknown value")
        return UnknownId(cast(dict[str, Any], value)) if isinstance(value, dict) else value


def test_what_is_not_known_yet_is_no_fault() -> None:
    assert reports(stack(program(), UnknownId)) == set()
    graph, _ = graph_of(stack(program(), UnknownId))
    function = next(r for r in graph if r.name == "deskside-prod-ws-manager" and r.custom)
    assert function.inputs["loggingConfig"]["logFormat"] == "JSON"
    assert function.inputs["loggingConfig"]["logGroup"] == UNKNOWN


def test_numbers_are_whole_again() -> None:
    shown = stack(program())
    cache = next(one for one in shown.resources if one.resource_type.endswith(":ServerlessCache"))
    cache.props["endpoints"] = [{**end, "port": float(end["port"])} for end in cache.props["endpoints"]]
    assert reports(shown) == set()


def test_every_rule_is_a_policy_but_those_that_a_policy_cannot_answer() -> None:
    names = {name for name, _, _ in policies()}
    assert set(RULES) - names == set(UNTOLD)
    assert set(ALWAYS) <= names
    assert all(description for _, description, _ in policies())


def test_stack_options_reach_the_rules() -> None:
    graph, _ = graph_of(stack(example()))
    assert {r.urn for r in graph if r.protect} == {r.urn for r in example() if r.protect}
