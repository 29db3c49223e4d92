"""What holds data: encrypted, private, and never in anybody else's reach."""

from __future__ import annotations

from collections.abc import Mapping

from validation.graph import Graph, Resource
from validation.rules.reading import (
    FUNCTION,
    REPOSITORY,
    TABLE,
    TOPIC,
    at,
    covers,
    found,
    identifier,
    listed,
    mapping,
    resource_statements,
    told,
)
from validation.rules.rule import Problems

BUCKET = "aws:s3/bucket:Bucket"
BUCKETS = (BUCKET, "aws:s3/bucketV2:BucketV2")
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
CACHE = "aws:elasticache/serverlessCache:ServerlessCache"
CACHE_USER = "aws:elasticache/user:User"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
KEY = "aws:kms/key:Key"

STORES: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "CONNECTIONS_TABLE": (("connection_id",), "session_id"),
    "REQUESTS_TABLE": (("session_id", "callback_id"), None),
}
"""By the variable that names the table: its keys in `services/stores`, and the index that is queried."""

EXPIRY = "expires_at"

ENGINES = ("valkey", "redis", "memcached")
"""No machine-readable model of AWS lists them."""


def _for_bucket(graph: Graph, bucket: Resource, *types: str) -> list[Resource]:
    names = (identifier(bucket), told(bucket, "bucket"))
    return [r for r in graph.of_type(*types) if r.inputs.get("bucket") in names]


def bucket_public(graph: Graph) -> Problems:
    """Every bucket blocks public access in all four ways."""
    ways = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    for bucket in graph.of_type(*BUCKETS):
        blocks = _for_bucket(graph, bucket, PUBLIC_ACCESS)
        if not any(all(block.inputs.get(way) is True for way in ways) for block in blocks):
            yield bucket, "does not block all public access"


def bucket_plain_http(graph: Graph) -> Problems:
    """Every bucket refuses requests without TLS, for itself and for what is in it."""
    refused = [
        s
        for s in resource_statements(graph)
        if s.effect == "Deny"
        and "*" in s.principals.get("AWS", ())
        and s.conditions.get("Bool", {}).get("aws:securetransport") == ("false",)
        and "s3:*" in s.actions
    ]
    for bucket in graph.of_type(*BUCKETS):
        policies = [s for s in refused if s.owner in _for_bucket(graph, bucket, BUCKET_POLICY)]
        arn = str(told(bucket, "arn"))
        if not all(any(covers(r, one) for s in policies for r in s.resources) for one in (arn, f"{arn}/any")):
            yield bucket, "answers requests without TLS"


def bucket_unencrypted(graph: Graph) -> Problems:
    """Every bucket says how it encrypts."""
    for bucket in graph.of_type(*BUCKETS):
        inline = bucket.inputs.get("serverSideEncryptionConfiguration")
        if not inline and not _for_bucket(graph, bucket, ENCRYPTION):
            yield bucket, "does not say how it encrypts"


def bucket_without_lifecycle(graph: Graph) -> Problems:
    """Every bucket drops what nobody will use: uploads that were never finished, conversations that are over."""
    for bucket in graph.of_type(*BUCKETS):
        rules = [
            mapping(rule)
            for policy in _for_bucket(graph, bucket, LIFECYCLE)
            for rule in listed(policy.inputs.get("rules"))
            if mapping(rule).get("status") == "Enabled"
        ]
        if not any(rule.get("abortIncompleteMultipartUpload") for rule in rules):
            yield bucket, "keeps parts of unfinished uploads, unseen and for ever"
        if bucket.name.endswith("-memory") and not any(rule.get("expiration") for rule in rules):
            yield bucket, "never forgets a conversation"


def repository_mutable(graph: Graph) -> Problems:
    """Image tags cannot be moved, and images are scanned."""
    for repository in graph.of_type(REPOSITORY):
        if repository.inputs.get("imageTagMutability") != "IMMUTABLE":
            yield repository, "lets tags move to another image"
        if at(repository, "imageScanningConfiguration.scanOnPush") is not True:
            yield repository, "does not scan images"


def cache_engine(graph: Graph) -> Problems:
    """A cache has an engine that exists, and is in our subnets."""
    for cache in graph.of_type(CACHE):
        if cache.inputs.get("engine") not in ENGINES:
            yield cache, f"has the engine {cache.inputs.get('engine')}; there are {', '.join(ENGINES)}"
        if not cache.inputs.get("securityGroupIds"):
            yield cache, "is in the VPC's default security group"
        if str(cache.inputs.get("name", "")) != str(cache.inputs.get("name", "")).lower():
            yield cache, "has capitals in its name, which IAM authentication does not take"


