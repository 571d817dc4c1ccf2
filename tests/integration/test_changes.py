"""What a preview says of an edit is what AWS would do."""

from __future__ import annotations

import json
import shutil

import pytest
from conftest import Checkout

pytestmark = pytest.mark.xdist_group("deployed")
KEPT = ("infra", "ml", "Pulumi.dev.yaml")


@pytest.fixture
def edited(deployed: Checkout, tmp_path):
    """The deployed copy, whose files are put back after the test."""
    for name in KEPT:
        source = deployed.folder / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy2(source, tmp_path / name)
    yield deployed
    for name in KEPT:
        target = deployed.folder / name
        if target.is_dir():
            shutil.rmtree(target)
            shutil.copytree(tmp_path / name, target)
        else:
            shutil.copy2(tmp_path / name, target)


def planned(checkout: Checkout, stack: str) -> dict[str, str]:
    """Logical name → operation, for everything that a preview would touch."""
    done = checkout.mlops("pulumi", "preview", "--stack", stack, "--json", "--non-interactive")
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    steps = json.loads(done.stdout)["steps"]
    found = {f"{s['urn'].split('::')[-1]}": s["op"] for s in steps if s["op"] not in ("same", "read")}
    return {name: op for name, op in found.items() if op not in ("create-replacement", "delete-replaced")}


def test_one_word_in_a_step_script_changes_one_object_and_one_definition(edited: Checkout):
    script = edited.folder / "ml/steps/baseline.py"
    script.write_text(script.read_text() + "# edited\n")
    assert planned(edited, "dev") == {
        "mammography-severity-train-baseline": "replace",
        "mammography-severity-train": "update",
    }


def test_another_key_alias_is_a_replacement(edited: Checkout):
    edited.edit("infra/names.py", 'f"alias/{self.in_environment(PROJECT', 'f"alias/new-{self.in_environment(PROJECT')
    assert planned(edited, "dev")["key-alias"] == "replace"


def test_another_tag_is_an_update_in_place(edited: Checkout):
    edited.edit("Pulumi.dev.yaml", "    models:", "    tags:\n      team: screening\n    models:")
    operations = planned(edited, "dev")
    assert operations["key"] == "update"
    assert operations["mammography-severity-train"] == "update"
    assert "replace" not in operations.values()
