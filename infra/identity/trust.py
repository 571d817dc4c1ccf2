"""Trust policies: who may assume a role, and on whose behalf."""

from __future__ import annotations

from infra.identity.document import Statement, document


def service_trust(service: str, account_id: str, source_arns: tuple[str, ...]) -> str:
    """Let one AWS service assume the role for resources of this account only.

    The conditions stop the service from being used as a confused deputy by another account; for SageMaker's jobs and
    pipelines: https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    """
    return document(
        [
            Statement(
                sid="ServiceOfThisAccount",
                principals={"Service": service},
                actions=("sts:AssumeRole",),
                conditions={
                    "StringEquals": {"aws:SourceAccount": account_id},
                    "ArnLike": {"aws:SourceArn": source_arns},
                },
            )
        ]
    )


def plain_service_trust(*services: str) -> str:
    """Let AWS services assume the role, with no condition."""
    return document([Statement(sid="Services", principals={"Service": services}, actions=("sts:AssumeRole",))])


def role_trust(role_arns: tuple[str, ...], external_id: str | None, own_account: str | None = None) -> str:
    """Let named roles of other accounts assume the role, and whom the role's own account lets, if that is given.

    The principal is the account, narrowed by the role's ARN: naming the role itself would bind the policy to the
    role's present id, and recreating the role would break it.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
    """
    roots = tuple(sorted({f"{arn.split(':role/')[0]}:root" for arn in role_arns}))
    conditions: dict[str, dict[str, str | tuple[str, ...]]] = {"ArnEquals": {"aws:PrincipalArn": role_arns}}
    if external_id:
        conditions["StringEquals"] = {"sts:ExternalId": external_id}
    statements = [
        Statement(sid="NamedRoles", principals={"AWS": roots}, actions=("sts:AssumeRole",), conditions=conditions)
    ]
    if own_account:
        statements.append(Statement(sid="OwnAccount", principals={"AWS": own_account}, actions=("sts:AssumeRole",)))
    return document(statements)
