from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.validation.mutations import find, swap
from tests.validation.rule_cases import Case, fired, more, put
from validation.graph import Graph


def _long(graph: Graph) -> Graph:
    alarm = find(graph, "d-failed")
    return swap(graph, alarm, replace(alarm, outputs={**alarm.outputs, "name": "x" * 256}))


def _twice(graph: Graph) -> Graph:
    group = find(graph, "d-ws-logs")
    return more(graph, replace(group, urn=f"{group.urn}-2", name="d-ws-logs-2"))


CASES: list[Case] = [
    ("name-too-long", _long),
    ("name-twice", _twice),
    ("fixed-name-replacement", put("d-tools", "name", "d-tools", "AgentcoreGateway")),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
