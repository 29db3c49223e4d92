"""The doctor's checks of AWS: each outcome with its remedy."""

from collections.abc import Callable
from typing import Any

import pytest

from deployment.doctor import account, deployed, models, quotas, region
from deployment.doctor.finding import Finding, State
from deployment.doctor.situation import Check
from tests.deployment.doctor_world import ACCOUNT, World

ME = {"Account": ACCOUNT, "UserId": "x", "Arn": f"arn:aws:iam::{ACCOUNT}:user/alex"}
VPC = {"agentNetwork": "vpc"}
ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:runtime/deskside_dev-AbCdEfGhIj"
DEPLOYED = {"agentRuntimeArn": ARN, "userPoolId": "us-east-1_Ours"}


def runtime(**more: Any) -> dict[str, Any]:
    return {
        "agentRuntimeArn": ARN,
        "agentRuntimeName": "deskside_dev",
        "agentRuntimeId": "deskside_dev-AbCdEfGhIj",
        "agentRuntimeVersion": "1",
        "createdAt": 0,
        "lastUpdatedAt": 0,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/x",
        "networkConfiguration": {"networkMode": "PUBLIC"},
        "status": "READY",
        "lifecycleConfiguration": {},
        **more,
    }


def availability(**more: Any) -> dict[str, Any]:
    return {
        "modelId": "anthropic.claude-sonnet-4-6",
        "agreementAvailability": {"status": "AVAILABLE"},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
        **more,
    }


