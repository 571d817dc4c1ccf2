from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_definitions import KEY, processing, training, wait_for_job
from sagemaker_host import DEV, JOB_ROLE, REGION, SandboxHost

ARN = f"arn:aws:sagemaker:{REGION}:{DEV}:processing-job/job"


def process(host: SandboxHost, source: str, outputs: Any = None, inputs: Any = None, **arguments: Any) -> Any:
    """Run a script as a processing job and answer the job's description when it has ended."""
    client = start(host, source, outputs, inputs, **arguments)
    return wait_for_job(host, client, "processing", "job")


def start(host: SandboxHost, source: str, outputs: Any = None, inputs: Any = None, **arguments: Any) -> Any:
    host.objects["bucket/code/script.py"] = source.encode()
    client = host.client()
    request = processing("script.py", inputs, outputs, **arguments)
    client.create_processing_job(ProcessingJobName="job", **request)
    return client


def test_a_job_reads_its_inputs_and_writes_its_outputs(host: SandboxHost) -> None:
    host.page_size = 2
    for name in ("a.csv", "b.csv", "sub/c.csv"):
        host.objects[f"bucket/data/{name}"] = name.encode()
    source = """
import json, os, sys
root = os.environ["ROOT"]
config = json.load(open(root + "/config/processingjobconfig.json"))
walk = os.walk(root + "/processing/input/data")
found = sorted(os.path.join(p, n)[len(root):] for p, _, names in walk for n in names)
os.makedirs(root + "/processing/output/out/deep")
open(root + "/processing/output/out/deep/found.txt", "w").write(" ".join(found) + " " + config["ProcessingJobName"])
open(root + "/output/message", "w").write("all read")
print("printed")
"""
    job = process(
        host, source, {"out": "s3://bucket/out"}, {"data": "s3://bucket/data"}, Environment={"ROOT": "/opt/ml"}
    )
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ExitMessage"] == "all read"
    assert job["ProcessingEndTime"] >= job["ProcessingStartTime"] >= job["CreationTime"]
    found = host.objects["bucket/out/deep/found.txt"].decode().split()
    assert found[:-1] == [f"/processing/input/data/{name}" for name in ("a.csv", "b.csv", "sub/c.csv")]
    assert found[-1] == "job"
    assert host.encryption["bucket/out/deep/found.txt"] == KEY
    assert host.assumed == [(JOB_ROLE, ARN)]
    (stream,) = [name for name in host.logs if name.startswith("/aws/sagemaker/ProcessingJobs:job/algo-1-")]
    assert host.logs[stream] == ["printed"]
    kinds = [(e["type"], e["detail"]["ProcessingJobStatus"]) for e in host.events]
    assert kinds == [("SageMaker Processing Job State Change", s) for s in ("InProgress", "Completed")]


def test_a_failing_script_fails_the_job_with_its_last_words_and_exit_code(host: SandboxHost) -> None:
    job = process(host, "print('before')\nraise ValueError('no rows')\n", {"out": "s3://bucket/out"})
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: ValueError: no rows, exit code: 1"
    assert job["ExitMessage"].startswith("before\nTraceback")
    assert not [name for name in host.objects if name.startswith("bucket/out")]


def test_a_script_killed_by_a_signal_shows_the_exit_code_of_a_shell(host: SandboxHost) -> None:
    job = process(host, "import os\nos.kill(os.getpid(), 9)\n")
    assert job["FailureReason"] == "AlgorithmError: , exit code: 137"


def test_a_job_has_its_roles_credentials_and_nothing_of_the_servers(
    host: SandboxHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "private")
    monkeypatch.setenv("SERVER_SECRET", "hidden")
    source = """
import os
open(os.environ["OUT"] + "/env", "w").write("\\n".join(f"{k}={v}" for k, v in os.environ.items()))
"""
    job = process(
        host, source, {"out": "s3://bucket/out"}, Environment={"OUT": "/opt/ml/processing/output/out", "MINE": "1"}
    )
    assert job["ProcessingJobStatus"] == "Completed", job
    environment = dict(line.split("=", 1) for line in host.objects["bucket/out/env"].decode().splitlines())
    assert environment["AWS_ENDPOINT_URL"] == host.endpoint_url
    assert environment["AWS_DEFAULT_REGION"] == REGION
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert environment["MINE"] == "1"
    assert not environment.keys() & {"AWS_PROFILE", "SERVER_SECRET", "PYTHONPATH"}


def test_network_isolation_leaves_the_script_no_credentials_and_no_endpoint(host: SandboxHost) -> None:
    source = "import os, sys\nsys.exit(' '.join(k for k in os.environ if k.startswith('AWS_')))\n"
    job = process(host, source, NetworkConfig={"EnableNetworkIsolation": True})
    words = job["ExitMessage"].split()
    assert sorted(words) == ["AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_REGION"]


