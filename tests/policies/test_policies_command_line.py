"""Which `pulumi` command lines are put to the pack."""

from __future__ import annotations

import pytest

from mlops import policy_pack


@pytest.mark.parametrize("command", ["preview", "pre", "up", "update"])
def test_previews_and_updates_are_put_to_the_pack(command):
    assert policy_pack.arguments([command, "--stack", "dev"]) == ["--policy-pack", str(policy_pack.PACK)]
    assert (policy_pack.PACK / "PulumiPolicy.yaml").is_file()


@pytest.mark.parametrize(
    "given", [[], ["stack", "ls"], ["destroy"], ["preview", "--policy-pack", "mine"], ["up", "--policy-pack=mine"]]
)
def test_other_commands_and_those_that_name_a_pack_are_left_alone(given):
    assert policy_pack.arguments(given) == []


def test_a_teams_own_configuration_is_passed_on_where_it_is_there(monkeypatch, tmp_path):
    assert policy_pack.options() == {"policy_packs": [str(policy_pack.PACK)]}
    config = tmp_path / "config.json"
    config.write_text("{}")
    monkeypatch.setattr(policy_pack, "CONFIG", config)
    assert policy_pack.options() == {
        "policy_packs": [str(policy_pack.PACK)],
        "policy_pack_configs": [str(config)],
    }
    assert policy_pack.arguments(["up"])[2:] == ["--policy-pack-config", str(config)]
