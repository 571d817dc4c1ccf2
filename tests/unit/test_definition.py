"""Filling a compiled definition."""

from __future__ import annotations

import json

import pytest

from infra.pipelines import compiled
from infra.pipelines.definition import DefinitionError, fill, placeholders


def test_fills_every_name():
    assert fill('{"a": "s3://${bucket}/${prefix}"}', {"bucket": "b", "prefix": "p"}) == '{"a": "s3://b/p"}'


def test_missing_values_are_named_together():
    with pytest.raises(DefinitionError, match="values for one, two"):
        fill('{"a": "${two}${one}"}', {})


def test_value_that_would_break_the_json_is_refused():
    with pytest.raises(DefinitionError, match="cannot stand in JSON: bucket"):
        fill('{"a": "${bucket}"}', {"bucket": 'b", "c": "d'})


def test_every_placeholder_of_the_committed_definition_is_one_that_the_program_fills():
    names = placeholders(compiled.template("mammography-severity", "train"))
    scripts = {name for name in names if name.startswith("script_")}
    assert {(compiled.SCRIPTS / f"{name.removeprefix('script_')}.py").is_file() for name in scripts} == {True}
    filled = json.loads(fill(compiled.template("mammography-severity", "train"), dict.fromkeys(names, "x")))
    assert filled["Version"] == "2020-12-01"


def test_images_are_known_for_the_default_region_and_unknown_for_no_region():
    images = compiled.images("us-east-1")
    assert images is not None
    assert {"sklearn", "xgboost"} <= set(images)
    assert compiled.images("us-nowhere-1") is None
