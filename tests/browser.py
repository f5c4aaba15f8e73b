"""A real browser for tests: Playwright driving the Chromium of this machine, or a skip by name."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Chromium as root in a container, calling nobody of its own accord."""


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def browsing(
    *, width: int = 1280, height: int = 800, scheme: Literal["dark", "light"] = "light"
) -> AsyncGenerator[BrowserContext]:
    """A fresh browser; skips the test by name where Chromium is missing.

    A test that used it fails when a page raised an error that it did not catch, or tried what its
    Content-Security-Policy forbids.
    """
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium on the PATH")
    complaints: list[str] = []

    def heard(kind: str, text: str) -> None:
        # Chromium also names every refused request here, which a test may well mean.
        if kind == "error" and not text.startswith("Failed to load resource"):
            complaints.append(text)

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=list(QUIET))
        try:
            context = await browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            context.set_default_timeout(10_000)
            context.on("weberror", lambda error: complaints.append(str(error.error)))
            context.on("console", lambda line: heard(line.type, line.text))
            yield context
        finally:
            await browser.close()
    assert complaints == [], complaints


async def opened(context: BrowserContext, url: str) -> Page:
    """A tab at `url`, once the page has shown what there is."""
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_selector("body[data-ready]")
    return page
