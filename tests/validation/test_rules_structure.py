from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.mutations import REMOVED, set_input
from tests.validation.rule_cases import Case, alter, fired
from validation.graph import Graph


def _untagged(graph: Graph) -> Graph:
    return set_input(graph, graph.of_type("pulumi:providers:aws")[0], "defaultTags.tags.Environment", REMOVED)


CASES: list[Case] = [
    ("default-provider", alter("d-connections", provider=None)),
    ("untagged", _untagged),
    ("orphan", alter("d-connections", parent=None)),
    ("parent-name", alter("d-connections", name="connections")),
    ("ignored-change", alter("d-ws", "Function", ignore_changes=("environment",))),
    ("left-behind", alter("d-connections", retain_on_delete=True)),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
