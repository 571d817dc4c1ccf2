"""The controller's configuration as code names nothing that is missing, and holds no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jenkins_build import restriction, takes_credentials_from_node

JENKINS = Path(__file__).parents[2] / "jenkins"
CASC = yaml.safe_load((JENKINS / "casc.yaml").read_text())
LISTED = [line.split("#")[0].strip() for line in (JENKINS / "plugins.txt").read_text().splitlines()]
PLUGINS: dict[str, str] = dict(line.split(":") for line in LISTED if line)
# The plugin that reads a key of casc.yaml; Jenkins itself reads the other ones.
READERS = {
    "roleBased": "role-strategy",
    "jobRestrictionProperty": "job-restrictions",
    "regexNameRestriction": "job-restrictions",
    "pipelineStepsAWS": "pipeline-aws",
    "lockableResourcesManager": "lockable-resources",
    "globalJobDslSecurityConfiguration": "job-dsl",
    "gitHubApp": "github-branch-source",
    "string": "credentials-binding",
    "jobs": "job-dsl",
}
OF_JENKINS = {
    *("jenkins", "numExecutors", "mode", "securityRealm", "local", "allowsSignup", "users", "id", "password"),
    *(
        "authorizationStrategy",
        "roles",
        "global",
        "items",
        "name",
        "permissions",
        "entries",
        "user",
        "group",
        "pattern",
    ),
    *("nodes", "permanent", "labelString", "remoteFS", "launcher", "jnlp", "nodeProperties", "jobRestriction"),
    *("regexExpression", "checkShortName", "unclassified", "location", "url", "enableCredentialsFromNode"),
    *("declaredResources", "description", "security", "useScriptSecurity", "credentials", "system"),
    *("domainCredentials", "appID", "owner", "privateKey", "scope", "secret", "file"),
}
SECRETS = {"password", "privateKey", "secret", "appID"}
NAMED_BY_THE_SPECIFICATION = {
    "job-dsl": "Job DSL",
    "git": "Git",
    "workflow-aggregator": "Pipeline",
    "pipeline-aws": "Pipeline: AWS Steps",
    "pipeline-utility-steps": "Pipeline Utility Steps",
}


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a document with what it holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pairs(inner)


def test_every_key_is_read_by_jenkins_or_by_a_listed_plugin() -> None:
    keys = {key for key, _ in pairs(CASC)}
    assert keys - OF_JENKINS == set(READERS)
    assert set(READERS.values()) <= set(PLUGINS)


def test_no_secret_stands_in_clear() -> None:
    secrets = [(key, value) for key, value in pairs(CASC) if key in SECRETS]
    assert {key for key, _ in secrets} == SECRETS
    assert [pair for pair in secrets if not re.fullmatch(r"\$\{[A-Z_]+\}", str(pair[1]))] == []


@pytest.mark.parametrize("plugin", NAMED_BY_THE_SPECIFICATION)
def test_a_plugin_of_the_specification_is_listed(plugin: str) -> None:
    assert plugin in PLUGINS


def test_every_plugin_has_a_minimum_version_and_a_reason() -> None:
    lines = [line for line in (JENKINS / "plugins.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z-]+:\d[\w.]* +# .+", line)] == []
    assert list(PLUGINS) == sorted(PLUGINS)


def test_nothing_runs_on_the_controller_and_deployments_have_an_agent_of_their_own() -> None:
    assert CASC["jenkins"]["numExecutors"] == 0
    agents = {node["permanent"]["labelString"]: node["permanent"] for node in CASC["jenkins"]["nodes"]}
    assert set(agents) == {"preview", "deploy"}
    assert {agent["mode"] for agent in agents.values()} == {"EXCLUSIVE"}
    assert restriction("preview") == {}
    # The plugin lets every job in when the expression is not valid.
    assert re.compile(restriction("deploy")["jobs"])


def test_what_withaws_may_become_depends_on_the_agent(tmp_path: Path) -> None:
    assert takes_credentials_from_node()
    without = tmp_path / "casc.yaml"
    without.write_text("jenkins: {}\n")
    assert not takes_credentials_from_node(without)


def test_only_groups_and_the_first_administrator_are_given_roles() -> None:
    roles = CASC["jenkins"]["authorizationStrategy"]["roleBased"]["roles"]
    entries = {role["name"]: role["entries"] for kind in roles.values() for role in kind}
    assert entries == {
        "admin": [{"user": "admin"}, {"group": "model-promotion-admins"}],
        "reader": [{"group": "authenticated"}],
        "approver": [{"group": "model-promotion-approvers"}],
    }


def test_names_that_the_jenkinsfile_uses_are_configured() -> None:
    jenkinsfile = (JENKINS.parent / "Jenkinsfile").read_text()
    credentials = CASC["credentials"]["system"]["domainCredentials"][0]["credentials"]
    ids = {next(iter(entry.values()))["id"] for entry in credentials}
    labels = {node["permanent"]["labelString"] for node in CASC["jenkins"]["nodes"]}
    resources = {entry["name"] for entry in CASC["unclassified"]["lockableResourcesManager"]["declaredResources"]}
    items = CASC["jenkins"]["authorizationStrategy"]["roleBased"]["roles"]["items"]
    groups = {entry["group"] for role in items for entry in role["entries"]}
    for pattern, known in (
        (r"credentialsId: '([^']+)'", ids - {"github-app"}),
        (r"label '([^']+)'", labels),
        (r"lock\(resource: '([^']+)'", resources),
        (r"submitter: '([^']+)'", groups),
    ):
        assert set(re.findall(pattern, jenkinsfile)) == known, pattern
