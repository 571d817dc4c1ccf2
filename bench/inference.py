"""Batch inference of a million rows in the sandbox, beside a plain script that does the same with the same model."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.accounts import make_rows
from bench.measurement import Measurement, MeasurementError
from ml import model as models
from ml.model import Model
from mlops import runs, versions
from mlops.place import Place

ROWS = 1_000_000
FEW, MANY = 2_000_000, 8_000_000  # enough payloads that an allocator has settled
GOAL_RATIO = 1.3
GOAL_GROWTH = 1.1
PAYLOAD_BYTES = 6 * 1024 * 1024

TRAIN = """
import io, json, sys
import numpy, xgboost
rows, parameters, target = sys.stdin.read(), json.loads(sys.argv[1]), sys.argv[2]
values = numpy.loadtxt(io.StringIO(rows), delimiter=",", dtype="float32")
rounds = parameters.pop("num_round")
xgboost.train(parameters, xgboost.DMatrix(values[:, :-1], values[:, -1]), rounds).save_model(target)
"""
SCORE = """
import sys
import pandas, xgboost
model, source, target = sys.argv[1:]
booster = xgboost.Booster(model_file=model)
rows = pandas.read_csv(source, header=None, dtype="float32")
scores = booster.inplace_predict(rows.to_numpy())
with open(target, "w") as file:
    file.write("\\n".join(map(str, scores.tolist())) + "\\n")
"""

Say = Callable[[str], None]


def measure(place: Place, say: Say) -> list[Measurement]:
    """Needs a version that waits for approval; it is approved, and dev's inference pipeline scores the rows."""
    name = place.settings["dev"].models[0]
    model = models.load(name)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder_name:
        folder = Path(folder_name)
        batch, artifact = folder / "batch.csv", folder / "model.ubj"
        write_batch(batch, model, ROWS)
        parameters = json.dumps(dict(model.hyperparameters))
        _python(TRAIN, parameters, str(artifact), given=make_rows(model))
        started = time.monotonic()
        _python(SCORE, str(artifact), str(batch), str(folder / "scores.csv"))
        plain = time.monotonic() - started
        whole, transform, check = _in_sandbox(place, name, model, batch)
        say(f"a million rows: plain {plain:.2f} s, transform job {transform:.2f} s, whole inference {whole:.2f} s")
        few, many = (_peak(folder, artifact, model, rows) for rows in (FEW, MANY))
    return [
        Measurement(
            name="transform job of a million rows, times a plain script",
            value=transform / plain,
            goal=GOAL_RATIO,
            unit="x",
            details={
                "plain script (s)": plain,
                "transform job (s)": transform,
                "batch check job (s)": check,
                "whole inference pipeline (s)": whole,
            },
        ),
        Measurement(
            name="memory of a transform of 8 million rows, times that of 2",
            value=many / few,
            goal=GOAL_GROWTH,
            unit="x",
            details={"2 million (MB)": few, "8 million (MB)": many},
        ),
    ]


def write_batch(path: Path, model: Model, rows: int) -> None:
    """Rows drawn from those that the model is trained on, without their label."""
    generator = random.Random(rows)
    known = [line.rsplit(",", 1)[0] for line in make_rows(model).splitlines()]
    with path.open("w", encoding="utf-8") as file:
        for _ in range(rows):
            file.write(generator.choice(known) + "\n")


def _peak(folder: Path, artifact: Path, model: Model, rows: int) -> float:
    batch = folder / f"{rows}.csv"
    write_batch(batch, model, rows)
    return peak_megabytes(folder / str(rows), artifact, batch)


def peak_megabytes(folder: Path, artifact: Path, batch: Path) -> float:
    """The most memory that the transform's program holds for one file."""
    root = folder / "opt"
    for name in ("model", "batch", "config", "output"):
        (root / name).mkdir(parents=True)
    (root / "model" / "xgboost-model").write_bytes(artifact.read_bytes())
    (root / "batch" / "batch.csv").symlink_to(batch)
    options = {"Files": ["batch.csv"], "SplitType": "Line", "AssembleWith": "Line", "BatchStrategy": "MultiRecord"}
    (root / "config" / "transform.json").write_text(json.dumps({**options, "MaxPayloadBytes": PAYLOAD_BYTES}))
    command = [sys.executable, "-m", "sandbox.sagemaker.algorithms.xgboost_transform", str(root)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise MeasurementError(f"the transform of {batch.name} failed: {(root / 'output' / 'failure').read_text()}")
    return usage.ru_maxrss / 1024


def _in_sandbox(place: Place, name: str, model: Model, batch: Path) -> tuple[float, float, float]:
    """Seconds of the whole execution, of its transform job and of its batch check."""
    waiting = versions.list_versions(place)
    versions.decide(place, waiting[0]["arn"], "Approved", "measured", "registry")
    key = f"{model.batch_prefix}million.csv"
    bucket = place.names.data_bucket("dev")
    with batch.open("rb") as body:
        place.client("dev", "s3").put_object(Bucket=bucket, Key=key, Body=body)
    pipeline = runs.pipeline_name(place, "dev", "inference", name)
    arn = runs.start(place, "dev", pipeline, {"transform_input": f"s3://{bucket}/{key}"})
    ended = runs.watch(place, "dev", arn, lambda _: None)
    if ended["status"] != "Succeeded":
        raise MeasurementError(f"{pipeline} {ended['status']}: {ended['reason']}")
    sagemaker = place.client("dev", "sagemaker")
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    seconds = {kind: _job_seconds(sagemaker, steps, kind) for kind in ("TransformJob", "ProcessingJob")}
    return ended["seconds"], seconds["TransformJob"], seconds["ProcessingJob"]


def _job_seconds(sagemaker: Any, steps: list[dict[str, Any]], kind: str) -> float:
    arn = next(step["Metadata"][kind]["Arn"] for step in steps if kind in step.get("Metadata", {}))
    describe = getattr(sagemaker, f"describe_{kind.removesuffix('Job').lower()}_job")
    job = describe(**{f"{kind}Name": arn.rsplit("/", 1)[1]})
    noun = kind.removesuffix("Job")
    return float((job[f"{noun}EndTime"] - job[f"{noun}StartTime"]).total_seconds())


def _python(program: str, *arguments: str, given: str | None = None) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MeasurementError(f"the plain script failed: {done.stderr.strip()[-500:]}")
