"""Keep the SageMaker SDK from asking AWS, or this machine, anything while a definition is built."""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import sys
import warnings
from types import ModuleType


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
    if importlib.util.find_spec("docker") is None:
        _stand_in_for_docker()


def _stand_in_for_docker() -> None:
    """``sagemaker.serve`` imports docker, for containers on this machine, and does not declare it as a dependency."""
    docker = ModuleType("docker")
    docker.DockerClient = object  # type: ignore[attr-defined]
    types = ModuleType("docker.types")
    types.DeviceRequest = object  # type: ignore[attr-defined]
    sys.modules.update({"docker": docker, "docker.types": types})


def speed_up() -> None:
    """Stop the SDK from repeating work: 40 s less. Call it after ``isolate``.

    It checks its configuration, here a constant in ``ml.pipelines.train``, at each of some 60 look-ups, and reads
    botocore's list of endpoints for each address of a container.
    """
    # Importing them takes seconds.
    from sagemaker.core import common_utils  # noqa: PLC0415
    from sagemaker.core.config.config_manager import SageMakerConfig  # noqa: PLC0415

    SageMakerConfig.validate_sagemaker_config = staticmethod(lambda *_: None)
    common_utils._botocore_resolver = functools.cache(common_utils._botocore_resolver)
