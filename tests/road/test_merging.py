"""Stories that merge, split, end or are withdrawn: what becomes of cards, pins and follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from sandbox import discord, telegram
from stories.story import Stats, Status, Story, StoryId
from tests.road.people import Person, Say, Seen, keepers
from tests.running import Running, eventually, eventually_so

NOW = datetime.now(UTC).replace(microsecond=0)
FERRY, PORT, STORM = (
    Story(
        StoryId(name),
        title,
        ("It began.",),
        stats=Stats(Status.ACTIVE, 4.0, 3),
        updated_at=NOW,
        keywords=(name,),
    )
    for name, title in (
        ("ferry", "Ferry Sails"),
        ("port", "Port Reopens"),
        ("storm", "Storm Passes"),
    )
)
ON_DISCORD = Chat("discord", discord.NEWS)
ON_TELEGRAM = Chat("telegram", str(telegram.GROUP))
CHATS = (ON_DISCORD, ON_TELEGRAM)
CALM = Rule(all=True, loudness=Loudness.EDIT)
INTO_PORT = replace(FERRY, merged_into=PORT.id)
ENDED = replace(FERRY, stats=replace(FERRY.stats, status=Status.ENDED))
pytestmark = pytest.mark.usefixtures("settles_soon")
PARTING = "The story is over, so this chat no longer follows it."


def everywhere(rule: Rule) -> dict[Chat, Rule]:
    return dict.fromkeys(CHATS, rule)


def posted(person: Person) -> list[Seen]:
    """Cards and replies, oldest first, without what was answered to questions."""
    known = {story.title for story in (FERRY, PORT, STORM)}
    return [seen for seen in person.read() if seen.title.strip("~") in known]


def titles(person: Person) -> list[str]:
    return [seen.title.strip("~") for seen in posted(person)]


async def stand(person: Person, *wanted: str) -> list[Seen]:
    """Wait until messages with these titles stand, oldest first, and no others."""
    await eventually(lambda: titles(person) == list(wanted), f"{wanted} and no others")
    return posted(person)


async def says(person: Person, number: int, words: str) -> Seen:
    await eventually(
        lambda: len(posted(person)) > number and words in posted(person)[number], words
    )
    return posted(person)[number]


async def test_the_card_of_a_merged_story_becomes_the_card_of_what_it_went_into(
    calm_bot: Running,
) -> None:
    """Where that one has no card yet; also when it is heard of only later."""
    road = await calm_bot.start(everywhere(replace(CALM, all=False, keywords=("ferry",))))
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
        await person.say(Say("pin", {"story": "ferry"}))
    await road.publish(INTO_PORT)
    for person in keepers(road):
        await says(person, 0, "Merged into “port”")
    await road.publish(PORT)
    for person in keepers(road):
        await stand(person, "Port Reopens")
        card = await says(person, 0, "Merged into this story: “Ferry Sails”")
        assert "It began" in card
    await road.publish(replace(PORT, headline="Ships come and go"))
    for person in keepers(road):
        await says(person, 0, "Ships come and go")
        await stand(person, "Port Reopens")


async def test_of_two_cards_the_elder_goes_on_and_the_younger_leads_to_it(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start(everywhere(CALM))
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
    await road.publish(PORT)
    for person in keepers(road):
        await stand(person, "Ferry Sails", "Port Reopens")
        await person.say(Say("pin", {"story": "port"}))
    await road.publish(INTO_PORT)
    for person in keepers(road):
        await stand(person, "Port Reopens", "Ferry Sails")
        await says(person, 0, "Merged into this story: “Ferry Sails”")
        younger = await says(person, 1, "Merged into “Port Reopens”")
        assert younger.labels == ("Where it continues",)
        await eventually(partial(_pinned, person, "Port Reopens"), "the pin went along")
        assert person.pinned()[0].raw == posted(person)[0].raw
    here, there = (posted(person)[1] for person in keepers(road))
    elder = road.discord.messages(discord.NEWS)[0]["id"]
    assert f"/{discord.NEWS}/{elder}" in str(here.raw["embeds"])
    first = next(m for m in road.telegram.messages(telegram.GROUP) if "reply_markup" in m)
    link = f"https://t.me/c/{str(telegram.GROUP).removeprefix('-100')}/{first['message_id']}"
    assert link in str(there.raw["entities"])
    answer = await keepers(road)[0].press(here, "Where it continues")
    assert answer.title == "Port Reopens"


def _pinned(person: Person, title: str) -> bool:
    return [each.title for each in person.pinned()] == [title]


async def test_a_merger_is_told_beside_the_card_with_the_title(calm_bot: Running) -> None:
    rule = Rule(keywords=("ferry",), loudness=Loudness.REPLY)
    road = await calm_bot.knowing(PORT, chats=everywhere(rule))
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
    await road.publish(INTO_PORT)
    for person in keepers(road):
        await stand(person, "Port Reopens", "Ferry Sails")
        told = await says(person, 1, "Merged into “Port Reopens”")
        assert not told.labels
        changed = await person.say(Say("story", {"words": "ferry"}))
        changed = await person.press(changed, "What changed")
        assert "Merged into “Port Reopens”" in changed


async def test_a_merger_that_was_undone_by_morning_is_not_told(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    now = datetime.now(UTC)
    begins, ends = ((now + timedelta(hours=hours)).time() for hours in (-2, 12))
    awake = Rule(keywords=("ferry",), loudness=Loudness.REPLY)
    asleep = replace(awake, quiet=Quiet(begins, ends, "UTC", majors=False))
    road = await calm_bot.knowing(PORT, chats=everywhere(awake))
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
    await calm_bot.stop()
    road = await calm_bot.start(everywhere(asleep))
    await road.publish(INTO_PORT)
    for person in keepers(road):
        await stand(person, "Port Reopens")

    async def owed() -> bool:
        rows = [await ledger.row(chat, PORT.id) for chat in CHATS]
        return all(row is not None and row.tells == FERRY.id for row in rows)

    async def settled() -> bool:
        rows = [await ledger.row(chat, PORT.id) for chat in CHATS]
        return all(row is not None and row.tells is None for row in rows)

    await eventually_so(owed, "it is to be told by morning")
    await road.publish(FERRY)
    await road.knows(FERRY)
    await calm_bot.stop()
    road = await calm_bot.start(everywhere(awake))
    await eventually_so(settled, "nothing is to be told any more")
    await road.rests()
    for person in keepers(road):
        assert titles(person) == ["Port Reopens"]


async def test_who_follows_or_mutes_a_merged_story_does_so_with_what_it_went_into(
    calm_bot: Running, rules: RedisRules
) -> None:
    followed = Rule(story_ids=(FERRY.id,), loudness=Loudness.EDIT)
    muted = Rule(all=True, muted=(Mute(FERRY.id),), loudness=Loudness.EDIT)
    await rules.save(ON_DISCORD, followed)
    await rules.save(ON_TELEGRAM, muted)
    road = await calm_bot.start()
    await road.publish(FERRY)
    here, there = keepers(road)
    await stand(here, "Ferry Sails")
    await road.publish(replace(INTO_PORT), replace(PORT, merged_into=STORM.id), STORM)
    await stand(here, "Storm Passes")

    async def went_over() -> bool:
        saved = await rules.load()
        return saved[ON_DISCORD].story_ids == (STORM.id,) and [
            mute.story for mute in saved[ON_TELEGRAM].muted
        ] == [STORM.id]

    await eventually_so(went_over, "both rules name the last of the three")
    await road.rests()
    assert titles(there) == []
    assert "“Storm Passes”" in await here.say(Say("following"))


async def test_what_the_operators_file_follows_may_have_become_a_part_of_another_before(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(PORT, FERRY, INTO_PORT, STORM)
    await calm_bot.stop()
    road = await calm_bot.start(everywhere(Rule(story_ids=(FERRY.id,), loudness=Loudness.EDIT)))
    for person in keepers(road):
        await stand(person, "Port Reopens")


async def test_who_follows_a_merged_story_gets_what_it_went_into_also_upon_a_later_update(
    calm_bot: Running, rules: RedisRules
) -> None:
    """The story was merged before anyone here followed it."""
    road = await calm_bot.knowing(PORT, FERRY, INTO_PORT)
    await calm_bot.stop()
    for chat in CHATS:
        await rules.save(chat, Rule(story_ids=(FERRY.id,), loudness=Loudness.EDIT))
    road = await calm_bot.start()
    await road.publish(replace(INTO_PORT, headline="As we know now"))
    for person in keepers(road):
        await stand(person, "Port Reopens")


async def test_a_split_names_both_sides_by_title(calm_bot: Running) -> None:
    road = await calm_bot.start(everywhere(CALM))
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
    await road.publish(replace(PORT, split_from=FERRY.id))
    for person in keepers(road):
        await stand(person, "Ferry Sails", "Port Reopens")
        split = await says(person, 1, "Split from “Ferry Sails”")
        assert "Where it came from" in split.labels
        await says(person, 0, "Split off from this story: “Port Reopens”")


@pytest.mark.parametrize("rule", [CALM, Rule(keywords=("other",))], ids=["calm", "unfollowed"])
async def test_a_withdrawal_is_told_to_everyone_who_has_the_card(
    calm_bot: Running, rule: Rule
) -> None:
    road = await calm_bot.start(everywhere(CALM))
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
    await calm_bot.stop()
    road = await calm_bot.start(everywhere(rule))
    await road.publish(replace(FERRY, retracted="It never sailed"))
    for person in keepers(road):
        await stand(person, "Ferry Sails", "Ferry Sails")
        assert "Withdrawn: It never sailed" in posted(person)[1]
    await road.publish(replace(FERRY, retracted="It never sailed", headline="As we know now"))
    for person in keepers(road):
        await eventually(partial(_shows, person, "As we know now"))
    await road.rests()
    assert [len(posted(person)) for person in keepers(road)] == [2, 2], "once is enough"


def _shows(person: Person, words: str) -> bool:
    return words in posted(person)[0]


@pytest.mark.parametrize("loudness", [Loudness.REPLY, Loudness.EDIT])
async def test_following_a_story_ends_with_it_and_is_said_once(
    calm_bot: Running, rules: RedisRules, loudness: Loudness
) -> None:
    rule = Rule(story_ids=(FERRY.id, PORT.id), loudness=loudness)
    for chat in CHATS:
        await rules.save(chat, rule)
    road = await calm_bot.start()
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
    await road.publish(ENDED)
    for person in keepers(road):
        await stand(person, "Ferry Sails", "Ferry Sails")
        assert PARTING in posted(person)[1]

    async def left() -> bool:
        saved = await rules.load()
        return all(saved[chat].story_ids == (PORT.id,) for chat in CHATS)

    await eventually_so(left, "the rules no longer name it")
    await calm_bot.stop()
    road = await calm_bot.start()
    await road.publish(replace(ENDED, headline="In the end"), PORT)
    for person in keepers(road):
        await says(person, 0, "In the end")
    await road.rests()
    for person in keepers(road):
        assert titles(person) == ["Ferry Sails", "Ferry Sails", "Port Reopens"]


async def test_following_goes_on_where_a_story_ends_in_one_that_is_not_heard_of_yet(
    calm_bot: Running, rules: RedisRules
) -> None:
    for chat in CHATS:
        await rules.save(chat, Rule(story_ids=(FERRY.id,)))
    road = await calm_bot.start()
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
    await road.publish(replace(ENDED, merged_into=PORT.id))
    for person in keepers(road):
        await says(person, 0, "Merged into “port”")
    await road.rests()
    assert not any(PARTING in seen for person in keepers(road) for seen in posted(person))
    saved = await rules.load()
    assert [saved[chat].story_ids for chat in CHATS] == [(FERRY.id,)] * 2
    await road.publish(PORT)
    for person in keepers(road):
        await says(person, 0, "Merged into this story: “Ferry Sails”")


@pytest.mark.parametrize("hush", [{"muted": (Mute(FERRY.id),)}, {"paused": True}], ids=str)
async def test_where_a_story_is_hushed_its_end_is_not_said(
    calm_bot: Running, rules: RedisRules, hush: dict[str, Any]
) -> None:
    rule = Rule(story_ids=(FERRY.id,))
    for chat in CHATS:
        await rules.save(chat, rule)
    road = await calm_bot.start()
    await road.publish(FERRY)
    for person in keepers(road):
        await stand(person, "Ferry Sails")
    await calm_bot.stop()
    for chat in CHATS:
        await rules.save(chat, replace(rule, **hush))
    road = await calm_bot.start()
    await road.publish(replace(ENDED, headline="In the end"))
    for person in keepers(road):
        await says(person, 0, "In the end")
    await road.rests()
    for person in keepers(road):
        assert titles(person) == ["Ferry Sails"]
