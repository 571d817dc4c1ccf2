"""What Jenkins would not start, the runner does not start either."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Controller
from jenkins_build import validate

STAGES = "stages { stage('a') { steps { echo 'x' } } }"


def in_steps(text: str) -> str:
    return f"agent any\nstages {{ stage('a') {{ steps {{ {text} }} }} }}"


REFUSED = {
    "an unknown section": (f"agent any\n{STAGES}\nstagez {{ }}", 'Undefined section "stagez"'),
    "an unknown section of a stage": (
        "agent any\nstages { stage('a') { tools { } } }",
        'Unknown stage section "tools"',
    ),
    "no agent": (STAGES, 'Missing required section "agent"'),
    "an unknown agent": (f"agent {{ docker 'x' }}\n{STAGES}", 'Invalid agent "docker"'),
    "two sections of one name": (f"agent any\nagent any\n{STAGES}", "Multiple occurrences of the agent section"),
    "an unknown option": (f"agent any\noptions {{ ansiColor('x') }}\n{STAGES}", 'Invalid options "ansiColor"'),
    "an option that only a pipeline has": (
        "agent any\nstages { stage('a') { options { disableConcurrentBuilds() }\nsteps { echo 'x' } } }",
        'Invalid options "disableConcurrentBuilds"',
    ),
    "an unknown parameter of an option": (
        f"agent any\noptions {{ disableConcurrentBuilds(abortPrevious: true) }}\n{STAGES}",
        'Invalid parameter "abortPrevious" of disableConcurrentBuilds',
    ),
    "an unknown kind of parameter": (
        f"agent any\nparameters {{ file(name: 'x') }}\n{STAGES}",
        'Invalid parameters "file"',
    ),
    "an unknown trigger": (f"agent any\ntriggers {{ pollSCM('x') }}\n{STAGES}", 'Invalid triggers "pollSCM"'),
    "a stage without content": (
        "agent any\nstages { stage('a') { } }",
        'Expected one of "steps", "stages", or "parallel"',
    ),
    "two stages of one name": (
        "agent any\nstages { stage('a') { steps { echo 'x' } }\nstage('a') { steps { echo 'x' } } }",
        'Duplicate stage name: "a"',
    ),
    "parallel inside parallel": (
        "agent any\nstages { stage('a') { parallel { stage('b') { parallel { stage('c') { } } } } } }",
        '"parallel" cannot be nested inside another "parallel"',
    ),
    "an agent around parallel stages": (
        "agent none\nstages { stage('a') { agent any\nparallel { stage('b') { steps { echo 'x' } } } } }",
        '"agent" is not allowed in stage "a"',
    ),
    "an unknown condition": (
        "agent any\nstages { stage('a') { when { brunch 'main' }\nsteps { echo 'x' } } }",
        'Invalid when "brunch"',
    ),
    "a when without a condition": (
        "agent any\nstages { stage('a') { when { beforeAgent true }\nsteps { echo 'x' } } }",
        'One condition is required in "when"',
    ),
    "an unknown post condition": (f"agent any\n{STAGES}\npost {{ allways {{ echo 'x' }} }}", 'Invalid post "allways"'),
    "a value that is no string": (
        f"agent any\nenvironment {{ A = [1] }}\n{STAGES}",
        "Environment variable values must either be single quoted",
    ),
    "Groovy in steps": (in_steps("if (true) { sh 'x' }"), "Expected a step"),
    "a call on an object in steps": (in_steps("env.toString()"), "Method calls on objects not allowed"),
    "an unknown step": (in_steps("pulumi 'up'"), "No such DSL method 'pulumi' found among steps"),
    "an unknown step in a script": (in_steps("script { if (env.A) { pulumi 'up' } }"), "No such DSL method 'pulumi'"),
    "an unknown step in a post condition": (
        f"agent any\n{STAGES}\npost {{ always {{ slackSend 'x' }} }}",
        "'slackSend'",
    ),
    "an unknown parameter of a step": (
        in_steps("withAWS(role: 'x', roleAcount: '1') { echo 'x' }"),
        'withAWS: Invalid parameter "roleAcount"',
    ),
    "a missing parameter of a step": (
        in_steps("timeout(unit: 'HOURS') { echo 'x' }"),
        'Missing required parameter: "time"',
    ),
    "a step without its block": (in_steps("lock 'x'"), "lock needs block"),
    "a class": (in_steps("script { System.getenv() }"), "sandbox: static call System.getenv"),
    "a class by its full name": (in_steps("script { java.lang.System.getenv() }"), "sandbox: java.lang"),
    "a constructor": (in_steps("script { new File('/x').text }"), "sandbox: new File"),
    "a process of the controller": (in_steps("script { 'ls'.execute() }"), "sandbox: execute()"),
    "the raw build": (in_steps("script { currentBuild.rawBuild }"), "sandbox: currentBuild.rawBuild"),
    "syntax of a newer Groovy": (in_steps("script { [1].each((x) -> x) }"), "unexpected token"),
}
ACCEPTED = """
def named(String who) {
    def greet = { text -> echo text }
    greet("hello ${who}")
}
pipeline {
    agent none
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('a') {
            agent { label 'x' }
            when { beforeAgent true; not { anyOf { branch 'main'; changeRequest target: 'main' } } }
            input { message 'Go?' }
            steps {
                named 'you'
                script { for (name in ['b', 'c']) { dir(name) { named(name) } } }
                withCredentials([string(credentialsId: 'x', variable: 'X')]) { sh 'true' }
            }
        }
    }
}
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is wrong with each Jenkinsfile, by its name; one JVM for all."""
    folder = tmp_path_factory.mktemp("jenkinsfiles")
    files = {name: f"pipeline {{\n{body}\n}}\n" for name, (body, _) in REFUSED.items()}
    files |= {"accepted": ACCEPTED, "an import": "import groovy.json.JsonSlurper\n" + ACCEPTED}
    paths = {name: folder / f"{number}.Jenkinsfile" for number, name in enumerate(files)}
    for name, text in files.items():
        paths[name].write_text(text)
    found = validate(*paths.values(), folder=folder)
    return {name: found[path] for name, path in paths.items()}


@pytest.mark.parametrize("name", REFUSED)
def test_a_jenkinsfile_is_refused_that_has(errors: dict[str, list[str]], name: str) -> None:
    assert [error for error in errors[name] if REFUSED[name][1] in error], errors[name]


def test_imports_are_refused(errors: dict[str, list[str]]) -> None:
    assert errors["an import"] == ["sandbox: imports are not allowed: logic belongs into make targets"]


def test_functions_closures_and_every_kind_of_section_are_accepted(errors: dict[str, list[str]]) -> None:
    assert errors["accepted"] == []


def test_nothing_runs_of_a_jenkinsfile_that_is_refused(controller: Controller, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    build = controller(
        f"pipeline {{ agent any\nstages {{ stage('a') {{ steps {{ sh 'touch {mark}'\npulumi 'up' }} }} }} }}"
    ).build()
    assert build.result == "FAILURE"
    assert not mark.exists()
    assert build.report["stages"] == []
    assert "No such DSL method 'pulumi'" in build.log
