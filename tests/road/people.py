"""A person on either platform, in front of the whole bot: asks, presses, and reads what comes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox import discord, telegram
from tests.platforms.test_discord_render import read as read_discord
from tests.running import Road, eventually
from wording.text import JOINER

LOCALE = "en-GB"
"""What people on Discord read: English as Telegram's people read it, of no country's own."""
UNSEEN = "I can't see which of them people have unpinned by hand."
"""What only Telegram's people read under pins: it shows bots no more than the newest."""
JUST_NOW = "just now"
"""What stands for every moment: each platform shows moments in its own way."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a reader takes it in, without what a platform dresses it in."""

    title: str
    body: str
    """The words with single spaces; the prompts of menus last."""
    labels: tuple[str, ...]
    """What can be pressed or picked."""
    raw: Mapping[str, Any] = field(compare=False)

    def __contains__(self, words: str) -> bool:
        return words in f"{self.title} {self.body}"


@dataclass(frozen=True, slots=True)
class Say:
    """A command: its options as Discord's client fills them in, or one line as Telegram's has."""

    command: str
    options: Mapping[str, str] = field(default_factory=dict)
    typed: str | None = None
    """What is typed behind it on Telegram; None: the only option's words."""
    link: str | None = None
    """What a link into Telegram's private chat carries instead of anything typed."""

    @property
    def line(self) -> str:
        if self.typed is not None:
            return f"/{self.command} {self.typed}"
        assert len(self.options) < 2, "say what is typed"
        return " ".join((f"/{self.command}", *self.options.values()))


@dataclass(frozen=True, slots=True)
class Press:
    """A button, or a line of a menu, of what was seen last."""

    label: str


@dataclass(frozen=True, slots=True)
class Fill:
    """What is written into the form that opened, or in reply to the message that asks for it."""

    text: str


class Person(Protocol):
    """Someone in one chat of one platform."""

    async def say(self, said: Say) -> Seen:
        """Use a command; returns the answer."""
        ...

    async def press(self, seen: Seen, label: str) -> Seen:
        """Press a button or pick from a menu; returns what is seen in answer."""
        ...

    async def fill(self, seen: Seen, text: str) -> Seen:
        """Write what was asked for; returns what is seen in answer."""
        ...

    async def ask_card(self, card: Seen, command: str, called: str) -> Seen:
        """Ask a command about a card: from its menu, or by writing the command in reply to it."""
        ...

    def read(self) -> list[Seen]:
        """What the bot has posted in this chat for all who are there, oldest first."""
        ...

    def pinned(self) -> list[Seen]: ...


class OnDiscord:
    """One person in one channel, or with channel None in direct messages with the bot."""

    def __init__(
        self,
        world: discord.Discord,
        person: str,
        channel: str | None = None,
        *,
        locale: str = LOCALE,
    ) -> None:
        self._world = world
        self._locale = locale
        self._person = person
        self._channel = channel or world.dm(person)

    async def say(self, said: Say) -> Seen:
        answer = await self._world.slash(
            self._person, self._channel, said.command, said.options, locale=self._locale
        )
        assert answer.modal or answer.ephemeral or self._channel == self._world.dm(self._person)
        return _seen(answer)

    async def press(self, seen: Seen, label: str) -> Seen:
        for item in _items(seen.raw):
            values = [o["value"] for o in item.get("options", ()) if o["label"] == label]
            if values or item.get("label") == label:
                answer = await self._world.click(
                    self._person, seen.raw, item["custom_id"], values, locale=self._locale
                )
                return _seen(answer)
        raise AssertionError(f"nothing says {label}, but {seen.labels}")

    async def choose(self, seen: Seen, prompt: str, *values: str) -> Seen:
        """Choose, by their ids, in the menu of people, roles or channels that says so."""
        menu = next(item for item in _items(seen.raw) if item.get("placeholder") == prompt)
        answer = await self._world.click(
            self._person, seen.raw, menu["custom_id"], values, locale=self._locale
        )
        return _on_discord(answer.message)

    async def fill(self, seen: Seen, text: str) -> Seen:
        answer = seen.raw["answer"]
        filled = await self._world.submit(
            self._person, self._channel, answer, {"text": text}, locale=self._locale
        )
        return _seen(filled)

    async def ask_card(self, card: Seen, command: str, called: str) -> Seen:
        return _on_discord((await self._world.menu(self._person, card.raw, called)).message)

    def read(self) -> list[Seen]:
        posted = self._world.messages(self._channel)
        return [_on_discord(message) for message in posted if message["embeds"]]

    def pinned(self) -> list[Seen]:
        return [_on_discord(message) for message in self._world.pins(self._channel)]


def _seen(answer: discord.Answer) -> Seen:
    """A message, or the form that opened."""
    if answer.modal is None:
        return _on_discord(answer.message)
    [label] = answer.modal["components"]
    there = label["component"].get("value", "")
    return Seen(answer.modal["title"], there, (), {"answer": answer, "form": answer.modal})


