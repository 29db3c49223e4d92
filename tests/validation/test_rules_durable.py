from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.validation.mutations import REMOVED, find, set_input, swap
from tests.validation.rule_cases import Case, fired, grant, put, written_down
from validation.faithful import physical
from validation.graph import Graph

NAME = physical("aws:lambda/function:Function", "d-mcp")
PROXY = f"arn:aws:lambda:us-west-2:123456789012:function:{NAME}"


def _invoked_without(graph: Graph) -> Graph:
    invocation = find(graph, "d-built", "Invocation")
    changed = replace(
        invocation,
        inputs={**invocation.inputs, "functionName": NAME},
        dependencies=frozenset(r.urn for r in graph),
    )
    return set_input(swap(graph, invocation, changed), changed, "qualifier", REMOVED)


CASES: list[Case] = [
    ("unqualified-durable-arn", put("d-refused", "pattern", f"{PROXY}")),
    ("unqualified-durable-arn", put("d-socket-ping", "description", f"/functions/{PROXY}/invocations")),
    ("unqualified-durable-arn", put("d-ended", "eventPattern.detail.functionArn", [PROXY])),
    ("unqualified-durable-arn", grant("d-ws-role-policy", "lambda:InvokeFunction", PROXY)),
    ("durable-call-without-qualifier", _invoked_without),
    ("durable-not-published", put("d-mcp", "publish", False, "Function")),
    ("alias-on-latest", put("d-ws-live", "functionVersion", "$LATEST")),
    ("alias-on-latest", put("d-ws-live", "functionVersion", "7")),
    ("durable-execution-time", put("d-mcp", "durableConfig.executionTimeout", 86400, "Function")),
    ("durable-execution-time", put("d-mcp", "durableConfig.executionTimeout", 300, "Function")),
    (
        "durable-without-checkpoints",
        put("d-mcp-role-policy", "policy.Statement.0.Action", ["lambda:GetDurableExecutionState"]),
    ),
    (
        "callback-on-one-version",
        grant("d-ws-role-policy", "lambda:SendDurableExecutionCallbackFailure", f"{PROXY}:live"),
    ),
    ("function-time-limit", put("d-mcp", "timeout", 1000, "Function")),
    ("function-time-limit", put("d-ws", "timeout", 60, "Function")),
    ("alias-on-latest", put("d-ws", "publish", False, "Function")),
    ("alias-on-latest", written_down("d-mcp-live", "functionVersion")),
    ("callback-forbidden", put("d-ws-role-policy", "policy.Statement.1.Action", lambda actions: actions[:1])),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
