"""What AWS answers for tables, buckets, caches, secrets and keys."""

from __future__ import annotations

from validation.faithful.created import Created, Outputs, answers


@answers("aws:dynamodb/table:Table")
def _table(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    return name, {"name": name, "arn": new.arn("dynamodb", f"table/{name}")}


@answers("aws:s3/bucket:Bucket")
def _bucket(new: Created) -> tuple[str, Outputs]:
    name = new.name("bucket")
    return name, {
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{new.region}.amazonaws.com",
        "bucketRegion": new.region,
    }


@answers(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
)
def _bucket_setting(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["bucket"]), {}


@answers("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject")
def _object(new: Created) -> tuple[str, Outputs]:
    key = new.name("key")
    return f"{new.inputs['bucket']}/{key}", {
        "key": key,
        "arn": f"arn:aws:s3:::{new.inputs['bucket']}/{key}",
        "etag": "d41d8cd98f00b204e9800998ecf8427e",
    }


@answers("aws:elasticache/serverlessCache:ServerlessCache")
def _cache(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    area, direction, number = new.region.rsplit("-", maxsplit=2)
    host = f"{name}-{new.mark(6)}.serverless.{area}{direction[0]}{number}.cache.amazonaws.com"
    return name, {
        "name": name,
        "arn": new.arn("elasticache", f"serverlesscache:{name}"),
        "endpoints": [{"address": host, "port": 6379}],
        "readerEndpoints": [{"address": host, "port": 6380}],
        "createTime": "2026-11-23T12:00:00Z",
        "fullEngineVersion": "8.0",
        "majorEngineVersion": new.inputs.get("majorEngineVersion", "8"),
        "status": "available",
    }


@answers("aws:elasticache/user:User")
def _cache_user(new: Created) -> tuple[str, Outputs]:
    user = str(new.inputs["userId"])
    return user, {"arn": new.arn("elasticache", f"user:{user}")}


@answers("aws:elasticache/userGroup:UserGroup")
def _cache_group(new: Created) -> tuple[str, Outputs]:
    group = str(new.inputs["userGroupId"])
    return group, {"arn": new.arn("elasticache", f"usergroup:{group}")}


@answers("aws:secretsmanager/secret:Secret")
def _secret(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    arn = new.arn("secretsmanager", f"secret:{name}-{new.mark(6)}")
    return arn, {"name": name, "arn": arn}


@answers("aws:secretsmanager/secretVersion:SecretVersion")
def _secret_version(new: Created) -> tuple[str, Outputs]:
    arn = str(new.inputs["secretId"])
    return f"{arn}|{new.uuid()}", {
        "arn": arn,
        "secretArn": arn,
        "versionId": new.uuid(),
        "versionStages": ["AWSCURRENT"],
    }


@answers("aws:kms/key:Key")
def _key(new: Created) -> tuple[str, Outputs]:
    return new.uuid(), {"keyId": new.uuid(), "arn": new.arn("kms", f"key/{new.uuid()}")}


@answers("aws:kms/alias:Alias")
def _key_alias(new: Created) -> tuple[str, Outputs]:
    name = str(new.inputs["name"])
    return name, {"name": name, "arn": new.arn("kms", name)}
