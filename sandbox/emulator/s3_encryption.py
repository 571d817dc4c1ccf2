"""SSE-KMS: S3 uses a key on the caller's behalf, so the caller needs the key as well as the object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import s3

from sandbox.emulator import authorization, keys
from sandbox.emulator.request import Check, Request, current

ALGORITHM = "x-amz-server-side-encryption"
KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"

Headers = dict[str, str]


def resolve_write(original: Callable[[Headers, str], tuple[Headers, Any]]) -> Callable[..., tuple[Headers | None, Any]]:
    """A write, with its own headers or the bucket's default: ``kms:GenerateDataKey``; the answer has the key's ARN."""

    def resolve(headers: Headers, bucket_name: str) -> tuple[Headers | None, Any]:
        if headers.get(ALGORITHM) == "aws:kms" and not headers.get(KEY_ID):
            headers = {**headers, KEY_ID: keys.S3_ALIAS}
        applied, error = original(headers, bucket_name)
        request = current.get()
        if error is not None or request is None or applied.get(ALGORITHM) != "aws:kms":
            return applied, error
        reference = applied.get(KEY_ID) or keys.S3_ALIAS
        key, error = _use(request, reference, "kms:GenerateDataKey", bucket_name)
        return (None, error) if key is None else ({**applied, KEY_ID: key["Arn"]}, None)

    return resolve


def check_read(original: Callable[[Headers, Any], Any]) -> Callable[[Headers, Any], Any]:
    """Reading an object's bytes, also as the source of a copy: ``kms:Decrypt``. HEAD reads none."""

    def check(headers: Headers, stored: dict[str, Any]) -> Any:
        error = original(headers, stored)
        request = current.get()
        preserved = stored.get("preserved_headers", {})
        if error is not None or request is None or request.method == "HEAD" or preserved.get(ALGORITHM) != "aws:kms":
            return error
        return _use(request, preserved.get(KEY_ID, ""), "kms:Decrypt", "")[1]

    return check


def check_part(original: Callable[[Headers, Any], Any]) -> Callable[[Headers, Any], Any]:
    """A part of a multipart upload and its completion: ``kms:Decrypt``.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    """
    return check_read(original)


def _use(request: Request, reference: str, action: str, bucket_name: str) -> tuple[dict[str, Any] | None, Any]:
    """The key, or S3's answer to a caller who may not use it."""
    # An alias is looked up in the caller's account, also where it comes from the bucket's default.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
    key = keys.find(reference, request.account_id, request.region)
    if key is None and reference == keys.S3_ALIAS:
        key = keys.make_s3_key(request.account_id, request.region)
    if key is None or not request.access_key_id:
        return None, _no_key(request, reference)
    principal = iam_evaluator.resolve_principal(request.access_key_id, request.account_id)
    if isinstance(principal, iam_evaluator.AuthError):
        return None, s3._error(principal.code, principal.message, 403)
    check = Check(action=action, resource_arn=key["Arn"], context=_context(request, key, reference, bucket_name))
    if authorization.refused_result(principal, check, request.region) is not None:
        return None, s3._error("AccessDenied", authorization.refusal.get(), 403)
    problem = keys.unusable(key)
    if problem is not None:
        return None, s3._error(f"KMS.{problem[0]}", problem[1], 400)
    return key, None


def _no_key(request: Request, reference: str) -> Any:
    if not request.access_key_id:
        text = "Requests specifying Server Side Encryption with AWS KMS managed keys must be made using AWS Signature"
        return s3._error("InvalidArgument", f"{text} Version 4.", 400)
    arn = reference
    if not reference.startswith("arn:"):
        kind = "" if reference.startswith("alias/") else "key/"
        arn = f"arn:aws:kms:{request.region}:{request.account_id}:{kind}{reference}"
    return s3._error("KMS.NotFoundException", f"Key '{arn}' does not exist", 400)


def _context(request: Request, key: dict[str, Any], reference: str, bucket_name: str) -> dict[str, Any]:
    path = request.path.lstrip("/")
    arn = f"arn:aws:s3:::{path}"
    default = s3._bucket_encryption.get(bucket_name or path.partition("/")[0]) or ""
    if "<BucketKeyEnabled>true" in default:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
        arn = f"arn:aws:s3:::{bucket_name or path.partition('/')[0]}"
    return {
        **keys.condition_context(key, reference),
        "kms:CallerAccount": request.account_id,
        "kms:ViaService": f"s3.{key['Arn'].split(':')[3]}.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": arn,
        "kms:EncryptionContextKeys": ["aws:s3:arn"],
    }
