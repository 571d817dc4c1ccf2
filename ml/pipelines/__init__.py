"""Pipelines as programs of the SageMaker SDK; ``python -m ml.compile`` turns them into ml/definitions."""
