"""The pack in Pulumi's own engine: the platform's stacks pass, and programs that violate a rule are stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from edited_project import Preview, Program, preview

from mlops import policy_pack
from mlops.bootstrap import bootstrap
from mlops.engine import Engine
from mlops.failure import CommandError
from mlops.place import Place
from mlops.project import load_settings
from sandbox import process

BUCKET, KEYS, TRUST = "infra/storage/bucket.py", "infra/encryption/key_policy.py", "infra/identity/trust.py"
FUNCTION = "infra/automation/function.py"
PROGRAMS = {
    "S3: the TLS statement is gone": Program(
        "registry",
        BUCKET,
        {'conditions={"Bool": {"aws:SecureTransport": "false"}}': 'conditions={"Bool": {}}'},
        "s3-tls-only",
        'Condition {"Bool": {"aws:SecureTransport": "false"}}, and no other',
    ),
    "KMS: the key does not rotate": Program(
        "registry",
        "infra/encryption/account_key.py",
        {"            enable_key_rotation=True,\n": ""},
        "kms-rotation",
        "key: `enableKeyRotation` is not set, so the key never rotates; write true",
    ),
    "EventBridge: a dead-letter queue is gone": Program(
        "registry",
        "infra/automation/approval_rule.py",
        {'            dead_letter_config={"arn": args.dead_letter_queue_arn},\n': ""},
        "events-dead-letter-queue",
        "`deadLetterConfig.arn` is missing, so what cannot be delivered is lost; write the ARN of a dead-letter queue",
    ),
    "IAM: the confused-deputy condition is gone": Program(
        "dev",
        TRUST,
        {'                    "StringEquals": {"aws:SourceAccount": account_id},\n': ""},
        "iam-confused-deputy",
        'Add to its Condition {"StringEquals": {"aws:SourceAccount": "111111111111"}',
    ),
    "SNS: the key policy no longer lets EventBridge in": Program(
        "registry",
        "stacks/registry.py",
        {"                    rules_publish(),\n": ""},
        "sns-publishers-let-in",
        'alerts would not arrive. Add to `policy`: Effect Allow, Principal {"Service": "events.amazonaws.com"}, '
        "Action kms:GenerateDataKey and kms:Decrypt*",
    ),
    "SageMaker: a job has a network": Program(
        "dev",
        "ml/definitions/mammography-severity/train.json",
        {'"EnableNetworkIsolation": true': '"EnableNetworkIsolation": false'},
        "sagemaker-network",
        "step Mammo-Train: `EnableNetworkIsolation` is not set; write true",
    ),
    "registry: dev and prod approve": Program(
        "registry",
        "infra/registry/group_policy.py",
        {'"sagemaker:ListModelPackages", "sagemaker:CreateModel")': '"sagemaker:UpdateModelPackage")'},
        "registry-approves",
        "lets account 111111111111, 222222222222 do sagemaker:UpdateModelPackage; remove the action",
    ),
    "Lambda: a runtime that AWS has given up": Program(
        "dev",
        FUNCTION,
        {"runtime=RUNTIME": 'runtime="python3.8"'},
        "lambda-runtime",
        "`runtime` is python3.8, which is not among those known to be supported",
    ),
    "logs: kept for ever": Program(
        "dev",
        FUNCTION,
        {"            retention_in_days=args.log_retention_days,\n": ""},
        "log-retention",
        "so logs are kept for ever; write 365",
    ),
    "tags: one is gone": Program(
        "registry",
        "infra/providers.py",
        {'"project": PROJECT, ': ""},
        "tags-required",
        "no tag `project` on alerts,",
    ),
    "the whole stack: nobody hears when a pipeline fails": Program(
        "prod",
        "infra/automation/failure_rule.py",
        {'["Failed"]': '["Stopped"]'},
        "stack-failure-rules",
        "nobody hears when mammo-severity-train-pipeline fails",
    ),
    "waivers: one has expired": Program(
        "registry",
        "policy-pack/waivers.toml",
        {
            "# Rules that": '[[waiver]]\nrule = "kms-rotation"\nstack = "registry"\nresource = "key"\n'
            'reason = "an imported key, until the end of 2025"\nexpires = 2026-01-01\n# Rules that'
        },
        "waivers-expired",
        "the waiver of kms-rotation for key ended on 2026-01-01",
    ),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[Engine]:
    """The engine of a sandbox in which registry and dev are up, and prod is still to come."""
    folder = tmp_path_factory.mktemp("accounts")
    path = os.environ["PATH"]
    try:
        server = process.start(folder, port=0)
        place = Place(settings=load_settings(), folder=folder, endpoint_url=server.endpoint_url)
        bootstrap(place, str)
        made = Engine(place)
        made.up("registry", str)
        made.up("dev", str)
        yield made
    finally:
        os.environ["PATH"] = path
        process.stop(folder)


@pytest.fixture(scope="module")
def previews(engine, tmp_path_factory) -> dict[str, Preview]:
    """Every violating program's preview, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda program: preview(engine, tmp_path_factory.mktemp("edited"), program), PROGRAMS.values())
        return dict(zip(PROGRAMS, done, strict=True))


@pytest.mark.parametrize("environment", ["registry", "dev"])
def test_a_stack_that_is_up_passes_and_no_rule_meets_an_unknown_value(engine, environment):
    told = []
    assert engine.judge(environment, told.append).changed == 0
    assert told == []


def test_a_first_preview_passes_and_tells_only_that_definitions_wait_for_keys_and_roles(engine):
    told = []
    assert engine.judge("prod", told.append).changed > 100
    assert sorted(line.split(":")[1] for line in told) == [
        " [sagemaker-definition-unknown] mammography-severity-" + p for p in ("inference", "train")
    ]


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_violating_program_is_stopped_with_what_to_write(previews, case):
    program, done = PROGRAMS[case], previews[case]
    assert done.exit_code != 0
    assert f"[mandatory]  {program.rule} " in done.text, done.text[-3000:]
    assert program.says in done.text


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_violating_program_violates_one_rule_only(previews, case):
    mandatory = {line.split()[2] for line in previews[case].text.splitlines() if "- [mandatory]" in line}
    assert mandatory == {PROGRAMS[case].rule}


def test_an_update_is_stopped_before_it_changes_anything(engine, monkeypatch, tmp_path):
    """A team's own configuration may ask for more: here for a tag, which only the whole stack shows to be missing."""
    config = tmp_path / "config.json"
    config.write_text('{"tags-required": {"required": ["cost-center"]}, "kms-rotation": "disabled"}')
    monkeypatch.setattr(policy_pack, "CONFIG", config)
    said = []
    with pytest.raises(CommandError) as raised:
        engine.up("registry", said.append)
    assert "registry: Pulumi stopped.\n[tags-required] no tag `cost-center` on alerts," in str(raised.value)
    assert said == []
