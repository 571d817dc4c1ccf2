"""Which program stands for a container image: decided by the image's repository name."""

from __future__ import annotations

import re

XGBOOST = "sagemaker-xgboost"
SCIKIT_LEARN = "sagemaker-scikit-learn"
MODEL_MONITOR = "sagemaker-model-monitor-analyzer"
_RUNS = {
    "processing-job": (SCIKIT_LEARN, XGBOOST, MODEL_MONITOR),
    "training-job": (XGBOOST,),
    "transform-job": (XGBOOST,),
}
_URI = re.compile(r"(?:[\w.-]+/)*([\w.-]+?)(?:[:@].*)?")


def repository(image_uri: str) -> str:
    """``sagemaker-xgboost`` of ``683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1``."""
    match = _URI.fullmatch(image_uri)
    return match[1] if match else image_uri


def refusal(kind: str, image_uri: str) -> str | None:
    """Why the sandbox cannot run an image in a job of this kind; None when it can."""
    if repository(image_uri) in _RUNS[kind]:
        return None
    known = " and ".join(_RUNS[kind])
    return f"ClientError: The sandbox cannot run image {image_uri} in a {kind}: it has {known} only."
