"""What people do every day, alone with the bot, is the same on both platforms.

The bot runs as it would, on a real Redis; whoever asks types commands and presses buttons.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from sandbox import discord, telegram
from stories.archive import connect
from stories.story import Stats, Status, Story, StoryId
from tests.platforms.parity import OnDiscord, OnTelegram, Reader, Seen
from tests.running import Road, Running, eventually_so

FIRE = Story(
    StoryId("mill-fire"),
    "Fire at the mill",
    ("It began in the attic at 04:10.", "Two streets are closed."),
    revision=1,
    stats=Stats(Status.ACTIVE, 4.0, 9),
    updated_at=datetime.now(UTC).replace(microsecond=0),
    keywords=("fire",),
)
SPREADS = replace(
    FIRE, revision=2, breakdown=("It began in the attic at 05:40.", "Two streets are closed.")
)
OUT = replace(SPREADS, revision=3, stats=Stats(Status.COOLING, 4.0, 9))

READERS: dict[str, Callable[[Road], Reader]] = {
    "discord": lambda road: OnDiscord(road.discord, _no_platform()),
    "telegram": lambda road: OnTelegram(road.telegram, _no_platform()),
}


def _no_platform() -> Any:
    return None  # the bot has its own; nobody reaches around it here


@pytest.fixture(params=list(READERS))
def on(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def reading(road: Road, on: str) -> Reader:
    await road.telegram.open(telegram.MIRA)
    await road.telegram.settle()
    return READERS[on](road)


async def until(asked: Callable[[], Awaitable[Seen]], words: str) -> Seen:
    """Ask until the answer says it: an update takes a moment to arrive."""
    last: list[Seen] = []

    async def said() -> bool:
        last[:] = [await asked()]
        return words in f"{last[0].title}\n{last[0].body}"

    await eventually_so(said, words)
    return last[0]


async def saved(road: Road, reader: Reader) -> bool:
    """Whether what the reader saw would outlive the bot."""
    async with connect(str(road.settings.redis_url)) as redis:
        return bool(await redis.exists(f"{road.settings.prefix}:places:{reader.private}"))


async def test_what_changed_is_told_since_the_asker_last_looked_even_after_a_restart(
    calm_bot: Running, on: str
) -> None:
    road = await calm_bot.start()
    reader = await reading(road, on)
    await road.publish(FIRE)
    first = await until(lambda: reader.ask("story", "words", "fire"), "New story")
    assert "What changed" not in first.labels
    await eventually_so(lambda: saved(road, reader), "the visit is saved")
    await road.publish(SPREADS)
    await calm_bot.stop()
    road = await calm_bot.start()
    reader = READERS[on](road)
    await road.publish(OUT)
    await until(lambda: reader.ask("stories"), "Cooling")
    card = await reader.ask("story", "words", "fire")
    changes = await reader.press(card, "What changed")
    assert changes.title.endswith("What changed in “Fire at the mill”")
    correction = "Correction: “It began in the attic at 04:10.” → “It began in the attic at 05:40.”"
    since, last = changes.body.split("The last change")
    assert "Since you last looked" in since
    assert "You saw revision 1" in since
    assert since.index("Status active → cooling") < since.index(correction)
    assert "Status active → cooling" in last
    assert correction not in last
    assert (await reader.press(changes, "‹ Story")).title.endswith("Fire at the mill")


async def test_a_cards_button_tells_whoever_presses_it_alone(calm_bot: Running) -> None:
    rule = Rule(all=True, loudness=Loudness.EDIT)
    news = {Chat("discord", discord.NEWS): rule, Chat("telegram", str(telegram.GROUP)): rule}
    road = await calm_bot.start(news)
    await reading(road, "telegram")
    here, there = OnDiscord(road.discord, _no_platform()), READERS["telegram"](road)

    async def both_say(words: str) -> bool:
        cards = [*here.cards(here.shared), *there.cards(there.shared)]
        return len([card for card in cards if words in card.body]) == 2

    await road.publish(FIRE)
    await eventually_so(lambda: both_say("New story"), "both cards stand")
    await road.publish(SPREADS)
    await eventually_so(lambda: both_say("1 point corrected"), "both cards are edited")
    before = len(here.cards(here.shared)), len(there.cards(there.shared))

    [card] = here.cards(here.shared)
    told = await here.press(card, "What changed")
    assert "Correction: “It began in the attic at 04:10.”" in told.body
    assert told.raw["flags"] & 64, "only the one who pressed sees it"

    [card] = there.cards(there.shared)
    [link] = [
        button["url"]
        for row in card.raw["reply_markup"]["inline_keyboard"]
        for button in row
        if button["text"] == "What changed"
    ]
    await road.telegram.open(telegram.MIRA, link.partition("?start=")[2])
    await road.telegram.settle()
    assert "Correction: “It began in the attic at 04:10.”" in there.cards(there.private)[-1].body
    assert before == (len(here.cards(here.shared)), len(there.cards(there.shared)))
