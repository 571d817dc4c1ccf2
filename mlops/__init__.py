"""The command line: brings the accounts up and down, runs pipelines, approves model versions."""
