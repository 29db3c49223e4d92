"""A small system in which no rule finds anything, written out by hand, for the rules' own tests.

The seeded faults use the real program's graph; this one stays the same whatever the program does.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from services.contract.tools import TOOLS
from validation import faithful
from validation.graph import Graph, Resource
from validation.rules.durable import CALLS

REGION = "us-west-2"
BASE = f"arn:aws:{{}}:{REGION}:{faithful.ACCOUNT}:"
PROVIDER = "urn:pulumi:prod::deskside::pulumi:providers:aws::d"


class Builder:
    """Adds resources; what refers to another one says so in `after`."""

    def __init__(self) -> None:
        self.resources: list[Resource] = [
            Resource(
                urn=PROVIDER,
                type="pulumi:providers:aws",
                name="d",
                inputs={
                    "defaultTags": json.dumps(
                        {"tags": {"Project": "deskside", "Environment": "prod", "ManagedBy": "Pulumi"}}
                    )
                },
            ),
            Resource(
                urn="urn:pulumi:prod::deskside::deskside:index:All::d",
                type="deskside:index:All",
                name="d",
                inputs={},
                custom=False,
            ),
        ]

    def add(self, type: str, name: str, /, *after: Resource, secrets: tuple[str, ...] = (), **inputs: Any) -> Resource:
        module = type.split("/", maxsplit=1)[0]
        kind = type.split("/")[1]
        token = f"aws:{module}/{kind[0].lower()}{kind[1:]}:{kind}"
        identifier, outputs = faithful.outputs(token, name, inputs, REGION)
        resource = Resource(
            urn=f"urn:pulumi:prod::deskside::deskside:index:All${token}::{name}",
            type=token,
            name=name,
            inputs=inputs,
            outputs={**outputs, "id": identifier},
            parent=self.resources[1].urn,
            provider=PROVIDER,
            dependencies=frozenset(r.urn for r in after),
            # Nobody writes a value down that could come from another resource.
            property_dependencies={key: frozenset(r.urn for r in after) for key in inputs},
            protect=kind in ("Table", "UserPool", "Repository", "ServerlessCache"),
            delete_before_replace=kind in ("AgentcoreAgentRuntime", "AgentcoreAgentRuntimeEndpoint"),
            secrets=frozenset(secrets),
        )
        self.resources.append(resource)
        return resource

    def role(self, name: str, service: str, *statements: dict[str, Any]) -> tuple[Resource, Resource]:
        role = self.add(
            "iam/Role",
            name,
            assumeRolePolicy=json.dumps(
                {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": service},
                            "Action": "sts:AssumeRole",
                            # API Gateway assumes its role for no resource.
                            "Condition": {}
                            if service == "apigateway.amazonaws.com"
                            else {
                                "StringEquals": {"aws:SourceAccount": faithful.ACCOUNT},
                                "ArnLike": {"aws:SourceArn": f"arn:aws:*:{REGION}:{faithful.ACCOUNT}:*"},
                            },
                        }
                    ]
                }
            ),
        )
        usual = [{"Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"}]
        if service in ("lambda.amazonaws.com", "codebuild.amazonaws.com"):
            group = f"log-group:/deskside/{name.removesuffix('-role')}:*"
            logging = ["logs:CreateLogStream", "logs:PutLogEvents"]
            usual.append({"Action": logging, "Resource": BASE.format("logs") + group})
        policy = self.add(
            "iam/RolePolicy",
            f"{name}-policy",
            role,
            role=role.outputs["name"],
            policy=json.dumps({"Statement": [{"Effect": "Allow", **s} for s in (*statements, *usual)]}),
        )
        return role, policy

    def function(
        self, name: str, handler: str, role: tuple[Resource, Resource], variables: dict[str, str], **more: Any
    ) -> tuple[Resource, Resource]:
        logs = self.add("cloudwatch/LogGroup", f"{name}-logs", name=f"/deskside/{name}", retentionInDays=90)
        function = self.add(
            "lambda/Function",
            name,
            logs,
            *role,
            role=role[0].outputs["arn"],
            runtime="python3.13",
            handler=handler,
            architectures=["arm64"],
            timeout=28,
            publish=True,
            environment={"variables": variables},
            tracingConfig={"mode": "Active"},
            loggingConfig={"logFormat": "JSON", "logGroup": logs.outputs["name"]},
            **more,
        )
        alias = self.add(
            "lambda/Alias",
            f"{name}-live",
            function,
            name="live",
            functionName=function.outputs["name"],
            functionVersion=function.outputs["version"],
        )
        return function, alias


@cache
def example() -> Graph:
    """The good graph; copy before changing."""
    b = Builder()
    connections = b.add(
        "dynamodb/Table",
        "d-connections",
        hashKey="connection_id",
        globalSecondaryIndexes=[{"name": "session_id"}],
        ttl={"enabled": True, "attributeName": "expires_at"},
        serverSideEncryption={"enabled": True},
        deletionProtectionEnabled=True,
        pointInTimeRecovery={"enabled": True},
    )
    api = b.add(
        "apigatewayv2/Api", "d-socket", protocolType="WEBSOCKET", routeSelectionExpression="$request.body.action"
    )
    connected = {
        "Action": "execute-api:ManageConnections",
        "Resource": f"{api.outputs['executionArn']}/live/POST/@connections/*",
    }

    proxy_role = b.role(
        "d-mcp-role",
        "lambda.amazonaws.com",
        {
            "Action": ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
            "Resource": BASE.format("lambda") + "function:d-mcp-*:*",
        },
        {"Action": "dynamodb:Query", "Resource": f"{connections.outputs['arn']}/index/*"},
        connected,
    )
    proxy, proxy_alias = b.function(
        "d-mcp",
        "services.mcp_proxy.handler.handler",
        proxy_role,
        {"LOG_LEVEL": "INFO"},
        durableConfig={"executionTimeout": 180, "retentionPeriod": 7},
    )

    gateway_role = b.role(
        "d-tools-role",
        "bedrock-agentcore.amazonaws.com",
        {"Action": "lambda:InvokeFunction", "Resource": proxy_alias.outputs["arn"]},
    )
    pool = b.add(
        "cognito/UserPool",
        "d-people",
        deletionProtection="ACTIVE",
        adminCreateUserConfig={"allowAdminCreateUserOnly": True},
    )
    pool_id = pool.outputs["id"]
    b.add("cognito/UserPoolDomain", "d-domain", pool, domain="deskside-example", userPoolId=pool_id)
    server = b.add(
        "cognito/ResourceServer",
        "d-server",
        pool,
        identifier="tools",
        userPoolId=pool_id,
        scopes=[{"scopeName": "call", "scopeDescription": "Call tools"}],
    )
    machine = b.add(
        "cognito/UserPoolClient",
        "d-machine",
        server,
        userPoolId=pool_id,
        allowedOauthFlows=["client_credentials"],
        allowedOauthFlowsUserPoolClient=True,
        allowedOauthScopes=["tools/call"],
        generateSecret=True,
        explicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
        enableTokenRevocation=True,
        preventUserExistenceErrors="ENABLED",
    )
    b.add(
        "cognito/UserPoolClient",
        "d-app",
        pool,
        userPoolId=pool_id,
        allowedOauthFlows=["code"],
        allowedOauthFlowsUserPoolClient=True,
        allowedOauthScopes=["openid"],
        callbackUrls=["deskside://signed-in", "http://127.0.0.1:8976/"],
        explicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
        enableTokenRevocation=True,
        preventUserExistenceErrors="ENABLED",
    )
    secret = b.add("secretsmanager/Secret", "d-secret")
    b.add(
        "secretsmanager/SecretVersion",
        "d-secret-value",
        secret,
        machine,
        secretId=secret.outputs["id"],
        secretString=machine.outputs["clientSecret"],
        secrets=("secretString",),
    )
    gateway = b.add(
        "bedrock/AgentcoreGateway",
        "d-tools",
        *gateway_role,
        roleArn=gateway_role[0].outputs["arn"],
        protocolType="MCP",
        authorizerType="CUSTOM_JWT",
        authorizerConfiguration={
            "customJwtAuthorizer": {
                "discoveryUrl": f"https://{pool.outputs['endpoint']}/.well-known/openid-configuration",
                "allowedClients": [machine.outputs["id"]],
                "allowedScopes": ["tools/call"],
            }
        },
    )
    b.add(
        "bedrock/AgentcoreGatewayTarget",
        "d-tools-mac",
        gateway,
        proxy_alias,
        gatewayIdentifier=gateway.outputs["gatewayId"],
        targetConfiguration={
            "mcp": {
                "lambda": {
                    "lambdaArn": proxy_alias.outputs["arn"],
                    "toolSchema": {"inlinePayloads": [{"name": tool.name} for tool in TOOLS]},
                }
            }
        },
        credentialProviderConfiguration={"gatewayIamRole": {}},
    )

    repository = b.add(
        "ecr/Repository",
        "d-images",
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        forceDelete=False,
    )
    bucket = b.add("s3/Bucket", "d-sources")
    b.add(
        "s3/BucketPublicAccessBlock",
        "d-sources-private",
        bucket,
        bucket=bucket.outputs["bucket"],
        blockPublicAcls=True,
        blockPublicPolicy=True,
        ignorePublicAcls=True,
        restrictPublicBuckets=True,
    )
    b.add(
        "s3/BucketServerSideEncryptionConfiguration",
        "d-sources-encryption",
        bucket,
        bucket=bucket.outputs["bucket"],
        rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
    )
    b.add(
        "s3/BucketPolicy",
        "d-sources-policy",
        bucket,
        bucket=bucket.outputs["bucket"],
        policy=json.dumps(
            {
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [bucket.outputs["arn"], f"{bucket.outputs['arn']}/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ]
            }
        ),
    )
    b.add(
        "s3/BucketLifecycleConfiguration",
        "d-sources-lifecycle",
        bucket,
        bucket=bucket.outputs["bucket"],
        rules=[{"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1}}],
    )
    build_logs = b.add("cloudwatch/LogGroup", "d-build-logs", name="/deskside/d-build", retentionInDays=90)
    build_role = b.role(
        "d-build-role",
        "codebuild.amazonaws.com",
        {"Action": "s3:GetObject", "Resource": f"{bucket.outputs['arn']}/*"},
        {"Action": "ecr:GetAuthorizationToken", "Resource": "*"},
    )
    project = b.add(
        "codebuild/Project",
        "d-build",
        build_logs,
        *build_role,
        serviceRole=build_role[0].outputs["arn"],
        source={"type": "S3", "location": f"{bucket.outputs['bucket']}/agent.zip"},
        buildTimeout=12,
        logsConfig={"cloudwatchLogs": {"groupName": build_logs.outputs["name"]}},
        environment={
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "privilegedMode": True,
            "environmentVariables": [{"name": "TAG", "value": "0123456789abcdef"}],
        },
    )
    builder_role = b.role(
        "d-builder-role", "lambda.amazonaws.com", {"Action": "codebuild:StartBuild", "Resource": project.outputs["arn"]}
    )
    builder, builder_alias = b.function(
        "d-builder",
        "services.deploy_hooks.image.handler",
        builder_role,
        {"CODEBUILD_PROJECT": project.outputs["name"]},
    )
    built = b.add(
        "lambda/Invocation",
        "d-built",
        builder,
        builder_alias,
        functionName=builder.outputs["name"],
        qualifier="live",
        input=json.dumps({"tag": "0123456789abcdef"}),
    )

    vpc_id = "vpc-0123456789abcdef0"
    for service in ("s3", "ecr.api", "ecr.dkr", "logs"):
        b.add(
            "ec2/VpcEndpoint",
            f"d-{service.replace('.', '-')}",
            vpcId=vpc_id,
            serviceName=f"com.amazonaws.{REGION}.{service}",
        )
    client_group = b.add(
        "ec2/SecurityGroup",
        "d-agent-network",
        vpcId=vpc_id,
        egress=[{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
    )
    cache_group = b.add(
        "ec2/SecurityGroup",
        "d-cache-network",
        client_group,
        vpcId=vpc_id,
        ingress=[{"protocol": "tcp", "fromPort": 6379, "toPort": 6380, "securityGroups": [client_group.outputs["id"]]}],
    )
    user = b.add("elasticache/User", "d-user", userId="d-agent", userName="d-agent", authenticationMode={"type": "iam"})
    users = b.add("elasticache/UserGroup", "d-users", user, userGroupId="d-users", userIds=["d-agent"])
    b.add(
        "elasticache/ServerlessCache",
        "d-memory",
        users,
        cache_group,
        name="d-memory",
        engine="valkey",
        securityGroupIds=[cache_group.outputs["id"]],
        userGroupId="d-users",
        subnetIds=["subnet-1", "subnet-2"],
    )

    agent_role = b.role(
        "d-agent-role",
        "bedrock-agentcore.amazonaws.com",
        {"Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "Resource": repository.outputs["arn"]},
        {"Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {"Action": "secretsmanager:GetSecretValue", "Resource": secret.outputs["arn"]},
        connected,
    )
    runtime = b.add(
        "bedrock/AgentcoreAgentRuntime",
        "d-agent",
        *agent_role,
        built,
        agentRuntimeName="d_agent",
        roleArn=agent_role[0].outputs["arn"],
        agentRuntimeArtifact={
            "containerConfiguration": {"containerUri": f"{repository.outputs['repositoryUrl']}:0123456789abcdef"}
        },
        networkConfiguration={
            "networkMode": "VPC",
            "networkModeConfig": {"subnets": ["subnet-1"], "securityGroups": [client_group.outputs["id"]]},
        },
        lifecycleConfigurations=[{"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}],
        environmentVariables={
            "LOG_LEVEL": "INFO",
            "TOKEN_URL": "https://deskside-example.auth.us-west-2.amazoncognito.com/oauth2/token",
            "MACHINE_CLIENT_SECRET_ID": secret.outputs["arn"],
        },
    )
    checked = b.add(
        "lambda/Invocation",
        "d-checked",
        runtime,
        builder,
        builder_alias,
        functionName=builder.outputs["name"],
        qualifier="live",
        input="{}",
    )
    b.add(
        "cloudwatch/LogGroup",
        "d-agent-logs",
        runtime,
        name=f"/aws/bedrock-agentcore/runtimes/{runtime.outputs['agentRuntimeId']}-live",
        retentionInDays=90,
    )
    endpoint = b.add(
        "bedrock/AgentcoreAgentRuntimeEndpoint",
        "d-agent-endpoint",
        runtime,
        checked,
        name="live",
        agentRuntimeId=runtime.outputs["agentRuntimeId"],
        agentRuntimeVersion=runtime.outputs["agentRuntimeVersion"],
    )

    manager_role = b.role(
        "d-ws-role",
        "lambda.amazonaws.com",
        connected,
        {"Action": [*CALLS[:2]], "Resource": f"{proxy.outputs['arn']}:*"},
        {"Action": "dynamodb:PutItem", "Resource": connections.outputs["arn"]},
        {
            "Action": "bedrock-agentcore:InvokeAgentRuntime",
            "Resource": [runtime.outputs["agentRuntimeArn"], endpoint.outputs["agentRuntimeEndpointArn"]],
        },
    )
    manager, manager_alias = b.function(
        "d-ws",
        "services.ws_manager.handler.handler",
        manager_role,
        {"AGENT_RUNTIME_ARN": runtime.outputs["agentRuntimeArn"]},
    )

    own = {"apiId": api.outputs["id"]}
    authorizer = b.add(
        "apigatewayv2/Authorizer",
        "d-socket-authorizer",
        manager_alias,
        authorizerType="REQUEST",
        authorizerUri=manager_alias.outputs["invokeArn"],
        identitySources=["route.request.header.Authorization"],
        **own,
    )
    proxied = b.add(
        "apigatewayv2/Integration",
        "d-socket-manager",
        manager_alias,
        integrationType="AWS_PROXY",
        integrationMethod="POST",
        integrationUri=manager_alias.outputs["invokeArn"],
        timeoutMilliseconds=28000,
        **own,
    )
    mock = b.add(
        "apigatewayv2/Integration",
        "d-socket-ping",
        integrationType="MOCK",
        requestTemplates={"$default": json.dumps({"statusCode": 200})},
        **own,
    )
    parts = [authorizer, proxied, mock]
    for key in ("$connect", "$disconnect", "$default", "hello", "chat", "async_callback", "ping"):
        answered = mock if key == "ping" else proxied
        more: dict[str, Any] = (
            {"authorizationType": "CUSTOM", "authorizerId": authorizer.outputs["id"]} if key == "$connect" else {}
        )
        if key == "ping":
            more = {"routeResponseSelectionExpression": "$default"}
        route = b.add(
            "apigatewayv2/Route",
            f"d-socket-{key.strip('$')}-route",
            answered,
            routeKey=key,
            target=f"integrations/{answered.outputs['id']}",
            **own,
            **more,
        )
        parts.append(route)
    parts.append(
        b.add(
            "apigatewayv2/RouteResponse",
            "d-socket-pong",
            parts[-1],
            routeId=parts[-1].outputs["id"],
            routeResponseKey="$default",
            **own,
        )
    )
    parts.append(
        b.add(
            "apigatewayv2/IntegrationResponse",
            "d-socket-mocked",
            mock,
            integrationId=mock.outputs["id"],
            integrationResponseKey="$default",
            **own,
        )
    )
    b.add(
        "lambda/Permission",
        "d-socket-permission",
        manager_alias,
        action="lambda:InvokeFunction",
        principal="apigateway.amazonaws.com",
        function=manager.outputs["name"],
        qualifier="live",
        sourceArn=f"{api.outputs['executionArn']}/*",
    )
    deployment = b.add("apigatewayv2/Deployment", "d-socket-deployment", *parts, triggers={"sha256": "0"}, **own)
    access = b.add("cloudwatch/LogGroup", "d-socket-access", retentionInDays=90)
    log_writer = b.role(
        "d-account-role", "apigateway.amazonaws.com", {"Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    )
    account = b.add("apigateway/Account", "d-account", *log_writer, cloudwatchRoleArn=log_writer[0].outputs["arn"])
    b.add(
        "apigatewayv2/Stage",
        "d-socket-stage",
        deployment,
        access,
        account,
        name="live",
        deploymentId=deployment.outputs["id"],
        defaultRouteSettings={"throttlingRateLimit": 50, "throttlingBurstLimit": 100, "dataTraceEnabled": False},
        accessLogSettings={"destinationArn": access.outputs["arn"], "format": '{"id": "$context.requestId"}'},
        **own,
    )

    topic = b.add("sns/Topic", "d-alarms")
    b.add(
        "sns/TopicPolicy",
        "d-alarms-policy",
        topic,
        arn=topic.outputs["arn"],
        policy=json.dumps(
            {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]},
                        "Action": "sns:Publish",
                        "Resource": topic.outputs["arn"],
                    }
                ]
            }
        ),
    )
    manager_logs = "/deskside/d-ws"
    b.add(
        "cloudwatch/LogMetricFilter",
        "d-refused",
        logGroupName=manager_logs,
        pattern='{ $.event = "refused" }',
        metricTransformation={"namespace": "Deskside/prod", "name": "ConnectionsRefused", "value": "1"},
    )
    b.add("cloudwatch/QueryDefinition", "d-query", logGroupNames=[manager_logs], queryString="fields @message")
    for name, metric in (
        ("failed", "DurableExecutionFailed"),
        ("late", "DurableExecutionTimedOut"),
        ("throttled", "Throttles"),
    ):
        b.add(
            "cloudwatch/MetricAlarm",
            f"d-{name}",
            namespace="AWS/Lambda",
            metricName=metric,
            dimensions={"FunctionName": proxy.outputs["name"]},
            alarmActions=[topic.outputs["arn"]],
        )
    b.add(
        "cloudwatch/MetricAlarm",
        "d-broken",
        namespace="AWS/ApiGateway",
        metricName="IntegrationError",
        dimensions={"ApiId": api.outputs["id"]},
        alarmActions=[topic.outputs["arn"]],
    )
    b.add(
        "cloudwatch/Dashboard",
        "d-dashboard",
        dashboardName="d",
        dashboardBody=json.dumps(
            {
                "widgets": [
                    {
                        "type": "metric",
                        "x": 0,
                        "y": 0,
                        "width": 12,
                        "height": 6,
                        "properties": {
                            "title": "Connections",
                            "metrics": [
                                ["AWS/ApiGateway", "ConnectCount", "ApiId", api.outputs["id"]],
                                ["Deskside/prod", "ConnectionsRefused"],
                            ],
                        },
                    }
                ]
            }
        ),
    )
    rule = b.add(
        "cloudwatch/EventRule",
        "d-ended",
        eventPattern=json.dumps(
            {
                "source": ["aws.lambda"],
                "detail-type": ["Durable Execution Status Change"],
                "detail": {"functionArn": [{"prefix": f"{proxy.outputs['arn']}:"}]},
            }
        ),
    )
    b.add("cloudwatch/EventTarget", "d-ended-target", rule, rule=rule.outputs["name"], arn=topic.outputs["arn"])
    return Graph("deskside", "prod", tuple(b.resources), {"websocketUrl": "wss://example/live"})
