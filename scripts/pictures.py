"""Takes the README's pictures from the running demo, as a person would see it: `make pictures`.

It needs Chromium on the PATH, and a font with emoji.
"""

import asyncio
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright

from cli import demo
from sandbox.telegram import CHANNEL, GROUP, MIRA

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_MS = 60_000
"""Timeout in milliseconds: the samples develop over a minute."""
SETTLED_MS = 2500
"""Wait before each picture: changes are highlighted for a moment, and replies and more cards
arrive."""
STORY = "Night Ferry Returns"
NEWS = "fishermen met the boat"  # text of the story's second revision
QUESTION = "why did the night ferry stop"
ANSWER = "cracks"
WORDS = "ferry"


async def main() -> None:
    """Run the demo, take every picture, end the demo."""
    chromium = next((path for name in NAMES if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit(f"no browser: put one of {', '.join(NAMES)} on the PATH")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page_url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(demo.run(None, 0, lambda page, _: page_url.set_result(page)))
    try:
        either: list[asyncio.Future[Any]] = [running, page_url]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        async with async_playwright() as driver:
            arguments = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
            browser = await driver.chromium.launch(executable_path=chromium, args=arguments)
            await take(browser, await page_url)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def take(browser: Browser, url: str) -> None:
    """Go through the demo once and take each picture."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 776}, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    tab = await context.new_page()
    await tab.goto(url)
    await tab.wait_for_selector("body[data-ready]")
    await cards(tab)
    await answers(tab)
    await pins(tab)
    await setting_up(tab)
    await why(tab)


async def cards(tab: Page) -> None:
    """One story's card on each platform, just edited."""
    for card in (discord_card(tab), telegram_card(tab)):
        await card.get_by_text(NEWS).first.wait_for()
    await tab.wait_for_timeout(SETTLED_MS)
    for card in (discord_card(tab), telegram_card(tab)):
        await card.evaluate("card => card.scrollIntoView({block: 'start'})")
    await save(tab, "cards.png")


async def answers(tab: Page) -> None:
    """A question in one's own words, on each platform."""
    await tab.get_by_test_id("discord-channel-general").click()
    await tab.get_by_test_id("discord-composer").fill("/faq")
    await tab.get_by_test_id("command-option-faq").click()
    await fill_in(tab, "text", QUESTION)
    await tab.get_by_role("button", name="Send the command").click()
    await tab.get_by_test_id(f"telegram-chat-{MIRA}").click()
    await tab.get_by_test_id("telegram-start").click()
    composer = tab.get_by_test_id("telegram-composer")
    await composer.fill(QUESTION)  # in a private chat no command is needed
    await composer.press("Enter")
    for pane in ("discord", "telegram"):
        message = tab.get_by_test_id(f"{pane}-message").filter(has_text=ANSWER)
        await message.last.wait_for()
    await tab.wait_for_timeout(1000)
    await save(tab, "answers.png")


async def pins(tab: Page) -> None:
    """A moderator pins the card, and everyone finds it among the pins."""
    await tab.get_by_test_id("discord-persona-sol").click()
    await tab.get_by_test_id("discord-channel-news").click()
    await tab.get_by_test_id("discord-composer").fill("/pin")
    await tab.get_by_test_id("command-option-pin").click()
    await fill_in(tab, "story", STORY)
    await tab.get_by_role("button", name="Send the command").click()
    await tab.get_by_role("button", name="Pinned messages, 1").wait_for()
    await tab.get_by_test_id("telegram-persona-sol").click()
    await tab.get_by_test_id(f"telegram-chat-{CHANNEL}").click()
    composer = tab.get_by_test_id("telegram-composer")
    await composer.fill(f"/pin {STORY}")
    await composer.press("Enter")
    await tab.get_by_test_id("telegram-pinned").wait_for()
    await tab.get_by_role("button", name="Pinned messages, 1").click()
    await tab.wait_for_timeout(SETTLED_MS)
    await save(tab, "pins.png")
    await tab.get_by_role("button", name="Pinned messages, 1").click()


async def setting_up(tab: Page) -> None:
    """A moderator is asked for words: in a form on Discord, in a reply on Telegram."""
    await tab.get_by_test_id("discord-channel-general").click()
    await tab.get_by_test_id(f"telegram-chat-{GROUP}").click()
    await ask(tab, "setup")
    for pane in ("discord", "telegram"):
        await press(tab, pane, "Stories")
        await press(tab, pane, "Words")
    form = tab.get_by_test_id("discord-form")
    await form.get_by_role("textbox").fill(WORDS)
    await tab.get_by_test_id("telegram-replying").wait_for()
    await tab.get_by_test_id("telegram-composer").fill(WORDS)
    await tab.wait_for_timeout(SETTLED_MS)
    await save(tab, "setup.png")
    await tab.get_by_test_id("form-submit").click()
    await form.wait_for(state="detached")
    await tab.get_by_test_id("telegram-composer").press("Enter")
    for pane in ("discord", "telegram"):
        await tab.get_by_test_id(f"{pane}-message").filter(has_text="Every story").last.wait_for()
        await press(tab, pane, "Back")
        await press(tab, pane, "Save")
        await tab.get_by_test_id(f"{pane}-message").filter(has_text=STORY).last.wait_for()


async def why(tab: Page) -> None:
    """What /why says about a card."""
    await tab.wait_for_timeout(SETTLED_MS)
    await ask(tab, "why")
    for pane in ("discord", "telegram"):
        answer = tab.get_by_test_id(f"{pane}-message").filter(has_text="is shown here").last
        await answer.wait_for()
    await tab.wait_for_timeout(SETTLED_MS)
    await save(tab, "why.png")


async def ask(tab: Page, command: str) -> None:
    """Use a command on both platforms."""
    await tab.get_by_test_id("discord-composer").fill(f"/{command} ")
    await tab.get_by_role("button", name="Send the command").click()
    await tab.get_by_test_id("telegram-composer").fill(f"/{command} ")
    await tab.get_by_test_id("telegram-composer").press("Enter")


async def press(tab: Page, pane: str, words: str) -> None:
    """Press the button with these words in one platform's half of the page."""
    await tab.get_by_test_id(f"{pane}-button").get_by_text(words).last.click()


def discord_card(tab: Page) -> Locator:
    """The story's card in the Discord half."""
    return tab.get_by_test_id("discord-message").filter(has_text="Keywords: ferry").first


def telegram_card(tab: Page) -> Locator:
    """The story's card in the Telegram half."""
    return tab.get_by_test_id("telegram-message").filter(has_text="Keywords: ferry").first


async def fill_in(tab: Page, option: str, words: str) -> None:
    """Type a value for a slash command's option; a command's first option is already open."""
    field = tab.get_by_test_id(f"option-{option}")
    add = tab.get_by_test_id(f"add-option-{option}")
    await field.or_(add).first.wait_for()
    if await add.is_visible():
        await add.click()
    await field.fill(words)


async def save(tab: Page, name: str) -> None:
    """Save what both halves of the page show now, as docs/pictures/<name>."""
    await tab.mouse.move(0, 0)
    await tab.evaluate("document.activeElement?.blur()")
    await tab.screenshot(path=PICTURES / name)


if __name__ == "__main__":
    asyncio.run(main())