def profile(*regions: str) -> dict[str, Any]:
    models_ = [
        {"modelArn": f"arn:aws:bedrock:{each}::foundation-model/anthropic.claude-sonnet-4-6"} for each in regions
    ]
    return {
        "inferenceProfileName": "x",
        "inferenceProfileArn": f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.anthropic.claude-sonnet-4-6",
        "models": models_,
        "inferenceProfileId": "us.anthropic.claude-sonnet-4-6",
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def quota(name: str, value: float) -> dict[str, Any]:
    return {"QuotaName": name, "Value": value}


def interface(number: int, kind: str = "agentic_ai", attachment: str = "ela-attach-0") -> dict[str, Any]:
    return {"NetworkInterfaceId": f"eni-{number}", "InterfaceType": kind, "Attachment": {"AttachmentId": attachment}}


CASES: dict[str, tuple[Check, Callable[[World], object], dict[str, Any], State, str, str]] = {
    "right account": (
        account.credentials,
        lambda aws: aws.answers("sts", "get_caller_identity", ME),
        {"accountId": ACCOUNT},
        State.OK,
        "account 123456789012, user/alex",
        "",
    ),
    "no account named": (
        account.credentials,
        lambda aws: aws.answers("sts", "get_caller_identity", ME),
        {},
        State.WARN,
        "does not say which",
        "pulumi config set deskside:accountId 123456789012 --stack dev",
    ),
    "wrong account": (
        account.credentials,
        lambda aws: aws.answers("sts", "get_caller_identity", ME),
        {"accountId": "999999999999"},
        State.FAIL,
        "but the stack belongs to 999999999999",
        "AWS_PROFILE",
    ),
    "no credentials": (
        account.credentials,
        lambda aws: aws.signed_out("sts"),
        {},
        State.FAIL,
        "no AWS credentials",
        "aws sso login",
    ),
    "old credentials": (
        account.credentials,
        lambda aws: aws.refuses("sts", "get_caller_identity", "ExpiredToken"),
        {},
        State.FAIL,
        "ExpiredToken",
        "aws sso login",
    ),
    "AgentCore": (
        region.agentcore,
        lambda aws: aws.answers("bedrock-agentcore-control", "list_agent_runtimes", {"agentRuntimes": []}),
        {},
        State.OK,
        "us-east-1",
        "",
    ),
    "no AgentCore": (
        region.agentcore,
        lambda aws: aws.unreachable("bedrock-agentcore-control"),
        {},
        State.FAIL,
        "no endpoint in us-east-1",
        "Choose another aws:region",
    ),
    "durable functions": (
        region.durable_functions,
        lambda aws: aws.refuses("lambda", "list_durable_executions_by_function", "ResourceNotFoundException"),
        {},
        State.OK,
        "knows them",
        "",
    ),
    "no durable functions": (
        region.durable_functions,
        lambda aws: aws.refuses("lambda", "list_durable_executions_by_function", "UnknownOperationException"),
        {},
        State.FAIL,
        "does not know them",
        "Choose another aws:region",
    ),
    "zones not needed": (region.zones, lambda aws: None, {}, State.OK, "not needed", ""),
    "zones": (
        region.zones,
        lambda aws: aws.answers(
            "ec2",
            "describe_availability_zones",
            {"AvailabilityZones": [{"ZoneId": f"use1-az{n}", "State": "available"} for n in (1, 2, 4)]},
        ),
        VPC,
        State.OK,
        "use1-az1, use1-az2, use1-az4",
        "",
    ),
    "a zone that is down": (
        region.zones,
        lambda aws: aws.answers(
            "ec2",
            "describe_availability_zones",
            {"AvailabilityZones": [{"ZoneId": f"use1-az{n}", "State": "available"} for n in (1, 2)]},
        ),
        VPC,
        State.FAIL,
        "not available: use1-az4",
        "deskside:zoneIds",
    ),
    "a zone the account lacks": (
        region.zones,
        lambda aws: aws.refuses("ec2", "describe_availability_zones", "InvalidParameterValue"),
        VPC,
        State.FAIL,
        "has not all of",
        "deskside:zoneIds",
    ),
    "model": (
        models.model_access,
        lambda aws: aws.answers(
            "bedrock",
            "get_foundation_model_availability",
            availability(),
            {"modelId": "anthropic.claude-sonnet-4-6"},
        ),
        {},
        State.OK,
        "may be used",
        "",
    ),
    "terms not agreed to": (
        models.model_access,
        lambda aws: aws.answers(
            "bedrock",
            "get_foundation_model_availability",
            availability(agreementAvailability={"status": "NOT_AVAILABLE"}),
        ),
        {},
        State.FAIL,
        "not agreed to the terms",
        "use-case form",
    ),
    "terms being agreed to": (
        models.model_access,
        lambda aws: aws.answers(
            "bedrock", "get_foundation_model_availability", availability(agreementAvailability={"status": "PENDING"})
        ),
        {},
        State.WARN,
        "being set up",
        "Wait some minutes",
    ),
    "model forbidden": (
        models.model_access,
        lambda aws: aws.answers(
            "bedrock", "get_foundation_model_availability", availability(authorizationStatus="NOT_AUTHORIZED")
        ),
        {},
        State.FAIL,
        "may not use",
        "service control policy",
    ),
    "model elsewhere": (
        models.model_access,
        lambda aws: aws.answers(
            "bedrock", "get_foundation_model_availability", availability(regionAvailability="NOT_AVAILABLE")
        ),
        {},
        State.FAIL,
        "not offered in us-east-1",
        "deskside:modelId",
    ),
    "no such model": (
        models.model_access,
        lambda aws: aws.refuses("bedrock", "get_foundation_model_availability", "ResourceNotFoundException"),
        {},
        State.FAIL,
        "knows no model anthropic.claude-sonnet-4-6",
        "Correct deskside:modelId",
    ),
    "profile": (
        models.inference_profile,
        lambda aws: aws.answers("bedrock", "get_inference_profile", profile("us-east-1", "us-west-2")),
        {},
        State.OK,
        "leads to us-east-1, us-west-2",
        "",
    ),
    "profile that leads further": (
        models.inference_profile,
        lambda aws: aws.answers("bedrock", "get_inference_profile", profile("us-east-1", "us-west-2")),
        {"modelRegions": '["us-east-1"]'},
        State.FAIL,
        "also leads to us-west-2",
        "deskside:modelRegions",
    ),
    "no such profile": (
        models.inference_profile,
        lambda aws: aws.refuses("bedrock", "get_inference_profile", "ResourceNotFoundException"),
        {},
        State.FAIL,
        "there is no us.anthropic.claude-sonnet-4-6 in us-east-1",
        "global one",
    ),
    "no profile at all": (
        models.inference_profile,
        lambda aws: None,
        {"modelId": "anthropic.claude-sonnet-4-6"},
        State.WARN,
        "is no inference profile",
        "global.",
    ),
    "model quota": (
        quotas.model_quota,
        lambda aws: aws.answers(
            "service-quotas",
            "list_service_quotas",
            {
                "Quotas": [
                    quota("Cross-region model inference requests per minute for Anthropic Claude Sonnet 4.6", 50),
                    quota("Global cross-region model inference requests per minute for Anthropic Claude Sonnet 4.6", 0),
                    quota("Cross-region model inference requests per minute for Anthropic Claude Sonnet 4", 0),
                ]
            },
        ),
        {},
        State.OK,
        "requests per minute: 50",
        "",
    ),
    "model quota zero": (
        quotas.model_quota,
        lambda aws: aws.answers(
            "service-quotas",
            "list_service_quotas",
            {"Quotas": [quota("Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.6", 0)]},
        ),
        {},
        State.FAIL,
        "zero: Cross-region",
        "Service Quotas console: Amazon Bedrock",
    ),
    "model quota not listed": (
        quotas.model_quota,
        lambda aws: aws.answers("service-quotas", "list_service_quotas", {"Quotas": []}),
        {},
        State.UNKNOWN,
        "none found for anthropic.claude-sonnet-4-6",
        "Service Quotas console",
    ),
    "concurrency": (
        quotas.lambda_concurrency,
        lambda aws: aws.answers(
            "lambda", "get_account_settings", {"AccountLimit": {"UnreservedConcurrentExecutions": 1000}}
        ),
        {},
        State.OK,
        "1000 at a time",
        "",
    ),
    "new account's concurrency": (
        quotas.lambda_concurrency,
        lambda aws: aws.answers(
            "lambda", "get_account_settings", {"AccountLimit": {"UnreservedConcurrentExecutions": 10}}
        ),
        {},
        State.WARN,
        "10 at a time",
        "Concurrent executions",
    ),
    "message rate": (
        quotas.message_rate,
        lambda aws: aws.answers("apigateway", "get_account", {"throttleSettings": {"rateLimit": 10000.0}}),
        {},
        State.OK,
        "10000 messages a second",
        "",
    ),
    "message rate too low": (
        quotas.message_rate,
        lambda aws: aws.answers("apigateway", "get_account", {"throttleSettings": {"rateLimit": 10.0}}),
        {},
        State.WARN,
        "deskside:messageRate is 50",
        "or lower deskside:messageRate",
    ),
    "image builds": (
        quotas.image_builds,
        lambda aws: aws.answers(
            "service-quotas",
            "list_service_quotas",
            {
                "Quotas": [
                    quota("Concurrently running builds for Linux/Small environment", 0),
                    quota("Concurrently running builds for ARM/Small environment", 1),
                ]
            },
        ),
        {},
        State.OK,
        "1 build(s)",
        "",
    ),
    "no image builds": (
        quotas.image_builds,
        lambda aws: aws.answers(
            "service-quotas",
            "list_service_quotas",
            {"Quotas": [quota("Concurrently running builds for ARM/Small environment", 0)]},
        ),
        {},
        State.FAIL,
        "no build may run",
        "AWS CodeBuild, Concurrently running builds for ARM/Small environment",
    ),
    "logging role": (
        account.api_gateway_logging,
        lambda aws: aws.answers(
            "apigateway", "get_account", {"cloudwatchRoleArn": f"arn:aws:iam::{ACCOUNT}:role/logs"}
        ),
        {},
        State.OK,
        "logs",
        "",
    ),
    "logging role to come": (
        account.api_gateway_logging,
        lambda aws: aws.answers("apigateway", "get_account", {}),
        {},
        State.OK,
        "make up sets it",
        "",
    ),
    "no logging role": (
        account.api_gateway_logging,
        lambda aws: aws.answers("apigateway", "get_account", {}),
        {"accountSettings": "false"},
        State.FAIL,
        "this stack does not set it",
        "deskside:accountSettings true in one stack",
    ),
    "Transaction Search": (
        account.transaction_search,
        lambda aws: aws.answers(
            "xray", "get_trace_segment_destination", {"Destination": "CloudWatchLogs", "Status": "ACTIVE"}
        ),
        {},
        State.OK,
        "CloudWatch Logs",
        "",
    ),
    "Transaction Search pending": (
        account.transaction_search,
        lambda aws: aws.answers(
            "xray", "get_trace_segment_destination", {"Destination": "CloudWatchLogs", "Status": "PENDING"}
        ),
        {},
        State.WARN,
        "being switched on",
        "Wait some minutes",
    ),
    "no Transaction Search": (
        account.transaction_search,
        lambda aws: aws.answers("xray", "get_trace_segment_destination", {"Destination": "XRay", "Status": "ACTIVE"}),
        {"accountSettings": "false"},
        State.WARN,
        "will not be found",
        "aws xray update-trace-segment-destination --destination CloudWatchLogs --region us-east-1",
    ),
    "free domain": (
        account.sign_in_domain,
        lambda aws: aws.answers("cognito-idp", "describe_user_pool_domain", {"DomainDescription": {}}),
        {},
        State.OK,
        "example is not in use",
        "",
    ),
    "free domain, said otherwise": (
        account.sign_in_domain,
        lambda aws: aws.refuses("cognito-idp", "describe_user_pool_domain", "ResourceNotFoundException"),
        {},
        State.OK,
        "example is not in use",
        "",
    ),
    "our domain": (
        account.sign_in_domain,
        lambda aws: aws.answers(
            "cognito-idp", "describe_user_pool_domain", {"DomainDescription": {"UserPoolId": "us-east-1_Ours"}}
        ),
        {"outputs": DEPLOYED},
        State.OK,
        "belongs to this stack",
        "",
    ),
    "taken domain": (
        account.sign_in_domain,
        lambda aws: aws.answers(
            "cognito-idp", "describe_user_pool_domain", {"DomainDescription": {"UserPoolId": "us-east-1_Theirs"}}
        ),
        {"outputs": DEPLOYED},
        State.FAIL,
        "another user pool (us-east-1_Theirs)",
        "deskside:signInDomain",
    ),
    "somebody's domain": (
        account.sign_in_domain,
        lambda aws: aws.answers(
            "cognito-idp", "describe_user_pool_domain", {"DomainDescription": {"UserPoolId": "us-east-1_Any"}}
        ),
        {},
        State.UNKNOWN,
        "not known",
        "Install Pulumi and log in",
    ),
    "no runtime yet": (deployed.instance_metadata, lambda aws: None, {}, State.OK, "no runtime is deployed", ""),
    "MMDSv2": (
        deployed.instance_metadata,
        lambda aws: aws.answers(
            "bedrock-agentcore-control",
            "get_agent_runtime",
            runtime(metadataConfiguration={"requireMMDSV2": True}),
            {"agentRuntimeId": "deskside_dev-AbCdEfGhIj"},
        ),
        {"outputs": DEPLOYED},
        State.OK,
        "required",
        "",
    ),
    "no MMDSv2": (
        deployed.instance_metadata,
        lambda aws: aws.answers("bedrock-agentcore-control", "get_agent_runtime", runtime()),
        {"outputs": DEPLOYED},
        State.FAIL,
        "refuses every call",
        "--metadata-configuration requireMMDSV2=true",
    ),
    "runtime failed": (
        deployed.instance_metadata,
        lambda aws: aws.answers(
            "bedrock-agentcore-control",
            "get_agent_runtime",
            runtime(status="CREATE_FAILED", failureReason="image not found"),
        ),
        {"outputs": DEPLOYED},
        State.WARN,
        "CREATE_FAILED: image not found",
        "make up STACK=dev",
    ),
    "runtime gone": (
        deployed.instance_metadata,
        lambda aws: aws.refuses("bedrock-agentcore-control", "get_agent_runtime", "ResourceNotFoundException"),
        {"outputs": DEPLOYED},
        State.FAIL,
        "does not exist",
        "pulumi refresh --stack dev",
    ),
    "no VPC": (deployed.network_interfaces, lambda aws: None, {}, State.OK, "nothing can hold up", ""),
    "VPC gone": (
        deployed.network_interfaces,
        lambda aws: aws.answers("ec2", "describe_vpcs", {"Vpcs": []}),
        VPC,
        State.OK,
        "no VPC now",
        "",
    ),
    "no interfaces": (
        deployed.network_interfaces,
        lambda aws: aws.answers("ec2", "describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"}]}).answers(
            "ec2",
            "describe_network_interfaces",
            {"NetworkInterfaces": [interface(1, "nat_gateway", "eni-attach-0")]},
        ),
        VPC,
        State.OK,
        "none of AgentCore in vpc-1",
        "",
    ),
    "interfaces in use": (
        deployed.network_interfaces,
        lambda aws: aws.answers("ec2", "describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"}]}).answers(
            "ec2", "describe_network_interfaces", {"NetworkInterfaces": [interface(1), interface(2)]}
        ),
        {**VPC, "outputs": DEPLOYED},
        State.OK,
        "2 of AgentCore in vpc-1, as it should be; a destroy has to wait up to 8 hours",
        "",
    ),
    "interfaces left over": (
        deployed.network_interfaces,
        lambda aws: aws.answers("ec2", "describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"}]}).answers(
            "ec2",
            "describe_network_interfaces",
            {"NetworkInterfaces": [interface(1, "interface"), interface(2, attachment="")]},
        ),
        VPC,
        State.WARN,
        "eni-1, eni-2 in vpc-1 will hold up a destroy",
        "make destroy STACK=dev again",
    ),
}


