"""What must not be done to pipelines."""

from __future__ import annotations

from mutation import Mutation, in_json, in_step, put, unknown, update
from policies.definition import PIPELINE

TRAIN, INFERENCE = "mammography-severity-train", "mammography-severity-inference"


def _train(rule, edit, says):
    return Mutation(rule, "dev", PIPELINE, TRAIN, edit, says)


def _inference(rule, edit, says):
    return Mutation(rule, "prod", PIPELINE, INFERENCE, edit, says)


def _parameter(name, value):
    def edit(document):
        next(p for p in document["Parameters"] if p["Name"] == name)["DefaultValue"] = value

    return in_json("pipelineDefinition", edit)


ALL = [
    _train("sagemaker-definition-readable", put("pipelineDefinition", "{"), "no definition that these rules can read"),
    _train("sagemaker-definition-readable", in_json("pipelineDefinition", lambda d: d.pop("Steps")), "with its Steps"),
    _train("sagemaker-definition-unknown", unknown("pipelineDefinition"), "the update judges it before"),
    _train(
        "sagemaker-encryption",
        in_step("Mammo-PreProcessing", lambda a: a["ProcessingOutputConfig"].pop("KmsKeyId")),
        "step Mammo-PreProcessing: `ProcessingOutputConfig.KmsKeyId` names none of the account's keys",
    ),
    _train(
        "sagemaker-encryption",
        in_step("Mammo-PreProcessing", lambda a: a["ProcessingResources"]["ClusterConfig"].pop("VolumeKmsKeyId")),
        "step Mammo-PreProcessing: `ProcessingResources.ClusterConfig.VolumeKmsKeyId` names none of the account's keys",
    ),
    _train(
        "sagemaker-encryption",
        in_step("Mammo-Train", lambda a: a["OutputDataConfig"].update(KmsKeyId="")),
        "step Mammo-Train: `OutputDataConfig.KmsKeyId` names none of the account's keys",
    ),
    _train(
        "sagemaker-encryption",
        in_step("Mammo-Train", lambda a: a["ResourceConfig"].update(VolumeKmsKeyId={"Get": "Parameters.Nobody"})),
        "step Mammo-Train: `ResourceConfig.VolumeKmsKeyId` names none of the account's keys",
    ),
    _inference(
        "sagemaker-encryption",
        in_step("Mammo-Transform", lambda a: a["TransformOutput"].pop("KmsKeyId")),
        "step Mammo-Transform: `TransformOutput.KmsKeyId` names none of the account's keys",
    ),
    _inference(
        "sagemaker-encryption",
        in_step("Mammo-Transform", lambda a: a["TransformResources"].pop("VolumeKmsKeyId")),
        "step Mammo-Transform: `TransformResources.VolumeKmsKeyId` names none of the account's keys",
    ),
    _train(
        "sagemaker-encryption",
        in_step("Mammo-Train", lambda a: a["OutputDataConfig"].update(KmsKeyId="alias/aws/s3")),
        "step Mammo-Train: `OutputDataConfig.KmsKeyId` names none of the account's keys",
    ),
    _train("sagemaker-network", in_step("Mammo-Eval", lambda a: a.pop("NetworkConfig")), "step Mammo-Eval"),
    _train(
        "sagemaker-network",
        in_step("Mammo-Train", update(EnableNetworkIsolation=False)),
        "step Mammo-Train: `EnableNetworkIsolation` is not set; write true",
    ),
    _inference(
        "sagemaker-network",
        in_step("Mammo-CreateModel", lambda a: a.pop("EnableNetworkIsolation")),
        "Mammo-CreateModel",
    ),
    _train(
        "sagemaker-instance-types",
        _parameter("TrainingInstanceType", "ml.p4d.24xlarge"),
        "step Mammo-Train: `ResourceConfig.InstanceType` is ml.p4d.24xlarge, which is not allowed in dev; write one of",
    ),
    _inference(
        "sagemaker-instance-types",
        in_step("Mammo-Transform", lambda a: a["TransformResources"].update(InstanceType="ml.m5.2xlarge")),
        "ml.m5.2xlarge, which is not allowed in prod; write one of ml.m5.large, ml.m5.xlarge",
    ),
    _train("sagemaker-pending-versions", _parameter("ModelApprovalStatus", "Approved"), "would start as Approved"),
    _train(
        "sagemaker-pending-versions",
        in_step("Mammo-RegisterModel", update(ModelApprovalStatus="Approved")),
        "write PendingManualApproval",
    ),
    _train(
        "sagemaker-pending-versions",
        in_step("Mammo-RegisterModel", lambda a: a.pop("ModelApprovalStatus")),
        "would start as None",
    ),
]
