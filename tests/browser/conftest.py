"""A real browser for every test in this folder."""

import os
import shutil
from pathlib import Path

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs Playwright: make test-browser installs it"
)


@pytest.fixture(scope="session")
def browser():
    with playwright.sync_playwright() as driver:
        named = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
        program = next(
            (
                path
                for path in [*named, driver.chromium.executable_path]
                if path and Path(path).exists()
            ),
            None,
        )
        if program is None:
            pytest.exit(
                "No Chromium found; install it, or: .venv/bin/playwright install chromium", 1
            )
        options = [
            "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync",
        ]  # fmt: skip
        started = driver.chromium.launch(
            executable_path=program, args=options, chromium_sandbox=os.getuid() != 0
        )
        yield started
        started.close()
