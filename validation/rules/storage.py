"""What holds data: encrypted, private, and never in anybody else's reach."""

from __future__ import annotations

import re
from typing import Any

from validation.graph import Graph, Resource
from validation.rules.reading import (
    REPOSITORY,
    TABLE,
    at,
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
    """Every bucket refuses requests without TLS."""
    refused = {
        str(s.owner.inputs.get("bucket"))
        for s in resource_statements(graph)
        if s.effect == "Deny" and s.tested("aws:SecureTransport") and {"s3:*"} <= set(s.actions)
    }
    for bucket in graph.of_type(*BUCKETS):
        if not {str(identifier(bucket)), str(told(bucket, "bucket"))} & refused:
            yield bucket, "answers requests without TLS"


def bucket_unencrypted(graph: Graph) -> Problems:
    """Every bucket says how it encrypts."""
    for bucket in graph.of_type(*BUCKETS):
        inline = bucket.inputs.get("serverSideEncryptionConfiguration")
        if not inline and not _for_bucket(graph, bucket, ENCRYPTION):
            yield bucket, "does not say how it encrypts"


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
    for user in graph.of_type("aws:elasticache/user:User"):
        if user.inputs.get("noPasswordRequired") is True and "off" not in str(user.inputs.get("accessString")).split():
            yield user, "needs no password"


def table_without_expiry(graph: Graph) -> Problems:
    """Rows of every table expire: connections and requests are never deleted reliably."""
    for table in graph.of_type(TABLE):
        if at(table, "ttl.enabled") is not True or not at(table, "ttl.attributeName"):
            yield table, "keeps its rows for ever"


def topic_unencrypted(graph: Graph) -> Problems:
    """A topic's key lets those who publish use it: AWS's own key for SNS lets no other service."""
    for topic in graph.of_type("aws:sns/topic:Topic"):
        if str(topic.inputs.get("kmsMasterKeyId", "")).endswith("alias/aws/sns"):
            yield topic, "is encrypted with alias/aws/sns, which CloudWatch and EventBridge may not use"


def open_ingress(graph: Graph) -> Problems:
    """No security group lets the internet in, or every port."""
    for resource, rule in _ingress(graph):
        ranges = [*listed(rule.get("cidrBlocks")), *listed(rule.get("ipv6CidrBlocks"))]
        ranges += [rule.get("cidrIpv4"), rule.get("cidrIpv6")]
        if any(str(cidr) in ("0.0.0.0/0", "::/0") for cidr in ranges):
            yield resource, "lets the whole internet in"
        if str(rule.get("protocol", rule.get("ipProtocol"))) == "-1" and not rule.get("self"):
            yield resource, "lets every port in"


def _ingress(graph: Graph) -> list[tuple[Resource, dict[str, Any]]]:
    rules = [(g, mapping(r)) for g in graph.of_type("aws:ec2/securityGroup:SecurityGroup") for r in _inline(g)]
    rules += [
        (r, mapping(r.inputs)) for r in graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    ]
    rules += [
        (r, mapping(r.inputs))
        for r in graph.of_type("aws:ec2/securityGroupRule:SecurityGroupRule")
        if r.inputs.get("type") == "ingress"
    ]
    return rules


def _inline(group: Resource) -> list[Any]:
    return listed(group.inputs.get("ingress"))


RUNTIME_ENDPOINTS = ("s3", "ecr.dkr", "ecr.api", "logs")
"""What an AgentCore runtime in a VPC reaches through the VPC, endpoint by endpoint
(AgentCore developer guide, "Configure VPC")."""


def missing_endpoint(graph: Graph) -> Problems:
    """A runtime in a VPC has the endpoints from which it pulls its image and to which it logs."""
    services = {
        re.sub(r"^com\.amazonaws\.[a-z0-9-]+\.", "", str(name))
        for name in (
            *(e.inputs.get("serviceName") for e in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")),
            *(mapping(s).get("serviceName") for v in graph.of_type("awsx:ec2:Vpc") for s in _vpc_endpoints(v)),
        )
    }
    for runtime in graph.of_type("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"):
        if at(runtime, "networkConfiguration.networkMode") != "VPC":
            continue
        for missing in sorted({*RUNTIME_ENDPOINTS} - services):
            yield runtime, f"is in a VPC without an endpoint for {missing}"


def _vpc_endpoints(vpc: Resource) -> list[Any]:
    return listed(vpc.inputs.get("vpcEndpointSpecs"))


RULES = (
    bucket_public,
    bucket_plain_http,
    bucket_unencrypted,
    repository_mutable,
    cache_engine,
    cache_open,
    table_without_expiry,
    topic_unencrypted,
    open_ingress,
    missing_endpoint,
)
