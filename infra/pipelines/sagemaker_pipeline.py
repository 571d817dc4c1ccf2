"""A SageMaker pipeline of one account: its scripts in S3, and the pipeline that runs them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.pipelines.definition import fill, placeholders

SCRIPT = "script_"
HASH_DIGITS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class SagemakerPipelineArgs:
    """What a SagemakerPipeline needs from its caller.

    ``template`` is the compiled definition; ``values`` fills it, except for the scripts, which are found in
    ``script_folder`` under the names that the definition asks for.
    """

    pipeline_name: str
    display_name: str
    description: str
    template: str
    values: Mapping[str, pulumi.Input[str]]
    role_arn: pulumi.Input[str]
    bucket: pulumi.Input[str]
    script_prefix: str
    script_folder: Path
    parallel_steps: int = 4


class SagemakerPipeline(pulumi.ComponentResource):
    """Scripts under keys made of their content, and a pipeline whose definition names exactly those."""

    arn: pulumi.Output[str]
    pipeline_name: pulumi.Output[str]

    def __init__(self, name: str, args: SagemakerPipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:pipelines:SagemakerPipeline", name, {}, opts)
        bucket = pulumi.Output.from_input(args.bucket)
        scripts: dict[str, pulumi.Output[str]] = {}
        for placeholder in sorted(p for p in placeholders(args.template) if p.startswith(SCRIPT)):
            path = args.script_folder / f"{placeholder.removeprefix(SCRIPT)}.py"
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_DIGITS]
            script = aws.s3.BucketObjectv2(
                f"{name}-{path.stem.replace('_', '-')}",
                bucket=bucket,
                key=f"{args.script_prefix}/{digest}/{path.name}",
                source=pulumi.FileAsset(str(path)),
                content_type="text/x-python",
                # Executions under way, and a roll-back, still need the script that this one replaces.
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
            )
            scripts[placeholder] = pulumi.Output.concat("s3://", script.bucket, "/", script.key)

        definition = pulumi.Output.all(**args.values, **scripts).apply(lambda values: fill(args.template, values))
        pipeline = aws.sagemaker.Pipeline(
            name,
            pipeline_name=args.pipeline_name,
            pipeline_display_name=args.display_name,
            pipeline_description=args.description,
            role_arn=args.role_arn,
            pipeline_definition=definition,
            parallelism_configuration={"max_parallel_execution_steps": args.parallel_steps},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = pipeline.arn
        self.pipeline_name = pipeline.pipeline_name
        self.register_outputs({"arn": self.arn, "pipeline_name": self.pipeline_name})
