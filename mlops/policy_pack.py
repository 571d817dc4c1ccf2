"""The policy pack that every preview and update is put to."""

from __future__ import annotations

from collections.abc import Sequence

from mlops.project import ROOT

PACK = ROOT / "policy-pack"
# A team's own configuration of rules: JSON, configuration by rule, as `pulumi --policy-pack-config` takes it.
CONFIG = PACK / "config.json"
JUDGED = ("preview", "pre", "up", "update")


def options() -> dict[str, list[str]]:
    """The options of the Automation API's `preview` and `up`."""
    configured = {"policy_pack_configs": [str(CONFIG)]} if CONFIG.is_file() else {}
    return {"policy_packs": [str(PACK)], **configured}


def arguments(given: Sequence[str]) -> list[str]:
    """What to add to a `pulumi` command line that names no pack of its own."""
    if not given or given[0] not in JUDGED or any(one.startswith("--policy-pack") for one in given):
        return []
    configured = ["--policy-pack-config", str(CONFIG)] if CONFIG.is_file() else []
    return ["--policy-pack", str(PACK), *configured]
