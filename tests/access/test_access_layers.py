"""Each layer of the access proof notices what it is there for."""

from __future__ import annotations

import copy

import pytest

from mlops.project import load_settings
from tools.access_documents.reading import read_platform
from tools.access_matrix import cases, golden, process
from tools.access_matrix.contexts import PLAIN
from tools.access_matrix.findings import lint
from tools.access_matrix.grant import missing_grants
from tools.access_matrix.universe import Request, Universe, universe

ROLE = "prod sagemaker-execution-role"


@pytest.fixture(scope="module")
def whole():
    return universe(read_platform(), load_settings()["prod"])


@pytest.fixture
def judged_without(whole):
    """Judge one request after taking a statement out of a document."""
    everything = Universe(copy.deepcopy(whole.platform), dict(whole.contexts))

    def judge(request, document=None, sid=None):
        if document:
            found = everything.platform.documents[document]
            kept = [statement for statement in found["Statement"] if statement["Sid"] != sid]
            assert len(kept) < len(found["Statement"])
            found["Statement"] = kept
        case = cases.Case(section="", request=request, allowed=True)
        return everything, cases.judge(everything, [case])[0]

    return judge


@pytest.mark.parametrize(
    ("request_", "document", "sid", "told"),
    [
        (
            Request(ROLE, "kms:Decrypt", "dev key", "via s3"),
            "dev key: policy",
            "ProdReadsModelArtifacts",
            f"{ROLE} → kms:Decrypt on dev key (via s3): dev key: policy lacks "
            '{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "kms:Decrypt", '
            '"Resource": "*", "Condition": {"ArnEquals": {"aws:PrincipalArn": '
            '"arn:aws:iam::222222222222:role/sagemaker-execution-role"}, '
            '"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}}',
        ),
        (
            Request(ROLE, "kms:Decrypt", "dev key", "via s3"),
            f"{ROLE}: cross-account-kms-key-access-policy",
            "ReadDevArtifacts",
            f"{ROLE} → kms:Decrypt on dev key (via s3): the policies of {ROLE} lack "
            '{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:us-east-1:111111111111:key/*", '
            '"Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/model-promotion"]}, '
            '"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}}',
        ),
        (
            Request("lambda.amazonaws.com", "sts:AssumeRole", "prod role retrain-gate-role", "for nobody"),
            "prod role retrain-gate-role: trust",
            "Services",
            "lambda.amazonaws.com → sts:AssumeRole on prod role retrain-gate-role (for nobody): "
            "prod role retrain-gate-role: trust lacks "
            '{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}',
        ),
    ],
    ids=["key policy", "role", "trust"],
)
def test_a_missing_grant_is_named_with_its_hop_its_document_and_the_statement_to_add(
    judged_without, request_, document, sid, told
):
    everything, judged = judged_without(request_, document, sid)
    assert not judged.kept
    assert missing_grants(everything, request_, judged.answer)[0] == told


def test_a_refusal_by_a_deny_statement_names_it(judged_without):
    data = "dev bucket sagemaker-data/mammography-severity-model/data/batch.csv"
    request = Request("dev sagemaker-execution-role", "s3:PutObject", data, "http")
    everything, judged = judged_without(request)
    assert missing_grants(everything, request, judged.answer) == [
        f"dev sagemaker-execution-role → s3:PutObject on {data} (http): "
        "dev bucket sagemaker-data: policy#DenyInsecureTransport forbids it"
    ]


def test_a_case_with_a_context_key_that_aws_would_not_send_is_broken(judged_without):
    everything, _ = judged_without(Request(ROLE, "kms:Decrypt", "dev key", "via s3"))
    everything.contexts["misspelt"] = {**everything.contexts["via s3"], "kms:ViaServices": "s3"}
    request = Request(ROLE, "kms:Decrypt", "dev key", "misspelt")
    judged = cases.judge(everything, [cases.Case(section="", request=request, allowed=True)])[0]
    assert judged.ignored == ("kms:ViaServices",)
    assert not judged.kept


def test_a_case_about_what_does_not_exist_is_refused(judged_without):
    with pytest.raises(ValueError, match="there is no 'prod role nobody'"):
        judged_without(Request(ROLE, "sts:AssumeRole", "prod role nobody", PLAIN))


def test_a_change_of_a_reviewed_set_is_shown_line_by_line():
    kept, gone, new = (Request("a", f"s3:{name}", "b", PLAIN) for name in ("GetObject", "PutObject", "DeleteObject"))
    assert golden.differences({kept, gone}, {kept, new}) == [
        "+ a: s3:DeleteObject on b (plain)",
        "- a: s3:PutObject on b (plain)",
    ]


GOOD = {
    "Sid": "One",
    "Effect": "Allow",
    "Action": ["s3:GetObject"],
    "Resource": ["arn:aws:s3:::bucket/*"],
    "Condition": {"StringEquals": {"s3:ExistingObjectTag/a": "b"}},
}


@pytest.mark.parametrize(
    ("change", "problem", "subject"),
    [
        ({"Action": ["s3:GetObjects"]}, "unknown action", "s3:GetObjects"),
        ({"Action": ["s4:GetObject"]}, "unknown service", "s4:GetObject"),
        ({"Action": ["s3:Got*"]}, "no action matches", "s3:Got*"),
        ({"Resource": ["arn:aws:s3:::bucket"]}, "wrong resource type", "s3:GetObject"),
        (
            {"Resource": [*GOOD["Resource"], "arn:aws:sqs:us-east-1:1:q"]},
            "resource of no action",
            "arn:aws:sqs:us-east-1:1:q",
        ),
        (
            {"Condition": {"StringEquals": {"s3:Prefixes": "b"}}},
            "unknown condition key",
            "s3:Prefixes for s3:GetObject",
        ),
        ({"Condition": {"StringEqual": {"aws:PrincipalArn": "b"}}}, "unknown operator", "StringEqual"),
        (
            {"Condition": {"ForAnyValues:StringEquals": {"aws:TagKeys": "b"}}},
            "unknown operator",
            "ForAnyValues:StringEquals",
        ),
        ({"Effect": "allow"}, "syntax", None),
    ],
)
def test_the_linter_names_each_mistake_and_passes_what_is_right(change, problem, subject):
    def found(statement):
        document = {"Version": "2012-10-17", "Statement": [statement]}
        return [(one["problem"], one["subject"]) for one in lint({"document": document}, {"document": "identity"})]

    assert found(copy.deepcopy(GOOD)) == []
    mistakes = found({**copy.deepcopy(GOOD), **change})
    assert problem in [name for name, _ in mistakes]
    assert subject is None or (problem, subject) in mistakes


def test_without_node_the_engine_says_what_to_install(monkeypatch):
    monkeypatch.setattr(process.shutil, "which", lambda _: None)
    with pytest.raises(process.EngineError, match="needs Node 20 or newer"):
        process.ask("lint", {"documents": {}})


def test_a_document_that_the_engine_cannot_read_is_an_error_of_its_own():
    with pytest.raises(process.EngineError, match=r"^applicable: there is no action s3:Nothing$"):
        process.ask("applicable", {"actions": ["s3:Nothing"], "resources": {"one": {"arn": "*"}}, "alsoApplicable": {}})
