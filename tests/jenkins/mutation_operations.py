"""Checks of what main does beside deploying: recoveries, and the night that finds something."""

from __future__ import annotations

from delivery_world import World
from mutation_checks import SECONDS, differences
from mutation_deployments import LOCK, give_prod_its_mail_and_log, held_lock, put_state, shipped


def a_recovery(world: World) -> str | None:
    """A recovery waits for a deployment, and its log goes to prod."""
    give_prod_its_mail_and_log(world)
    with held_lock(world):
        build = world.start_main(params={"action": "recover"})
        build.wait_for(LOCK, SECONDS)
        waited = LOCK in build.log and "make recover STACK" not in build.log
    build.wait()
    return differences(
        result=(build.result, "SUCCESS"), waited=(waited, True), log=("no lock and nothing" in shipped(world), True)
    )


def a_night_with_drift(world: World) -> str | None:
    """What differs makes the nightly build unstable, not failed, and the team gets mail."""
    give_prod_its_mail_and_log(world)
    state = world.state("registry")
    queue = {"custom": True, "id": "gone", "type": "aws:sqs/queue:Queue"}
    urn = "urn:pulumi:registry::model-promotion::aws:sqs/queue:Queue::gone"
    state["checkpoint"]["latest"]["resources"] = [{"urn": urn, **queue}]
    put_state(world, "stacks/model-promotion/registry.json", state)
    build = world.start_main(cause="TimerTrigger", inputs={}).wait()
    return differences(
        result=(build.result, "UNSTABLE"),
        drift=(build.stages.get("Drift"), "FAILURE"),
        mails=(sum("not compared: registry" in mail["subject"] for mail in world.mail()), 1),
        log=("registry" in shipped(world), True),
    )
