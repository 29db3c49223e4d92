"""Where every local part listens and the environment each deployed service gets.

The services are byte for byte what is deployed; what is written here is all that differs.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from services.contract.settings import (
    USUAL_MODEL,
    AgentSettings,
    AuthorizerSettings,
    McpProxySettings,
    WsManagerSettings,
)

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "123456789012"
DEFAULT_BASE_PORT = 8700

CONNECTIONS_TABLE = "deskside-local-ws-connections"
REQUESTS_TABLE = "deskside-local-requests"
SESSIONS_BUCKET = "deskside-local-sessions"
SESSION_TTL_SECONDS = 7 * 24 * 60 * 60
MACHINE_SECRET_ID = "deskside-local/machine-client"  # noqa: S105
MACHINE_CLIENT_ID = "local-machine-client"
APP_CLIENT_ID = "local-mac-app"
APP_REDIRECT_URI = "http://127.0.0.1/callback"
MACHINE_SCOPE = "deskside-tools/invoke"
USER_POOL = f"{REGION}_local00001"
STAGE = "local"
WS_MANAGER, AUTHORIZER, MCP_PROXY, ALIAS = "ws-manager", "ws-authorizer", "mcp-proxy", "live"
RUNTIME_ARN = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/deskside_local-0123456789"
RUNTIME_QUALIFIER = "live"
GATEWAY_TARGET = "mac"

PARTS = ("aws", "identity", "session-store", "model", "functions", "websocket", "gateway", "runtime", "agent")
"""Every process of the stack, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class LocalConfig:
    """One stack on this machine.

    Args:
        base_port: first of ten consecutive loopback ports.
        state: folder for logs and state of this run.
        idle_seconds, lifetime_seconds: the WebSocket limits (AWS: 600 and 7200).
        user_token_seconds, machine_token_seconds: access token lifetimes (Cognito default: 3600).
        honest_poll: keep the durable SDK's 100 ms poll, as on AWS, instead of 5 ms.
        model: `offline` (the deterministic model), `bedrock`, or `ollama`.
        overrides: settings by service and variable name, for tests (`{"agent": {"QUEUE_LIMIT": "0"}}`).
    """

    state: Path
    base_port: int = DEFAULT_BASE_PORT
    idle_seconds: float = 600.0
    lifetime_seconds: float = 7200.0
    integration_seconds: float = 29.0
    user_token_seconds: int = 3600
    machine_token_seconds: int = 3600
    honest_poll: bool = True
    model: str = "offline"
    overrides: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    @classmethod
    def from_environment(cls) -> LocalConfig:
        """The configuration the supervisor gave this process in DESKSIDE_LOCAL."""
        values = json.loads(os.environ["DESKSIDE_LOCAL"])
        return cls(**{**values, "state": Path(values["state"])})

    def to_environment(self) -> dict[str, str]:
        """What `from_environment` reads back."""
        return {"DESKSIDE_LOCAL": json.dumps(asdict(self), default=str)}

    def port(self, part: str) -> int:
        """The port of a part. The WebSocket part has a second one for its management API."""
        order = ("websocket", "management", "functions", "runtime", "agent", "gateway", "identity", "aws")
        return self.base_port + (*order, "session-store", "model").index(part)

    def url(self, part: str) -> str:
        """`http://127.0.0.1:port` of a part."""
        return f"http://{HOST}:{self.port(part)}"

    @property
    def websocket_url(self) -> str:
        return f"ws://{HOST}:{self.port('websocket')}/{STAGE}"

    @property
    def management_url(self) -> str:
        return f"{self.url('management')}/{STAGE}"

    @property
    def issuer(self) -> str:
        return f"{self.url('identity')}/{USER_POOL}"

    @property
    def token_url(self) -> str:
        return f"{self.url('identity')}/oauth2/token"

    @property
    def authorize_url(self) -> str:
        return f"{self.url('identity')}/oauth2/authorize"

    @property
    def gateway_url(self) -> str:
        return f"{self.url('gateway')}/mcp"

    def aws_environment(self) -> dict[str, str]:
        """What points boto3 at this stack: dummy credentials and endpoint settings, nothing else."""
        return {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_DYNAMODB": self.url("aws"),
            "AWS_ENDPOINT_URL_S3": self.url("aws"),
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.url("aws"),
            "AWS_ENDPOINT_URL_LAMBDA": self.url("functions"),
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": self.url("runtime"),
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url("model"),
        }

    def service_environment(self, service: str) -> dict[str, str]:
        """The typed settings of one deployed service as its environment variables."""
        if service == AUTHORIZER:
            environment = AuthorizerSettings(
                user_pool_issuer=self.issuer, user_pool_client_ids=APP_CLIENT_ID
            ).to_environment()
        elif service == WS_MANAGER:
            environment = WsManagerSettings(
                connections_table=CONNECTIONS_TABLE,
                requests_table=REQUESTS_TABLE,
                websocket_management_url=self.management_url,
                agent_runtime_arn=RUNTIME_ARN,
                agent_runtime_qualifier=RUNTIME_QUALIFIER,
            ).to_environment()
        elif service == MCP_PROXY:
            environment = McpProxySettings(
                connections_table=CONNECTIONS_TABLE,
                requests_table=REQUESTS_TABLE,
                websocket_management_url=self.management_url,
            ).to_environment()
        elif service == "agent":
            environment = AgentSettings(
                connections_table=CONNECTIONS_TABLE,
                websocket_management_url=self.management_url,
                gateway_url=self.gateway_url,
                token_url=self.token_url,
                machine_client_id=MACHINE_CLIENT_ID,
                machine_client_secret_id=MACHINE_SECRET_ID,
                machine_scope=MACHINE_SCOPE,
                model_id=USUAL_MODEL,
                session_store=f"valkey://{HOST}:{self.port('session-store')}",
                session_ttl_seconds=SESSION_TTL_SECONDS,
            ).to_environment()
        else:
            raise ValueError(f"no such service: {service}")
        return {**environment, **self.overrides.get(service, {})}
