"""People use the bot on Telegram, and Telegram refuses what it does: over real sockets."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.model.chat import Chat, Permission
from bot.model.errors import (
    CardGone,
    Moved,
    NotNow,
    OutcomeUnknown,
    Rejected,
    SendFailed,
    Unreachable,
)
from bot.platforms.telegram.platform import TelegramPlatform
from bot.platforms.telegram.request import USUAL_PAUSE
from runtime.errors import SetupError
from sandbox.telegram import (
    BOT,
    CHANNEL,
    FORUM,
    GROUP,
    MIRA,
    SOL,
    TOPIC_PORT,
    Telegram,
)
from tests.contracts.telegram import DESCRIPTION, violations
from tests.platforms.kit import (
    BARE_CARD,
    CARD,
    EPIC,
    LONG_PAUSES,
    NO_PAUSES,
    Kitchen,
    running,
    until,
)
from tests.running import free_port
from wording.message import Message
from wording.reasons import remedy as remedy_of

IN_GROUP = Chat("telegram", str(GROUP))
IN_CHANNEL = Chat("telegram", str(CHANNEL))
IN_TOPIC = Chat("telegram", f"{FORUM}/{TOPIC_PORT}")
TO_MIRA = Chat("telegram", str(MIRA))
LINK = "https://t.me/storywire_bot?start="


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    """A Telegram that holds everything the bot asks of it against the official description."""
    async with Telegram(limits=False) as telegram:
        yield telegram
    assert telegram.unknown_calls == []
    if DESCRIPTION.exists():
        assert violations(call for call in telegram.calls if 0 < call.status < 400) == []


@pytest.fixture
async def platform(telegram: Telegram, kitchen: Kitchen) -> AsyncIterator[TelegramPlatform]:
    platform = platform_of(telegram)
    async with running(platform, kitchen.menu):
        yield platform


def platform_of(telegram: Telegram, token: str | None = None) -> TelegramPlatform:
    return TelegramPlatform(token or telegram.token, api_url=telegram.api_url)


def texts(telegram: Telegram, chat: int) -> list[str]:
    return [message["text"] for message in telegram.messages(chat) if "text" in message]


def buttons(message: dict[str, Any]) -> list[str]:
    """What a message's buttons carry: callback data or addresses."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button.get("callback_data") or button["url"] for row in rows for button in row]


async def said(telegram: Telegram, person: int, chat: int, text: str, **how: Any) -> list[Any]:
    """What the bot answers to what a person says: all new messages."""
    before = len(telegram.messages(chat)) + 1
    await telegram.say(person, chat, text, **how)
    await telegram.settle()
    return telegram.messages(chat)[before:]


