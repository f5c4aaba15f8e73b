"""What people do every day is the same on both platforms.

The bot runs as it would, on a real Redis; whoever asks types commands and presses buttons.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from runtime.connection import connect
from sandbox import discord, telegram
from stories.archive import Archive
from stories.story import Stats, Status, Story, StoryId
from tests.road.people import Person, Say, Seen, both
from tests.road.test_restart import redis_of_ones_own, standing_still
from tests.running import HASTY, Road, Running, eventually, eventually_so

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

EVERYWHERE = (Chat("discord", discord.NEWS), Chat("telegram", str(telegram.GROUP)))


async def until(asked: Callable[[], Awaitable[Seen]], words: str) -> Seen:
    """Ask until the answer says it: an update takes a moment to arrive."""
    last: list[Seen] = []

    async def said() -> bool:
        last[:] = [await asked()]
        return words in last[0]

    await eventually_so(said, words)
    return last[0]


# What changed.


async def saved(road: Road, people: int) -> bool:
    """Whether what so many people saw would outlive the bot."""
    async with connect(road.settings.redis_url) as redis:
        return len(await redis.keys(f"{road.settings.prefix}:places:*")) == people


async def test_what_changed_is_told_since_the_asker_last_looked_even_after_a_restart(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start()
    await road.telegram.open(telegram.MIRA)
    await road.publish(FIRE)
    people = both(road, "private")
    for person in people:
        first = await until(partial(person.say, Say("story", {"words": "fire"})), "New story")
        assert "What changed" not in first.labels
    await eventually_so(lambda: saved(road, 2), "the visits are saved")
    await road.publish(SPREADS)
    await calm_bot.stop()
    road = await calm_bot.start()
    await road.publish(OUT)
    updated = "“It began in the attic at 04:10.” → “It began in the attic at 05:40.”"
    answers = []
    for person in people:
        await until(partial(person.say, Say("stories")), "Cooling")
        card = await person.say(Say("story", {"words": "fire"}))
        changes = await person.press(card, "What changed")
        answers.append(changes)
        assert changes.title == "What changed in “Fire at the mill”"
        since, last = changes.body.split("Latest change")
        assert since.startswith("Since you last looked You saw version 1")
        assert since.index(f"Updated: {updated}") < since.index("Status active → cooling")
        assert "Status active → cooling" in last
        assert "Updated" not in last
        assert (await person.press(changes, "‹ Story")).title == "Fire at the mill"
    assert answers[0] == answers[1]


async def test_a_cards_button_tells_whoever_presses_it_alone(calm_bot: Running) -> None:
    road = await calm_bot.start(dict.fromkeys(EVERYWHERE, Rule(all=True, loudness=Loudness.EDIT)))
    people = both(road, "shared")
    await road.publish(FIRE)
    await eventually(lambda: all(_stands(person, "New story") for person in people))
    await road.publish(SPREADS)
    await eventually(lambda: all(_stands(person, "1 point updated") for person in people))
    for person in people:
        [card] = person.read()
        assert "Updated: “It began in the attic" in await person.press(card, "What changed")
        assert person.read() == [card], "nobody else sees it, and the card stays"


def _stands(person: Person, words: str) -> bool:
    """Whether a card says it where everyone reads."""
    return any(words in card for card in person.read())


# Why.


async def asked_why(road: Road, words: str) -> list[Seen]:
    """Both people's answers to /why in the shared chats, once they say it."""
    asking = Say("why", {"story": "mill fire"})
    people = both(road, "shared")
    return [await until(partial(person.say, asking), words) for person in people]


async def test_why_a_story_below_the_threshold_is_not_here(calm_bot: Running) -> None:
    rule = Rule(all=True, min_virality=6)
    road = await calm_bot.start(dict.fromkeys(EVERYWHERE, rule))
    await road.publish(FIRE)
    for answer in await asked_why(
        road, "This chat wants a virality of 6 or more, but the story has 4."
    ):
        assert answer.title == "“Fire at the mill” isn't shown here"


async def test_why_a_card_is_behind_and_why_it_was_replied_to(calm_bot: Running) -> None:
    rule = Rule(all=True, loudness=Loudness.REPLY)
    chats = dict.fromkeys(EVERYWHERE, rule)
    road = await calm_bot.start(chats)
    await road.publish(FIRE)
    await asked_why(road, "Its card shows version 1 (the latest), written less than a minute ago.")
    await road.publish(replace(SPREADS, breakdown=(*FIRE.breakdown, "Help came.")))
    for answer in await asked_why(road, "Its card shows version 2 (the latest)"):
        assert "(less than a minute ago, notable): new: “Help came.”" in answer
    await asked_why(road, "A short reply about it was sent less than a minute ago.")
    await calm_bot.stop()
    road = await calm_bot.start(chats, edit_spacing_s=600)
    await road.publish(OUT)
    for answer in await asked_why(
        road, "Version 3 comes in 9 minutes: a card is updated at most once every 10 minutes."
    ):
        assert answer.title == "“Fire at the mill” is shown here, but not its latest version"


async def test_why_nothing_arrives_where_a_right_was_taken_and_what_mends_it(
    calm_bot: Running,
) -> None:
    """On Discord only: whom Telegram forbids to write cannot answer there either."""
    road = await calm_bot.start({EVERYWHERE[0]: Rule(all=True)})
    road.discord.deny(discord.NEWS, "SEND_MESSAGES")
    await road.publish(FIRE)
    mira, _ = both(road, "shared")
    await until(partial(mira.say, Say("why", {"story": "mill fire"})), "can't post in this chat")
    answer = await mira.say(Say("why"))
    assert answer.title == "“Fire at the mill” isn't shown here"
    assert (
        "I can't post in this chat. I'm missing “Send Messages”. Give my role “Send Messages” "
        "under Edit Channel → Permissions. I'll retry in"
    ) in answer


# While Redis stands still.


async def test_while_redis_stands_still_everything_known_by_heart_is_told(
    calm_world: tuple[discord.Discord, telegram.Telegram], prefix: str
) -> None:
    async with (
        redis_of_ones_own() as (url, process),
        connect(url) as redis,
        Running(calm_world, Archive(redis, prefix), url, prefix, HASTY) as bot,
    ):
        road = await bot.start()
        await road.telegram.open(telegram.MIRA)
        people = both(road, "private")
        await road.publish(FIRE, SPREADS)
        for person in people:
            await until(partial(person.say, Say("story", {"words": "fire"})), "1 point updated")
        with standing_still(process):
            for person in people:
                card = await person.say(Say("story", {"words": "fire"}))
                changes = await person.press(card, "What changed")
                assert "so this is only the latest change" in changes
                assert "Updated: “It began in the attic at 04:10.”" in changes
                why = await person.say(Say("why", {"story": "fire"}))
                assert "This chat follows nothing, so no stories are posted here." in why
                assert "I can't look up right now what was posted here." in why
                found = await person.say(Say("search", {"words": "attic"}))
                assert found.title == "1 story mentions “attic”"
        for person in people:
            card = await person.say(Say("story", {"words": "fire"}))
            await eventually_so(partial(_looks_up, person, card), "changes are looked up again")


async def _looks_up(person: Person, card: Seen) -> bool:
    return "so this is only the latest change" not in await person.press(card, "What changed")
