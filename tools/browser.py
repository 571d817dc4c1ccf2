"""Find Chromium for the tests that look at pages, or install it where this user may."""

from __future__ import annotations

import shutil

import debian_packages

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = "chromium"


def find() -> str | None:
    """The browser on PATH."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def ensure(say: debian_packages.Say) -> str:
    """The browser, installed where it is missing and may be."""
    return debian_packages.ensure(find, (PACKAGE,), f"the tests look at pages in {PACKAGE}", say)
