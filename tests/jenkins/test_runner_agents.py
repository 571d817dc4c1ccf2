"""Agents, workspaces, processes and locks of the runner are separate or shared as in Jenkins."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Controller
from jenkins_build import restriction

AGENTS = """
pipeline {
    agent none
    stages {
        stage('Preview') {
            agent { label 'preview' }
            steps {
                sh 'cat committed.txt; echo "preview is $WHO"; echo made > made.txt; chmod +x made.txt'
                stash name: 'made', includes: 'made.txt'
            }
        }
        stage('Deploy') {
            agent { label 'deploy' }
            steps {
                sh 'test ! -e made.txt; echo "deploy is $WHO"'
                unstash 'made'
                sh 'test -x made.txt'
            }
        }
    }
    post { always { node('preview') { sh 'test ! -e made.txt' } } }
}
"""
NODES = {"preview": {"env": {"WHO": "reader"}}, "deploy": {"env": {"WHO": "writer"}, **restriction("deploy")}}


def test_agents_share_what_is_stashed_and_nothing_else(controller: Controller) -> None:
    build = controller(AGENTS, nodes=NODES).build()
    assert build.result == "SUCCESS", build.log
    assert "preview is reader" in build.log
    assert "deploy is writer" in build.log


@pytest.mark.parametrize("branch", ["PR-1", "main/x", "mainline"])
def test_the_deploy_agent_of_the_configuration_as_code_takes_main_alone(controller: Controller, branch: str) -> None:
    build = controller(AGENTS, nodes=NODES).build(branch)
    assert build.stages == {"Preview": "SUCCESS", "Deploy": "FAILURE"}
    assert "would wait for ever for an agent labelled 'deploy'" in build.log


def test_post_conditions_run_where_no_agent_was_found(controller: Controller) -> None:
    build = controller("""pipeline {
        agent { label 'missing' }
        stages { stage('A') { steps { echo 'x' } } }
        post { failure { echo 'told' } }
    }""").build()
    assert build.result == "FAILURE"
    assert "told" in build.log.splitlines()


TREE = """
import os, pathlib, signal, subprocess, sys

marks, name = pathlib.Path(sys.argv[1]), sys.argv[2]

def mark(text):
    with marks.open("a") as file:
        file.write(text + "\\n")

def end(*_):
    mark(name + " ended")
    sys.exit(1)

signal.signal(signal.SIGTERM, end)
if name == "parent":
    subprocess.Popen([sys.executable, __file__, str(marks), "child"])
    # In a session of its own, deaf to SIGTERM, and no child of anything that is ended.
    deaf = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.setsid(); "
    deaf += f"open({str(marks)!r} + '.pid', 'w').write(str(os.getpid())); signal.pause()"
    subprocess.Popen(["sh", "-c", '"$0" -c "$1" &', sys.executable, deaf]).wait()
else:
    mark("started")
while True:
    signal.pause()
