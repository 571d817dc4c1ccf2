"""What is trained and how: models, data, container scripts, pipeline definitions. Imports none of infra and stacks."""
