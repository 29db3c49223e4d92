"""The settings of one environment: the only module that reads Pulumi config.

Every value is in `Pulumi.<stack>.yaml` under `deskside:`, or has the default below. `docs/deploy.md`
explains them; a wrong one stops the program with a sentence that names its key.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, get_origin

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

NAMESPACE = "deskside"

AGENTCORE_ZONES: Mapping[str, tuple[str, ...]] = {
    "us-east-1": ("use1-az1", "use1-az2", "use1-az4"),
    "us-east-2": ("use2-az1", "use2-az2", "use2-az3"),
    "us-west-2": ("usw2-az1", "usw2-az2", "usw2-az3"),
    "eu-central-1": ("euc1-az1", "euc1-az2", "euc1-az3"),
    "eu-west-1": ("euw1-az1", "euw1-az2", "euw1-az3"),
}
"""Availability zone ids in which an AgentCore runtime can have network interfaces, for the Regions we
have checked (AgentCore developer guide, "Configure VPC")."""

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288)
"""What CloudWatch Logs accepts (service model, PutRetentionPolicy; 3653 left out)."""


class ConfigurationError(pulumi.RunError):
    """The stack's settings cannot be used; the message names each key. Pulumi prints it without a traceback."""


class SessionMemoryKind(StrEnum):
    """Where conversations are remembered."""

    S3 = "s3"
    """A bucket: no VPC, next to nothing when idle."""
    VALKEY = "valkey"
    """ElastiCache Serverless: faster, in a VPC."""


class AgentNetwork(StrEnum):
    """Where the agent's network interface is."""

    PUBLIC = "public"
    VPC = "vpc"


class NatGateways(StrEnum):
    """How private subnets reach the internet."""

    SINGLE = "single"
    ONE_PER_ZONE = "onePerZone"


