"""Facts of a short story for tests of the page: two versions, a clean day, a day of drift, a broken file."""

from __future__ import annotations

from mlops.page.facts import Facts

FEATURES = ("BI-RADS", "Age", "Shape", "Margin", "Density")
PACKAGE = "arn:aws:sagemaker:us-east-1:333333333333:model-package/mammo-severity-model-package"
APPROVER = "arn:aws:sts::333333333333:assumed-role/approver/ada"


def execution(number, where, started, status, steps, *, reason=None, outcome="succeeded"):
    environment, pipeline = where
    return {
        "arn": f"arn:aws:sagemaker:us-east-1:222222222222:pipeline/{pipeline}/execution/{number:012}",
        "environment": environment,
        "pipeline": pipeline,
        "status": status,
        "started": started,
        "seconds": 4.2,
        "reason": reason,
        "steps": steps,
        "outcome": outcome,
    }


def feature(name, *, drifted):
    baseline = [{"value": str(value), "share": 0.25} for value in range(1, 5)]
    shares = (0.05, 0.1, 0.15, 0.7) if drifted else (0.24, 0.26, 0.25, 0.25)
    batch = [{"value": str(value), "share": share} for value, share in zip(range(1, 5), shares, strict=True)]
    distance = 0.45 if drifted else 0.01
    return {
        "name": name,
        "kind": "nominal",
        "drifted": drifted,
        "change": f"{name}: shares moved by {distance}",
        "distribution": {"distance": distance, "drifted": drifted, "baseline": baseline, "batch": batch},
        "missing": {"baseline_rate": 0.02, "batch_rate": 0.04, "drifted": False},
    }


def check(verdict, drifted=()):
    usable = verdict != "bad-input"
    return {
        "verdict": verdict,
        "summary": "line 1, column 2 (Age): not a number" if not usable else f"{len(drifted)} features moved",
        "input": "s3://data/batch.csv",
        "model_package_arn": f"{PACKAGE}/1",
        "rows": 48,
        "features": [feature(name, drifted=name in drifted) for name in FEATURES] if usable else [],
    }


def version(number, status, reason):
    return {
        "version": number,
        "group": "mammo-severity-model-package",
        "arn": f"{PACKAGE}/{number}",
        "status": status,
        "reason": reason,
        "created": f"2026-11-2{number}T10:00:00+00:00",
        "changed": f"2026-11-2{number}T11:00:00+00:00",
        "changed_by": APPROVER,
        "trained_in": "dev" if number == 1 else "prod",
        "auc": 0.9 + number / 100,
        "auc_lower_bound": 0.85,
        "auc_upper_bound": 0.95,
        "evaluation": "s3://models/evaluation.json",
    }


def evaluation(bend):
    bins = [{"count": 12, "mean_prediction": (n + 0.5) / 10, "observed_rate": n / 9} for n in range(10)]
    return {
        "binary_classification_metrics": {
            "receiver_operating_characteristic_curve": {
                "false_positive_rates": [0.0, bend, 1.0],
                "true_positive_rates": [0.0, 1 - bend, 1.0],
            }
        },
        "calibration": {"bins": [*bins, {"count": 0}]},
    }


TRAIN, INFERENCE = "mammo-severity-train-pipeline", "mammo-severity-inference-pipeline"
CHECKED = {"Mammo-BatchCheck": "Succeeded"}
EXECUTIONS = [
    execution(1, ("dev", TRAIN), "2026-11-21T10:00:00+00:00", "Succeeded", {}),
    execution(2, ("prod", INFERENCE), "2026-11-21T23:00:00+00:00", "Succeeded", CHECKED),
    execution(
        3,
        ("prod", INFERENCE),
        "2026-11-22T23:00:00+00:00",
        "Failed",
        CHECKED,
        reason="Shape moved <b>",
        outcome="drift",
    ),
    execution(4, ("prod", TRAIN), "2026-11-22T23:00:09+00:00", "Succeeded", {}),
    execution(
        5, ("prod", INFERENCE), "2026-11-23T23:00:00+00:00", "Failed", CHECKED, reason="header", outcome="bad input"
    ),
]
FACTS = Facts(
    place="the sandbox",
    now="2026-11-24T08:00:00+00:00",
    versions=[version(1, "Approved", "good on the test split"), version(2, "PendingManualApproval", None)],
    evaluations={f"{PACKAGE}/1": evaluation(0.1), f"{PACKAGE}/2": evaluation(0.2)},
    executions=EXECUTIONS,
    checks={
        EXECUTIONS[1]["arn"]: check("ok"),
        EXECUTIONS[2]["arn"]: check("drift", ("Shape", "Margin")),
        EXECUTIONS[4]["arn"]: check("bad-input"),
    },
    mail=[{"id": 1, "at": "2026-11-22T23:00:10+00:00", "to": "team@example.com", "subject": "Drift", "text": "…"}],
)
EMPTY = Facts(
    place="AWS", now="2026-11-24T08:00:00+00:00", versions=[], evaluations={}, executions=[], checks={}, mail=[]
)
