"""`python -m bench [--json]`: measure, and print each value beside its goal.

A goal that is missed is no failure; the exit code is 1 only when something could not be measured.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from rich.console import Console

from bench import drift, filling, inference, policies, preview, program, schedule, training
from bench.accounts import deployed_accounts
from bench.measurement import Measurement, MeasurementError, show_table
from mlops.console import complain, say, show_json
from mlops.failure import CommandError
from sandbox.process import SandboxError

WIDTH_OF_A_LOG = 120


def measure_all(tell: Callable[[str], None]) -> list[Measurement]:
    """Every measurement: first those that need no sandbox."""
    measurements = [*filling.measure(), *program.measure(), *drift.measure(tell), *schedule.measure(tell)]
    with deployed_accounts(tell) as engine:
        measurements += preview.measure(engine, tell)
        measurements += policies.measure(engine, tell)
        measurements += training.measure(engine.place, tell)
        measurements += inference.measure(engine.place, tell)
    return measurements


def main() -> int:
    """Entry point; exit codes 0 measured, 1 not."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    # Without compiled modules each process spends seconds on importing, which is not what is measured.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        measurements = measure_all(say)
    except (MeasurementError, CommandError, SandboxError) as error:
        complain(str(error))
        return 1
    if options.json:
        show_json([measurement.as_document() for measurement in measurements])
    else:
        show_table(measurements, Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG))
    return 0


if __name__ == "__main__":
    sys.exit(main())
