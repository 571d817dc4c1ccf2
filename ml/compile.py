"""Compile ml/pipelines into ml/definitions, offline, in the environment that has the SageMaker SDK.

    python -m ml.compile           write the definitions
    python -m ml.compile --check   exit 1 when a committed definition is not what the pipelines compile to

A definition is linted first and not written while the linter finds anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ml import lint, model
from ml.pipelines import offline
from ml.pipelines.target import Target, insert_placeholders, stand_in

DEFINITIONS = Path(__file__).parent / "definitions"
# Two accounts that share no value: what is the same for both after insertion belongs to neither.
STAND_INS = (
    stand_in("eu-west-1", "111122223333", "444455556666", "first"),
    stand_in("ap-southeast-2", "777788889999", "123412341234", "second"),
)

# Setting of a stack -> ending of the name of the file that it selects.
DRIFT_CHECKS = {"batch-check": "", "model-monitor": "-model-monitor"}


class CompileError(Exception):
    """A definition cannot be written; the message says why."""


def to_text(value: Any) -> str:
    """One line per value and sorted keys, so that a review shows what changed and nothing else."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def drop_nulls(value: Any) -> Any:
    """The value without members that are null: the SDK writes settings that nobody made."""
    if isinstance(value, dict):
        return {name: drop_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [drop_nulls(member) for member in value]
    return value


def compile_pipeline(build: Callable[[Target], str]) -> dict[str, Any]:
    """Definition with placeholders; ``build`` returns the SDK's JSON for one account."""
    first, second = (insert_placeholders(drop_nulls(json.loads(build(target))), target) for target in STAND_INS)
    if first != second:
        raise CompileError(f"a value of an account is not replaced: {describe_difference(first, second)}")
    return first


def render(path: Path, definition: dict[str, Any]) -> str:
    """Text of a definition; CompileError lists what the linter finds in it."""
    findings = lint.lint(definition)
    if findings:
        raise CompileError("\n".join([f"ml/definitions/{path} is not written:", *(f"  {each}" for each in findings)]))
    return to_text(definition)


def compile_all() -> dict[Path, str]:
    """Text of each file of ``ml/definitions``, by its path below that folder."""
    offline.isolate(STAND_INS[0].region)
    # The SDK takes seconds to import, and `isolate` must have run before.
    from ml.pipelines import images, inference, train  # noqa: PLC0415

    offline.speed_up()
    files = {Path("images.json"): to_text(images.find_images())}
    for name in model.names():
        settings = model.load(name)
        for pipeline, build in (("train", train.build), ("inference", inference.build)):
            for drift_check, ending in DRIFT_CHECKS.items():
                path = Path(name) / f"{pipeline}{ending}.json"
                files[path] = render(
                    path,
                    compile_pipeline(
                        lambda target, build=build, settings=settings, drift_check=drift_check: (  # type: ignore[misc]
                            build(settings, target, drift_check).definition()
                        )
                    ),
                )
    return files


def find_differences(committed: Any, compiled: Any, place: str = "") -> Iterator[str]:
    """Places where two JSON values differ, in order; a list member with a name is called by it."""
    if isinstance(committed, dict) and isinstance(compiled, dict):
        for name in sorted(committed.keys() | compiled.keys()):
            where = f"{place}.{name}" if place else name
            if name not in committed:
                yield f"{where} is new"
            elif name not in compiled:
                yield f"{where} is gone"
            else:
                yield from find_differences(committed[name], compiled[name], where)
    elif isinstance(committed, list) and isinstance(compiled, list):
        for number, (before, after) in enumerate(zip(committed, compiled, strict=False)):
            label = before.get("Name", number) if isinstance(before, dict) else number
            yield from find_differences(before, after, f"{place}[{label}]")
        if len(committed) != len(compiled):
            yield f"{place} has {len(compiled)} members, committed are {len(committed)}"
    elif committed != compiled or type(committed) is not type(compiled):
        yield f"{place} is {json.dumps(compiled)}, committed is {json.dumps(committed)}"


def describe_difference(committed: Any, compiled: Any) -> str:
    """The first difference, or that only the layout of the file differs."""
    return next(find_differences(committed, compiled), "only its layout differs")


def find_stale(files: dict[Path, str], folder: Path = DEFINITIONS) -> list[str]:
    """A sentence for each file below ``folder`` that is not what was compiled."""
    stale = []
    for path in sorted(files.keys() | {file.relative_to(folder) for file in folder.rglob("*.json")}):
        committed = (folder / path).read_text(encoding="utf-8") if (folder / path).is_file() else None
        if path not in files:
            stale.append(f"ml/definitions/{path} is compiled from nothing: remove it")
        elif committed is None:
            stale.append(f"ml/definitions/{path} is missing")
        elif committed != files[path]:
            try:
                difference = describe_difference(json.loads(committed), json.loads(files[path]))
            except json.JSONDecodeError as error:
                difference = f"it is not JSON: {error}"
            stale.append(f"ml/definitions/{path} is stale: {difference}")
    return stale


def write(files: dict[Path, str], folder: Path = DEFINITIONS) -> list[Path]:
    """Write what has changed and return it."""
    changed = []
    for path, text in files.items():
        file = folder / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def main(arguments: list[str]) -> int:
    """Entry point; exit codes 0 done, 1 failed or stale, 2 wrong use."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        files = compile_all()
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("sagemaker"):
            raise
        sys.stderr.write("error: the SageMaker SDK is not installed here: run `make definitions`\n")
        return 1
    except (CompileError, model.ModelFileError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    if arguments == ["--check"]:
        stale = find_stale(files)
        for line in stale:
            sys.stderr.write(f"error: {line}\n")
        if stale:
            sys.stderr.write("Run `make definitions`, review what changed, and commit it.\n")
        return 1 if stale else 0
    for path in write(files):
        sys.stdout.write(f"wrote ml/definitions/{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
