"""The environment of each deployed service, typed.

Components build these models and write `to_environment()`; the service reads the same model
with `from_environment()`. A missing or misspelt variable is an error on both sides: what differs
from one environment to another has no default, so that none can be forgotten.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.contract.limits import LONGEST_ACCEPT, TIMEOUTS

SESSION_INDEX = "session_id"
"""Name of the GSI of the connections table, and of its key."""

USUAL_MODEL = "us.anthropic.claude-sonnet-4-6"
"""The Bedrock inference profile that is used where nobody chose another."""


class SettingsError(RuntimeError):
    """The process environment does not describe this service."""


class Settings(BaseModel):
    """Base: each field is one environment variable, upper-cased."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings; raise SettingsError naming every variable that is missing or wrong."""
        source = os.environ if environment is None else environment
        values = {name: source[name.upper()] for name in cls.model_fields if name.upper() in source}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            faults = "; ".join(f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
            raise SettingsError(f"{cls.__name__}: {faults}") from None

    def to_environment(self) -> dict[str, str]:
        """The variables that `from_environment` reads back to an equal model."""
        return {name.upper(): str(value) for name, value in self.model_dump().items() if value is not None}


NonEmpty = Annotated[str, Field(min_length=1)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]


class AuthorizerSettings(Settings):
    """Environment of the Lambda that authorizes `$connect`."""

    user_pool_issuer: Url
    """`https://cognito-idp.{region}.amazonaws.com/{pool}`; its JWKS is below it."""
    user_pool_client_ids: NonEmpty
    """Comma-separated app client ids whose access tokens may connect."""


class WsManagerSettings(Settings):
    """Environment of the ws-manager Lambda."""

    connections_table: NonEmpty
    requests_table: NonEmpty
    websocket_management_url: Url
    """`https://{api}.execute-api.{region}.amazonaws.com/{stage}`."""
    agent_runtime_arn: NonEmpty
    agent_runtime_qualifier: NonEmpty
    accept_seconds: Annotated[float, Field(gt=0, le=LONGEST_ACCEPT)] = TIMEOUTS.accept
    """Budget for handing one prompt to the agent, in seconds."""


class McpProxySettings(Settings):
    """Environment of the durable mcp-proxy Lambda."""

    connections_table: NonEmpty
    requests_table: NonEmpty
    websocket_management_url: Url
    callback_seconds_limit: Annotated[int, Field(ge=1, le=TIMEOUTS.callback)] = TIMEOUTS.callback
    """Caps what tools declare, for stages that must fail sooner."""


class AgentSettings(Settings):
    """Environment of the agent container. Holds no secret: the client secret is fetched by name."""

    connections_table: NonEmpty
    websocket_management_url: Url
    gateway_url: Url
    token_url: Url
    machine_client_id: NonEmpty
    machine_client_secret_id: NonEmpty
    """Secrets Manager name or ARN of the machine client's secret."""
    machine_scope: NonEmpty
    model_provider: str = "bedrock"
    """Module of `strands.models`, such as bedrock, ollama, openai. What it imports beyond Bedrock has to
    be in the image: the Dockerfile's build argument MODEL_PACKAGES."""
    model_id: NonEmpty
    model_options: str = "{}"
    """JSON object of further arguments of the provider's model class."""
    session_store: NonEmpty
    """`valkey://host:port`, `valkeys://host:port` (TLS), `s3://bucket/prefix` or `file:///folder`; options
    of the first two in `services/agent/valkey_client.py`."""
    session_ttl_seconds: Annotated[int, Field(gt=0)]
    queue_limit: Annotated[int, Field(ge=0, le=20)] = 3
    """Prompts that may wait behind the running one in a session."""
    mcp_call_seconds: Annotated[float, Field(gt=0)] = float(TIMEOUTS.mcp_call)
    turn_seconds: Annotated[float, Field(gt=0)] = float(TIMEOUTS.turn)


class ImageBuilderSettings(Settings):
    """Environment of the durable Lambda that has the agent's image built while the stack is deployed."""

    codebuild_project: NonEmpty
    ecr_repository: NonEmpty
    """Name of the repository the project pushes to."""


class RuntimeMetadataSettings(Settings):
    """Environment of the Lambda that sees to the agent runtime's metadata service while the stack is deployed."""

    ready_seconds: Annotated[int, Field(ge=1, le=TIMEOUTS.execution)] = 120
    """How long to wait for the runtime to become READY, once before and once after an update."""
