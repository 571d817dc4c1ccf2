"""Install what the project needs: Python packages from locks, the Pulumi CLI, for tests a browser, IAM's engine
and the runner of the Jenkinsfile.

Runs on the system's Python with the standard library only, because nothing else is there yet.

    python3 tools/toolchain.py run|test|definitions   install a lock's packages, and what goes with them
    python3 tools/toolchain.py check-locks            fail if a lock does not match its .in file
    python3 tools/toolchain.py lock                   resolve the .in files again
    python3 tools/toolchain.py pulumi                 print the folder that holds the Pulumi CLI
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import access_engine
import browser
import debian_packages
import jenkins_runner
import pulumi_cli

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
UV_VERSION = "0.13.9"
OLDEST_PYTHON = (3, 11)
LOCK_OPTIONS = [
    "--universal",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--generate-hashes",
    "--python-version",
    "3.11",
    "--quiet",
]
GROUPS = ("run", "test", "definitions")


class ToolchainError(Exception):
    """Something is missing that this script cannot install; the message says what to do."""


def run(command: list[str | Path], failure: str) -> str:
    """Run a command quietly; on failure show what it printed and say what to do."""
    done = subprocess.run([str(c) for c in command], text=True, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise ToolchainError(failure)
    return done.stdout


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def ensure_uv(environment: Path) -> Path:
    """The virtual environment's uv, which is created with the environment."""
    uv = environment / "bin" / "uv"
    stamp = environment / "uv-version"
    if stamp.is_file() and stamp.read_text() == UV_VERSION and uv.is_file():
        return uv
    say(f"creating {environment.name} with Python {sys.version.split()[0]}")
    if environment.exists():
        shutil.rmtree(environment)
    run(
        [sys.executable, "-m", "venv", environment],
        "Python's venv module does not work here; on Debian: apt-get install python3-venv python3-pip",
    )
    run(
        [environment / "bin" / "python", "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"],
        "uv could not be installed from the Python package index; is it, or your mirror (PIP_INDEX_URL), reachable?",
    )
    stamp.write_text(UV_VERSION)
    return uv


def install(group: str) -> None:
    """Bring the group's environment to exactly what its lock says; does nothing when it is there already."""
    environment = ROOT / (".venv-definitions" if group == "definitions" else ".venv")
    lock = REQUIREMENTS / f"{group}.lock"
    wanted = hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = environment / "installed"
    installed = stamp.read_text().split() if stamp.is_file() else []
    # The test lock holds the run lock, so an environment made for tests also serves to run.
    if installed and (
        installed == [group, wanted] or (group == "run" and installed[0] == "test" and installed[1] == _digest("test"))
    ):
        return
    uv = ensure_uv(environment)
    python = environment / "bin" / "python"
    stamp.unlink(missing_ok=True)
    say(f"installing {lock.relative_to(ROOT)}")
    started = time.monotonic()
    # uv itself is not in the locks, and `sync` removes what is not: it must run from a copy.
    with tempfile.TemporaryDirectory() as folder:
        runner = shutil.copy2(uv, Path(folder) / "uv")
        run(
            [runner, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock],
            "the packages could not be installed; the lines above say which, and why",
        )
        if group != "definitions":
            run(
                [
                    runner,
                    "pip",
                    "install",
                    "--quiet",
                    "--no-deps",
                    "--no-build-isolation",
                    "--python",
                    python,
                    "-e",
                    ROOT,
                ],
                "this project could not be installed into its own environment",
            )
        shutil.copy2(runner, uv)
    stamp.write_text(f"{group} {wanted}")
    say(f"installed {lock.name} in {time.monotonic() - started:.0f} s")


def _digest(group: str) -> str:
    lock = REQUIREMENTS / f"{group}.lock"
    return hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


def compile_lock(uv: Path, group: str, output: Path) -> None:
    """Resolve one .in file into ``output``; what ``output`` already pins stays pinned where it still fits."""
    extra: list[str | Path] = []
    if group == "test":
        extra = ["-c", REQUIREMENTS / "run.lock"]
    if group == "definitions":
        extra = ["--overrides", REQUIREMENTS / "definitions.overrides"]
    run(
        [uv, "pip", "compile", *LOCK_OPTIONS, *extra, REQUIREMENTS / f"{group}.in", "-o", output],
        f"requirements/{group}.in cannot be resolved",
    )


def check_locks() -> None:
    """Fail when a lock is not what its .in file resolves to with the versions that it pins."""
    uv = ensure_uv(ROOT / ".venv")
    stale = []
    with tempfile.TemporaryDirectory() as folder:
        for group in GROUPS:
            lock = REQUIREMENTS / f"{group}.lock"
            again = Path(shutil.copy2(lock, folder))
            compile_lock(uv, group, again)
            if again.read_bytes() != lock.read_bytes():
                stale.append(f"requirements/{group}.lock")
    if stale:
        raise ToolchainError(f"{', '.join(stale)} do not match their .in files: run `make lock` and commit the result")


def main(arguments: list[str]) -> int:
    """Entry point; exit codes 0 done, 1 failed, 2 wrong use."""
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        print(f"Python {oldest} or newer is needed; `python3` here is {sys.version.split()[0]}")
        return 1
    os.environ.setdefault("UV_NO_CONFIG", "1")
    match arguments:
        case ["run" | "test" as group]:
            install(group)
            pulumi_cli.ensure(say)
            if group == "test":
                browser.ensure(say)
                access_engine.ensure(say)
                jenkins_runner.ensure(say)
        case ["definitions"]:
            install("definitions")
        case ["check-locks"]:
            check_locks()
        case ["lock"]:
            uv = ensure_uv(ROOT / ".venv")
            for group in GROUPS:
                (REQUIREMENTS / f"{group}.lock").unlink()
                compile_lock(uv, group, REQUIREMENTS / f"{group}.lock")
        case ["pulumi"]:
            print(pulumi_cli.ensure(lambda text: print(text, file=sys.stderr)))
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (
        ToolchainError,
        access_engine.EngineUnavailableError,
        debian_packages.ProgramUnavailableError,
        jenkins_runner.RunnerUnavailableError,
        pulumi_cli.PulumiUnavailableError,
    ) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
