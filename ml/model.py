"""A model's settings, read from ``ml/models/<name>.toml``; cheap to import, so that programs can read names from it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

MODELS = Path(__file__).parent / "models"

# Names that AWS accepts: letters, digits and hyphens, not beginning or ending with a hyphen.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePipeline.html
EntityName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", max_length=63)]
# The rule on a pipeline's failures is named after it, with "-failed", and two environments in one account add theirs; a
# rule's name has 64 characters: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
PipelineName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", max_length=48)]
InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Kind = Literal["ordinal", "nominal", "numeric"]


class ModelFileError(ValueError):
    """A model's file is missing or wrong; the message says what to write."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Column(_Section):
    """One column of the raw data; a value outside ``minimum`` to ``maximum`` counts as missing."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
    kind: Kind
    minimum: float
    maximum: float

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.minimum >= self.maximum:
            raise ValueError(f"minimum {self.minimum:g} must be less than maximum {self.maximum:g}")
        return self


class Split(_Section):
    """Fractions of the rows for training and validation; the rest is the test split."""

    train_fraction: Fraction
    validation_fraction: Fraction
    seed: Seed

    @model_validator(mode="after")
    def _check_rest(self) -> Self:
        if self.train_fraction + self.validation_fraction >= 1:
            raise ValueError("train_fraction and validation_fraction must leave rows for the test split: sum below 1")
        return self


class Evaluation(_Section):
    """How a trained model is judged."""

    auc_threshold: Annotated[float, Field(gt=0.5, lt=1)]
    confidence: Fraction
    bootstrap_samples: Annotated[int, Field(ge=200, le=100_000)]
    bootstrap_seed: Seed
    decision_threshold: Fraction
    calibration_bins: Annotated[int, Field(ge=2, le=100)]


class BatchCheck(_Section):
    """How a batch is compared with the training rows."""

    significance: Fraction


class Instances(_Section):
    """Machines that the jobs run on; volumes in GB, run time in seconds."""

    processing_type: InstanceType
    processing_count: Annotated[int, Field(ge=1)]
    training_type: InstanceType
    inference_types: Annotated[list[InstanceType], Field(min_length=1)]
    transform_types: Annotated[list[InstanceType], Field(min_length=1)]
    volume_size_gb: Annotated[int, Field(ge=1)]
    max_runtime_seconds: Annotated[int, Field(ge=60, le=432_000)]


class Model(_Section):
    """A model: its names, columns, hyperparameters, and how it is split, judged and run."""

    model_name: EntityName
    package_group_name: EntityName
    package_group_description: Annotated[str, Field(max_length=1024)]
    train_pipeline_name: PipelineName
    inference_pipeline_name: PipelineName
    step_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", max_length=20)]
    base_job_prefix: EntityName
    batch_file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    label: Column
    features: Annotated[list[Column], Field(min_length=1)]
    split: Split
    hyperparameters: Annotated[dict[str, str | int | float], Field(min_length=1)]
    evaluation: Evaluation
    batch_check: BatchCheck
    instances: Instances

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        names = [column.name for column in (*self.features, self.label)]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"column names must differ; written twice: {', '.join(repeated)}")
        if (self.label.minimum, self.label.maximum) != (0, 1):
            raise ValueError("the label of binary:logistic is 0 or 1: write minimum = 0 and maximum = 1")
        return self

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Feature columns in the order of the raw files."""
        return tuple(column.name for column in self.features)

    @property
    def column_names(self) -> tuple[str, ...]:
        """All columns in the order of the raw files: features, then the label."""
        return (*self.feature_names, self.label.name)

    @property
    def train_prefix(self) -> str:
        """Prefix in the data bucket under which the train pipeline reads every CSV file."""
        return f"{self.model_name}/data/train-dataset/"

    @property
    def batch_prefix(self) -> str:
        """Prefix in the data bucket that holds the files to score."""
        return f"{self.model_name}/data/batch-dataset/"

    @property
    def default_batch_key(self) -> str:
        """Key in the data bucket of the file that is scored when an execution names no other."""
        return f"{self.batch_prefix}{self.batch_file}"

    @property
    def execution_prefix(self) -> str:
        """Prefix in the data bucket under which every execution writes, each below its id."""
        return f"{self.model_name}/executions"

    @property
    def script_prefix(self) -> str:
        """Prefix in the data bucket that holds the scripts of ``ml/steps``."""
        return f"{self.model_name}/scripts/"


def names() -> tuple[str, ...]:
    """Names of the models in ``ml/models``, sorted."""
    return tuple(sorted(path.stem for path in MODELS.glob("*.toml")))


def load(name: str, folder: Path = MODELS) -> Model:
    """The model whose file is ``<name>.toml``; ModelFileError names every mistake in it at once."""
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.toml"))) or "none"
        raise ModelFileError(f"there is no model {name!r}: write {path.name}, or name one of: {known}")
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ModelFileError(f"{path.name} is not TOML: {error}") from error
    try:
        return Model.model_validate(settings)
    except ValidationError as error:
        mistakes = [f"  {_place(mistake['loc'])}: {_advice(mistake)}" for mistake in error.errors()]
        raise ModelFileError("\n".join([f"{path.name} is wrong:", *mistakes])) from error


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the file"


def _advice(mistake: object) -> str:
    """What to write instead of one of pydantic's findings."""
    assert isinstance(mistake, dict)  # noqa: S101  # ErrorDetails is a TypedDict
    match mistake["type"]:
        case "missing":
            return "is missing; write it"
        case "extra_forbidden":
            return "is not a setting; remove it, or correct its spelling"
        case "value_error":
            return str(mistake["msg"]).removeprefix("Value error, ")
        case _:
            return f"{str(mistake['msg']).removeprefix('Input ')}, not {mistake['input']!r}"
