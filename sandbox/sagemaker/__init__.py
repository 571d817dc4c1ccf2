"""SageMaker in the sandbox: a registry across accounts, pipelines that execute, jobs in processes of their own."""
