"""What a platform says that cannot be read costs that and nothing else: HTML, null, half a JSON
document, a field that is missing, far too much of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from bot.model.chat import Chat, Permission
from bot.model.errors import OutcomeUnknown
from bot.platforms.discord import incoming
from bot.platforms.discord import platform as discord_platform
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.port import Platform
from bot.platforms.telegram import request
from bot.platforms.telegram.platform import TelegramPlatform
from sandbox.discord import GENERAL, NEWS, Discord
from sandbox.discord import MIRA as MIRA_ON_DISCORD
from sandbox.telegram import GROUP, MIRA, Telegram
from tests.platforms.kit import CARD, Kitchen, running, until

HTML = b"<html><body>Please sign in to this network</body></html>"
BAD_ANSWERS = {
    "a page": (HTML, "text/html"),
    "a page that says it is JSON": (HTML, "application/json"),
    "null": (b"null", "application/json"),
    "half a document": (b'{"ok": true, "result": {"message_', "application/json"),
    "an object without fields": (b"{}", "application/json"),
    "a list": (b"[]", "application/json"),
    "no text at all": (b"\xff\xfe\x00", "application/json"),
    "far too much": (b" " * 200_000 + b"{}", "application/json"),
}


BAD_REFUSALS = (
    b'{"ok": false, "error_code": "x", "description": 5}',
    b'{"ok": false, "error_code": null, "description": "Bad Request: chat not found"}',
    b'{"ok": false, "error_code": 400}',
    b'{"ok": false, "error_code": 400, "description": "", "parameters": "soon"}',
    b'{"ok": false, "error_code": 400, "description": "", "parameters": [1]}',
    b'{"ok": false, "error_code": 400, "description": "",'
    b' "parameters": {"migrate_to_chat_id": "GROUP"}}',
    b'{"ok": false, "result": []}',
)
"""What a proxy may make of a refusal of Telegram's."""
BAD_RESULTS = (b"null", b"7", b'"done"', b"true", b"[[]]", b'{"message_id": "one"}')


class Counted:
    """How often something was left out."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> None:
        self.number += 1


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As large as the sandbox needs, and no larger."""
    monkeypatch.setattr(incoming, "LARGEST_ANSWER", 100_000)
    monkeypatch.setattr(incoming, "LARGEST_MESSAGE", 100_000)
    monkeypatch.setattr(request, "LARGEST_ANSWER", 100_000)


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    async with Discord(limits=False) as discord:
        yield discord


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram(limits=False) as telegram:
        yield telegram


def on_discord(discord: Discord, left_out: Counted | None = None) -> DiscordPlatform:
    return DiscordPlatform(
        discord.token,
        api_url=discord.api_url,
        gateway_url=discord.gateway_url,
        left_out=left_out or Counted(),
    )


def on_telegram(telegram: Telegram, left_out: Counted | None = None) -> TelegramPlatform:
    return TelegramPlatform(
        telegram.token, api_url=telegram.api_url, left_out=left_out or Counted()
    )


async def test_nobody_knows_what_became_of_a_post_on_discord(
    discord: Discord, kitchen: Kitchen
) -> None:
    platform, here = on_discord(discord), Chat("discord", NEWS)
    async with running(platform, kitchen.menu):
        for number, (raw, kind) in enumerate(BAD_ANSWERS.values()):
            discord.spoil_next("POST", f"/channels/{NEWS}/messages$", raw, kind)
            with pytest.raises(OutcomeUnknown):
                await platform.post(here, CARD, key=f"{number}")
        card = await platform.post(here, CARD, key="good")
        for raw, kind in BAD_ANSWERS.values():
            discord.spoil_next("PATCH", f"/messages/{card}$", raw, kind)
            with pytest.raises(OutcomeUnknown):
                await platform.edit(here, card, CARD)
        assert platform.connected


