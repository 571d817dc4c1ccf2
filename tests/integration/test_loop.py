"""The loop in prod: what drifts is retrained once, what is only broken is told, and nothing that failed is lost.

One sandbox, in the order of the file: each test leaves a version approved and a clean batch in its place.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from loop_story import DAY, Loop
from project_checkout import make_checkout

from ml.datasets import mammographic_masses as dataset
from sandbox import process

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """A sandbox of its own in which the demo has been played."""
    made = make_checkout(tmp_path_factory.mktemp("loop") / "project")
    try:
        done = made.mlops("demo", "--json")
        assert done.returncode == 0, done.stderr[-6000:]
        (made.folder / "demo.json").write_text(done.stdout)
        yield Loop.of(made)
    finally:
        process.stop(made.sandbox)


def test_the_demo_plays_the_whole_story(loop: Loop):
    demo = json.loads((loop.checkout.folder / "demo.json").read_text())
    assert len(demo["chapters"]) == 6
    assert [outcome["status"] for outcome in loop.retrainings()] == ["Succeeded"]
    [retrained, first] = loop.checkout.json("models", "list")
    assert (first["trained_in"], retrained["trained_in"]) == ("dev", "prod")
    assert {first["status"], retrained["status"]} == {"Approved"}
    assert dead_letters(loop) == []
    page = (loop.checkout.sandbox / "report.html").read_text()
    assert "ended as drift" in page


def test_the_mail_about_drift_is_one_that_a_person_can_act_on(loop: Loop):
    [failed] = [message for message in loop.mail() if "failed: drift" in (message["subject"] or "")]
    text = failed["text"]
    execution = next(one for one in loop.executions("mammo-severity-inference-pipeline") if one["status"] == "Failed")
    for expected in ("222222222222 (prod)", "mammo-severity-inference-pipeline", "Verdict:   drift"):
        assert expected in text
    assert execution["arn"] in text
    moved = text.split("Features that moved")[1].split("\n\n")[0]
    assert "Shape" in moved
    assert "Margin" in moved
    assert re.search(r"https://us-east-1\.console\.aws\.amazon\.com/s3/object/\S+batch_check\.json", text)
    for secret in ("AKIA", "ASIA", "aws_secret", "X-Amz-"):
        assert secret not in text
    rows = (loop.checkout.folder / ".data" / dataset.DRIFTED_FILE).read_text().splitlines()
    assert not [row for row in rows if row in text]


def test_predictions_and_report_of_each_execution_lie_under_its_own_prefix_and_key(loop: Loop):
    done = [one for one in loop.executions("mammo-severity-inference-pipeline") if one["status"] == "Succeeded"]
    assert len(done) == 2
    s3, bucket = loop.client("s3"), loop.place.names.data_bucket("prod")
    for execution in done:
        prefix = f"mammography-severity-model/executions/{execution['arn'].rsplit('/', 1)[1]}/"
        found = s3.list_object_versions(Bucket=bucket, Prefix=prefix)["Versions"]
        keys = [version["Key"].removeprefix(prefix) for version in found]
        assert sorted(keys) == [
            "check/batch_check.json",
            "check/constraint_violations.json",
            "check/constraints.json",
            "check/statistics.json",
            "predictions/mammo-batch-dataset.csv.out",
            "scored/mammo-batch-dataset.csv",
        ]
        for version in found:
            assert ":222222222222:key/" in s3.head_object(Bucket=bucket, Key=version["Key"])["SSEKMSKeyId"]
        scores = (
            s3.get_object(Bucket=bucket, Key=prefix + "predictions/mammo-batch-dataset.csv.out")["Body"]
            .read()
            .decode()
            .split()
        )
        assert len(scores) == len((loop.checkout.folder / ".data" / dataset.BATCH_FILE).read_text().splitlines())
        report = json.loads(s3.get_object(Bucket=bucket, Key=prefix + "check/batch_check.json")["Body"].read())
        assert (report["verdict"], report["execution_id"]) == ("ok", execution["arn"].rsplit("/", 1)[1])


@pytest.mark.parametrize("batch", [dataset.OUTLIERS_FILE, dataset.MALFORMED_FILE])
def test_a_file_that_cannot_be_used_is_told_and_not_retrained_on(loop: Loop, batch: str):
    before, mail = len(loop.retrainings()), loop.last_mail()
    assert loop.day(batch)["outcome"] == "bad input"
    assert_told_without_retraining(loop, mail, before, "bad-input")
    assert loop.day(dataset.BATCH_FILE)["outcome"] == "succeeded"


def assert_told_without_retraining(loop: Loop, mail: int, before: int, verdict: str) -> None:
    """Exactly one message of a failed pipeline since ``mail``, with this verdict."""
    told = [message for message in loop.mail(mail) if "failed:" in (message["subject"] or "")]
    assert [message["subject"].rpartition("failed: ")[2] for message in told] == [verdict]
    assert "Nothing is retrained" in told[0]["text"]
    assert len(loop.retrainings()) == before


def test_without_an_approved_version_the_end_has_a_name(loop: Loop):
    before, mail = len(loop.retrainings()), loop.last_mail()
    loop.decide("Rejected")
    try:
        ended = loop.run()
    finally:
        loop.decide("Approved")
    assert ended["outcome"] == "no approved model"
    assert "Traceback" not in ended["reason"]
    assert_told_without_retraining(loop, mail, before, "no approved model")


def test_a_missing_file_is_told(loop: Loop):
    before, mail = len(loop.retrainings()), loop.last_mail()
    ended = loop.run(transform_input=loop.batch_uri() + ".missing")
    assert (ended["outcome"], "No S3 objects found" in ended["reason"]) == ("failed", True)
    assert_told_without_retraining(loop, mail, before, "failed step Mammo-BatchCheck")


def test_a_crashing_container_is_told(loop: Loop):
    before, mail = len(loop.retrainings()), loop.last_mail()
    s3, bucket = loop.client("s3"), loop.place.names.data_bucket("prod")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="mammography-severity-model/scripts/")["Contents"]
    [key] = [one["Key"] for one in listed if one["Key"].endswith("/batch_check.py")]
    script = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=b"raise SystemExit('a crash')")
    try:
        ended = loop.run()
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=script)
    assert (ended["outcome"], "a crash" in ended["reason"]) == ("failed", True)
    assert_told_without_retraining(loop, mail, before, "failed step Mammo-BatchCheck")


def test_a_denied_key_is_told(loop: Loop):
    before, mail = len(loop.retrainings()), loop.last_mail()
    iam, role = loop.client("iam"), "sagemaker-execution-role"
    policy = iam.get_role_policy(RoleName=role, PolicyName="kms-key-access-policy")["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName="kms-key-access-policy")
    try:
        ended = loop.run()
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="kms-key-access-policy", PolicyDocument=json.dumps(policy))
    assert (ended["outcome"], "kms:Decrypt" in ended["reason"]) == ("failed", True), ended["reason"]
    assert_told_without_retraining(loop, mail, before, "failed step Mammo-BatchCheck")
    assert loop.run()["outcome"] == "succeeded"


def test_one_failure_delivered_five_times_and_another_in_the_cool_down_start_one_training(loop: Loop):
    before, mail = len(loop.retrainings()), loop.last_mail()
    drifted_batch = loop.batch_uri(dataset.DRIFTED_FILE)
    drifted = loop.run(transform_input=drifted_batch)
    assert drifted["outcome"] == "drift"
    gate = loop.client("lambda")
    answers = [
        json.loads(gate.invoke(FunctionName="retrain-gate", Payload=loop.failure_event(drifted))["Payload"].read())
        for _ in range(5)
    ]
    assert {answer["decision"] for answer in answers} == {"already-started"}
    again = loop.run(transform_input=drifted_batch)
    assert again["outcome"] == "drift"
    assert len(loop.retrainings()) == before + 1
    [started] = [message for message in loop.mail(mail) if "Retraining started" in (message["subject"] or "")]
    [refused] = [message for message in loop.mail(mail) if "No retraining" in (message["subject"] or "")]
    assert drifted["arn"].rsplit("/", 1)[1] in started["text"]
    assert "hours must lie between two" in refused["text"]


def test_ten_drifted_days_without_approval_retrain_no_more_than_the_weekly_cap(loop: Loop):
    cap = loop.place.settings["prod"].retraining.weekly_cap
    before, mail = len(loop.retrainings()), loop.last_mail()
    assert [loop.day(dataset.DRIFTED_FILE)["outcome"] for _ in range(10)] == ["drift"] * 10
    started = sorted(datetime.fromisoformat(one["started"]) for one in loop.retrainings())
    assert len(started) > before
    for first in started:
        assert sum(first <= other < first + WEEK for other in started) <= cap
    subjects = [message["subject"] or "" for message in loop.mail(mail)]
    refused = [subject for subject in subjects if "No retraining" in subject]
    assert len(refused) + len(started) - before == 10
    assert len([subject for subject in subjects if "failed: drift" in subject]) == 10
    alarms = " ".join(subject for subject in subjects if subject.startswith("ALARM"))
    assert "approval-waits" in alarms, "a version waits for days, and nobody was told"
    assert "inference-pipeline-no-success" in alarms, "no inference succeeds for days, and nobody was told"
    assert loop.day(dataset.BATCH_FILE)["outcome"] == "succeeded"


def dead_letters(loop: Loop) -> list[str]:
    return sorted(message["queue"] for message in loop.checkout.json("redrive", "--dry-run")["messages"])


def test_a_function_that_throws_leaves_its_event_for_redrive(loop: Loop):
    functions, mail = loop.client("lambda"), loop.last_mail()
    code = zipped("failure_notice.py", (loop.checkout.folder / "ml/functions/failure_notice.py").read_text())
    broken = zipped("failure_notice.py", "def handler(event, context):\n    raise RuntimeError('broken')\n")
    functions.update_function_code(FunctionName="failure-notice", ZipFile=broken)
    ended = loop.run(transform_input=loop.batch_uri() + ".missing")
    loop.pass_time(timedelta(minutes=10))  # Lambda tries twice more, after one and after two minutes
    assert dead_letters(loop) == ["failure-notice-dead-letters"]
    assert "failed:" not in str([message["subject"] for message in loop.mail(mail)])
    failing = loop.checkout.mlops("redrive")
    assert (failing.returncode, "broken" in failing.stdout + failing.stderr) == (1, True)
    functions.update_function_code(FunctionName="failure-notice", ZipFile=code)
    assert loop.checkout.mlops("redrive").returncode == 0
    assert dead_letters(loop) == []
    [told] = [message for message in loop.mail(mail) if "failed:" in (message["subject"] or "")]
    assert ended["arn"] in told["text"]
    alarms = [m["subject"] for m in loop.mail(mail) if "failure-notice-dead-letters" in (m["subject"] or "")]
    assert alarms, "the dead-letter queue's alarm told nobody"


def zipped(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text)
    return packed.getvalue()


def test_a_deleted_topic_leaves_its_event_for_redrive_after_the_repair(loop: Loop):
    sns, mail = loop.client("sns", "registry"), loop.last_mail()
    topic = loop.place.names.topic_arn(loop.place.settings["registry"].alerts.topic, "registry")
    sns.delete_topic(TopicArn=topic)
    loop.decide("Approved")
    loop.pass_time(DAY)
    waiting = loop.checkout.json("redrive", "--stack", "registry", "--dry-run")["messages"]
    assert {message["target"] for message in waiting} == {topic}
    repaired = loop.checkout.mlops("pulumi", "up", "--stack", "registry", "--refresh", "--yes", "--non-interactive")
    assert repaired.returncode == 0, repaired.stdout[-3000:]
    assert loop.checkout.mlops("redrive", "--stack", "registry").returncode == 0
    told = [message for message in loop.mail(mail) if message["topic_arn"] == topic and "Approved" in message["text"]]
    assert len(told) == len(waiting)
    assert loop.checkout.json("redrive", "--stack", "registry", "--dry-run")["messages"] == []
