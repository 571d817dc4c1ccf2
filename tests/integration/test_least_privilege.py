"""The deployment roles have what they need and nothing idle: without any one statement, `up` fails naming it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ACCOUNTS, Checkout, make_checkout

from infra.identity.deployment import deployment_statements
from infra.names import Names
from ml import model as models
from mlops.project import load_settings

ROLES = {
    "registry": "model-promotion-deployment-role",
    "dev": "model-promotion-deployment-role",
    "prod": "cross-account-jenkins-role",
}
# Statements that `up` itself does not use, and who does.
USED_BY_OTHERS = {
    "State",  # the S3 backend of `pulumi login s3://…`; the sandbox keeps its state in a folder
}


def statements(environment: str) -> list[str]:
    settings = load_settings()[environment]
    chosen = [models.load(name) for name in settings.models]
    return [s.sid for s in deployment_statements(Names(settings), environment, chosen)]
