"""What AWS answers for AgentCore."""

from __future__ import annotations

from validation.faithful.created import Created, Outputs, answers


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
