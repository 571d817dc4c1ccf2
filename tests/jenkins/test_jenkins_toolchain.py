"""What executes the Jenkinsfile is pinned by checksum, made once, and no part of the product."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))
import jenkins_runner


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


def test_without_maven_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jenkins_runner.shutil, "which", lambda _: None)
    with pytest.raises(jenkins_runner.RunnerUnavailableError, match="sudo apt-get install default-jre-headless maven"):
        jenkins_runner.find_java(print)


def test_every_version_is_exact() -> None:
    for part in ("runner", "lint"):
        versions = re.findall(r"<version>(.*)</version>", (jenkins_runner.JENKINS / part / "pom.xml").read_text())
        assert len(versions) > 2
        assert all(re.fullmatch(r"[\d.]+", version) for version in versions)
