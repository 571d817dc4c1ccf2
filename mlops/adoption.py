"""What `mlops bootstrap` mended behind a stack's back: the stack must read it again before it deploys.

The deployment role may change neither itself nor the preview role. When their documents change with a new version of
the project, bootstrap writes them; a state that still has the old ones would make the engine try to write them once
more, and be refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infra.identity.deployment_role import deployment_role_args
from infra.identity.preview_role import preview_role_args
from infra.identity.role import RoleArgs
from infra.names import Names
from infra.settings import Environment
from ml import model as models
from mlops.place import Place

if TYPE_CHECKING:
    from pulumi import automation

Say = Callable[[str], None]
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def adopted_roles(place: Place, environment: Environment) -> tuple[RoleArgs, ...]:
    """The roles of one account that bootstrap makes and the stack adopts: the deployment role and the preview role."""
    settings = place.settings[environment]
    chosen = [models.load(name) for name in settings.models]
    return tuple(args(Names(settings), environment, chosen) for args in (deployment_role_args, preview_role_args))


def refresh_adopted(place: Place, environment: Environment, stack: automation.Stack, say: Say) -> None:
    """Read the adopted roles again whose documents in the state are others than the program's."""
    resources = (stack.export_stack().deployment or {}).get("resources", [])
    outdated: list[str] = []
    for args in adopted_roles(place, environment):
        found = outdated_documents(resources, args)
        if found:
            say(f"{environment}: the role {args.role_name} has changed; reading it again")
        outdated += found
    if outdated:
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
