"""The deployment roles have nothing idle: without any one statement, `up` fails naming an action of it.

Each case has an account of its own, in which nothing is deployed yet, so that nothing has to be destroyed in between.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
import yaml

from infra.identity.deployment import POLICY_NAME, deployment_statements
from infra.identity.document import document
from infra.identity.preview_role import POLICY_NAME as PREVIEW
from infra.identity.preview_role import preview_statements
from infra.names import Names
from infra.settings import ENVIRONMENTS
from ml import model as models
from mlops.bootstrap import bootstrap
from mlops.engine import Engine
from mlops.failure import CommandError
from mlops.place import Place
from mlops.project import ROOT, load_settings, stack_file
from sandbox import process

# Statements that `up` does not use in the sandbox, and who does in AWS.
USED_ELSEWHERE = {
    "DeliveryLog",  # Jenkins writes the log of a build
    "State",  # `pulumi login s3://…`; the sandbox keeps its state in a folder
    "StateSecrets",  # secrets in that state; test_preview_roles.py has both
}
WITHOUT = """
every_statement = deployment_statements


def deployment_statements(names, environment, models):
    return [s for s in every_statement(names, environment, models) if s.sid != "{sid}"]
"""
REFUSED = re.compile(r"not authorized to perform: ([a-z0-9]+:\w+)")


def statements(place, environment):
    chosen = [models.load(name) for name in place.settings[environment].models]
    return deployment_statements(Names(place.settings[environment]), environment, chosen)


def cases():
    """Every statement there is: prod's role, and what only the registry's has. Dev's are the same functions'."""
    place = Place(settings=load_settings())
    of_prod = {statement.sid for statement in statements(place, "prod")}
    return [
        pytest.param(environment, statement.sid, id=f"{environment}-{statement.sid}")
        for environment in ("registry", "prod")
        for statement in statements(place, environment)
        if statement.sid not in USED_ELSEWHERE and not (environment == "registry" and statement.sid in of_prod)
    ]


def quiet(_text):
    """Progress that no test reads."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A sandbox in which the registry is deployed: dev and prod refer to it."""
    folder = tmp_path_factory.mktemp("least-privilege")
    server = process.start(folder, 0)
    place = Place(settings=load_settings(), folder=folder, endpoint_url=server.endpoint_url)
    try:
        bootstrap(place, quiet)
        Engine(place, judged=False).up("registry", quiet)
        yield place
    finally:
        process.stop(folder)


def in_new_account(registry, environment, sid, folder):
    """An engine on the same sandbox whose environment is in an account of its own, and lacks one statement there."""
    account = f"{8 - ENVIRONMENTS.index(environment)}{sum(map(ord, sid)):011d}"
    accounts = registry.settings[environment].accounts.model_copy(update={environment: account})
    settings = {name: one.model_copy(update={"accounts": accounts}) for name, one in registry.settings.items()}
    if environment != "registry":
        shutil.copytree(registry.folder / "pulumi-state", folder / "pulumi-state")
    place = replace(registry, settings=settings, folder=folder, sessions={})
    bootstrap(place, quiet)
    chosen = [models.load(name) for name in place.settings[environment].models]
    for role, policy, full in (
        (place.names.deployment_role(environment), POLICY_NAME, statements(place, environment)),
        # What the preview role reads is made of the same statements; the stack adopts it as the program has it.
        (place.names.preview_role(environment), PREVIEW, preview_statements(place.names, environment, chosen)),
    ):
        text = document([statement for statement in full if statement.sid != sid])
        place.client(environment, "iam").put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=text)
    engine = Engine(place, judged=False)  # what is asked is what the role may, not what the rules say
    path = engine.folder / stack_file(environment).name
    content = yaml.safe_load(path.read_text())
    content["config"]["model-promotion:settings"]["accounts"] = accounts.model_dump()
    path.write_text(yaml.safe_dump(content))
    # The program must not know the statement either: it would try to put it back, and be refused for that.
    shutil.copytree(ROOT / "infra", folder / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "infra" / "identity" / "deployment.py").open("a") as module:
        module.write(WITHOUT.format(sid=sid))
    engine.variables["PYTHONPATH"] = str(folder)
    return engine


@pytest.mark.parametrize(("environment", "sid"), cases())
def test_up_without_one_statement_fails_naming_it(registry, environment, sid, tmp_path):
    [dropped] = [s for s in statements(registry, environment) if s.sid == sid]
    engine = in_new_account(registry, environment, sid, tmp_path)
    with pytest.raises(CommandError) as caught:
        engine.up(environment, quiet)
    refused = set(REFUSED.findall(str(caught.value)))
    if "HeadBucket" in str(caught.value):
        refused.add("s3:ListBucket")  # an answer to HEAD has no body in which AWS could name the action
    assert refused, str(caught.value)
    named = {action for action in refused if any(fnmatchcase(action, pattern) for pattern in dropped.actions)}
    assert named, f"{sorted(refused)} are refused, none of which is in {json.dumps(dropped.as_dict())}"
