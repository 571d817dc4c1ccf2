"""The documents are the same whether they come from the programs or from the state of deployed stacks."""

from __future__ import annotations

import json

import pytest

from infra.settings import ENVIRONMENTS
from mlops.project import load_settings
from tools.access_documents.declared import Resource, from_exports, from_programs
from tools.access_documents.model import platform


@pytest.fixture(scope="module")
def settings():
    return dict(load_settings())


@pytest.fixture(scope="module")
def declared(settings):
    return from_programs(settings)


@pytest.fixture
def exports(declared, tmp_path):
    """What `pulumi stack export` writes: inputs as they were given, outputs as AWS answered."""
    files = {}
    for environment, resources in declared.items():
        rows = [{"type": "pulumi:pulumi:Stack", "urn": "urn"}]
        for resource in resources:
            answered = {key: value for key, value in resource.properties.items() if key in ("arn", "url")}
            given = {
                key: value
                for key, value in resource.properties.items()
                if isinstance(value, str | int | float | bool) and key not in answered
            }
            rows.append({"type": resource.typ, "custom": True, "inputs": given, "outputs": answered})
        files[environment] = tmp_path / f"{environment}.json"
        files[environment].write_text(json.dumps({"version": 3, "deployment": {"resources": rows}}))
    return files


def test_exports_of_the_three_stacks_give_the_same_documents(declared, exports, settings):
    from_state = platform(from_exports(exports), settings)
    assert from_state.as_json() == platform(declared, settings).as_json()
    assert len(from_state.documents) > 50


def test_a_replaced_resource_that_waits_for_deletion_is_not_judged(exports):
    path = exports["dev"]
    content = json.loads(path.read_text())
    rows = content["deployment"]["resources"]
    rows.append({**rows[1], "delete": True})
    path.write_text(json.dumps(content))
    assert len(from_exports({"dev": path})["dev"]) == len(rows) - 2


def test_an_export_of_a_stack_that_was_never_deployed_is_refused(tmp_path):
    empty = tmp_path / "dev.json"
    empty.write_text(json.dumps({"deployment": {}}))
    with pytest.raises(ValueError, match=r"dev\.json holds no resource: export a deployed stack"):
        from_exports({"dev": empty})


def test_every_declared_policy_is_in_the_platform(declared, settings):
    found = platform(declared, settings)
    texts = [json.dumps(document, sort_keys=True) for document in found.documents.values()]
    for environment in ENVIRONMENTS:
        for resource in declared[environment]:
            for name, value in resource.properties.items():
                if "olicy" in name and isinstance(value, str) and value.startswith("{"):
                    document = json.loads(value)
                    document["Statement"].sort(key=lambda statement: statement["Sid"])
                    assert json.dumps(document, sort_keys=True) in texts, (environment, resource.typ, name)


def test_a_policy_whose_text_no_stack_declares_is_refused(declared, settings):
    attached = Resource(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "sagemaker-execution-role", "policyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"},
    )
    with pytest.raises(ValueError, match=r"sagemaker-execution-role has .*AmazonS3FullAccess, whose text"):
        platform({**declared, "dev": (*declared["dev"], attached)}, settings)