def cache_open(graph: Graph) -> Problems:
    """Nobody reaches the cache without a user of its own."""
    for cache in graph.of_type(CACHE):
        if not cache.inputs.get("userGroupId"):
            yield cache, "lets anybody in the VPC read it: no user group"
    for user in graph.of_type(CACHE_USER):
        rights = str(user.inputs.get("accessString", "")).split()
        open = at(user, "authenticationMode.type") == "no-password-required"
        if (open or user.inputs.get("noPasswordRequired") is True) and "off" not in rights:
            yield user, "needs no password"
        if {"+@all", "allcommands", "~*", "allkeys"} & {*rights}:
            yield user, "may send every command, or read every key"


def cache_user(graph: Graph) -> Problems:
    """A cache's users exist; one that signs in with IAM has one name as user and as id, as ElastiCache asks."""
    users = {user.inputs.get("userId"): user for user in graph.of_type(CACHE_USER)}
    for user in users.values():
        iam = at(user, "authenticationMode.type") == "iam"
        if iam and user.inputs.get("userName") != user.inputs.get("userId"):
            yield (
                user,
                f"signs in with IAM as {user.inputs.get('userName')}, but has the id {user.inputs.get('userId')}",
            )
    for group in graph.of_type("aws:elasticache/userGroup:UserGroup"):
        ids = listed(group.inputs.get("userIds"))
        for missing in [one for one in ids if one not in users] or ([] if ids else ["nobody"]):
            yield group, f"lets {missing} in, who is not in the stack"
    for cache in graph.of_type(CACHE):
        if len(listed(cache.inputs.get("subnetIds"))) not in (2, 3):
            yield cache, "is not in two or three zones"


def table_without_expiry(graph: Graph) -> Problems:
    """Rows of every table expire: connections and requests are never deleted reliably."""
    for table in graph.of_type(TABLE):
        if at(table, "ttl.enabled") is not True or not at(table, "ttl.attributeName"):
            yield table, "keeps its rows for ever"


def table_schema(graph: Graph) -> Problems:
    """Tables have the keys by which the services' stores read and write them."""
    for function in graph.of_type(FUNCTION):
        variables = mapping(at(function, "environment.variables"))
        for variable, (keys, index) in STORES.items():
            table = found(graph, TABLE, "name", variables.get(variable))
            if table is None:
                continue
            own = tuple(table.inputs[key] for key in ("hashKey", "rangeKey") if table.inputs.get(key))
            if own != keys or at(table, "ttl.attributeName") != EXPIRY:
                yield table, f"has the keys {own} and expires by {at(table, 'ttl.attributeName')}, unlike its store"
            indexes = [mapping(one) for one in listed(table.inputs.get("globalSecondaryIndexes"))]
            if index and not any(one.get("name") == index and one.get("projectionType") == "ALL" for one in indexes):
                yield table, f"has no index {index} with all of a row"


def key_closed(graph: Graph) -> Problems:
    """A key of ours can be managed by the account, and used by the services that publish to the topics it encrypts."""
    for key in graph.of_type(KEY):
        statements = [s for s in resource_statements(graph) if s.owner is key and s.effect == "Allow"]
        managers = [s for s in statements if any(who.endswith(":root") for who in s.principals.get("AWS", ()))]
        if not any("kms:PutKeyPolicy" in s.actions or "kms:*" in s.actions for s in managers):
            yield key, "can be managed by nobody: a key policy that locks the account out is for ever"
        encrypted = [
            t for t in graph.of_type(TOPIC) if t.inputs.get("kmsMasterKeyId") in (told(key, "arn"), told(key, "id"))
        ]
        for service in ("cloudwatch.amazonaws.com", "events.amazonaws.com") if encrypted else ():
            for action in ("kms:GenerateDataKey", "kms:Decrypt"):
                if not any(service in s.principals.get("Service", ()) and action in s.actions for s in statements):
                    yield key, f"does not let {service} {action}, so that nothing arrives"


def topic_unencrypted(graph: Graph) -> Problems:
    """A topic's key lets those who publish use it: AWS's own key for SNS lets no other service."""
    for topic in graph.of_type("aws:sns/topic:Topic"):
        if str(topic.inputs.get("kmsMasterKeyId", "")).endswith("alias/aws/sns"):
            yield topic, "is encrypted with alias/aws/sns, which CloudWatch and EventBridge may not use"


RULES = (
    bucket_public,
    bucket_plain_http,
    bucket_unencrypted,
    bucket_without_lifecycle,
    repository_mutable,
    cache_engine,
    cache_open,
    cache_user,
    table_without_expiry,
    table_schema,
    key_closed,
    topic_unencrypted,
)
