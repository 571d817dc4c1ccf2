"""Buckets: over TLS only, encrypted with KMS, private, versioned, and for accounts of the platform alone."""

from __future__ import annotations

from collections.abc import Iterator

from policies.document import allowed, denies_plain_transport, statements
from policies.rule import Context, Resource, Rule
from policies.strangers import strangers, unsourced

BUCKET = "aws:s3/bucket:Bucket"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
TRANSPORTED = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject")
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")
SSE_HEADER = "s3:x-amz-server-side-encryption"


def _over_tls(resource: Resource, _: Context) -> Iterator[str]:
    bucket = resource.get("bucket")
    if not denies_plain_transport(resource, TRANSPORTED, (f":{bucket}", f":{bucket}/*")):
        yield (
            "the bucket policy lets requests in without TLS. Add to `policy`: Effect Deny, Principal *, Action s3:*, "
            'Resource the bucket and its objects, Condition {"Bool": {"aws:SecureTransport": "false"}}, and no other'
        )


def _only_kms(resource: Resource, _: Context) -> Iterator[str]:
    refused = any(
        not s.allows
        and s.is_for_everybody
        and s.covers("s3:PutObject")
        and s.is_about(f":{resource.get('bucket')}/*")
        and s.conditions.get("StringNotEquals", {}).get(SSE_HEADER) in (("aws:kms",), KMS_ALGORITHMS)
        and set(s.conditions) <= {"StringNotEquals", "Null"}
        for s in statements(resource)
    )
    if not refused:
        yield (
            "the bucket policy lets a writer choose another encryption. Add to `policy`: Effect Deny, Principal *, "
            f'Action s3:PutObject, Condition {{"StringNotEquals": {{"{SSE_HEADER}": "aws:kms"}}, '
            f'"Null": {{"{SSE_HEADER}": "false"}}}}'
        )


def _known_principals(resource: Resource, context: Context) -> Iterator[str]:
    for statement in allowed(resource):
        yield from strangers(statement, context, "policy")
        yield from unsourced(statement, ())


def _encrypted(resource: Resource, _: Context) -> Iterator[str]:
    rules = list(resource.items("rules"))
    if not rules:
        yield "`rules` is empty; write one with sseAlgorithm aws:kms"
    for path in rules:
        algorithm = resource.get(f"{path}.applyServerSideEncryptionByDefault.sseAlgorithm")
        if algorithm not in KMS_ALGORITHMS:
            yield f"`{path}.applyServerSideEncryptionByDefault.sseAlgorithm` is {algorithm!r}; write aws:kms"


def _customer_key(resource: Resource, context: Context) -> Iterator[str]:
    bucket = resource.get("bucket")
    if any(str(bucket).startswith(prefix) for prefix in context.config.get("aws_managed_key", [])):
        return
    for path in resource.items("rules"):
        key = f"{path}.applyServerSideEncryptionByDefault.kmsMasterKeyId"
        if not resource.has_own_key(key):
            yield f"`{key}` is {resource.get(key)}, so AWS's own key is used; write the ARN of the account's key"


def _private(resource: Resource, _: Context) -> Iterator[str]:
    for flag in BLOCKS:
        if resource.get(flag) is not True:
            yield f"`{flag}` is {resource.get(flag)}; write true"


def _versioned(resource: Resource, _: Context) -> Iterator[str]:
    status = resource.get("versioningConfiguration.status")
    if status != "Enabled":
        yield f"`versioningConfiguration.status` is {status!r}; write Enabled"


def _owned(resource: Resource, _: Context) -> Iterator[str]:
    ownership = resource.get("rule.objectOwnership")
    if ownership != "BucketOwnerEnforced":
        yield f"`rule.objectOwnership` is {ownership!r}; write BucketOwnerEnforced, which turns ACLs off"


RULES = (
    Rule(
        name="s3-tls-only",
        description="Buckets are reached over TLS only.",
        reads={BUCKET_POLICY: ("policy", "bucket")},
        judge=_over_tls,
    ),
    Rule(
        name="s3-kms-only",
        description="Nobody writes an object under another encryption than KMS.",
        reads={BUCKET_POLICY: ("policy", "bucket")},
        judge=_only_kms,
    ),
    Rule(
        name="s3-known-principals",
        description="No principal outside the platform's accounts reaches a bucket, nor a service for anybody.",
        reads={BUCKET_POLICY: ("policy",)},
        judge=_known_principals,
    ),
    Rule(
        name="s3-encryption",
        description="Buckets encrypt with KMS by default.",
        reads={ENCRYPTION: ("rules",)},
        judge=_encrypted,
    ),
    Rule(
        name="s3-customer-key",
        description="Buckets encrypt with a key of the account.",
        reads={ENCRYPTION: ("rules", "bucket")},
        judge=_customer_key,
        config={
            "aws_managed_key": {
                "description": "Beginnings of names of buckets under AWS's own key: the state bucket holds the key's "
                "own state",
                "type": "array",
                "items": {"type": "string"},
                "default": ["pulumi-state-"],
            }
        },
    ),
    Rule(
        name="s3-public-access-blocked",
        description="Buckets block all public access.",
        reads={PUBLIC_ACCESS_BLOCK: BLOCKS},
        judge=_private,
    ),
    Rule(
        name="s3-versioning",
        description="Buckets keep versions.",
        reads={VERSIONING: ("versioningConfiguration",)},
        judge=_versioned,
    ),
    Rule(
        name="s3-ownership",
        description="The bucket's account owns every object.",
        reads={OWNERSHIP: ("rule",)},
        judge=_owned,
    ),
)
