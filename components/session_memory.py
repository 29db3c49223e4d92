"""Where conversations are remembered: a bucket, or a Valkey cache in the agent's VPC."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from components.location import Location
from components.policies import Statement
from components.private_bucket import PrivateBucket

S3_PREFIX = "sessions"

CACHE_PORTS = (6379, 6380)
"""Of ElastiCache Serverless: reads and writes, and reads of nearby copies. Clients learn of both."""

CACHE_COMMANDS = ("hget", "hgetall", "hset", "expire", "eval")
"""What `services/agent/memory.py` sends, inside its script too."""

CLIENT_COMMANDS = ("ping", "command", "cluster|slots")
"""What a cluster client asks of its own accord."""

MAXIMUM_GIGABYTES = 2
"""Caps the bill at about $120 a month ($0.084 a GB-hour). Some 20,000 conversations of 100 KB; beyond
it the cache drops those that were silent the longest."""

MAXIMUM_ECPUS = 5_000
"""ElastiCache processing units a second: kilobytes moved, roughly. AWS takes 1,000 at least."""

SNAPSHOT_DAYS = 3


class S3SessionMemoryArgs(TypedDict):
    """Inputs of S3SessionMemory."""

    session_days: int
    """Days until a message is forgotten."""
    protect: bool


class S3SessionMemory(pulumi.ComponentResource):
    """A private bucket that forgets what is older than `session_days`.

    Not versioned: a message that expired is meant to be gone. Encrypted with S3's own key.
    """

    store_url: pulumi.Output[str]
    """As `AgentSettings.session_store`."""

    def __init__(self, name: str, args: S3SessionMemoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:S3SessionMemory", name, {}, opts)
        bucket = PrivateBucket(
            name,
            {
                "protect": args["protect"],
                "expiry": {"prefix": f"{S3_PREFIX}/", "days": args["session_days"]},
            },
            pulumi.ResourceOptions(parent=self),
        )
        self._arn = bucket.arn
        self.store_url = pulumi.Output.concat("s3://", bucket.bucket, f"/{S3_PREFIX}")
        self.register_outputs({"store_url": self.store_url})

    def statements(self) -> list[Statement]:
        """The calls of Strands' S3SessionManager; it is never asked to delete."""
        return [
            {
                "actions": ["s3:GetObject", "s3:PutObject"],
                "resources": [pulumi.Output.concat(self._arn, f"/{S3_PREFIX}/*")],
            },
            # Without a condition on the prefix: reading an object that is not there would else be
            # answered with 403 instead of the 404 that begins a new conversation.
            {"actions": ["s3:ListBucket"], "resources": [self._arn]},
        ]


class ValkeySessionMemoryArgs(TypedDict):
    """Inputs of ValkeySessionMemory."""

    location: Location
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    """Two or three, each in a zone of its own."""
    client_security_group_id: pulumi.Input[str]
    """The group of whoever may connect; gets leave to."""
    protect: bool


class ValkeySessionMemory(pulumi.ComponentResource):
    """An ElastiCache Serverless cache for Valkey. Clients sign in with IAM; there is no password.

    TLS and encryption at rest are always on. The time to live of a conversation is set by the service.
    """

    store_url: pulumi.Output[str]
    """As `AgentSettings.session_store`."""
    cache_name: pulumi.Output[str]

    def __init__(self, name: str, args: ValkeySessionMemoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:ValkeySessionMemory", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        # User and group ids are not auto-named: at most 40 lower-case characters, one of each an account.
        named = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True))
        commands = " ".join(f"+{command}" for command in (*CACHE_COMMANDS, *CLIENT_COMMANDS))
        user = aws.elasticache.User(
            f"{name}-user",
            user_id=name,
            # IAM authentication requires it to be the id.
            user_name=name,
            engine="valkey",
            authentication_mode={"type": "iam"},
            access_string=f"on ~deskside:* -@all {commands}",
            opts=named,
        )
        # For Valkey a group needs no `default` user.
        group = aws.elasticache.UserGroup(
            f"{name}-users", user_group_id=name, engine="valkey", user_ids=[user.user_id], opts=named
        )
        security_group = aws.ec2.SecurityGroup(
            f"{name}-cache", description="Deskside session memory", vpc_id=args["vpc_id"], opts=child
        )
        first, last = CACHE_PORTS
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-agent",
            security_group_id=security_group.id,
            description="From the agent",
            referenced_security_group_id=args["client_security_group_id"],
            ip_protocol="tcp",
            from_port=first,
            to_port=last,
            opts=child,
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-to-cache",
            security_group_id=args["client_security_group_id"],
            description="Session memory",
            referenced_security_group_id=security_group.id,
            ip_protocol="tcp",
            from_port=first,
            to_port=last,
            opts=child,
        )
        cache = aws.elasticache.ServerlessCache(
            name,
            engine="valkey",
            major_engine_version="8",
            description="Deskside session memory",
            subnet_ids=args["subnet_ids"],
            security_group_ids=[security_group.id],
            user_group_id=group.user_group_id,
            cache_usage_limits={
                "data_storage": {"maximum": MAXIMUM_GIGABYTES, "unit": "GB"},
                "ecpu_per_seconds": [{"maximum": MAXIMUM_ECPUS}],
            },
            snapshot_retention_limit=SNAPSHOT_DAYS if args["protect"] else None,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=args["protect"])),
        )
        self._cache_arn = cache.arn
        self._user_arn = user.arn
        self.cache_name = cache.name
        endpoint = cache.endpoints[0]
        self.store_url = pulumi.Output.format(
            "valkeys://{0}:{1}?cluster=true&user={2}&cache={3}&region={4}",
            endpoint.address,
            # A number from the provider arrives as a float.
            endpoint.port.apply(int),
            user.user_id,
            cache.name,
            args["location"]["region"],
        )
        self.register_outputs({"store_url": self.store_url, "cache_name": self.cache_name})

    def statements(self) -> list[Statement]:
        """Signing in: ElastiCache asks for leave on the cache and on the user."""
        return [{"actions": ["elasticache:Connect"], "resources": [self._cache_arn, self._user_arn]}]
