"""The agent in AgentCore Runtime, and the endpoint through which it is invoked."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, cast

import pulumi
import pulumi_aws as aws

from components.environment import environment
from components.location import Location, arn
from components.policies import Statement
from components.python_function import PythonFunction
from components.service_role import ServiceRole
from services.contract.settings import RuntimeMetadataSettings

PRINCIPAL = "bedrock-agentcore.amazonaws.com"

ENDPOINT_NAME = "live"
"""Letters, digits and underscores only; a change replaces the endpoint."""

CHECK_SECONDS = 300
"""Timeout of the function that checks the runtime: twice its own wait for READY, and the calls."""

TELEMETRY = {
    # Spans stand beside the logs of the same agent, in its own log group, with its retention. The default
    # for runtimes created since 2026-07-20; said here so that it does not depend on the Region.
    "UNIFIED_TRACES_DESTINATION_ENABLED": "true",
    # Strands: an empty list of attributes that may be told replaces every prompt, answer, system prompt and
    # tool result by [REDACTED]. Without this token it records them all.
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_unredacted_attributes=",
    # botocore's Bedrock instrumentation; the AWS distribution turns it on unless it is said to be off.
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "false",
    # A second net, by name, in the AWS distribution's span processor: where Strands in any of its conventions, and
    # the distribution's instrumentation of MCP before version 2, put words.
    "AWS_REDACT_SPAN_ATTRIBUTES": ",".join(
        (
            "gen_ai.tool.call.arguments",
            "gen_ai.tool.call.result",
            "gen_ai.*.messages",
            "gen_ai.system_instructions",
            "gen_ai.prompt",
            "gen_ai.completion",
            "memory.*",
            "content",
            "message",
            "tool.result",
        )
    ),
    # AgentCore asks for the container's health all the time, without a trace: each answer would be a trace of
    # its own, sampled, ingested and paid for.
    "OTEL_PYTHON_EXCLUDED_URLS": "/ping",
}
"""What AgentCore's own set-up of OpenTelemetry is told besides. It adds exporters and endpoints by itself
(AgentCore developer guide, "Add observability"); people's words and logs are not to be in traces."""


def platform_variables(location: Location) -> dict[str, str]:
    """What every container gets besides the settings of its service.

    Lambda sets the Region, AgentCore is not known to; boto3 reads the second name, other SDKs the first.
    """
    return {**TELEMETRY, "AWS_REGION": location["region"], "AWS_DEFAULT_REGION": location["region"]}


class RuntimeNetwork(TypedDict):
    """Where the agent's network interfaces are."""

    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    security_group_ids: pulumi.Input[Sequence[pulumi.Input[str]]]


class AgentRuntimeArgs(TypedDict):
    """Inputs of AgentRuntime."""

    location: Location
    runtime_name: str
    """At most 48 letters, digits and underscores; a change replaces the runtime."""
    image_uri: pulumi.Input[str]
    """Image in ECR, by a tag that always means the same."""
    repository_arn: pulumi.Input[str]
    """The image's repository."""
    hooks_package: Path
    """Zip of `services.deploy_hooks`."""
    network: RuntimeNetwork | None
    """None: AgentCore's own network, with access to the internet."""
    idle_seconds: int
    """A session that is not used for so long ends; 60 to 1,209,600 s."""
    lifetime_seconds: int
    """A session ends after so long in any case; 60 to 1,209,600 s."""
    log_retention_days: int
    environment: pulumi.Input[dict[str, str]]
    """At most 50 variables together with ours. No secrets: GetAgentRuntime shows them."""
    statements: list[Statement]
    """What the agent does in AWS, besides running."""


