"""A bucket for the state of the stacks, and a key for the secrets in it."""

import json
from typing import TypedDict

import pulumi
import pulumi_aws as aws

KEPT_DAYS = 90
"""How long an overwritten or deleted state can be brought back."""


class StateHomeArgs(TypedDict):
    """Inputs of StateHome."""

    region: str
    account_id: str
    partition: str


class StateHome(pulumi.ComponentResource):
    """An S3 bucket and a KMS key, both protected: without them no stack can be updated or removed."""

    backend_url: pulumi.Output[str]
    """For `pulumi login`."""
    secrets_provider: pulumi.Output[str]
    """For `pulumi stack init --secrets-provider`."""
    bucket_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]

    def __init__(self, name: str, args: StateHomeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:bootstrap:StateHome", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        key = aws.kms.Key(
            name,
            description="Secrets in the state of Deskside's stacks",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            # The account's own policies decide who may use it.
                            "Effect": "Allow",
                            "Principal": {"AWS": f"arn:{args['partition']}:iam::{args['account_id']}:root"},
                            "Action": "kms:*",
                            "Resource": "*",
                        }
                    ],
                }
            ),
            opts=kept,
        )
        alias = aws.kms.Alias(f"{name}-alias", name=f"alias/{name}", target_key_id=key.id, opts=child)
        bucket = aws.s3.Bucket(name, opts=kept)
        aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            f"{name}-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=child
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.id,
            rules=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": KEPT_DAYS},
                }
            ],
            # It speaks of versions, which have to exist first.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.id,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                }
            ),
            opts=child,
        )
        self.backend_url = pulumi.Output.concat("s3://", bucket.bucket, "?region=", args["region"])
        self.secrets_provider = pulumi.Output.concat("awskms://", alias.name, "?region=", args["region"])
        self.bucket_arn = bucket.arn
        self.key_arn = key.arn
        self.register_outputs(
            {
                "backend_url": self.backend_url,
                "secrets_provider": self.secrets_provider,
                "bucket_arn": self.bucket_arn,
                "key_arn": self.key_arn,
            }
        )
