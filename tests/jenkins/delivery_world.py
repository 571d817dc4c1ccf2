"""A team's world for the Jenkinsfile: a repository, three accounts, their state in S3, agents, GitHub's comments."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jenkins_build import Build, JenkinsController, restriction, takes_credentials_from_node

sys.path.append(str(Path(__file__).resolve().parents[1] / "review"))
from github_server import TOKEN, GitHub, github

from infra.settings import Environment
from mlops.bootstrap import bootstrap
from mlops.jenkins_account import controller_credentials
from mlops.place import ROOT_SECRET, Place
from mlops.project import load_settings
from mlops.pulumi_program import local_environment
from sandbox import process
from sandbox.provider.install import install
from tools.pulumi_cli import cache_folder

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("Jenkinsfile", "Makefile", "Pulumi.yaml", "Pulumi.registry.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml",
          "infra", "jenkins", "ml", "mlops", "policy-pack", "pyproject.toml", "requirements", "sandbox", "stacks",
          "tools", "docs", ".gitignore")  # fmt: skip
# What a fresh clone would install; every clone of the tests' repository shares this checkout's.
INSTALLED = (".venv", ".venv-definitions", "tools/access-proof/node_modules")
APPROVED = {"prod": {"by": "alice", "groups": ["model-promotion-approvers"], "approve": True}}
# The project's own checks and tests run beside these tests: in the builds they are one file's.
QUICK_CHECK = "check: setup  ## Lint\n\t@$(PY) -m ruff check --no-cache tests stacks\n"
QUICK_TEST = (
    "from infra.settings import ENVIRONMENTS\n\n\ndef test_there_are_three():\n    assert len(ENVIRONMENTS) == 3\n"
)


@dataclass
class World:
    """Everything; ``folder`` holds the repository, the sandbox and the builds."""

    folder: Path
    server: process.Server
    place: Place
    jenkins: JenkinsController
    github: GitHub

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    @property
    def comments(self) -> list[str]:
        return [str(comment["body"]) for comment in self.github.comments]

    def client(self, account: Environment, service: str) -> Any:
        """A boto3 client of an account's root."""
        return self.place.client(account, service)

    def git(self, *arguments: str) -> str:
        return run_git(self.repository, *arguments)

    def commit(self, branch: str, edits: Mapping[str, tuple[str, str]]) -> str:
        """A branch from main with one commit of edits: file to old and new text."""
        self.git("switch", "--quiet", "--force-create", branch, "main")
        for name, (old, new) in edits.items():
            edit(self.repository / name, old, new)
        self.git("commit", "--quiet", "--all", "--message", branch)
        commit = self.git("rev-parse", "HEAD")
        self.git("switch", "--quiet", "main")
        return commit

    def merge(self, commit: str) -> str:
        """Merge a commit into main, as GitHub does."""
        self.git("merge", "--quiet", "--no-ff", "--message", f"Merge {commit[:12]}", commit)
        return self.git("rev-parse", "HEAD")

    def state(self, stack: str) -> dict[str, Any]:
        """A stack's state, as it lies in the bucket."""
        body = self.client("prod", "s3").get_object(
            Bucket=self.place.names.state_bucket, Key=f".pulumi/stacks/model-promotion/{stack}.json"
        )["Body"]
        return dict(json.loads(body.read()))

    def locks(self) -> list[str]:
        """What lies where Pulumi keeps its locks."""
        found = self.client("prod", "s3").list_objects_v2(Bucket=self.place.names.state_bucket, Prefix=".pulumi/locks/")
        return [listed["Key"] for listed in found.get("Contents", [])]

    def log_retention(self) -> int:
        """A setting of prod that a change can move and AWS shows: days that Jenkins' log group keeps."""
        groups = self.client("prod", "logs").describe_log_groups(logGroupNamePrefix="jenkins-log")["logGroups"]
        return int(groups[0]["retentionInDays"])

    def mail(self) -> list[dict[str, Any]]:
        """The e-mails that AWS would have sent."""
        from mlops.sandbox_doors import read_outbox  # noqa: PLC0415

        return list(read_outbox(self.place))

    def start(self, branch: str, commit: str, **settings: Any) -> Build:
        """Start a build of a commit with that commit's Jenkinsfile."""
        path = self.folder / f"Jenkinsfile-{commit[:12]}"
        path.write_text(self.git("show", f"{commit}:Jenkinsfile") + "\n")
        scm = {"path": str(self.repository), "commit": commit}
        return self.jenkins.start(branch, **{"jenkinsfile": str(path), "scm": scm, **settings})

    def start_main(self, **settings: Any) -> Build:
        """Start a build of main that alice approves."""
        return self.start("main", self.git("rev-parse", "main"), **{"inputs": APPROVED, **settings})

    def pull_request(self, commit: str) -> Build:
        """Build pull request 7 as it is with this commit."""
        url = "https://github.com/team/models/pull/7"
        change = {
            "id": "7",
            "target": "main",
            "branch": "a-change",
            "title": "A change",
            "author": "author",
            "url": url,
        }
        return self.start("PR-7", commit, change=change).wait()


