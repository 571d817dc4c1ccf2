"""What executes and lints the Jenkinsfile: Java, jars from Maven by their checksums, the runner compiled from source.

Standard library only. Why a runner of our own: jenkins/runner/README.md.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import debian_packages
import pulumi_cli

JENKINS = Path(__file__).resolve().parent.parent / "jenkins"
OLDEST_JAVA = 17
PACKAGES = ("default-jre-headless", "maven")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
# A build lasts seconds: the second compiler never earns what it costs.
QUICK_START = ("-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx512m")
Say = Callable[[str], None]


class RunnerUnavailableError(Exception):
    """The Jenkinsfile cannot be executed on this machine; the message says what to do."""


def ensure(say: Say) -> None:
    """Jars in the cache and the runner compiled; does nothing when both are there."""
    for part in ("runner", "lint"):
        _once(jars(part), say, lambda folder, part=part: _fetch(part, folder, say))
    _once(classes(), say, lambda folder: _compile(folder, say))


def runner_command(main: str, *arguments: str | Path) -> list[str]:
    """The command that starts a class of the runner."""
    return _java_command(f"{classes()}{os.pathsep}{jars('runner')}/*", main, *arguments)


def lint_command(*arguments: str | Path) -> list[str]:
    """The command that starts CodeNarc."""
    return _java_command(f"{jars('lint')}/*", "org.codenarc.CodeNarc", *arguments)


def jars(part: str) -> Path:
    """Where the jars of jenkins/runner or jenkins/lint are kept."""
    folder = JENKINS / part
    return _cached(f"jenkins-{part}-jars", [folder / "pom.xml", folder / "jars.sha256"])


def classes() -> Path:
    """Where the compiled runner is kept."""
    return _cached("jenkins-runner", [*sources(), JENKINS / "runner" / "jars.sha256"])


def sources() -> list[Path]:
    """What the compiled runner is made of."""
    return [*sorted((JENKINS / "runner").rglob("*.groovy")), JENKINS / "runner" / "assume_role.py"]


def _cached(name: str, made_of: list[Path]) -> Path:
    digest = hashlib.sha256()
    for path in made_of:
        digest.update(path.name.encode() + path.read_bytes())
    return pulumi_cli.cache_folder() / f"{name}-{digest.hexdigest()[:12]}"


def _once(target: Path, say: Say, make: Callable[[Path], None]) -> None:
    if target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with pulumi_cli.only_one(target.with_name(target.name + ".lock"), say):
        if target.is_dir():
            return
        # What is half made must never be found by the next run: make it beside, rename it when it is whole.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".building-") as folder:
            made = Path(folder) / "made"
            made.mkdir()
            make(made)
            made.rename(target)


def _fetch(part: str, folder: Path, say: Say) -> None:
    say(f"downloading the jars of jenkins/{part}/pom.xml")
    find_java(say)
    pom, output = f"--file={JENKINS / part / 'pom.xml'}", f"-DoutputDirectory={folder}"
    _run(
        [_find("mvn", say), "--quiet", "--batch-mode", COPY, pom, output, "-DincludeScope=runtime"],
        "is Maven's repository, or your mirror (settings.xml), reachable?",
    )
    verify(folder, JENKINS / part / "jars.sha256")


def verify(folder: Path, sums: Path) -> None:
    """Fail unless the folder holds exactly the files of the list, each with its checksum."""
    wanted = {name: digest for digest, name in (line.split() for line in sums.read_text().splitlines())}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise RunnerUnavailableError(
            f"{', '.join(wrong)}: not what {sums.parent.name}/{sums.name} lists; if a version in pom.xml changed, "
            "write the list again with sha256sum"
        )


def _compile(folder: Path, say: Say) -> None:
    say("compiling jenkins/runner")
    groovy = [str(path) for path in sources() if path.suffix == ".groovy"]
    compiler = "org.codehaus.groovy.tools.FileSystemCompiler"
    _run([find_java(say), *QUICK_START, "-cp", f"{jars('runner')}/*", compiler, "-d", str(folder), *groovy])
    shutil.copy2(JENKINS / "runner" / "assume_role.py", folder)


def find_java(say: Say) -> str:
    """Java on PATH, installed with apt-get where it is missing and this user is root on Debian."""
    java = _find("java", say)
    shown = subprocess.run([java, "-version"], text=True, capture_output=True, check=False).stderr
    version = re.search(r'version "(\d+)', shown)
    if not version or int(version[1]) < OLDEST_JAVA:
        raise RunnerUnavailableError(
            f"the Jenkinsfile runner needs Java {OLDEST_JAVA} or newer; `java` here is {shown}"
        )
    return java


def _find(program: str, say: Say) -> str:
    need = f"the tests execute the Jenkinsfile with {program}"
    return debian_packages.ensure(lambda: shutil.which(program), PACKAGES, need, say)


def _java_command(class_path: str, main: str, *arguments: str | Path) -> list[str]:
    return [shutil.which("java") or "java", *QUICK_START, "-cp", class_path, main, *map(str, arguments)]


def _run(command: list[str], advice: str = "") -> None:
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        shown = f"{done.stdout}{done.stderr}".strip()
        raise RunnerUnavailableError(f"`{' '.join(command[:3])} …` failed; {advice}\n{shown}")
