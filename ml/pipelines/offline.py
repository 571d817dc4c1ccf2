"""Keep the SageMaker SDK from asking AWS, or this machine, anything while a definition is built."""

from __future__ import annotations

import functools
import logging
import os
import warnings
from typing import NoReturn


def isolate(region: str) -> None:
    """Prepare this process; call it before the first import of ``sagemaker``, which reads all of this at import."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        {
            "AWS_DEFAULT_REGION": region,
            # With no keys the SDK looks for them in files and at the metadata address of EC2; nothing is ever signed.
            "AWS_ACCESS_KEY_ID": "unused",
            "AWS_SECRET_ACCESS_KEY": "unused",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # ModelTrainer and ModelBuilder look the role up in IAM otherwise.
            "SAGEMAKER_VALIDATE_ROLE": "false",
            # A user's or site's SDK defaults would end up in the definition.
            "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": os.devnull,
            "SAGEMAKER_USER_CONFIG_OVERRIDE": os.devnull,
        }
    )
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)


class UnusedClient:
    """Stands where the SDK makes a client of an AWS service for later; whoever uses it is told that there is none."""

    def __init__(self, service: str) -> None:
        self.service = service

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(f"{self.service}.{name} is asked of AWS while a definition is built")


def speed_up() -> None:
    """Stop the SDK from repeating work: 45 s less. Call it after ``isolate``.

    It checks its configuration, here a constant in ``ml.pipelines.train``, at each of some 60 look-ups, reads
    botocore's list of endpoints for each address of a container, and makes 30 clients that building never uses.
    """
    # Importing them takes seconds.
    import boto3  # noqa: PLC0415
    from sagemaker.core import common_utils  # noqa: PLC0415
    from sagemaker.core.config.config_manager import SageMakerConfig  # noqa: PLC0415
    from sagemaker.core.helper import session_helper  # noqa: PLC0415

    SageMakerConfig.validate_sagemaker_config = staticmethod(lambda *_: None)
    session_helper.validate_sagemaker_config = lambda *_: None
    common_utils._botocore_resolver = functools.cache(common_utils._botocore_resolver)
    for maker in ("client", "resource"):
        setattr(boto3.Session, maker, lambda _, service, *__, **___: UnusedClient(service))
