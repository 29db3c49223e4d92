"""A durable Python function on Lambda: suspended without cost while it waits for a callback."""

from typing import NotRequired

import pulumi
import pulumi_aws as aws

from components.location import arn
from components.policies import Statement
from components.python_function import PythonFunctionArgs, create_function
from services.contract.limits import MAX_EXECUTION_TIMEOUT

RETENTION_DAYS = 7
"""For how long a finished execution and what it was answered can be looked up; AWS allows 1 to 90."""


class DurableFunctionArgs(PythonFunctionArgs):
    """Inputs of DurableFunction."""

    execution_timeout_seconds: int
    """Of a whole execution with all its waits, 1 to 900."""
    retention_days: NotRequired[int]
    """Of finished executions; RETENTION_DAYS by default."""


class DurableFunction(pulumi.ComponentResource):
    """A durable function that is invoked through the alias of its newest version.

    An execution stays on the version that it began on, and all AWS's checks are made against that version: policies
    about executions name `function_arn` followed by `:*`, never the alias.
    """

    function_name: pulumi.Output[str]
    function_arn: pulumi.Output[str]
    """Without a version. For policies; Lambda refuses to invoke a durable function by it."""
    alias_name: pulumi.Output[str]
    alias_arn: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]
    """Of the alias, for API Gateway."""
    version: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    role_name: pulumi.Output[str]

    def __init__(self, name: str, args: DurableFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:DurableFunction", name, {}, opts)
        seconds = args["execution_timeout_seconds"]
        if not 1 <= seconds <= MAX_EXECUTION_TIMEOUT:
            raise pulumi.RunError(
                f"{name}: execution_timeout_seconds is {seconds}; a durable function that is called synchronously "
                f"may run for 1 to {MAX_EXECUTION_TIMEOUT} seconds"
            )
        # The policy must be there before the first invocation, and so before the function has its name:
        # Pulumi appends a hyphen and seven characters to ours.
        executions: Statement = {
            "actions": ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
            "resources": [arn(args["location"], "lambda", f"function:{name}-*:*")],
        }
        parts = create_function(
            self,
            name,
            {
                "location": args["location"],
                "description": args["description"],
                "package": args["package"],
                "handler": args["handler"],
                "memory_mb": args["memory_mb"],
                "timeout_seconds": args["timeout_seconds"],
                "log_retention_days": args["log_retention_days"],
                "environment": args["environment"],
                "statements": [executions, *args["statements"]],
            },
            aws.lambda_.FunctionDurableConfigArgs(
                execution_timeout=seconds, retention_period=args.get("retention_days", RETENTION_DAYS)
            ),
        )
        self.function_name = parts.function.name
        self.function_arn = parts.function.arn
        self.alias_name = parts.alias.name
        self.alias_arn = parts.alias.arn
        self.invoke_arn = parts.alias.invoke_arn
        self.version = parts.function.version
        self.log_group_name = parts.log_group.name
        self.role_name = parts.role.name
        self.register_outputs(parts.outputs())
