"""The policy pack, started by Pulumi's engine: making a ``PolicyPack`` starts a server and never returns."""

from __future__ import annotations

from policies import catalog, waivers
from policies.enforcement import policies
from policies.stack_settings import ENVIRONMENTS
from pulumi_policy import EnforcementLevel, PolicyPack

PolicyPack(
    name="model-promotion",
    policies=policies(catalog.RULES, catalog.STACK_RULES, waivers.load(catalog.NAMES, ENVIRONMENTS)),
    enforcement_level=EnforcementLevel.MANDATORY,
)