def look(check: Check, arrange: Callable[[World], object], given: dict[str, Any]) -> list[Finding]:
    aws = World()
    arrange(aws)
    outputs = given.get("outputs")
    rest = {key: value for key, value in given.items() if key != "outputs"}
    found = check(aws.situation(outputs, **rest))
    aws.check_all_asked()
    return [found] if isinstance(found, Finding) else found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_outcome(case: tuple[Check, Callable[[World], object], dict[str, Any], State, str, str]) -> None:
    check, arrange, given, state, said, remedy = case
    (finding,) = look(check, arrange, given)
    assert finding.state is state, finding
    assert said in finding.said
    assert remedy in finding.remedy
    assert bool(finding.remedy) is (state is not State.OK)


def room(vpcs: int, addresses: int) -> Callable[[World], object]:
    def arrange(aws: World) -> None:
        for operation, key, count, name in (
            ("describe_vpcs", "Vpcs", vpcs, "VPCs per Region"),
            ("describe_addresses", "Addresses", addresses, "EC2-VPC Elastic IPs"),
        ):
            aws.answers("ec2", operation, {key: [{}] * count})
            aws.answers("service-quotas", "get_service_quota", {"Quota": quota(name, 5)})

    return arrange


def test_a_vpc_needs_room() -> None:
    assert [found.state for found in look(quotas.network, room(4, 2), {**VPC, "natGateways": "onePerZone"})] == [
        State.OK,
        State.OK,
    ]
    full = look(quotas.network, room(5, 3), {**VPC, "natGateways": "onePerZone"})
    assert [found.state for found in full] == [State.FAIL, State.FAIL]
    assert full[0].said == "5 of 5 used, 1 more needed"
    assert full[1].said == "3 of 5 used, 3 more needed"
    assert full[1].remedy == "Ask for more in the Service Quotas console: Amazon EC2, EC2-VPC Elastic IPs"
    assert look(quotas.network, lambda aws: None, {})[0].said.startswith("not needed")
    assert look(quotas.network, lambda aws: None, {**VPC, "outputs": DEPLOYED})[0].said.endswith("already")