"""
SLOW = """
pipeline {
    agent any
    stages {
        stage('All') {
            parallel {
                stage('Slow') { OPTIONS steps { sh 'exec "$PYTHON" "$TREE" "$MARKS" parent' } }
                stage('Idle') { steps { sleep IDLE } }
            }
        }
    }
    post { aborted { sh 'echo told' } }
}
"""


def test_a_timeout_ends_the_whole_process_tree_children_first(controller: Controller, tmp_path: Path) -> None:
    env, marks = tree(tmp_path)
    jenkinsfile = SLOW.replace("OPTIONS", "options { timeout(time: 2, unit: 'SECONDS') }\n").replace("IDLE", "0")
    build = controller(jenkinsfile, env=env, kill_seconds=1).build()
    assert (build.result, build.stages) == ("ABORTED", {"All": "ABORTED", "Slow": "ABORTED", "Idle": "SUCCESS"})
    assert "told" in build.log.splitlines()
    assert marks.read_text().splitlines() == ["started", "child ended", "parent ended"]
    assert not runs(tmp_path / "marks.pid")


def test_the_abort_button_ends_processes_and_runs_post_conditions(controller: Controller, tmp_path: Path) -> None:
    env, marks = tree(tmp_path)
    build = controller(SLOW.replace("OPTIONS", "").replace("IDLE", "60"), env=env, kill_seconds=1).start()
    wait_for(marks)
    build.abort()
    build.wait(30)
    assert (build.result, build.stages) == ("ABORTED", {"All": "ABORTED", "Slow": "ABORTED", "Idle": "ABORTED"})
    assert "told" in build.log.splitlines()
    assert marks.read_text().splitlines() == ["started", "child ended", "parent ended"]
    assert not runs(tmp_path / "marks.pid")


def test_what_a_build_leaves_running_ends_with_its_agent(controller: Controller, tmp_path: Path) -> None:
    build = controller(f"""pipeline {{
        agent any
        stages {{ stage('A') {{ steps {{
            sh 'setsid sh -c "echo \\\\$\\\\$ > {tmp_path}/pid; exec sleep 60" & sleep 0.3'
        }} }} }}
    }}""").build()
    assert build.result == "SUCCESS"
    assert not runs(tmp_path / "pid")


SERIAL = """
pipeline {
    agent any
    OPTIONS
    stages { stage('A') { steps { lock('LOCK') {
        sh 'echo in >> $MARKS; until test -e "$GO"; do sleep 0.05; done; echo out >> $MARKS'
    } } } }
}
"""


@pytest.mark.parametrize(
    ("options", "lock", "branches"),
    [
        ("", "'model-promotion'", ("main", "other")),
        ("options { disableConcurrentBuilds() }", "env.BUILD_ID", ("x", "x")),
    ],
    ids=["lock", "disableConcurrentBuilds"],
)
def test_two_builds_wait_for_each_other(
    controller: Controller, tmp_path: Path, options: str, lock: str, branches: tuple[str, str]
) -> None:
    marks, go = tmp_path / "marks", tmp_path / "go"
    jenkinsfile = SERIAL.replace("OPTIONS", options).replace("'LOCK'", lock)
    jenkins = controller(jenkinsfile, env={"MARKS": str(marks), "GO": str(go)})
    first = jenkins.start(branches[0])
    wait_for(marks)
    second = jenkins.start(branches[1])
    until(lambda: "is locked by another build. Waiting" in second.log, "the second build never waited")
    assert marks.read_text().split() == ["in"]
    go.touch()
    assert [first.wait().result, second.wait().result] == ["SUCCESS", "SUCCESS"]
    assert marks.read_text().split() == ["in", "out", "in", "out"]


def test_an_older_build_does_not_pass_a_milestone_after_a_newer_one(controller: Controller) -> None:
    jenkins = controller("pipeline { agent none\n stages { stage('A') { steps { milestone 1 } } } }")
    assert jenkins.build(build_number=5).result == "SUCCESS"
    older = jenkins.build(build_number=4)
    assert older.result == "NOT_BUILT"
    assert "Superseded by #5" in older.log


def tree(folder: Path) -> tuple[dict[str, str], Path]:
    """The variables that start a tree of processes, and the file in which these say what they do."""
    (folder / "tree.py").write_text(TREE)
    marks = folder / "marks"
    return {"PYTHON": sys.executable, "TREE": str(folder / "tree.py"), "MARKS": str(marks)}, marks


def runs(pid_file: Path) -> bool:
    """Whether the process of this number runs; one that only waits to be asked for its exit code does not."""
    process = Path("/proc") / pid_file.read_text().strip()
    return process.exists() and ") Z " not in (process / "stat").read_text()


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    until(path.exists, f"{path.name} never came")


def until(holds: Callable[[], bool], complaint: str, seconds: float = 30) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, complaint
        time.sleep(0.02)
