"""The proof itself under test, on a seeded sample; `make prove-access-mutations` takes every mutant."""

from __future__ import annotations

import pytest

from tools.access_matrix import mutation
from tools.access_matrix.mutant import mutants

SEED = 20261122
SAMPLE = 60


@pytest.fixture(scope="module")
def outcome():
    return mutation.run(*mutation.all_mutants(SEED, SAMPLE))


def test_of_the_mutants_that_change_what_somebody_can_do_the_layers_notice_95_percent(outcome):
    assert outcome.total == SAMPLE
    assert outcome.caught > SAMPLE / 2
    assert outcome.rate >= mutation.LEAST_NOTICED, (outcome.told(), outcome.survivors)


def test_every_survivor_is_listed_with_its_reason(outcome):
    assert mutation.unexplained_survivors(outcome) == []
    assert all(reason for reason in mutation.known_survivors().values())


def test_a_mutant_that_no_layer_notices_is_a_survivor(monkeypatch):
    everything, found = mutation.all_mutants()
    chosen = [
        mutant for mutant in found if mutant.name == "dev key: policy#ProdReadsModelArtifacts: drop the statement"
    ]
    monkeypatch.setattr(mutation, "read_cases", list)
    everything.across.clear()
    everything.within.clear()
    outcome = mutation.run(everything, chosen)
    assert list(outcome.survivors) == [chosen[0].name]
    assert outcome.rate == 0
    assert mutation.unexplained_survivors(outcome) != []


def test_mutants_drop_and_widen_every_part_of_a_statement():
    statement = {
        "Sid": "One",
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"]},
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ["1", "2"]},
            "ArnEquals": {"aws:SourceArn": "arn:aws:sqs:us-east-1:1:q"},
            "Bool": {"aws:SecureTransport": "true"},
        },
    }
    found = [mutant.what for mutant in mutants("document", {"Statement": [statement]})]
    assert found == [
        "drop the statement",
        "drop s3:GetObject",
        "drop s3:PutObject",
        "widen the actions to s3:*",
        "drop arn:aws:s3:::a/*",
        "drop arn:aws:s3:::b/*",
        "widen the resources to *",
        "widen AWS to *",
        "drop arn:aws:iam::111111111111:root",
        "drop arn:aws:iam::222222222222:root",
        "drop every condition",
        "drop StringEquals aws:SourceAccount",
        "drop 1 of aws:SourceAccount",
        "drop 2 of aws:SourceAccount",
        "widen aws:SourceAccount to *",
        "drop ArnEquals aws:SourceArn",
        "widen aws:SourceArn to arn:*:sqs:*:*:*",
        "drop Bool aws:SecureTransport",
        "widen aws:SecureTransport to false",
    ]
