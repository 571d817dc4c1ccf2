"""Who can reach what, on the documents that the three programs declare."""

from __future__ import annotations

import re

from tools.access_matrix import golden
from tools.access_matrix.grant import missing_grants
from tools.access_matrix.report import PAGE, line, page


def test_every_promise_of_the_cases_is_kept(proof):
    broken = [one for one in proof.judged if not one.kept]
    told = [
        [line(one, proof.universe), *missing_grants(proof.universe, one.case.request, one.answer)] for one in broken
    ]
    assert told == []


def test_cases_are_forty_or_more_and_half_of_them_refusals(proof):
    refusals = [one for one in proof.judged if not one.case.allowed]
    assert len(proof.judged) >= 40
    assert len(refusals) * 2 >= len(proof.judged)


def test_nothing_is_allowed_across_accounts_that_was_not_reviewed(proof):
    assert golden.differences(golden.read(golden.ACROSS), proof.across) == []


def test_nothing_is_allowed_within_an_account_that_was_not_reviewed(proof):
    assert golden.differences(golden.read(golden.WITHIN), proof.within) == []


def test_no_request_carries_a_context_key_that_aws_would_not_send(proof):
    assert proof.ignored == []
    assert [one.case.request for one in proof.judged if one.ignored] == []


def test_documents_name_nothing_that_aws_does_not_know(proof):
    assert proof.findings == []


def test_the_page_of_the_documentation_is_what_was_judged(proof):
    assert page(proof.universe, proof.judged, proof.across) == PAGE.read_text(), "run `make prove-access` and commit"


def test_the_security_page_points_to_sections_of_the_matrix_that_exist(proof):
    text = " ".join((PAGE.parent / "security.md").read_text().split())
    named = [name for place in re.findall(r"matrix: ([^\])]*)", text) for name in re.findall(r"\*([^*]+)\*", place)]
    sections = {one.case.section for one in proof.judged}
    assert len(named) >= 5
    assert [name for name in named if not any(section.startswith(name) for section in sections)] == []


def test_no_administrator_of_another_account_approves_deletes_or_replaces_anything(proof):
    strangers = {f"{name} administrator" for name in ("dev", "prod", "jenkins", "stranger")}
    changing = (
        "Update",
        "Delete",
        "Put",
        "Create",
        "Start",
        "Stop",
        "Attach",
        "Schedule",
        "Disable",
        "Publish",
        "Send",
    )
    found = {
        (request.principal, request.action)
        for request in proof.across
        if request.principal in strangers and request.action.split(":")[1].startswith(changing)
    }
    # Dev's and prod's administrators may make a model, in their own account, of a version that they may read.
    assert found == {(f"{name} administrator", "sagemaker:CreateModel") for name in ("dev", "prod")}
