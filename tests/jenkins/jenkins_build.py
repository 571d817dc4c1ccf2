"""A Jenkins controller for tests: it executes a Jenkinsfile by the runner in jenkins/runner."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

sys.path.append(str(Path(__file__).parents[2] / "tools"))
import jenkins_runner

CASC = Path(__file__).parents[2] / "jenkins" / "casc.yaml"


def validate(*jenkinsfiles: Path, folder: Path) -> dict[Path, list[str]]:
    """What is wrong with each file, found without running it; one JVM for all."""
    settings, out = folder / "validate.json", folder / "errors.json"
    settings.write_text(json.dumps({"validate_only": [str(path) for path in jenkinsfiles], "out": str(out)}))
    subprocess.run(jenkins_runner.runner_command("jenkinsfile.Main", settings), check=True)
    errors: dict[str, list[str]] = json.loads(out.read_text())
    return {Path(path): found for path, found in errors.items()}


def takes_credentials_from_node(casc: Path = CASC) -> bool:
    """Whether withAWS asks with the agent's role, as the configuration as code says; Jenkins' default is no."""
    settings = yaml.safe_load(casc.read_text()).get("unclassified", {}).get("pipelineStepsAWS", {})
    return bool(settings.get("enableCredentialsFromNode", False))


def restriction(agent: str, casc: Path = CASC) -> dict[str, str]:
    """The ``jobs`` of an agent in run.json, as the configuration as code says; nothing where it takes every job."""
    nodes = yaml.safe_load(casc.read_text())["jenkins"]["nodes"]
    (node,) = [node["permanent"] for node in nodes if node["permanent"]["labelString"] == agent]
    properties = [entry["jobRestrictionProperty"] for entry in node.get("nodeProperties", [])]
    if not properties:
        return {}
    (only,) = properties
    return {"jobs": only["jobRestriction"]["regexNameRestriction"]["regexExpression"]}


@dataclass
class Build:
    """One build: a running JVM at first, then its result."""

    folder: Path
    process: subprocess.Popen[str]

    def wait(self, seconds: float = 300) -> Build:
        """Wait for the end; a build that does not end is ended, and is an error."""
        try:
            self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.communicate(timeout=60)
            raise
        if not (self.folder / "result.json").is_file():
            raise AssertionError(f"the runner wrote no result:\n{(self.folder / 'runner.txt').read_text()}\n{self.log}")
        return self

    def wait_for(self, text: str, seconds: float) -> bool:
        """Wait until the console has a text; False when the build ends without it, or time is up."""
        deadline = time.monotonic() + seconds
        while text not in self.log:
            if self.process.poll() is not None or time.monotonic() > deadline:
                return text in self.log
            time.sleep(0.1)
        return True

    def abort(self) -> None:
        """Press the abort button: the build ends its processes and runs its post conditions."""
        self.process.send_signal(signal.SIGTERM)

    @property
    def log(self) -> str:
        """The console, complete once the build has ended."""
        path = self.folder / "log.txt"
        return path.read_text() if path.is_file() else ""

    @property
    def report(self) -> dict[str, Any]:
        """Everything in the result file: jenkins/runner/README.md."""
        report: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return report

    @property
    def result(self) -> str:
        return str(self.report["result"])

    @property
    def stages(self) -> dict[str, str]:
        """Status of each stage by its name, in the order in which they began."""
        return {stage["name"]: stage["status"] for stage in self.report["stages"]}

    def steps(self, name: str, stage: str | None = None) -> list[dict[str, Any]]:
        """The calls of one step, in order; only those in a stage, if one is named."""
        return [s for s in self.report["steps"] if s["step"] == name and stage in (None, s["stage"])]

    def scripts(self, stage: str | None = None) -> list[str]:
        """The scripts that `sh` was given, in order."""
        return [str(s["args"]["script"]) for s in self.steps("sh", stage)]

    def archive(self, name: str) -> Path:
        """An archived file."""
        return self.folder / "workspace" / "archive" / name


@dataclass
class JenkinsController:
    """Builds of one job. Locks, the store of credentials and the agents are shared between its builds."""

    folder: Path
    repository: Path
    jenkinsfile: Path
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    credentials: dict[str, dict[str, str]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    controller_env: dict[str, str] = field(default_factory=dict)
    endpoint: str | None = None
    credentials_from_node: bool = False
    kill_seconds: int = 20
    built: int = 0

    def start(self, branch: str = "main", **settings: Any) -> Build:
        """Start a build and return at once; ``settings`` are keys of run.json."""
        self.built += 1
        folder = self.folder / f"build-{self.built}"
        folder.mkdir(parents=True)
        endpoint = {"AWS_ENDPOINT_URL": self.endpoint} if self.endpoint else {}
        run = {
            "jenkinsfile": str(self.jenkinsfile),
            "branch": branch,
            "cause": "BranchEventCause",
            "build_number": self.built,
            "scm": {"path": str(self.repository)},
            "workspace": str(folder / "workspace"),
            "out": str(folder / "result.json"),
            "log": str(folder / "log.txt"),
            "locks": str(self.folder / "locks"),
            "nodes": self.nodes,
            "env": {**endpoint, **self.env},
            "controller_env": self.controller_env,
            "credentials": self.credentials,
            "credentials_from_node": self.credentials_from_node,
            "python": sys.executable,
            "kill_seconds": self.kill_seconds,
            **settings,
        }
        path = folder / "run.json"
        path.write_text(json.dumps(run, indent=2))
        with (folder / "runner.txt").open("w") as output:
            command: Sequence[str] = jenkins_runner.runner_command("jenkinsfile.Main", path)
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True)
        return Build(folder, process)

    def build(self, branch: str = "main", seconds: float = 300, **settings: Any) -> Build:
        """Run a build to its end."""
        return self.start(branch, **settings).wait(seconds)

    def pull_request(self, number: int, source: str, seconds: float = 300, **settings: Any) -> Build:
        """Run a build of a pull request into main, of branch ``source`` of the same repository, to its end."""
        change = {"id": str(number), "target": "main", "branch": source, "title": source, "author": "author"}
        change["url"] = f"https://github.com/acme/model-promotion/pull/{number}"
        return self.start(f"PR-{number}", **{"change": change, **settings}).wait(seconds)
