"""The three accounts, brought up in a sandbox of their own that is gone afterwards."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ml import model as models
from ml.model import Model
from mlops.bootstrap import bootstrap
from mlops.engine import Engine
from mlops.place import Place
from mlops.project import load_settings
from sandbox import process

ROWS = 822

Say = Callable[[str], None]


@contextmanager
def deployed_accounts(say: Say) -> Iterator[Engine]:
    """The engine of a temporary sandbox in which registry, dev and prod are up, and dev has rows to train on."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name).resolve()
        try:
            server = process.start(folder, port=0)
            place = Place(settings=load_settings(), folder=folder, endpoint_url=server.endpoint_url)
            model = models.load(place.settings["dev"].models[0])
            bootstrap(place, quietly)
            engine = Engine(place)
            for environment in ("registry", "dev", "prod"):
                say(f"{environment}: {engine.up(environment, quietly)}")
            place.client("dev", "s3").put_object(
                Bucket=place.names.data_bucket("dev"), Key=f"{model.train_prefix}rows.csv", Body=make_rows(model)
            )
            yield engine
        finally:
            process.stop(folder)


def make_rows(model: Model) -> str:
    """As many rows as the data set's first part has, of random values: nothing is downloaded for a measurement."""
    generator = random.Random(ROWS)
    lines = []
    for _ in range(ROWS):
        places = [generator.random() for _ in model.features]
        values = [
            round(column.minimum + place * (column.maximum - column.minimum))
            for column, place in zip(model.features, places, strict=True)
        ]
        # Noise beside a signal, so that training grows whole trees.
        label = int(sum(places) / len(places) + generator.gauss(0, 0.1) > 0.5)
        lines.append(",".join(map(str, [*values, label])))
    return "\n".join(lines) + "\n"


def quietly(_: str) -> None:
    """Say nothing."""
