"""A bot writes, edits, pins and deletes in the local Telegram, through python-telegram-bot."""

import json
from collections.abc import AsyncIterator

import pytest
from telegram import (
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeChat,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MenuButtonCommands,
    MessageEntity,
    ReplyParameters,
)
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest
from telegram.ext import ExtBot

from sandbox.telegram import BOT, CHANNEL, FORUM, GROUP, MIRA, SOL, TOPIC_PORT, Telegram
from tests.sandbox.telegram_kit import bot_of, served

GO = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[ExtBot[None]]:
    async with bot_of(telegram) as bot:
        yield bot


async def test_a_message_arrives_as_text_and_entities(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    sent = await bot.send_message(
        GROUP, "🙂 <b>Ferry &amp; crew</b> are back", parse_mode="HTML", disable_notification=True
    )
    assert sent.text == "🙂 Ferry & crew are back"
    assert sent.parse_entities() == {sent.entities[0]: "Ferry & crew"}
    assert sent.chat.type == ChatType.SUPERGROUP
    assert sent.from_user
    assert sent.from_user.id == BOT
    assert sent.link == f"https://t.me/harbour_news/{sent.message_id}"
    shown = telegram.messages(GROUP)[-1]
    assert (shown["text"], shown["entities"]) == (
        "🙂 Ferry & crew are back",
        [{"type": "bold", "offset": 3, "length": 12}],
    )


async def test_entities_may_be_sent_instead_of_html(bot: ExtBot[None]) -> None:
    sent = await bot.send_message(
        GROUP, "Ferry is back", entities=[MessageEntity(MessageEntity.ITALIC, 0, 5)]
    )
    assert sent.text_html == "<i>Ferry</i> is back"


async def test_every_kind_of_button_can_stand_under_a_message(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    rows = [
        [InlineKeyboardButton("Site", url="https://news.example/a")],
        [InlineKeyboardButton("Ask", url="https://t.me/storywire_bot?start=faq_1")],
        [InlineKeyboardButton("More", callback_data="m" * 64)],
        [InlineKeyboardButton("Share", switch_inline_query="ferry")],
        [InlineKeyboardButton("Here", switch_inline_query_current_chat="")],
        [InlineKeyboardButton("Copy", copy_text=CopyTextButton("ferry"))],
    ]
    sent = await bot.send_message(GROUP, "Ferry", reply_markup=InlineKeyboardMarkup(rows))
    assert sent.reply_markup == InlineKeyboardMarkup(rows)
    [keyboard] = telegram.messages(GROUP)[-1]["reply_markup"].values()
    assert keyboard[2] == [{"text": "More", "callback_data": "m" * 64}]


async def test_a_channel_post_is_written_by_the_channel(bot: ExtBot[None]) -> None:
    sent = await bot.send_message("@harbour_headlines", "Ferry is back")
    assert sent.chat_id == CHANNEL
    assert sent.from_user is None
    assert sent.sender_chat
    assert sent.sender_chat.id == CHANNEL


async def test_a_message_can_go_to_a_topic(telegram: Telegram, bot: ExtBot[None]) -> None:
    sent = await bot.send_message(FORUM, "Ferry is back", message_thread_id=TOPIC_PORT)
    assert (sent.message_thread_id, sent.is_topic_message) == (TOPIC_PORT, True)
    elsewhere = await bot.send_message(FORUM, "Ferry is back")
    assert elsewhere.message_thread_id is None


async def test_a_topic_can_be_made(telegram: Telegram, bot: ExtBot[None]) -> None:
    topic = await bot.create_forum_topic(FORUM, "Ferries")
    await bot.send_message(FORUM, "Ferry", message_thread_id=topic.message_thread_id)
    assert [one["name"] for one in telegram.view()["chats"][2]["topics"]][-1] == "Ferries"
    assert telegram.messages(FORUM)[-1]["reply_to_message"]["forum_topic_created"]


async def test_a_reply_carries_what_it_answers(telegram: Telegram, bot: ExtBot[None]) -> None:
    asked = await telegram.say(MIRA, GROUP, "🙂 When is the ferry back?")
    number = asked["message_id"]
    sent = await bot.send_message(
        GROUP, "At nine", reply_parameters=ReplyParameters(number, quote="the ferry")
    )
    assert sent.reply_to_message
    assert sent.reply_to_message.text == "🙂 When is the ferry back?"
    assert sent.quote
    assert (sent.quote.text, sent.quote.position) == ("the ferry", 11)
    telegram.delete_message(GROUP, number)
    alone = await bot.send_message(
        GROUP,
        "At nine",
        reply_parameters=ReplyParameters(number, allow_sending_without_reply=True),
    )
    assert alone.reply_to_message is None


async def test_a_reply_in_a_topic_stays_in_the_topic(bot: ExtBot[None]) -> None:
    first = await bot.send_message(FORUM, "Ferry", message_thread_id=TOPIC_PORT)
    reply = await first.reply_text("It is back", do_quote=True)
    assert reply.message_thread_id == TOPIC_PORT
    assert reply.reply_to_message
    assert reply.reply_to_message.message_id == first.message_id


async def test_link_previews_can_be_chosen(bot: ExtBot[None]) -> None:
    off = LinkPreviewOptions(is_disabled=True)
    sent = await bot.send_message(GROUP, "https://news.example/a", link_preview_options=off)
    assert sent.link_preview_options == off


async def test_an_edit_changes_text_and_buttons(telegram: Telegram, bot: ExtBot[None]) -> None:
    sent = await bot.send_message(GROUP, "Ferry late", reply_markup=GO)
    edited = await sent.edit_text("Ferry <i>back</i>", parse_mode="HTML")
    assert not isinstance(edited, bool)
    assert edited.text == "Ferry back"
    assert edited.edit_date
    [shown] = [one for one in telegram.messages(GROUP) if one["message_id"] == sent.message_id]
    assert shown["entities"] == [{"type": "italic", "offset": 6, "length": 4}]
    assert "reply_markup" not in shown
    again = await edited.edit_reply_markup(GO)
    assert not isinstance(again, bool)
    assert (again.text, again.reply_markup) == ("Ferry back", GO)


async def test_an_administrator_may_edit_the_posts_of_others_in_a_channel(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    post = await telegram.say(SOL, CHANNEL, "Ferry late")
    await bot.edit_message_text("Ferry back", CHANNEL, post["message_id"])
    assert telegram.messages(CHANNEL)[-1]["text"] == "Ferry back"


async def test_a_deleted_message_is_gone_with_its_pin(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    sent = await bot.send_message(CHANNEL, "Ferry late")
    await sent.pin()
    await sent.delete()
    assert telegram.pins(CHANNEL) == []
    assert sent.message_id not in [one["message_id"] for one in telegram.messages(CHANNEL)]
    after = await bot.send_message(CHANNEL, "Ferry back")
    assert after.message_id > sent.message_id  # numbers are never given twice


async def test_the_line_about_a_pin_can_be_deleted(telegram: Telegram, bot: ExtBot[None]) -> None:
    for chat in (GROUP, CHANNEL):
        sent = await bot.send_message(chat, "Ferry late")
        await sent.pin()
        line = telegram.messages(chat)[-1]
        assert line["pinned_message"]["message_id"] == sent.message_id
        await bot.delete_message(chat, line["message_id"])
        assert telegram.messages(chat)[-1]["message_id"] == sent.message_id
        assert len(telegram.pins(chat)) == 1


async def test_a_pin_makes_a_service_message_once(telegram: Telegram, bot: ExtBot[None]) -> None:
    first = await bot.send_message(GROUP, "one")
    second = await bot.send_message(GROUP, "two")
    for _ in range(2):
        await first.pin(disable_notification=True)
    await second.pin(disable_notification=True)
    services = [one for one in telegram.messages(GROUP) if "pinned_message" in one]
    assert [one["pinned_message"]["text"] for one in services] == ["one", "two"]
    assert [one["text"] for one in telegram.pins(GROUP)] == ["one", "two"]
    chat = await bot.get_chat(GROUP)
    assert chat.pinned_message
    assert chat.pinned_message.text == "two"
    await bot.unpin_chat_message(GROUP)
    assert [one["text"] for one in telegram.pins(GROUP)] == ["one"]
    await bot.unpin_chat_message(GROUP, first.message_id)
    await second.pin()
    await bot.unpin_all_chat_messages(GROUP)
    assert telegram.pins(GROUP) == []


async def test_a_bot_may_pin_in_a_private_chat(telegram: Telegram, bot: ExtBot[None]) -> None:
    await telegram.open(MIRA)
    await (await bot.send_message(MIRA, "hello")).pin()
    assert [one["text"] for one in telegram.pins(MIRA)] == ["hello"]


async def test_a_service_message_cannot_be_pinned(telegram: Telegram, bot: ExtBot[None]) -> None:
    await (await bot.send_message(GROUP, "one")).pin()
    with pytest.raises(BadRequest, match="Message to pin not found"):
        await bot.pin_chat_message(GROUP, telegram.messages(GROUP)[-1]["message_id"])


async def test_after_two_days_only_the_right_to_delete_deletes() -> None:
    now = 1_795_000_000.0
    async with served(clock=lambda: now) as telegram, bot_of(telegram) as bot:
        old = await bot.send_message(GROUP, "Ferry late")
        now += 48 * 3600
        with pytest.raises(BadRequest, match="can't be deleted for everyone"):
            await old.delete()
        await old.edit_text("Ferry back")  # edits have no such limit
        telegram.allow(GROUP, "can_delete_messages")
        await old.delete()


async def test_private_chats_share_their_numbers(telegram: Telegram, bot: ExtBot[None]) -> None:
    await telegram.open(MIRA)
    await telegram.open(SOL)
    one = await bot.send_message(MIRA, "hello")
    other = await bot.send_message(SOL, "hello")
    assert one.message_id != other.message_id


async def test_the_bot_learns_who_it_is_and_what_it_may(bot: ExtBot[None]) -> None:
    me = await bot.get_me()
    assert (me.id, me.username) == (BOT, "storywire_bot")
    assert (me.is_bot, me.can_read_all_group_messages) == (True, False)
    own = await bot.get_chat_member(GROUP, BOT)
    assert own.status == ChatMemberStatus.ADMINISTRATOR
    assert own.to_dict()["can_pin_messages"] is True
    assert own.to_dict()["can_delete_messages"] is False
    assert (await bot.get_chat_member(GROUP, SOL)).status == ChatMemberStatus.OWNER
    assert (await bot.get_chat_member(GROUP, MIRA)).status == ChatMemberStatus.MEMBER
    heads = await bot.get_chat_administrators(CHANNEL)
    assert {head.user.id for head in heads} == {SOL, BOT}
    assert await bot.get_chat_member_count(GROUP) == 3
    assert (await bot.get_chat(FORUM)).is_forum


async def test_commands_are_offered_by_scope_and_language(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    everyone = [BotCommand("story", "Break down a news story")]
    await bot.set_my_commands(everyone)
    await bot.set_my_commands([BotCommand("geschichte", "Eine Nachricht")], language_code="de")
    await bot.set_my_commands(
        [BotCommand("pin", "Pin a story")], scope=BotCommandScopeAllChatAdministrators()
    )
    await bot.set_my_commands([BotCommand("here", "Here")], scope=BotCommandScopeChat(MIRA))
    lena = telegram.add_person("Lena", language="de")
    assert tuple(everyone) == await bot.get_my_commands()
    assert [one["command"] for one in telegram.commands(MIRA, GROUP)] == ["story"]
    assert [one["command"] for one in telegram.commands(SOL, GROUP)] == ["pin"]
    assert [one["command"] for one in telegram.commands(MIRA, MIRA)] == ["here"]
    assert [one["command"] for one in telegram.commands(lena, lena)] == ["geschichte"]
    await bot.delete_my_commands(scope=BotCommandScopeChat(MIRA))
    assert [one["command"] for one in telegram.commands(MIRA, MIRA)] == ["story"]
    assert telegram.view()["commands"] == [
        {"command": "story", "description": "Break down a news story"}
    ]


async def test_the_bot_describes_itself(bot: ExtBot[None]) -> None:
    await bot.set_my_description("News that develops")
    await bot.set_my_short_description("News")
    await bot.set_my_name("Wire", language_code="de")
    assert (await bot.get_my_description()).description == "News that develops"
    assert (await bot.get_my_description("de")).description == "News that develops"
    assert (await bot.get_my_short_description()).short_description == "News"
    assert (await bot.get_my_name()).name == "Storywire"
    assert (await bot.get_my_name("de")).name == "Wire"
    await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert (await bot.get_chat_menu_button()).type == "commands"
    assert (await bot.get_chat_menu_button(MIRA)).type == "commands"


async def test_the_page_sees_what_the_bot_did(telegram: Telegram, bot: ExtBot[None]) -> None:
    changes = telegram.watch()
    sent = await bot.send_message(GROUP, "<b>Ferry</b>", parse_mode="HTML", reply_markup=GO)
    await anext(changes)
    await sent.pin()
    view = json.loads(json.dumps(telegram.view()))
    shown = view["messages"][str(GROUP)]
    assert shown[-2]["text"] == "Ferry"
    assert shown[-2]["reply_markup"] == GO.to_dict()
    assert shown[-1]["pinned_message"]["message_id"] == sent.message_id
    assert view["pins"][str(GROUP)] == [sent.message_id]
    assert view["bot"]["username"] == "storywire_bot"
    assert view["connected"] is False
    assert {chat["type"] for chat in view["chats"]} == {"supergroup", "channel", "private"}
    assert [person["moderator"] for person in view["people"]] == [False, True]
    await changes.aclose()
