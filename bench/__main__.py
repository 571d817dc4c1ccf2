"""`python -m bench [--json]`: measure, and print each value beside its goal.

A goal that is missed is no failure; the exit code is 1 only when something could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable

from rich.console import Console

from bench import filling, program
from bench.measurement import Measurement, show_table

Say = Callable[[str], None]


def measure_all(say: Say) -> list[Measurement]:
    """Every measurement: first those that need no sandbox."""
    from bench import preview, training  # noqa: PLC0415  # they load AWS and Pulumi's engine
    from bench.accounts import deployed_accounts  # noqa: PLC0415  # see above

    measurements = [*filling.measure(), *program.measure()]
    with deployed_accounts(say) as engine:
        measurements += preview.measure(engine, say)
        measurements += training.measure(engine.place, say)
    return measurements


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    # Without compiled modules each process spends seconds on importing, which is not what is measured.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    measurements = measure_all(lambda text: print(text, file=sys.stderr, flush=True))
    if options.json:
        print(json.dumps([measurement.as_document() for measurement in measurements], indent=2))
    else:
        show_table(measurements, Console(highlight=False, width=None if sys.stdout.isatty() else 120))


if __name__ == "__main__":
    main()
