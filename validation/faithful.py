"""What AWS answers after creating each kind of resource.

Each entry gives the id and the computed outputs as the provider returns them, in AWS's own formats;
inputs come back as outputs too. A type that is not here is an error, never a guess. To add one:
a function of `Created`, registered with `@answers("type:token")`, that returns (id, computed outputs).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

ACCOUNT: Final = "123456789012"

SUFFIX: Final = "-1a2b3c4"
"""What Pulumi's auto-naming adds to a logical name; random in reality."""

DOCUMENTS: Final = frozenset({"assumeRolePolicy", "policy"})
"""Inputs that may be given as objects and come back as JSON text."""


class UnknownTypeError(LookupError):
    """Nobody has written down what AWS answers for this type."""


@dataclass(frozen=True, slots=True)
class Created:
    """A resource that AWS has just made."""

    logical: str
    inputs: Mapping[str, Any]
    region: str

    def name(self, key: str = "name") -> str:
        """The physical name: as given, or as auto-naming makes it."""
        return cast(str, self.inputs.get(key) or self.logical + SUFFIX)

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the stack's Region and account."""
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"

    def mark(self, length: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
        """Characters that look random, always the same for the same logical name."""
        digest = hashlib.sha256(self.logical.encode()).digest()
        return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])

    def hexadecimal(self, length: int = 17) -> str:
        """As in `vpc-0a1b…`."""
        return "0" + self.mark(length - 1, "0123456789abcdef")

    def uuid(self) -> str:
        """In UUID form."""
        text = self.mark(32, "0123456789abcdef")
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


Outputs = dict[str, Any]
Answer = Callable[[Created], tuple[str, Outputs]]

_ANSWERS: Final[dict[str, Answer]] = {}


def outputs(type: str, logical: str, inputs: Mapping[str, Any], region: str) -> tuple[str, Outputs]:
    """The id and all outputs of a new resource.

    Args:
        type: type token.
        logical: logical name.
        inputs: as recorded.
        region: of the stack.

    Raises:
        UnknownTypeError: the type is not listed here.
    """
    answer = _ANSWERS.get(type)
    if answer is None:
        raise UnknownTypeError(f"{type} ({logical}): add what AWS returns for it to validation/faithful.py")
    identifier, computed = answer(Created(logical, inputs, region))
    if type in NOT_ECHOED:
        return identifier, computed
    common = {"region": region, "tagsAll": inputs.get("tags", {})} if type.startswith("aws:") else {}
    return identifier, {**common, **echoed(inputs), **computed}


def echoed(inputs: Mapping[str, Any]) -> Outputs:
    """The inputs in the form in which they come back."""
    return {
        key: json.dumps(value) if key in DOCUMENTS and isinstance(value, dict) else value
        for key, value in inputs.items()
        if not _is_package(value)
    }


def known_types() -> Mapping[str, Answer]:
    """The types with an entry."""
    return _ANSWERS


def answer(token: str, given: Mapping[str, Any], region: str) -> Mapping[str, Any] | None:
    """What a provider function returns, or None if nobody has written that down."""
    match token:
        case "aws:index/getPartition:getPartition":
            return {
                "id": "aws",
                "partition": "aws",
                "dnsSuffix": "amazonaws.com",
                "reverseDnsPrefix": "com.amazonaws",
                "region": region,
            }
        case "aws:index/getCallerIdentity:getCallerIdentity":
            user = f"arn:aws:iam::{ACCOUNT}:user/deployer"
            return {"id": ACCOUNT, "accountId": ACCOUNT, "arn": user, "userId": "AIDAEXAMPLEEXAMPLE012"}
        case "aws:index/getRegion:getRegion":
            named = given.get("region") or region
            return {"id": named, "region": named, "endpoint": f"ec2.{named}.amazonaws.com", "description": named}
        case "aws:index/getAvailabilityZones:getAvailabilityZones":
            return _zones(given, region)
        case _:
            return None


