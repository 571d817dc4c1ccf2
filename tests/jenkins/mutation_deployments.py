"""Checks that plan and deploy the registry, the first of the three stacks, into an empty world."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator
from typing import Any

from delivery_world import APPROVED, World
from jenkins_build import Build
from mutation_checks import DEPLOYMENT, PREVIEW, SECONDS, differences, roles, stages

NO_ROTATION = {"infra/encryption/account_key.py": ("enable_key_rotation=True", "enable_key_rotation=False")}
PROOF = "$(PY) -m tools.access_matrix --summary $(PLANS)/access.json"
LOCK = "Trying to acquire lock on [Resource: model-promotion]"
PLAN, REVIEW = "build/delivery/registry/plan.json", "build/delivery/registry/review.json"
LONGER_PLAN = f"from pathlib import Path\nplan = Path('{PLAN}')\nplan.write_text(plan.read_text() + chr(10))\n"
ITS_REVIEW = f"""import hashlib, json
review = json.loads(Path('{REVIEW}').read_text())
review['plan_digest'] = hashlib.sha256(plan.read_bytes()).hexdigest()
Path('{REVIEW}').write_text(json.dumps(review))
"""
BY_HAND = "a key that was edited by hand"
CHANGED_KEY = f"""from pathlib import Path
key = Path('infra/encryption/account_key.py')
key.write_text(key.read_text().replace('description=args.description', 'description="{BY_HAND}"'))
"""
GROUP = "mammo-severity-model-package"


def change_main(world: World, edits: dict[str, tuple[str, str]]) -> None:
    """Merge edits into main."""
    world.merge(world.commit("merged", edits))


def approved_main(world: World, after_approval: str = "", **settings: Any) -> Build:
    """Start a build of main that alice approves; on the deploy agent a program then changes what was approved."""
    # The proof of access is not what these checks are about, and takes as long as all the rest.
    edits = {"Makefile": (PROOF, "true")}
    if after_approval:
        (world.repository / "change.py").write_text(after_approval)
        world.git("add", "change.py")
        world.git("commit", "--quiet", "--message", "What changes after the approval")
        edits["Jenkinsfile"] = ("make('approve')\n", "make('approve')\nsh 'python3 change.py'\n")
    change_main(world, edits)
    return world.start_main(**settings)


def give_prod_its_mail_and_log(world: World) -> None:
    """What prod's own stack makes and these checks do not deploy: the alert topic and Jenkins' log group."""
    world.client("prod", "logs").create_log_group(logGroupName="jenkins-log")
    sns = world.client("prod", "sns")
    topic = sns.create_topic(Name="mammography-model-notification")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ml-team@example.com")


def shipped(world: World) -> str:
    """Everything in Jenkins' log group."""
    events = world.client("prod", "logs").filter_log_events(logGroupName="jenkins-log")["events"]
    return "\n".join(event["message"] for event in events)