@pytest.mark.usefixtures("platform")
class TestPrivateAnswers:
    async def test_a_command_is_answered_by_a_message(
        self, telegram: Telegram, kitchen: Kitchen
    ) -> None:
        [answer] = await said(telegram, MIRA, MIRA, "/story ferry")
        assert answer["text"] == "Night ferry returns\n\nIt sails."
        assert buttons(answer) == ["=story_ferry_sources"]
        assert "reply_to_message" not in answer
        [ask] = kitchen.asked
        assert (ask.chat, ask.person, ask.private) == (TO_MIRA, TO_MIRA, True)
        assert ask.options == {"words": "ferry"}

    @pytest.mark.parametrize("typed", ["/FAQ why?", "/faq@storywire_bot   why?", "/faq\nwhy?"])
    async def test_commands_are_read_as_people_type_them(
        self, telegram: Telegram, typed: str
    ) -> None:
        [answer] = await said(telegram, MIRA, MIRA, typed)
        assert answer["text"] == "You asked: why?"

    async def test_words_that_are_no_command_are_a_question(self, telegram: Telegram) -> None:
        [answer] = await said(telegram, MIRA, MIRA, "what is a ferry?")
        assert answer["text"] == "You asked: what is a ferry?"

    async def test_an_unknown_command_points_to_help(self, telegram: Telegram) -> None:
        [answer] = await said(telegram, MIRA, MIRA, "/nonsense")
        assert answer["text"].startswith("I don't know /⁠nonsense")
        assert buttons(answer) == ["=help"]

    async def test_another_bots_command_is_left_to_it(self, telegram: Telegram) -> None:
        assert await said(telegram, MIRA, MIRA, "/help@other_bot") == []

    async def test_start_says_what_the_bot_can_do(self, telegram: Telegram) -> None:
        [answer] = await said(telegram, MIRA, MIRA, "/start")
        assert answer["text"].startswith("What I can do")

    async def test_a_deep_link_asks_its_question(self, telegram: Telegram) -> None:
        await telegram.open(MIRA, "story_tram")
        await telegram.settle()
        assert texts(telegram, MIRA)[-1].startswith("Tram strike ends")

    @pytest.mark.parametrize("payload", ["nothing-of-ours", "STORY__x", "_", "story_" + 58 * "x"])
    async def test_a_deep_link_of_another_make_gets_help(
        self, telegram: Telegram, payload: str
    ) -> None:
        await telegram.open(MIRA, payload)
        await telegram.settle()
        assert texts(telegram, MIRA)[-1].startswith("What I can do")

    async def test_buttons_turn_the_page_in_place(self, telegram: Telegram) -> None:
        [shown] = await said(telegram, MIRA, MIRA, "/story")
        await telegram.click(MIRA, shown, "=story_tram")
        await telegram.settle()
        assert texts(telegram, MIRA)[1:] == ["Tram strike ends\n\nIt sails."]
        await telegram.click(MIRA, shown, "=story_tram_sources")
        await telegram.settle()
        assert texts(telegram, MIRA)[1:] == ["Where it comes from"]

    async def test_a_page_that_says_the_same_is_no_error(
        self, telegram: Telegram, caplog: pytest.LogCaptureFixture
    ) -> None:
        [shown] = await said(telegram, MIRA, MIRA, "/help")
        await telegram.click(MIRA, shown, "=help")
        await telegram.settle()
        edit = next(call for call in telegram.calls if call.path == "editMessageText")
        assert edit.status == 400, "Telegram minds: message is not modified"
        assert texts(telegram, MIRA)[1:] == [shown["text"]]
        assert caplog.messages == []

    async def test_a_page_that_is_gone_is_said_anew(self, telegram: Telegram) -> None:
        [shown] = await said(telegram, MIRA, MIRA, "/story")
        telegram.fail_next("editMessageText", 400, "Bad Request: message can't be edited")
        await telegram.click(MIRA, shown, "=story_tram")
        await telegram.settle()
        assert texts(telegram, MIRA)[1:] == [shown["text"], "Tram strike ends\n\nIt sails."]

    async def test_a_cards_buttons_answer_beside_it(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        await telegram.open(MIRA)
        await telegram.settle()
        place = await platform.post(TO_MIRA, CARD, key="one")
        card = next(m for m in telegram.messages(MIRA) if str(m["message_id"]) == place)
        assert buttons(card) == ["+faq", "+story_ferry_sources"]
        await telegram.click(MIRA, card, "+story_ferry_sources")
        await telegram.settle()
        assert texts(telegram, MIRA)[-2:] == [card["text"], "Where it comes from"]

    async def test_a_click_is_acknowledged_before_the_answer_is_there(
        self, telegram: Telegram, kitchen: Kitchen
    ) -> None:
        [shown] = await said(telegram, MIRA, MIRA, "/help")
        answer = await telegram.click(MIRA, shown, "=slow")
        assert (answer.text, answer.alert, answer.url) == (None, False, None)
        assert texts(telegram, MIRA)[-1].startswith("What I can do")
        kitchen.go_on.set()
        await until(lambda: texts(telegram, MIRA)[-1] == "Here at last")

    @pytest.mark.parametrize("data", ["?", "=", "+nothing-of-ours", "=STORY ../../x", "*story"])
    async def test_a_button_of_another_make_gets_a_polite_sentence(
        self, telegram: Telegram, data: str
    ) -> None:
        foreign = await post_raw(telegram, data)
        answer = await telegram.click(MIRA, foreign, data)
        assert answer.alert
        assert "no longer works" in (answer.text or "")
        await telegram.settle()
        assert texts(telegram, MIRA) == ["old"]

    async def test_everyone_cares_for_their_own_chat(self, telegram: Telegram) -> None:
        [answer] = await said(telegram, MIRA, MIRA, "/follow ferry")
        assert answer["text"] == "Now following ferry"

    async def test_what_breaks_is_said_and_logged(
        self, telegram: Telegram, caplog: pytest.LogCaptureFixture
    ) -> None:
        [answer] = await said(telegram, MIRA, MIRA, "/broken")
        assert answer["text"].startswith("Something went wrong on our side")
        assert "command failed" in caplog.messages

    @pytest.mark.parametrize("times", [1, 2])
    async def test_short_pauses_are_waited_out(self, telegram: Telegram, times: int) -> None:
        for _ in range(times):
            telegram.fail_next("sendMessage", 429, parameters={"retry_after": 1})
        await telegram.say(MIRA, MIRA, "/faq")
        await until(lambda: texts(telegram, MIRA)[-1] == "You asked: nothing")

    async def test_an_answer_that_cannot_be_given_is_logged(
        self, telegram: Telegram, caplog: pytest.LogCaptureFixture
    ) -> None:
        telegram.fail_next("sendMessage", 403, "Forbidden: bot was blocked by the user")
        assert await said(telegram, MIRA, MIRA, "/help") == []
        assert "answer not delivered" in caplog.messages
        [answer] = await said(telegram, MIRA, MIRA, "/faq")
        assert answer["text"] == "You asked: nothing", "the next one is given"


async def post_raw(telegram: Telegram, data: str) -> dict[str, Any]:
    """A message of the bot's to Mira with a button it would not make."""
    telegram.world.place(MIRA).started = True
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{telegram.api_url}/bot{telegram.token}/sendMessage",
            json={
                "chat_id": MIRA,
                "text": "old",
                "reply_markup": {"inline_keyboard": [[{"text": "Old", "callback_data": data}]]},
            },
        ) as response,
    ):
        assert response.status == 200
        message: dict[str, Any] = (await response.json())["result"]
        return message


