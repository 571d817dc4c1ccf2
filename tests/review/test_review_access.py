"""What identities gain and lose: on documents edited as people edit them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlops.review.access import changes, told
from mlops.review.access_summary import summarised, widened
from mlops.review.model import ResourceChange, StackReview

ROLE_POLICY, ROLE = "aws:iam/rolePolicy:RolePolicy", "aws:iam/role:Role"
BUCKET, KEY = "aws:s3/bucketPolicy:BucketPolicy", "aws:kms/key:Key"
GROUP = "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"
OBJECTS = "arn:aws:s3:::data/model/*"


def statement(sid="Read", actions: Any = "s3:GetObject", resources: Any = OBJECTS, **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources, **more}


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def policy(old: str | None, new: str | None, name="job-data") -> ResourceChange:
    """An inline policy of the role `jobs`, changed, made or deleted."""
    operation = "create" if old is None else "delete" if new is None else "update"
    sides = [{} if text is None else {"role": "jobs", "name": name, "policy": text} for text in (old, new)]
    return ResourceChange(operation=operation, type=ROLE_POLICY, name=name, old=sides[0], new=sides[1])


def resource(type_: str, old: str | None, new: str | None, **more: Any) -> ResourceChange:
    """The policy of a resource."""
    key = {ROLE: "assumeRolePolicy", GROUP: "resourcePolicy"}.get(type_, "policy")
    sides = [{} if text is None else {key: text, **more} for text in (old, new)]
    return ResourceChange(operation="update", type=type_, name="resource", old=sides[0], new=sides[1])


def lines(*found: ResourceChange) -> list[str]:
    return changes(StackReview(stack="prod", changes=found))


READ = statement()
ACCOUNT = {"StringEquals": {"aws:SourceAccount": "222222222222"}}
TRUST = {
    "Sid": "Service",
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
TLS = {
    "Sid": "Tls",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
SAME = {
    "reformatted": (document(READ), json.dumps(json.loads(document(READ)), indent=4)),
    "one as a list": (document(READ), document(statement(actions=["s3:GetObject"], resources=[OBJECTS]))),
    "statements in another order": (
        document(READ, statement("List", "s3:ListBucket")),
        document(statement("List", "s3:ListBucket"), READ),
    ),
    "actions in another order and case": (
        document(statement(actions=["s3:GetObject", "s3:PutObject"])),
        document(statement(actions=["S3:putobject", "s3:GetObject"])),
    ),
    "another Sid": (document(READ), document(statement("ReadData"))),
    "one statement as two": (
        document(statement(actions=["s3:GetObject", "s3:PutObject"])),
        document(READ, statement("Write", "s3:PutObject")),
    ),
    "what a pattern covers already": (
        document(statement(actions="s3:Get*")),
        document(statement(actions=["s3:Get*", "s3:GetObject"])),
    ),
    "a single statement without a list": (document(READ), json.dumps({"Statement": READ})),
}


@pytest.mark.parametrize("name", SAME)
def test_what_means_the_same_is_no_change(name):
    old, new = SAME[name]
    assert lines(policy(old, new)) == lines(policy(new, old)) == []


def test_a_statement_that_moves_to_another_policy_of_the_role_is_no_change():
    write = statement("Write", "s3:PutObject")
    moved = (policy(document(READ, write), document(READ)), policy(None, document(write), "more"))
    assert lines(*moved) == []


@pytest.mark.parametrize(
    ("old", "new", "wider", "narrower"),
    [
        (
            [READ],
            [statement(actions=["s3:GetObject", "s3:DeleteObject"])],
            "jobs may also s3:DeleteObject on s3:::data/model/* (statement Read)",
            "jobs loses s3:DeleteObject on s3:::data/model/* (statement Read)",
        ),
        (
            [READ],
            [statement(resources=[OBJECTS, "arn:aws:s3:::other/*"])],
            "jobs may also s3:GetObject on s3:::other/* (statement Read)",
            "jobs loses s3:GetObject on s3:::other/* (statement Read)",
        ),
        (
            [READ],
            [statement(resources="*")],
            "jobs may also s3:GetObject on every resource (statement Read)",
            "jobs loses s3:GetObject on every resource (statement Read)",
        ),
        (
            [statement(Condition=ACCOUNT)],
            [READ],
            "jobs: statement Read (s3:GetObject) loosened: condition aws:SourceAccount = 222222222222 dropped",
            "jobs: statement Read (s3:GetObject) tightened: condition aws:SourceAccount = 222222222222 added",
        ),
        (
            [statement(Condition={"StringLike": {"s3:prefix": "a/*"}})],
            [statement(Condition={"StringLike": {"s3:prefix": ["a/*", "b/*"]}})],
            "jobs: statement Read (s3:GetObject) loosened: condition on s3:prefix gains b/*",
            "jobs: statement Read (s3:GetObject) tightened: condition on s3:prefix loses b/*",
        ),
        (
            [statement(Condition={"StringNotEquals": {"s3:prefix": ["a", "b"]}})],
            [statement(Condition={"StringNotEquals": {"s3:prefix": "a"}})],
            "jobs: statement Read (s3:GetObject) loosened: condition on s3:prefix loses b",
            "jobs: statement Read (s3:GetObject) tightened: condition on s3:prefix gains b",
        ),
        (
            [READ, statement("Never", Effect="Deny", resources="arn:aws:s3:::data/model/secret/*")],
            [READ],
            "jobs is no longer refused s3:GetObject on s3:::data/model/secret/* (statement Never)",
            "jobs is now refused s3:GetObject on s3:::data/model/secret/* (statement Never)",
        ),
        (
            [READ],
            [READ, {"Sid": "But", "Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
            "jobs may also all but iam:* on every resource (statement But)",
            "jobs loses all but iam:* on every resource (statement But)",
        ),
    ],
    ids=["action", "resource", "every resource", "condition", "values", "negated values", "denial", "NotAction"],
)
def test_widening_is_marked_and_the_way_back_is_not(old, new, wider, narrower):
    before, after = document(*old), document(*new)
    assert lines(policy(before, after)) == [f"**wider** prod {wider}"]
    assert lines(policy(after, before)) == [f"prod {narrower}"]


def test_a_pattern_in_place_of_one_action_is_wider_and_names_the_pattern():
    assert lines(policy(document(READ), document(statement(actions="s3:*")))) == [
        "**wider** prod jobs may also s3:* on s3:::data/model/* (statement Read)"
    ]


def test_of_many_actions_those_with_wildcards_are_named_first():
    actions = ["s3:Get1", "s3:Get2", "s3:Get3", "s3:Get4", "s3:Put*"]
    (line,) = lines(policy(document(READ), document(READ, statement("More", actions))))
    assert "may also s3:Put*, s3:Get1, s3:Get2, s3:Get3 and 1 more on" in line


def test_a_trust_that_is_widened_names_whom_to():
    other = {**TRUST, "Sid": "Other", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}}
    assert lines(resource(ROLE, document(TRUST), document(TRUST, other), name="jobs")) == [
        "**wider** prod trust of role jobs also admits account 999999999999 (statement Other)"
    ]
    narrowed = document({**TRUST, "Condition": ACCOUNT})
    assert lines(resource(ROLE, narrowed, document(TRUST), name="jobs")) == [
        "**wider** prod trust of role jobs: statement Service (sts:AssumeRole) loosened: "
        "condition aws:SourceAccount = 222222222222 dropped"
    ]


def test_policies_of_resources_name_who_gains():
    group = "arn:aws:sagemaker:us-east-1:333333333333:model-package/m/*"
    own = statement(
        "Read", "sagemaker:DescribeModelPackage", group, Principal={"AWS": "arn:aws:iam::111111111111:root"}
    )
    more = {**own, "Action": ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"]}
    assert lines(resource(GROUP, document(own), document(more), modelPackageGroupName="models")) == [
        "**wider** prod model package group models: account 111111111111 may also sagemaker:UpdateModelPackage on "
        "sagemaker:us-east-1:333333333333:model-package/m/* (statement Read)"
    ]
    key = statement("Use", "kms:Decrypt", "*", Principal={"Service": "lambda.amazonaws.com"})
    assert lines(resource(KEY, document(), document(key), description="prod's key")) == [
        "**wider** prod key prod's key: lambda.amazonaws.com may also kms:Decrypt (statement Use)"
    ]


def test_a_bucket_that_takes_unencrypted_requests_is_wider_even_when_its_whole_policy_goes():
    told_by = (
        "**wider** prod bucket data: anybody is no longer refused s3:* on s3:::data/*, s3:::data when "
        "aws:SecureTransport = false (statement Tls)"
    )
    assert lines(resource(BUCKET, document(TLS), document(), bucket="data")) == [told_by]
    assert lines(resource(BUCKET, document(TLS), None, bucket="data")) == [told_by]


def test_a_policy_that_goes_with_its_bucket_widens_nothing():
    gone = ResourceChange(operation="delete", type="aws:s3/bucket:Bucket", name="data", old={"bucket": "data"})
    block = ResourceChange(
        operation="delete",
        type="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        name="data",
        old={"bucket": "data", "blockPublicAcls": True},
    )
    assert lines(resource(BUCKET, document(TLS), None, bucket="data"), gone, block) == [
        "prod bucket data is deleted, and with it 1 statement"
    ]
    assert lines(block) == ["**wider** prod bucket data: blockPublicAcls is no longer on"]


def test_a_new_role_is_told_statement_by_statement_and_not_as_wider():
    role = ResourceChange(
        operation="create", type=ROLE, name="jobs", new={"name": "jobs", "assumeRolePolicy": document(TRUST)}
    )
    assert lines(role, policy(None, document(READ, statement("List", "s3:ListBucket")))) == [
        "new: prod jobs may s3:GetObject on s3:::data/model/* (statement Read)",
        "new: prod jobs may s3:ListBucket on s3:::data/model/* (statement List)",
        "new: prod trust of role jobs admits sagemaker.amazonaws.com (statement Service)",
    ]


def test_a_new_policy_of_a_role_that_is_there_is_wider():
    assert lines(policy(None, document(READ)))[0].startswith("**wider** prod jobs may also s3:GetObject")


def test_managed_policies_boundaries_and_invocations_are_told():
    attached = ResourceChange(
        operation="create",
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        name="full",
        new={"role": "jobs", "policyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"},
    )
    boundary = ResourceChange(
        operation="update",
        type=ROLE,
        name="jobs",
        old={"name": "jobs", "permissionsBoundary": "b"},
        new={"name": "jobs"},
    )
    permission = ResourceChange(
        operation="create",
        type="aws:lambda/permission:Permission",
        name="rule",
        new={"function": "arn:aws:lambda:r:2:function:gate", "action": "lambda:InvokeFunction",
             "principal": "events.amazonaws.com", "statementId": "rule"},
    )  # fmt: skip
    assert sorted(lines(attached, boundary, permission)) == [
        "**wider** prod function gate: events.amazonaws.com may also lambda:InvokeFunction on "
        "lambda:r:2:function:gate (statement rule)",
        "**wider** prod jobs gets the managed policy AmazonS3FullAccess",
        "**wider** prod jobs: permissions boundary removed, was b",
    ]


def test_a_document_that_is_not_known_yet_is_said_to_be_so():
    assert lines(policy(document(READ), "[known after deployment]")) == [
        "**not known** prod jobs: a document is not known before the deployment"
    ]


def test_every_part_of_a_statement_matters():
    """Whatever part is another one, some line says so."""
    full = statement(Condition=ACCOUNT)
    for part, value in {
        "Effect": "Deny",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::other/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
    }.items():
        assert lines(policy(document(full), document({**full, part: value}))), part
    for operator in ("StringLike", "StringEqualsIfExists", "ForAnyValue:StringEquals"):
        loose = {**full, "Condition": {operator: ACCOUNT["StringEquals"]}}
        assert lines(policy(document(full), document(loose)))[0].startswith("**wider**"), operator


def created_group() -> ResourceChange:
    return ResourceChange(
        operation="create",
        type="aws:sagemaker/modelPackageGroup:ModelPackageGroup",
        name="new-group",
        new={"modelPackageGroupName": "new-group"},
    )


def test_what_reaches_only_what_the_change_creates_is_one_line_after_the_rest():
    on_new = statement("New", "sagemaker:CreateModelPackage", "arn:aws:sagemaker:r:3:model-package/new-group/*")
    on_old = statement("Old", "s3:PutObject")
    review = StackReview(
        stack="prod", changes=(created_group(), policy(document(READ), document(READ, on_new, on_old)))
    )
    assert summarised(told(review), [review]) == [
        "**wider** prod jobs may also s3:PutObject on s3:::data/model/* (statement Old)",
        "**wider** on nothing but what this change creates, by so many statements: jobs (prod 1)",
    ]
    assert widened(told(review), [review]) == (["prod"], ["prod"])


@pytest.mark.parametrize("place", ["arn:aws:sagemaker:r:3:model-package/new-*", "*", "arn:aws:s3:::my-new-group/*"])
def test_a_pattern_or_a_name_that_only_looks_alike_is_not_what_the_change_creates(place):
    grant = statement("New", "sagemaker:CreateModelPackage", place)
    review = StackReview(stack="prod", changes=(created_group(), policy(document(READ), document(READ, grant))))
    assert widened(told(review), [review]) == (["prod"], [])


def test_many_changes_alike_are_one_line_and_the_weighty_ones_keep_theirs():
    many = [statement(f"S{number}", f"s3:Get{number}", f"arn:aws:s3:::data/{number}/*") for number in range(20)]
    everything = statement("All", "s3:GetObject", "*")
    reviews = [
        StackReview(stack=stack, changes=(policy(document(), document(*many, everything)),))
        for stack in ("dev", "prod")
    ]
    found = summarised([one for review in reviews for one in told(review)], reviews)
    assert found == [
        "**wider** dev jobs may also s3:GetObject on every resource (statement All)",
        "**wider** prod jobs may also s3:GetObject on every resource (statement All)",
        "**wider** dev, prod jobs may also, by 20 statements: s3:Get0, s3:Get1, s3:Get10, s3:Get11 and 16 more on "
        "s3:data/0/*, s3:data/1/*, s3:data/2/* and 17 more (S0, S1, S2, S3, S4 and 15 more)",
    ]
