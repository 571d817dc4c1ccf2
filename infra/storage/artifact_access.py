"""Who may reach the artifact bucket from the training accounts."""

from __future__ import annotations

from infra import names as n
from infra.identity.document import Statement
from infra.names import Names
from infra.settings import Environment


def artifact_access(names: Names) -> tuple[Statement, ...]:
    """Statements for dev and prod: objects and listing. Sids as the replaced system names them.

    Principals are the accounts, narrowed to the roles that run jobs and pipelines, so that recreating a role does not
    break the policy. With ``permissions: managed`` every identity of the two accounts is admitted, as there.
    """
    bucket = names.bucket_arn(names.artifact_bucket)
    managed = names.settings.permissions == "managed"
    statements = []
    environments: tuple[Environment, ...] = ("dev", "prod")
    for position, environment in enumerate(environments):
        principals = {"AWS": names.root_arn(environment)}
        jobs = names.role_arn(n.EXECUTION_ROLE, environment)
        pipelines = names.role_arn(n.PIPELINE_ROLE, environment)
        objects = ("s3:PutObject", "s3:PutObjectAcl", "s3:GetObject", "s3:GetObjectVersion")
        statements += [
            Statement(
                sid=_sid(2 * position),
                principals=principals,
                actions=objects if managed else ("s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"),
                resources=(f"{bucket}/*",),
                conditions={} if managed else {"ArnEquals": {"aws:PrincipalArn": (jobs, pipelines)}},
            ),
            Statement(
                sid=_sid(2 * position + 1),
                principals=principals,
                actions=("s3:ListBucket",),
                resources=(bucket,),
                conditions={} if managed else {"ArnEquals": {"aws:PrincipalArn": (jobs, pipelines)}},
            ),
        ]
    return tuple(statements)


def _sid(position: int) -> str:
    return f"AddPerm{position or ''}"