def _items(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [item for row in message["components"] for item in row["components"]]


def _on_discord(message: Mapping[str, Any] | None) -> Seen:
    assert message is not None, "nothing is seen"
    [embed] = message["embeds"]
    items = _items(message)
    prompts = [item["placeholder"] for item in items if "placeholder" in item]
    options = [o["label"] for item in items for o in item.get("options", [item]) if "label" in o]
    body, _ = read_discord(re.sub(r"(?m)^• ", "", embed.get("description", "")))
    title, _ = read_discord(embed["title"])
    return Seen(_plain(title), _plain(" ".join([body, *prompts])), tuple(options), message)


class OnTelegram:
    """One person in one chat, perhaps in a topic of it; with chat None alone with the bot."""

    def __init__(
        self,
        world: telegram.Telegram,
        person: int,
        chat: int | None = None,
        topic: int | None = None,
    ) -> None:
        self._world = world
        self._person = person
        self._chat = chat or person
        self._topic = topic

    async def say(self, said: Say) -> Seen:
        if said.link is not None:
            return await self.open(said.link)
        return await self.type(said.line)

    async def type(self, text: str) -> Seen:
        told = await self._world.say(self._person, self._chat, text, topic=self._topic)
        return await self._answer(self._chat, told["message_id"])

    async def ask_card(self, card: Seen, command: str, called: str) -> Seen:
        told = await self._world.say(
            self._person, self._chat, f"/{command}", topic=self._topic, reply_to=card.raw
        )
        return await self._answer(self._chat, told["message_id"])

    async def open(self, payload: str) -> Seen:
        """Follow a link t.me/<bot>?start=payload."""
        told = await self._world.open(self._person, payload)
        return await self._answer(self._person, told["message_id"])

    async def press(self, seen: Seen, label: str) -> Seen:
        button = next((each for each in _buttons(seen.raw) if each["text"] == label), None)
        assert button is not None, f"nothing says {label}, but {seen.labels}"
        if "url" in button:
            return await self.open(_payload(button["url"]))
        chat, number = seen.raw["chat"]["id"], seen.raw["message_id"]
        before = len(self._world.calls)
        answer = await self._world.click(self._person, seen.raw, button["callback_data"])
        if answer.url is not None:
            return await self.open(_payload(answer.url))
        if answer.text is not None:
            return Seen(answer.text, "", (), {})

        def changed() -> list[int]:
            return [
                number if call.path == "editMessageText" else call.answer["result"]["message_id"]
                for call in self._world.calls[before:]
                if call.body
                and (
                    (call.path == "editMessageText" and call.body["message_id"] == number)
                    or (
                        call.path == "sendMessage"
                        and call.body["chat_id"] == chat
                        and (chat == self._person or _asks(call.body))
                        and not _is_card(call.answer["result"])
                    )
                )
            ]

        there = (await eventually(changed, f"an answer to {label}"))[0]
        return _on_telegram(next(m for m in self._world.messages(chat) if m["message_id"] == there))

    async def fill(self, seen: Seen, text: str) -> Seen:
        chat, number = seen.raw["chat"]["id"], seen.raw["message_id"]
        topic = seen.raw.get("message_thread_id")
        told = await self._world.say(self._person, chat, text, reply_to=number, topic=topic)
        return await self._answer(chat, told["message_id"])

    async def _answer(self, chat: int, asked: int) -> Seen:
        """The first message after the question that is its answer, not a card."""

        def answers() -> Iterator[dict[str, Any]]:
            for message in self._world.messages(chat):
                ours = "text" in message and message["message_id"] > asked
                replied = message.get("reply_to_message", {}).get("message_id")
                if ours and (replied == asked or (chat == self._person and not _is_card(message))):
                    yield message

        return _on_telegram(await eventually(lambda: next(answers(), None), "an answer"))

    def read(self) -> list[Seen]:
        return [
            _on_telegram(message)
            for message in self._world.messages(self._chat)
            if "text" in message
            and telegram.BOT in (message.get("from", {}).get("id"), _poster(message))
            and (self._topic is None or message.get("message_thread_id") == self._topic)
        ]

    def pinned(self) -> list[Seen]:
        return [_on_telegram(message) for message in self._world.pins(self._chat)]


def _poster(message: Mapping[str, Any]) -> int | None:
    """In a channel nobody is named; people of these tests post nothing but commands there."""
    return None if message["text"].startswith("/") or "from" in message else telegram.BOT


def _is_card(message: Mapping[str, Any]) -> bool:
    """Cards stay, so their buttons answer beside them; an answer's act in its place."""
    return any(button.get("callback_data", "")[:1] == "+" for button in _buttons(message))


def _asks(body: Mapping[str, Any]) -> bool:
    return "force_reply" in (body.get("reply_markup") or {})


def _buttons(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _payload(url: str) -> str:
    found = re.fullmatch(r"https://t\.me/storywire_bot\?start=([A-Za-z0-9_-]{1,64})", url)
    assert found, f"{url} does not lead to the bot"
    return found[1]


def _on_telegram(message: Mapping[str, Any]) -> Seen:
    text = re.sub(r"\A🔴 ", "", message["text"])
    text = re.sub(r"\d+ \w{3} \d{4}, \d\d:\d\d UTC", JUST_NOW, text)
    text = re.sub(r"(?m)^• ", "", text)
    title, _, body = text.partition("\n")
    labels = tuple(button["text"] for button in _buttons(message))
    return Seen(_plain(title), _plain(body), labels, message)


def _plain(text: str) -> str:
    text = " ".join(text.replace(JOINER, "").split())
    return re.sub(r"(This chat's ID is|chat =) \S+", r"\1 …", text)


def both(road: Road, place: str, *, moderator: bool = False) -> tuple[Person, Person]:
    """The same person on both platforms: "private" with the bot, or where others "shared" read."""
    on_discord, on_telegram = (
        (discord.SOL, telegram.SOL) if moderator else (discord.MIRA, telegram.MIRA)
    )
    shared = place == "shared"
    return (
        OnDiscord(road.discord, on_discord, discord.NEWS if shared else None),
        OnTelegram(road.telegram, on_telegram, telegram.GROUP if shared else None),
    )


def keepers(road: Road) -> tuple[Person, Person]:
    """A moderator in the chat of each platform."""
    return both(road, "shared", moderator=True)
