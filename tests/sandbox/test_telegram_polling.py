"""Updates reach the bot once, in order, and no bot takes another's."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from telegram import Update
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, TelegramError
from telegram.ext import ContextTypes, ExtBot, TypeHandler

from sandbox.telegram import GROUP, MIRA, SOL, NoAnswer, Telegram
from tests.sandbox.telegram_kit import bot_of, listening, polled


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[ExtBot[None]]:
    async with bot_of(telegram) as bot:
        yield bot


def texts(updates: tuple[Update, ...]) -> list[str | None]:
    return [update.message.text for update in updates if update.message]


async def test_an_update_comes_again_until_it_is_confirmed(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    for text in ("one", "two", "three"):
        await telegram.say(MIRA, MIRA, text)
    assert texts(await bot.get_updates(limit=2)) == ["one", "two"]
    again = await bot.get_updates()
    assert texts(again) == ["one", "two", "three"]
    assert [update.update_id - again[0].update_id for update in again] == [0, 1, 2]
    assert texts(await bot.get_updates(offset=again[1].update_id)) == ["two", "three"]
    assert texts(await bot.get_updates(offset=-1)) == ["three"]
    assert texts(await bot.get_updates()) == ["three"]
    assert await bot.get_updates(offset=again[2].update_id + 1) == ()
    assert await bot.get_updates() == ()


async def test_a_waiting_poll_ends_when_something_happens(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await polled(telegram)
    await telegram.say(MIRA, MIRA, "hello")
    async with asyncio.timeout(5):
        assert texts(await poll) == ["hello"]


async def test_the_bot_chooses_what_it_hears(telegram: Telegram, bot: ExtBot[None]) -> None:
    await bot.get_updates(allowed_updates=[Update.MY_CHAT_MEMBER])
    await telegram.say(MIRA, MIRA, "not asked for")
    telegram.block(MIRA)
    [update] = await bot.get_updates()  # the choice holds until another is made
    assert update.my_chat_member
    telegram.unblock(MIRA)
    assert (await bot.get_webhook_info()).allowed_updates == (Update.MY_CHAT_MEMBER,)


async def test_the_second_poller_ends_the_first(telegram: Telegram, bot: ExtBot[None]) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await polled(telegram)
    async with bot_of(telegram) as other:
        assert await other.get_updates() == ()
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first


async def test_two_bots_that_poll_keep_ending_each_other(telegram: Telegram) -> None:
    conflict = asyncio.Event()

    def fail(error: TelegramError) -> None:
        if isinstance(error, Conflict):
            conflict.set()

    async with listening(telegram, error_callback=fail), bot_of(telegram) as other:
        await polled(telegram)
        await other.get_updates()
        async with asyncio.timeout(5):
            await conflict.wait()
        await polled(telegram)  # the library tries again by itself
    statuses = [call.status for call in telegram.calls if call.path == "getUpdates"]
    assert statuses.count(409) == 1


async def test_nobody_polls_beside_a_webhook(telegram: Telegram, bot: ExtBot[None]) -> None:
    await telegram.say(MIRA, MIRA, "hello")
    await bot.set_webhook("https://bot.example/hook", secret_token="a-b_c")
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("https://bot.example/hook", 1)
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


async def test_a_poller_that_comes_back_hears_what_it_had_not_confirmed(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    heard: list[str | None] = []

    async def hear(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        heard.extend(texts((update,)))

    await telegram.say(MIRA, MIRA, "confirmed")
    [update] = await bot.get_updates()
    await bot.get_updates(offset=update.update_id + 1)
    await telegram.say(MIRA, MIRA, "not confirmed")
    await bot.get_updates()  # and then the process dies
    async with listening(telegram, TypeHandler(Update, hear)):
        await telegram.say(MIRA, MIRA, "new")
    assert heard == ["not confirmed", "new"]
    async with listening(telegram, TypeHandler(Update, hear)):
        await telegram.say(SOL, SOL, "newer")
    assert heard == ["not confirmed", "new", "newer"]


async def test_a_poller_whose_connections_break_goes_on(telegram: Telegram) -> None:
    heard: list[str | None] = []

    async def hear(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        heard.extend(texts((update,)))

    async with listening(telegram, TypeHandler(Update, hear)):
        await telegram.drop_connections()
        telegram.fail_next("getUpdates", 502)
        await telegram.say(MIRA, MIRA, "after the break")
    assert heard == ["after the break"]


async def test_settling_says_what_is_missing(telegram: Telegram) -> None:
    await telegram.say(MIRA, MIRA, "hello")
    with pytest.raises(NoAnswer, match="1 updates are not confirmed"):
        await telegram.settle(timeout=0.1)


async def test_a_fault_can_come_before_or_after_the_effect(
    telegram: Telegram, bot: ExtBot[None]
) -> None:
    telegram.fail_next("send.*", 502)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.send_message(GROUP, "never")
    telegram.fail_next("sendMessage", 0, after_effect=True)
    with pytest.raises(NetworkError):
        await bot.send_message(GROUP, "once")
    telegram.fail_next("sendMessage", 0, times=2)
    for _ in range(2):
        with pytest.raises(NetworkError):
            await bot.send_message(GROUP, "never")
    telegram.fail_next("sendMessage", 400, "Bad Request: tea time")
    with pytest.raises(BadRequest, match="Tea time"):
        await bot.send_message(GROUP, "never")
    await bot.send_message(GROUP, "twice")
    shown = [message.get("text") for message in telegram.messages(GROUP)]
    assert shown[-2:] == ["once", "twice"]
    assert [call.status for call in telegram.calls if call.path == "sendMessage"] == [
        502, 0, 0, 0, 400, 200,
    ]  # fmt: skip


@pytest.mark.parametrize("token", ["7100000001:another-token-of-the-same-bot-0001", "no-token"])
async def test_a_wrong_token_is_refused(telegram: Telegram, token: str) -> None:
    bot = ExtBot[None](token, base_url=f"{telegram.api_url}/bot")
    with pytest.raises(InvalidToken):
        await bot.initialize()
    await bot.shutdown()
    assert telegram.calls == []
