"""What Telegram refuses, the local one refuses too: with its code, its words, and the exception
that python-telegram-bot makes of them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from telegram import (
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResult,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    ReplyParameters,
    WebAppInfo,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError
from telegram.ext import ExtBot

from sandbox.telegram import BOT, CHANNEL, FORUM, GROUP, MIRA, SOL, TOPIC_PORT, Telegram
from tests.sandbox.telegram_kit import bot_of, served

Act = Callable[[Telegram, ExtBot[None]], Awaitable[Any]]

ROWS: dict[str, tuple[Act, type[TelegramError], int, str]] = {}


def row(kind: type[TelegramError], code: int, description: str) -> Callable[[Act], Act]:
    def keep(act: Act) -> Act:
        ROWS[act.__name__.replace("_", " ")] = (act, kind, code, description)
        return act

    return keep


def bad(description: str) -> Callable[[Act], Act]:
    return row(BadRequest, 400, f"Bad Request: {description}")


def forbidden(description: str) -> Callable[[Act], Act]:
    return row(Forbidden, 403, f"Forbidden: {description}")


def one_button(**button: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Go", **button)]])


# Where a bot may write


@bad("chat not found")
async def a_chat_that_is_not_there(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(-1009, "Ferry")


@bad("chat not found")
async def a_name_that_is_not_there(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message("@nowhere_at_all", "Ferry")


@bad("chat_id is empty")
async def no_chat(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message("", "Ferry")


@forbidden("bot can't initiate conversation with a user")
async def a_person_who_never_wrote(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(MIRA, "Ferry")


@forbidden("bot was blocked by the user")
async def a_person_who_blocked_the_bot(telegram: Telegram, bot: ExtBot[None]) -> None:
    await telegram.open(MIRA)
    telegram.block(MIRA)
    await bot.send_message(MIRA, "Ferry")


@forbidden("bot can't send messages to bots")
async def a_bot(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(BOT, "Ferry")


@forbidden("bot was kicked from the supergroup chat")
async def a_group_that_threw_the_bot_out(telegram: Telegram, bot: ExtBot[None]) -> None:
    telegram.kick(GROUP)
    await bot.send_message(GROUP, "Ferry")


@forbidden("bot was kicked from the channel chat")
async def a_channel_that_threw_the_bot_out(telegram: Telegram, bot: ExtBot[None]) -> None:
    telegram.kick(CHANNEL)
    await bot.send_message(CHANNEL, "Ferry")


@forbidden("bot is not a member of the supergroup chat")
async def a_group_the_bot_left(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.leave_chat(GROUP)
    await bot.send_message(GROUP, "Ferry")


@forbidden("bot is not a member of the channel chat")
async def a_channel_where_the_bot_is_no_administrator(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    telegram.deny(CHANNEL, "administrator")
    await bot.send_message(CHANNEL, "Ferry")


@forbidden("the group chat was deleted")
async def a_group_that_was_deleted(telegram: Telegram, bot: ExtBot[None]) -> None:
    telegram.dissolve(GROUP)
    await bot.send_message(GROUP, "Ferry")


@row(ChatMigrated, 400, "Bad Request: group chat was upgraded to a supergroup chat")
async def a_group_that_became_a_supergroup(telegram: Telegram, bot: ExtBot[None]) -> None:
    old = telegram.add_chat("Harbour Regulars", "group")
    new = telegram.migrate(old)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old, "Ferry")
    assert moved.value.new_chat_id == new
    await bot.send_message(new, "Ferry")
    await bot.get_chat(old)


@bad("need administrator rights in the channel chat")
async def a_channel_where_the_bot_may_not_post(telegram: Telegram, bot: ExtBot[None]) -> None:
    telegram.deny(CHANNEL, "can_post_messages")
    await bot.send_message(CHANNEL, "Ferry")


@bad("not enough rights to send text messages to the chat")
async def a_group_where_the_bot_may_only_read(telegram: Telegram, bot: ExtBot[None]) -> None:
    telegram.deny(GROUP, "can_send_messages")
    await bot.send_message(GROUP, "Ferry")


# Topics and replies


@bad("message thread not found")
async def a_topic_that_is_not_there(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(FORUM, "Ferry", message_thread_id=77)


@bad("message thread not found")
async def a_topic_that_was_deleted(telegram: Telegram, bot: ExtBot[None]) -> None:
    telegram.delete_topic(FORUM, TOPIC_PORT)
    await bot.send_message(FORUM, "Ferry", message_thread_id=TOPIC_PORT)


@bad("message thread not found")
async def a_topic_in_a_chat_without_topics(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry", message_thread_id=TOPIC_PORT)


@bad("TOPIC_CLOSED")
async def a_topic_that_is_closed(telegram: Telegram, bot: ExtBot[None]) -> None:
    telegram.close_topic(FORUM, TOPIC_PORT)
    telegram.deny(FORUM, "can_manage_topics")
    await bot.send_message(FORUM, "Ferry", message_thread_id=TOPIC_PORT)


@bad("the chat is not a forum")
async def a_new_topic_where_there_are_none(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.create_forum_topic(GROUP, "Ferries")


@bad("not enough rights to create a topic")
async def a_new_topic_without_the_right(telegram: Telegram, bot: ExtBot[None]) -> None:
    telegram.deny(FORUM, "can_manage_topics")
    await bot.create_forum_topic(FORUM, "Ferries")


@bad("message to be replied not found")
async def a_reply_to_nothing(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry", reply_parameters=ReplyParameters(999))


@bad("QUOTE_TEXT_INVALID")
async def a_quote_that_nobody_said(telegram: Telegram, bot: ExtBot[None]) -> None:
    sent = await bot.send_message(GROUP, "Ferry")
    await bot.send_message(
        GROUP, "?", reply_parameters=ReplyParameters(sent.message_id, quote="tram")
    )


# Text and buttons


@bad("message text is empty")
async def no_text(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "")


@bad("message text is empty")
async def nothing_but_markup(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "<b> </b>\n", parse_mode="HTML")


@bad("message is too long")
async def a_text_that_is_too_long(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "🙂" * 2049)


@bad('can\'t parse entities: Unsupported start tag "br" at byte offset 5')
async def broken_html(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry<br>", parse_mode="HTML")


@bad("unsupported parse_mode")
async def an_unknown_parse_mode(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry", parse_mode="BBCode")


@bad("BUTTON_DATA_INVALID")
async def a_button_with_too_much_data(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry", reply_markup=one_button(callback_data="ä" * 33))


@bad("inline keyboard button URL 'ftp://news.example' is invalid: Unsupported URL protocol")
async def a_button_with_a_wrong_url(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry", reply_markup=one_button(url="ftp://news.example"))


@bad("inline keyboard button URL 'http://localhost:80/' is invalid: Wrong HTTP URL")
async def a_button_to_this_machine(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry", reply_markup=one_button(url="http://localhost:80/"))


@bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
async def a_button_that_does_nothing(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry", reply_markup=one_button())


@bad("BUTTON_TYPE_INVALID")
async def a_web_app_button_in_a_group(telegram: Telegram, bot: ExtBot[None]) -> None:
    button = one_button(web_app=WebAppInfo("https://news.example/"))
    await bot.send_message(GROUP, "Ferry", reply_markup=button)


@bad("reply markup is too long")
async def too_many_buttons(telegram: Telegram, bot: ExtBot[None]) -> None:
    buttons = [[InlineKeyboardButton("x" * 60, callback_data="y" * 60)] for _ in range(80)]
    await bot.send_message(GROUP, "Ferry", reply_markup=InlineKeyboardMarkup(buttons))


@bad("can't parse reply keyboard markup JSON object")
async def markup_that_is_no_json(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_message(GROUP, "Ferry", api_kwargs={"reply_markup": "{"})


# Edits, deletions, pins


@bad(
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)
async def an_edit_that_changes_nothing(telegram: Telegram, bot: ExtBot[None]) -> None:
    button = one_button(callback_data="go")
    sent = await bot.send_message(GROUP, "<b>Ferry</b>", parse_mode="HTML", reply_markup=button)
    await sent.edit_text("<strong>Ferry</strong> ", parse_mode="HTML", reply_markup=button)


@bad("message to edit not found")
async def an_edit_of_what_was_deleted(telegram: Telegram, bot: ExtBot[None]) -> None:
    sent = await bot.send_message(GROUP, "Ferry")
    telegram.delete_message(GROUP, sent.message_id)
    await sent.edit_text("Ferry back")


@bad("message can't be edited")
async def an_edit_of_someone_elses_words(telegram: Telegram, bot: ExtBot[None]) -> None:
    said = await telegram.say(MIRA, GROUP, "Ferry?")
    await bot.edit_message_text("Ferry!", GROUP, said["message_id"])


@bad("message identifier is not specified")
async def an_edit_of_no_message(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.edit_message_text("Ferry!", GROUP)


@bad("message to delete not found")
async def a_deletion_of_nothing(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.delete_message(GROUP, 999)


@bad("message can't be deleted for everyone")
async def a_deletion_of_someone_elses_words(telegram: Telegram, bot: ExtBot[None]) -> None:
    said = await telegram.say(MIRA, GROUP, "Ferry?")
    await bot.delete_message(GROUP, said["message_id"])


@bad("not enough rights to manage pinned messages in the chat")
async def a_pin_without_the_right(telegram: Telegram, bot: ExtBot[None]) -> None:
    sent = await bot.send_message(GROUP, "Ferry")
    telegram.deny(GROUP, "can_pin_messages")
    await sent.pin()


@bad("not enough rights to manage pinned messages in the chat")
async def a_pin_in_a_channel_without_the_right_to_edit(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    sent = await bot.send_message(CHANNEL, "Ferry")
    telegram.deny(CHANNEL, "can_edit_messages")
    await sent.pin()


@bad("message to pin not found")
async def a_pin_of_nothing(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.pin_chat_message(GROUP, 999)


@bad("message to unpin not found")
async def an_unpin_where_nothing_is_pinned(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.unpin_chat_message(GROUP)


# Answers, members, commands


@bad("query is too old and response timeout expired or query ID is invalid")
async def an_answer_that_comes_too_late(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.answer_callback_query("1", "Ferry")


@bad("query is too old and response timeout expired or query ID is invalid")
async def an_answer_to_what_telegram_forgot(telegram: Telegram, bot: ExtBot[None]) -> None:
    card = await bot.send_message(GROUP, "Ferry", reply_markup=one_button(callback_data="go"))
    pressed = asyncio.create_task(telegram.click(MIRA, card.to_dict(), "go"))
    [update] = await bot.get_updates(timeout=5)
    assert update.callback_query
    telegram.forget_queries()
    pressed.cancel()
    await update.callback_query.answer()


@bad("wrong parameter action in request")
async def a_chat_action_nobody_knows(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.send_chat_action(GROUP, "typing")
    await bot.send_chat_action(GROUP, "yawning")


@bad("MESSAGE_TOO_LONG")
async def an_answer_that_is_too_long(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.answer_callback_query("1", "x" * 201)


@bad("RESULTS_TOO_MUCH")
async def too_many_inline_results(telegram: Telegram, bot: ExtBot[None]) -> None:
    results = [
        InlineQueryResultArticle(str(n), "Ferry", InputTextMessageContent("Ferry"))
        for n in range(51)
    ]
    await bot.answer_inline_query("1", results)


def article(number: str, text: str, title: str = "Ferry") -> InlineQueryResultArticle:
    return InlineQueryResultArticle(number, title, InputTextMessageContent(text, "HTML"))


@bad("RESULT_ID_DUPLICATE")
async def two_inline_results_with_one_id(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.answer_inline_query("1", [article("1", "Ferry"), article("1", "Tram")])


@bad("RESULT_ID_INVALID")
async def an_inline_result_with_too_long_an_id(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.answer_inline_query("1", [article("é" * 33, "Ferry")])


@bad("can't parse inline query result: Message text is empty")
async def an_inline_result_that_says_nothing(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.answer_inline_query("1", [article("1", "<b></b>")])


@bad("can't parse inline query result: Can't find field \"title\"")
async def an_inline_result_without_a_title(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.answer_inline_query("1", [article("1", "Ferry", "")])


@bad('can\'t parse inline query result: type "postcard" is unsupported for the inline query result')
async def an_inline_result_of_a_kind_not_there(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.answer_inline_query("1", [InlineQueryResult("postcard", "1")])


@bad("START_PARAM_INVALID")
async def a_button_above_inline_results_that_starts_nothing(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    button = InlineQueryResultsButton("Ask", start_parameter="not so")
    await bot.answer_inline_query("1", [], button=button)


@bad("PARTICIPANT_ID_INVALID")
async def a_member_nobody_knows(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.get_chat_member(GROUP, 12345)


@bad("there are no administrators in the private chat")
async def administrators_of_a_private_chat(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.get_chat_administrators(SOL)


@bad("BOT_COMMAND_INVALID")
async def a_command_in_capitals(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.set_my_commands([BotCommand("Story", "A story")])


@bad("BOT_COMMAND_DESCRIPTION_INVALID")
async def a_command_without_a_description(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.set_my_commands([("story", "")])


@bad("BOT_COMMANDS_TOO_MUCH")
async def more_than_a_hundred_commands(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.set_my_commands([(f"c{n}", "x") for n in range(101)])


@bad("chat not found")
async def commands_for_a_chat_that_is_not_there(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.set_my_commands([("story", "x")], scope=BotCommandScopeChat(-1009))


@bad("bad webhook: An HTTPS URL must be provided for webhook")
async def a_webhook_without_https(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.set_webhook("http://bot.example/hook")


@pytest.mark.parametrize("name", ROWS)
async def test_telegram_refuses(name: str) -> None:
    act, kind, code, description = ROWS[name]
    async with served(refused=True) as telegram, bot_of(telegram) as bot:
        with pytest.raises(kind) as refused:
            await act(telegram, bot)
        assert type(refused.value) is kind
        answer = telegram.calls[-1].answer
        assert (answer["error_code"], answer["description"]) == (code, description)
        assert telegram.unknown_calls == []


async def test_a_button_is_answered_once_and_in_time() -> None:
    now = 1_795_000_000.0
    async with served(refused=True, clock=lambda: now) as telegram, bot_of(telegram) as bot:
        markup = one_button(callback_data="go")
        card = (await bot.send_message(GROUP, "Ferry", reply_markup=markup)).to_dict()
        pressed = asyncio.create_task(telegram.click(MIRA, card, "go"))
        [update] = await bot.get_updates(timeout=5)
        assert update.callback_query
        await update.callback_query.answer("Here")
        assert (await pressed).text == "Here"
        with pytest.raises(BadRequest, match="Query is too old"):
            await update.callback_query.answer("Again")
        pressed = asyncio.create_task(telegram.click(MIRA, card, "go"))
        [update] = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        assert update.callback_query
        now += 601
        with pytest.raises(BadRequest, match="Query is too old"):
            await update.callback_query.answer("Late")
        pressed.cancel()


@pytest.mark.parametrize("how", ["form", "multipart", "json", "address"])
async def test_a_call_may_come_in_any_form(how: str) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    plain = {"chat_id": str(GROUP), "text": "Ferry 🙂", "reply_markup": json.dumps(keyboard)}
    parts = aiohttp.FormData(plain, default_to_multipart=True)
    forms: dict[str, dict[str, Any]] = {
        "form": {"data": plain},
        "multipart": {"data": parts},
        "json": {"json": plain | {"chat_id": GROUP, "reply_markup": keyboard}},
        "address": {"params": plain},
    }
    async with served() as telegram, aiohttp.ClientSession() as session:
        url = f"{telegram.api_url}/bot{telegram.token}/SENDMESSAGE"
        async with session.post(url, **forms[how]) as response:
            assert (await response.json())["result"]["text"] == "Ferry 🙂"
        assert telegram.messages(GROUP)[-1]["reply_markup"] == keyboard


@pytest.mark.parametrize(
    ("sent", "description"),
    [
        ({"json": ["no", "object"]}, "object expected as request JSON"),
        ({"json": {"chat_id": GROUP, "text": "\ud800"}}, "strings must be encoded in UTF-8"),
        (
            {"data": b"{", "headers": {"Content-Type": "application/json"}},
            "can't parse request JSON object",
        ),
        (
            {
                "data": b"chat_id=-1&text=%ff\xff",
                "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            },
            "strings must be encoded in UTF-8",
        ),
    ],
)
async def test_a_call_that_cannot_be_read_is_refused(
    sent: dict[str, Any], description: str
) -> None:
    async with served(refused=True) as telegram, aiohttp.ClientSession() as session:
        url = f"{telegram.api_url}/bot{telegram.token}/sendMessage"
        async with session.post(url, **sent) as response:
            answer = await response.json()
    assert (response.status, answer["description"]) == (400, f"Bad Request: {description}")


async def test_what_the_sandbox_does_not_have_is_refused_by_name() -> None:
    async with served(refused=True) as telegram, bot_of(telegram) as bot:
        with pytest.raises(BadRequest, match="Method senddice is not in the sandbox"):
            await bot.send_dice(GROUP)
        with pytest.raises(BadRequest, match="Parse_mode markdownv2 is not in the sandbox"):
            await bot.send_message(GROUP, "*Ferry*", parse_mode="MarkdownV2")
        assert telegram.unknown_calls == ["method sendDice", "parse_mode MarkdownV2"]
