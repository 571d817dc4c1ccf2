"""The whole story in the sandbox: train, approve, infer, drift, retrain once, tell people, approve, infer again.

Nothing is staged but the batches: the schedule, the rules, the functions and the definitions are those deployed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ml.datasets import mammographic_masses as dataset
from mlops import runs, versions
from mlops.data import Prepared, put_batch
from mlops.failure import CommandError
from mlops.page.facts import outcome
from mlops.place import Place
from mlops.sandbox_doors import advance, read_clock, read_outbox

Say = Callable[[str], None]
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
PENDING = "PendingManualApproval"
RETRAINING = "retrain-"


@dataclass(frozen=True)
class Demo:
    """A story told in one sandbox, in which the three accounts are up and a version is registered."""

    place: Place
    data: Prepared
    say: Say

    def tell(self) -> list[dict[str, Any]]:
        """Play it; each chapter is what happened and when. Raises :class:`CommandError` where it goes another way."""
        self._rest_after_an_earlier_demo()
        chapters = [self._approve("The first version waits; the registry account approves it")]
        chapters.append(self._day("A clean batch is scored", dataset.BATCH_FILE, "succeeded"))
        before = len(self._retrainings())
        chapters.append(self._day("The next batch has drifted", dataset.DRIFTED_FILE, "drift"))
        chapters.append(self._retrained_once(before))
        chapters.append(self._approve("The retrained version is approved"))
        chapters.append(self._day("The next batch is clean again", dataset.BATCH_FILE, "succeeded"))
        return chapters

    def _rest_after_an_earlier_demo(self) -> None:
        """A second demo in a week would find the weekly cap used up, which is right and makes no story."""
        if self._retrainings():
            self.say("an earlier demo retrained here: a week passes first")
            put_batch(self.place, self.data, dataset.BATCH_FILE)
            advance(self.place, WEEK, self.say)

    def _approve(self, title: str) -> dict[str, Any]:
        known = versions.list_versions(self.place)
        waiting = [version for version in known if version["status"] == PENDING]
        if not waiting and not [version for version in known if version["status"] == "Approved"]:
            raise CommandError("no version waits for approval; `mlops run train --stack dev` trains one")
        for version in waiting[:1]:
            versions.decide(self.place, version["arn"], "Approved", "demo: looked at its evaluation", "registry")
        newest = known[0]
        auc = f"AUC {newest['auc']:.3f} [{newest['auc_lower_bound']:.3f}, {newest['auc_upper_bound']:.3f}]"
        return self._chapter(title, f"version {newest['version']}, trained in {newest['trained_in']}, {auc}")

    def _day(self, title: str, batch: str, expected: str) -> dict[str, Any]:
        """A day passes with this batch in its place; prod's inference must run once and end as expected."""
        put_batch(self.place, self.data, batch)
        known = {execution["arn"] for execution in self._inferences()}
        self.say(f"prod: {batch} is the batch; a day passes")
        advance(self.place, DAY, self.say)
        ran = [execution for execution in self._inferences() if execution["arn"] not in known]
        if not ran:  # the day began within the schedule's window, after the moment at which it fires
            advance(self.place, timedelta(minutes=self._window_minutes + 1), self.say)
            ran = [execution for execution in self._inferences() if execution["arn"] not in known]
        if len(ran) != 1 or outcome(ran[0]) != expected:
            ended = ", ".join(f"{outcome(one)} ({one['reason'] or 'no reason'})" for one in ran) or "no execution"
            raise CommandError(f"{title}: expected one inference that ends as {expected}, found {ended}")
        return self._chapter(title, f"inference {ran[0]['arn'].rsplit('/', 1)[1]}: {ran[0]['reason'] or expected}")

    def _retrained_once(self, before: int) -> dict[str, Any]:
        started = self._retrainings()[before:]
        if len(started) != 1 or started[0]["status"] != "Succeeded":
            found = ", ".join(f"{one['status']}: {one['reason']}" for one in started) or "none"
            raise CommandError(f"expected one retraining that succeeds, found {found}")
        newest = versions.list_versions(self.place)[0]
        told = [message["subject"] for message in read_outbox(self.place) if "rift" in (message["subject"] or "")]
        return self._chapter(
            "One retraining began by itself, and people were told",
            f"version {newest['version']} is {newest['status']}; e-mails: {'; '.join(told[-2:])}",
        )

    @property
    def _window_minutes(self) -> int:
        inference = self.place.settings["prod"].inference
        return inference.flexible_window_minutes if inference else 0

    def _inferences(self) -> list[dict[str, Any]]:
        pipeline = runs.pipeline_name(self.place, "prod", "inference", self.place.settings["prod"].models[0])
        return [e for e in runs.list_executions(self.place, "prod") if e["pipeline"] == pipeline]

    def _retrainings(self) -> list[dict[str, Any]]:
        """Executions that the retrain gate started, oldest first."""
        found = [e for e in runs.list_executions(self.place, "prod") if (e["name"] or "").startswith(RETRAINING)]
        return sorted(found, key=lambda execution: str(execution["started"]))

    def _chapter(self, title: str, detail: str) -> dict[str, Any]:
        at = datetime.fromisoformat(str(read_clock(self.place)["now"]))
        self.say(f"{title}: {detail}")
        return {"at": at.isoformat(timespec="minutes"), "title": title, "detail": detail}
