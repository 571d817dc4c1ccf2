"""What the sandbox runs in place of SageMaker's container images."""
