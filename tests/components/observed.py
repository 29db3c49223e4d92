"""An Observability component with stand-ins for everything around it."""

from __future__ import annotations

from functools import cache

import pulumi
import pulumi_aws as aws

from components.observability import Observability
from services.contract.tools import TOOLS
from validation.graph import Graph
from validation.recording import record

NAME = "deskside-test-watch"
NAMESPACE = "Deskside/deskside-test"
ACCOUNT = "123456789012"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:proxy"
RUNTIME_ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:runtime/deskside_test-abcdefghij"
GATEWAY_ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:gateway/deskside-test-tools-abcdefghij"


@cache
def observed(*, alarms: bool = True, email: str | None = "ops@example.com", cache_name: str | None = "cache") -> Graph:
    """The recorded graph."""

    def program() -> None:
        provider = aws.Provider("deskside-test", region="us-east-1")
        watch = Observability(
            NAME,
            {
                "location": {"partition": "aws", "region": "us-east-1", "account_id": ACCOUNT},
                "namespace": NAMESPACE,
                "alarms": alarms,
                "alarm_email": email,
                "tools": [tool.name for tool in TOOLS],
                "function_memory_mb": 512,
                "model_id": "us.anthropic.claude-sonnet-4-6",
                "api_id": "api1234567",
                "stage_name": "live",
                "access_log_group_name": "access-logs",
                "ws_manager": {"function_name": "manager", "log_group_name": "manager-logs"},
                "authorizer": {"function_name": "authorizer", "log_group_name": "authorizer-logs"},
                "mcp_proxy": {"function_name": "proxy", "log_group_name": "proxy-logs"},
                "mcp_proxy_function_arn": FUNCTION_ARN,
                "agent_runtime_arn": RUNTIME_ARN,
                "agent_runtime_name": "deskside_test",
                "agent_endpoint_name": "live",
                "agent_log_group_name": "agent-logs",
                "gateway_arn": GATEWAY_ARN,
                "tables": {"connections": "connections-table", "requests": "requests-table"},
                "cache_name": cache_name,
            },
            pulumi.ResourceOptions(providers=[provider]),
        )
        pulumi.export("dashboardUrl", watch.dashboard_url)
        pulumi.export("topicArn", watch.topic_arn)

    return record(program)
