"""The sandbox's page: what it serves and refuses, and what a person can do in it with a browser."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib import resources
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from playwright.async_api import Locator
from playwright.async_api import Page as Tab
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from sandbox.discord import GENERAL, HEADLINES, MIRA, NEWS, SOL, Discord
from sandbox.telegram import CHANNEL, FORUM, GROUP, TOPIC_PORT, Telegram
from sandbox.telegram import MIRA as TG_MIRA
from sandbox.telegram import SOL as TG_SOL
from sandbox.web import Page
from tests.browser import browsing, opened
from tests.sandbox.telegram_kit import listening

POLICY = "default-src 'self'"
QUESTIONS = ("What is a night ferry?", "Who runs the ferry?", "When does the tram strike end?")


@pytest.fixture
async def local() -> AsyncIterator[tuple[Discord, Telegram, Page]]:
    async with (
        Discord(limits=False) as here,
        Telegram(limits=False) as there,
        Page(here, there) as page,
    ):
        yield here, there, page


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


Local = tuple[Discord, Telegram, Page]


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """The views in an event stream, as they come."""
    async for line in answer.content:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


# -- served --------------------------------------------------------------------------------------


async def test_the_page_brings_everything_it_needs_and_nothing_from_elsewhere(
    local: Local, http: aiohttp.ClientSession
) -> None:
    url = local[2].url
    wanted, seen = [""], set[str]()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        async with http.get(url + name) as answer:
            assert answer.status == HTTPStatus.OK, name
            assert answer.headers["Content-Security-Policy"].startswith(POLICY)
            text = await answer.text()
        if name.endswith(".css"):
            assert "url(" not in text
            assert "@import" not in text
        wanted += re.findall(r'(?:src|href)="([^"]+)"', text) if name == "" else []
        wanted += re.findall(r'^import .* from "\./([^"]+)";', text, re.MULTILINE)
    assert {"app.js", "discord.js", "telegram.js", "style.css", "icon.svg"} <= seen
    served = {file.name for file in (resources.files("sandbox") / "page").iterdir()}
    assert seen - {""} == served - {"index.html"}


@pytest.mark.parametrize("path", ["nothing.js", "../web.py", "%2e%2e/web.py", "events/more"])
async def test_what_is_not_there_is_not_served_and_still_has_the_policy(
    local: Local, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(yarl.URL(local[2].url + path, encoded=True)) as answer:
        assert answer.status == HTTPStatus.NOT_FOUND
        assert answer.headers["Content-Security-Policy"].startswith(POLICY)


def test_no_script_of_the_page_makes_markup_from_text() -> None:
    for file in (resources.files("sandbox") / "page").iterdir():
        source = file.read_text("utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in source, f"{file.name} uses {way}"


async def test_events_show_both_platforms_now_and_after_every_change(
    local: Local, http: aiohttp.ClientSession
) -> None:
    here, there, page = local
    async with http.get(page.url + "events") as answer:
        assert answer.content_type == "text/event-stream"
        assert answer.headers["Content-Security-Policy"].startswith(POLICY)
        stream = events(answer)
        first = await anext(stream)
        assert first["discord"]["guild"]["name"] == "Harbour News Club"
        assert [chat["title"] for chat in first["telegram"]["chats"] if "title" in chat] == [
            "Harbour News",
            "Harbour Headlines",
            "Harbour Desk",
        ]

        here.say(MIRA, NEWS, "the ferry is back")
        shown = (await anext(stream))["discord"]["messages"][NEWS]
        assert [message["content"] for message in shown] == ["the ferry is back"]

        await there.say(TG_MIRA, GROUP, "so it is")
        shown = (await anext(stream))["telegram"]["messages"][str(GROUP)]
        assert shown[-1]["text"] == "so it is"


async def test_changes_that_follow_closely_come_as_few_events(
    local: Local, http: aiohttp.ClientSession
) -> None:
    here, _, page = local
    async with http.get(page.url + "events") as answer:
        stream = events(answer)
        await anext(stream)
        for number in range(60):
            here.say(MIRA, NEWS, f"line {number}")
            await asyncio.sleep(0)  # whoever watches may look in between
        seen = 1
        while len((await anext(stream))["discord"]["messages"][NEWS]) < 60:
            seen += 1
        assert seen < 20


async def test_closing_the_page_ends_the_streams_that_watch_it(http: aiohttp.ClientSession) -> None:
    async with Discord() as here, Telegram() as there:
        async with Page(here, there) as page:
            answer = await http.get(page.url + "events")
            stream = events(answer)
            await anext(stream)
        assert [view async for view in stream] == []


# -- acting --------------------------------------------------------------------------------------


async def test_a_person_writes_and_opens_the_bots_chat(
    local: Local, http: aiohttp.ClientSession
) -> None:
    here, there, page = local

    async def act(**asked: Any) -> Any:
        async with http.post(page.url + "act", json=asked) as answer:
            assert answer.status == HTTPStatus.OK, await answer.text()
            return await answer.json()

    said = await act(do="telegram.say", person=TG_MIRA, chat=FORUM, text="hello", topic=TOPIC_PORT)
    assert there.messages(FORUM)[-1] == said
    opened_chat = await act(do="telegram.open", person=TG_SOL, payload="faq_night-ferry")
    assert opened_chat["text"] == "/start faq_night-ferry"
    said = await act(do="discord.say", person=SOL, channel=GENERAL, text="good morning")
    assert here.messages(GENERAL)[-1]["id"] == said["id"]
    place = await act(do="discord.dm", person=MIRA)
    assert here.dm(MIRA) == place


SLASH = {"do": "discord.slash", "person": MIRA, "channel": NEWS, "command": "faq"}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (SLASH, "/faq is not offered to Mira in news."),
        ({**SLASH, "person": 7}, "person: Input should be a valid string."),
        ({**SLASH, "options": {"question": []}}, "options.question.str: "),
        ({**SLASH, "nonsense": 1}, "nonsense: Extra inputs are not permitted."),
        ({"do": "discord.slash"}, "person: Field required."),
        ({"do": "discord.dm", "person": "12"}, "Unknown User."),
        ({"do": "discord.say", "person": MIRA, "channel": "12", "text": "x"}, "Unknown Channel."),
        ({"do": "discord.say", "person": MIRA, "channel": NEWS, "text": ""}, "text: String should"),
        (
            {"do": "discord.submit", "person": MIRA, "channel": NEWS, "form": "x"},
            "The form is gone; open it again.",
        ),
        (
            {"do": "discord.right", "channel": NEWS, "right": "FLY", "given": True},
            "There is no right FLY.",
        ),
        (
            {"do": "telegram.right", "chat": TG_MIRA, "right": "can_pin_messages", "given": True},
            "There are no rights to give in a private chat.",
        ),
        ({"do": "discord.fail"}, "Input tag 'discord.fail' found using 'do' does not match"),
        ({"do": "telegram.open", "person": TG_MIRA, "payload": "a b"}, "A start parameter has at"),
        (
            {"do": "telegram.say", "person": TG_MIRA, "chat": CHANNEL, "text": "me too"},
            "Only administrators post in Harbour Headlines.",
        ),
        (
            {
                "do": "telegram.click",
                "person": TG_MIRA,
                "message": {"message_id": 9, "chat": {"id": GROUP}},
                "data": "x",
            },
            "There is no message 9 in Harbour News.",
        ),
        ({"do": float("nan")}, "Input tag 'nan' found using 'do' does not match"),
        ([], "Input should be an object"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_one_sentence(
    local: Local, http: aiohttp.ClientSession, asked: Any, sentence: str
) -> None:
    async with http.post(local[2].url + "act", json=asked) as answer:
        assert answer.status == HTTPStatus.BAD_REQUEST
        said = await answer.json()
    assert said["error"].startswith(sentence)
    assert said["error"].endswith(".")
    assert "\n" not in said["error"]


@pytest.mark.parametrize("body", ["", "{", "\x00"])
async def test_what_is_not_json_is_refused(
    local: Local, http: aiohttp.ClientSession, body: str
) -> None:
    sent = {"Content-Type": "application/json"}
    async with http.post(local[2].url + "act", data=body, headers=sent) as answer:
        assert answer.status == HTTPStatus.BAD_REQUEST
        assert "JSON" in (await answer.json())["error"]


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},
        {"Host": "evil.example:80", "Origin": "http://evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
async def test_a_foreign_page_can_neither_act_nor_look(
    local: Local, http: aiohttp.ClientSession, sent: dict[str, str]
) -> None:
    here, _, page = local
    asked = {"do": "discord.say", "person": MIRA, "channel": NEWS, "text": "not me"}
    async with http.post(page.url + "act", json=asked, headers=sent) as answer:
        assert answer.status == HTTPStatus.FORBIDDEN
        assert answer.headers["Content-Security-Policy"].startswith(POLICY)
    async with http.get(page.url + "events", headers=sent) as answer:
        assert answer.status == HTTPStatus.FORBIDDEN
    assert here.messages(NEWS) == []


async def test_a_form_of_another_page_cannot_act(local: Local, http: aiohttp.ClientSession) -> None:
    here, _, page = local
    asked = json.dumps({"do": "discord.say", "person": MIRA, "channel": NEWS, "text": "not me"})
    async with http.post(
        page.url + "act", data=asked, headers={"Content-Type": "text/plain"}
    ) as answer:
        assert answer.status == HTTPStatus.BAD_REQUEST
    assert here.messages(NEWS) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org"])  # noqa: S104  that is the point
def test_the_page_is_for_this_machine_only(host: str) -> None:
    with pytest.raises(ValueError, match="other machines"):
        Page(Discord(), Telegram(), host=host)


async def test_the_sandbox_runs_by_itself_until_interrupted(http: aiohttp.ClientSession) -> None:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", stdout=asyncio.subprocess.PIPE
    )
    assert running.stdout
    try:
        said = (await running.stdout.readuntil(b"forgets what was said.\n")).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+/\s", said)
        assert found, said
        async with http.get(found[0].strip()) as answer:
            assert "Storywire sandbox" in await answer.text()
        token = re.search(r"token +(\d+:\S+)", said)
        base = re.search(r'base_url\("(\S+)"\)', said)
        assert token
        assert base
        async with http.get(f"{base[1]}{token[1]}/getMe") as answer:
            assert (await answer.json())["result"]["username"] == "storywire_bot"
    finally:
        running.send_signal(signal.SIGINT)
        await running.wait()
    assert running.returncode == 0


# -- in a browser, with bots ----------------------------------------------------------------------


class Bot(discord.Client):
    """A small bot: /faq completes and answers for one person, /follow is for moderators."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.ready = asyncio.Event()

        @self.tree.command(description="Answer a question about a story")
        @app_commands.describe(question="what you want to know")
        async def faq(asked: discord.Interaction, question: str) -> None:
            await asked.response.defer(ephemeral=True)
            await asked.edit_original_response(content=f"**{question}** Nobody knows.")

        @faq.autocomplete("question")
        async def complete(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            found = [question for question in QUESTIONS if typed.lower() in question.lower()]
            return [app_commands.Choice(name=question, value=question) for question in found]

        @self.tree.command(description="Follow stories in this channel")
        @app_commands.default_permissions(manage_channels=True)
        async def follow(asked: discord.Interaction, word: str, loud: bool = False) -> None:
            await asked.response.send_message(f"Following {word}, {'loudly' if loud else 'calmly'}")

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.ready.set()

    async def on_interaction(self, asked: discord.Interaction) -> None:
        if asked.type is discord.InteractionType.component:
            data: Any = asked.data
            if data["custom_id"] == "ask":
                await asked.response.send_message("Only to you", ephemeral=True)
                return
            await asked.response.edit_message(content=f"You pressed {data['custom_id']}")

    def in_channel(self, channel: str) -> discord.TextChannel:
        found = self.get_channel(int(channel))
        assert isinstance(found, discord.TextChannel)
        return found


@asynccontextmanager
async def bot_on(here: Discord, patch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    patch.setattr(discord.http.Route, "BASE", here.api_url)
    patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(here.gateway_url))
    bot = Bot()
    async with bot:
        running = asyncio.create_task(bot.start(here.token))
        await asyncio.wait_for(bot.ready.wait(), 10)
        yield bot
        await bot.close()
        await running


async def words_of(rows: Locator) -> str:
    return " ".join(" ".join(await rows.all_inner_texts()).split())


async def test_a_member_asks_with_a_slash_command_and_reads_an_answer_only_they_see(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _, page = local
    async with bot_on(here, monkeypatch), browsing() as browser:
        tab = await opened(browser, page.url)
        await tab.get_by_test_id("discord-composer").click()
        await tab.keyboard.type("/")
        await tab.get_by_test_id("command-option-faq").wait_for()
        assert await tab.get_by_test_id("command-option-follow").count() == 0  # not for members
        await tab.keyboard.type("fa")
        await tab.keyboard.press("Enter")
        field = tab.get_by_test_id("option-question")
        choices = tab.get_by_test_id("autocomplete-choice")
        await choices.nth(2).wait_for()
        assert await choices.all_inner_texts() == list(QUESTIONS)
        await field.press_sequentially("ferry")
        await choices.get_by_text("Who runs the ferry?").wait_for()
        await choices.nth(2).wait_for(state="detached")
        await tab.keyboard.press("ArrowDown")
        await tab.keyboard.press("Tab")
        assert await field.input_value() == "Who runs the ferry?"
        await tab.keyboard.press("Enter")

        answer = tab.get_by_test_id("discord-message").filter(has_text="Nobody knows")
        await answer.wait_for()
        shown = await words_of(answer)
        assert "Mira used faq" in shown
        assert "Storywire APP" in shown
        assert "Only you can see this · Dismiss message" in shown
        assert await answer.locator("strong").inner_text() == "Who runs the ferry?"

        await tab.get_by_test_id("discord-persona-sol").click()
        await answer.wait_for(state="detached")
        await tab.get_by_test_id("discord-persona-mira").click()
        await answer.get_by_role("button", name="Dismiss message").click()
        await answer.wait_for(state="detached")


async def test_a_moderator_is_offered_what_members_are_not_and_fills_in_options(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _, page = local
    async with bot_on(here, monkeypatch), browsing() as browser:
        tab = await opened(browser, page.url)
        await tab.get_by_test_id("discord-persona-sol").click()
        await tab.get_by_test_id("discord-channel-headlines").click()
        await tab.get_by_test_id("discord-composer").fill("/fo")
        await tab.get_by_test_id("command-option-follow").click()
        await tab.keyboard.press("Enter")
        hint = tab.get_by_text("This option is required. Specify a value.")
        await hint.wait_for()
        await tab.get_by_test_id("option-word").fill("ferry")
        await tab.get_by_test_id("add-option-loud").click()
        await tab.get_by_test_id("autocomplete-choice").get_by_text("True").click()
        assert await tab.get_by_test_id("option-word").input_value() == "ferry"
        await tab.get_by_role("button", name="Send the command").click()
        await tab.get_by_text("Following ferry, loudly").wait_for()
    assert [message["content"] for message in here.messages(HEADLINES)] == [
        "Following ferry, loudly"
    ]


async def test_a_card_is_pressed_pinned_and_seen_to_change(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _, page = local
    async with bot_on(here, monkeypatch) as bot, browsing() as browser:
        tab = await opened(browser, page.url)
        await tab.locator('[data-testid="discord-connected"][data-connected="true"]').wait_for()
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Why?", custom_id="why"))
        embed = discord.Embed(
            title="Night ferry returns", description="- It **sails**", color=0x3BA55D
        )
        embed.add_field(name="Articles", value="14")
        card = await bot.in_channel(NEWS).send(embed=embed, view=view, silent=True)
        shown = tab.get_by_test_id("discord-message").filter(has_text="Night ferry returns")
        await shown.wait_for()
        assert await shown.locator("li strong").inner_text() == "sails"
        assert await shown.get_by_role("img", name="Silent message").count() == 1
        assert await shown.locator(".d-edited").count() == 0

        await card.pin()
        await tab.get_by_role("button", name="Pinned messages, 1").click()
        pinned = tab.get_by_test_id("pins-popover")
        assert "Night ferry returns" in await pinned.inner_text()
        await tab.keyboard.press("Escape")
        await tab.get_by_text("Storywire pinned a message to this channel").wait_for()

        embed.set_field_at(0, name="Articles", value="15")
        await bot.in_channel(NEWS).get_partial_message(card.id).edit(embed=embed, view=view)
        await tab.locator(".d-row.changed .d-field-value").get_by_text("15").wait_for()
        assert await shown.locator(".d-edited").inner_text() == "(edited)"

        await shown.get_by_test_id("discord-button").click()
        await tab.get_by_text("You pressed why").wait_for()


async def test_whoever_presses_a_button_is_taken_to_the_answer(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _, page = local
    async with bot_on(here, monkeypatch) as bot, browsing() as browser:
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Ask", custom_id="ask"))
        await bot.in_channel(GENERAL).send("A card", view=view)
        for number in range(30):
            here.say(SOL, GENERAL, f"line {number}")
        tab = await opened(browser, page.url)  # it opens where something was said
        await tab.get_by_test_id("discord-button").click()
        await expect_in_view(tab, tab.get_by_test_id("discord-message").get_by_text("Only to you"))


async def expect_in_view(tab: Tab, shown: Locator) -> None:
    await shown.wait_for()
    box = await shown.bounding_box()
    size = tab.viewport_size
    assert box
    assert size
    assert 0 < box["y"] < size["height"] - box["height"]


async def test_a_command_nobody_answers_is_said_to_have_failed(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _, page = local
    async with browsing() as browser:
        tab = await opened(browser, page.url)
        async with bot_on(here, monkeypatch):
            await tab.locator('[data-testid="discord-connected"][data-connected="true"]').wait_for()
            await tab.get_by_test_id("discord-composer").fill("/faq ")
            await tab.get_by_test_id("option-question").fill("why")
        await tab.locator('[data-testid="discord-connected"][data-connected="false"]').wait_for()
        await tab.get_by_role("button", name="Send the command").click()
        notice = tab.get_by_test_id("discord-notice")
        await notice.wait_for()
        assert "The application did not respond" in await notice.inner_text()


async def test_discord_text_is_dressed_and_stays_text(local: Local) -> None:
    here, _, page = local
    here.say(
        MIRA,
        NEWS,
        "# Head\n*it* **bold** ~~gone~~ `co*de` ||hidden||\n> quoted\n-# small\n- one\n- two\n\n"
        r"\*not italic\* snake_case_name [safe](https://a.example/x) [bad](javascript:alert(1)) "
        "<t:1700000000:D> <https://b.example/y>, <img src=x onerror=alert(1)>",
    )
    async with browsing() as browser:
        tab = await opened(browser, page.url)
        text = tab.get_by_test_id("discord-message").locator(".d-text")
        for selector, words in {
            ".md-h1": "Head",
            "em": "it",
            "strong": "bold",
            "s": "gone",
            "code": "co*de",
            "blockquote": "quoted",
            ".md-small": "small",
            "li": "one two",
            "time": "14 November 2023",
        }.items():
            assert await words_of(text.locator(selector)) == words, selector
        shown = await text.inner_text()
        for plain in ("*not italic*", "snake_case_name", "[bad](javascript:alert(1))", "<img src"):
            assert plain in shown
        assert await text.locator("img").count() == 0
        links = await text.locator("a").evaluate_all("all => all.map((a) => [a.href, a.rel])")
        assert links == [
            ["https://a.example/x", "noopener noreferrer"],
            ["https://b.example/y", "noopener noreferrer"],
        ]


def keyboard(*rows: tuple[str, str]) -> InlineKeyboardMarkup:
    """One button a row: its words, and a web address or the data it carries."""
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(words, url=does)
                if does.startswith("https:")
                else InlineKeyboardButton(words, callback_data=does)
            ]
            for words, does in rows
        ]
    )


async def start(update: Update, _: Any) -> None:
    assert update.message
    assert update.message.text
    _, _, payload = update.message.text.partition(" ")
    await update.message.reply_html(
        f"Hello, <b>{payload or 'stranger'}</b>", reply_markup=keyboard(("More", "more"))
    )


async def pressed(update: Update, _: Any) -> None:
    query = update.callback_query
    assert query
    await query.answer(f"{query.data} it is", show_alert=query.data == "loud")
    if query.data == "more":
        await query.edit_message_text(
            "<blockquote expandable>One\nTwo\nThree\nFour\nFive</blockquote>", parse_mode="HTML"
        )


async def test_a_deep_link_opens_the_bots_private_chat_and_presses_start(local: Local) -> None:
    _, there, page = local
    handlers = (CommandHandler("start", start), CallbackQueryHandler(pressed))
    async with listening(there, *handlers) as app, browsing() as browser:
        tab = await opened(browser, page.url)
        await app.bot.send_message(
            GROUP,
            "<b>Night ferry</b> &lt;returns&gt; <a href='https://a.example/'>here</a>",
            parse_mode="HTML",
            reply_markup=keyboard(("Ask", "https://t.me/storywire_bot?start=faq_ferry")),
        )
        card = tab.get_by_test_id("telegram-message").filter(has_text="Night ferry <returns> here")
        assert await card.locator("strong").inner_text() == "Night ferry"
        assert await card.locator("a").get_attribute("rel") == "noopener noreferrer"
        await tab.get_by_test_id("telegram-button").get_by_text("Ask").click()

        bubbles = tab.get_by_test_id("telegram-message")
        await bubbles.filter(has_text="Hello, faq_ferry").wait_for()
        assert "/start faq_ferry" in await bubbles.first.inner_text()
        await tab.get_by_test_id("telegram-button").get_by_text("More").click()
        await tab.get_by_test_id("telegram-toast").get_by_text("more it is").wait_for()
        edited = bubbles.filter(has_text="edited")
        await edited.wait_for()
        await edited.get_by_role("button", name="Show more").click()
        assert await edited.locator(".quote-body").inner_text() == "One\nTwo\nThree\nFour\nFive"
    assert there.messages(TG_MIRA)[0]["text"] == "/start faq_ferry"


async def test_a_first_visit_has_a_start_button_and_then_the_bots_menu(local: Local) -> None:
    _, there, page = local
    async with listening(there, CommandHandler("start", start)) as app, browsing() as browser:
        await app.bot.set_my_commands([("start", "Say hello")])
        tab = await opened(browser, page.url)
        await tab.get_by_test_id(f"telegram-chat-{TG_MIRA}").click()
        assert not await tab.get_by_test_id("telegram-composer").is_visible()
        await tab.get_by_test_id("telegram-start").click()
        await tab.get_by_test_id("telegram-message").get_by_text("Hello, stranger").wait_for()
        await tab.get_by_test_id("telegram-menu").click()
        await tab.get_by_test_id("command-option-start").get_by_text("Say hello").click()
        await tab.get_by_test_id("telegram-message").nth(3).wait_for()
    assert [m["text"] for m in there.messages(TG_MIRA)] == ["/start", "Hello, stranger"] * 2


async def test_a_loud_answer_must_be_put_away_and_a_pin_stands_at_the_top(local: Local) -> None:
    _, there, page = local
    async with listening(there, CallbackQueryHandler(pressed)) as app, browsing() as browser:
        tab = await opened(browser, page.url)
        card = await app.bot.send_message(
            GROUP, "Tram strike", reply_markup=keyboard(("!", "loud"))
        )
        await card.pin()
        await tab.get_by_test_id("telegram-pinned").get_by_text("Tram strike").wait_for()
        await tab.get_by_test_id("telegram-service").get_by_text("Storywire pinned").wait_for()
        await tab.get_by_test_id("telegram-button").click()
        alert = tab.get_by_test_id("telegram-alert")
        await alert.get_by_text("loud it is").wait_for()
        await alert.get_by_role("button", name="OK").click()
        await alert.wait_for(state="hidden")
        await app.bot.edit_message_text("Tram strike ends", GROUP, card.message_id)
        await tab.locator(".t-row.changed").filter(has_text="Tram strike ends").wait_for()


async def test_only_the_moderator_posts_in_the_channel(local: Local) -> None:
    _, there, page = local
    async with browsing(width=900) as browser:
        tab = await opened(browser, page.url)
        await tab.get_by_test_id(f"telegram-chat-{CHANNEL}").click()
        await tab.get_by_text("Only administrators can post in this channel").wait_for()
        assert not await tab.get_by_test_id("telegram-composer").is_visible()
        await tab.get_by_test_id("telegram-persona-sol").click()
        await tab.get_by_test_id("telegram-composer").fill("Ferry at noon")
        await tab.keyboard.press("Enter")
        await tab.get_by_test_id("telegram-message").get_by_text("Ferry at noon").wait_for()
        await tab.get_by_test_id(f"telegram-chat-{FORUM}/{TOPIC_PORT}").click()
        await tab.get_by_test_id("telegram-composer").fill("In the topic")
        await tab.keyboard.press("Enter")
        await tab.get_by_test_id("telegram-message").get_by_text("In the topic").wait_for()
    assert there.messages(CHANNEL)[-1]["text"] == "Ferry at noon"
    assert there.messages(FORUM)[-1]["message_thread_id"] == TOPIC_PORT


async def test_an_edit_out_of_view_is_pointed_out_and_reached(local: Local) -> None:
    _, there, page = local
    async with listening(there) as app, browsing() as browser:
        card = await app.bot.send_message(GROUP, "Tram strike")
        for number in range(30):
            await there.say(TG_SOL, GROUP, f"line {number}")
        tab = await opened(browser, page.url)
        await tab.get_by_text("line 29").last.wait_for()
        pointer = tab.get_by_test_id("telegram-pane").get_by_test_id("edited-above")
        assert not await pointer.is_visible()
        await app.bot.edit_message_text("Tram strike ends", GROUP, card.message_id)
        await pointer.click()
        shown = tab.locator(".t-row.changed").filter(has_text="Tram strike ends")
        await expect_in_view(tab, shown)


async def test_the_reader_is_kept_where_they_are(local: Local) -> None:
    here, _, page = local
    for number in range(30):
        here.say(MIRA, NEWS, f"line {number}")
    async with browsing() as browser:
        tab = await opened(browser, page.url)
        here.say(SOL, NEWS, "at the bottom")
        await tab.get_by_text("at the bottom").wait_for()
        scroller = tab.get_by_label("Messages in this channel")
        below = "node => Math.round(node.scrollHeight - node.scrollTop - node.clientHeight)"
        assert await scroller.evaluate(below) == 0
        await scroller.evaluate("node => node.scrollTop = 0")
        here.say(SOL, NEWS, "out of view")
        await tab.get_by_role("button", name="New messages").wait_for()
        assert await scroller.evaluate("node => node.scrollTop") == 0
        await tab.get_by_role("button", name="New messages").click()
        assert await scroller.evaluate(below) == 0


async def test_a_port_that_is_taken_is_told_as_it_is() -> None:
    async with Discord() as here, Telegram() as there, Page(here, there) as first:
        taken = int(first.url.rstrip("/").rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            async with Page(here, there, port=taken):
                pass