def _zones(given: Mapping[str, Any], region: str) -> Outputs:
    """The zones that are asked for by id, in the order of their names, which is not that of the ids."""
    asked = [zone for filter in given.get("filters", []) if filter["name"] == "zone-id" for zone in filter["values"]]
    letters = dict(zip("123456", "cabedf", strict=True))
    found = {f"{region}{letters[zone[-1]]}": zone for zone in asked if zone[-1] in letters}
    names = sorted(found)
    ids = [found[name] for name in names]
    return {"id": region, "names": names, "zoneIds": ids, "groupNames": [region], "region": region}


NOT_ECHOED: Final = frozenset({"awsx:ec2:Vpc"})
"""Packaged components: their inputs are no outputs, and some share a name with an output of another shape."""


def answers(*types: str) -> Callable[[Answer], Answer]:
    """Register what AWS answers for these types."""

    def add(answer: Answer) -> Answer:
        _ANSWERS.update(dict.fromkeys(types, answer))
        return answer

    return add


def _is_package(value: Any) -> bool:
    return isinstance(value, dict) and set(cast(dict[str, Any], value)) in ({"archive"}, {"asset"})


@answers("pulumi:providers:aws")
def _provider(new: Created) -> tuple[str, Outputs]:
    return new.uuid(), {}


# --- IAM ---


