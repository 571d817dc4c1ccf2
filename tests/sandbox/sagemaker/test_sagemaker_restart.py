"""A server that is killed loses nothing, and its jobs end with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sagemaker_definitions import create, definition, ended, processing, step
from sagemaker_host import REGISTRY, SandboxHost

_SERVER = """
import sys
from pathlib import Path
from sagemaker_host import REGISTRY, SandboxHost
from sagemaker_definitions import create, definition, processing, step

host = SandboxHost(Path(sys.argv[1]))
host.client(REGISTRY).create_model_package_group(ModelPackageGroupName="models")
source = f"import signal\\nfile = open({sys.argv[2]!r}, 'w')\\n"
source += "print('running', file=file, flush=True)\\nsignal.pause()\\n"
host.objects["bucket/code/hold.py"] = source.encode()
client = create(host, definition(step("Hold", "Processing", processing("hold.py"))))
client.start_pipeline_execution(PipelineName="train", ClientRequestToken="t" * 32)
sys.stdin.read()
"""


def test_a_killed_servers_executions_and_jobs_are_shown_as_failed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "running")
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[3])])
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(tmp_path), str(tmp_path / "running")],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    with (tmp_path / "running").open() as pipe:
        assert pipe.readline() == "running\n"
        server.kill()
        server.communicate()
        assert pipe.read() == ""  # the job's process is gone too

    host = SandboxHost(tmp_path)
    try:
        client = host.client()
        (execution,) = client.list_pipeline_executions(PipelineName="train")["PipelineExecutionSummaries"]
        assert execution["PipelineExecutionStatus"] == "Failed"
        assert execution["PipelineExecutionFailureReason"] == "The sandbox stopped while this execution ran."
        arn = execution["PipelineExecutionArn"]
        (held,) = client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        assert held["StepStatus"] == "Failed"
        job = held["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
        description = client.describe_processing_job(ProcessingJobName=job)
        assert description["ProcessingJobStatus"] == "Failed"
        assert "The sandbox stopped while this job ran" in description["FailureReason"]
        groups = host.client(REGISTRY).list_model_package_groups()["ModelPackageGroupSummaryList"]
        assert [group["ModelPackageGroupName"] for group in groups] == ["models"]
    finally:
        host.close()


def test_jobs_whose_runners_are_lost_fail_and_are_retried_by_their_policy(tmp_path: Path) -> None:
    host = SandboxHost(tmp_path)
    os.mkfifo(tmp_path / "alive")
    pipe = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    source = f"""
import os, pathlib, signal
seen = pathlib.Path({str(tmp_path / "seen")!r})
if not seen.exists():
    seen.touch()
    file = os.open({str(tmp_path / "alive")!r}, os.O_WRONLY)
    os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()
"""
    host.objects["bucket/code/lose.py"] = source.encode()
    policy = {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 0, "MaxAttempts": 1}
    client = create(host, definition(step("Lose", "Processing", processing("lose.py"), RetryPolicies=[policy])))
    arn = client.start_pipeline_execution(PipelineName="train", ClientRequestToken="t" * 32)["PipelineExecutionArn"]
    execution = ended(host, client, arn)
    host.close()
    assert execution["PipelineExecutionStatus"] == "Succeeded", execution
    assert execution["Steps"]["Lose"]["AttemptCount"] == 2
    os.set_blocking(pipe, True)
    assert os.read(pipe, 1) == b""  # would wait for the first attempt's script if that were still alive
    os.close(pipe)


def test_closing_kills_the_jobs_and_says_so(tmp_path: Path) -> None:
    host = SandboxHost(tmp_path)
    os.mkfifo(tmp_path / "running")
    path = str(tmp_path / "running")
    source = f"import signal\nfile = open({path!r}, 'w')\nprint('running', file=file, flush=True)\nsignal.pause()\n"
    host.objects["bucket/code/hold.py"] = source.encode()
    client = create(host, definition(step("Hold", "Processing", processing("hold.py"))))
    client.start_pipeline_execution(PipelineName="train", ClientRequestToken="t" * 32)
    with (tmp_path / "running").open() as pipe:
        assert pipe.readline() == "running\n"
        host.service.close()
        assert pipe.read() == ""
    host.open_service()
    (execution,) = client.list_pipeline_executions(PipelineName="train")["PipelineExecutionSummaries"]
    assert execution["PipelineExecutionFailureReason"] == "The sandbox stopped while this execution ran."
    host.close()