@pytest.mark.usefixtures("platform")
class TestOpenAnswers:
    """In groups and channels."""

    async def test_a_command_gets_one_short_reply_whose_buttons_lead_into_the_private_chat(
        self, telegram: Telegram, kitchen: Kitchen
    ) -> None:
        [answer] = await said(telegram, MIRA, GROUP, "/story ferry")
        assert answer["text"].startswith("Night ferry returns")
        assert answer["reply_to_message"]["text"] == "/story ferry"
        assert buttons(answer) == [LINK + "story_ferry_sources"]
        [ask] = kitchen.asked
        assert (ask.chat, ask.person, ask.private) == (IN_GROUP, TO_MIRA, False)

    async def test_the_reply_is_short(self, telegram: Telegram) -> None:
        [answer] = await said(telegram, MIRA, GROUP, "/story epic")
        assert len(answer["text"]) < 1000 < len(EPIC)
        [answer] = await said(telegram, MIRA, MIRA, "/story epic")
        assert EPIC.strip() in answer["text"], "in private there is room"

    async def test_a_topic_is_a_chat_of_its_own(self, telegram: Telegram, kitchen: Kitchen) -> None:
        [answer] = await said(telegram, MIRA, FORUM, "/faq", topic=TOPIC_PORT)
        assert answer["message_thread_id"] == TOPIC_PORT
        assert kitchen.asked[-1].chat == IN_TOPIC

    async def test_a_reply_thread_in_a_plain_group_is_no_topic(
        self, telegram: Telegram, kitchen: Kitchen
    ) -> None:
        place = telegram.world.place(GROUP)
        # so Telegram tells of an answer to an answer: a thread's number, and no topic
        written = {"text": "/faq", "message_thread_id": 77}
        author = telegram.world.author(place, MIRA)
        telegram.world.announce(place, telegram.world.add_message(place, author, written))
        await telegram.settle()
        assert kitchen.asked[-1].chat == IN_GROUP
        assert texts(telegram, GROUP)[-1] == "You asked: nothing"

    @pytest.mark.parametrize("text", ["/nonsense", "/help@other_bot", "good morning", "a /story b"])
    async def test_nobody_is_interrupted(self, telegram: Telegram, text: str) -> None:
        assert await said(telegram, MIRA, GROUP, text) == []

    async def test_who_speaks_to_the_bot_is_answered(self, telegram: Telegram) -> None:
        [answer] = await said(telegram, MIRA, GROUP, "/nonsense@storywire_bot")
        assert answer["text"].startswith("I don't know /")

    async def test_only_administrators_move_what_is_theirs(self, telegram: Telegram) -> None:
        refusal = "Only moderators of this chat can use /⁠follow"
        for person, anonymous, expected in (
            (MIRA, False, refusal),
            (SOL, False, "Now following ferry"),
            (SOL, True, "Now following ferry"),
        ):
            [answer] = await said(telegram, person, GROUP, "/follow ferry", anonymous=anonymous)
            assert answer["text"] == expected

    async def test_a_channels_writers_are_its_administrators(
        self, telegram: Telegram, kitchen: Kitchen
    ) -> None:
        [answer] = await said(telegram, SOL, CHANNEL, "/follow ferry")
        assert answer["text"] == "Now following ferry"
        assert kitchen.asked[-1].chat == IN_CHANNEL

    async def test_the_right_to_ask_is_looked_up_each_time(self, telegram: Telegram) -> None:
        telegram.world.place(GROUP).members[MIRA] = "administrator"
        [answer] = await said(telegram, MIRA, GROUP, "/follow ferry")
        assert answer["text"] == "Now following ferry"
        telegram.world.place(GROUP).members[MIRA] = "member"
        [answer] = await said(telegram, MIRA, GROUP, "/follow ferry")
        assert "Only moderators" in answer["text"]

    async def test_the_menu_offers_each_what_they_may_type(self, telegram: Telegram) -> None:
        def offered(person: int, chat: int) -> list[str]:
            return [command["command"] for command in telegram.commands(person, chat)]

        everyone = ["help", "story", "faq", "slow", "broken"]
        assert offered(MIRA, GROUP) == everyone
        assert sorted(offered(SOL, GROUP)) == sorted([*everyone, "follow"])
        assert sorted(offered(MIRA, MIRA)) == sorted([*everyone, "follow"])


