"""CodeNarc, with its rules for Jenkins, finds nothing in the Jenkinsfile, the seed job and the runner."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tools"))
import jenkins_runner

ROOT = Path(__file__).parents[2]
RULES = ROOT / "jenkins" / "lint" / "rules.groovy"
BAD = """
pipeline {
    agent any
    stages { stage('A') { steps { script {
        def unused = new Date()
        for (name in ['b', 'a'].toSorted { one, other -> one <=> other }) { echo name }
    } } } }
}
"""


def findings(*files: Path) -> tuple[int, list[str]]:
    """How many files were read, and the rule of each finding."""
    command = jenkins_runner.lint_command(
        f"-sourcefiles={','.join(map(str, files))}", f"-rulesetfiles=file:{RULES}", "-report=console"
    )
    shown = subprocess.run(command, text=True, capture_output=True, check=True, cwd=ROOT).stdout
    total = re.search(r"TotalFiles=(\d+)", shown)
    assert total, shown
    return int(total[1]), re.findall(r"Rule=\w+.*|Message:.*", shown)


def test_groovy_in_git_has_no_finding() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, text=True, capture_output=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name.endswith((".groovy", "Jenkinsfile"))]
    read, found = findings(*files)
    assert found == []
    assert read == len(files) > 30


def test_the_linter_finds_what_is_bad(tmp_path: Path) -> None:
    (tmp_path / "Jenkinsfile").write_text(BAD)
    read, found = findings(tmp_path / "Jenkinsfile")
    assert read == 1
    assert {finding.split()[0] for finding in found} == {"Rule=UnusedVariable", "Rule=ForbiddenCallInCpsMethod"}
