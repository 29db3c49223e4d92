"""Tables, buckets, caches, secrets and keys in CloudFormation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from validation.cloudformation.types.writing import Inputs, Properties, cased, parsed, part, simple, whole, written


@whole("aws:dynamodb/table:Table", "AWS::DynamoDB::Table")
def _table(inputs: Inputs) -> Properties:
    moved = (
        "attributes", "hashKey", "rangeKey", "ttl", "pointInTimeRecovery", "serverSideEncryption",
        "globalSecondaryIndexes",
    )  # fmt: skip
    properties = written(inputs, {"name": "TableName"}, moved)
    properties["AttributeDefinitions"] = [
        {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
        for attribute in cast(list[dict[str, str]], inputs.get("attributes", []))
    ]
    properties["KeySchema"] = _keys(inputs)
    if "ttl" in inputs:
        ttl = cased(inputs["ttl"])
        properties["TimeToLiveSpecification"] = {"Enabled": False, **ttl}
    if "pointInTimeRecovery" in inputs:
        recovery = written(inputs["pointInTimeRecovery"], {"enabled": "PointInTimeRecoveryEnabled"})
        properties["PointInTimeRecoverySpecification"] = recovery
    if "serverSideEncryption" in inputs:
        names = {"enabled": "SSEEnabled", "kmsKeyArn": "KMSMasterKeyId"}
        properties["SSESpecification"] = written(inputs["serverSideEncryption"], names)
    if inputs.get("globalSecondaryIndexes"):
        properties["GlobalSecondaryIndexes"] = [
            _index(index) for index in cast(list[dict[str, Any]], inputs["globalSecondaryIndexes"])
        ]
    return properties


def _keys(given: Mapping[str, Any]) -> list[dict[str, str]]:
    named = [("hashKey", "HASH"), ("rangeKey", "RANGE")]
    keys = [{"AttributeName": str(given[key]), "KeyType": kind} for key, kind in named if key in given]
    return keys + cast(list[dict[str, str]], cased(given.get("keySchemas", [])))


def _index(index: Mapping[str, Any]) -> Properties:
    drop = ("hashKey", "rangeKey", "keySchemas", "projectionType", "nonKeyAttributes")
    projection = {"projectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["nonKeyAttributes"] = index["nonKeyAttributes"]
    return {
        **written(index, {"name": "IndexName"}, drop),
        "KeySchema": _keys(index),
        "Projection": cased(projection),
    }


simple("aws:s3/bucket:Bucket", "AWS::S3::Bucket", {"bucket": "BucketName"})


@part("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws:s3/bucket:Bucket", "bucket")
def _public_access(bucket: Properties, inputs: Inputs) -> None:
    bucket["PublicAccessBlockConfiguration"] = written(inputs, drop=("bucket",))


@part("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucket:Bucket", "bucket")
def _versioning(bucket: Properties, inputs: Inputs) -> None:
    bucket["VersioningConfiguration"] = cased(inputs["versioningConfiguration"])


@part("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "aws:s3/bucket:Bucket", "bucket")
def _ownership(bucket: Properties, inputs: Inputs) -> None:
    bucket["OwnershipControls"] = {"Rules": [cased(inputs["rule"])]}


@part(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucket:Bucket",
    "bucket",
)
def _bucket_encryption(bucket: Properties, inputs: Inputs) -> None:
    rules: list[Properties] = []
    for rule in cast(list[dict[str, Any]], inputs["rules"]):
        names = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
        default = written(rule["applyServerSideEncryptionByDefault"], names)
        rest = written(rule, drop=("applyServerSideEncryptionByDefault",))
        rules.append({**rest, "ServerSideEncryptionByDefault": default})
    bucket["BucketEncryption"] = {"ServerSideEncryptionConfiguration": rules}


@part("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "aws:s3/bucket:Bucket", "bucket")
def _lifecycle(bucket: Properties, inputs: Inputs) -> None:
    rules: list[Properties] = []
    for given in cast(list[dict[str, Any]], inputs["rules"]):
        moved = ("filter", "expiration", "noncurrentVersionExpiration")
        rule = written(given, drop=moved)
        rule.update(written(given.get("filter", {})))
        expiry = written(given.get("expiration", {}), {"days": "ExpirationInDays", "date": "ExpirationDate"})
        rule.update(expiry)
        if "noncurrentVersionExpiration" in given:
            rule["NoncurrentVersionExpiration"] = cased(given["noncurrentVersionExpiration"])
        rules.append(rule)
    bucket["LifecycleConfiguration"] = {"Rules": rules}


@whole("aws:s3/bucketPolicy:BucketPolicy", "AWS::S3::BucketPolicy")
def _bucket_policy(inputs: Inputs) -> Properties:
    return parsed(written(inputs, {"policy": "PolicyDocument"}), "PolicyDocument")


@whole("aws:elasticache/serverlessCache:ServerlessCache", "AWS::ElastiCache::ServerlessCache")
def _cache(inputs: Inputs) -> Properties:
    properties = written(inputs, {"name": "ServerlessCacheName"})
    limits = properties.get("CacheUsageLimits", {})
    if "EcpuPerSeconds" in limits:
        limits["ECPUPerSecond"] = limits.pop("EcpuPerSeconds")[0]
    return properties


@whole("aws:elasticache/user:User", "AWS::ElastiCache::User")
def _cache_user(inputs: Inputs) -> Properties:
    return written(inputs)


simple("aws:elasticache/userGroup:UserGroup", "AWS::ElastiCache::UserGroup")
simple("aws:secretsmanager/secret:Secret", "AWS::SecretsManager::Secret", drop=("recoveryWindowInDays",))


@whole("aws:kms/key:Key", "AWS::KMS::Key")
def _key(inputs: Inputs) -> Properties:
    rename = {"policy": "KeyPolicy", "deletionWindowInDays": "PendingWindowInDays", "customerMasterKeySpec": "KeySpec"}
    return parsed(written(inputs, rename), "KeyPolicy")


simple("aws:kms/alias:Alias", "AWS::KMS::Alias", {"name": "AliasName"})
