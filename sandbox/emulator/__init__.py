"""The embedded AWS: ministack in one process on loopback, under AWS's access rules, with a SageMaker of ours."""