class TestCards:
    @pytest.mark.parametrize("chat", [IN_GROUP, IN_CHANNEL, IN_TOPIC])
    async def test_a_card_stands_where_it_was_posted_and_leads_into_the_private_chat(
        self, telegram: Telegram, platform: TelegramPlatform, chat: Chat
    ) -> None:
        place = await platform.post(chat, CARD, key="one")
        number, _, topic = chat.address.partition("/")
        card = telegram.messages(int(number))[-1]
        assert str(card["message_id"]) == place
        assert card["text"].startswith("Night ferry returns")
        assert buttons(card) == [LINK + "faq", LINK + "story_ferry_sources"]
        assert str(card.get("message_thread_id", "")) == topic
        await platform.edit(chat, place, BARE_CARD)
        card = telegram.messages(int(number))[-1]
        assert card["text"].startswith("Tram strike ends")
        assert buttons(card) == []

    async def test_cards_are_silent_unless_told_otherwise_and_show_no_previews(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        await platform.post(IN_GROUP, CARD, key="one")
        await platform.post(IN_GROUP, CARD, key="two", silent=False)
        sent = [call.body for call in telegram.calls if call.path == "sendMessage"]
        assert [body["disable_notification"] for body in sent] == [True, False]
        assert all(body["link_preview_options"]["is_disabled"] for body in sent)

    async def test_a_reply_stands_under_its_card(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        card = await platform.post(IN_GROUP, CARD, key="one")
        await platform.post(IN_GROUP, Message("What changed"), key="two", reply_to=card)
        reply = telegram.messages(GROUP)[-1]
        assert str(reply["reply_to_message"]["message_id"]) == card

    async def test_a_reply_to_a_card_that_is_gone_is_posted_all_the_same(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        card = await platform.post(IN_GROUP, CARD, key="one")
        telegram.delete_message(GROUP, int(card))
        await platform.post(IN_GROUP, Message("What changed"), key="two", reply_to=card)
        assert texts(telegram, GROUP) == ["What changed"]

    async def test_saying_what_it_already_says_is_no_error(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        place = await platform.post(IN_GROUP, CARD, key="one")
        await platform.edit(IN_GROUP, place, CARD)
        assert telegram.calls[-1].status == 400, "Telegram minds: message is not modified"

    @pytest.mark.parametrize("chat", [IN_GROUP, IN_CHANNEL, IN_TOPIC])
    async def test_pinned_stays_pinned_and_is_unpinned(
        self, telegram: Telegram, platform: TelegramPlatform, chat: Chat
    ) -> None:
        number = int(chat.address.partition("/")[0])
        place = await platform.post(chat, CARD, key="one")
        for _ in range(2):
            await platform.pin(chat, place)
        assert [str(pinned["message_id"]) for pinned in telegram.pins(number)] == [place]
        for _ in range(2):
            await platform.unpin(chat, place)
        assert telegram.pins(number) == []

    async def test_a_lost_answer_cannot_be_looked_up_nor_repeated(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        began = datetime.now(UTC)
        telegram.fail_next("sendMessage", 0, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await platform.post(IN_GROUP, CARD, key="one")
        assert len(texts(telegram, GROUP)) == 1
        assert await platform.find(IN_GROUP, "one", began) is None
        assert not platform.repeatable(0)

    async def test_nothing_is_posted_before_there_is_a_connection(self, telegram: Telegram) -> None:
        platform = platform_of(telegram)
        assert not platform.connected
        with pytest.raises(NotNow):
            await platform.post(IN_GROUP, CARD, key="one")


class TestPermissions:
    @pytest.mark.parametrize(
        ("chat", "denied", "permission", "lacking"),
        [
            (IN_GROUP, (), Permission.POST, ()),
            (IN_GROUP, (), Permission.PIN, ()),
            (IN_CHANNEL, (), Permission.POST, ()),
            (IN_CHANNEL, (), Permission.PIN, ()),
            (IN_TOPIC, (), Permission.POST, ()),
            (IN_GROUP, ("can_send_messages",), Permission.POST, ("Send Messages",)),
            (IN_GROUP, ("can_pin_messages",), Permission.PIN, ("Pin Messages",)),
            (IN_GROUP, ("administrator",), Permission.PIN, ("Pin Messages",)),
            (IN_GROUP, ("administrator",), Permission.POST, ()),
            (IN_CHANNEL, ("can_post_messages",), Permission.POST, ("Post Messages",)),
            (IN_CHANNEL, ("can_post_messages",), Permission.PIN, ()),
            (IN_CHANNEL, ("can_edit_messages",), Permission.PIN, ("Edit Messages",)),
        ],
    )
    async def test_what_is_lacking_has_telegrams_own_name(
        self,
        telegram: Telegram,
        platform: TelegramPlatform,
        chat: Chat,
        denied: tuple[str, ...],
        permission: Permission,
        lacking: tuple[str, ...],
    ) -> None:
        if denied:
            telegram.deny(int(chat.address.partition("/")[0]), *denied)
        assert await platform.lacks(chat, permission) == lacking

    async def test_a_private_chat_grants_all(self, platform: TelegramPlatform) -> None:
        assert await platform.lacks(TO_MIRA, Permission.POST) == ()
        assert await platform.lacks(TO_MIRA, Permission.PIN) == ()

    async def test_a_chat_the_bot_is_not_in_is_said_to_be(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        telegram.kick(GROUP)
        with pytest.raises(Unreachable, match="Add me to the chat again"):
            await platform.lacks(IN_GROUP, Permission.POST)


BAD = "Bad Request: "


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "description", "parameters", "kind", "said"),
        [
            (429, None, {"retry_after": 7}, NotNow, "slow down"),
            (429, None, {"retry_after": 0}, NotNow, "slow down"),
            (401, "Unauthorized", None, NotNow, "token"),
            (400, None, {"migrate_to_chat_id": -100_7}, Moved, "telegram:-1007"),
            (403, "Forbidden: bot was blocked by the user", None, Unreachable, "Unblock"),
            (403, "Forbidden: bot was kicked from the group chat", None, Unreachable, "Add me"),
            (403, "Forbidden: bot is not a member of the channel chat", None, Unreachable, "Add"),
            (403, "Forbidden: user is deactivated", None, Unreachable, "account is gone"),
            (403, "Forbidden: the group chat was deleted", None, Unreachable, "was deleted"),
            (403, "Forbidden: something new", None, Unreachable, "something new"),
            (400, f"{BAD}chat not found", None, Unreachable, "The chat is gone"),
            (400, f"{BAD}message thread not found", None, Unreachable, "The topic is gone"),
            (400, f"{BAD}TOPIC_CLOSED", None, Unreachable, "Reopen the topic"),
            (
                400,
                f"{BAD}not enough rights to send text messages",
                None,
                Unreachable,
                "Let me post",
            ),
            (400, f"{BAD}need administrator rights in the channel chat", None, Unreachable, "Post"),
            (400, f"{BAD}not enough rights to manage pinned messages", None, Unreachable, "“Pin"),
            (400, f"{BAD}message to edit not found", None, CardGone, "not found"),
            (400, f"{BAD}message can't be edited", None, CardGone, "can't be edited"),
            (400, f"{BAD}message to pin not found", None, CardGone, "not found"),
            (400, f"{BAD}can't parse entities", None, Rejected, "parse entities"),
            (413, "Request Entity Too Large", None, OutcomeUnknown, "Too Large"),
            (502, "Bad Gateway", None, OutcomeUnknown, "502"),
            (0, None, None, OutcomeUnknown, "answer was lost"),
        ],
    )
    @pytest.mark.parametrize("what", ["post", "edit", "pin", "unpin"])
    async def test_every_refusal_is_one_of_ours(
        self,
        telegram: Telegram,
        platform: TelegramPlatform,
        what: str,
        status: int,
        description: str | None,
        parameters: dict[str, Any] | None,
        kind: type[SendFailed],
        said: str,
    ) -> None:
        card = await platform.post(IN_GROUP, CARD, key="one")
        doing: dict[str, tuple[str, Callable[[], Awaitable[object]]]] = {
            "post": ("sendMessage", lambda: platform.post(IN_GROUP, CARD, key="two")),
            "edit": ("editMessageText", lambda: platform.edit(IN_GROUP, card, BARE_CARD)),
            "pin": ("pinChatMessage", lambda: platform.pin(IN_GROUP, card)),
            "unpin": ("unpinChatMessage", lambda: platform.unpin(IN_GROUP, card)),
        }
        method, do = doing[what]
        telegram.fail_next(method, status, description, parameters)
        with pytest.raises(kind, match=said) as raised:
            await do()
        assert type(raised.value) is kind
        if isinstance(raised.value, NotNow):
            assert raised.value.after > timedelta(0)

    async def test_a_pause_is_taken_from_telegram(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        for asked, obeyed in LONG_PAUSES:
            telegram.fail_next("sendMessage", 429, parameters={"retry_after": asked})
            with pytest.raises(NotNow) as raised:
                await platform.post(IN_GROUP, CARD, key="one")
            assert raised.value.after == timedelta(seconds=obeyed), asked

    async def test_a_pause_that_is_none_is_counted_and_usual(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        for asked in NO_PAUSES:
            telegram.fail_next("sendMessage", 429, "Too Many Requests", {"retry_after": asked})
            with pytest.raises(NotNow) as raised:
                await platform.post(IN_GROUP, CARD, key="one")
            assert raised.value.too_fast
            assert raised.value.after == USUAL_PAUSE, asked
            await platform.post(IN_GROUP, CARD, key="two")

    async def test_a_group_that_became_a_supergroup_is_followed(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        old = telegram.add_chat("Small talk", "group")
        new = telegram.migrate(old)
        with pytest.raises(Moved) as raised:
            await platform.post(Chat("telegram", str(old)), CARD, key="one")
        assert raised.value.to == Chat("telegram", str(new))

    async def test_without_a_connection_nothing_was_sent(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        await telegram.__aexit__(None, None, None)
        with pytest.raises(NotNow, match="I can't reach"):
            await platform.post(IN_GROUP, CARD, key="one")

    async def test_no_answer_in_time_is_an_unknown_outcome(
        self, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.platforms.telegram.platform.ANSWER_S", 0.2)
        async with Telegram(limits=False) as telegram:
            platform = platform_of(telegram)
            async with running(platform, kitchen.menu):
                holding = asyncio.Event()

                async def hold(*_: object) -> Any:
                    await holding.wait()

                monkeypatch.setattr(telegram._server, "_do", hold)
                with pytest.raises(OutcomeUnknown, match="in time"):
                    await platform.post(IN_GROUP, CARD, key="one")
                holding.set()

    @pytest.mark.parametrize(
        ("chat", "denied", "remedy"),
        [
            (IN_GROUP, "can_send_messages", "post there"),
            (IN_CHANNEL, "can_post_messages", "“Post Messages”"),
        ],
    )
    async def test_the_right_to_give_is_named(
        self,
        telegram: Telegram,
        platform: TelegramPlatform,
        chat: Chat,
        denied: str,
        remedy: str,
    ) -> None:
        telegram.deny(int(chat.address), denied)
        with pytest.raises(Unreachable) as raised:
            await platform.post(chat, CARD, key="one")
        assert remedy in remedy_of(raised.value.reason)

    async def test_the_right_to_pin_is_named(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        card = await platform.post(IN_GROUP, CARD, key="one")
        telegram.deny(GROUP, "can_pin_messages")
        with pytest.raises(Unreachable, match=r"not allowed to pin there\. .*“Pin Messages”"):
            await platform.pin(IN_GROUP, card)

    async def test_who_blocked_the_bot_is_told_how_to_come_back(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        with pytest.raises(Unreachable, match="hasn't been started yet"):
            await platform.post(TO_MIRA, CARD, key="one")
        await telegram.open(MIRA)
        telegram.block(MIRA)
        with pytest.raises(Unreachable, match="I've been blocked"):
            await platform.post(TO_MIRA, CARD, key="one")

    async def test_a_card_somebody_deleted_is_gone(
        self, telegram: Telegram, platform: TelegramPlatform
    ) -> None:
        card = await platform.post(IN_GROUP, CARD, key="one")
        telegram.delete_message(GROUP, int(card))
        with pytest.raises(CardGone):
            await platform.edit(IN_GROUP, card, BARE_CARD)
        with pytest.raises(CardGone):
            await platform.pin(IN_GROUP, card)


class TestConnection:
    async def test_buttons_work_after_a_restart(self, telegram: Telegram, kitchen: Kitchen) -> None:
        async with running(platform_of(telegram), kitchen.menu):
            [shown] = await said(telegram, MIRA, MIRA, "/story ferry")
        async with running(platform_of(telegram), kitchen.menu):
            await telegram.click(MIRA, shown, "=story_ferry_sources")
            await telegram.settle()
        assert texts(telegram, MIRA)[-1] == "Where it comes from"

    async def test_a_visitor_sees_rights_and_changes_nothing(
        self, telegram: Telegram, kitchen: Kitchen
    ) -> None:
        async with running(platform_of(telegram), kitchen.menu):
            offered = telegram.view()["commands"]
        platform = platform_of(telegram)
        telegram.deny(CHANNEL, "can_post_messages")
        async with platform.visit() as name:
            assert name == "@storywire_bot"
            assert not platform.connected
            assert await platform.lacks(IN_CHANNEL, Permission.POST) == ("Post Messages",)
        assert telegram.view()["commands"] == offered

    async def test_a_visitor_is_told_what_is_wrong(self, telegram: Telegram) -> None:
        for wrong in ("", "1:wrong"):
            with pytest.raises(SetupError, match="refused the token"):
                async with TelegramPlatform(wrong, api_url=telegram.api_url).visit():
                    pass
        nowhere = f"http://127.0.0.1:{free_port()}"
        with pytest.raises(NotNow, match="I can't reach"):
            async with TelegramPlatform(telegram.token, api_url=nowhere).visit():
                pass

    async def test_a_wrong_token_is_told_with_the_remedy_and_never_shown(
        self, telegram: Telegram, kitchen: Kitchen, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        wrong = f"{BOT}:wrong-token-that-nobody-may-see"
        with pytest.raises(SetupError, match=r"Telegram refused the token: .*@BotFather") as raised:
            await platform_of(telegram, wrong).run(kitchen.menu)
        assert wrong not in str(raised.value)
        assert wrong not in caplog.text
        assert raised.value.__suppress_context__

    async def test_a_token_withdrawn_later_is_told_too(
        self, telegram: Telegram, kitchen: Kitchen
    ) -> None:
        platform = platform_of(telegram)
        task = asyncio.create_task(platform.run(kitchen.menu))
        await until(lambda: platform.connected)
        telegram.fail_next("getUpdates", 401, "Unauthorized")
        await telegram.say(MIRA, MIRA, "/help")  # ends the poll that is waiting
        with pytest.raises(SetupError, match="refused the token"):
            await task
        assert not platform.connected

    async def test_the_token_is_never_logged(
        self, telegram: Telegram, kitchen: Kitchen, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        platform, told = platform_of(telegram), list[str | None]()
        platform.on_connection(told.append)
        async with running(platform, kitchen.menu):
            telegram.fail_next("sendMessage", 0)
            with pytest.raises(OutcomeUnknown):
                await platform.post(IN_GROUP, CARD, key="one")
            await telegram.drop_connections()
            await until(lambda: told[-1] is not None)
        assert telegram.token not in caplog.text + str(told)

    async def test_a_network_that_is_down_is_waited_for(self, kitchen: Kitchen) -> None:
        late = Telegram(limits=False, port=free_port())
        platform = TelegramPlatform(late.token, api_url=f"http://127.0.0.1:{late._address[1]}")
        told = list[str | None]()
        platform.on_connection(told.append)
        task = asyncio.create_task(platform.run(kitchen.menu))
        await until(lambda: told)
        assert "No connection" in str(told[0])
        async with late:
            await until(lambda: platform.connected)
            [answer] = await said(late, MIRA, MIRA, "/help")
            assert answer["text"].startswith("What I can do")
            task.cancel()
            await asyncio.wait({task})
        assert not platform.connected

    @pytest.mark.parametrize(
        ("status", "description"),
        [
            (502, "Bad Gateway"),
            (409, "Conflict: terminated by other getUpdates request"),
            (0, None),
        ],
    )
    async def test_a_broken_poll_is_taken_up_again(
        self,
        telegram: Telegram,
        platform: TelegramPlatform,
        status: int,
        description: str | None,
    ) -> None:
        telegram.fail_next("getUpdates", status, description)
        await telegram.say(MIRA, MIRA, "/help")
        await until(lambda: not platform.connected)
        await until(lambda: platform.connected)  # with nobody speaking
        await telegram.say(MIRA, MIRA, "/faq")
        await until(lambda: texts(telegram, MIRA)[-1] == "You asked: nothing")
        assert sum(text.startswith("What I can do") for text in texts(telegram, MIRA)) == 1

    async def test_a_webhook_left_behind_is_taken_away(
        self, telegram: Telegram, kitchen: Kitchen
    ) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{telegram.api_url}/bot{telegram.token}/setWebhook",
                json={"url": "https://bot.example/hook"},
            ) as response,
        ):
            assert response.status == 200
        async with running(platform_of(telegram), kitchen.menu):
            [answer] = await said(telegram, MIRA, MIRA, "/help")
        assert answer["text"].startswith("What I can do")
