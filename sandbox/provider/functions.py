"""Lambda functions, as in github.com/hashicorp/terraform-provider-aws, internal/service/lambda/function.go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from sandbox.provider.archive import zip_bytes
from sandbox.provider.aws import Aws
from sandbox.provider.naming import from_aws, to_aws
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags
from sandbox.provider.wire import Asset, Data, without_none

_GONE = "ResourceNotFoundException"
_CODE = frozenset({"architectures", "code", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash"})
_PLAIN = {
    "description": "Description",
    "handler": "Handler",
    "kmsKeyArn": "KMSKeyArn",
    "layers": "Layers",
    "memorySize": "MemorySize",
    "role": "Role",
    "runtime": "Runtime",
    "timeout": "Timeout",
}
_BLOCKS = {
    "deadLetterConfig": "DeadLetterConfig",
    "ephemeralStorage": "EphemeralStorage",
    "loggingConfig": "LoggingConfig",
    "tracingConfig": "TracingConfig",
}
_WRITABLE = frozenset({*_PLAIN, *_BLOCKS, "environment"})


class Function(Resource):
    """Its id is its name."""

    pulumi_type = "aws:lambda/function:Function"
    properties: ClassVar[Fields] = {
        "architectures": Property(computed=True),
        "code": Property(kept=True),
        "deadLetterConfig": Property(fields={"targetArn": Property(required=True)}),
        "description": Property(),
        "environment": Property(fields={"variables": Property()}),
        "ephemeralStorage": Property(computed=True, fields={"size": Property()}),
        "handler": Property(),
        "kmsKeyArn": Property(),
        "layers": Property(),
        "loggingConfig": Property(
            computed=True,
            fields={
                "applicationLogLevel": Property(),
                "logFormat": Property(required=True),
                "logGroup": Property(),
                "systemLogLevel": Property(),
            },
            same=lambda old, new: all((old or {}).get(name) == value for name, value in new.items() if value),
        ),
        "memorySize": Property(default=128),
        "name": Property(computed=True, replaces=True),
        "packageType": Property(default="Zip", replaces=True, values=("Zip",)),
        "publish": Property(default=False, kept=True),
        "reservedConcurrentExecutions": Property(default=-1),
        "role": Property(required=True),
        "runtime": Property(),
        "s3Bucket": Property(kept=True),
        "s3Key": Property(kept=True),
        "s3ObjectVersion": Property(kept=True),
        "skipDestroy": Property(default=False, kept=True),
        "sourceCodeHash": Property(computed=True, kept=True),
        "timeout": Property(default=3),
        "tracingConfig": Property(computed=True, fields={"mode": Property(required=True)}),
    }
    outputs = (
        "arn",
        "codeSha256",
        "codeSigningConfigArn",
        "invokeArn",
        "lastModified",
        "qualifiedArn",
        "qualifiedInvokeArn",
        "responseStreamingInvokeArn",
        "sourceCodeSize",
        "version",
    )
    refused = frozenset(
        {
            "capacityProviderConfig",
            "codeSha256",
            "codeSigningConfigArn",
            "durableConfig",
            "fileSystemConfig",
            "imageConfig",
            "imageUri",
            "publishTo",
            "replaceSecurityGroupsOnDestroy",
            "replacementSecurityGroupIds",
            "snapStart",
            "sourceKmsKeyArn",
            "tenancyConfig",
            "useResourceTimeoutForPropagation",
            "vpcConfig",
        }
    )
    name_property = "name"
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        request = {
            **self._configuration(new),
            "Architectures": new.get("architectures"),
            "Code": self._code(new),
            "PackageType": new["packageType"],
            "Publish": new["publish"],
            "Tags": new["tagsAll"] or None,
        }
        aws.client("lambda").create_function(**without_none(request))
        return str(new["name"])

    def finish(self, aws: Aws, resource_id: str, new: Data) -> None:
        if new["reservedConcurrentExecutions"] >= 0:
            self._reserve(aws, resource_id, new["reservedConcurrentExecutions"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        try:
            found = aws.client("lambda").get_function(FunctionName=resource_id)
            signing = aws.client("lambda").get_function_code_signing_config(FunctionName=resource_id)
            pages = aws.client("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=resource_id)
            version = [listed["Version"] for page in pages for listed in page["Versions"]][-1]
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        function = found["Configuration"]
        arn = function["FunctionArn"]
        invoke = f"arn:{aws.partition}:apigateway:{aws.region}:lambda:path/2015-03-31/functions"
        reserved = found.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1)
        qualifier = "" if version == "$LATEST" else f":{version}"
        streaming = f"arn:{aws.partition}:apigateway:{aws.region}:lambda:path/2021-11-15/functions"
        variables = function.get("Environment", {}).get("Variables")
        return {
            "architectures": function.get("Architectures"),
            "arn": arn,
            "codeSha256": function["CodeSha256"],
            "codeSigningConfigArn": signing.get("CodeSigningConfigArn", ""),
            "environment": {"variables": variables} if variables else None,
            "invokeArn": f"{invoke}/{arn}/invocations",
            "lastModified": function["LastModified"],
            "name": resource_id,
            "packageType": function.get("PackageType", "Zip"),
            "qualifiedArn": f"{arn}{qualifier}",
            "qualifiedInvokeArn": f"{invoke}/{arn}{qualifier}/invocations",
            "reservedConcurrentExecutions": reserved,
            "responseStreamingInvokeArn": f"{streaming}/{arn}/response-streaming-invocations",
            "sourceCodeSize": function["CodeSize"],
            "version": version,
            **{ours: function.get(theirs, "") for ours, theirs in _PLAIN.items() if ours != "layers"},
            "layers": [layer["Arn"] for layer in function.get("Layers") or []],
            **{ours: from_aws(function[theirs], {}) for ours, theirs in _BLOCKS.items() if function.get(theirs)},
            **({} if old.get("sourceCodeHash") else {"sourceCodeHash": function["CodeSha256"]}),
            **split_tags(aws, old, found.get("Tags", {})),
        }

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        function = aws.client("lambda")
        if changed & _WRITABLE:
            function.update_function_configuration(**without_none(self._configuration(new, changed)))
        if changed & _CODE:
            code = {**self._code(new), "Architectures": new.get("architectures"), "Publish": new["publish"]}
            function.update_function_code(FunctionName=resource_id, **without_none(code))
        if "reservedConcurrentExecutions" in changed:
            self._reserve(aws, resource_id, new["reservedConcurrentExecutions"])

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        if old.get("skipDestroy"):
            return
        try:
            aws.client("lambda").delete_function(FunctionName=resource_id)
        except ClientError as error:
            if not is_error(error, _GONE):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        function = aws.client("lambda")
        if removed:
            function.untag_resource(Resource=old["arn"], TagKeys=removed)
        if tags:
            function.tag_resource(Resource=old["arn"], Tags=dict(tags))

    def unknown_after(self, changed: frozenset[str]) -> tuple[str, ...]:
        return ("lastModified",) if changed & _CODE else ()

    @staticmethod
    def _configuration(new: Data, changed: frozenset[str] = frozenset()) -> Data:
        """The configuration; a setting that was taken out of the program goes as empty."""
        empty: Data = {"description": "", "kmsKeyArn": "", "layers": [], "deadLetterConfig": {"targetArn": ""}}
        values = {name: new.get(name) if new.get(name) is not None else empty.get(name) for name in _WRITABLE}
        values = {name: value for name, value in values.items() if new.get(name) is not None or name in changed}
        environment: Any = values.pop("environment", None)
        request = {
            "FunctionName": new["name"],
            **{theirs: values.get(ours) for ours, theirs in _PLAIN.items()},
            **{theirs: to_aws(values.get(ours), {}) for ours, theirs in _BLOCKS.items()},
        }
        if environment or "environment" in changed:
            request["Environment"] = {"Variables": (environment or {}).get("variables") or {}}
        return request

    @staticmethod
    def _code(new: Data) -> Data:
        code = new.get("code")
        if isinstance(code, Asset):
            return {"ZipFile": zip_bytes(code)}
        return {
            "S3Bucket": new.get("s3Bucket"),
            "S3Key": new.get("s3Key"),
            "S3ObjectVersion": new.get("s3ObjectVersion"),
        }

    @staticmethod
    def _reserve(aws: Aws, name: str, executions: int) -> None:
        if executions >= 0:
            aws.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=executions)
        else:
            aws.client("lambda").delete_function_concurrency(FunctionName=name)
