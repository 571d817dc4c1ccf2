"""SageMaker pipelines, deployed from the definitions in ``ml/definitions``."""
