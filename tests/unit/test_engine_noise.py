"""Only the engine's own words are shown."""

from __future__ import annotations

from mlops.engine_noise import strip


def test_colours_and_the_language_hosts_interruption_go():
    text = """<{%fg 1%}>error: <{%reset%}>update failed
Traceback (most recent call last):
  File "x", line 1, in <module>
    loop.run_until_complete(coro)
KeyboardInterrupt

aws:s3: refused"""
    assert strip(text) == "error: update failed\n\naws:s3: refused"


def test_a_trace_of_the_users_own_stays():
    text = 'Traceback (most recent call last):\n  File "x", line 1\nValueError: no'
    assert strip(text) == text
