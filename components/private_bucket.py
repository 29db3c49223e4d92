"""A bucket that only our own roles reach, over TLS."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws


class ExpiryArgs(TypedDict):
    """What a bucket forgets by itself."""

    prefix: str
    days: int


class PrivateBucketArgs(TypedDict):
    """Inputs of PrivateBucket."""

    protect: bool
    """Keeps the bucket from being deleted, with what is in it."""
    expiry: NotRequired[ExpiryArgs]


class PrivateBucket(pulumi.ComponentResource):
    """Private, encrypted with S3's own key, reached through TLS only, not versioned."""

    bucket: pulumi.Output[str]
    """Its name."""
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("deskside:index:PrivateBucket", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=not args["protect"],
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=args["protect"])),
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        blocked = aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=child,
        )
        self._lifecycle(name, bucket, args.get("expiry"))
        aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "TlsOnly",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                }
            ),
            # S3 refuses two changes of a bucket's access at once.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[blocked])),
        )
        self.bucket = bucket.bucket
        self.arn = bucket.arn
        self.register_outputs({"bucket": self.bucket, "arn": self.arn})

    def _lifecycle(self, name: str, bucket: aws.s3.Bucket, expiry: ExpiryArgs | None) -> None:
        rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
            {
                "id": "abort-unfinished-uploads",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
            }
        ]
        if expiry:
            rules.append(
                {
                    "id": "forget",
                    "status": "Enabled",
                    "filter": {"prefix": expiry["prefix"]},
                    "expiration": {"days": expiry["days"]},
                }
            )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle", bucket=bucket.bucket, rules=rules, opts=pulumi.ResourceOptions(parent=self)
        )
