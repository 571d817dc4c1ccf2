"""The monthly estimate: how often schedules occur, and what executions cost before and after."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlops.project import ROOT
from mlops.review.cost import PRICES, estimate
from mlops.review.frequency import runs_per_month
from mlops.review.model import ResourceChange, StackReview

FOLDER = ROOT / "ml" / "definitions" / "mammography-severity"
TRAIN, INFERENCE = ((FOLDER / f"{name}.json").read_text() for name in ("train", "inference"))
# At the prices of prices.toml: a batch check of 5 minutes on an ml.m5.xlarge, and a transform of 6 on an ml.m5.large;
# three processing jobs of 5 minutes and a training of 4, all on an ml.m5.xlarge.
INFERENCE_PRICE = 5 / 60 * 0.23 + 6 / 60 * 0.115
TRAIN_PRICE = (3 * 5 + 4) / 60 * 0.23
DAILY = 365 / 12


def change(type_: str, name: str, old: Any, new: Any) -> ResourceChange:
    operation = "same" if old == new else "create" if not old else "delete" if not new else "update"
    return ResourceChange(operation=operation, type=type_, name=name, old=old or {}, new=new or {})


def pipeline(name: str, old: str | None, new: str | None, region="us-east-1") -> ResourceChange:
    sides = [text and {"pipelineName": name, "pipelineDefinition": text, "region": region} for text in (old, new)]
    return change("aws:sagemaker/pipeline:Pipeline", name, *sides)


def schedule(old: str | None, new: str | None, name="infer", **more: Any) -> ResourceChange:
    target = {"arn": f"arn:aws:sagemaker:us-east-1:2:pipeline/{name}"}
    sides = [text and {"name": name, "scheduleExpression": text, "target": target, **more} for text in (old, new)]
    return change("aws:scheduler/schedule:Schedule", name, *sides)


def gate(cap: str) -> ResourceChange:
    pipelines = json.dumps({"infer": {"train_pipeline": "train", "drift_step": "D"}})
    inputs = {"environment": {"variables": {"WEEKLY_CAP": cap, "PIPELINES": pipelines}}}
    return change("aws:lambda/function:Function", "gate", inputs, inputs)


def review(*resources: ResourceChange) -> StackReview:
    return StackReview(
        stack="prod",
        changes=tuple(one for one in resources if one.operation != "same"),
        unchanged=tuple(one for one in resources if one.operation == "same"),
    )


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("cron(0 23 * * ? *)", DAILY),
        ("cron(0 8,20 * * ? *)", 2 * DAILY),
        ("cron(0/15 8-17 ? * MON-FRI *)", 40 * 261 / 12),
        ("cron(0 6 ? * 1 *)", 52 / 12),
        ("cron(0 0 1 * ? *)", 1),
        ("cron(0 0 L * ? *)", 1),
        ("cron(0 0 ? 1-6 2#1 *)", 0.5),
        ("cron(0 0 31 JAN,FEB ? *)", 1 / 12),
        ("rate(6 hours)", 4 * DAILY),
        ("rate(2 days)", DAILY / 2),
        ("at(2026-01-01T00:00:00)", 0),
        ("cron(0 25 * * ? *)", None),
        ("cron(0 23 * *)", None),
        ("every day", None),
    ],
)
def test_a_schedule_is_counted_over_a_year(expression, runs):
    assert runs_per_month(expression) == (None if runs is None else pytest.approx(runs))


def test_the_committed_pipelines_cost_what_their_jobs_cost():
    found = estimate(
        [review(pipeline("infer", INFERENCE, INFERENCE), schedule("rate(1 day)", "rate(1 day)"), gate("3"),
                pipeline("train", TRAIN, TRAIN), change("aws:kms/key:Key", "key", {"a": 1}, {"a": 1}))]
    )  # fmt: skip
    assert found.before.scheduled == pytest.approx(DAILY * INFERENCE_PRICE)
    assert found.before.retraining == pytest.approx(3 * 4.35 * TRAIN_PRICE)
    assert found.before.keys == 1
    assert found.before == found.after
    assert found.lines()[0] == "stays $2.88 a month: schedules $0.93, retraining at its weekly cap $0.95, keys $1.00"


@pytest.mark.parametrize(
    ("changed", "before", "after"),
    [
        (schedule("rate(1 day)", "rate(12 hours)"), 1, 2),
        (schedule("rate(1 day)", None), 1, 0),
        (schedule(None, "rate(1 day)"), 0, 1),
        (schedule("rate(1 day)", "rate(1 day)", state="DISABLED"), 0, 0),
    ],
    ids=["oftener", "deleted", "new", "disabled"],
)
def test_a_schedule_counts_on_its_side_of_the_change(changed, before, after):
    found = estimate([review(pipeline("infer", INFERENCE, INFERENCE), changed)])
    expected = DAILY * INFERENCE_PRICE
    assert (found.before.total, found.after.total) == (
        pytest.approx(before * expected),
        pytest.approx(after * expected),
    )


def test_instances_are_counted_by_type_and_number():
    larger = INFERENCE.replace('"ml.m5.large"', '"ml.m5.xlarge"')
    more = larger.replace('"InstanceCount": 1', '"InstanceCount": 2')
    daily = schedule("rate(1 day)", "rate(1 day)")
    found = estimate([review(pipeline("infer", larger, more), daily)])
    assert found.before.total == pytest.approx(DAILY * 11 / 60 * 0.23)
    assert found.after.total == pytest.approx(2 * found.before.total)


def test_a_parameters_default_is_what_a_job_runs_on():
    larger = TRAIN.replace('"DefaultValue": "ml.m5.xlarge"', '"DefaultValue": "ml.m5.large"')
    found = estimate([review(pipeline("train", TRAIN, larger), gate("3"))])
    assert found.after.total == pytest.approx(found.before.total / 2)


def test_a_new_pipelines_schedule_is_counted_though_its_arn_is_not_known():
    new = change(
        "aws:scheduler/schedule:Schedule",
        "infer",
        None,
        {"name": "infer", "scheduleExpression": "rate(1 day)", "target": {"arn": "[known after deployment]"}},
    )
    assert estimate([review(pipeline("infer", None, INFERENCE), new)]).after.total == pytest.approx(
        DAILY * INFERENCE_PRICE
    )


def test_of_exclusive_branches_the_dearer_counts():
    job = {"Type": "Training", "Arguments": {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1}}}
    branches = {
        "Conditions": [],
        "IfSteps": [job | {"Name": "A"}, job | {"Name": "B"}],
        "ElseSteps": [job | {"Name": "C"}],
    }
    definition = json.dumps({"Steps": [{"Name": "If", "Type": "Condition", "Arguments": branches}]})
    found = estimate([review(pipeline("infer", definition, definition), schedule("rate(1 day)", "rate(1 day)"))])
    assert found.after.total == pytest.approx(DAILY * 2 * 4 / 60 * 0.115)


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        ([pipeline("infer", INFERENCE, INFERENCE.replace("ml.m5.large", "ml.p4d.24xlarge"))],
         "no price known for ml.p4d.24xlarge, left out"),
        ([pipeline("infer", INFERENCE, "[known after deployment]")],
         "infer: its definition is not known before the deployment, left out"),
        ([pipeline("infer", INFERENCE, INFERENCE, region="eu-west-1")],
         "Prices are those of us-east-1, not of eu-west-1"),
    ],
    ids=["type", "definition", "region"],
)  # fmt: skip
def test_what_the_estimate_does_not_know_it_says(resources, says):
    assert says in estimate([review(*resources, schedule("rate(1 day)", "rate(1 day)"))]).lines()


def test_a_schedule_that_cannot_be_read_is_named():
    found = estimate([review(pipeline("infer", INFERENCE, INFERENCE), schedule("rate(1 day)", "sometimes"))])
    assert "schedule sometimes cannot be read, left out" in found.lines()


def test_both_sides_and_the_assumptions_are_in_the_lines():
    found = estimate([review(pipeline("infer", INFERENCE, INFERENCE), schedule("rate(1 day)", "rate(12 hours)"))])
    assert found.lines() == [
        "$0.93 → $1.87 a month: schedules $0.93 → $1.87",
        "Assumed: 5, 4, 6 min a Processing, Training, Transform job; us-east-1 prices of 2026-08; no manual runs, "
        "storage, requests",
    ]


def test_prices_name_the_pages_that_decide():
    text = PRICES.read_text()
    assert "https://aws.amazon.com/sagemaker/ai/pricing/" in text
    assert "https://aws.amazon.com/kms/pricing/" in text
