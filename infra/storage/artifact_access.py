"""Who may reach the artifact bucket from the training accounts."""

from __future__ import annotations

from infra import names as n
from infra.identity.document import Statement
from infra.names import Names
from infra.settings import Environment


def artifact_access(names: Names) -> tuple[Statement, ...]:
    """Statements for dev and prod: objects and listing. Sids as the replaced system names them.

    Principals are the accounts, narrowed to the roles that run jobs and pipelines, so that recreating a role does not
    break the policy; each account writes under its own environment's prefix. With ``permissions: managed`` every
    identity of the two accounts reads and writes everything, as there.
    """
    bucket = names.bucket_arn(names.artifact_bucket)
    environments: tuple[Environment, ...] = ("dev", "prod")
    statements = []
    for position, environment in enumerate(environments):
        managed = names.settings.permissions == "managed"
        principals = {"AWS": names.root_arn(environment)}
        jobs = names.role_arn(n.EXECUTION_ROLE, environment)
        readers = {"ArnEquals": {"aws:PrincipalArn": (jobs, names.role_arn(n.PIPELINE_ROLE, environment))}}
        reading = ("s3:GetObject", "s3:GetObjectVersion")
        statements += [
            Statement(
                sid=f"AddPerm{2 * position or ''}",
                principals=principals,
                actions=("s3:PutObject", "s3:PutObjectAcl", *reading) if managed else reading,
                resources=(f"{bucket}/*",),
                conditions={} if managed else readers,
            ),
            Statement(
                sid=f"AddPerm{2 * position + 1}",
                principals=principals,
                actions=("s3:ListBucket",),
                resources=(bucket,),
                conditions={} if managed else readers,
            ),
        ]
        if not managed:
            statements.append(
                Statement(
                    sid=f"WriteFrom{environment.capitalize()}",
                    principals=principals,
                    actions=("s3:PutObject", "s3:AbortMultipartUpload"),
                    resources=(f"{bucket}/*/{environment}/*",),
                    conditions={"ArnEquals": {"aws:PrincipalArn": jobs}},
                )
            )
    return tuple(statements)
