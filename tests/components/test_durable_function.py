"""A durable function: what it has beyond a plain one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.durable_function import DurableFunction, DurableFunctionArgs
from services.contract.limits import TIMEOUTS
from validation.recording import record

NAME = "deskside-test-proxy"
ARGS: DurableFunctionArgs = {
    "location": {"partition": "aws", "region": "us-east-1", "account_id": "123456789012"},
    "description": "Waits",
    "package": Path("dist/proxy.zip"),
    "handler": "services.proxy.handler",
    "memory_mb": 512,
    "timeout_seconds": 60,
    "log_retention_days": 14,
    "environment": {"TABLE": "t"},
    "statements": [{"actions": ["dynamodb:Query"], "resources": ["arn:aws:dynamodb:us-east-1:123456789012:table/t"]}],
    "execution_timeout_seconds": 900,
}


def program(**changes: Any) -> Callable[[], None]:
    def run() -> None:
        provider = aws.Provider("test", region="us-east-1")
        args: Any = {**ARGS, **changes}
        function = DurableFunction(NAME, args, pulumi.ResourceOptions(providers=[provider]))
        pulumi.export("alias_arn", function.alias_arn)
        pulumi.export("invoke_arn", function.invoke_arn)
        pulumi.export("function_arn", function.function_arn)

    return run


def test_is_durable() -> None:
    function = record(program()).named(NAME, "aws:lambda/function:Function")
    assert function.inputs["durableConfig"] == {"executionTimeout": 900, "retentionPeriod": 7}
    assert function.inputs["publish"] is True


def test_keeps_finished_executions_for_as_long_as_it_is_told() -> None:
    function = record(program(retention_days=30)).named(NAME, "aws:lambda/function:Function")
    assert function.inputs["durableConfig"]["retentionPeriod"] == 30


def test_may_checkpoint_executions_of_every_version_of_itself() -> None:
    graph = record(program())
    [policy] = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    allowed = {tuple(s["Action"]): s["Resource"] for s in json.loads(policy.inputs["policy"])["Statement"]}
    pattern = f"arn:aws:lambda:us-east-1:123456789012:function:{NAME}-*:*"
    assert allowed["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"] == [pattern]
    assert ("dynamodb:Query",) in allowed
    # The name that AWS will see begins as the pattern says, and the policy is there before the function.
    function = graph.named(NAME, "aws:lambda/function:Function")
    assert function.outputs["name"].startswith(f"{NAME}-")
    assert policy.urn in function.dependencies


def test_is_invoked_through_its_alias_only() -> None:
    exports = record(program()).exports
    assert exports["alias_arn"] == f"{exports['function_arn']}:live"
    assert f"{exports['alias_arn']}/invocations" in exports["invoke_arn"]


@pytest.mark.parametrize("seconds", [0, 901])
def test_refuses_an_execution_that_no_synchronous_caller_could_make(seconds: int) -> None:
    with pytest.raises(Exception, match=f"{NAME}: execution_timeout_seconds is {seconds}"):
        record(program(execution_timeout_seconds=seconds))


def test_the_timeout_chain_fits() -> None:
    record(program(execution_timeout_seconds=TIMEOUTS.execution))
