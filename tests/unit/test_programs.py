"""The three programs, run whole on the committed stack files."""

from __future__ import annotations

import json
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pulumi
import pytest

from infra.contracts import ProdOutputs, RegistryStackOutputs, TrainingOutputs
from infra.providers import declare_provider

BASELINES = Path(__file__).parent.parent / "baselines"
CONTRACTS = {"registry": RegistryStackOutputs, "dev": TrainingOutputs, "prod": ProdOutputs}
ENVIRONMENTS = tuple(CONTRACTS)
PIPELINE = "aws:sagemaker/pipeline:Pipeline"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ROLE = "aws:iam/role:Role"


@pytest.fixture
def programs(declare, settings):
    def run(environment, *, stacks=None, **changes):
        chosen = settings[environment].model_copy(update=changes)

        def program():
            provider = declare_provider(chosen)
            module = import_module(f"stacks.{environment}")
            return vars(module.declare(chosen, pulumi.ResourceOptions(providers=[provider])))

        return declare(program, stacks)

    return run


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_graph_is_the_reviewed_baseline(programs, environment, update_baselines):
    graph = json.dumps(programs(environment).graph(), indent=1, sort_keys=True) + "\n"
    path = BASELINES / f"{environment}.json"
    if update_baselines:
        path.write_text(graph)
    assert graph == path.read_text(), f"review the change, then: pytest {Path(__file__).name} --update-baselines"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_publishes_every_promised_output(programs, environment):
    assert set(programs(environment).outputs) == {field.name for field in fields(CONTRACTS[environment])}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_aws_resource_is_under_the_declared_provider(programs, environment):
    declared = programs(environment)
    found = {r.typ: r.provider for r in declared.resources if r.typ.startswith("aws:")}
    assert found
    assert [typ for typ, provider in found.items() if "::aws::" not in provider] == []


def test_provider_takes_the_role_from_a_profile_and_admits_one_account(programs):
    provider = programs("prod").one("pulumi:providers:aws", "aws")
    assert json.loads(provider["allowedAccountIds"]) == ["222222222222"]
    assert provider["profile"] == "model-promotion-prod-pulumi"
    assert "assumeRoles" not in provider
    assert json.loads(provider["defaultTags"])["tags"] == {"project": "model-promotion", "environment": "prod"}


def test_definition_has_no_placeholder_left_and_names_this_account(programs):
    definition = programs("dev").one(PIPELINE, "mammography-severity-train")["pipelineDefinition"]
    assert "${" not in definition
    steps = {step["Name"]: step for step in json.loads(definition)["Steps"]}
    assert "sagemaker-data-111111111111-us-east-1" in json.dumps(steps["Mammo-PreProcessing"])
    assert "sagemaker-models-333333333333-us-east-1" in json.dumps(steps["Mammo-Train"])


def test_scripts_have_keys_of_their_content_and_outlive_a_deploy(programs):
    declared = programs("dev")
    scripts = declared.of_type("aws:s3/bucketObjectv2:BucketObjectv2")
    definition = "".join(pipeline["pipelineDefinition"] for pipeline in declared.of_type(PIPELINE).values())
    assert len(scripts) == 4
    for script in scripts.values():
        assert f"s3://{script['bucket']}/{script['key']}" in definition


def test_artifacts_are_open_to_named_roles_only(programs):
    statements = programs("registry").policy(BUCKET_POLICY, "artifacts-policy", "policy")
    assert {"AddPerm", "AddPerm1", "AddPerm2", "AddPerm3"} <= set(statements)
    for sid, statement in statements.items():
        if statement["Effect"] == "Allow":
            assert "aws:PrincipalArn" in statement["Condition"]["ArnEquals"], sid


def test_nobody_but_the_registry_account_may_approve(programs):
    text = programs("registry").one(
        "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy", "mammography-severity-group-policy"
    )["resourcePolicy"]
    assert "sagemaker:CreateModelPackage" in text
    assert "UpdateModelPackage" not in text
    for environment in ("dev", "prod"):
        policies = programs(environment).of_type("aws:iam/rolePolicy:RolePolicy")
        assert "UpdateModelPackage" not in json.dumps(policies)


def test_keys_rotate_and_only_devs_is_shared(programs):
    for environment, sids in {
        "dev": {"AccountAdministration", "ProdReadsModelArtifacts", "CloudWatchLogs"},
        "prod": {"AccountAdministration", "CloudWatchAlarms", "CloudWatchLogs"},
        "registry": {
            "AccountAdministration",
            "CloudWatchAlarms",
            "EventBridgeRules",
            "TrainingAccountsWriteReports",
        },
    }.items():
        declared = programs(environment)
        assert declared.one("aws:kms/key:Key", "key")["enableKeyRotation"] is True
        assert set(declared.policy("aws:kms/key:Key", "key", "policy")) == sids