@answers("aws:iam/role:Role")
def _role(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    path = new.inputs.get("path", "/")
    arn = f"arn:aws:iam::{ACCOUNT}:role{path}{name}"
    return name, {
        "name": name,
        "arn": arn,
        "path": path,
        "uniqueId": "AROA" + new.mark(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
        "createDate": "2026-11-23T12:00:00Z",
        "maxSessionDuration": new.inputs.get("maxSessionDuration", 3600),
    }


@answers("aws:iam/rolePolicy:RolePolicy")
def _role_policy(new: Created) -> tuple[str, Outputs]:
    return f"{new.inputs['role']}:{new.name()}", {"name": new.name()}


@answers("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def _attachment(new: Created) -> tuple[str, Outputs]:
    return f"{new.inputs['role']}-20261123120000000000000001", {}


@answers("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
def _oidc(new: Created) -> tuple[str, Outputs]:
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{str(new.inputs['url']).removeprefix('https://')}"
    return arn, {"arn": arn}


# --- Functions and logs ---


@answers("aws:lambda/function:Function")
def _function(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    arn = new.arn("lambda", f"function:{name}")
    version = "1" if new.inputs.get("publish") else "$LATEST"
    invoke = f"arn:aws:apigateway:{new.region}:lambda:path/2015-03-31/functions"
    return name, {
        "name": name,
        "arn": arn,
        "version": version,
        "qualifiedArn": f"{arn}:{version}",
        "invokeArn": f"{invoke}/{arn}/invocations",
        "qualifiedInvokeArn": f"{invoke}/{arn}:{version}/invocations",
        "codeSha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sourceCodeHash": new.inputs.get("sourceCodeHash", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        "sourceCodeSize": 1024,
        "lastModified": "2026-11-23T12:00:00.000+0000",
        "packageType": new.inputs.get("packageType", "Zip"),
    }


@answers("aws:lambda/alias:Alias")
def _alias(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    function = str(new.inputs["functionName"]).split(":function:")[-1].split(":")[0]
    arn = new.arn("lambda", f"function:{function}:{name}")
    invoke = f"arn:aws:apigateway:{new.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    return arn, {"name": name, "arn": arn, "invokeArn": invoke}


@answers("aws:lambda/permission:Permission")
def _permission(new: Created) -> tuple[str, Outputs]:
    statement = new.name("statementId")
    return statement, {"statementId": statement}


@answers("aws:lambda/invocation:Invocation")
def _invocation(new: Created) -> tuple[str, Outputs]:
    call = (new.inputs["functionName"], new.inputs.get("qualifier", "$LATEST"), new.mark(32, "0123456789abcdef"))
    # What our deploy hooks return: the input's own fields, and how it went.
    given = json.loads(str(new.inputs.get("input", "{}")))
    return "_".join(map(str, call)), {"result": json.dumps({**given, "status": "SUCCEEDED"})}


@answers("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
def _event_invoke(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["functionName"]), {}


@answers("aws:cloudwatch/logGroup:LogGroup")
def _log_group(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {"name": name, "arn": new.arn("logs", f"log-group:{name}")}


@answers("aws:cloudwatch/logMetricFilter:LogMetricFilter")
def _metric_filter(new: Created) -> tuple[str, Outputs]:
    return new.name(), {"name": new.name()}


@answers("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
def _log_policy(new: Created) -> tuple[str, Outputs]:
    return new.name("policyName"), {}


@answers("aws:cloudwatch/queryDefinition:QueryDefinition")
def _query(new: Created) -> tuple[str, Outputs]:
    return new.uuid(), {"name": new.name(), "queryDefinitionId": new.uuid()}


@answers("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm")
def _alarm(new: Created) -> tuple[str, Outputs]:
    key = "name" if "alarmName" not in new.inputs else "alarmName"
    return new.name(key), {key: new.name(key), "arn": new.arn("cloudwatch", f"alarm:{new.name(key)}")}


@answers("aws:cloudwatch/dashboard:Dashboard")
def _dashboard(new: Created) -> tuple[str, Outputs]:
    name = str(new.inputs["dashboardName"])
    return name, {"dashboardArn": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"}


@answers("aws:cloudwatch/eventRule:EventRule")
def _event_rule(new: Created) -> tuple[str, Outputs]:
    return new.name(), {"name": new.name(), "arn": new.arn("events", f"rule/{new.name()}"), "eventBusName": "default"}


@answers("aws:cloudwatch/eventTarget:EventTarget")
def _event_target(new: Created) -> tuple[str, Outputs]:
    target = new.inputs.get("targetId") or f"{new.inputs['rule']}-terraform-20261123120000000000000001"
    return f"{new.inputs['rule']}-{target}", {"targetId": target, "eventBusName": "default"}


@answers("aws:cloudwatch/logDeliverySource:LogDeliverySource")
def _delivery_source(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {"name": name, "arn": new.arn("logs", f"delivery-source:{name}"), "service": "bedrock-agentcore"}


@answers("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
def _delivery_destination(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {"name": name, "arn": new.arn("logs", f"delivery-destination:{name}")}


@answers("aws:cloudwatch/logDelivery:LogDelivery")
def _delivery(new: Created) -> tuple[str, Outputs]:
    return new.mark(16), {"arn": new.arn("logs", f"delivery:{new.mark(16)}")}


@answers("aws:xray/group:Group")
def _xray_group(new: Created) -> tuple[str, Outputs]:
    arn = new.arn("xray", f"group/{new.inputs['groupName']}/{new.mark(26).upper()}")
    return arn, {"arn": arn}


@answers("aws:xray/samplingRule:SamplingRule")
def _sampling(new: Created) -> tuple[str, Outputs]:
    name = new.name("ruleName")
    return name, {"ruleName": name, "arn": new.arn("xray", f"sampling-rule/{name}")}


@answers("aws:xray/traceSegmentDestination:TraceSegmentDestination")
def _trace_destination(new: Created) -> tuple[str, Outputs]:
    return new.region, {}


@answers("aws:xray/indexingRule:IndexingRule")
def _indexing(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs.get("name", "Default")), {}


@answers("aws:xray/resourcePolicy:ResourcePolicy")
def _xray_policy(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["policyName"]), {"policyRevisionId": "1", "lastUpdatedTime": "2026-11-23T12:00:00Z"}


@answers("aws:sns/topic:Topic")
def _topic(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    arn = new.arn("sns", name)
    return arn, {"name": name, "arn": arn, "owner": ACCOUNT}


@answers("aws:sns/topicPolicy:TopicPolicy")
def _topic_policy(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["arn"]), {"owner": ACCOUNT}


@answers("aws:sns/topicSubscription:TopicSubscription")
def _subscription(new: Created) -> tuple[str, Outputs]:
    arn = f"{new.inputs['topic']}:{new.uuid()}"
    return arn, {"arn": arn, "ownerId": ACCOUNT, "pendingConfirmation": True, "confirmationWasAuthenticated": False}


@answers("aws:sqs/queue:Queue")
def _queue(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    url = f"https://sqs.{new.region}.amazonaws.com/{ACCOUNT}/{name}"
    return url, {"name": name, "url": url, "arn": new.arn("sqs", name)}


@answers("aws:sqs/queuePolicy:QueuePolicy")
def _queue_policy(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["queueUrl"]), {}


# --- Data ---


@answers("aws:dynamodb/table:Table")
def _table(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {"name": name, "arn": new.arn("dynamodb", f"table/{name}")}


@answers("aws:s3/bucket:Bucket")
def _bucket(new: Created) -> tuple[str, Outputs]:
    name = new.name("bucket")
    return name, {
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{new.region}.amazonaws.com",
        "bucketRegion": new.region,
    }


@answers(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
)
def _bucket_setting(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["bucket"]), {}


@answers("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject")
def _object(new: Created) -> tuple[str, Outputs]:
    key = new.name("key")
    return f"{new.inputs['bucket']}/{key}", {
        "key": key,
        "arn": f"arn:aws:s3:::{new.inputs['bucket']}/{key}",
        "etag": "d41d8cd98f00b204e9800998ecf8427e",
        "versionId": new.mark(32),
    }


@answers("aws:elasticache/serverlessCache:ServerlessCache")
def _cache(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    area, direction, number = new.region.rsplit("-", maxsplit=2)
    host = f"{name}-{new.mark(6)}.serverless.{area}{direction[0]}{number}.cache.amazonaws.com"
    return name, {
        "name": name,
        "arn": new.arn("elasticache", f"serverlesscache:{name}"),
        "endpoints": [{"address": host, "port": 6379}],
        "readerEndpoints": [{"address": host, "port": 6380}],
        "createTime": "2026-11-23T12:00:00Z",
        "fullEngineVersion": "8.0",
        "majorEngineVersion": new.inputs.get("majorEngineVersion", "8"),
        "status": "available",
    }


@answers("aws:elasticache/user:User")
def _cache_user(new: Created) -> tuple[str, Outputs]:
    user = str(new.inputs["userId"])
    return user, {"arn": new.arn("elasticache", f"user:{user}")}


@answers("aws:elasticache/userGroup:UserGroup")
def _cache_group(new: Created) -> tuple[str, Outputs]:
    group = str(new.inputs["userGroupId"])
    return group, {"arn": new.arn("elasticache", f"usergroup:{group}")}


@answers("aws:secretsmanager/secret:Secret")
def _secret(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    arn = new.arn("secretsmanager", f"secret:{name}-{new.mark(6)}")
    return arn, {"name": name, "arn": arn}


@answers("aws:secretsmanager/secretVersion:SecretVersion")
def _secret_version(new: Created) -> tuple[str, Outputs]:
    arn = str(new.inputs["secretId"])
    return f"{arn}|{new.uuid()}", {
        "arn": arn,
        "secretArn": arn,
        "versionId": new.uuid(),
        "versionStages": ["AWSCURRENT"],
    }


@answers("aws:kms/key:Key")
def _key(new: Created) -> tuple[str, Outputs]:
    return new.uuid(), {"keyId": new.uuid(), "arn": new.arn("kms", f"key/{new.uuid()}")}


@answers("aws:kms/alias:Alias")
def _key_alias(new: Created) -> tuple[str, Outputs]:
    name = str(new.inputs["name"])
    return name, {"name": name, "arn": new.arn("kms", name)}


# --- Identity ---


@answers("aws:cognito/userPool:UserPool")
def _user_pool(new: Created) -> tuple[str, Outputs]:
    pool = f"{new.region}_{new.mark(9, 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh0123456789')}"
    return pool, {
        "name": new.name(),
        "arn": new.arn("cognito-idp", f"userpool/{pool}"),
        "endpoint": f"cognito-idp.{new.region}.amazonaws.com/{pool}",
        "estimatedNumberOfUsers": 0,
    }


@answers("aws:cognito/userPoolClient:UserPoolClient")
def _user_pool_client(new: Created) -> tuple[str, Outputs]:
    has_secret = new.inputs.get("generateSecret")
    secret = {"clientSecret": new.mark(32) + new.mark(19)} if has_secret else {"clientSecret": ""}
    return new.mark(26), {"name": new.name(), **secret}


@answers("aws:cognito/userPoolDomain:UserPoolDomain")
def _user_pool_domain(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["domain"]), {
        "awsAccountId": ACCOUNT,
        "cloudfrontDistribution": "d111111abcdef8.cloudfront.net",
        "cloudfrontDistributionArn": "d111111abcdef8.cloudfront.net",
        "cloudfrontDistributionZoneId": "Z2FDTNDATAQYW2",
        "s3Bucket": "aws-cognito-prod-assets",
        "version": "20261123120000",
    }


@answers("aws:cognito/resourceServer:ResourceServer")
def _resource_server(new: Created) -> tuple[str, Outputs]:
    server = str(new.inputs["identifier"])
    pool = str(new.inputs["userPoolId"])
    names = [f"{server}/{scope['scopeName']}" for scope in cast(list[dict[str, str]], new.inputs.get("scopes", []))]
    return f"{pool}|{server}", {"name": new.name(), "scopeIdentifiers": names}


@answers("aws:cognito/managedLoginBranding:ManagedLoginBranding")
def _branding(new: Created) -> tuple[str, Outputs]:
    return f"{new.inputs['userPoolId']},{new.uuid()}", {"managedLoginBrandingId": new.uuid()}


# --- WebSocket API ---


@answers("aws:apigatewayv2/api:Api")
def _api(new: Created) -> tuple[str, Outputs]:
    api = new.mark(10)
    scheme = "wss" if new.inputs["protocolType"] == "WEBSOCKET" else "https"
    return api, {
        "name": new.name(),
        "arn": f"arn:aws:apigateway:{new.region}::/apis/{api}",
        "apiEndpoint": f"{scheme}://{api}.execute-api.{new.region}.amazonaws.com",
        "executionArn": new.arn("execute-api", api),
    }


@answers("aws:apigatewayv2/stage:Stage")
def _stage(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    api = new.inputs["apiId"]
    return name, {
        "name": name,
        "arn": f"arn:aws:apigateway:{new.region}::/apis/{api}/stages/{name}",
        "executionArn": new.arn("execute-api", f"{api}/{name}"),
        "invokeUrl": f"wss://{api}.execute-api.{new.region}.amazonaws.com/{name}",
    }


@answers(
    "aws:apigatewayv2/route:Route",
    "aws:apigatewayv2/integrationResponse:IntegrationResponse",
    "aws:apigatewayv2/routeResponse:RouteResponse",
    "aws:apigatewayv2/model:Model",
)
def _api_part(new: Created) -> tuple[str, Outputs]:
    return new.mark(7), {}


@answers("aws:apigatewayv2/authorizer:Authorizer")
def _authorizer(new: Created) -> tuple[str, Outputs]:
    return new.mark(6), {"name": new.name()}


@answers("aws:apigatewayv2/integration:Integration")
def _integration(new: Created) -> tuple[str, Outputs]:
    return new.mark(7), {"integrationResponseSelectionExpression": "${integration.response.statuscode}"}


@answers("aws:apigatewayv2/deployment:Deployment")
def _deployment(new: Created) -> tuple[str, Outputs]:
    return new.mark(6), {"autoDeployed": False}


@answers("aws:apigateway/account:Account")
def _gateway_account(_: Created) -> tuple[str, Outputs]:
    return "api-gateway-account", {
        "apiKeyVersion": "4",
        "features": ["UsagePlans"],
        "throttleSettings": [{"burstLimit": 5000, "rateLimit": 10000}],
    }


# --- AgentCore ---


@answers("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime")
def _runtime(new: Created) -> tuple[str, Outputs]:
    runtime = f"{new.inputs['agentRuntimeName']}-{new.mark(10, 'ABCDEFabcdef0123456789')}"
    return runtime, {
        "agentRuntimeId": runtime,
        "agentRuntimeArn": new.arn("bedrock-agentcore", f"runtime/{runtime}"),
        "agentRuntimeVersion": "1",
        "workloadIdentityDetails": [
            {
                "workloadIdentityArn": new.arn(
                    "bedrock-agentcore", f"workload-identity-directory/default/workload-identity/{runtime}"
                )
            }
        ],
    }


@answers("aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint")
def _endpoint(new: Created) -> tuple[str, Outputs]:
    runtime = new.inputs["agentRuntimeId"]
    base = new.arn("bedrock-agentcore", f"runtime/{runtime}")
    return f"{runtime},{new.name()}", {
        "name": new.name(),
        "agentRuntimeArn": base,
        "agentRuntimeEndpointArn": f"{base}/runtime-endpoint/{new.name()}",
        "agentRuntimeVersion": new.inputs.get("agentRuntimeVersion", "1"),
    }


@answers("aws:bedrock/agentcoreGateway:AgentcoreGateway")
def _gateway(new: Created) -> tuple[str, Outputs]:
    gateway = f"{new.name().lower()}-{new.mark(10)}"
    return gateway, {
        "name": new.name(),
        "gatewayId": gateway,
        "gatewayArn": new.arn("bedrock-agentcore", f"gateway/{gateway}"),
        "gatewayUrl": f"https://{gateway}.gateway.bedrock-agentcore.{new.region}.amazonaws.com/mcp",
        "workloadIdentityDetails": [
            {
                "workloadIdentityArn": new.arn(
                    "bedrock-agentcore", f"workload-identity-directory/default/workload-identity/{gateway}"
                )
            }
        ],
    }


@answers("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget")
def _target(new: Created) -> tuple[str, Outputs]:
    target = new.mark(10).upper()
    return f"{new.inputs['gatewayIdentifier']},{target}", {"name": new.name(), "targetId": target}


# --- Image ---


@answers("aws:ecr/repository:Repository")
def _repository(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {
        "name": name,
        "arn": new.arn("ecr", f"repository/{name}"),
        "registryId": ACCOUNT,
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{new.region}.amazonaws.com/{name}",
    }


@answers("aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:ecr/repositoryPolicy:RepositoryPolicy")
def _repository_policy(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["repository"]), {"registryId": ACCOUNT}


@answers("aws:codebuild/project:Project")
def _build_project(new: Created) -> tuple[str, Outputs]:
    arn = new.arn("codebuild", f"project/{new.name()}")
    return arn, {"name": new.name(), "arn": arn}


# --- Network ---


@answers("awsx:ec2:Vpc")
def _vpc(new: Created) -> tuple[str, Outputs]:
    zones = new.inputs.get("availabilityZoneNames") or ["a"] * int(new.inputs.get("numberOfAvailabilityZones", 3))
    strata = [str(spec["type"]).lower() for spec in cast(list[dict[str, Any]], new.inputs.get("subnetSpecs", []))]
    strata = strata or ["public", "private"]

    def subnets(stratum: str) -> list[str]:
        count = strata.count(stratum) * len(cast(list[str], zones))
        last = {"public": "a", "private": "b", "isolated": "c"}[stratum]
        return [f"subnet-{new.hexadecimal(15)}{last}{index}" for index in range(count)]

    return "", {
        "vpcId": f"vpc-{new.hexadecimal()}",
        **{f"{stratum}SubnetIds": subnets(stratum) for stratum in ("public", "private", "isolated")},
    }


@answers("aws:ec2/securityGroup:SecurityGroup")
def _security_group(new: Created) -> tuple[str, Outputs]:
    group = f"sg-{new.hexadecimal()}"
    return group, {"name": new.name(), "arn": new.arn("ec2", f"security-group/{group}"), "ownerId": ACCOUNT}


@answers(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)
def _security_group_rule(new: Created) -> tuple[str, Outputs]:
    rule = f"sgr-{new.hexadecimal()}"
    return rule, {"arn": new.arn("ec2", f"security-group-rule/{rule}"), "securityGroupRuleId": rule}


@answers("aws:ec2/vpcEndpoint:VpcEndpoint")
def _vpc_endpoint(new: Created) -> tuple[str, Outputs]:
    endpoint = f"vpce-{new.hexadecimal()}"
    return endpoint, {
        "arn": new.arn("ec2", f"vpc-endpoint/{endpoint}"),
        "ownerId": ACCOUNT,
        "state": "available",
        "prefixListId": f"pl-{new.mark(8, '0123456789abcdef')}",
    }
