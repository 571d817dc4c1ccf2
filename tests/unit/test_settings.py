"""Settings that cannot be used are refused all at once, each with what to write instead."""

from __future__ import annotations

import copy

import pytest
import yaml

from infra.settings import SettingsError, parse
from mlops.project import ROOT, load_settings

KEY = "model-promotion:settings"


@pytest.fixture
def good():
    return yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"][KEY]


def problems(raw):
    with pytest.raises(SettingsError) as caught:
        parse(raw, origin="Pulumi.dev.yaml")
    return str(caught.value)


def test_committed_stack_files_are_accepted():
    assert {s.account_id for s in load_settings().values()} == {"111111111111", "222222222222", "333333333333"}


def test_account_id_of_eleven_digits(good):
    good["accounts"]["dev"] = "11111111111"
    assert "accounts.dev: '11111111111', which has 11 digits; write the account's twelve digits" in problems(good)


def test_account_id_without_quotes(good):
    good["accounts"]["dev"] = 111111111111
    assert "accounts.dev: 111111111111, which has 12 digits; write the account's twelve digits in quotes" in problems(
        good
    )


def test_unknown_key(good):
    good["modles"] = []
    assert "modles: unknown key; remove it, or write one of environment, region" in problems(good)


def test_unknown_key_inside(good):
    good["jenkins"]["role"] = "x"
    assert (
        "jenkins.role: unknown key; remove it, or write one of role_name, preview_role_name, external_id"
        in problems(good)
    )


def test_one_role_for_both_kinds_of_agents(good):
    good["jenkins"]["preview_role_name"] = good["jenkins"]["role_name"]
    assert "are both 'jenkins-controller', so that any branch could deploy; write a role of its own" in problems(good)


def test_preview_agents_without_a_role(good):
    del good["jenkins"]["preview_role_name"]
    assert "jenkins.preview_role_name: missing; write `jenkins:` with `role_name:` of the deploy agents" in problems(
        good
    )


def test_unknown_model(good):
    good["models"] = ["mamography"]
    assert "models: there is no model 'mamography'; write one of mammography-severity" in problems(good)


def test_no_models(good):
    good["models"] = []
    assert "models: [] cannot be used; write a list of model names" in problems(good)


def test_missing_region(good):
    del good["region"]
    assert "region: missing; write the AWS region, for example `region: us-east-1`" in problems(good)


def test_region_that_is_none(good):
    good["region"] = "us-east"
    assert "region: 'us-east' cannot be used" in problems(good)


def test_dev_and_prod_in_one_account(good):
    good["accounts"]["prod"] = good["accounts"]["dev"]
    assert "accounts.dev and accounts.prod are both 111111111111" in problems(good)
    assert "add `same_account: true`" in problems(good)
    good["same_account"] = True
    assert parse(good, origin="Pulumi.dev.yaml").same_account


def test_same_account_of_different_accounts(good):
    good["same_account"] = True
    assert "same_account: true, but the accounts are different; remove the line" in problems(good)


def test_all_problems_at_once(good):
    good["accounts"] |= {"dev": "1", "prod": "333333333333"}
    good["typo"] = 1
    good["models"] = ["nope"]
    del good["region"]
    text = problems(good)
    assert "5 problems" in text
    assert all(part in text for part in ("accounts.dev", "accounts.prod", "typo", "nope", "region: missing"))
    assert "nothing was touched" in text


def test_no_settings_at_all():
    assert "has no model-promotion:settings object" in problems(None)


@pytest.fixture
def files(tmp_path):
    for environment in ("registry", "dev", "prod"):
        path = tmp_path / f"Pulumi.{environment}.yaml"
        path.write_text((ROOT / path.name).read_text())

    def edit(name, /, **changes):
        path = tmp_path / f"Pulumi.{name}.yaml"
        content = copy.deepcopy(yaml.safe_load(path.read_text()))
        content["config"][KEY].update(changes)
        path.write_text(yaml.safe_dump(content))
        return tmp_path

    return edit


def test_files_that_disagree_on_accounts(files):
    accounts = {"registry": "333333333333", "dev": "555555555555", "prod": "222222222222", "jenkins": "444444444444"}
    with pytest.raises(SettingsError, match=r"Pulumi.dev.yaml: accounts is .*555555555555.* write the same in both"):
        load_settings(files("dev", accounts=accounts))


def test_file_of_another_environment(files):
    with pytest.raises(SettingsError, match=r"Pulumi\.prod\.yaml: environment is 'dev'; write `environment: prod`"):
        load_settings(files("prod", environment="dev"))


def test_problems_in_two_files_are_reported_together(files):
    files("dev", region="nowhere")
    with pytest.raises(SettingsError) as caught:
        load_settings(files("prod", models=["nope"]))
    assert "Pulumi.dev.yaml" in str(caught.value)
    assert "Pulumi.prod.yaml" in str(caught.value)


@pytest.fixture
def good_in_prod():
    return yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"][KEY]


@pytest.mark.parametrize(
    ("part", "setting", "value", "advice"),
    [
        ("alerts", "emails", ["ml-team"], "ml-team@example.com"),
        ("alerts", "emails", [], "write at least one address"),
        ("alerts", "topic", "model alerts", "topic: mammography-model-notification"),
        ("alerts", "approval_hours", 0, "between 1 and 8760"),
        ("alerts", "studio_domain", "my domain", "studio_domain: d-"),
        ("inference", "schedule", "0 23 * * *", "cron(0 23 * * ? *)"),
        ("inference", "schedule", "cron(0 23 * * *)", "six fields"),
        ("inference", "schedule", "cron(0 23 * * * *)", "six fields with ?"),
        ("inference", "schedule", "rate(0 days)", "rate(1 day)"),
        ("inference", "time_zone", "Europe/Berlim", "IANA"),
        ("inference", "flexible_window_minutes", 1441, "between 0 and 1440"),
        ("inference", "period_hours", 85, "between 1 and 84"),
        ("retraining", "cool_down_hours", -1, "between 1 and 168"),
        ("retraining", "weekly_cap", 0, "between 1 and 100"),
    ],
)
def test_wrong_setting_of_the_automation_says_what_to_write(good_in_prod, part, setting, value, advice):
    good_in_prod[part][setting] = value
    text = problems(good_in_prod)
    assert f"- {part}.{setting}" in text
    assert advice in text


@pytest.mark.parametrize("schedule", ["rate(1 day)", "rate(12 hours)", "cron(0/15 8-18 ? * MON-FRI *)"])
def test_schedules_of_every_form_are_accepted(good_in_prod, schedule):
    good_in_prod["inference"]["schedule"] = schedule
    assert parse(good_in_prod, origin="x").inference.schedule == schedule


@pytest.mark.parametrize("part", ["alerts", "inference", "retraining"])
def test_prod_without_a_part_of_the_automation_is_refused(good_in_prod, part):
    del good_in_prod[part]
    assert f"{part}: missing; write `{part}:` with" in problems(good_in_prod)


def test_parts_that_nobody_would_read_are_refused(good, good_in_prod):
    good |= {part: good_in_prod[part] for part in ("alerts", "inference", "retraining")}
    text = problems(good)
    assert "alerts: is read in registry and prod only; remove it" in text
    assert "inference: is read in prod only; remove it" in text
    assert "retraining: is read in prod only; remove it" in text
    good_in_prod |= {"environment": "registry", "drift_check": "batch-check"}
    assert "drift_check: is read in dev and prod only; remove it" in problems(good_in_prod)
