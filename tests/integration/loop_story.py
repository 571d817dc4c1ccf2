"""What tests of the loop do and look at, with the functions that the `mlops` command is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from project_checkout import Checkout

from ml.datasets import mammographic_masses as dataset
from mlops import data, runs, sandbox_doors, versions
from mlops.page.facts import outcome
from mlops.place import Place
from mlops.project import load_settings

DAY = timedelta(days=1)
INFERENCE = "mammo-severity-inference-pipeline"
TRAIN = "mammo-severity-train-pipeline"


@dataclass
class Loop:
    """Prod of one deployed checkout, day by day."""

    checkout: Checkout
    prepared: data.Prepared
    place: Place

    @classmethod
    def of(cls, checkout: Checkout) -> Loop:
        place = Place(settings=load_settings(), folder=checkout.sandbox, endpoint_url=checkout.endpoint_url)
        return cls(checkout, data.prepare_data(lambda _: None, checkout.folder / ".data"), place)

    def client(self, service: str, account: str = "prod") -> Any:
        return self.checkout.client(account, service)

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(sandbox_doors.read_clock(self.place)["now"])

    def pass_time(self, length: timedelta) -> list[dict[str, Any]]:
        return list(sandbox_doors.advance(self.place, length, lambda _: None)["fired"])

    def day(self, batch: str | None = None) -> dict[str, Any]:
        """A day passes with this batch in its place; returns the inference that ran, with its ``outcome``."""
        if batch:
            data.put_batch(self.place, self.prepared, batch)
        known = {one["arn"] for one in self.executions(INFERENCE)}
        self.pass_time(DAY)
        if {one["arn"] for one in self.executions(INFERENCE)} == known:
            # The day began within the schedule's window, after the moment at which it fires.
            self.pass_time(timedelta(minutes=16))
        [ran] = [one for one in self.executions(INFERENCE) if one["arn"] not in known]
        return {**ran, "outcome": outcome(ran)}

    def run(self, **parameters: str) -> dict[str, Any]:
        """One inference by hand, to its end and until people have been told."""
        arn = runs.start(self.place, "prod", INFERENCE, parameters)
        ended = runs.watch(self.place, "prod", arn, lambda _: None)
        self.pass_time(timedelta(seconds=1))  # answers when everything has settled
        return {**ended, "outcome": outcome(ended)}

    def executions(self, pipeline: str) -> list[dict[str, Any]]:
        """Newest first."""
        return [one for one in runs.list_executions(self.place, "prod") if one["pipeline"] == pipeline]

    def retrainings(self) -> list[dict[str, Any]]:
        return [one for one in self.executions(TRAIN) if (one["name"] or "").startswith("retrain-")]

    def mail(self, after: int = 0) -> list[dict[str, Any]]:
        return sandbox_doors.read_outbox(self.place, after)

    def last_mail(self) -> int:
        return max([message["id"] for message in self.mail()], default=0)

    def decide(self, status: str) -> None:
        """Give every version in the registry this status."""
        for version in versions.list_versions(self.place):
            versions.decide(self.place, version["arn"], status, "test", "registry")

    def batch_uri(self, name: str = dataset.BATCH_FILE) -> str:
        return f"s3://{self.place.names.data_bucket('prod')}/{dataset.object_keys('prod')[name]}"

    def failure_event(self, execution: dict[str, Any]) -> bytes:
        """The event of a failed execution, as EventBridge hands it to a function."""
        region = "us-east-1"
        account = self.place.settings["prod"].account_id
        pipeline = f"arn:aws:sagemaker:{region}:{account}:pipeline/{execution['pipeline']}"
        return json.dumps(
            {
                "version": "0",
                "id": "00000000-0000-0000-0000-000000000000",
                "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
                "source": "aws.sagemaker",
                "account": account,
                "time": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "region": region,
                "resources": [pipeline, execution["arn"]],
                "detail": {
                    "pipelineArn": pipeline,
                    "pipelineExecutionArn": execution["arn"],
                    "previousPipelineExecutionStatus": "Executing",
                    "currentPipelineExecutionStatus": "Failed",
                    "executionStartTime": execution["started"],
                },
            }
        ).encode()
