"""The plugin's process ends with the engine that started it, however that ends."""

from __future__ import annotations

import subprocess
import sys
import time

ENGINE = """
import subprocess, sys
plugin = subprocess.Popen([sys.executable, "-m", "sandbox.provider", "127.0.0.1:1"], stdout=subprocess.PIPE)
print(plugin.pid, plugin.stdout.readline().decode().strip(), flush=True)
plugin.wait()
"""
SECONDS = 10


def runs(pid: str) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")


def test_plugin_of_a_killed_engine_ends_by_itself():
    engine = subprocess.Popen([sys.executable, "-c", ENGINE], stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    pid, port = engine.stdout.readline().split()
    assert port.isdigit()
    assert runs(pid)
    engine.kill()
    engine.wait()
    deadline = time.monotonic() + SECONDS
    while runs(pid):
        assert time.monotonic() < deadline, f"the plugin outlived its engine by {SECONDS} s"
        time.sleep(0.05)