def run_git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=author", "-c", "user.email=author@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def edit(path: Path, old: str, new: str) -> None:
    """Change a file; the old text must be there."""
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new))


def make_repository(folder: Path) -> None:
    """The project as a team's repository, with one quick test and what is installed as links."""
    folder.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy2(source, folder / name)
    for name in INSTALLED:
        (folder / name).symlink_to(ROOT / name)
    makefile = folder / "Makefile"
    text = makefile.read_text()
    replaced = re.sub(r"^check: setup-test.*\n(\t.*\n)+", QUICK_CHECK, text, flags=re.MULTILINE)
    assert replaced != text
    makefile.write_text(replaced)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\ntestpaths = tests\n")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_settings.py").write_text(QUICK_TEST)
    ignored = [line for line in (folder / ".gitignore").read_text().splitlines() if not line.startswith(".venv")]
    (folder / ".gitignore").write_text("\n".join(ignored) + "\n")
    run_git(folder, "init", "--quiet", "--initial-branch", "main")
    run_git(folder, "add", "--all", "--force", ".")
    run_git(folder, "commit", "--quiet", "--message", "The project")


@contextmanager
def world_in(folder: Path) -> Iterator[World]:
    """A world, which ends with the block."""
    try:
        with github() as pulls:
            yield make_world(folder, pulls)
    finally:
        process.stop(folder / "sandbox")


def make_world(folder: Path, pulls: GitHub) -> World:
    """Accounts that are bootstrapped, stacks that are initialised, agents, and a repository; nothing is deployed."""
    server = process.start(folder / "sandbox", 0)
    place = Place(settings=load_settings(), folder=folder / "sandbox", endpoint_url=server.endpoint_url)
    bootstrap(place, lambda _: None)
    make_repository(folder / "repository")
    home = folder / "pulumi-home"
    install(home)
    common = {
        **local_environment(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PULUMI_HOME": str(home),
        # What is installed is shared, as between the builds of an agent, and must not be changed by one.
        "XDG_CACHE_HOME": str(cache_folder().parent),
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(folder / "no-cache"),
    }
    jenkins = JenkinsController(
        folder=folder / "jenkins",
        repository=folder / "repository",
        jenkinsfile=folder / "repository" / "Jenkinsfile",
        nodes={
            "preview": {"env": agent_environment(place, folder, "preview")},
            "deploy": {
                "env": agent_environment(place, folder, "deployment"),
                **restriction("deploy"),
            },
        },
        credentials={"github-comments": {"kind": "string", "value": TOKEN}},
        env={**common, "GITHUB_API_URL": pulls.url},
        endpoint=server.endpoint_url,
        credentials_from_node=takes_credentials_from_node(),
    )
    world = World(folder=folder, server=server, place=place, jenkins=jenkins, github=pulls)
    initialise(world, common)
    return world


def agent_environment(place: Place, folder: Path, kind: Any) -> dict[str, str]:
    """An agent's own credentials, in the environment and as a profile: what an instance role is in AWS."""
    credentials = controller_credentials(place, kind)
    path = folder / f"aws-credentials-{kind}"
    path.write_text("\n".join(["[agent]", *(f"{k.lower()} = {v}" for k, v in credentials.items())]) + "\n")
    return {**credentials, "AWS_SHARED_CREDENTIALS_FILE": str(path), "AGENT_CREDENTIALS": "profile:agent"}


def initialise(world: World, common: dict[str, str]) -> None:
    """`mlops delivery init`, as prod's administrator, whose stack files are then committed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PULUMI_"))}
    prod = world.place.settings["prod"].account_id
    root = {"AWS_ACCESS_KEY_ID": prod, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET}
    done = subprocess.run(
        [sys.executable, "-m", "mlops", "delivery", "init"],
        cwd=world.repository,
        env={
            **kept,
            **common,
            **root,
            "AWS_ENDPOINT_URL": world.server.endpoint_url,
            "PYTHONPATH": str(world.repository),
        },
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    world.git("commit", "--quiet", "--all", "--message", "The stacks and their secrets' key")
