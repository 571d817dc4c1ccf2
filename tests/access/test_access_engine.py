"""The engine of the access proof: pinned, installed at test time only, and no part of the product."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tools import access_engine

ROOT = Path(__file__).parent.parent.parent
PRODUCT = ("infra", "stacks", "ml", "mlops", "sandbox", "policy-pack")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copy(access_engine.FOLDER / "package-lock.json", tmp_path)
    monkeypatch.setattr(access_engine, "FOLDER", tmp_path)
    return tmp_path


def test_every_package_is_pinned_exactly_with_a_hash_and_no_address():
    wanted = json.loads((access_engine.FOLDER / "package.json").read_text())["dependencies"]
    packages = json.loads((access_engine.FOLDER / "package-lock.json").read_text())["packages"]
    assert wanted["@cloud-copilot/iam-simulate"] == "0.1.173"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert {name.removeprefix("node_modules/") for name in packages if name} == set(wanted)
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-")


def test_nothing_of_the_product_uses_the_engine_or_the_proof():
    found = [
        str(path)
        for part in PRODUCT
        for path in (ROOT / part).rglob("*")
        if path.suffix in (".py", ".json", ".toml")
        and re.search(r"cloud-copilot|^\s*(from|import) tools\b", path.read_text(), re.MULTILINE)
    ]
    assert found == []


def test_without_node_the_installation_says_what_is_needed(folder, monkeypatch):
    monkeypatch.setattr(access_engine.shutil, "which", lambda _: None)
    with pytest.raises(access_engine.EngineUnavailableError, match="needs Node 20 or newer with npm"):
        access_engine.ensure(print)


def test_a_node_that_is_too_old_is_refused(folder, monkeypatch):
    monkeypatch.setattr(access_engine, "_run", lambda _: "v18.19.0\n")
    with pytest.raises(access_engine.EngineUnavailableError, match=r"`node` here is 18\.19\.0"):
        access_engine.ensure(print)


def test_installs_once_for_each_lock(folder, monkeypatch):
    commands = []

    def run(command):
        commands.append(command[1])
        (folder / "node_modules").mkdir(exist_ok=True)
        return "v20.0.0"

    monkeypatch.setattr(access_engine, "_run", run)
    access_engine.ensure(print)
    access_engine.ensure(print)
    assert commands == ["--version", "ci"]
    (folder / "package-lock.json").write_text("{}")
    access_engine.ensure(print)
    assert commands == ["--version", "ci"] * 2


def test_a_failed_installation_shows_what_npm_said(folder):
    npm = folder / "npm"
    npm.write_text("#!/bin/sh\necho no such package >&2\nexit 1\n")
    npm.chmod(0o755)
    with pytest.raises(
        access_engine.EngineUnavailableError, match=r"`npm ci` failed in tools/access-proof; .*\nno such package"
    ):
        access_engine._run([str(npm), "ci"])