class Settings(BaseModel):
    """One environment. Field names are the config keys in snake case."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    """From `aws:region`."""
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    """The only account this stack may be deployed to. Recommended where people have several."""
    tags: dict[str, str] = Field(default_factory=dict[str, str])
    """Further tags on everything, beside Project, Environment and ManagedBy."""

    protect: bool = False
    """Guards what holds data: deletion protection, point-in-time recovery, Pulumi's `protect`."""
    log_retention_days: int = 14
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    account_settings: bool = True
    """Whether this stack sets what exists once per account and Region: API Gateway's logging role and
    X-Ray Transaction Search. One stack of an account and Region, and only one, has this on."""
    traced_fraction: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Part of the requests that X-Ray records beyond the first of each second."""
    alarms: bool = False
    """Whether CloudWatch alarms watch the environment; docs/cost.md has what they cost."""
    alarm_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    """Who is written to when an alarm goes off; AWS asks the address to confirm."""

    function_memory_mb: Annotated[int, Field(ge=128, le=10240)] = 512
    message_rate: Annotated[float, Field(gt=0, le=10_000)] = 50
    """Messages a second that the WebSocket stage accepts on all connections together."""
    message_burst: Annotated[int, Field(gt=0, le=5_000)] = 100

    sign_in_domain: Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
    """Prefix of the sign-in pages' host; unique in the Region among all AWS customers."""
    app_callback_urls: Annotated[list[str], Field(min_length=1)] = ["deskside://signed-in", "http://127.0.0.1:8976/"]
    """Where sign-in returns to: the Mac app's scheme, and the terminal client's loopback address."""

    session_memory: SessionMemoryKind = SessionMemoryKind.S3
    session_days: Annotated[int, Field(ge=1, le=365)] = 7
    agent_network: AgentNetwork = AgentNetwork.PUBLIC
    agent_idle_minutes: Annotated[int, Field(ge=1, le=480)] = 15
    agent_lifetime_minutes: Annotated[int, Field(ge=1, le=480)] = 480
    """AgentCore ends a session's microVM after 8 hours (quotas page)."""
    model_id: Annotated[str, Field(min_length=1)] = "us.anthropic.claude-sonnet-4-6"
    """A Bedrock inference profile id."""
    model_regions: list[str] = Field(default_factory=list[str])
    """Destination Regions of the profile, where they differ from those the program knows."""
    model_packages: str = ""
    """Further packages for the agent's image, for another model provider than Bedrock."""

    vpc_cidr: str = "10.42.0.0/16"
    zone_ids: list[str] = Field(default_factory=list[str])
    """Availability zone ids of the VPC; by default those AgentCore supports in the Region."""
    nat_gateways: NatGateways = NatGateways.SINGLE
    private_endpoints: bool = False
    """Interface endpoints also for Bedrock, Secrets Manager, X-Ray and the Gateway, besides the required ones."""

    dist_folder: Path = Path("dist")
    """Where `make build` put the packages."""

    @field_validator("log_retention_days")
    @classmethod
    def _retention(cls, days: int) -> int:
        if days not in LOG_RETENTION_DAYS:
            raise ValueError(f"must be one of {', '.join(map(str, LOG_RETENTION_DAYS))}")
        return days

    @field_validator("sign_in_domain")
    @classmethod
    def _domain(cls, domain: str) -> str:
        reserved = [word for word in ("aws", "amazon", "cognito") if word in domain]
        if reserved:
            raise ValueError(f"may not contain {reserved[0]!r} (Cognito)")
        return domain

    @field_validator("app_callback_urls")
    @classmethod
    def _callbacks(cls, urls: list[str]) -> list[str]:
        for url in urls:
            loopback = re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/", url)
            if not loopback and (url.startswith("http:") or not re.match(r"[a-z][a-z0-9+.-]*://\S+$", url)):
                raise ValueError(f"{url}: must be https://, an app's own scheme, or http:// on loopback")
        return urls

    @field_validator("vpc_cidr")
    @classmethod
    def _network(cls, cidr: str) -> str:
        network = ipaddress.IPv4Network(cidr)
        if not network.is_private or not 16 <= network.prefixlen <= 20:
            raise ValueError("must be a private IPv4 network from /16 to /20")
        return cidr

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.session_memory is SessionMemoryKind.VALKEY and self.agent_network is not AgentNetwork.VPC:
            raise ValueError("sessionMemory valkey is reached through a VPC only: agentNetwork must be vpc")
        if self.agent_idle_minutes > self.agent_lifetime_minutes:
            raise ValueError("agentIdleMinutes must not exceed agentLifetimeMinutes")
        if self.agent_network is AgentNetwork.VPC:
            supported = AGENTCORE_ZONES.get(self.region)
            if not self.zone_ids and supported is None:
                raise ValueError(f"zoneIds must be given: the zones AgentCore supports in {self.region} are not known")
            if supported is not None and not set(self.zone_ids) <= set(supported):
                raise ValueError(f"zoneIds: AgentCore supports {', '.join(supported)} in {self.region}")
            if not 2 <= len(self.zones) <= 3:
                # ElastiCache Serverless takes two or three subnets, each in a zone of its own.
                raise ValueError("zoneIds must name two or three zones")
        return self

    @property
    def zones(self) -> list[str]:
        """The availability zone ids of the VPC."""
        return self.zone_ids or list(AGENTCORE_ZONES.get(self.region, ()))

    @classmethod
    def load(cls) -> Self:
        """The settings of the stack that is running.

        Raises:
            ConfigurationError: naming every key that is missing, unknown or wrong.
        """
        region = pulumi.Config("aws").get("region")
        return cls.parse(_given(), region)

    @classmethod
    def parse(cls, given: Mapping[str, str], region: str | None) -> Self:
        """The settings from config values as Pulumi holds them: text, or JSON for all but text.

        Args:
            given: by key, without the namespace.
            region: the value of `aws:region`.

        Raises:
            ConfigurationError: naming every key that is missing, unknown or wrong.
        """
        if region is None:
            raise ConfigurationError("aws:region is not set")
        json_keys = {field.alias for field in cls.model_fields.values() if _is_json(field.annotation)}
        values = {key: _decoded(value) if key in json_keys else value for key, value in given.items()}
        try:
            return cls.model_validate({**values, "region": region})
        except ValidationError as error:
            raise ConfigurationError("; ".join(map(_fault, error.errors()))) from None


def _given() -> dict[str, str]:
    config = pulumi.Config(NAMESPACE)
    # pulumi.Config cannot list its keys, and a misspelt one has to be found too.
    keys = {*get_config_env(), *CONFIG.get()}
    names = [key.removeprefix(f"{NAMESPACE}:") for key in keys if key.startswith(f"{NAMESPACE}:")]
    return {name: config.require(name) for name in sorted(names)}


def _is_json(annotation: Any) -> bool:
    return annotation in (bool, int, float) or get_origin(annotation) in (list, dict)


def _decoded(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _fault(error: Any) -> str:
    where = ".".join(map(str, error["loc"]))
    key = "aws:region" if where == "region" else f"{NAMESPACE}:{where}" if where else NAMESPACE
    match error["type"]:
        case "missing":
            return f"{key} is not set"
        case "extra_forbidden":
            return f"{key} is not a setting"
        case _:
            return f"{key}: {error['msg'].removeprefix('Value error, ')}"
