"""Code of the Lambda functions: one file each, standard library and boto3 only."""
