"""What must not be done to buckets and keys."""

from __future__ import annotations

from mutation import Mutation, add, drop, in_statement, put, unknown, update, without_statement
from policies.kms import KEY
from policies.s3 import BUCKET, BUCKET_POLICY, ENCRYPTION, OWNERSHIP, PUBLIC_ACCESS_BLOCK, VERSIONING

STRANGER = {"AWS": "arn:aws:iam::999999999999:root"}
TLS, KMS = "DenyInsecureTransport", "DenyOtherEncryption"
DEFAULT = "applyServerSideEncryptionByDefault"


def _policy(rule, edit, says):
    return Mutation(rule, "registry", BUCKET_POLICY, "artifacts-policy", edit, says)


def _key(rule, edit, says, *, stack="dev"):
    return Mutation(rule, stack, KEY, "key", edit, says)


BUCKETS = [
    _policy("s3-tls-only", without_statement("policy", TLS), '{"Bool": {"aws:SecureTransport": "false"}}'),
    _policy("s3-tls-only", in_statement("policy", TLS, update(Effect="Allow")), "without TLS"),
    _policy("s3-tls-only", in_statement("policy", TLS, update(Principal=STRANGER)), "without TLS"),
    _policy("s3-tls-only", in_statement("policy", TLS, update(Action="s3:PutObject")), "without TLS"),
    _policy("s3-tls-only", in_statement("policy", TLS, update(Resource=[])), "without TLS"),
    _policy(
        "s3-tls-only",
        in_statement("policy", TLS, lambda s: s["Condition"].update(StringEquals={"aws:PrincipalAccount": "1"})),
        "and no other",
    ),
    _policy("s3-tls-only", in_statement("policy", TLS, lambda s: s["Condition"]["Bool"].clear()), "without TLS"),
    _policy(
        "s3-tls-only",
        in_statement("policy", TLS, lambda s: s.update(Resource=s["Resource"][:1])),
        "Resource the bucket and its objects",
    ),
    _policy("s3-tls-only", in_statement("policy", TLS, lambda s: s.update(Resource=s["Resource"][1:])), "without TLS"),
    _policy("s3-tls-only", put("bucket", "another"), "without TLS"),
    _policy("s3-kms-only", put("bucket", "another"), "choose another encryption"),
    _policy(
        "s3-known-principals",
        in_statement("policy", "AddPerm", update(Principal={"Service": "cloudtrail.amazonaws.com"}, Condition={})),
        "cloudtrail.amazonaws.com in for anybody's resources",
    ),
    _policy("s3-kms-only", without_statement("policy", KMS), "choose another encryption"),
    _policy("s3-kms-only", in_statement("policy", KMS, update(Principal=STRANGER)), "choose another encryption"),
    _policy("s3-kms-only", in_statement("policy", KMS, update(Action="s3:GetObject")), "choose another encryption"),
    _policy(
        "s3-kms-only",
        in_statement(
            "policy",
            KMS,
            lambda s: s["Condition"]["StringNotEquals"].update({"s3:x-amz-server-side-encryption": "AES256"}),
        ),
        "choose another encryption",
    ),
    _policy("s3-known-principals", in_statement("policy", "AddPerm", update(Principal=STRANGER)), "999999999999"),
    _policy("s3-known-principals", in_statement("policy", "AddPerm", update(Principal="*")), "lets everybody in"),
    _policy("s3-known-principals", in_statement("policy", "AddPerm", update(Principal={"AWS": "*"})), "everybody"),
    _policy(
        "s3-known-principals",
        in_statement("policy", "AddPerm", lambda s: s.update(NotPrincipal=s.pop("Principal"))),
        "lets everybody in",
    ),
    _policy("s3-known-principals", unknown("policy"), "`policy` is not known before it is deployed"),
    Mutation(
        "s3-encryption",
        "dev",
        ENCRYPTION,
        "data-encryption",
        put(f"rules.0.{DEFAULT}.sseAlgorithm", "AES256"),
        "aws:kms",
    ),
    Mutation("s3-encryption", "dev", ENCRYPTION, "data-encryption", put("rules", []), "`rules` is empty"),
    Mutation(
        "s3-customer-key",
        "dev",
        ENCRYPTION,
        "data-encryption",
        drop(f"rules.0.{DEFAULT}.kmsMasterKeyId"),
        "AWS's own key is used",
    ),
    Mutation(
        "s3-customer-key",
        "dev",
        ENCRYPTION,
        "data-encryption",
        put(f"rules.0.{DEFAULT}.kmsMasterKeyId", "alias/aws/s3"),
        "AWS's own key is used",
    ),
    *(
        Mutation(
            "s3-public-access-blocked",
            "prod",
            PUBLIC_ACCESS_BLOCK,
            "state-public-access",
            put(flag, False),
            f"`{flag}` is False; write true",
        )
        for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
    Mutation(
        "s3-public-access-blocked",
        "dev",
        PUBLIC_ACCESS_BLOCK,
        "data-public-access",
        drop("blockPublicAcls"),
        "`blockPublicAcls` is None",
    ),
    Mutation(
        "s3-versioning",
        "dev",
        VERSIONING,
        "data-versioning",
        put("versioningConfiguration.status", "Suspended"),
        "'Suspended'; write Enabled",
    ),
    Mutation(
        "s3-ownership", "dev", OWNERSHIP, "data-ownership", put("rule.objectOwnership", "ObjectWriter"), "ObjectWriter"
    ),
]
DETOURS = [
    Mutation("no-detours", "dev", BUCKET, "data", add("policy", "{}"), "write aws.s3.BucketPolicy"),
    Mutation("no-detours", "dev", BUCKET, "data", add("acl", "public-read"), "write the bucket policy"),
    Mutation("no-detours", "dev", BUCKET, "data", add("grants", [{}]), "write the bucket policy"),
]
PROD_READS = "ProdReadsModelArtifacts"
KEYS = [
    _key("kms-rotation", drop("enableKeyRotation"), "never rotates; write true"),
    _key("kms-rotation", put("enableKeyRotation", False), "never rotates; write true"),
    _key("kms-deletion-window", put("deletionWindowInDays", 7), "write at least 30"),
    _key("kms-deletion-window", drop("deletionWindowInDays"), "is None; write at least 30"),
    _key("kms-known-principals", in_statement("policy", PROD_READS, update(Principal="*")), "lets everybody in"),
    _key("kms-known-principals", in_statement("policy", PROD_READS, update(Principal=STRANGER)), "999999999999"),
    _key("kms-known-principals", drop("policy"), "AWS writes one of its own"),
    _key(
        "kms-cross-account-via-service",
        in_statement("policy", PROD_READS, lambda s: s["Condition"].pop("StringEquals")),
        "kms:ViaService",
    ),
    _key(
        "kms-cross-account-via-service",
        in_statement("policy", PROD_READS, lambda s: s["Condition"]["StringEquals"].update({"kms:ViaService": "*"})),
        "use the key in any way",
    ),
    _key(
        "kms-cross-account-via-service",
        in_statement(
            "policy",
            PROD_READS,
            lambda s: s["Condition"].update(StringEqualsIfExists=s["Condition"].pop("StringEquals")),
        ),
        "use the key in any way",
    ),
    _key(
        "kms-cross-account-via-service",
        in_statement(
            "policy", PROD_READS, lambda s: s["Condition"]["StringEquals"].update({"kms:ViaService": ["s3.x.y", "*"]})
        ),
        "use the key in any way",
    ),
    _key(
        "kms-cross-account-via-service",
        in_statement("policy", PROD_READS, update(Action="kms:*")),
        "administer the key",
    ),
    _key(
        "kms-service-source",
        in_statement("policy", "CloudWatchLogs", lambda s: s.pop("Condition")),
        "logs.us-east-1.amazonaws.com",
    ),
    _key(
        "kms-service-source",
        in_statement("policy", "CloudWatchAlarms", lambda s: s.pop("Condition")),
        "aws:SourceAccount or aws:SourceArn",
        stack="prod",
    ),
    _key("kms-service-source", unknown("policy"), "is not known before it is deployed"),
]
ALL = [*BUCKETS, *DETOURS, *KEYS]
