"""A Python function on Lambda, with its log group, role and alias."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.location import Location, arn
from components.policies import Statement
from components.service_role import ServiceRole
from deployment.packages import ARCHITECTURE, PYTHON_VERSION

ALIAS = "live"
"""What callers name. The version behind it is immutable; `$LATEST` is never invoked."""

ENVIRONMENT_BYTES = 4096
"""All names and values together (Lambda quotas page)."""

RESERVED_PREFIXES = ("AWS_", "LAMBDA_", "_")
"""Lambda sets these itself and refuses most of them (developer guide, "Defined runtime environment variables")."""


class PythonFunctionArgs(TypedDict):
    """Inputs of PythonFunction."""

    location: Location
    description: str
    package: Path
    """A zip from `make build`; made for this architecture and Python version."""
    handler: str
    """`module.function`."""
    memory_mb: int
    """128 to 10240; the share of a CPU grows with it."""
    timeout_seconds: int
    """Of one invocation, 1 to 900."""
    log_retention_days: int
    environment: pulumi.Input[Mapping[str, str]]
    statements: list[Statement]
    """What it may do, besides logging and tracing."""


class PythonFunction(pulumi.ComponentResource):
    """A function that is invoked through the alias of its newest version."""

    function_name: pulumi.Output[str]
    function_arn: pulumi.Output[str]
    """Without a version. For policies; nothing may be invoked by it."""
    alias_name: pulumi.Output[str]
    alias_arn: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]
    """Of the alias, for API Gateway."""
    version: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    role_name: pulumi.Output[str]

    def __init__(self, name: str, args: PythonFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:PythonFunction", name, {}, opts)
        parts = create_function(self, name, args)
        self.function_name = parts.function.name
        self.function_arn = parts.function.arn
        self.alias_name = parts.alias.name
        self.alias_arn = parts.alias.arn
        self.invoke_arn = parts.alias.invoke_arn
        self.version = parts.function.version
        self.log_group_name = parts.log_group.name
        self.role_name = parts.role.name
        self.register_outputs(parts.outputs())


@dataclass(frozen=True, slots=True)
class FunctionParts:
    """The resources of a function."""

    function: aws.lambda_.Function
    alias: aws.lambda_.Alias
    log_group: aws.cloudwatch.LogGroup
    role: ServiceRole

    def outputs(self) -> dict[str, pulumi.Output[str]]:
        """What plain and durable functions register."""
        return {
            "function_name": self.function.name,
            "function_arn": self.function.arn,
            "alias_name": self.alias.name,
            "alias_arn": self.alias.arn,
            "invoke_arn": self.alias.invoke_arn,
            "version": self.function.version,
            "log_group_name": self.log_group.name,
            "role_name": self.role.name,
        }


def create_function(
    parent: pulumi.Resource,
    name: str,
    args: PythonFunctionArgs,
    durable_config: aws.lambda_.FunctionDurableConfigArgs | None = None,
) -> FunctionParts:
    """What plain and durable functions have in common.

    Args:
        parent: the component they belong to.
        name: its logical name.
        args: its inputs.
        durable_config: makes the function durable; AWS allows that at creation only, so that adding or removing
            it replaces the function.
    """
    child = pulumi.ResourceOptions(parent=parent)
    location = args["location"]
    log_group_name = f"/deskside/{name}"
    log_group = aws.cloudwatch.LogGroup(
        f"{name}-logs", name=log_group_name, retention_in_days=args["log_retention_days"], opts=child
    )
    role = ServiceRole(
        f"{name}-role",
        {
            "service": "lambda.amazonaws.com",
            "account_id": location["account_id"],
            # Lambda names the function when it assumes the role, except while it prepares a VPC for one: a
            # function in a VPC could not be created (aws/aws-parallelcluster#6926).
            "source_arns": [arn(location, "lambda", f"function:{name}-*")],
            "description": f"Execution role of {name}",
            "statements": [
                {
                    "actions": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "resources": [arn(location, "logs", f"log-group:{log_group_name}:*")],
                },
                # X-Ray has no resources that a policy could name (service authorization reference).
                {"actions": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "resources": ["*"]},
                *args["statements"],
            ],
        },
        child,
    )
    function = aws.lambda_.Function(
        name,
        description=args["description"],
        code=pulumi.FileArchive(str(args["package"])),
        runtime=f"python{PYTHON_VERSION}",
        architectures=[ARCHITECTURE],
        handler=args["handler"],
        memory_size=args["memory_mb"],
        timeout=args["timeout_seconds"],
        role=role.arn,
        environment={"variables": pulumi.Output.from_input(args["environment"]).apply(accepted_by_lambda)},
        # The services filter by their own LOG_LEVEL; Lambda counts lines with our timestamps as INFO.
        logging_config={
            "log_format": "JSON",
            "log_group": log_group.name,
            "application_log_level": "INFO",
            "system_log_level": "INFO",
        },
        tracing_config={"mode": "Active"},
        durable_config=durable_config,
        publish=True,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[role]),
    )
    alias = aws.lambda_.Alias(
        f"{name}-{ALIAS}",
        name=ALIAS,
        description="What callers invoke",
        function_name=function.name,
        function_version=function.version,
        opts=child,
    )
    return FunctionParts(function, alias, log_group, role)


def accepted_by_lambda(variables: Mapping[str, str]) -> Mapping[str, str]:
    """The same variables.

    Raises:
        pulumi.RunError: Lambda would refuse them, or set one of them itself.
    """
    reserved = sorted(name for name in variables if name.startswith(RESERVED_PREFIXES))
    if reserved:
        raise pulumi.RunError(f"Lambda reserves the variables {', '.join(reserved)}")
    size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    if size > ENVIRONMENT_BYTES:
        raise pulumi.RunError(f"The environment has {size} bytes; Lambda takes {ENVIRONMENT_BYTES}")
    return variables
