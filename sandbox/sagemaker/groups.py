"""Model package groups and their resource policies, which judge every other account's calls."""

from __future__ import annotations

import json
from typing import Any

from sandbox.host import ResourceGrant, ServiceError
from sandbox.sagemaker.arn import Arn
from sandbox.sagemaker.authorization import condition_context
from sandbox.sagemaker.listing import Listing, filtered, page
from sandbox.sagemaker.scope import Request, Scope, user_context
from sandbox.sagemaker.state import Document
from sandbox.sagemaker.tags import Tags

GROUP = "model-package-group"
PACKAGE = "model-package"
_LISTING = Listing(
    member="ModelPackageGroupSummaryList",
    name="ModelPackageGroupName",
    identity="ModelPackageGroupArn",
    sort={"Name": "ModelPackageGroupName", "CreationTime": "CreationTime"},
)


class Groups:
    """Create, describe, list and delete groups; put, get and delete their policies."""

    def __init__(self, scope: Scope, tags: Tags) -> None:
        self._scope = scope
        self._state = scope.state
        self._tags = tags

    def find(self, request: Request, reference: str, *, action: str | None = None, packages: bool = False) -> Document:
        """The group that a name or ARN means to the caller.

        ``action`` is what another account's caller needs from the group's policy: on the group, or on
        ``model-package/<group>/*`` for ``packages``. Without it only the group's own account may ask.
        """
        arn = request.resolve(GROUP, reference)
        group = self._state.get(GROUP, str(arn))
        judged = Arn(arn.region, arn.account_id, PACKAGE, f"{arn.name}/*") if packages else arn
        self.judge(request, action or f"sagemaker:{request.operation}", judged, group if action else None)
        if group is None:
            raise ServiceError("ValidationException", f"Model Package Group {reference} does not exist.")
        return group

    def judge(self, request: Request, action: str, resource: Arn, group: Document | None) -> None:
        """Refuse another account's caller whom the group's policy does not allow the action.

        Cross-account calls need the owner's policy as well as the caller's own permissions:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
        """
        if resource.account_id == request.caller.account_id:
            return
        policy = json.loads(group["Policy"]) if group and "Policy" in group else None
        question = ResourceGrant(
            caller=request.caller,
            action=action,
            resource_arn=str(resource),
            policy=policy or {},
            context=condition_context(request.operation, request.parameters),
        )
        if policy is None or not self._scope.host.resource_policy_allows(question):
            raise ServiceError(
                "AccessDeniedException",
                f"User: {request.caller.arn} is not authorized to perform: {action} on resource: {resource}"
                f" because no resource-based policy allows the {action} action",
            )

    def create_model_package_group(self, request: Request) -> Document:
        """CreateModelPackageGroup."""
        arn = str(request.own(GROUP, request.parameters["ModelPackageGroupName"]))
        with self._state.lock:
            if self._state.get(GROUP, arn) is not None:
                raise ServiceError("ValidationException", f"Model Package Group already exists: {arn}")
            self._tags.attach(arn, request.parameters)
            self._state.put(
                GROUP,
                arn,
                {
                    **{name: value for name, value in request.parameters.items() if name != "Tags"},
                    "ModelPackageGroupArn": arn,
                    "ModelPackageGroupStatus": "Completed",
                    "CreationTime": self._scope.host.now(),
                    "CreatedBy": user_context(request.caller),
                    "NextVersion": 1,
                },
            )
        return {"ModelPackageGroupArn": arn}

    def describe_model_package_group(self, request: Request) -> Document:
        """DescribeModelPackageGroup, of another account's group where its policy allows it."""
        reference = request.parameters["ModelPackageGroupName"]
        group = self.find(request, reference, action="sagemaker:DescribeModelPackageGroup")
        return self._scope.api.answer("DescribeModelPackageGroup", group)

    def list_model_package_groups(self, request: Request) -> Document:
        """ListModelPackageGroups of the caller's account."""
        groups = self._state.documents(GROUP, request.own_prefix(GROUP))
        groups = filtered(groups, request.parameters, name=_LISTING.name)
        kept, token = page(groups, request.parameters, _LISTING)
        summaries = self._scope.api.summaries(request.operation, _LISTING.member, kept)
        return {_LISTING.member: summaries, **({"NextToken": token} if token else {})}

    def delete_model_package_group(self, request: Request) -> Document:
        """DeleteModelPackageGroup, refused while it holds versions."""
        with self._state.lock:
            group = self.find(request, request.parameters["ModelPackageGroupName"])
            arn = Arn.parse(group["ModelPackageGroupArn"])
            if self._state.documents(PACKAGE, str(Arn(arn.region, arn.account_id, PACKAGE, f"{arn.name}/"))):
                raise ServiceError(
                    "ConflictException",
                    f"Model Package Group {arn} cannot be deleted because it still contains Model Packages.",
                )
            self._state.delete(GROUP, str(arn))
            self._tags.forget(str(arn))
        return {}

    def put_model_package_group_policy(self, request: Request) -> Document:
        """PutModelPackageGroupPolicy."""
        policy = request.parameters["ResourcePolicy"]
        _check_policy(policy)
        with self._state.lock:
            group = self.find(request, request.parameters["ModelPackageGroupName"])
            self._state.change(GROUP, group["ModelPackageGroupArn"], Policy=policy)
        return {"ModelPackageGroupArn": group["ModelPackageGroupArn"]}

    def get_model_package_group_policy(self, request: Request) -> Document:
        """GetModelPackageGroupPolicy."""
        group = self.find(request, request.parameters["ModelPackageGroupName"])
        if "Policy" not in group:
            arn = group["ModelPackageGroupArn"]
            raise ServiceError("ValidationException", f"Cannot find resource policy for: {arn}")
        return {"ResourcePolicy": group["Policy"]}

    def delete_model_package_group_policy(self, request: Request) -> Document:
        """DeleteModelPackageGroupPolicy."""
        with self._state.lock:
            group = self.find(request, request.parameters["ModelPackageGroupName"])
            self._state.change(GROUP, group["ModelPackageGroupArn"], Policy=None)
        return {}


def _check_policy(text: str) -> None:
    try:
        policy: Any = json.loads(text)
    except ValueError:
        raise ServiceError("ValidationException", "Invalid resource policy: it is not JSON.") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise ServiceError("ValidationException", "Invalid resource policy: it has no Statement.")
    for statement in statements:
        for member in ("Effect", "Principal", "Action", "Resource"):
            if member not in statement and f"Not{member}" not in statement:
                raise ServiceError("ValidationException", f"Invalid resource policy: a statement has no {member}.")
