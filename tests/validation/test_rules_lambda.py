from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.rule_cases import Case, fired, put
from validation.graph import Graph

CASES: list[Case] = [
    ("empty-environment", put("d-ws", "environment", {"variables": {}}, "Function")),
    ("empty-environment", put("d-agent", "environmentVariables", {}, "AgentcoreAgentRuntime")),
    ("function-architecture", put("d-ws", "architectures", ["x86_64"], "Function")),
    ("function-memory", put("d-ws", "memorySize", 20000, "Function")),
    ("function-untraced", put("d-ws", "tracingConfig.mode", "PassThrough", "Function")),
    ("function-code", put("d-ws", "handler", "services.ws_manager.handlr.handler", "Function")),
    ("function-code", put("d-ws", "handler", "services.ws_manager.handler.handle", "Function")),
    ("function-code", put("d-ws", "code", {"archive": "mcp-proxy.zip"}, "Function")),
    ("function-code", put("d-ws", "runtime", "python3.12", "Function")),
    ("function-log-level", put("d-ws", "loggingConfig.logFormat", "Text", "Function")),
    ("function-log-level", put("d-ws", "loggingConfig.applicationLogLevel", "FATAL", "Function")),
    ("function-stopped", put("d-ws", "reservedConcurrentExecutions", 0, "Function")),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