async def test_nobody_knows_what_became_of_a_post_on_telegram(
    telegram: Telegram, kitchen: Kitchen
) -> None:
    platform, here = on_telegram(telegram), Chat("telegram", str(GROUP))
    async with running(platform, kitchen.menu):
        for raw, kind in BAD_ANSWERS.values():
            telegram.spoil_next("sendMessage", raw, content_type=kind)
            with pytest.raises(OutcomeUnknown):
                await platform.post(here, CARD, key="one")
        card = await platform.post(here, CARD, key="good")
        for raw, kind in BAD_ANSWERS.values():
            telegram.spoil_next("editMessageText", raw, content_type=kind)
            with pytest.raises(OutcomeUnknown):
                await platform.edit(here, card, CARD)
        telegram.spoil_next("getChat", b'{"ok": true, "result": 7}')
        with pytest.raises(OutcomeUnknown):
            await platform.lacks(here, Permission.POST)
        assert platform.connected


async def test_a_refusal_that_cannot_be_read_is_no_word_of_telegrams(
    telegram: Telegram, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_WAIT_S", "LONGEST_WAIT_S"):
        monkeypatch.setattr(f"bot.platforms.telegram.platform.{name}", 0.01)
    platform, here = on_telegram(telegram), Chat("telegram", str(GROUP))
    bad = [(raw, status) for raw in BAD_REFUSALS for status in (200, 302, 401, 409)]
    bad += [(b'{"ok": false, "error_code": 400, "description": "Bad Request"}', 200)]
    bad += [(b'{"ok": true, "result": %s}' % result, 200) for result in BAD_RESULTS]
    for raw, status in bad:  # also while it connects
        telegram.spoil_next("getMe", raw, status=status)
        telegram.spoil_next("getUpdates", raw, status=status)
    async with running(platform, kitchen.menu):
        card = await platform.post(here, CARD, key="good")
        for raw, status in bad:
            telegram.spoil_next("sendMessage", raw, status=status)
            with pytest.raises(OutcomeUnknown):
                await platform.post(here, CARD, key="one")
            telegram.spoil_next("editMessageText", raw, status=status)
            with pytest.raises(OutcomeUnknown):
                await platform.edit(here, card, CARD)
            telegram.spoil_next("getChat", raw, status=status)
            with pytest.raises(OutcomeUnknown):
                await platform.lacks(here, Permission.POST)
            telegram.spoil_next("getUpdates", raw, status=status)
        await telegram.say(MIRA, MIRA, "/help")
        await until(lambda: kitchen.asked)


async def test_a_proxys_page_is_no_word_about_the_token(
    telegram: Telegram, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.platform.FIRST_WAIT_S", 0.01)
    for status in (401, 403, 404):
        telegram.spoil_next("getMe", HTML, status=status, content_type="text/html")
    telegram.spoil_next("getUpdates", HTML, status=404, content_type="text/html")
    async with running(on_telegram(telegram), kitchen.menu):
        pass


async def test_at_the_start_something_better_is_waited_for(
    discord: Discord,
    telegram: Telegram,
    kitchen: Kitchen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("discord", "telegram"):
        monkeypatch.setattr(f"bot.platforms.{module}.platform.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("bot.platforms.discord.platform.LONGEST_WAIT_S", 0.01)
    monkeypatch.setattr("bot.platforms.telegram.platform.LONGEST_WAIT_S", 0.01)
    for raw, kind in BAD_ANSWERS.values():
        discord.spoil_next("GET", "^/users/@me$", raw, kind)
        telegram.spoil_next("getMe", raw, content_type=kind)
        telegram.spoil_next("getUpdates", raw, content_type=kind)
    async with (
        running(on_discord(discord), kitchen.menu),
        running(on_telegram(telegram), kitchen.menu),
    ):
        pass


BAD_UPDATES: tuple[Any, ...] = (
    None,
    7,
    "update",
    [],
    {"message": {}},
    {"message": {"message_id": 1, "date": 0, "chat": None, "text": "/help"}},
    {"message": {"message_id": 1, "date": "soon", "chat": {"id": 1}}},
    {"callback_query": {"id": "1"}},
    {"my_chat_member": {"chat": {"id": 1, "type": "group"}}},
    {"inline_query": 3},
    {"update_id": None, "message": {}},
    {"update_id": "x"},
)


async def test_a_bad_update_is_left_out_and_not_handed_out_again(
    telegram: Telegram, kitchen: Kitchen
) -> None:
    left_out = Counted()
    async with running(on_telegram(telegram, left_out), kitchen.menu):
        await telegram.say(MIRA, MIRA, "/help")
        await telegram.settle()
        for bad in BAD_UPDATES:
            telegram.send_raw(bad)
            await telegram.say(MIRA, MIRA, "/faq")
        telegram.send_raw({"message": {}})
        await telegram.settle()  # every one of them is confirmed
        answers = [said["text"] for said in telegram.messages(MIRA)]
        assert answers.count("You asked: nothing") == len(BAD_UPDATES)
    assert left_out.number >= len(BAD_UPDATES) - 1  # the last has nothing wrong but its number


async def test_updates_too_large_together_come_one_by_one_and_a_giant_is_passed_over(
    telegram: Telegram, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.platform.FIRST_WAIT_S", 0.01)
    async with running(on_telegram(telegram), kitchen.menu):
        await telegram.say(MIRA, MIRA, "/help")
        await telegram.settle()
        telegram.send_raw({"poll": {"question": "?" * 200_000}})
        await telegram.say(MIRA, MIRA, "/faq")
        await telegram.settle()
        answers = [said["text"] for said in telegram.messages(MIRA)]
        assert answers.count("You asked: nothing") == 1
        polls = [call.body for call in telegram.calls if call.path == "getUpdates"]
        assert 1 in [int(body["limit"]) for body in polls]


async def test_a_bad_message_is_left_out_and_the_session_goes_on(
    discord: Discord, kitchen: Kitchen
) -> None:
    left_out = Counted()
    async with running(on_discord(discord, left_out), kitchen.menu):
        for text in ("null", "7", "[]", '{"op": 0, "t": "GUILD_', '{"op": 10, "d": null}'):
            discord.gateway.send(text)
        for event in ("INTERACTION_CREATE", "GUILD_CREATE", "CHANNEL_UPDATE", "GUILD_DELETE"):
            bad: tuple[Any, ...] = (None, {}, [], {"id": None}, {"id": "1", "guild_id": "x"})
            for data in bad:
                discord.gateway.event(event, data)
        answer = await discord.slash(MIRA_ON_DISCORD, GENERAL, "help")
        assert answer.message is not None
        await discord.hang_up()  # what is resumed does not begin with what was bad
        await until(lambda: discord.gateway.resumed)
        answer = await discord.slash(MIRA_ON_DISCORD, GENERAL, "help")
        assert answer.message is not None
    assert left_out.number > 10
    assert discord.gateway.identified == 1


async def test_a_giant_is_not_resumed_with_again_and_again(
    discord: Discord, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.platform.FIRST_WAIT_S", 0.01)
    noise = "".join(chr(0x100 + (n * n) % 20_000) for n in range(60_000))
    async with running(on_discord(discord), kitchen.menu):
        giants = ("?" * 200_000, noise * 20)  # once unpacked; as it comes
        for number, giant in enumerate(giants, 2):
            discord.gateway.event("MESSAGE_CREATE", {"content": giant})
            await until(partial(begun, discord, number))
            await until(lambda: discord.gateway.connected)
        answer = await discord.slash(MIRA_ON_DISCORD, GENERAL, "help")
        assert answer.message is not None


async def test_a_session_whose_beginning_is_bad_is_begun_anew(
    discord: Discord, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.platform.FIRST_WAIT_S", 0.01)
    good, discord.gateway.url = discord.gateway.url, None  # type: ignore[assignment]
    platform = on_discord(discord)
    task = asyncio.create_task(platform.run(kitchen.menu))
    await until(lambda: discord.gateway.identified > 1)
    assert not platform.connected
    discord.gateway.url = good
    await until(lambda: platform.connected)
    task.cancel()
    await asyncio.wait({task})


async def test_no_more_sessions_are_begun_than_discord_allows(
    discord: Discord, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_platform, "IDENTIFIES", 2)
    platform, told = on_discord(discord), list[str | None]()
    for _ in range(2):
        async with running(platform, kitchen.menu):
            pass
    async with trying(platform, kitchen):
        platform.on_connection(told.append)
        await until(lambda: told)
    assert "sessions" in str(told[0])
    assert discord.gateway.identified == 2


def begun(discord: Discord, sessions: int) -> bool:
    return discord.gateway.identified == sessions


@asynccontextmanager
async def trying(platform: Platform, kitchen: Kitchen) -> AsyncIterator[None]:
    task = asyncio.create_task(platform.run(kitchen.menu))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
