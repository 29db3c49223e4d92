"""Physical names: within AWS's limits whatever the stack is called, and each once."""

from __future__ import annotations

from collections.abc import Mapping

from validation.graph import Graph
from validation.rules.reading import told
from validation.rules.rule import Problems

LONGEST: Mapping[str, tuple[str, int]] = {
    "aws:lambda/function:Function": ("name", 64),
    "aws:iam/role:Role": ("name", 64),
    "aws:iam/rolePolicy:RolePolicy": ("name", 128),
    "aws:apigatewayv2/api:Api": ("name", 128),
    "aws:apigatewayv2/authorizer:Authorizer": ("name", 128),
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": ("agentRuntimeName", 48),
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint": ("name", 48),
    "aws:bedrock/agentcoreGateway:AgentcoreGateway": ("name", 48),
    "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget": ("name", 100),
    "aws:cloudwatch/eventRule:EventRule": ("name", 64),
    "aws:cloudwatch/logGroup:LogGroup": ("name", 512),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("name", 255),
    "aws:cloudwatch/dashboard:Dashboard": ("dashboardName", 255),
    "aws:codebuild/project:Project": ("name", 150),
    "aws:cognito/userPool:UserPool": ("name", 128),
    "aws:cognito/userPoolClient:UserPoolClient": ("name", 128),
    "aws:cognito/userPoolDomain:UserPoolDomain": ("domain", 63),
    "aws:dynamodb/table:Table": ("name", 255),
    "aws:ecr/repository:Repository": ("name", 256),
    "aws:elasticache/serverlessCache:ServerlessCache": ("name", 40),
    "aws:elasticache/user:User": ("userId", 40),
    "aws:elasticache/userGroup:UserGroup": ("userGroupId", 40),
    "aws:s3/bucket:Bucket": ("bucket", 63),
    "aws:secretsmanager/secret:Secret": ("name", 512),
    "aws:sns/topic:Topic": ("name", 256),
    "aws:xray/group:Group": ("groupName", 32),
    "aws:ec2/securityGroup:SecurityGroup": ("name", 255),
}
"""The property with the name AWS sees, and its length (service models; ElastiCache: user guide)."""

QUALIFIED_ARN = 170
"""Characters of a Lambda ARN that a gateway's target takes (service model, LambdaFunctionArn)."""


def name_too_long(graph: Graph) -> Problems:
    """Names, Pulumi's eight characters included, are no longer than AWS allows."""
    for type, (key, longest) in LONGEST.items():
        for resource in graph.of_type(type):
            name = str(told(resource, key) or f"{resource.name}-1a2b3c4")
            if len(name) > longest:
                yield resource, f"is named {name}: {len(name)} characters of {longest}"
    for target in graph.of_type("aws:lambda/alias:Alias"):
        if len(str(told(target, "arn"))) > QUALIFIED_ARN:
            yield target, f"has an ARN longer than the {QUALIFIED_ARN} characters that a gateway takes"


def name_twice(graph: Graph) -> Problems:
    """No two resources of a type have the same physical name."""
    for type, (key, _) in LONGEST.items():
        if type == "aws:iam/rolePolicy:RolePolicy":
            continue
        seen: dict[object, str] = {}
        for resource in graph.of_type(type):
            name = (told(resource, key), resource.inputs.get("apiId"), resource.inputs.get("gatewayIdentifier"))
            if name[0] is not None and name in seen:
                yield resource, f"has the name {name[0]} of {seen[name]}"
            seen[name] = resource.name


def fixed_name_replacement(graph: Graph) -> Problems:
    """What has a fixed name and is replaced when it changes is deleted first: AWS takes no name twice."""
    fixed = {
        "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": "agentRuntimeName",
        "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint": "name",
        "aws:bedrock/agentcoreGateway:AgentcoreGateway": "name",
        "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget": "name",
    }
    for type, key in fixed.items():
        for resource in graph.of_type(type):
            if resource.inputs.get(key) is not None and not resource.delete_before_replace:
                yield resource, f"has the fixed {key} {resource.inputs[key]} but is not deleted before it is replaced"


RULES = (name_too_long, name_twice, fixed_name_replacement)
