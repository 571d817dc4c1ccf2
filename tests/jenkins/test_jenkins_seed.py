"""The seed job makes the project that Jenkins Job Builder would make, and no fork is ever built."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))
import jenkins_runner

SEED = Path(__file__).parents[2] / "jenkins" / "seed.groovy"
SAME_JOB = Path(__file__).with_name("seed_job.yaml")
VARIABLES = {"GITHUB_OWNER": "acme", "GITHUB_REPOSITORY": "model-promotion"}
Tree = tuple[str, str, dict[str, str], list["Tree"]]


def run_seed(seed: Path, folder: Path, variables: dict[str, str] = VARIABLES) -> subprocess.CompletedProcess[str]:
    """Run a seed script by the interpreter of Job DSL's static API; it writes job.xml."""
    (folder / "variables.json").write_text(json.dumps(variables))
    command = jenkins_runner.runner_command("seed.SeedRunner", seed, folder / "variables.json", folder / "job.xml")
    return subprocess.run(command, capture_output=True, text=True, check=False)


def as_tree(element: ET.Element, without: tuple[str, ...] = ()) -> Tree:
    """An element as plain data; the name of the plugin that reads it is no part of its meaning."""
    attributes = {name: value for name, value in element.attrib.items() if name != "plugin"}
    children = [as_tree(child) for child in element if child.tag not in without]
    return element.tag, (element.text or "").strip(), attributes, children


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> ET.Element:
    folder = tmp_path_factory.mktemp("seed")
    done = run_seed(SEED, folder)
    assert done.returncode == 0, done.stderr
    return ET.parse(folder / "job.xml").getroot()


@pytest.fixture(scope="module")
def built() -> ET.Element:
    """The same project, made by Jenkins Job Builder."""
    command = [str(Path(sys.executable).with_name("jenkins-jobs")), "test", str(SAME_JOB)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return ET.fromstring(done.stdout)


@pytest.mark.parametrize(
    ("path", "without"),
    [
        # Job Builder computes an id of its own.
        ("sources/data/jenkins.branch.BranchSource/source", ("id",)),
        ("orphanedItemStrategy", ("abortBuilds",)),
        ("triggers", ()),
        ("displayName", ()),
        ("factory", ("owner", "scriptPath")),
    ],
    ids=lambda value: str(value).rsplit("/", maxsplit=1)[-1] if value else "",
)
def test_job_builder_makes_the_same(seeded: ET.Element, built: ET.Element, path: str, without: tuple[str, ...]) -> None:
    ours, theirs = seeded.find(path), built.find(path)
    assert ours is not None
    assert theirs is not None
    for trigger in [*ours.iter("spec"), *theirs.iter("spec")]:
        trigger.text = "derived from the interval"
    assert as_tree(ours, without) == as_tree(theirs, without)
    assert seeded.tag == built.tag


def test_no_fork_is_built(seeded: ET.Element) -> None:
    elements = [element.tag for element in seeded.iter()]
    assert [tag for tag in elements if "fork" in tag.lower()] == []
    traits = [trait.tag.rsplit(".", maxsplit=1)[-1] for trait in seeded.iter("traits").__next__()]
    assert traits == ["BranchDiscoveryTrait", "OriginPullRequestDiscoveryTrait", "CleanBeforeCheckoutTrait"]


def test_the_repository_and_the_credential_are_the_configured_ones(seeded: ET.Element) -> None:
    source = seeded.find("sources/data/jenkins.branch.BranchSource/source")
    assert source is not None
    found = {name: source.findtext(name) for name in ("id", "repoOwner", "repository", "credentialsId")}
    assert found == {
        "id": "model-promotion",
        "repoOwner": "acme",
        "repository": "model-promotion",
        "credentialsId": "github-app",
    }


def test_the_seed_says_which_variables_it_needs(tmp_path: Path) -> None:
    done = run_seed(SEED, tmp_path, {"GITHUB_OWNER": "acme"})
    assert done.returncode != 0
    assert "GITHUB_OWNER and GITHUB_REPOSITORY must be in the environment of the controller" in done.stderr


def test_a_name_that_job_dsl_does_not_know_is_an_error(tmp_path: Path) -> None:
    seed = tmp_path / "seed.groovy"
    seed.write_text(SEED.read_text().replace("repoOwner(owner)", "repositoryOwner(owner)"))
    done = run_seed(seed, tmp_path)
    assert done.returncode != 0
    assert "repositoryOwner" in done.stderr
