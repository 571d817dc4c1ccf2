"""What a killed `pulumi` leaves in a state folder is mended without losing anything."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from mlops import recovery
from mlops.failure import CommandError


@pytest.fixture
def state(tmp_path):
    stacks = tmp_path / ".pulumi" / "stacks" / "model-promotion"
    stacks.mkdir(parents=True)
    (stacks / "dev.json").write_text('{"version": 3}')
    (stacks / "dev.json.bak").write_text('{"version": 2}')
    return tmp_path, stacks


def test_whole_state_is_left_alone(state):
    folder, stacks = state
    (stacks / "dev.json.attrs").write_text("{}")
    recovery.restore_torn_state(folder, "dev", pytest.fail)
    assert json.loads((stacks / "dev.json").read_text()) == {"version": 3}
    assert (stacks / "dev.json.attrs").exists()


def test_torn_attributes_and_unfinished_files_go(state):
    folder, stacks = state
    (stacks / "dev.json.attrs").write_text("")
    (stacks / "dev.json.18ea.tmp").write_text('{"ver')
    recovery.restore_torn_state(folder, "dev", pytest.fail)
    assert sorted(path.name for path in stacks.iterdir()) == ["dev.json", "dev.json.bak"]


def test_torn_state_is_replaced_by_the_one_before(state):
    folder, stacks = state
    (stacks / "dev.json").write_text('{"ver')
    said = []
    recovery.restore_torn_state(folder, "dev", said.append)
    assert json.loads((stacks / "dev.json").read_text()) == {"version": 2}
    assert "the state before that is put back" in said[0]


def lock(folder, pid):
    path = folder / ".pulumi" / "locks" / "organization" / "model-promotion" / "dev" / "x.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": pid, "hostname": socket.gethostname()}))
    return path


def test_lock_of_a_dead_process_is_released(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    path = lock(tmp_path, ended.pid)
    said = []
    recovery.release_dead_lock(tmp_path, "dev", said.append)
    assert not path.exists()
    assert "is dead; the lock is released" in said[0]


def test_lock_of_a_living_process_is_never_broken(tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "LOCK_SECONDS", 0)
    path = lock(tmp_path, os.getpid())
    with pytest.raises(CommandError, match="another update has held its lock"):
        recovery.release_dead_lock(tmp_path, "dev", lambda _: None)
    assert path.exists()