def test_a_job_past_its_time_is_stopped_with_all_its_processes(host: SandboxHost, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    pipe = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    source = f"""
import signal, subprocess, sys
child = "file = open({str(tmp_path / "alive")!r}, 'w'); import signal; signal.pause()"
subprocess.Popen([sys.executable, "-c", child])
signal.pause()
"""
    job = process(host, source, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Stopped", "MaxRuntimeExceeded")
    os.set_blocking(pipe, True)
    assert os.read(pipe, 1) == b""  # would wait for a writer that is still alive
    os.close(pipe)


def test_a_stopped_job_may_end_in_order_and_is_stopped(host: SandboxHost, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    path = str(tmp_path / "alive")
    source = f"""
import signal, sys
file = open({path!r}, "w")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("bye", file=file)))
print("running", file=file, flush=True)
signal.pause()
"""
    client = start(host, source, {"out": "s3://bucket/out"})
    with (tmp_path / "alive").open() as pipe:
        assert pipe.readline() == "running\n"
        client.stop_processing_job(ProcessingJobName="job")
        assert pipe.read() == "bye\n"
    job = wait_for_job(host, client, "processing", "job")
    assert job["ProcessingJobStatus"] == "Stopped"
    client.stop_processing_job(ProcessingJobName="job")  # one that has ended stays as it is


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"AppSpecification": {"ImageUri": "1.dkr.ecr.us-east-1.amazonaws.com/custom:1"}}, "cannot run image"),
        (
            {
                "AppSpecification": {
                    "ImageUri": "x/sagemaker-scikit-learn:1",
                    "ContainerEntrypoint": ["no-such-program"],
                }
            },
            "Cannot start no-such-program",
        ),
        ({"AppSpecification": {"ImageUri": "x/sagemaker-scikit-learn:1"}}, "give ContainerEntrypoint"),
    ],
)
def test_a_job_that_cannot_run_says_why(host: SandboxHost, change: Any, reason: str) -> None:
    job = process(host, "", **change)
    assert job["ProcessingJobStatus"] == "Failed"
    assert reason in job["FailureReason"]


def test_missing_data_and_missing_permissions_fail_the_job(host: SandboxHost) -> None:
    job = process(host, "", inputs={"data": "s3://bucket/nothing/"})
    assert 'No S3 objects found under S3 URL "s3://bucket/nothing/"' in job["FailureReason"]


def test_a_job_role_without_permission_fails_the_job(host: SandboxHost) -> None:
    host.denied.add((JOB_ROLE, "s3:PutObject"))
    source = "import os\nopen(os.environ['OUT'] + '/f', 'w').write('x')\n"
    job = process(host, source, {"out": "s3://bucket/out"}, Environment={"OUT": "/opt/ml/processing/output/out"})
    assert job["FailureReason"].startswith("ClientError: Data upload failed")


def test_a_job_role_that_may_not_write_logs_runs_all_the_same(host: SandboxHost) -> None:
    host.denied.add((JOB_ROLE, "logs:CreateLogStream"))
    job = process(host, "print('hello')\n")
    assert job["ProcessingJobStatus"] == "Completed" and not host.logs
    (log,) = host.folder.glob("work/*/*/*/job/job.log")
    assert log.read_text().startswith("hello\n(not in CloudWatch Logs: ")


def test_a_jobs_name_is_used_once_and_its_role_must_be_assumable(host: SandboxHost) -> None:
    client = start(host, "")
    with pytest.raises(ClientError, match="ResourceInUse"):
        client.create_processing_job(ProcessingJobName="job", **processing("script.py"))
    host.denied.add((JOB_ROLE, "sts:AssumeRole"))
    with pytest.raises(ClientError, match="Could not assume role"):
        client.create_processing_job(ProcessingJobName="job2", **processing("script.py"))
    wait_for_job(host, client, "processing", "job")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"HyperParameters": {"sagemaker_program": "train.py"}}, "script mode"),
        ({"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 1}}, "only as 1"),
        ({"EnableManagedSpotTraining": True}, "enableManagedSpotTraining of CreateTrainingJob only as False"),
    ],
)
def test_what_the_sandbox_does_not_train_is_refused(host: SandboxHost, change: Any, message: str) -> None:
    request = {**training({"train": "s3://bucket/train"}), **change}
    with pytest.raises(ClientError, match=message):
        host.client().create_training_job(TrainingJobName="job", **request)


def test_jobs_are_listed_by_status_and_name(host: SandboxHost) -> None:
    client = host.client()
    host.objects["bucket/code/script.py"] = b""
    broken = {"AppSpecification": {"ImageUri": "x/unknown:1"}}
    for name in ("first", "second", "third"):
        client.create_processing_job(ProcessingJobName=name, **processing("script.py", **broken))
    listed = client.list_processing_jobs(StatusEquals="Failed", NameContains="IR", SortBy="Name", SortOrder="Ascending")
    assert [job["ProcessingJobName"] for job in listed["ProcessingJobSummaries"]] == ["first", "third"]
    assert client.list_processing_jobs(StatusEquals="Completed")["ProcessingJobSummaries"] == []
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.describe_processing_job(ProcessingJobName="fourth")