ASKED: dict[Check, tuple[str, str, str]] = {
    region.agentcore: ("bedrock-agentcore-control", "list_agent_runtimes", "bedrock-agentcore:ListAgentRuntimes"),
    region.durable_functions: (
        "lambda",
        "list_durable_executions_by_function",
        "lambda:ListDurableExecutionsByFunction",
    ),
    region.zones: ("ec2", "describe_availability_zones", "ec2:DescribeAvailabilityZones"),
    models.model_access: (
        "bedrock",
        "get_foundation_model_availability",
        "bedrock:GetFoundationModelAvailability",
    ),
    models.inference_profile: ("bedrock", "get_inference_profile", "bedrock:GetInferenceProfile"),
    quotas.model_quota: ("service-quotas", "list_service_quotas", "servicequotas:ListServiceQuotas"),
    quotas.image_builds: ("service-quotas", "list_service_quotas", "servicequotas:ListServiceQuotas"),
    quotas.lambda_concurrency: ("lambda", "get_account_settings", "lambda:GetAccountSettings"),
    quotas.message_rate: ("apigateway", "get_account", "apigateway:GET"),
    account.api_gateway_logging: ("apigateway", "get_account", "apigateway:GET"),
    account.transaction_search: ("xray", "get_trace_segment_destination", "xray:GetTraceSegmentDestination"),
    account.sign_in_domain: ("cognito-idp", "describe_user_pool_domain", "cognito-idp:DescribeUserPoolDomain"),
    deployed.instance_metadata: (
        "bedrock-agentcore-control",
        "get_agent_runtime",
        "bedrock-agentcore:GetAgentRuntime",
    ),
    deployed.network_interfaces: ("ec2", "describe_vpcs", "ec2:DescribeVpcs"),
}


@pytest.mark.parametrize("check", ASKED, ids=lambda check: getattr(check, "__name__", ""))
def test_without_permission_it_names_the_action(check: Check) -> None:
    service, operation, action = ASKED[check]
    for code in ("AccessDeniedException", "UnauthorizedOperation"):
        (finding,) = look(
            check,
            lambda aws, code=code: aws.refuses(service, operation, code),  # type: ignore[misc]
            {**VPC, "outputs": DEPLOYED},
        )
        assert finding.state is State.UNKNOWN
        assert finding.remedy.startswith(f"Asking needs the action {action}")


@pytest.mark.parametrize("check", ASKED, ids=lambda check: getattr(check, "__name__", ""))
def test_without_credentials_or_network_it_goes_on(check: Check) -> None:
    service = ASKED[check][0]
    (finding,) = look(check, lambda aws: aws.signed_out(service), {**VPC, "outputs": DEPLOYED})
    assert (finding.state, finding.remedy) == (State.UNKNOWN, "See credentials")
    (finding,) = look(check, lambda aws: aws.unreachable(service), {**VPC, "outputs": DEPLOYED})
    assert finding.state is State.FAIL if check is region.agentcore else State.UNKNOWN
    assert finding.remedy
