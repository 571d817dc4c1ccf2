"""Model versions: registered, read, approved and deleted by ARN, across accounts where the group's policy allows it."""

from __future__ import annotations

from sandbox.host import ServiceError
from sandbox.sagemaker.arn import Arn
from sandbox.sagemaker.events import emit_model_package
from sandbox.sagemaker.groups import GROUP, PACKAGE, Groups
from sandbox.sagemaker.listing import Listing, filtered, page
from sandbox.sagemaker.scope import Request, Scope, user_context
from sandbox.sagemaker.state import Document
from sandbox.sagemaker.tags import Tags

_LISTING = Listing(
    member="ModelPackageSummaryList",
    name="ModelPackageName",
    identity="ModelPackageArn",
    sort={"Name": "ModelPackageName", "CreationTime": "CreationTime"},
)
_METADATA_LIMIT = 50  # CustomerMetadataMap's own limit, which merged updates must keep too


class Registry:
    """Model packages, which are the versions of a group."""

    def __init__(self, scope: Scope, tags: Tags, groups: Groups) -> None:
        self._scope = scope
        self._state = scope.state
        self._tags = tags
        self._groups = groups

    def find(self, request: Request, reference: str, action: str) -> Document:
        """The version an ARN (or ``group/version``) means, judged by its group's policy for another account."""
        arn = request.resolve(PACKAGE, reference)
        group = self._state.get(GROUP, str(Arn(arn.region, arn.account_id, GROUP, arn.name.split("/")[0])))
        self._groups.judge(request, action, arn, group)
        package = self._state.get(PACKAGE, str(arn))
        if package is None:
            raise ServiceError("ValidationException", f"ModelPackage {arn} does not exist.")
        return package

    def create_model_package(self, request: Request) -> Document:
        """CreateModelPackage: the group's next version."""
        parameters = request.parameters
        if "ModelPackageGroupName" not in parameters:
            raise ServiceError("ValidationException", "The sandbox implements only versions in a model package group.")
        if "InferenceSpecification" not in parameters and "SourceUri" not in parameters:
            raise ServiceError("ValidationException", "InferenceSpecification or SourceUri must be specified.")
        with self._state.lock:
            action = "sagemaker:CreateModelPackage"
            group = self._groups.find(request, parameters["ModelPackageGroupName"], action=action, packages=True)
            owner = Arn.parse(group["ModelPackageGroupArn"])
            token_key = f"{owner}#{parameters.get('ClientToken')}"
            known = self._state.get("package-token", token_key)
            if known is not None:
                return {"ModelPackageArn": known["ModelPackageArn"]}
            version = group["NextVersion"]
            arn = str(Arn(owner.region, owner.account_id, PACKAGE, f"{owner.name}/{version}"))
            self._tags.attach(arn, parameters)
            self._state.change(GROUP, str(owner), NextVersion=version + 1)
            package = {
                "ModelApprovalStatus": "PendingManualApproval",
                **{name: value for name, value in parameters.items() if name not in ("Tags", "ClientToken")},
                "ModelPackageGroupName": owner.name,
                "ModelPackageName": f"{owner.name}/{version}",
                "ModelPackageVersion": version,
                "ModelPackageArn": arn,
                "ModelPackageStatus": "Completed",
                "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
                "CertifyForMarketplace": False,
                "CreationTime": self._scope.host.now(),
                "CreatedBy": user_context(request.caller),
            }
            self._state.put(PACKAGE, arn, package)
            if "ClientToken" in parameters:
                self._state.put("package-token", token_key, {"ModelPackageArn": arn})
        emit_model_package(self._scope.host, package)
        return {"ModelPackageArn": arn}

    def describe_model_package(self, request: Request) -> Document:
        """DescribeModelPackage."""
        package = self.find(request, request.parameters["ModelPackageName"], "sagemaker:DescribeModelPackage")
        return self._describe(package)

    def _describe(self, package: Document) -> Document:
        answer = self._scope.api.answer("DescribeModelPackage", package)
        # EntityName in the answer's model has no slash: a version's name is its group's.
        return {**answer, "ModelPackageName": package["ModelPackageGroupName"]}

    def list_model_packages(self, request: Request) -> Document:
        """ListModelPackages: a group's, which may be another account's, or all of the caller's account."""
        parameters = request.parameters
        if parameters.get("ModelPackageType", "Versioned") == "Unversioned":
            return {"ModelPackageSummaryList": []}
        prefix = request.own_prefix(PACKAGE)
        if "ModelPackageGroupName" in parameters:
            action = "sagemaker:ListModelPackages"
            group = self._groups.find(request, parameters["ModelPackageGroupName"], action=action, packages=True)
            owner = Arn.parse(group["ModelPackageGroupArn"])
            prefix = str(Arn(owner.region, owner.account_id, PACKAGE, f"{owner.name}/"))
        packages = filtered(self._state.documents(PACKAGE, prefix), parameters, name=_LISTING.name)
        if "ModelApprovalStatus" in parameters:
            packages = [p for p in packages if p["ModelApprovalStatus"] == parameters["ModelApprovalStatus"]]
        kept, token = page(packages, parameters, _LISTING)
        summaries = self._scope.api.summaries(request.operation, _LISTING.member, kept)
        for summary in summaries:
            summary.pop("ModelPackageName")  # AWS names only unversioned packages in this list
        return {_LISTING.member: summaries, **({"NextToken": token} if token else {})}

    def update_model_package(self, request: Request) -> Document:
        """UpdateModelPackage: approval, customer metadata, inference specifications, source."""
        parameters = request.parameters
        with self._state.lock:
            package = self.find(request, parameters["ModelPackageArn"], "sagemaker:UpdateModelPackage")
            changes: Document = {
                name: parameters[name]
                for name in ("ModelApprovalStatus", "ApprovalDescription", "InferenceSpecification", "SourceUri")
                if name in parameters
            }
            metadata = {
                **package.get("CustomerMetadataProperties", {}),
                **parameters.get("CustomerMetadataProperties", {}),
            }
            for key in parameters.get("CustomerMetadataPropertiesToRemove", []):
                metadata.pop(key, None)
            if len(metadata) > _METADATA_LIMIT:
                raise ServiceError(
                    "ValidationException", f"CustomerMetadataProperties may have at most {_METADATA_LIMIT} entries."
                )
            if metadata != package.get("CustomerMetadataProperties", {}):
                changes["CustomerMetadataProperties"] = metadata
            added = parameters.get("AdditionalInferenceSpecificationsToAdd", [])
            if added:
                changes["AdditionalInferenceSpecifications"] = [
                    *package.get("AdditionalInferenceSpecifications", []),
                    *added,
                ]
            updated = [name for name, value in changes.items() if package.get(name) != value]
            package = self._state.change(
                PACKAGE,
                package["ModelPackageArn"],
                **changes,
                LastModifiedTime=self._scope.host.now(),
                LastModifiedBy=user_context(request.caller),
            )
        emit_model_package(self._scope.host, package, updated)
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def delete_model_package(self, request: Request) -> Document:
        """DeleteModelPackage; its version number is never given again."""
        with self._state.lock:
            package = self.find(request, request.parameters["ModelPackageName"], "sagemaker:DeleteModelPackage")
            self._state.delete(PACKAGE, package["ModelPackageArn"])
            self._tags.forget(package["ModelPackageArn"])
        emit_model_package(self._scope.host, {**package, "ModelPackageStatus": "Deleting"})
        return {}

    def batch_describe_model_package(self, request: Request) -> Document:
        """BatchDescribeModelPackage: what cannot be read is reported per ARN."""
        members = self._scope.api.output_shape(request.operation).members["ModelPackageSummaries"].value.members
        found: Document = {}
        errors: Document = {}
        for reference in request.parameters["ModelPackageArnList"]:
            try:
                package = self.find(request, reference, "sagemaker:DescribeModelPackage")
            except ServiceError as error:
                errors[reference] = {"ErrorCode": error.code, "ErrorResponse": error.message}
            else:
                found[reference] = {name: package[name] for name in members if name in package}
        return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}
