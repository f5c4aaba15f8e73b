"""The largest and the most hostile stories: taken by both platforms, and never more than text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle

import pytest

from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from sandbox import discord, telegram
from stories.fields import HEADLINE_LIMIT
from stories.story import Source, Stats, Status, Story
from stories.wire import read, write
from tests.platforms.test_discord_render import read as read_markup
from tests.road.people import Person, Say, Seen, both
from tests.running import Road, Running, eventually
from tests.stories_made import CJK, EMOJI, HOSTILE, LARGEST, RIGHT_TO_LEFT, TRICKS
from wording.text import line

NOW = datetime.now(UTC).replace(microsecond=0)
CHATS = {
    Chat("discord", discord.NEWS): Rule(all=True, loudness=Loudness.REPLY),
    Chat("telegram", str(telegram.GROUP)): Rule(all=True, loudness=Loudness.REPLY),
}
TRICKY = tuple(trick for trick in TRICKS if line(trick))
LURES = replace(
    HOSTILE,
    headline=" ".join(TRICKY)[:HEADLINE_LIMIT],
    entities=TRICKY[:50],
    keywords=TRICKY[-50:],
    breakdown=(*TRICKY[:49], " ".join(TRICKY)),
    sources=(Source("[x](https://evil.example)", "**x**", "https://example.org/)x"),),
    url="https://example.org/a)b",
    image_url=None,
    retracted=None,
)
HOSTS = {"example.org", "example.com", "veldpost.example", "news.example"}
"""Where links may lead: what the stories themselves name as their page or a source."""
OURS = {"bold", "italic", "strikethrough", "blockquote", "expandable_blockquote", "text_link"}
"""What our own dress of a message is made of on Telegram."""


def alive(story: Story) -> Story:
    """The story as the wire lets it in today."""
    today = replace(
        story,
        revision=None,
        stats=replace(story.stats or Stats(), status=Status.ACTIVE),
        started_at=NOW - timedelta(hours=21),
        updated_at=NOW,
    )
    return read(write(today)).story


EXTREMES = [alive(story) for story in (LARGEST, CJK, EMOJI, RIGHT_TO_LEFT, LURES)]


@pytest.mark.parametrize("story", EXTREMES, ids=lambda story: story.id[:12])
async def test_an_extreme_story_is_shown_asked_about_and_changed(
    calm_bot: Running, story: Story
) -> None:
    road = await calm_bot.start(CHATS)
    await road.publish(story)
    people = both(road, "shared")
    for person in people:
        await eventually(person.read, "the card")
    for person in both(road, "private"):
        for part in ("Full breakdown", f"Sources ({len(story.sources)})"):
            seen = await person.say(Say("story", {"words": story.id}))
            if part in seen.labels:
                await pages_of(person, await person.press(seen, part))
        for question in story.questions[:2]:
            asked = {"story": story.id, "question": question.key}
            link = f"faq_{story.id}_{question.key}"
            await pages_of(person, await person.say(Say("faq", asked, link=link)))
        for command in ("stories", "faq", "follow", "pin"):
            await person.say(Say(command))
    await road.publish(replace(story, breakdown=(*story.breakdown[:10], "A calm addition.")))
    for person in people:
        await eventually(partial(replied, person), "the card and a reply")
    await road.publish(replace(story, retracted=" ".join(TRICKY)[:HEADLINE_LIMIT]))
    for person in people:
        await eventually(partial(withdrawn, person), "the card says so")
    nothing_was_refused(road)
    nothing_is_more_than_text(road)


def replied(person: Person) -> bool:
    return len(person.read()) == 2


def withdrawn(person: Person) -> bool:
    return "Withdrawn:" in person.read()[0]


async def pages_of(person: Person, seen: Seen) -> None:
    """Turn the first pages; the longest story has fifty of them."""
    for _ in range(5):
        if "More ›" not in seen.labels:
            return
        seen = await person.press(seen, "More ›")


def nothing_was_refused(road: Road) -> None:
    for call in (*road.discord.calls, *road.telegram.calls):
        assert call.status < 300, f"{call.path}: {call.status} {call.answer}"


def nothing_is_more_than_text(road: Road) -> None:
    """Discord's mark-up was read when the messages were: there, anything not ours fails."""
    view = road.discord.view()
    posted = [message for channel in view["messages"].values() for message in channel]
    assert len(posted) > 2
    for message in posted:
        assert message["mentions"] == message["mention_roles"] == []
        assert not message["mention_everyone"]
        assert read_markup(message["content"])[1] == [], "no link, and no mark-up of theirs"
    view = road.telegram.view()
    said = [
        message
        for chat in view["messages"].values()
        for message in chat
        if "text" in message and message.get("from", {}).get("id") == telegram.BOT
    ]
    assert len(said) > 2
    for message in said:
        for entity in message.get("entities", ()):
            begin, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
            words = message["text"].encode("utf-16-le")[begin:end].decode("utf-16-le")
            if entity["type"] == "bot_command":
                assert words in OUR_COMMANDS, f"{words!r} can be tapped"
                continue
            assert entity["type"] in OURS, f"{words!r} is a {entity['type']}"
            if entity["type"] == "text_link":
                assert words in HOSTS, f"{words!r} leads to {entity['url']}"


OUR_COMMANDS = {"/story", "/faq", "/follow"}
"""What the bot's own sentences name; no story here does."""


async def test_what_people_type_is_said_back_as_text(calm_bot: Running) -> None:
    road = await calm_bot.knowing(EXTREMES[1])
    ways = cycle((("story", "words"), ("faq", "text")))
    for trick, (command, option) in zip(TRICKY, ways, strict=False):
        for person in both(road, "private"):
            answer = await person.say(Say(command, {option: trick}))
            if len(trick) < 40 and "“" in answer.title:
                assert line(trick) in answer.title, "what was asked is said back as it was"
    nothing_was_refused(road)
    nothing_is_more_than_text(road)
