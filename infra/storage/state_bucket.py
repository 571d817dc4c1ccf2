"""The bucket of Pulumi's state, in prod: made by `mlops bootstrap`, since no stack can be deployed before it."""

from __future__ import annotations

from infra.names import Names
from infra.storage.bucket import BucketArgs

OLD_STATE_DAYS = 365


def state_bucket_args(names: Names) -> BucketArgs:
    """The bucket as it must be; `mlops bootstrap` makes it from here and the prod stack adopts it.

    It is encrypted with the account's AWS managed key: the account's own key is in the state that this bucket holds.
    """
    return BucketArgs(
        bucket=names.state_bucket,
        bucket_arn=names.bucket_arn(names.state_bucket),
        kms_key_arn=None,
        old_version_days=OLD_STATE_DAYS,
        adopted=True,
    )