def key_descriptions(world: World) -> set[str]:
    """Descriptions of the registry's keys."""
    kms = world.client("registry", "kms")
    return {kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"] for key in kms.list_keys()["Keys"]}


@contextlib.contextmanager
def held_lock(world: World) -> Iterator[None]:
    """Hold Jenkins' lock on deployments, as a build of another job would."""
    folder = world.jenkins.folder / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "resource-model-promotion").open("a+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield
        fcntl.lockf(file, fcntl.LOCK_UN)


def while_it_waits(world: World, act: Callable[[], None]) -> tuple[Build, bool]:
    """Do something while a deployment waits for Jenkins' lock; whether it waited."""
    with held_lock(world):
        build = approved_main(world)
        build.wait_for(LOCK, SECONDS)
        waited = LOCK in build.log and "make deploy STACK" not in build.log
        act()
    return build.wait(), waited


def put_state(world: World, key: str, body: dict[str, Any]) -> None:
    """Write an object into Pulumi's part of the state bucket."""
    bucket = world.place.names.state_bucket
    world.client("prod", "s3").put_object(Bucket=bucket, Key=f".pulumi/{key}", Body=json.dumps(body).encode())


def refusal(build: Build, why: str) -> dict[str, tuple[Any, Any]]:
    """Facts of a deployment that ended before `pulumi up`, for a reason that its log tells."""
    return {
        "result": (build.result, "FAILURE"),
        "registry": (build.stages.get("Deploy registry"), "FAILURE"),
        "explained": (why in build.log, True),
        "applied": ("applying plan" in build.log, False),
    }


def a_promotion(world: World) -> str | None:
    """Main that alice approves is deployed, and it is written down who approved."""
    give_prod_its_mail_and_log(world)
    build = approved_main(world).wait()
    approval = build.archive("build/delivery/approval.json")
    return differences(
        registry=(build.stages.get("Deploy registry"), "SUCCESS"),
        result=(build.result, "UNSTABLE"),
        approver=(json.loads(approval.read_text())["by"] if approval.is_file() else None, "alice"),
        roles=(roles(build), {PREVIEW, DEPLOYMENT}),
        log_of_verify=("Plan" in shipped(world) or "planned" in shipped(world), True),
        log_of_deploy=("applying plan" in shipped(world), True),
    )


def a_state_that_moves(world: World) -> str | None:
    """A state that moves while the build waits for the lock is refused, and the team gets mail."""
    give_prod_its_mail_and_log(world)
    state = world.state("registry")
    state["checkpoint"]["latest"]["manifest"]["time"] = "2026-11-23T00:00:00Z"
    build, waited = while_it_waits(world, lambda: put_state(world, "stacks/model-promotion/registry.json", state))
    subjects = [mail["subject"] for mail in world.mail()]
    return differences(
        waited=(waited, True),
        **refusal(build, "the stack's state has moved since the plan was made; nothing was touched"),
        mails=(sum("deployment of" in subject for subject in subjects), 1),
    )


def a_locked_state(world: World) -> str | None:
    """Somebody else's lock of the state is told, and pulumi is not even started."""
    lock = {"pid": 1, "username": "bob", "hostname": "laptop", "timestamp": "2026-11-23T00:00:00Z"}
    key = "locks/organization/model-promotion/registry/0.json"
    build, _ = while_it_waits(world, lambda: put_state(world, key, lock))
    return differences(**refusal(build, "the state is locked by bob@laptop"))


def a_changed_plan(world: World) -> str | None:
    """A plan that is not the approved one, byte for byte, is refused."""
    build = approved_main(world, LONGER_PLAN).wait()
    return differences(**refusal(build, "is not the one that alice approved"))


def a_changed_plan_with_its_review(world: World) -> str | None:
    """The same, with a review that knows the changed plan."""
    build = approved_main(world, LONGER_PLAN + ITS_REVIEW).wait()
    return differences(**refusal(build, "is not the one that alice approved"))


def another_commit(world: World) -> str | None:
    """A checkout of another commit than the approved one is refused."""
    change_main(
        world,
        {
            "Jenkinsfile": (
                "jenkins/run-logged make deploy",
                f"env GIT_COMMIT={'0' * 40} jenkins/run-logged make deploy",
            )
        },
    )
    build = approved_main(world).wait()
    return differences(**refusal(build, "is checked out, and not"))


def a_changed_program(world: World) -> str | None:
    """A program that was changed after the approval is refused before pulumi runs."""
    build = approved_main(world, CHANGED_KEY).wait()
    return differences(
        **refusal(build, "files differ from commit"), changed=(BY_HAND in key_descriptions(world), False)
    )


def without_plans(world: World) -> str | None:
    """With withoutPlans the registry is deployed without its plan."""
    build = approved_main(world, params={"withoutPlans": True}).wait()
    return differences(
        registry=(build.stages.get("Deploy registry"), "SUCCESS"),
        asked=(any("--without-plan" in script for script in build.scripts("Deploy registry")), True),
    )


def a_violation_on_main(world: World) -> str | None:
    """What violates a policy is neither asked about nor brought near the deployment role."""
    change_main(world, NO_ROTATION)
    build = approved_main(world).wait()
    return differences(
        result=(build.result, "FAILURE"),
        questions=(len(build.report["inputs"]), 0),
        stages=(stages(build, "Approve", "Deploy"), {"SKIPPED_FAILURE"}),
        roles=(roles(build), {PREVIEW}),
    )


def a_violation_in_a_pull_request(world: World) -> str | None:
    """A violation stops the pull request, and its comment says why."""
    change_main(world, {"Makefile": (PROOF, "true")})
    build = world.pull_request(world.commit("violation", NO_ROTATION))
    return differences(
        result=(build.result, "FAILURE"), comments=(["rotation" in comment for comment in world.comments], [True])
    )


def a_broken_deployment(world: World) -> str | None:
    """What does not work after the deployment fails the build."""
    root = "aws_access_key_id='333333333333', aws_secret_access_key='test', aws_session_token=None"
    program = (
        f"import boto3\nsagemaker = boto3.client('sagemaker', region_name='us-east-1', {root})\n"
        f"sagemaker.delete_model_package_group(ModelPackageGroupName='{GROUP}')\n"
    )
    (world.repository / "break.py").write_text(program)
    world.git("add", "break.py")
    world.git("commit", "--quiet", "--message", "What breaks after the deployment")
    deployed = 'jenkins/run-logged make deploy STACK=${stack} ${options}")\n'
    change_main(world, {"Jenkinsfile": (deployed, deployed + "sh '.venv/bin/python break.py'\n")})
    build = approved_main(world).wait()
    return differences(
        registry=(build.stages.get("Deploy registry"), "FAILURE"),
        explained=("the deployment is not whole" in build.log, True),
    )


def a_slow_deployment(world: World) -> str | None:
    """A deployment that takes too long is interrupted."""
    text = (world.repository / "Jenkinsfile").read_text()
    if "--kill-after=10m 40m" in text:
        change_main(world, {"Jenkinsfile": ("--kill-after=10m 40m", "--kill-after=10m 3s")})
    build = approved_main(world, inputs=APPROVED).wait()
    return differences(registry=(build.stages.get("Deploy registry"), "FAILURE"))
