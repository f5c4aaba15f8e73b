"""A moderator's day in a browser, on both platforms: set a chat up, ask why, pin, see it end."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.async_api import Locator
from playwright.async_api import Page as Tab

from sandbox import discord, telegram
from sandbox.web import Page
from stories.story import Stats, Status
from tests.browser import browsing, opened
from tests.running import Road, Running, eventually
from tests.stories_made import FERRY

STORY = replace(FERRY, revision=1, updated_at=datetime.now(UTC))
NEWS = "The Halden sails again at noon."
UPDATE = replace(
    STORY,
    revision=2,
    breakdown=(NEWS, *STORY.breakdown),
    stats=replace(STORY.stats, virality=8.2),
)
END = replace(UPDATE, revision=3, stats=Stats(Status.ENDED, virality=8.2, articles=14))
PANES = ("discord", "telegram")


@pytest.fixture
async def road(calm_bot: Running) -> Road:
    return await calm_bot.knowing(STORY)


@pytest.fixture
async def tab(road: Road) -> AsyncIterator[Tab]:
    """The page, as the moderator sees it, in a channel and a group that follow nothing yet."""
    async with Page(road.discord, road.telegram) as page, browsing(height=1000) as browser:
        tab = await opened(browser, page.url)
        for pane in PANES:
            await tab.get_by_test_id(f"{pane}-persona-sol").click()
        await tab.get_by_test_id("discord-channel-general").click()
        await tab.get_by_test_id(f"telegram-chat-{telegram.GROUP}").click()
        yield tab


def said(tab: Tab, pane: str, words: str) -> Locator:
    """The newest message in a pane that has these words."""
    return tab.get_by_test_id(f"{pane}-message").filter(has_text=words).last


async def ask(tab: Tab, command: str, words: str = "") -> None:
    """Use a command on both platforms, with words for its first option."""
    await tab.get_by_test_id("discord-composer").fill(f"/{command} ")
    if words:
        await tab.keyboard.type(words)
        await tab.get_by_test_id("autocomplete-choice").first.click()
    await tab.get_by_role("button", name="Send the command").click()
    composer = tab.get_by_test_id("telegram-composer")
    await composer.fill(f"/{command} {words}")
    await composer.press("Enter")


async def press(tab: Tab, pane: str, words: str) -> None:
    await tab.get_by_test_id(f"{pane}-button").get_by_text(words).last.click()


async def test_a_chat_is_set_up_told_why_pins_a_card_and_loses_the_pin_when_the_story_ends(
    road: Road, tab: Tab
) -> None:
    await ask(tab, "setup")
    for pane in PANES:
        await said(tab, pane, "What this chat gets").wait_for()
        await press(tab, pane, "Stories")
        await press(tab, pane, "Words")
    form = tab.get_by_test_id("discord-form")
    await form.get_by_role("textbox").fill("ferry")
    await tab.get_by_test_id("form-submit").click()
    await form.wait_for(state="detached")
    await tab.get_by_test_id("telegram-replying").wait_for()
    await tab.get_by_test_id("telegram-composer").fill("ferry")
    await tab.keyboard.press("Enter")
    for pane in PANES:
        await said(tab, pane, "Every story about “ferry”.").wait_for()
        await press(tab, pane, "Back")
        await press(tab, pane, "Save")
        await said(tab, pane, "This chat now gets").wait_for()
        await said(tab, pane, STORY.title).wait_for()

    await road.publish(UPDATE)
    for pane in PANES:
        card = (
            tab.get_by_test_id(f"{pane}-message").filter(has_text=NEWS).filter(has_text="Changed")
        )
        await card.wait_for()

    await ask(tab, "why")
    for pane in PANES:
        why = said(tab, pane, f"“{STORY.title}” is shown here")
        await why.get_by_text("This story matches “ferry”").wait_for()
        assert "Its card shows version 2 (the latest)" in await why.inner_text()

    await ask(tab, "pin", STORY.title)
    for pane in PANES:
        await said(tab, pane, f"Pinned “{STORY.title}”").wait_for()
    await tab.get_by_role("button", name="Pinned messages, 1").wait_for()
    await tab.get_by_test_id("telegram-pinned").get_by_text(STORY.title).wait_for()

    await road.publish(END)
    for pane in PANES:
        await tab.get_by_test_id(f"{pane}-message").get_by_text("Ended").first.wait_for()
    await tab.get_by_role("button", name="Pinned messages, 0").wait_for()
    await tab.get_by_test_id("telegram-pinned").wait_for(state="hidden")
    await eventually(lambda: not road.discord.pins(discord.GENERAL), "no pin on Discord")
    await eventually(lambda: not road.telegram.pins(telegram.GROUP), "no pin on Telegram")
