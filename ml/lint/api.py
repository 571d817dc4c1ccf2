"""Botocore's model of SageMaker: what each kind of step calls, and what that takes and describes."""

from __future__ import annotations

import functools

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

# Step type → API that it calls, the name that the service makes up itself, and the API that describes the result.
OPERATIONS = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName", "DescribeProcessingJob"),
    "Training": ("CreateTrainingJob", "TrainingJobName", "DescribeTrainingJob"),
    "Transform": ("CreateTransformJob", "TransformJobName", "DescribeTransformJob"),
    "Model": ("CreateModel", "ModelName", "DescribeModel"),
    "RegisterModel": ("CreateModelPackage", "ModelPackageName", "DescribeModelPackage"),
    # Its job is a processing job, but its properties are its own: ml.lint.quality_check.
    "QualityCheck": ("CreateProcessingJob", "ProcessingJobName", "DescribeProcessingJob"),
}


@functools.cache
def service_model(service: str = "sagemaker") -> ServiceModel:
    """Botocore's model of a service."""
    return botocore.session.Session().get_service_model(service)


def request_shape(operation: str, service: str = "sagemaker") -> StructureShape:
    """What an operation takes."""
    shape = service_model(service).operation_model(operation).input_shape
    if shape is None:
        raise ValueError(f"{operation} takes no arguments")
    return shape


def step_into(shape: Shape | None, part: str) -> Shape | None:
    """Shape of a member, of a list's entry or of a map's value; None where there is none."""
    if part.startswith("["):
        return shape.member if isinstance(shape, ListShape) else shape.value if isinstance(shape, MapShape) else None
    return shape.members.get(part) if isinstance(shape, StructureShape) else None
