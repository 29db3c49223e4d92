"""How each resource type is written in CloudFormation.

What is not renamed or moved here keeps its name, in CloudFormation's case. So an input that nobody
thought of is not lost: the linter refuses it as an unknown property.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

Inputs = Mapping[str, Any]
Properties = dict[str, Any]
Whole = Callable[[Inputs], Properties]
Part = Callable[[Properties, Inputs], None]

WHOLES: Final[dict[str, tuple[str, Whole]]] = {}
"""By type token: CloudFormation's type, and how its properties come about."""

PARTS: Final[dict[str, tuple[str, str, Part]]] = {}
"""By type token: the type they are a property of, the input that names it, and how they are added."""

NO_EQUIVALENT: Final[Mapping[str, str]] = {
    "pulumi:providers:aws": "Pulumi's own",
    "awsx:ec2:Vpc": "a component of the awsx plugin, which makes the resources",
    "aws:lambda/invocation:Invocation": "calls a function once; there would be a custom resource",
    "aws:s3/bucketObjectv2:BucketObjectv2": "content is not a resource",
    "aws:secretsmanager/secretVersion:SecretVersion": "the value would be in the template",
    "aws:xray/traceSegmentDestination:TraceSegmentDestination": "AWS::XRay::TransactionSearchConfig sets it implicitly",
}
"""Types without a CloudFormation resource, with the reason."""

VERBATIM: Final = frozenset(
    {"variables", "environmentVariables", "tags", "requestTemplates", "responseTemplates", "triggers"}
)
"""Inputs whose keys are data, not property names."""

PULUMI_ONLY: Final = frozenset({"region", "timeouts", "forceDestroy", "forceDelete", "skipDestroy", "tags"})
"""Inputs that steer the provider. Tags come from the provider's `default_tags`, tested by a rule."""


def _cased(value: Any) -> Any:
    match value:
        case dict():
            pairs = cast(dict[str, Any], value).items()
            return {_upper(key): _below(key, inner) for key, inner in pairs}
        case list():
            return [_cased(item) for item in cast(list[Any], value)]
        case _:
            return value


def _below(key: str, value: Any) -> Any:
    is_data = key in VERBATIM and isinstance(value, dict)
    return cast(Any, value) if is_data else _cased(value)


def _upper(key: str) -> str:
    return key[:1].upper() + key[1:]


def _properties(inputs: Inputs, rename: Mapping[str, str] | None = None, drop: tuple[str, ...] = ()) -> Properties:
    names = rename or {}
    return {
        names.get(key, _upper(key)): _below(key, value)
        for key, value in inputs.items()
        if key not in drop and key not in PULUMI_ONLY
    }


def _document(properties: Properties, *keys: str) -> Properties:
    """Parse policy documents that came as text."""
    for key in keys:
        if isinstance(properties.get(key), str):
            properties[key] = json.loads(properties[key])
    return properties


def _pairs(values: Mapping[str, Any], key: str = "Name") -> list[dict[str, Any]]:
    return [{key: name, "Value": value} for name, value in values.items()]


def _whole(token: str, kind: str) -> Callable[[Whole], Whole]:
    def add(whole: Whole) -> Whole:
        WHOLES[token] = (kind, whole)
        return whole

    return add


def _part(token: str, of: str, reference: str) -> Callable[[Part], Part]:
    def add(part: Part) -> Part:
        PARTS[token] = (of, reference, part)
        return part

    return add


def _simple(token: str, kind: str, rename: Mapping[str, str] | None = None, drop: tuple[str, ...] = ()) -> None:
    WHOLES[token] = (kind, lambda inputs: _properties(inputs, rename, drop))


# --- IAM ---


