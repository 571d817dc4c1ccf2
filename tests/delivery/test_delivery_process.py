"""An interrupted or killed build lets `pulumi` finish what it began."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Stands for `pulumi`: says what reaches it, and needs a second to end in order.
PULUMI = """#!/bin/sh
trap 'echo interrupted; interrupted=$((${interrupted:-0} + 1))' INT
echo "cookie ${JENKINS_SERVER_COOKIE:-none}"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 0.2
    [ -z "$interrupted" ] || { sleep 1; echo "ended in order after $interrupted"; exit 130; }
done
echo finished
"""
WRAPPER = """
import os, sys
from pathlib import Path
from mlops.delivery.pulumi_process import run_pulumi
code, output = run_pulumi(["up"], {}, Path.cwd(), Path("up.log"))
sys.exit(code)
"""


@pytest.fixture
def started(tmp_path):
    """The wrapper around a `pulumi` that has just begun."""
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text(PULUMI)
    pulumi.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{pulumi.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "JENKINS_SERVER_COOKIE": "durable-1",
    }
    wrapper = subprocess.Popen(
        [sys.executable, "-c", WRAPPER], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    )
    wait_for(tmp_path / "up.log", "cookie")
    return wrapper


def wait_for(path: Path, text: str) -> None:
    deadline = time.monotonic() + 20
    while not path.is_file() or text not in path.read_text():
        assert time.monotonic() < deadline, f"{text!r} is not in {path.name}"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_passed_on_once_and_waited_for(started, number):
    for _ in range(3):
        started.send_signal(number)
        time.sleep(0.1)
    shown, _ = started.communicate(timeout=20)
    assert started.returncode == 130
    assert "ended in order after 1" in shown
    assert "letting pulumi finish what is under way" in shown


def test_pulumi_outlives_a_build_that_is_killed_without_jenkins_cookie(started, tmp_path):
    started.kill()
    started.wait()
    wait_for(tmp_path / "up.log", "finished")
    assert "cookie none" in (tmp_path / "up.log").read_text()
