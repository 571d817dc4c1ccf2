"""What must not be done to roles and model package groups."""

from __future__ import annotations

from mutation import Mutation, add, in_statement, unknown, update
from policies.iam import ROLE, ROLE_POLICY
from policies.registry import GROUP_POLICY

TRUST = "assumeRolePolicy"
STRANGER = {"AWS": "arn:aws:iam::999999999999:root"}
DATA = "execution-role-job-data"
JOBS = "pipeline-role-pipeline-jobs"
GROUP = "mammography-severity-group-policy"
READ, REGISTER = "AddPermModelPackageVersionCrossAccount", "PipelinesRegisterPendingVersions"


def _may(rule, name, sid, edit, says):
    return Mutation(rule, "dev", ROLE_POLICY, name, in_statement("policy", sid, edit), says)


def _trusts(rule, name, sid, edit, says):
    return Mutation(rule, "prod", ROLE, name, in_statement(TRUST, sid, edit), says)


def _group(rule, sid, edit, says):
    return Mutation(rule, "registry", GROUP_POLICY, GROUP, in_statement("resourcePolicy", sid, edit), says)


ROLES = [
    _may("iam-named-actions", DATA, "ReadAndWriteData", update(Action="*"), "allows *; name the actions"),
    _may("iam-named-actions", DATA, "ReadAndWriteData", update(Action="s3:*"), "allows s3:*; name the actions"),
    _may(
        "iam-named-actions",
        DATA,
        "ReadAndWriteData",
        lambda s: s.update(NotAction=s.pop("Action")),
        "ReadAndWriteData allows *",
    ),
    _may("iam-named-resources", DATA, "ReadAndWriteData", update(Resource="*"), "s3:GetObject on every resource"),
    _may(
        "iam-named-resources",
        DATA,
        "ReadAndWriteData",
        lambda s: s.update(NotResource=s.pop("Resource")),
        "on every resource; write ARNs",
    ),
    _may(
        "iam-named-resources",
        DATA,
        "LogInToRegistries",
        update(Action=["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]),
        "ecr:BatchGetImage on every resource",
    ),
    *(
        _may("iam-named-resources", DATA, "ReadAndWriteData", update(Resource=arn), "s3:PutObject on every resource")
        for arn in ("arn:aws:s3:::*", "arn:aws:s3:::*/*", "arn:*")
    ),
    Mutation("no-detours", "dev", ROLE, "execution-role", add("inlinePolicies", [{}]), "write aws.iam.RolePolicy"),
    _may("iam-pass-role-to-service", JOBS, "GiveJobsTheirRole", lambda s: s.pop("Condition"), "iam:PassedToService"),
    _may("iam-pass-role-to-service", DATA, "ReadAndWriteData", update(Action="iam:*"), "gives roles to any service"),
    Mutation("iam-named-actions", "dev", ROLE_POLICY, DATA, unknown("policy"), "`policy` is not known"),
    Mutation(
        "iam-no-full-access",
        "dev",
        ROLE,
        "execution-role",
        add("managedPolicyArns", ["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]),
        "AmazonSageMakerFullAccess gives a whole service away",
    ),
    _trusts(
        "iam-confused-deputy", "execution-role", "ServiceOfThisAccount", lambda s: s.pop("Condition"), "222222222222"
    ),
    _trusts(
        "iam-confused-deputy",
        "inference-schedule-role",
        "ServiceOfThisAccount",
        lambda s: s["Condition"].pop("StringEquals"),
        '{"StringEquals": {"aws:SourceAccount": "222222222222"}',
    ),
    _trusts(
        "iam-confused-deputy",
        "execution-role",
        "ServiceOfThisAccount",
        lambda s: s["Condition"]["StringEquals"].update({"aws:SourceAccount": "999999999999"}),
        "for any account",
    ),
    _trusts(
        "iam-confused-deputy",
        "pipeline-role",
        "ServiceOfThisAccount",
        lambda s: s["Condition"].pop("ArnLike"),
        "any resource of sagemaker.amazonaws.com",
    ),
    _trusts(
        "iam-confused-deputy",
        "function-role",
        "Services",
        update(Principal={"Service": "events.amazonaws.com"}),
        "lets events.amazonaws.com assume the role for any account",
    ),
    _trusts("iam-known-principals", "deployment-role", "NamedRoles", update(Principal=STRANGER), "999999999999"),
    _trusts("iam-known-principals", "deployment-role", "NamedRoles", update(Principal="*"), "lets everybody in"),
    _trusts(
        "iam-known-principals",
        "deployment-role",
        "NamedRoles",
        update(Principal={"Federated": "arn:aws:iam::222222222222:saml-provider/x"}),
        "Federated principal",
    ),
    _trusts(
        "iam-named-roles",
        "deployment-role",
        "NamedRoles",
        lambda s: s["Condition"].pop("ArnEquals"),
        "lets everybody in account 444444444444",
    ),
    _trusts(
        "iam-named-roles",
        "deployment-role",
        "NamedRoles",
        lambda s: s["Condition"].pop("StringEquals"),
        '"sts:ExternalId": "model-promotion"',
    ),
    Mutation("iam-known-principals", "prod", ROLE, "deployment-role", unknown(TRUST), f"`{TRUST}` is not known"),
    Mutation("iam-confused-deputy", "prod", ROLE, "execution-role", unknown(TRUST), f"`{TRUST}` is not known"),
]
GROUPS = [
    _group("registry-known-principals", READ, update(Principal=STRANGER), "999999999999"),
    _group("registry-known-principals", READ, update(Principal="*"), "lets everybody in"),
    *(
        _group("registry-approves", READ, update(Action=action), f"do {done}; remove the action")
        for action, done in (
            ("sagemaker:UpdateModelPackage", "sagemaker:UpdateModelPackage"),
            ("sagemaker:Update*", "sagemaker:UpdateModelPackage"),
            ("sagemaker:DeleteModelPackage", "sagemaker:DeleteModelPackage"),
            ("sagemaker:PutModelPackageGroupPolicy", "sagemaker:PutModelPackageGroupPolicy"),
        )
    ),
    _group("registry-approves", REGISTER, lambda s: s["Condition"].pop("StringEquals"), "register approved versions"),
    _group(
        "registry-approves",
        REGISTER,
        lambda s: s["Condition"]["StringEquals"].update({"sagemaker:ModelApprovalStatus": "Approved"}),
        '"sagemaker:ModelApprovalStatus": "PendingManualApproval"',
    ),
    Mutation("registry-approves", "registry", GROUP_POLICY, GROUP, unknown("resourcePolicy"), "is not known"),
    Mutation("registry-known-principals", "registry", GROUP_POLICY, GROUP, unknown("resourcePolicy"), "is not known"),
]
ALL = [*ROLES, *GROUPS]
