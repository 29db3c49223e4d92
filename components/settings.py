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

from services.contract.settings import USUAL_MODEL

NAMESPACE = "deskside"

REGION_KEY = "aws:region"

AGENTCORE_ZONES: Mapping[str, tuple[str, ...]] = {
    "us-east-1": ("use1-az1", "use1-az2", "use1-az4"),
    "us-east-2": ("use2-az1", "use2-az2", "use2-az3"),
    "us-west-2": ("usw2-az1", "usw2-az2", "usw2-az3"),
    "eu-central-1": ("euc1-az1", "euc1-az2", "euc1-az3"),
    "eu-west-1": ("euw1-az1", "euw1-az2", "euw1-az3"),
}
"""Availability zone ids in which an AgentCore runtime can have network interfaces, for the Regions we
have checked (AgentCore developer guide, "Configure VPC")."""

LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""What CloudWatch Logs accepts (API reference, PutRetentionPolicy)."""

VPC_RANGES = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918."""

OWN_TAGS = ("Project", "Environment", "ManagedBy")
"""What the program itself tags everything with."""

MOST_TAGS = 10 - len(OWN_TAGS)
"""S3 takes ten tags on an object, and the agent's sources are one."""


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

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, arbitrary_types_allowed=True)

    region: Annotated[str, Field(alias=REGION_KEY, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    """The only setting outside of our namespace."""
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    """The only account this stack may be deployed to. Recommended where people have several."""
    tags: Annotated[dict[str, str], Field(max_length=MOST_TAGS)] = Field(default_factory=dict[str, str])
    """Further tags on everything, beside OWN_TAGS."""

    protect: bool = False
    """Guards what holds data: deletion protection, point-in-time recovery, Pulumi's `protect`."""
    log_retention_days: int = 14
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    account_settings: bool = True
    """Whether this stack sets what exists once per account and Region: API Gateway's logging role and
    X-Ray Transaction Search. One stack of an account and Region, and only one, has this on."""
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
    model_id: Annotated[str, Field(min_length=1)] = USUAL_MODEL
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
            if "#" in url:
                raise ValueError(f"{url}: may not have a fragment (Cognito)")
        return urls

    @field_validator("vpc_cidr")
    @classmethod
    def _network(cls, cidr: str) -> str:
        network = ipaddress.IPv4Network(cidr)
        if not any(map(network.subnet_of, VPC_RANGES)) or not 16 <= network.prefixlen <= 20:
            raise ValueError("must be a private IPv4 network from /16 to /20")
        return cidr

    @field_validator("tags")
    @classmethod
    def _tags(cls, tags: dict[str, str]) -> dict[str, str]:
        for key, value in tags.items():
            if key.lower().startswith("aws:"):
                raise ValueError(f"{key}: AWS keeps aws: for itself")
            if not re.fullmatch(r"[\w .:/=+@-]{1,128}", key) or not re.fullmatch(r"[\w .:/=+@-]{0,256}", value):
                raise ValueError(f"{key}: must be letters, digits, spaces and _.:/=+-@, at most 128, the value 256")
        # IAM takes two keys that differ in case for the same one, and refuses them.
        keys = [key.lower() for key in (*OWN_TAGS, *tags)]
        twice = [key for key in tags if keys.count(key.lower()) > 1]
        if twice:
            raise ValueError(f"{twice[0]}: this tag is there already")
        return tags

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
            if not 2 <= len(self.zones) == len(set(self.zones)) <= 3:
                # ElastiCache Serverless takes two or three subnets, each in a zone of its own.
                raise ValueError("zoneIds must name two or three different zones")
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
        # pulumi.Config cannot list its keys, and a misspelt one has to be found too.
        keys = sorted({*get_config_env(), *CONFIG.get()})
        ours = [key.split(":", 1) for key in keys if key.startswith((f"{NAMESPACE}:", "aws:"))]
        return cls.of({f"{space}:{name}": pulumi.Config(space).require(name) for space, name in ours})

    @classmethod
    def of(cls, config: Mapping[str, str]) -> Self:
        """The settings from a stack's whole configuration, as Pulumi holds it.

        Args:
            config: by full key. Keys of other namespaces than ours and `aws` may be among them.

        Raises:
            ConfigurationError: naming every key that is missing, unknown or wrong.
        """
        unread = sorted(key for key in config if key.startswith("aws:") and key != REGION_KEY)
        if unread:
            # The provider is the program's own: with aws:profile, say, another account than was meant would be used.
            raise ConfigurationError(f"{', '.join(unread)}: not read; credentials come from the environment")
        start = f"{NAMESPACE}:"
        given = {key.removeprefix(start): value for key, value in config.items() if key.startswith(start)}
        return cls.parse(given, config.get(REGION_KEY))

    @classmethod
    def parse(cls, given: Mapping[str, str], region: str | None) -> Self:
        """The settings from config values as Pulumi holds them: text, or JSON for all but text.

        Args:
            given: by key, without the namespace.
            region: the value of `aws:region`.

        Raises:
            ConfigurationError: naming every key that is missing, unknown or wrong.
        """
        json_keys = {field.alias for field in cls.model_fields.values() if _is_json(field.annotation)}
        values = {key: _decoded(value) if key in json_keys else value for key, value in given.items()}
        if region is not None:
            values[REGION_KEY] = region
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigurationError("; ".join(map(_fault, error.errors()))) from None


def _is_json(annotation: Any) -> bool:
    return annotation in (bool, int, float) or get_origin(annotation) in (list, dict)


def _decoded(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _fault(error: Any) -> str:
    where = ".".join(map(str, error["loc"]))
    key = where if where == REGION_KEY else f"{NAMESPACE}:{where}" if where else NAMESPACE
    match error["type"]:
        case "missing":
            return f"{key} is not set"
        case "extra_forbidden":
            return f"{key} is not a setting"
        case _:
            return f"{key}: {error['msg'].removeprefix('Value error, ')}"