@_whole("aws:iam/role:Role", "AWS::IAM::Role")
def _role(inputs: Inputs) -> Properties:
    properties = _properties(inputs, {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"})
    return _document(properties, "AssumeRolePolicyDocument")


@_whole("aws:iam/rolePolicy:RolePolicy", "AWS::IAM::RolePolicy")
def _role_policy(inputs: Inputs) -> Properties:
    properties = _properties(inputs, {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"})
    return _document(properties, "PolicyDocument")


@_part("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/role:Role", "role")
def _attachment(role: Properties, inputs: Inputs) -> None:
    role.setdefault("ManagedPolicyArns", []).append(inputs["policyArn"])


_simple(
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "AWS::IAM::OIDCProvider",
    {"clientIdLists": "ClientIdList", "thumbprintLists": "ThumbprintList"},
)


# --- Functions and logs ---


@_whole("aws:lambda/function:Function", "AWS::Lambda::Function")
def _function(inputs: Inputs) -> Properties:
    # What the Zip holds is uploaded by Pulumi, which also publishes versions.
    drop = ("publish", "sourceCodeHash", "code", "replaceSecurityGroupsOnDestroy", "replacementSecurityGroupIds")
    properties = _properties(inputs, {"name": "FunctionName"}, drop)
    if "archive" in inputs.get("code", {}):
        properties["Code"] = {"S3Bucket": "uploaded-by-pulumi", "S3Key": inputs["code"]["archive"]}
    durable = properties.get("DurableConfig")
    if durable and "RetentionPeriod" in durable:
        durable["RetentionPeriodInDays"] = durable.pop("RetentionPeriod")
    return properties


_simple("aws:lambda/alias:Alias", "AWS::Lambda::Alias")


@_whole("aws:lambda/permission:Permission", "AWS::Lambda::Permission")
def _permission(inputs: Inputs) -> Properties:
    properties = _properties(inputs, {"function": "FunctionName"}, ("qualifier", "statementId"))
    if "qualifier" in inputs:
        properties["FunctionName"] += f":{inputs['qualifier']}"
    return properties


_simple("aws:cloudwatch/logGroup:LogGroup", "AWS::Logs::LogGroup", {"name": "LogGroupName"})
_simple("aws:cloudwatch/dashboard:Dashboard", "AWS::CloudWatch::Dashboard")
_simple("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "AWS::Logs::ResourcePolicy")
_simple("aws:cloudwatch/queryDefinition:QueryDefinition", "AWS::Logs::QueryDefinition")
_simple("aws:cloudwatch/logDeliverySource:LogDeliverySource", "AWS::Logs::DeliverySource")
_simple("aws:cloudwatch/logDelivery:LogDelivery", "AWS::Logs::Delivery")


@_whole("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination", "AWS::Logs::DeliveryDestination")
def _delivery_destination(inputs: Inputs) -> Properties:
    properties = _properties(inputs, drop=("deliveryDestinationConfiguration",))
    configuration = cast(dict[str, str], inputs.get("deliveryDestinationConfiguration", {}))
    return {**properties, **_cased(configuration)}


@_whole("aws:cloudwatch/logMetricFilter:LogMetricFilter", "AWS::Logs::MetricFilter")
def _metric_filter(inputs: Inputs) -> Properties:
    properties = _properties(inputs, {"name": "FilterName", "pattern": "FilterPattern"}, ("metricTransformation",))
    given = cast(dict[str, Any], inputs["metricTransformation"])
    names = {"name": "MetricName", "namespace": "MetricNamespace", "value": "MetricValue"}
    metric = _properties(given, names, ("dimensions",))
    if "DefaultValue" in metric:
        metric["DefaultValue"] = float(metric["DefaultValue"])
    if given.get("dimensions"):
        metric["Dimensions"] = _pairs(given["dimensions"], "Key")
    return {**properties, "MetricTransformations": [metric]}


@_whole("aws:cloudwatch/metricAlarm:MetricAlarm", "AWS::CloudWatch::Alarm")
def _alarm(inputs: Inputs) -> Properties:
    rename = {"name": "AlarmName", "okActions": "OKActions"}
    properties = _properties(inputs, rename, ("dimensions", "metricQueries"))
    if "dimensions" in inputs:
        properties["Dimensions"] = _pairs(inputs["dimensions"])
    if "metricQueries" in inputs:
        properties["Metrics"] = [_query(query) for query in cast(list[dict[str, Any]], inputs["metricQueries"])]
    return properties


def _query(query: Mapping[str, Any]) -> Properties:
    rendered = _properties(query, drop=("metric",))
    if "metric" in query:
        metric = cast(dict[str, Any], query["metric"])
        outside = {key: metric[key] for key in ("period", "stat", "unit") if key in metric}
        inside = _properties(metric, drop=("dimensions", "period", "stat", "unit"))
        if "dimensions" in metric:
            inside["Dimensions"] = _pairs(metric["dimensions"])
        rendered["MetricStat"] = {**_cased(outside), "Metric": inside}
    return rendered


@_whole("aws:cloudwatch/eventRule:EventRule", "AWS::Events::Rule")
def _event_rule(inputs: Inputs) -> Properties:
    return _document(_properties(inputs), "EventPattern")


@_part("aws:cloudwatch/eventTarget:EventTarget", "aws:cloudwatch/eventRule:EventRule", "rule")
def _event_target(rule: Properties, inputs: Inputs) -> None:
    targets = rule.setdefault("Targets", [])
    target = _properties(inputs, {"targetId": "Id"}, ("rule", "inputTransformer"))
    if "inputTransformer" in inputs:
        given = cast(dict[str, Any], inputs["inputTransformer"])
        target["InputTransformer"] = {
            "InputTemplate": given["inputTemplate"],
            **({"InputPathsMap": given["inputPaths"]} if "inputPaths" in given else {}),
        }
    targets.append({"Id": f"target{len(targets)}", **target})


_simple("aws:sns/topic:Topic", "AWS::SNS::Topic", {"name": "TopicName"})
_simple("aws:sns/topicSubscription:TopicSubscription", "AWS::SNS::Subscription", {"topic": "TopicArn"})


@_whole("aws:sns/topicPolicy:TopicPolicy", "AWS::SNS::TopicPolicy")
def _topic_policy(inputs: Inputs) -> Properties:
    return _document({"Topics": [inputs["arn"]], "PolicyDocument": inputs["policy"]}, "PolicyDocument")


_simple("aws:xray/group:Group", "AWS::XRay::Group")


@_whole("aws:xray/samplingRule:SamplingRule", "AWS::XRay::SamplingRule")
def _sampling(inputs: Inputs) -> Properties:
    return {
        "SamplingRule": _properties(
            inputs, {"resourceArn": "ResourceARN", "httpMethod": "HTTPMethod", "urlPath": "URLPath"}
        )
    }


@_whole("aws:xray/indexingRule:IndexingRule", "AWS::XRay::TransactionSearchConfig")
def _indexing(inputs: Inputs) -> Properties:
    rule = cast(dict[str, Any], inputs.get("rule", {})).get("probabilistic", {})
    return {"IndexingPercentage": cast(dict[str, Any], rule).get("desiredSamplingPercentage")}


@_whole("aws:xray/resourcePolicy:ResourcePolicy", "AWS::XRay::ResourcePolicy")
def _xray_policy(inputs: Inputs) -> Properties:
    return _properties(inputs)


# --- Data ---


@_whole("aws:dynamodb/table:Table", "AWS::DynamoDB::Table")
def _table(inputs: Inputs) -> Properties:
    moved = (
        "attributes", "hashKey", "rangeKey", "ttl", "pointInTimeRecovery", "serverSideEncryption",
        "globalSecondaryIndexes",
    )  # fmt: skip
    properties = _properties(inputs, {"name": "TableName"}, moved)
    properties["AttributeDefinitions"] = [
        {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
        for attribute in cast(list[dict[str, str]], inputs.get("attributes", []))
    ]
    properties["KeySchema"] = _keys(inputs)
    if "ttl" in inputs:
        ttl = _cased(inputs["ttl"])
        properties["TimeToLiveSpecification"] = {"Enabled": False, **ttl}
    if "pointInTimeRecovery" in inputs:
        recovery = _properties(inputs["pointInTimeRecovery"], {"enabled": "PointInTimeRecoveryEnabled"})
        properties["PointInTimeRecoverySpecification"] = recovery
    if "serverSideEncryption" in inputs:
        names = {"enabled": "SSEEnabled", "kmsKeyArn": "KMSMasterKeyId"}
        properties["SSESpecification"] = _properties(inputs["serverSideEncryption"], names)
    if inputs.get("globalSecondaryIndexes"):
        properties["GlobalSecondaryIndexes"] = [
            _index(index) for index in cast(list[dict[str, Any]], inputs["globalSecondaryIndexes"])
        ]
    return properties


def _keys(given: Mapping[str, Any]) -> list[dict[str, str]]:
    named = [("hashKey", "HASH"), ("rangeKey", "RANGE")]
    keys = [{"AttributeName": str(given[key]), "KeyType": kind} for key, kind in named if key in given]
    return keys + cast(list[dict[str, str]], _cased(given.get("keySchemas", [])))


def _index(index: Mapping[str, Any]) -> Properties:
    drop = ("hashKey", "rangeKey", "keySchemas", "projectionType", "nonKeyAttributes")
    projection = {"projectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["nonKeyAttributes"] = index["nonKeyAttributes"]
    return {
        **_properties(index, {"name": "IndexName"}, drop),
        "KeySchema": _keys(index),
        "Projection": _cased(projection),
    }


_simple("aws:s3/bucket:Bucket", "AWS::S3::Bucket", {"bucket": "BucketName"})


@_part("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:s3/bucket:Bucket", "bucket")
def _public_access(bucket: Properties, inputs: Inputs) -> None:
    bucket["PublicAccessBlockConfiguration"] = _properties(inputs, drop=("bucket",))


@_part("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucket:Bucket", "bucket")
def _versioning(bucket: Properties, inputs: Inputs) -> None:
    bucket["VersioningConfiguration"] = _cased(inputs["versioningConfiguration"])


@_part("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "aws:s3/bucket:Bucket", "bucket")
def _ownership(bucket: Properties, inputs: Inputs) -> None:
    bucket["OwnershipControls"] = {"Rules": [_cased(inputs["rule"])]}


@_part(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucket:Bucket",
    "bucket",
)
def _bucket_encryption(bucket: Properties, inputs: Inputs) -> None:
    rules: list[Properties] = []
    for rule in cast(list[dict[str, Any]], inputs["rules"]):
        names = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
        default = _properties(rule["applyServerSideEncryptionByDefault"], names)
        rest = _properties(rule, drop=("applyServerSideEncryptionByDefault",))
        rules.append({**rest, "ServerSideEncryptionByDefault": default})
    bucket["BucketEncryption"] = {"ServerSideEncryptionConfiguration": rules}


@_part("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "aws:s3/bucket:Bucket", "bucket")
def _lifecycle(bucket: Properties, inputs: Inputs) -> None:
    rules: list[Properties] = []
    for given in cast(list[dict[str, Any]], inputs["rules"]):
        moved = ("filter", "expiration", "noncurrentVersionExpiration")
        rule = _properties(given, drop=moved)
        rule.update(_properties(given.get("filter", {})))
        expiry = _properties(given.get("expiration", {}), {"days": "ExpirationInDays", "date": "ExpirationDate"})
        rule.update(expiry)
        if "noncurrentVersionExpiration" in given:
            rule["NoncurrentVersionExpiration"] = _cased(given["noncurrentVersionExpiration"])
        rules.append(rule)
    bucket["LifecycleConfiguration"] = {"Rules": rules}


@_whole("aws:s3/bucketPolicy:BucketPolicy", "AWS::S3::BucketPolicy")
def _bucket_policy(inputs: Inputs) -> Properties:
    return _document(_properties(inputs, {"policy": "PolicyDocument"}), "PolicyDocument")


@_whole("aws:elasticache/serverlessCache:ServerlessCache", "AWS::ElastiCache::ServerlessCache")
def _cache(inputs: Inputs) -> Properties:
    properties = _properties(inputs, {"name": "ServerlessCacheName"})
    limits = properties.get("CacheUsageLimits", {})
    if "EcpuPerSeconds" in limits:
        limits["ECPUPerSecond"] = limits.pop("EcpuPerSeconds")[0]
    return properties


@_whole("aws:elasticache/user:User", "AWS::ElastiCache::User")
def _cache_user(inputs: Inputs) -> Properties:
    return _properties(inputs)


_simple("aws:elasticache/userGroup:UserGroup", "AWS::ElastiCache::UserGroup")
_simple("aws:secretsmanager/secret:Secret", "AWS::SecretsManager::Secret", drop=("recoveryWindowInDays",))


@_whole("aws:kms/key:Key", "AWS::KMS::Key")
def _key(inputs: Inputs) -> Properties:
    rename = {"policy": "KeyPolicy", "deletionWindowInDays": "PendingWindowInDays", "customerMasterKeySpec": "KeySpec"}
    return _document(_properties(inputs, rename), "KeyPolicy")


_simple("aws:kms/alias:Alias", "AWS::KMS::Alias", {"name": "AliasName"})


# --- Identity ---


@_whole("aws:cognito/userPool:UserPool", "AWS::Cognito::UserPool")
def _user_pool(inputs: Inputs) -> Properties:
    drop = ("passwordPolicy", "accountRecoverySetting", "softwareTokenMfaConfiguration", "signInPolicy", "schemas")
    properties = _properties(inputs, {"name": "UserPoolName"}, drop)
    policies: Properties = {}
    if "passwordPolicy" in inputs:
        policies["PasswordPolicy"] = _cased(inputs["passwordPolicy"])
    if "signInPolicy" in inputs:
        policies["SignInPolicy"] = _cased(inputs["signInPolicy"])
    if policies:
        properties["Policies"] = policies
    if "accountRecoverySetting" in inputs:
        properties["AccountRecoverySetting"] = _cased(inputs["accountRecoverySetting"])
    if cast(dict[str, Any], inputs.get("softwareTokenMfaConfiguration", {})).get("enabled"):
        properties["EnabledMfas"] = ["SOFTWARE_TOKEN_MFA"]
    updates = properties.get("UserAttributeUpdateSettings", {})
    if updates:
        verified = updates.pop("AttributesRequireVerificationBeforeUpdates")
        updates["AttributesRequireVerificationBeforeUpdate"] = verified
    if "schemas" in inputs:
        properties["Schema"] = _cased(inputs["schemas"])
    return properties


@_whole("aws:cognito/userPoolClient:UserPoolClient", "AWS::Cognito::UserPoolClient")
def _user_pool_client(inputs: Inputs) -> Properties:
    rename = {
        "name": "ClientName",
        "allowedOauthFlows": "AllowedOAuthFlows",
        "allowedOauthFlowsUserPoolClient": "AllowedOAuthFlowsUserPoolClient",
        "allowedOauthScopes": "AllowedOAuthScopes",
        "callbackUrls": "CallbackURLs",
        "logoutUrls": "LogoutURLs",
        "defaultRedirectUri": "DefaultRedirectURI",
    }
    return _properties(inputs, rename)


_simple("aws:cognito/userPoolDomain:UserPoolDomain", "AWS::Cognito::UserPoolDomain")
_simple("aws:cognito/resourceServer:ResourceServer", "AWS::Cognito::UserPoolResourceServer")
_simple("aws:cognito/managedLoginBranding:ManagedLoginBranding", "AWS::Cognito::ManagedLoginBranding")


# --- WebSocket API ---

_simple("aws:apigatewayv2/api:Api", "AWS::ApiGatewayV2::Api")
_simple("aws:apigatewayv2/stage:Stage", "AWS::ApiGatewayV2::Stage", {"name": "StageName"})
_simple("aws:apigatewayv2/route:Route", "AWS::ApiGatewayV2::Route")
_simple("aws:apigatewayv2/routeResponse:RouteResponse", "AWS::ApiGatewayV2::RouteResponse")
_simple("aws:apigatewayv2/integrationResponse:IntegrationResponse", "AWS::ApiGatewayV2::IntegrationResponse")
_simple("aws:apigateway/account:Account", "AWS::ApiGateway::Account", {"cloudwatchRoleArn": "CloudWatchRoleArn"})


@_whole("aws:apigatewayv2/integration:Integration", "AWS::ApiGatewayV2::Integration")
def _integration(inputs: Inputs) -> Properties:
    return _properties(inputs, {"timeoutMilliseconds": "TimeoutInMillis"})


@_whole("aws:apigatewayv2/authorizer:Authorizer", "AWS::ApiGatewayV2::Authorizer")
def _authorizer(inputs: Inputs) -> Properties:
    rename = {"identitySources": "IdentitySource", "authorizerResultTtlInSeconds": "AuthorizerResultTtlInSeconds"}
    return _properties(inputs, rename)


@_whole("aws:apigatewayv2/deployment:Deployment", "AWS::ApiGatewayV2::Deployment")
def _deployment(inputs: Inputs) -> Properties:
    return _properties(inputs, drop=("triggers",))


# --- AgentCore ---


@_whole("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime", "AWS::BedrockAgentCore::Runtime")
def _runtime(inputs: Inputs) -> Properties:
    properties = _properties(inputs, drop=("lifecycleConfigurations", "protocolConfiguration"))
    if inputs.get("lifecycleConfigurations"):
        properties["LifecycleConfiguration"] = _cased(inputs["lifecycleConfigurations"][0])
    if "protocolConfiguration" in inputs:
        properties["ProtocolConfiguration"] = inputs["protocolConfiguration"]["serverProtocol"]
    jwt = properties.get("AuthorizerConfiguration", {}).get("CustomJwtAuthorizer")
    if jwt:
        properties["AuthorizerConfiguration"] = {"CustomJWTAuthorizer": jwt}
    network = properties.get("NetworkConfiguration", {})
    if "requireServiceS3Endpoint" in network.get("NetworkModeConfig", {}):
        network["NetworkModeConfig"].pop("RequireServiceS3Endpoint")
    return properties


@_whole(
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint", "AWS::BedrockAgentCore::RuntimeEndpoint"
)
def _endpoint(inputs: Inputs) -> Properties:
    return _properties(inputs)


@_whole("aws:bedrock/agentcoreGateway:AgentcoreGateway", "AWS::BedrockAgentCore::Gateway")
def _gateway(inputs: Inputs) -> Properties:
    properties = _properties(inputs)
    jwt = properties.get("AuthorizerConfiguration", {}).get("CustomJwtAuthorizer")
    if jwt:
        properties["AuthorizerConfiguration"] = {"CustomJWTAuthorizer": jwt}
    return properties


@_whole("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget", "AWS::BedrockAgentCore::GatewayTarget")
def _target(inputs: Inputs) -> Properties:
    drop = ("credentialProviderConfiguration", "targetConfiguration")
    properties = _properties(inputs, drop=drop)
    mcp = cast(dict[str, Any], inputs["targetConfiguration"]).get("mcp", {})
    lambda_target = cast(dict[str, Any], mcp).get("lambda", {})
    payloads = cast(dict[str, Any], lambda_target.get("toolSchema", {})).get("inlinePayloads", [])
    tools = [_tool(tool) for tool in cast(list[dict[str, Any]], payloads)]
    rest = _properties(lambda_target, drop=("toolSchema",))
    properties["TargetConfiguration"] = {"Mcp": {"Lambda": {**rest, "ToolSchema": {"InlinePayload": tools}}}}
    if "gatewayIamRole" in inputs.get("credentialProviderConfiguration", {}):
        properties["CredentialProviderConfigurations"] = [{"CredentialProviderType": "GATEWAY_IAM_ROLE"}]
    return properties


def _tool(tool: Mapping[str, Any]) -> Properties:
    schemas = {_upper(key): _schema(tool[key]) for key in ("inputSchema", "outputSchema") if key in tool}
    return {**_properties(tool, drop=("inputSchema", "outputSchema")), **schemas}


def _schema(schema: Mapping[str, Any]) -> Properties:
    """The provider lists properties by name and marks each as required; AWS has a mapping and a list."""
    rendered = _properties(schema, drop=("properties", "items", "name", "required", "itemsJson", "propertiesJson"))
    properties = cast(list[dict[str, Any]], schema.get("properties", []))
    if properties:
        rendered["Properties"] = {one["name"]: _schema(one) for one in properties}
        required = [one["name"] for one in properties if one.get("required")]
        if required:
            rendered["Required"] = required
    if "items" in schema:
        rendered["Items"] = _schema(schema["items"])
    if "itemsJson" in schema:
        rendered["Items"] = _cased(json.loads(schema["itemsJson"]))
    if "propertiesJson" in schema:
        given = cast(dict[str, Any], json.loads(schema["propertiesJson"]))
        rendered["Properties"] = {name: _cased(value) for name, value in given.items()}
    return rendered


# --- Image ---


@_whole("aws:ecr/repository:Repository", "AWS::ECR::Repository")
def _repository(inputs: Inputs) -> Properties:
    properties = _properties(inputs, {"name": "RepositoryName"}, ("encryptionConfigurations",))
    if inputs.get("encryptionConfigurations"):
        properties["EncryptionConfiguration"] = _cased(inputs["encryptionConfigurations"][0])
    return properties


@_part("aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:ecr/repository:Repository", "repository")
def _image_lifecycle(repository: Properties, inputs: Inputs) -> None:
    policy = inputs["policy"]
    repository["LifecyclePolicy"] = {
        "LifecyclePolicyText": policy if isinstance(policy, str) else json.dumps(policy),
    }


@_whole("aws:codebuild/project:Project", "AWS::CodeBuild::Project")
def _build_project(inputs: Inputs) -> Properties:
    rename = {"buildTimeout": "TimeoutInMinutes", "queuedTimeout": "QueuedTimeoutInMinutes"}
    properties = _properties(inputs, rename)
    source = properties.get("Source", {})
    if "Buildspec" in source:
        source["BuildSpec"] = source.pop("Buildspec")
    logs = properties.get("LogsConfig", {})
    if "CloudwatchLogs" in logs:
        logs["CloudWatchLogs"] = {"Status": "ENABLED", **logs.pop("CloudwatchLogs")}
    return properties


# --- Network ---


@_whole("aws:ec2/securityGroup:SecurityGroup", "AWS::EC2::SecurityGroup")
def _security_group(inputs: Inputs) -> Properties:
    drop = ("ingress", "egress", "revokeRulesOnDelete")
    properties = _properties(inputs, {"name": "GroupName", "description": "GroupDescription"}, drop)
    for key in ("ingress", "egress"):
        if key in inputs:
            rules = cast(list[dict[str, Any]], inputs[key])
            properties[f"SecurityGroup{_upper(key)}"] = [flat for rule in rules for flat in _inline_rule(rule)]
    # The provider's default.
    return {"GroupDescription": "Managed by Pulumi", **properties}


def _inline_rule(rule: Mapping[str, Any]) -> list[Properties]:
    common = _properties(rule, {"protocol": "IpProtocol"}, ("cidrBlocks", "securityGroups", "self"))
    cidrs = [{**common, "CidrIp": block} for block in cast(list[str], rule.get("cidrBlocks", []))]
    groups = [{**common, "SourceSecurityGroupId": group} for group in cast(list[str], rule.get("securityGroups", []))]
    return cidrs + groups


@_whole("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "AWS::EC2::SecurityGroupIngress")
def _ingress(inputs: Inputs) -> Properties:
    names = {
        "securityGroupId": "GroupId", "cidrIpv4": "CidrIp", "cidrIpv6": "CidrIpv6",
        "prefixListId": "SourcePrefixListId", "referencedSecurityGroupId": "SourceSecurityGroupId",
    }  # fmt: skip
    return _properties(inputs, names)


@_whole("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "AWS::EC2::SecurityGroupEgress")
def _egress(inputs: Inputs) -> Properties:
    names = {
        "securityGroupId": "GroupId", "cidrIpv4": "CidrIp", "cidrIpv6": "CidrIpv6",
        "prefixListId": "DestinationPrefixListId", "referencedSecurityGroupId": "DestinationSecurityGroupId",
    }  # fmt: skip
    return _properties(inputs, names)


@_whole("aws:ec2/vpcEndpoint:VpcEndpoint", "AWS::EC2::VPCEndpoint")
def _vpc_endpoint(inputs: Inputs) -> Properties:
    return _document(_properties(inputs, {"policy": "PolicyDocument"}), "PolicyDocument")