def test_no_role_has_a_managed_policy_or_unlimited_trust_by_default(programs):
    for environment in ENVIRONMENTS:
        declared = programs(environment)
        assert declared.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment") == {}
        for name, role in declared.of_type(ROLE).items():
            for statement in json.loads(role["assumeRolePolicy"])["Statement"]:
                if statement["Principal"].get("Service") == "sagemaker.amazonaws.com":
                    assert statement["Condition"]["StringEquals"]["aws:SourceAccount"], name


def test_managed_permissions_are_the_replaced_systems(programs):
    declared = programs("prod", permissions="managed")
    attached = {}
    for attachment in declared.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment").values():
        attached.setdefault(attachment["role"], set()).add(attachment["policyArn"].rsplit("/", 1)[1])
    assert attached == {
        "lambda-sagemaker-role": {"AmazonSageMakerFullAccess", "AWSLambda_FullAccess"},
        "sagemaker-execution-role": {
            "AmazonSageMakerFullAccess",
            "AWSLambda_FullAccess",
            "CloudWatchEventsFullAccess",
        },
        "cross-account-jenkins-role": {
            "CloudWatchFullAccess",
            "AmazonS3FullAccess",
            "AmazonSNSFullAccess",
            "AmazonSageMakerFullAccess",
            "AmazonEventBridgeFullAccess",
            "AWSLambda_FullAccess",
        },
    }
    trust = json.loads(declared.one(ROLE, "execution-role")["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"]["Service"] == ["events.amazonaws.com", "sagemaker.amazonaws.com"]


def test_only_jenkins_may_assume_prods_deployment_role(programs):
    trust = programs("prod").policy(ROLE, "deployment-role", "assumeRolePolicy")
    assert set(trust) == {"NamedRoles"}
    assert trust["NamedRoles"]["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::444444444444:role/jenkins-controller"},
        "StringEquals": {"sts:ExternalId": "model-promotion"},
    }
    assert set(programs("dev").policy(ROLE, "deployment-role", "assumeRolePolicy")) == {"NamedRoles", "OwnAccount"}


@pytest.mark.parametrize("environment", ["registry", "dev", "prod"])
def test_boundary_is_on_every_role_and_required_of_new_ones(programs, environment):
    boundary = "arn:aws:iam::111111111111:policy/boundary"
    declared = programs(environment, permissions_boundary=boundary)
    assert {role.get("permissionsBoundary") for role in declared.of_type(ROLE).values()} == {boundary}
    deployment = declared.policy("aws:iam/rolePolicy:RolePolicy", "deployment-role-deployment", "policy")
    if environment != "registry":  # whose stack makes no role
        assert boundary in json.dumps(deployment["WorkloadRoles"]["Condition"])


def test_environments_in_one_account_have_names_of_their_own(programs, settings):
    accounts = settings["dev"].accounts.model_copy(update={"dev": "222222222222"})
    names = [
        {
            value
            for r in programs(environment, accounts=accounts, same_account=True).resources
            for key, value in r.inputs.items()
            if key in ("name", "bucket", "pipelineName") and r.typ not in ("pulumi:pulumi:StackReference",)
        }
        for environment in ("dev", "prod")
    ]
    shared = names[0] & names[1]
    # Inline policies are named within their role.
    assert {name for name in shared if not name.endswith(("-policy", "-access", "deployment", "preview"))} <= {
        "pipeline-jobs",
        "job-data",
        "function-logs",
    }


def test_model_whose_group_the_registry_will_have_can_be_previewed_with_a_warning(programs, monkeypatch):
    warnings = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    outputs = {
        "account_id": "333333333333",
        "artifact_bucket": "b",
        "report_key_arn": "k",
        "model_package_group_arns": {},
    }
    declared = programs("dev", stacks={"organization/model-promotion/registry": outputs})
    definition = declared.one(PIPELINE, "mammography-severity-train")["pipelineDefinition"]
    assert "arn:aws:sagemaker:us-east-1:333333333333:model-package-group/mammo-severity-model-package" in definition
    assert "deploy the registry, with it in Pulumi.registry.yaml, before this stack" in warnings[0]


def test_registry_that_lacks_an_output_is_named(programs):
    outputs = {"account_id": "333333333333", "artifact_bucket": "b", "model_package_group_arns": {}}
    with pytest.raises(Exception, match="report_key_arn"):
        programs("dev", stacks={"organization/model-promotion/registry": outputs})


def test_documents_fit_iams_limits(programs):
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters, white space not counted;
    # the inline policies of a role count together.
    for environment in ENVIRONMENTS:
        declared = programs(environment)
        sizes = {}
        for policy in declared.of_type("aws:iam/rolePolicy:RolePolicy").values():
            sizes[policy["role"]] = sizes.get(policy["role"], 0) + len("".join(policy["policy"].split()))
        assert {role: size for role, size in sizes.items() if size > 10_240} == {}
        trusts = {name: len(role["assumeRolePolicy"]) for name, role in declared.of_type(ROLE).items()}
        assert {name: size for name, size in trusts.items() if size > 2_048} == {}
