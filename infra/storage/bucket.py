"""An S3 bucket as every account of the platform has it: private, versioned, encrypted, reached over TLS only."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.identity.document import Statement, document

UNFINISHED_UPLOAD_DAYS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketArgs:
    """What a Bucket needs from its caller.

    ``kms_key_arn`` None means the account's own AWS managed key for S3. ``statements`` are added to the bucket policy.
    """

    bucket: str
    bucket_arn: str
    kms_key_arn: pulumi.Input[str] | None
    old_version_days: int
    statements: tuple[Statement, ...] = ()
    adopted: bool = False  # made by `mlops bootstrap`: imported, and kept when the stack is destroyed


def bucket_policy(bucket_arn: str, statements: tuple[Statement, ...]) -> str:
    """The bucket's policy: TLS and KMS for everybody, then what the caller grants."""
    everything = (bucket_arn, f"{bucket_arn}/*")
    return document(
        [
            Statement(
                sid="DenyInsecureTransport",
                effect="Deny",
                principals="*",
                actions=("s3:*",),
                resources=everything,
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            ),
            # A request that names no encryption gets the bucket's default, so only other choices are refused.
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
            Statement(
                sid="DenyOtherEncryption",
                effect="Deny",
                principals="*",
                actions=("s3:PutObject",),
                resources=(f"{bucket_arn}/*",),
                # A missing key makes a negated condition true, hence the second one.
                conditions={
                    "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
                    "Null": {"s3:x-amz-server-side-encryption": "false"},
                },
            ),
            *statements,
        ]
    )


class Bucket(pulumi.ComponentResource):
    """A bucket with its policy, versioning, default encryption, ownership, public-access block and lifecycle."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:storage:Bucket", name, {}, opts)
        child = pulumi.ResourceOptions(
            parent=self,
            import_=args.bucket if args.adopted else None,
            retain_on_delete=True if args.adopted else None,
        )

        bucket = aws.s3.Bucket(name, bucket=args.bucket, opts=child)
        settings: list[pulumi.CustomResource] = [
            aws.s3.BucketPublicAccessBlock(
                f"{name}-public-access",
                bucket=bucket.bucket,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=child,
            ),
            aws.s3.BucketOwnershipControls(
                f"{name}-ownership",
                bucket=bucket.bucket,
                rule={"object_ownership": "BucketOwnerEnforced"},
                opts=child,
            ),
            aws.s3.BucketVersioning(
                f"{name}-versioning",
                bucket=bucket.bucket,
                versioning_configuration={"status": "Enabled"},
                opts=child,
            ),
            aws.s3.BucketServerSideEncryptionConfiguration(
                f"{name}-encryption",
                bucket=bucket.bucket,
                rules=[
                    {
                        "apply_server_side_encryption_by_default": {
                            "sse_algorithm": "aws:kms",
                            "kms_master_key_id": args.kms_key_arn,
                        },
                        "bucket_key_enabled": True,
                    }
                ],
                opts=child,
            ),
            aws.s3.BucketLifecycleConfiguration(
                f"{name}-lifecycle",
                bucket=bucket.bucket,
                rules=[
                    {
                        "id": "old-versions",
                        "status": "Enabled",
                        "filter": {"prefix": ""},
                        "noncurrent_version_expiration": {"noncurrent_days": args.old_version_days},
                        "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_UPLOAD_DAYS},
                    }
                ],
                opts=child,
            ),
            aws.s3.BucketPolicy(
                f"{name}-policy",
                bucket=bucket.bucket,
                policy=bucket_policy(args.bucket_arn, args.statements),
                opts=child,
            ),
        ]
        # A writer must find the default encryption and the policy in place, not only the bucket.
        self.name = pulumi.Output.all(bucket.bucket, *[setting.id for setting in settings]).apply(
            lambda values: str(values[0])
        )
        self.register_outputs({"name": self.name})
