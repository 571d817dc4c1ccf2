"""Ways around the rules: documents and grants that AWS takes in other places than those that rules judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.iam import ROLE
from policies.messaging import QUEUE, TOPIC
from policies.rule import Context, Reads, Resource, Rule
from policies.s3 import BUCKET

# Properties that hold a document, and where it belongs.
PROPERTIES: Mapping[str, Mapping[str, str]] = {
    BUCKET: {"policy": "aws.s3.BucketPolicy", "acl": "the bucket policy", "grants": "the bucket policy"},
    QUEUE: {"policy": "aws.sqs.QueuePolicy"},
    ROLE: {"inlinePolicies": "aws.iam.RolePolicy"},
    TOPIC: {"policy": "aws.sns.TopicPolicy"},
}
# Types that no rule judges and that give access, and what to declare instead.
TYPES: Mapping[str, str] = {
    "aws:iam/accessKey:AccessKey": "a role",
    "aws:iam/groupPolicy:GroupPolicy": "aws.iam.RolePolicy",
    "aws:iam/policyAttachment:PolicyAttachment": "aws.iam.RolePolicyAttachment",
    "aws:iam/user:User": "a role",
    "aws:iam/userPolicy:UserPolicy": "aws.iam.RolePolicy",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "aws.iam.RolePolicyAttachment",
    "aws:kms/grant:Grant": "a statement of the key's policy",
    "aws:kms/keyPolicy:KeyPolicy": "the key's `policy`",
    "aws:lambda/functionUrl:FunctionUrl": "aws.lambda_.Permission",
    "aws:s3/bucketAcl:BucketAcl": "the bucket policy",
    "aws:s3/bucketAclV2:BucketAclV2": "the bucket policy",
    "aws:s3/bucketV2:BucketV2": "aws.s3.Bucket",
}
READS: Reads = {**{token: tuple(found) for token, found in PROPERTIES.items()}, **dict.fromkeys(TYPES, ())}


def _no_detour(resource: Resource, _: Context) -> Iterator[str]:
    if resource.type in TYPES:
        yield f"no rule judges what a {resource.type.rsplit(':', maxsplit=1)[-1]} gives; write {TYPES[resource.type]}"
    for prop, instead in PROPERTIES.get(resource.type, {}).items():
        if resource.is_set(prop):
            yield f"no rule judges `{prop}` here; write {instead}"


RULES = (
    Rule(
        name="no-detours",
        description="Whoever gets access gets it where rules judge it.",
        reads=READS,
        judge=_no_detour,
    ),
)
