"""People speak and press buttons in the local Telegram; an unmodified bot hears and answers."""

from typing import Any

import pytest
from telegram import (
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    MessageOriginChannel,
    MessageOriginUser,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest
from telegram.ext import (
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from sandbox.telegram import (
    BOT,
    CHANNEL,
    FORUM,
    GROUP,
    MIRA,
    SOL,
    TOPIC_TECH,
    ClickAnswer,
    NoAnswer,
    NotPossible,
    Telegram,
)
from tests.sandbox.telegram_kit import bot_of, listening, served

Context = ContextTypes.DEFAULT_TYPE


class Heard:
    """Writes down every update the bot gets."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.handler: TypeHandler[Update, Any, None] = TypeHandler(Update, self._hear)

    async def _hear(self, update: Update, context: Context) -> None:
        self.updates.append(update)

    @property
    def texts(self) -> list[str | None]:
        messages = [update.effective_message for update in self.updates]
        return [message.text for message in messages if message]


async def faq(update: Update, context: Context) -> None:
    assert update.effective_message
    words = " ".join(context.args or ())
    button = InlineKeyboardButton("More", callback_data="more")
    await update.effective_message.reply_html(
        f"<b>{words or 'nothing'}</b>", reply_markup=InlineKeyboardMarkup([[button]])
    )


async def more(update: Update, context: Context) -> None:
    assert update.callback_query
    await update.callback_query.answer("Here is more")
    await update.callback_query.edit_message_text("more")


async def test_a_command_is_answered_in_a_private_chat(telegram: Telegram) -> None:
    async with listening(telegram, CommandHandler("faq", faq)):
        await telegram.say(MIRA, MIRA, "/faq night ferry")
        await telegram.settle()
        assert telegram.connected
    assert [message["text"] for message in telegram.messages(MIRA)] == [
        "/faq night ferry",
        "night ferry",
    ]


async def test_a_deep_link_starts_the_bot_with_its_payload(telegram: Telegram) -> None:
    async with listening(telegram, CommandHandler("start", faq)):
        await telegram.open(MIRA, "faq_1-a")
    assert [message["text"] for message in telegram.messages(MIRA)] == ["/start faq_1-a", "faq_1-a"]


async def test_a_pressed_button_is_answered_and_its_message_edited(telegram: Telegram) -> None:
    async with listening(telegram, CommandHandler("faq", faq), CallbackQueryHandler(more, "more")):
        await telegram.say(MIRA, GROUP, "/faq@storywire_bot ferry")
        await telegram.settle()
        card = telegram.messages(GROUP)[-1]
        answer = await telegram.click(SOL, card, "more")
        assert answer == ClickAnswer("Here is more", alert=False, url=None)
    assert telegram.messages(GROUP)[-1]["text"] == "more"


async def test_a_button_that_nobody_answers_is_told(telegram: Telegram) -> None:
    async with listening(telegram, CommandHandler("faq", faq)):
        await telegram.say(MIRA, MIRA, "/faq")
        await telegram.settle()
        with pytest.raises(NoAnswer, match="did not answer the callback_query within"):
            await telegram.click(MIRA, telegram.messages(MIRA)[-1], "more", timeout=0.2)


async def test_a_button_that_is_not_there_cannot_be_pressed(telegram: Telegram) -> None:
    said = await telegram.say(MIRA, MIRA, "hello")
    with pytest.raises(NotPossible, match="no button with the data 'more'"):
        await telegram.click(MIRA, said, "more")


async def test_a_post_in_a_channel_has_no_author(telegram: Telegram) -> None:
    heard = Heard()
    async with listening(telegram, heard.handler):
        await telegram.say(SOL, CHANNEL, "/story ferry")
    [update] = heard.updates
    assert update.channel_post
    assert update.message is None
    assert update.effective_user is None
    assert update.channel_post.sender_chat
    assert update.channel_post.parse_entities() == {update.channel_post.entities[0]: "/story"}


async def test_an_anonymous_administrator_speaks_in_the_groups_name(telegram: Telegram) -> None:
    heard = Heard()
    async with listening(telegram, heard.handler):
        await telegram.say(SOL, GROUP, "/pin ferry", anonymous=True)
    [update] = heard.updates
    assert update.message
    assert update.message.sender_chat == update.message.chat
    assert update.message.from_user
    assert update.message.from_user.username == "GroupAnonymousBot"


async def test_a_message_in_a_topic_says_so(telegram: Telegram) -> None:
    heard = Heard()
    async with listening(telegram, heard.handler):
        await telegram.say(MIRA, FORUM, "/faq", topic=TOPIC_TECH)
    message = heard.updates[0].message
    assert message
    assert (message.message_thread_id, message.is_topic_message) == (TOPIC_TECH, True)
    assert message.reply_to_message
    assert message.reply_to_message.forum_topic_created


async def test_privacy_mode_lets_through_commands_and_replies(telegram: Telegram) -> None:
    club = telegram.add_chat("Harbour Regulars")
    heard = Heard()
    async with listening(telegram, heard.handler) as application:
        card = await application.bot.send_message(club, "Ferry is back")
        await telegram.say(MIRA, club, "chatter")
        await telegram.say(MIRA, club, "/faq ferry")
        await telegram.say(MIRA, club, "/faq@storywire_bot")
        await telegram.say(MIRA, club, "/faq@other_bot")
        await telegram.say(MIRA, club, "thanks", reply_to=card.message_id)
    assert heard.texts == ["/faq ferry", "/faq@storywire_bot", "thanks"]


async def test_an_administrator_bot_hears_everything(telegram: Telegram) -> None:
    heard = Heard()
    async with listening(telegram, heard.handler):
        await telegram.say(MIRA, GROUP, "chatter")
    assert heard.texts == ["chatter"]


async def test_a_bot_without_privacy_mode_hears_everything() -> None:
    heard = Heard()
    async with served(privacy=False) as telegram, listening(telegram, heard.handler):
        await telegram.say(MIRA, telegram.add_chat("Harbour Regulars"), "chatter")
        await telegram.settle()
    assert heard.texts == ["chatter"]


async def test_the_bot_is_told_where_it_stands(telegram: Telegram) -> None:
    heard = Heard()
    async with listening(telegram, ChatMemberHandler(heard.handler.callback)):
        telegram.deny(GROUP, "can_pin_messages")
        telegram.allow(GROUP, "can_delete_messages")
        telegram.deny(GROUP, "administrator")
        telegram.deny(GROUP, "can_send_messages")
        telegram.kick(GROUP)
        telegram.invite(GROUP)
        await telegram.open(MIRA)
        telegram.block(MIRA)
        telegram.unblock(MIRA)
    steps = [update.my_chat_member for update in heard.updates if update.my_chat_member]
    assert [(step.old_chat_member.status, step.new_chat_member.status) for step in steps] == [
        ("administrator", "administrator"),
        ("administrator", "administrator"),
        ("administrator", "member"),
        ("member", "restricted"),
        ("restricted", "kicked"),
        ("kicked", "member"),
        ("member", "kicked"),
        ("kicked", "member"),
    ]
    assert steps[0].difference() == {"can_pin_messages": (True, False)}


async def test_a_group_says_that_the_bot_went_and_came(telegram: Telegram) -> None:
    heard = Heard()
    async with listening(telegram, heard.handler):
        telegram.kick(GROUP)
        telegram.invite(GROUP, "can_pin_messages")
    went, came = telegram.messages(GROUP)[-2:]
    assert went["left_chat_member"]["id"] == came["new_chat_members"][0]["id"] == BOT
    kinds = [
        "member" if update.my_chat_member else "message" if update.message else "other"
        for update in heard.updates
    ]
    assert kinds == ["member", "member", "message"]


async def test_a_forced_reply_opens_a_box_for_those_it_is_meant_for(telegram: Telegram) -> None:
    heard = Heard()
    async with listening(telegram, heard.handler) as application:
        bot = application.bot
        asked = await telegram.say(MIRA, GROUP, "/setup")
        prompt = await bot.send_message(
            GROUP,
            "Which <b>stories</b>?",
            parse_mode="HTML",
            reply_markup=ForceReply(selective=True, input_field_placeholder="ferry, port"),
            reply_parameters=ReplyParameters(asked["message_id"]),
        )
        shown = telegram.view()["messages"][str(GROUP)][-1]
        assert shown["forced"] == {"placeholder": "ferry, port", "people": [MIRA]}
        assert "forced" not in telegram.messages(GROUP)[-1]
        assert prompt.reply_markup is None
        await telegram.say(MIRA, GROUP, "ferry", reply_to=telegram.messages(GROUP)[-1])
        await bot.send_message(
            GROUP,
            f"🚢 @mira and <a href='tg://user?id={SOL}'>Sol</a>, which?",
            parse_mode="HTML",
            reply_markup=ForceReply(selective=True),
        )
        named = telegram.view()["messages"][str(GROUP)][-1]["forced"]
        assert named == {"placeholder": "", "people": [MIRA, SOL]}
        with pytest.raises(BadRequest, match="Message can't be edited"):
            await prompt.edit_text("Thank you")
        with pytest.raises(BadRequest, match="Inline keyboard expected"):
            await bot.send_message(CHANNEL, "Which?", reply_markup=ForceReply())
        private = await telegram.open(MIRA)
        await bot.send_message(private["chat"]["id"], "Which?", reply_markup=ForceReply())
    answer = heard.updates[1].message
    assert answer
    assert answer.reply_to_message
    assert answer.reply_to_message.text_html == "Which <b>stories</b>?"
    everyone = telegram.view()["messages"][str(MIRA)][-1]["forced"]
    assert everyone == {"placeholder": "", "people": None}


async def test_an_answer_in_a_topic_stays_in_it(telegram: Telegram) -> None:
    first = await telegram.say(MIRA, FORUM, "/setup", topic=TOPIC_TECH)
    answer = await telegram.say(SOL, FORUM, "yes", reply_to=first["message_id"])
    assert answer["message_thread_id"] == TOPIC_TECH
    assert answer["reply_to_message"]["text"] == "/setup"


async def test_a_pin_is_told_to_the_bot_that_made_it(telegram: Telegram) -> None:
    heard = Heard()
    async with listening(telegram, heard.handler) as application:
        card = await application.bot.send_message(GROUP, "Ferry is back")
        await card.pin()
    [update] = heard.updates
    assert update.message
    assert update.message.pinned_message == card


async def test_a_group_that_becomes_a_supergroup_says_its_new_number(telegram: Telegram) -> None:
    heard = Heard()
    old = telegram.add_chat("Harbour Regulars", "group")
    async with listening(
        telegram, MessageHandler(filters.StatusUpdate.MIGRATE, heard.handler.callback)
    ):
        new = telegram.migrate(old)
    left, came = [update.message for update in heard.updates]
    assert left
    assert came
    assert (left.chat_id, left.migrate_to_chat_id) == (old, new)
    assert (came.chat_id, came.migrate_from_chat_id) == (new, old)
    with pytest.raises(NotPossible, match="is no basic group"):
        telegram.migrate(GROUP)


async def test_an_inline_query_gets_its_results(telegram: Telegram) -> None:
    async def offer(update: Update, context: Context) -> None:
        assert update.inline_query
        content = InputTextMessageContent(update.inline_query.query, parse_mode="HTML")
        await update.inline_query.answer(
            [InlineQueryResultArticle("1", "Ferry", content)],
            button=InlineQueryResultsButton("Ask the bot", start_parameter="ferry"),
        )

    async with listening(telegram, InlineQueryHandler(offer)):
        offered = await telegram.inline(MIRA, "<b>ferry</b>")
    [result] = offered.results
    assert (result["title"], result["input_message_content"]) == (
        "Ferry",
        {"message_text": "<b>ferry</b>", "parse_mode": "HTML"},
    )
    assert offered.button == {"text": "Ask the bot", "start_parameter": "ferry"}
    message = await telegram.choose(MIRA, GROUP, offered, "1")
    assert message["from"]["id"] == MIRA
    assert message["via_bot"]["id"] == BOT
    assert message["text"] == "ferry"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    assert telegram.messages(GROUP)[-1] == message
    with pytest.raises(NotPossible, match="there is no result '2'"):
        await telegram.choose(MIRA, GROUP, offered, "2")
    with pytest.raises(NotPossible, match="only administrators post"):
        await telegram.choose(MIRA, CHANNEL, offered, "1")


@pytest.mark.parametrize(
    ("person", "chat", "text", "reason"),
    [
        (MIRA, CHANNEL, "hello", "only administrators post in Harbour Headlines"),
        (MIRA, SOL, "hello", "Mira is not in Sol"),
        (1, GROUP, "hello", "there is no person 1"),
        (MIRA, -1, "hello", "there is no chat -1"),
        (MIRA, GROUP, " ", "an empty message"),
        (MIRA, GROUP, "x" * 4097, "at most 4096"),
    ],
)
async def test_people_can_do_what_telegrams_app_lets_them(
    telegram: Telegram, person: int, chat: int, text: str, reason: str
) -> None:
    with pytest.raises(NotPossible, match=reason):
        await telegram.say(person, chat, text)


async def test_only_open_topics_that_are_there_take_messages(telegram: Telegram) -> None:
    ferries = telegram.add_topic(FORUM, "Ferries")
    telegram.close_topic(FORUM, ferries)
    with pytest.raises(NotPossible, match="the topic Ferries is closed"):
        await telegram.say(MIRA, FORUM, "hello", topic=ferries)
    assert (await telegram.say(SOL, FORUM, "hello", topic=ferries))["is_topic_message"]
    telegram.delete_topic(FORUM, ferries)
    assert ferries not in [one.get("message_thread_id") for one in telegram.messages(FORUM)]
    with pytest.raises(NotPossible, match="has no topic"):
        await telegram.say(SOL, FORUM, "hello", topic=ferries)


async def test_a_start_parameter_has_a_form(telegram: Telegram) -> None:
    with pytest.raises(NotPossible, match="at most 64 characters"):
        await telegram.open(MIRA, "faq 1")


async def test_who_blocked_the_bot_must_start_it_again(telegram: Telegram) -> None:
    await telegram.open(MIRA)
    telegram.block(MIRA)
    with pytest.raises(NotPossible, match="blocked"):
        await telegram.say(MIRA, MIRA, "hello")
    await telegram.open(MIRA)
    assert (await telegram.say(MIRA, MIRA, "hello"))["text"] == "hello"


async def test_a_forwarded_message_says_where_it_came_from(telegram: Telegram) -> None:
    heard: list[Update] = []

    async def hear(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        heard.append(update)

    link = InlineKeyboardMarkup([[InlineKeyboardButton("Story", url="https://t.me/storywire_bot")]])
    async with bot_of(telegram) as bot:
        post = await bot.send_message(CHANNEL, "Ferry is back", reply_markup=link)
        said = await bot.send_message(GROUP, "Ferry is back")
    async with listening(telegram, TypeHandler(Update, hear)):
        for message in (post, said):
            await telegram.forward_message(SOL, message.to_dict())
        await telegram.settle()
    from_channel, from_group = (update.message for update in heard)
    assert from_channel is not None
    assert from_group is not None
    assert isinstance(from_channel.forward_origin, MessageOriginChannel)
    assert from_channel.forward_origin.chat.id == CHANNEL
    assert from_channel.forward_origin.message_id == post.message_id
    assert from_channel.reply_markup == link
    assert isinstance(from_group.forward_origin, MessageOriginUser)
    assert from_group.forward_origin.sender_user.id == BOT