class AgentRuntime(pulumi.ComponentResource):
    """A runtime, and one endpoint that always serves the version this update made."""

    arn: pulumi.Output[str]
    runtime_id: pulumi.Output[str]
    endpoint_name: pulumi.Output[str]
    endpoint_arn: pulumi.Output[str]
    version: pulumi.Output[str]
    """The version the endpoint serves."""
    log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: AgentRuntimeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:AgentRuntime", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        location = args["location"]
        role = ServiceRole(
            f"{name}-role",
            {
                "service": PRINCIPAL,
                "account_id": location["account_id"],
                # As the developer guide has it; the runtime's id is not known before the role.
                "source_arns": [arn(location, "bedrock-agentcore", "*")],
                "description": "The agent in AgentCore Runtime",
                "statements": [
                    *_base_statements(location, args["runtime_name"], args["repository_arn"]),
                    *args["statements"],
                ],
            },
            child,
        )
        platform = platform_variables(location)
        variables = pulumi.Output.from_input(args["environment"]).apply(lambda given: {**given, **platform})
        network = args["network"]
        lifecycle: aws.bedrock.AgentcoreAgentRuntimeLifecycleConfigurationArgsDict = {
            "idle_runtime_session_timeout": args["idle_seconds"],
            "max_lifetime": args["lifetime_seconds"],
        }
        runtime = aws.bedrock.AgentcoreAgentRuntime(
            f"{name}-runtime",
            agent_runtime_name=args["runtime_name"],
            description="Deskside's agent",
            role_arn=role.arn,
            agent_runtime_artifact={"container_configuration": {"container_uri": args["image_uri"]}},
            # The member require_service_s3_endpoint is told by the service, but refused when it is sent.
            network_configuration={
                "network_mode": "VPC",
                "network_mode_config": {
                    "subnets": network["subnet_ids"],
                    "security_groups": network["security_group_ids"],
                },
            }
            if network
            else {"network_mode": "PUBLIC"},
            environment_variables=variables,
            lifecycle_configurations=[lifecycle],
            protocol_configuration={"server_protocol": "HTTP"},
            # The role's policy has to be there: AgentCore tries the image when it creates the runtime. The name is
            # given, so a runtime that is replaced has to go first.
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[role], delete_before_replace=True)
            ),
        )
        # AgentCore would create it at the first call, and keep the logs for ever.
        logs = aws.cloudwatch.LogGroup(
            f"{name}-log",
            name=pulumi.Output.concat(
                "/aws/bedrock-agentcore/runtimes/", runtime.agent_runtime_id, f"-{ENDPOINT_NAME}"
            ),
            retention_in_days=args["log_retention_days"],
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True)),
        )

        check = PythonFunction(
            f"{name}-check",
            {
                "location": location,
                "description": "Has the agent runtime require MMDSv2, during deployment",
                "package": args["hooks_package"],
                "handler": "services.deploy_hooks.runtime_metadata.handler",
                "memory_mb": 256,
                "timeout_seconds": CHECK_SECONDS,
                "log_retention_days": args["log_retention_days"],
                "environment": environment(lambda _: RuntimeMetadataSettings()),
                "statements": [
                    {
                        "actions": ["bedrock-agentcore:GetAgentRuntime", "bedrock-agentcore:UpdateAgentRuntime"],
                        "resources": [runtime.agent_runtime_arn],
                    },
                    {
                        "actions": ["iam:PassRole"],
                        "resources": [role.arn],
                        "conditions": {"StringEquals": {"iam:PassedToService": PRINCIPAL}},
                    },
                ],
            },
            child,
        )
        checked = aws.lambda_.Invocation(
            f"{name}-checked",
            function_name=check.function_name,
            qualifier=check.alias_name,
            input=pulumi.Output.json_dumps(
                {"agent_runtime_id": runtime.agent_runtime_id, "version": runtime.agent_runtime_version}
            ),
            # Everything that makes a new version, in case the provider's own `agent_runtime_version` lags behind.
            triggers={
                "version": runtime.agent_runtime_version,
                "image": args["image_uri"],
                "configuration": pulumi.Output.json_dumps(
                    {"environment": variables, "lifecycle": lifecycle, "network": network or {}, "role": role.arn}
                ),
            },
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[check, runtime])),
        )
        served = checked.result.apply(_version)
        endpoint = aws.bedrock.AgentcoreAgentRuntimeEndpoint(
            f"{name}-endpoint",
            name=ENDPOINT_NAME,
            description="What ws-manager invokes",
            agent_runtime_id=runtime.agent_runtime_id,
            agent_runtime_version=served,
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[logs], delete_before_replace=True)
            ),
        )

        self.arn = runtime.agent_runtime_arn
        self.runtime_id = runtime.agent_runtime_id
        self.endpoint_name = endpoint.name
        self.endpoint_arn = endpoint.agent_runtime_endpoint_arn
        self.version = served
        self.log_group_name = logs.name
        self.register_outputs(
            {
                "arn": self.arn,
                "runtime_id": self.runtime_id,
                "endpoint_name": self.endpoint_name,
                "endpoint_arn": self.endpoint_arn,
                "version": self.version,
                "log_group_name": self.log_group_name,
            }
        )


def _version(result: str) -> str:
    """The version to serve, from the answer of `services.deploy_hooks.runtime_metadata`."""
    return str(cast(dict[str, Any], json.loads(result))["version"])


def _base_statements(location: Location, runtime_name: str, repository_arn: pulumi.Input[str]) -> list[Statement]:
    """What any agent needs to run (AgentCore developer guide, "Execution role for running an agent").

    Left out is its GetWorkloadAccessToken: that is for agents that use AgentCore Identity, and new ones get it
    through the service-linked role AWSServiceRoleForBedrockAgentCoreRuntimeIdentity.
    """
    groups = arn(location, "logs", f"log-group:/aws/bedrock-agentcore/runtimes/{runtime_name}-*")
    return [
        {"actions": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "resources": [repository_arn]},
        # A token is for the whole registry; the service allows no narrower resource.
        {"actions": ["ecr:GetAuthorizationToken"], "resources": ["*"]},
        {
            # PutResourcePolicy lets X-Ray write the agent's spans into its log group.
            "actions": ["logs:CreateLogGroup", "logs:DescribeLogStreams", "logs:PutResourcePolicy"],
            "resources": [groups],
        },
        {"actions": ["logs:DescribeLogGroups"], "resources": [arn(location, "logs", "log-group:*")]},
        {"actions": ["logs:CreateLogStream", "logs:PutLogEvents"], "resources": [f"{groups}:log-stream:*"]},
        # X-Ray has no resources for these.
        {
            "actions": [
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            "resources": ["*"],
        },
        # CloudWatch knows metrics by namespace only.
        {
            "actions": ["cloudwatch:PutMetricData"],
            "resources": ["*"],
            "conditions": {"StringEquals": {"cloudwatch:namespace": "bedrock-agentcore"}},
        },
    ]
