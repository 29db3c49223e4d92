from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.validation.mutations import find
from tests.validation.rule_cases import Case, alter, drop, fired, put
from validation.graph import Graph


def _leaked(graph: Graph) -> Graph:
    secret = find(graph, "d-machine").outputs["clientSecret"]
    return put("d-agent", "environmentVariables.MACHINE_CLIENT_ID", secret, "AgentcoreAgentRuntime")(graph)


def _exported(graph: Graph) -> Graph:
    return replace(graph, exports={"machine": find(graph, "d-machine").outputs["clientSecret"]})


def _identifier(graph: Graph) -> Graph:
    return put("d-secret-value", "secretString", find(graph, "d-machine").outputs["id"])(graph)


CASES: list[Case] = [
    ("secret-in-environment", put("d-ws", "environment.variables.CLIENT_SECRET", "x", "Function")),
    (
        "secret-in-environment & secret-written",
        put("d-ws", "environment.variables.KEY", "AKIAIOSFODNN7EXAMPLE", "Function"),
    ),
    ("secret-in-environment & environment-dangling", _leaked),
    ("secret-unmarked", alter("d-secret-value", secrets=frozenset())),
    ("secret-exported", _exported),
    ("secret-kept", put("d-secret", "recoveryWindowInDays", 0, "Secret")),
    ("secret-written", put("d-ws", "description", "AKIAIOSFODNN7EXAMPLE", "Function")),
    ("secret-empty", drop("d-secret-value")),
    ("secret-empty", _identifier),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
