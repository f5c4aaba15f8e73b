"""The sandbox's page in a browser: forms, menus of roles, forced replies, pings, and rights."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
from playwright.async_api import Locator
from playwright.async_api import Page as Tab
from telegram import (
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    Update,
)
from telegram.ext import CommandHandler, InlineQueryHandler, MessageHandler, filters

from sandbox.discord import BOT, GENERAL, HEADLINES, MODERATORS, NEWS, READERS, SOL, Discord
from sandbox.telegram import CHANNEL, GROUP, MIRA, Telegram
from sandbox.web import Page
from tests.browser import browsing, opened
from tests.sandbox.discord_bot import connected, until
from tests.sandbox.telegram_kit import listening, served
from tests.sandbox.test_discord_modals import Bot

WIDTHS = pytest.mark.parametrize("width", [1280, 420])
READERS_PINGED = discord.AllowedMentions(roles=[discord.Object(int(READERS))])


@pytest.fixture
async def here() -> AsyncIterator[Discord]:
    async with Discord(limits=False) as here:
        yield here


@asynccontextmanager
async def looked_at(
    here: Discord, there: Telegram | None = None, *, width: int = 1280
) -> AsyncIterator[Tab]:
    """A tab with the page of a Discord and of a Telegram."""
    async with (
        Telegram(limits=False) as nothing,
        Page(here, there or nothing) as page,
        browsing(width=width) as browser,
    ):
        yield await opened(browser, page.url)


def channel(bot: Bot, id: str) -> discord.TextChannel:
    found = bot.get_channel(int(id))
    assert isinstance(found, discord.TextChannel)
    return found


async def set_up(tab: Tab) -> None:
    await tab.get_by_test_id("discord-composer").fill("/setup ")
    await tab.keyboard.press("Enter")
    await tab.get_by_test_id("discord-message").filter(has_text="Set up").wait_for()


async def choose(menu: Locator, words: str) -> None:
    await menu.click()
    options = menu.locator("xpath=..").get_by_test_id("discord-select-option")
    await options.filter(has_text=words).click()


@WIDTHS
async def test_a_form_is_filled_in_and_says_what_it_needs(here: Discord, width: int) -> None:
    async with connected(here, Bot()), looked_at(here, width=width) as tab:
        await set_up(tab)
        await tab.get_by_test_id("discord-button").get_by_text("Quiet hours").click()
        form = tab.get_by_test_id("discord-form")
        hours = form.get_by_test_id("field-hours")
        assert await hours.input_value() == "22-7"
        assert await hours.get_attribute("placeholder") == "22-7"
        assert "Nobody is pinged in these hours." in await form.inner_text()
        assert await form.get_by_test_id("discord-select").first.inner_text() == "@News readers"

        await hours.fill("22")
        await form.get_by_test_id("form-submit").click()
        await form.get_by_text("Must be at least 3 letters").wait_for()
        await hours.fill("")
        await form.get_by_test_id("form-submit").click()
        await form.get_by_text("This field is required").first.wait_for()
        await hours.press_sequentially("23-8 and more")
        assert await hours.input_value() == "23-8 ", "no more than the form takes"
        await hours.fill("23-8")
        await form.get_by_test_id("field-note").fill("at sea")
        await choose(form.get_by_test_id("discord-select").first, "@Moderators")
        await choose(form.get_by_test_id("discord-select").last, "loud")
        await form.get_by_test_id("form-submit").click()
        answer = tab.get_by_test_id("discord-message").filter(
            has_text="23-8 at sea Moderators loud"
        )
        await answer.wait_for()
        await form.wait_for(state="detached")


async def test_a_form_is_put_away_and_a_refused_one_stays(here: Discord) -> None:
    async with looked_at(here) as tab:
        async with connected(here, Bot()):
            await set_up(tab)
            button = tab.get_by_test_id("discord-button").get_by_text("Quiet hours")
            form = tab.get_by_test_id("discord-form")
            await button.click()
            await form.wait_for()
            await tab.keyboard.press("Escape")
            await form.wait_for(state="detached")
            await button.click()
            await choose(form.get_by_test_id("discord-select").last, "calm")
        await until(here, lambda: not here.gateway.connected)
        await form.get_by_test_id("form-submit").click()
        await form.get_by_text("The application did not respond").wait_for()
        assert await form.get_by_test_id("field-hours").input_value() == "22-7"


async def test_a_role_is_picked_and_given_back(here: Discord) -> None:
    async with connected(here, Bot()), looked_at(here) as tab:
        await set_up(tab)
        menu = tab.get_by_test_id("discord-message").get_by_test_id("discord-select")
        assert await menu.inner_text() == "@News readers"
        await choose(menu, "@Moderators")
        mention = tab.locator(".mention").get_by_text("@Moderators")
        await mention.wait_for()
        await choose(menu, "@News readers")  # chosen beforehand, and need not be: given back
        await tab.get_by_test_id("discord-message").get_by_text("nobody", exact=True).wait_for()


@WIDTHS
async def test_a_ping_is_seen_by_those_it_is_for_and_a_mere_name_is_not(
    here: Discord, width: int
) -> None:
    bot = Bot()
    async with connected(here, bot), looked_at(here, width=width) as tab:
        text = f"<@&{READERS}> <@&{MODERATORS}>"
        await channel(bot, GENERAL).send(f"{text} at once", allowed_mentions=READERS_PINGED)
        await channel(bot, GENERAL).send(f"{text} later", silent=True)
        await tab.get_by_test_id("discord-message").filter(has_text="later").wait_for()
        await tab.get_by_test_id("discord-channel-news").click()
        for n in range(2):
            await channel(bot, GENERAL).send(f"{text} {n}", allowed_mentions=READERS_PINGED)
        in_list = tab.get_by_test_id("discord-channel-general")
        await in_list.locator(".d-pings").get_by_text("2", exact=True).wait_for()
        await in_list.click()
        assert await in_list.locator(".d-pings").count() == 0
        loud, calm = (
            tab.get_by_test_id("discord-message").filter(has_text=words)
            for words in ("at once", "later")
        )
        assert await loud.locator(".mention.rings").all_inner_texts() == ["@News readers"]
        assert await loud.locator(".mention.quiet").all_inner_texts() == ["@Moderators"]
        assert await loud.get_by_role("img", name="Silent message").count() == 0
        assert await calm.get_by_role("img", name="Silent message").count() == 1
        highlighted = tab.locator(".d-message.mentioned")
        assert await highlighted.count() == 4, "without a list of its own every role may be pinged"
        await tab.get_by_test_id("discord-persona-sol").click()
        await highlighted.first.wait_for(state="detached")
        assert await loud.locator(".mention.rings").all_inner_texts() == ["@News readers"]


async def test_a_published_announcement_is_marked_beside_one_that_is_not(here: Discord) -> None:
    bot = Bot()
    async with connected(here, bot), looked_at(here) as tab:
        await channel(bot, HEADLINES).send("Ferry late")
        for text in ("Ferry back", "Ferry on time"):
            published = await channel(bot, HEADLINES).send(text)
            await published.publish()
        shown = tab.get_by_test_id("discord-message")
        await shown.filter(has_text="Ferry back").locator(".d-published").wait_for()
        await shown.filter(has_text="Ferry on time").locator(".d-published").wait_for()
        assert await shown.filter(has_text="Ferry late").locator(".d-published").count() == 0


async def test_the_newest_card_is_in_view_and_not_pushed_out_by_what_is_said_about_it(
    here: Discord,
) -> None:
    bot = Bot()
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Ask", callback_data="ask")]])
    async with connected(here, bot), served() as there, listening(there) as app:
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Ask", custom_id="ask"))
        card = await channel(bot, NEWS).send(embed=discord.Embed(title="The card"), view=view)
        post = await app.bot.send_message(CHANNEL, "The card", reply_markup=keys)

        async def more() -> None:
            for number in range(8):
                await card.reply(
                    embed=discord.Embed(title=f"Reply {number}", description="x\n" * 3)
                )
                await app.bot.send_message(
                    CHANNEL, "Reply\nx\nx\nx", reply_to_message_id=post.message_id
                )
            await there.settle()

        await more()
        async with looked_at(here, there) as tab:
            for pane in ("discord", "telegram"):
                await in_view(tab.get_by_test_id(f"{pane}-button"), pane)
            await more()
            last = tab.get_by_test_id("discord-message").filter(has_text="Reply 7")
            await last.nth(1).wait_for()
            for pane in ("discord", "telegram"):
                await in_view(tab.get_by_test_id(f"{pane}-button"), pane)
            await tab.get_by_role("button", name="New messages").click()
            await in_view(last.nth(1), "the last reply, once asked for")


async def in_view(shown: Locator, what: str) -> None:
    assert await shown.evaluate(
        """node => {
            const at = node.getBoundingClientRect();
            const top = document.elementFromPoint(at.x + 3, at.y + 3);
            return node.contains(top) || top?.contains(node);
        }"""
    ), f"{what} is out of view"


async def test_lines_to_copy_are_copied(here: Discord) -> None:
    lines = "[[chats]]\nfollow = ['ferry']"
    here.say(SOL, NEWS, f"```toml\n{lines}\n```")
    async with served() as there, listening(there) as app, looked_at(here, there) as tab:
        await tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await app.bot.send_message(GROUP, f"<pre>{lines} # too</pre>", parse_mode="HTML")
        for pane, copied in (("discord", lines), ("telegram", f"{lines} # too")):
            button = tab.get_by_test_id(f"{pane}-message").get_by_test_id("copy")
            await button.click()
            await tab.get_by_test_id(f"{pane}-message").get_by_title("Copied").wait_for()
            assert await tab.evaluate("navigator.clipboard.readText()") == copied


@WIDTHS
async def test_a_forced_reply_opens_the_reply_box_of_whom_it_is_for(
    here: Discord, width: int
) -> None:
    replies = asyncio.Queue[Any]()

    async def ask(update: Update, _: Any) -> None:
        assert update.message
        await update.message.reply_html(
            "Which <b>stories</b>?",
            reply_markup=ForceReply(selective=True, input_field_placeholder="ferry, port"),
            do_quote=True,
        )

    async def hear(update: Update, _: Any) -> None:
        replies.put_nowait(update.message)

    handlers = (CommandHandler("setup", ask), MessageHandler(filters.TEXT, hear))
    async with (
        served() as there,
        listening(there, *handlers),
        looked_at(here, there, width=width) as tab,
    ):
        await tab.get_by_test_id(f"telegram-chat-{GROUP}").click()
        composer = tab.get_by_test_id("telegram-composer")
        await composer.fill("/setup")
        await composer.press("Enter")
        box = tab.get_by_test_id("telegram-replying")
        await box.get_by_text("Which stories?").wait_for()
        assert await composer.get_attribute("placeholder") == "ferry, port"
        await tab.get_by_test_id("telegram-persona-sol").click()
        await box.wait_for(state="hidden")  # it is not for Sol
        await tab.get_by_test_id("telegram-persona-mira").click()
        await box.wait_for()
        await composer.fill("ferry")
        await composer.press("Enter")
        answer = await asyncio.wait_for(replies.get(), 10)
        assert answer.text == "ferry"
        assert answer.reply_to_message.text_html == "Which <b>stories</b>?"
        await box.wait_for(state="hidden")

        # Put away, it stays away; and any message can be answered by hand.
        await composer.fill("/setup")
        await composer.press("Enter")
        await box.wait_for()
        await composer.press("Escape")
        await box.wait_for(state="hidden")
        prompt = tab.get_by_test_id("telegram-message").filter(has_text="Which stories?").first
        await prompt.hover()
        await prompt.get_by_role("button", name="Reply to Storywire").click()
        await composer.fill("port")
        await composer.press("Enter")
        answer = await asyncio.wait_for(replies.get(), 10)
        assert answer.reply_to_message.text == "Which stories?"


async def test_who_types_the_bots_name_and_words_sends_what_it_offers(here: Discord) -> None:
    async def offer(update: Update, _: Any) -> None:
        assert update.inline_query
        text = InputTextMessageContent(f"About {update.inline_query.query}")
        result = InlineQueryResultArticle("1", "Night ferry", text, description="It sails")
        more = InlineQueryResultsButton("More with the bot", start_parameter="stories")
        await update.inline_query.answer([result], button=more)

    async with (
        served() as there,
        listening(there, InlineQueryHandler(offer)),
        looked_at(here, there) as tab,
    ):
        await tab.get_by_test_id(f"telegram-chat-{GROUP}").click()
        composer = tab.get_by_test_id("telegram-composer")
        offered = tab.get_by_test_id("inline-result")
        await composer.press_sequentially("@storywire_bot ferry")
        await offered.filter(has_text="It sails").click()
        sent = tab.get_by_test_id("telegram-message").filter(has_text="About ferry")
        await sent.get_by_text("via @storywire_bot").wait_for()
        assert there.messages(GROUP)[-1]["from"]["id"] == MIRA
        await composer.press_sequentially("@storywire_bot x")
        await offered.filter(has_text="More with the bot").click()
        await tab.get_by_test_id("telegram-message").get_by_text("/start stories").wait_for()


@WIDTHS
async def test_a_moderator_takes_rights_from_the_bot_and_throws_it_out(
    here: Discord, width: int
) -> None:
    async with (
        connected(here, Bot()),
        served() as there,
        looked_at(here, there, width=width) as tab,
    ):
        await tab.get_by_test_id("discord-rights").click()
        links = tab.get_by_test_id("right-EMBED_LINKS")
        assert await links.is_disabled()
        await tab.get_by_text("Only a moderator changes this").wait_for()
        await tab.get_by_test_id("discord-persona-sol").click()
        await tab.get_by_test_id("discord-rights").click()
        await links.uncheck()
        place = here.world.channel(NEWS)
        await until(here, lambda: not here.world.may(BOT, place, "EMBED_LINKS"))
        await tab.locator(".discord .rights-button.lacking").wait_for()
        await links.check()
        await until(here, lambda: here.world.may(BOT, place, "EMBED_LINKS"))
        await tab.get_by_test_id("rights-move").first.click()
        await until(here, lambda: not here.world.bot_is_here)
        await tab.get_by_role("button", name="Add the bot to the server again").click()
        await until(here, lambda: here.world.bot_is_here)

        await tab.get_by_test_id("telegram-persona-sol").click()
        await tab.get_by_test_id(f"telegram-chat-{GROUP}").click()
        await tab.get_by_test_id("telegram-rights").click()
        await tab.get_by_test_id("right-can_pin_messages").uncheck()
        await tab.locator(".telegram .rights-button.lacking").wait_for()
        assert not there.world.place(GROUP).may("can_pin_messages")
        await tab.get_by_role("button", name="Remove the bot from the group").click()
        await tab.get_by_test_id("telegram-service").get_by_text("Sol removed Storywire").wait_for()
        await tab.get_by_role("button", name="Take the bot in again").click()
        await tab.get_by_test_id("telegram-service").get_by_text("Sol added Storywire").wait_for()
        assert there.world.place(GROUP).may("can_pin_messages")

        await tab.get_by_test_id("telegram-persona-mira").click()
        await there.open(MIRA)
        await tab.get_by_test_id(f"telegram-chat-{MIRA}").click()
        await tab.get_by_test_id("telegram-rights").click()
        await tab.get_by_role("button", name="Block the bot", exact=True).click()
        await tab.get_by_role("button", name="RESTART").wait_for()
        assert there.world.place(MIRA).blocked
        await tab.get_by_role("button", name="Unblock the bot").click()
        await tab.get_by_test_id("telegram-composer").wait_for()


async def test_at_a_small_width_the_head_says_whose_page_it_is(here: Discord) -> None:
    async with looked_at(here, width=420) as tab:
        fits = "node => node.scrollWidth <= node.clientWidth"
        for part in ("h1", ".lamps", ".persona"):
            for node in await tab.locator(part).all():
                assert await node.evaluate(fits), part
        assert await tab.locator("body").evaluate(fits)
        await tab.get_by_test_id("discord-channel-headlines").click()
        await tab.get_by_text("Welcome to #headlines!").wait_for()
