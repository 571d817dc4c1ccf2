from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from page_facts import EMPTY, EXECUTIONS, FACTS
from PIL import Image

from ml import model as models
from mlops.page.facts import outcome
from mlops.page.page import render

sys.path.append(str(Path(__file__).parents[2] / "tools"))
import browser

MODEL = models.load("mammography-severity")
# Of the page's style sheet: drift, good, bad input, the first and the second version's curve.
COLOURS = {"drift": (217, 130, 43), "good": (26, 127, 75), "bad input": (125, 75, 179), "first curve": (43, 108, 176)}
WIDTH, HEIGHT = 1000, 3200


def take_screenshot(text: str, folder: Path) -> Image.Image:
    page, picture = folder / "page.html", folder / "page.png"
    page.write_text(text, encoding="utf-8")
    command = [
        browser.ensure(print),
        "--headless",
        "--no-sandbox",  # tests run as root in a container
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--force-device-scale-factor=1",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={WIDTH},{HEIGHT}",
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert picture.is_file(), done.stderr
    return Image.open(picture).convert("RGB")


def count(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    return sum(number for number, found in picture.getcolors(1 << 24) or [] if found == colour)


def test_the_browser_draws_what_ran_and_what_drifted(tmp_path: Path) -> None:
    picture = take_screenshot(render(FACTS, MODEL), tmp_path)
    drawn = {name: count(picture, colour) for name, colour in COLOURS.items()}
    assert all(pixels > 60 for pixels in drawn.values()), drawn
    right = picture.crop((WIDTH - 30, 0, WIDTH, HEIGHT))
    assert right.getcolors() == [(30 * HEIGHT, (255, 255, 255))], "something sticks out on the right"

    calm = replace(FACTS, executions=EXECUTIONS[:2], checks={EXECUTIONS[1]["arn"]: FACTS.checks[EXECUTIONS[1]["arn"]]})
    quiet = take_screenshot(render(calm, MODEL), tmp_path)
    assert count(quiet, COLOURS["drift"]) < drawn["drift"] / 4


def test_the_page_needs_nothing_beside_it() -> None:
    text = render(FACTS, MODEL)
    assert not re.search(r"(?:src|href)\s*=|url\(|@import|<script", text)


def test_text_from_the_accounts_is_escaped() -> None:
    text = render(FACTS, MODEL)
    assert "Shape moved &lt;b&gt;" in text
    assert "Shape moved <b>" not in text


def test_accounts_in_which_nothing_has_run_have_a_page() -> None:
    text = render(EMPTY, MODEL)
    for sentence in ("Nothing has run yet", "No version is registered yet", "No batch has been checked yet"):
        assert sentence in text


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("Mammo-DataDrift", "drift"),
        ("Mammo-BadInput", "bad input"),
        ("Mammo-NoApprovedModel", "no approved model"),
        ("Mammo-AUCFail", "below the threshold"),
        ("Mammo-Transform", "failed"),
    ],
)
def test_an_execution_is_called_by_the_step_that_ended_it(step: str, expected: str) -> None:
    failed = {"status": "Failed", "steps": {"Mammo-BatchCheck": "Succeeded", step: "Failed"}}
    assert outcome(failed) == expected
    assert outcome({"status": "Executing", "steps": {}}) == "executing"
