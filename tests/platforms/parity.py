"""The same person on either platform: says and presses the same, and tells what they then see."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from bot.model.chat import Chat
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.port import Platform
from bot.platforms.telegram.platform import TelegramPlatform
from sandbox import discord, telegram
from tests.platforms.kit import Kitchen, running


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a reader takes it in."""

    title: str
    body: str
    labels: tuple[str, ...]
    raw: Mapping[str, Any]


class Reader(Protocol):
    """Someone alone with the bot, on one of the platforms."""

    platform: Platform
    private: Chat
    """The chat they are alone with the bot in."""
    shared: Chat
    """A chat where others read along."""
    moderator: Chat
    """The private chat of someone who is a moderator there; who reads is none."""

    async def ask(self, command: str, option: str = "", words: str = "") -> Seen:
        """Use a command in private; returns the answer."""
        ...

    async def press(self, seen: Seen, label: str) -> Seen:
        """Press a button or pick from a menu; returns what is seen in answer."""
        ...

    async def ask_openly(self, command: str, option: str, words: str, *, moderator: bool) -> Seen:
        """Use a command where others read along."""
        ...

    def cards(self, chat: Chat) -> list[Seen]:
        """What stands in a chat of what was posted."""
        ...

    def pinned(self, chat: Chat) -> list[Seen]: ...


class OnDiscord:
    private = Chat("discord", f"@{discord.MIRA}")
    shared = Chat("discord", discord.NEWS)
    moderator = Chat("discord", f"@{discord.SOL}")

    def __init__(self, world: discord.Discord, platform: DiscordPlatform) -> None:
        self.platform: Platform = platform
        self._world = world

    async def ask(self, command: str, option: str = "", words: str = "") -> Seen:
        options = {option: words} if words else {}
        here = self._world.dm(discord.MIRA)
        answer = await self._world.slash(discord.MIRA, here, command, options)
        return self._seen(answer.message)

    async def press(self, seen: Seen, label: str) -> Seen:
        for row in seen.raw["components"]:
            for item in row["components"]:
                values = [o["value"] for o in item.get("options", ()) if o["label"] == label]
                if values or item.get("label") == label:
                    answer = await self._world.click(
                        discord.MIRA, seen.raw, item["custom_id"], values
                    )
                    return self._seen(answer.message)
        raise AssertionError(f"nothing says {label}")

    async def ask_openly(self, command: str, option: str, words: str, *, moderator: bool) -> Seen:
        person = discord.SOL if moderator else discord.MIRA
        answer = await self._world.slash(person, discord.NEWS, command, {option: words})
        return self._seen(answer.message)

    def cards(self, chat: Chat) -> list[Seen]:
        return [self._seen(message) for message in self._world.messages(self._channel(chat))]

    def pinned(self, chat: Chat) -> list[Seen]:
        return [self._seen(message) for message in self._world.pins(self._channel(chat))]

    def _channel(self, chat: Chat) -> str:
        return self._world.dm(discord.MIRA) if chat == self.private else chat.address

    def _seen(self, message: Mapping[str, Any] | None) -> Seen:
        assert message is not None, "nothing is seen"
        embed = (message["embeds"] or [{}])[0]  # the notice of a pin has none
        items = [item for row in message["components"] for item in row["components"]]
        labels = [i.get("label") or [option["label"] for option in i["options"]] for i in items]
        flat = [name for label in labels for name in ([label] if isinstance(label, str) else label)]
        return Seen(
            _plain(embed.get("title", "")),
            _plain(embed.get("description", "")),
            tuple(flat),
            message,
        )


class OnTelegram:
    private = Chat("telegram", str(telegram.MIRA))
    shared = Chat("telegram", str(telegram.GROUP))
    moderator = Chat("telegram", str(telegram.SOL))

    def __init__(self, world: telegram.Telegram, platform: TelegramPlatform) -> None:
        self.platform: Platform = platform
        self._world = world

    async def ask(self, command: str, option: str = "", words: str = "") -> Seen:
        await self._world.say(telegram.MIRA, telegram.MIRA, f"/{command} {words}".strip())
        await self._world.settle()
        return self.cards(self.private)[-1]

    async def press(self, seen: Seen, label: str) -> Seen:
        before = len(self._world.messages(telegram.MIRA))
        for row in seen.raw["reply_markup"]["inline_keyboard"]:
            for button in row:
                if button["text"] == label:
                    data = button["callback_data"]
                    await self._world.click(telegram.MIRA, seen.raw, data)
                    await self._world.settle()
                    messages = self._world.messages(telegram.MIRA)
                    if len(messages) > before:
                        return self._seen(messages[-1])
                    [changed] = [m for m in messages if m["message_id"] == seen.raw["message_id"]]
                    return self._seen(changed)
        raise AssertionError(f"nothing says {label}")

    async def ask_openly(self, command: str, option: str, words: str, *, moderator: bool) -> Seen:
        person = telegram.SOL if moderator else telegram.MIRA
        await self._world.say(person, telegram.GROUP, f"/{command} {words}")
        await self._world.settle()
        return self.cards(self.shared)[-1]

    def cards(self, chat: Chat) -> list[Seen]:
        return [
            self._seen(message)
            for message in self._world.messages(int(chat.address))
            if message.get("from", {}).get("id") == telegram.BOT and "text" in message
        ]

    def pinned(self, chat: Chat) -> list[Seen]:
        return [self._seen(message) for message in self._world.pins(int(chat.address))]

    def _seen(self, message: Mapping[str, Any]) -> Seen:
        title, _, body = _plain(message["text"]).partition("\n")
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        labels = tuple(button["text"] for row in rows for button in row)
        return Seen(title, body.strip(), labels, message)


def _plain(text: str) -> str:
    """Without what a renderer adds so that text stays text."""
    return text.replace("\u2060", "").replace("\\", "")


@asynccontextmanager
async def on_discord(kitchen: Kitchen) -> AsyncIterator[Reader]:
    async with discord.Discord(limits=False) as world:
        platform = DiscordPlatform(
            world.token, api_url=world.api_url, gateway_url=world.gateway_url
        )
        async with running(platform, kitchen.menu):
            yield OnDiscord(world, platform)


@asynccontextmanager
async def on_telegram(kitchen: Kitchen) -> AsyncIterator[Reader]:
    async with telegram.Telegram(limits=False) as world:
        platform = TelegramPlatform(world.token, api_url=world.api_url)
        async with running(platform, kitchen.menu):
            await world.open(telegram.MIRA)
            await world.settle()
            kitchen.asked.clear()
            yield OnTelegram(world, platform)


READERS = {"discord": on_discord, "telegram": on_telegram}
