"""Everyone is spoken to in their language, and every chat in its own, on both platforms."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.model.chat import Chat
from bot.model.rule import Rule
from sandbox import discord, telegram
from stories.story import Stats, Status, Story, StoryId
from tests.language.pseudo import CODE, NAMED, escaped, said, spoken_in, wide
from tests.platforms.test_discord_platform import post_raw as discord_button
from tests.platforms.test_telegram_platform import post_raw as telegram_button
from tests.road.people import JUST_NOW, OnDiscord, OnTelegram, Person, Say, Seen
from tests.running import Road, Running, eventually

FERRY = Story(
    StoryId("1001"),
    wide("Ferry"),
    (wide("It is back."),),
    revision=1,
    stats=Stats(Status.ACTIVE, 4.5, 14),
    updated_at=None,
)
COOLS = replace(FERRY, revision=2, stats=Stats(Status.COOLING, 4.5, 1400))
LIVE = said("Live stories")


@pytest.fixture(autouse=True)
def catalogue(tmp_path: Path) -> Iterator[None]:
    with spoken_in(tmp_path):
        yield


def left_in(seen: Seen) -> list[str]:
    texts = (seen.title, seen.body.replace(JUST_NOW, ""), *seen.labels)
    return [rest for text in texts if (rest := escaped(text))]


def readers(road: Road) -> tuple[Person, Person]:
    """Someone alone with the bot on each platform whose app is in the language nobody speaks."""
    return (
        OnDiscord(road.discord, discord.MIRA, locale=CODE),
        OnTelegram(road.telegram, _ira(road)),
    )


# What the apps offer.


async def test_discords_menu_is_told_in_every_language_and_named_where_a_catalogue_has_names(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start()
    commands = road.discord.commands.all()
    assert {"story", "help", "follow"} <= {command["name"] for command in commands}
    for command in commands:
        if not command["description"]:  # in the menu of a message: it has nothing but its name
            assert command["name_localizations"] == {CODE: said(command["name"])}
            continue
        for each in (command, *command.get("options", ())):
            assert each["description_localizations"] == {CODE: said(each["description"])}
            called = {CODE: wide(NAMED)} if each["name"] == NAMED else {}
            assert (each.get("name_localizations") or {}) == called


async def test_telegrams_lists_are_told_in_every_language(calm_bot: Running) -> None:
    road = await calm_bot.start()
    ira = _ira(road)
    await road.telegram.open(ira)
    lists: list[list[dict[str, str]]] = [
        road.telegram.commands(person, chat)
        for person, chat in ((ira, ira), (telegram.MIRA, telegram.MIRA))
    ]
    theirs, english = lists
    assert [each["command"] for each in theirs] == [each["command"] for each in english]
    assert [each["description"] for each in theirs] == [
        said(each["description"]) for each in english
    ]


# Whoever asks.


async def test_everyone_is_answered_in_the_language_of_their_app(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY)
    for reader in readers(road):
        for command in ("help", "stories", "story", "faq", "why", "follow", "following", "privacy"):
            answer = await reader.say(Say(command))
            assert left_in(answer) == [], command
        listed = await reader.press(await reader.say(Say("help")), LIVE)
        assert listed.title == LIVE
    for other in (
        OnDiscord(road.discord, discord.MIRA),
        OnTelegram(road.telegram, telegram.MIRA),
    ):
        assert (await other.say(Say("stories"))).title == "Live stories"


async def test_suggestions_are_in_the_askers_language(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY)
    choices = await road.discord.autocomplete(
        discord.SOL, discord.NEWS, "follow", "what", {"what": ""}, locale=CODE
    )
    assert choices[0]["name"] == said("All stories")


async def test_what_is_no_longer_offered_is_refused_in_the_askers_language(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start()
    unknown = await OnTelegram(road.telegram, _ira(road)).say(Say("nix"))
    assert left_in(unknown) == []
    old = await discord_button(road.discord, "*story")
    shown = await road.discord.click(discord.MIRA, old, "*story", locale=CODE)
    assert shown.message is not None
    assert shown.message["embeds"][0]["title"] == said("That's no longer available here")
    old = await telegram_button(road.telegram, "*story")
    road.telegram.world.person(telegram.MIRA).language = CODE
    alert = await road.telegram.click(telegram.MIRA, old, "*story")
    assert alert.text
    assert escaped(alert.text) == ""


def _ira(road: Road) -> int:
    """Someone whose Telegram is in the language nobody speaks."""
    return road.telegram.add_person(wide("Ira"), language=CODE)


async def test_a_missing_right_is_named_in_the_askers_language(calm_bot: Running) -> None:
    road = await calm_bot.knowing(FERRY)
    road.discord.deny(discord.NEWS, "PIN_MESSAGES")
    moderator = OnDiscord(road.discord, discord.SOL, discord.NEWS, locale=CODE)
    refused = await moderator.say(Say("pin", {"story": FERRY.id}))
    assert left_in(refused) == []
    assert wide("Pin Messages") in refused.title


# Chats.


async def test_cards_and_replies_are_in_the_language_of_their_chat(calm_bot: Running) -> None:
    here, there = Chat("discord", discord.NEWS), Chat("discord", discord.GENERAL)
    group = Chat("telegram", str(telegram.GROUP))
    spoken = Rule(all=True, language=CODE)
    road = await calm_bot.start({here: spoken, group: spoken, there: Rule(all=True)})
    await road.publish(FERRY)
    people = (
        OnDiscord(road.discord, discord.MIRA, discord.NEWS),
        OnTelegram(road.telegram, telegram.MIRA, telegram.GROUP),
        OnDiscord(road.discord, discord.MIRA, discord.GENERAL),
    )
    for person in people:
        await eventually(person.read, "a card")
    await road.publish(COOLS)
    for person in people:
        await eventually(partial(_has_reply, person), "a reply")
    *translated, english = [person.read() for person in people]
    for card, reply in translated:
        assert left_in(card) == left_in(reply) == []
        assert said("cooling") in reply.body.casefold()
        assert said("articles") in reply.body
    assert "Changed: now cooling" in english[0]
    assert "Now cooling" in english[1]
    assert "articles 14 → 1,400" in english[1]


def _has_reply(person: Person) -> bool:
    return len(person.read()) == 2
