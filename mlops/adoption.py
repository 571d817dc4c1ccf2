"""What `mlops bootstrap` mended behind a stack's back: the stack must read it again before it deploys.

The deployment role may not change itself. When its documents change with a new version of the project, bootstrap writes
them; a state that still has the old ones would make the engine try to write them once more, and be refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infra.identity.deployment_role import deployment_role_args
from infra.identity.role import RoleArgs
from infra.settings import Environment
from ml import model as models
from mlops.place import Place

if TYPE_CHECKING:
    from pulumi import automation

Say = Callable[[str], None]
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def refresh_adopted(place: Place, environment: Environment, stack: automation.Stack, say: Say) -> None:
    """Read the deployment role again if the state has other documents of it than the program."""
    chosen = [models.load(name) for name in place.settings[environment].models]
    args = deployment_role_args(place.names, environment, chosen)
    outdated = outdated_documents((stack.export_stack().deployment or {}).get("resources", []), args)
    if outdated:
        say(f"{environment}: the deployment role has changed; reading it again")
        stack.refresh(target=outdated)


def outdated_documents(resources: Sequence[Mapping[str, Any]], args: RoleArgs) -> list[str]:
    """URNs of the role and of its policies whose document in the state is not the program's."""
    outdated = []
    for resource in resources:
        outputs = resource.get("outputs") or {}
        if resource["type"] == ROLE and outputs.get("name") == args.role_name:
            expected, known = args.trust, outputs.get("assumeRolePolicy")
        elif resource["type"] == POLICY and outputs.get("role") == args.role_name:
            expected, known = args.inline_policies.get(str(outputs.get("name")), "null"), outputs.get("policy")
        else:
            continue
        if json.loads(known or "null") != json.loads(expected):
            outdated.append(str(resource["urn"]))
    return outdated
