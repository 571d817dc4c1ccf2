"""Compiling definitions: offline, unambiguous, and stale files are named with what differs."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ml import compile as compiler
from ml.pipelines import offline, target

ROOT = Path(__file__).resolve().parents[2]
SDK_PYTHON = ROOT / ".venv-definitions" / "bin" / "python"
# Python runs a module of this name at start: every attempt to reach a network is noted, and fails.
GUARD = """
import os, socket
def refuse(*arguments, **_):
    with open(os.environ["ATTEMPTS"], "a") as file:
        file.write(f"{arguments}\\n")
    raise OSError("no network")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
"""


def test_committed_definitions_are_what_compiles_without_network_and_keys(tmp_path: Path) -> None:
    assert SDK_PYTHON.is_file(), "run `python3 tools/toolchain.py definitions`"
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    attempts = tmp_path / "attempts"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"PYTHONPATH": str(tmp_path), "ATTEMPTS": str(attempts), "HOME": str(tmp_path)}
    done = subprocess.run(
        [SDK_PYTHON, "-m", "ml.compile", "--check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not attempts.exists(), attempts.read_text()


def test_client_made_for_later_says_that_there_is_none() -> None:
    with pytest.raises(RuntimeError, match=r"sts\.get_caller_identity is asked of AWS while a definition is built"):
        offline.UnusedClient("sts").get_caller_identity()


def test_wrong_use_is_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler.main(["--chek"]) == 2
    assert "python -m ml.compile --check" in capsys.readouterr().err


def test_without_the_sdk_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> dict[Path, str]:
        raise ModuleNotFoundError("No module named 'sagemaker'", name="sagemaker")

    monkeypatch.setattr(compiler, "compile_all", missing)
    assert compiler.main([]) == 1
    assert "run `make definitions`" in capsys.readouterr().err


def test_stale_definition_is_named_with_the_first_difference(
    definition: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Path("mammography-severity") / "train.json"
    committed = compiler.to_text(definition)
    definition["Steps"][1]["Arguments"]["HyperParameters"]["eta"] = "0.3"
    compiled = compiler.to_text(definition)
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_text(committed)
    (tmp_path / "old.json").write_text("{}")
    files = {path: compiled, Path("images.json"): "{}\n"}
    assert compiler.find_stale(files, tmp_path) == [
        "ml/definitions/images.json is missing",
        "ml/definitions/mammography-severity/train.json is stale: "
        'Steps[Mammo-Train].Arguments.HyperParameters.eta is "0.3", committed is "0.2"',
        "ml/definitions/old.json is compiled from nothing: remove it",
    ]
    monkeypatch.setattr(compiler, "compile_all", lambda: files)
    assert compiler.main(["--check"]) == 1
    assert "error: ml/definitions/mammography-severity/train.json is stale" in capsys.readouterr().err


def test_stale_file_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "images.json").write_text("<<<<<<< ours\n")
    (line,) = compiler.find_stale({Path("images.json"): "{}\n"}, tmp_path)
    assert "it is not JSON" in line


@pytest.mark.parametrize(
    ("committed", "compiled", "difference"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, "b is new"),
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {}}, "b.c is gone"),
        ({"a": [1]}, {"a": [1, 2]}, "a has 2 members, committed are 1"),
        ({"a": [{"Name": "x", "v": 1}]}, {"a": [{"Name": "x", "v": 2}]}, "a[x].v is 2, committed is 1"),
        ({"a": 1}, {"a": 1.0}, "a is 1.0, committed is 1"),
        ({"a": 1}, {"a": 1}, "only its layout differs"),
    ],
)
def test_difference_is_described(committed: Any, compiled: Any, difference: str) -> None:
    assert compiler.describe_difference(committed, compiled) == difference


def test_only_changed_files_are_written(tmp_path: Path) -> None:
    files = {Path("one") / "train.json": "{}\n", Path("images.json"): "[]\n"}
    assert compiler.write(files, tmp_path) == list(files)
    assert compiler.write(files, tmp_path) == []
    assert compiler.find_stale(files, tmp_path) == []


def test_placeholders_come_back_in_place_of_every_value() -> None:
    chosen = compiler.STAND_INS[0]
    values = dataclasses.asdict(chosen)
    assert values.keys() == target.PLACEHOLDERS
    inserted = target.insert_placeholders(values, chosen)
    assert inserted == {name: "${" + name + "}" for name in values}


def test_value_of_an_account_that_stays_is_refused() -> None:
    def build(chosen: target.Target) -> str:
        return json.dumps({"bucket": chosen.data_bucket, "partition": f"account {chosen.account_id[:6]}"})

    with pytest.raises(compiler.CompileError, match="a value of an account is not replaced: partition is"):
        compiler.compile_pipeline(build)


def test_definition_with_findings_is_not_rendered(definition: dict[str, Any]) -> None:
    path = Path("mammography-severity") / "train.json"
    assert compiler.render(path, definition) == compiler.to_text(definition)
    definition["Steps"][1]["Arguments"]["OutputDataConfig"].pop("KmsKeyId")
    with pytest.raises(compiler.CompileError) as refusal:
        compiler.render(path, definition)
    assert "train.json is not written" in str(refusal.value)
    assert "Mammo-Train: OutputDataConfig.KmsKeyId is None" in str(refusal.value)


def test_nulls_are_dropped_and_empty_values_kept() -> None:
    assert compiler.drop_nulls({"a": None, "b": [{"c": None}], "d": "", "e": 0}) == {"b": [{}], "d": "", "e": 0}
