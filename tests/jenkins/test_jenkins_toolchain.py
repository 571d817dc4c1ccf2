"""What executes the Jenkinsfile is pinned by checksum, made once, and no part of the product."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))
import debian_packages
import jenkins_runner
from debian_packages import ProgramUnavailableError

CHMOD = shutil.which("chmod")


def test_a_jar_that_is_not_the_listed_one_is_refused(tmp_path: Path) -> None:
    sums = jenkins_runner.JENKINS / "runner" / "jars.sha256"
    shutil.copytree(jenkins_runner.jars("runner"), tmp_path / "jars")
    jenkins_runner.verify(tmp_path / "jars", sums)
    jar = tmp_path / "jars" / "groovy-cps-1.31.jar"
    jar.write_bytes(jar.read_bytes() + b"!")
    (tmp_path / "jars" / "other.jar").touch()
    with pytest.raises(jenkins_runner.RunnerUnavailableError, match=r"^groovy-cps-1\.31\.jar, other\.jar: not what"):
        jenkins_runner.verify(tmp_path / "jars", sums)


def test_what_is_there_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], *_: object) -> None:
        raise AssertionError(command)

    monkeypatch.setattr(jenkins_runner, "_run", fail)
    jenkins_runner.ensure(print)


def test_other_sources_are_compiled_into_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = jenkins_runner.classes()
    shutil.copytree(jenkins_runner.JENKINS, tmp_path / "jenkins")
    monkeypatch.setattr(jenkins_runner, "JENKINS", tmp_path / "jenkins")
    assert jenkins_runner.classes() == now
    source = tmp_path / "jenkins" / "runner" / "src" / "Result.groovy"
    source.write_text(source.read_text() + "\n")
    assert jenkins_runner.classes() != now


def test_without_java_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_packages.shutil, "which", lambda _: None)
    with pytest.raises(ProgramUnavailableError, match="sudo apt-get install default-jre-headless maven"):
        jenkins_runner.find_java(print)


@pytest.fixture
def apt_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of root's with nothing on it but an `apt-get` that notes how it is called; its folder of programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(debian_packages.os, "geteuid", lambda: 0)
    script = tmp_path / "apt-get"
    script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n. {tmp_path}/installs\n')
    script.chmod(0o755)
    return tmp_path


def test_missing_packages_are_installed_as_root(apt_get: Path) -> None:
    java = apt_get / "java"
    (apt_get / "installs").write_text(f"[ $3 = update ] || {{ : > {java}; {CHMOD} 755 {java}; }}\n")
    said: list[str] = []
    found = debian_packages.ensure(lambda: shutil.which("java"), ("jre", "maven"), "tests run on java", said.append)
    assert found == str(java)
    assert said == ["installing the Debian packages jre and maven: tests run on java"]
    calls = (apt_get / "calls").read_text().splitlines()
    assert calls == ["--quiet --quiet update", "--quiet --quiet install --yes --no-install-recommends jre maven"]


@pytest.mark.parametrize(
    ("installs", "told"), [("echo no network >&2; exit 100", "update failed: no network"), (":", "not on PATH")]
)
def test_packages_that_cannot_be_installed_are_told(apt_get: Path, installs: str, told: str) -> None:
    (apt_get / "installs").write_text(f"{installs}\n")
    with pytest.raises(ProgramUnavailableError, match=told):
        debian_packages.ensure(lambda: shutil.which("java"), ("jre",), "tests run on java", print)


def test_every_version_is_exact() -> None:
    for part in ("runner", "lint"):
        versions = re.findall(r"<version>(.*)</version>", (jenkins_runner.JENKINS / part / "pom.xml").read_text())
        assert len(versions) > 2
        assert all(re.fullmatch(r"[\d.]+", version) for version in versions)
