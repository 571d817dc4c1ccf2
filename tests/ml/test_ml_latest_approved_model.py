"""The function that finds the version to score with, against answers that botocore checks by SageMaker's model."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ml.functions import latest_approved_model as function
from ml.pipelines.target import stand_in

REGION = "eu-west-1"
DEV, PROD, REGISTRY = "111122223333", "222233334444", "444455556666"
GROUP = f"arn:aws:sagemaker:{REGION}:{REGISTRY}:model-package-group/severity"
IMAGE = f"685385470294.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:3.2-0"
NOTHING_FOUND = dict.fromkeys(function.OUTPUTS, "")


class Registry:
    """Stubbed SageMaker that must be asked exactly what it was told to expect, in that order."""

    def __init__(self, stubber: Stubber) -> None:
        self.stubber = stubber

    def expect_list(self, *versions: int, token: str | None = None, next_token: str | None = None) -> None:
        request = {
            "ModelPackageGroupName": GROUP,
            "ModelApprovalStatus": "Approved",
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        }
        summaries = [
            {
                "ModelPackageArn": arn(version),
                "CreationTime": datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC),
                "ModelPackageStatus": "Completed",
            }
            for version in versions
        ]
        self.stubber.add_response(
            "list_model_packages",
            {"ModelPackageSummaryList": summaries, **({"NextToken": next_token} if next_token else {})},
            {**request, **({"NextToken": token} if token else {})},
        )

    def expect_describe(self, version: int, **changes: Any) -> None:
        self.stubber.add_response(
            "describe_model_package", describe(version, **changes), {"ModelPackageName": arn(version)}
        )


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    client = boto3.client("sagemaker", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")

    def make(service: str, region_name: str) -> Any:
        assert (service, region_name) == ("sagemaker", REGION)
        return client

    monkeypatch.setattr(boto3, "client", make)
    with Stubber(client) as stubber:
        yield Registry(stubber)
        stubber.assert_no_pending_responses()


def arn(version: int) -> str:
    return f"arn:aws:sagemaker:{REGION}:{REGISTRY}:model-package/severity/{version}"


def describe(version: int, **changes: Any) -> dict[str, Any]:
    """A usable version, with members changed; None leaves one out."""
    folder = f"s3://artifacts/{version}"
    baseline = {
        name: {"ContentType": "application/json", "S3Uri": f"{folder}/{name.lower()}.json"}
        for name in ("Statistics", "Constraints")
    }
    answer = {
        "ModelPackageName": "severity",
        "ModelPackageArn": arn(version),
        "CreationTime": datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "CustomerMetadataProperties": {"trained_in_account": PROD},
        "InferenceSpecification": {"Containers": [{"Image": IMAGE, "ModelDataUrl": f"{folder}/model.tar.gz"}]},
        "DriftCheckBaselines": {"ModelDataQuality": baseline},
    }
    return {name: value for name, value in {**answer, **changes}.items() if value is not None}


def ask(accounts: str = f"{DEV},{PROD}") -> dict[str, str]:
    event = {"model_package_group_arn": GROUP, "artifact_accounts": accounts, "region": REGION}
    return function.handler(event, None)


def test_newest_usable_version_is_described_by_text_alone(registry: Registry) -> None:
    registry.expect_list(9, 8)
    registry.expect_describe(9)
    assert ask() == {
        "status": "Found",
        "reason": "version 9 is the newest approved version that account and region can use",
        "model_package_arn": arn(9),
        "version": "9",
        "image_uri": IMAGE,
        "model_data_url": "s3://artifacts/9/model.tar.gz",
        "statistics_uri": "s3://artifacts/9/statistics.json",
        "constraints_uri": "s3://artifacts/9/constraints.json",
    }


def test_version_on_a_later_page_is_found_and_newer_ones_are_explained(registry: Registry) -> None:
    registry.expect_list(9, next_token="more")
    registry.expect_describe(9)
    registry.expect_list(8, 7, token="more")
    registry.expect_describe(8, CustomerMetadataProperties={"trained_in_account": DEV})
    answer = ask(accounts=f" {DEV} ")
    assert (answer["status"], answer["version"], answer["model_package_arn"]) == ("Found", "8", arn(8))
    assert answer["reason"].endswith(f"; version 9 was trained in {PROD}, whose key this account may not use")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ModelPackageStatus": "Failed"}, "is Failed, not Completed"),
        ({"CustomerMetadataProperties": None}, "does not say in which account it was trained"),
        ({"CustomerMetadataProperties": {"trained_in_account": "1"}}, "was trained in 1, whose key this account may"),
        ({"InferenceSpecification": None}, "has not one container with one artifact"),
        ({"InferenceSpecification": {"Containers": [{"Image": IMAGE}]}}, "has not one container with one artifact"),
        (
            {
                "InferenceSpecification": {
                    "Containers": [{"Image": IMAGE.replace(REGION, "eu-west-2"), "ModelDataUrl": "s3://a/b"}]
                }
            },
            "has an image that is not in eu-west-1",
        ),
        ({"DriftCheckBaselines": None}, "has no baseline to check a batch against"),
    ],
)
def test_unusable_version_is_passed_over_with_its_reason(
    registry: Registry, changes: dict[str, Any], reason: str
) -> None:
    registry.expect_list(9)
    registry.expect_describe(9, **changes)
    answer = ask()
    assert answer["reason"].startswith(f"version 9 {reason}")
    assert answer == {**NOTHING_FOUND, "status": "NoApprovedModel", "reason": answer["reason"]}


def test_group_without_an_approved_version_is_an_answer(registry: Registry) -> None:
    registry.expect_list()
    assert ask() == {**NOTHING_FOUND, "status": "NoApprovedModel", "reason": "no version of severity is approved"}


def test_reason_fits_into_what_sagemaker_shows_of_an_output(registry: Registry) -> None:
    registry.expect_list(*range(40, 0, -1))
    for version in range(40, 0, -1):
        registry.expect_describe(version, DriftCheckBaselines=None)
    assert len(ask()["reason"]) == function.LONGEST_REASON <= 1024


def test_denied_call_is_an_error_and_not_an_absent_version(registry: Registry) -> None:
    registry.stubber.add_client_error("list_model_packages", "AccessDeniedException", http_status_code=400)
    with pytest.raises(Exception, match="AccessDenied"):
        ask()


def test_event_and_outputs_are_those_of_the_definition(definition_of: Any) -> None:
    step = definition_of("inference")["Steps"][0]
    assert [output["OutputName"] for output in step["OutputParameters"]] == list(function.OUTPUTS)
    assert step["Arguments"].keys() == {"model_package_group_arn", "artifact_accounts", "region"}
    target = stand_in(REGION, DEV, REGISTRY, "sample")
    assert target.artifact_accounts.split(",") == [DEV, REGISTRY]
