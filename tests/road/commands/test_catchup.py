"""/catchup, asked on both platforms as a person would."""

from dataclasses import replace

import pytest

from tests.road.parity import (
    STORIES,
    TRAMS,
    Row,
    answers_the_same,
    cases,
)
from tests.road.people import Person, Press, Say, both
from tests.running import Running, eventually_so

ROWS = (
    Row(
        "what moved is marked as read",
        (Say("catchup"), Press("Mark as read"), Say("catchup")),
        "You're all caught up",
        ("No updates since your last visit",),
        ("Live stories",),
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)


async def test_what_moved_is_told_page_by_page_and_once(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    people = both(road, "private", moderator=True)
    first, first_too = [await person.say(Say("catchup")) for person in people]
    assert first == first_too
    assert first.title == "What's new in the last day, 1 of 2"
    assert "Night ferry returns New story: The boat sails again" in first
    last, last_too = [
        await person.press(first_, "More ›")
        for person, first_ in zip(people, (first, first_too), strict=True)
    ]
    assert last == last_too
    assert last.title == "What's new in the last day, 2 of 2"
    assert last.body.count("New story") == 4, "the one that has ended, too"
    assert "You're all caught up" in last
    await road.publish(replace(TRAMS, headline="Trams run again"))
    for person in people:

        async def moved(person: Person = person) -> bool:
            return (await person.say(Say("catchup"))).title == "Since your last visit"

        await eventually_so(moved, "what moved is told")
        told = await person.say(Say("catchup"))
        assert "Headline: “Trams run again”" in told
        assert "ferry" not in told
    shared, shared_too = both(road, "shared", moderator=True)
    told = await shared.say(Say("catchup"))
    lead = await shared_too.say(Say("catchup"))
    assert lead.title == "/catchup works in private only"
    assert await shared_too.press(lead, "Continue in private") == told
