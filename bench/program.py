"""The CPU time that prod's program takes of its own, beyond what importing pulumi_aws takes.

python -m bench.program list             names of the modules of pulumi_aws that the program loads
python -m bench.program time MODULE …    CPU seconds of the program when those are loaded already
"""

from __future__ import annotations

import json
import runpy
import statistics
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import yaml

from bench.measurement import Measurement, MeasurementError

REPEATS = 5
GOAL_SECONDS = 1.0
STACK = "prod"
STACK_FILE = Path(__file__).parent.parent / f"Pulumi.{STACK}.yaml"


def measure() -> list[Measurement]:
    """The median of several processes, each of which runs the program once, under mocks."""
    modules = json.loads(_child("list"))
    taken = [float(_child("time", *modules)) for _ in range(REPEATS)]
    value = statistics.median(taken)
    return [Measurement(name="own CPU time of prod's program", value=value, goal=GOAL_SECONDS, unit="s")]


def _child(*arguments: str) -> str:
    command = [sys.executable, "-m", "bench.program", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementError(f"the program does not run under mocks:\n{done.stderr}")
    return done.stdout


class Mocks(pulumi.runtime.Mocks):
    """Answers each registration with its own inputs, and reads of the registry's stack with made-up outputs."""

    def __init__(self, registry_outputs: dict[str, Any]) -> None:
        self.registry_outputs = registry_outputs

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """The inputs, and what the engine would add."""
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": self.registry_outputs}
        return f"{args.name}-id", {"arn": f"arn:of:{args.name}", "keyId": f"{args.name}-id", **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """No call is foreseen."""
        raise NotImplementedError(f"unforeseen provider call: {args.token}")


def run_program() -> None:
    """Run the program whole, from reading its settings to its exports."""

    pulumi.runtime.test(_run_stacks)()  # type: ignore[no-untyped-call]


def _run_stacks() -> None:
    runpy.run_module("stacks", run_name="__main__")


def prepare() -> None:
    """Put mocks in place of the engine, and the stack file's settings where the program reads them."""
    # Nothing of the project is imported here: its modules are part of what is measured.
    settings = yaml.safe_load(STACK_FILE.read_text(encoding="utf-8"))["config"]["model-promotion:settings"]
    account, region = settings["accounts"]["registry"], settings["region"]
    groups = {name: f"arn:aws:sagemaker:{region}:{account}:model-package-group/{name}" for name in settings["models"]}
    outputs = {
        "account_id": account,
        "artifact_bucket": f"sagemaker-models-{account}-{region}",
        "report_key_arn": f"arn:aws:kms:{region}:{account}:key/registry",
        "model_package_group_arns": groups,
    }
    pulumi.runtime.set_mocks(Mocks(outputs), project="model-promotion", stack=STACK, organization="organization")
    pulumi.runtime.set_all_config({"model-promotion:settings": json.dumps(settings)})


def loaded_modules() -> list[str]:
    """Modules of pulumi_aws that have run; a lazy one that nobody has used yet is of a class of its own."""
    return sorted(
        name for name, module in sys.modules.items() if name.startswith("pulumi_aws") and type(module) is ModuleType
    )


def load(modules: list[str]) -> None:
    """Import them, and use each, because some load only then."""
    for name in modules:
        vars(import_module(name))


def main(arguments: list[str]) -> None:
    """Entry point of the child process."""
    prepare()
    match arguments:
        case ["list"]:
            run_program()
            print(json.dumps(loaded_modules()))
        case ["time", *modules]:
            load(modules)
            before = time.process_time()
            run_program()
            print(time.process_time() - before)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
