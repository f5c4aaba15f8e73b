"""A rehearsal counts what a rule would have done with what the archive still holds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, time, timedelta

import pytest

from bot.delivery.policy import Policy
from bot.delivery.rehearsal import Player
from bot.model.rule import Loudness, Quiet, Rule
from handlers.rehearsal import MOST, SPAN, Rehearsal, summed
from stories.changes import Heard
from stories.story import LIVE_FOR, Stats, Status, Story, StoryId
from tests.handlers.talking import HERE, NOW, Talk, labels, made, read

BEGAN = NOW - SPAN
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EVERYTHING = Rule(all=True)
FERRY = replace(made("ferry", "Ferry"), keywords=("ferry",), updated_at=None)
BULLET = replace(FERRY, breakdown=(*FERRY.breakdown, "A second boat has sailed."))
"""Notable: a bullet was added."""
WITHDRAWN = replace(BULLET, retracted="It never sailed.")
"""Major."""
MINOR = replace(FERRY, headline="Still at sea")


def at(hours: float, story: Story) -> Heard:
    return Heard(BEGAN + timedelta(hours=hours), story)


def played(rule: Rule, *histories: Sequence[Heard]) -> Rehearsal:
    players = [Player(rule, Policy(), LIVE_FOR, BEGAN) for _ in histories]
    for player, history in zip(players, histories, strict=True):
        for _step in player.steps(history, NOW):
            pass
    return summed([player.played for player in players])


def counts(rehearsal: Rehearsal) -> tuple[int, int, int, int, int]:
    it = rehearsal
    return it.posts, it.edits, it.replies, it.pings, it.held


def test_a_new_story_is_a_card_and_what_follows_edits_it() -> None:
    history = [at(1, FERRY), at(2, MINOR), at(3, BULLET)]
    assert counts(played(EVERYTHING, history)) == (1, 2, 1, 0, 0)
    assert counts(played(replace(EVERYTHING, loudness=Loudness.EDIT), history)) == (1, 2, 0, 0, 0)
    assert counts(played(Rule(keywords=("tram",)), history)) == (0, 0, 0, 0, 0)
    assert counts(played(replace(EVERYTHING, paused=True), history)) == (0, 0, 0, 0, 0)


def test_a_story_that_comes_to_be_wanted_is_posted_then() -> None:
    big = replace(FERRY, stats=Stats(Status.ACTIVE, 8.0))
    rehearsal = played(Rule(all=True, min_virality=7), [at(1, FERRY), at(5, big)])
    assert counts(rehearsal) == (1, 0, 0, 0, 0)
    [card] = rehearsal.cards
    assert card == at(5, big)


def test_a_card_that_stood_before_is_edited_and_not_counted_as_new() -> None:
    before = [Heard(BEGAN - HOUR, FERRY)]
    assert counts(played(EVERYTHING, [*before, at(1, BULLET)])) == (0, 1, 1, 0, 0)
    assert counts(played(Rule(keywords=("sail",)), [*before, at(1, BULLET)])) == (0, 0, 0, 0, 0)


def test_edits_are_as_far_apart_as_they_are_in_truth() -> None:
    def texts(count: int, gap: timedelta) -> list[Heard]:
        begins = BEGAN + HOUR
        return [
            Heard(begins + number * gap, replace(FERRY, headline=f"Mile {number}"))
            for number in range(count)
        ]

    assert counts(played(EVERYTHING, texts(7, timedelta(seconds=10)))) == (1, 1, 0, 0, 0)
    assert counts(played(EVERYTHING, texts(7, 2 * MINUTE))) == (1, 6, 0, 0, 0)
    hours = played(EVERYTHING, texts(121, MINUTE))  # two hours: a minute, then ten minutes apart
    assert counts(hours) == (1, 61 + 6, 0, 0, 0)
    published = replace(EVERYTHING, publish=True)
    assert counts(played(published, texts(61, MINUTE))) == (1, 3, 0, 0, 0)


def test_replies_are_one_an_hour_and_what_that_holds_comes_later_and_pings_are_major() -> None:
    third = replace(BULLET, breakdown=(*BULLET.breakdown, "The harbour master resigned today."))
    quick = [at(1, FERRY), at(2, BULLET), at(2.5, third)]
    assert counts(played(EVERYTHING, quick)) == (1, 2, 2, 0, 0)
    undone = [*quick, at(2.75, BULLET)]
    assert counts(played(EVERYTHING, undone)) == (1, 3, 1, 0, 0)
    slow = [at(1, FERRY), at(2, BULLET), at(3.5, third)]
    assert counts(played(EVERYTHING, slow)) == (1, 2, 2, 0, 0)
    major = [at(1, FERRY), at(2, BULLET), at(5, WITHDRAWN)]
    assert counts(played(EVERYTHING, major)) == (1, 2, 2, 0, 0)
    soon = [at(1, FERRY), at(2, BULLET), at(2.5, WITHDRAWN)]
    assert counts(played(EVERYTHING, soon)) == (1, 2, 2, 0, 0)
    calm = replace(EVERYTHING, loudness=Loudness.EDIT)
    assert counts(played(calm, soon)) == (1, 2, 1, 0, 0), "a withdrawal is told however calm"
    loud = replace(EVERYTHING, loudness=Loudness.PING, role="7")
    assert counts(played(loud, major)) == (1, 2, 2, 1, 0)


def test_quiet_hours_hold_back_and_let_one_card_come_afterwards() -> None:
    night = (BEGAN + HOUR).astimezone(UTC)
    quiet = Quiet(time(night.hour), time((night.hour + 6) % 24), "UTC")
    rule = replace(EVERYTHING, quiet=quiet)
    history = [at(2, FERRY), at(3, MINOR), at(4, BULLET)]
    rehearsal = played(rule, history)
    assert counts(rehearsal) == (1, 0, 0, 0, 1)
    assert rehearsal.cards[0].story == BULLET
    assert rehearsal.cards[0].at.hour == quiet.ends.hour
    before = [Heard(BEGAN - HOUR, FERRY)]
    assert counts(played(rule, [*before, at(2, BULLET)])) == (0, 1, 1, 0, 1)
    assert counts(played(rule, [*before, at(2, WITHDRAWN)])) == (0, 1, 1, 0, 0), "majors pass"
    waiting = replace(rule, quiet=replace(quiet, majors=False))
    assert counts(played(waiting, [*before, at(2, WITHDRAWN)])) == (0, 1, 1, 0, 1)


def test_an_edit_is_what_changes_the_cards_looks() -> None:
    leaning = replace(FERRY, stats=replace(FERRY.stats, leaning="left"))  # type: ignore[arg-type]
    history = [at(1, FERRY), at(2, leaning)]
    counted = (1, 1, 0, 0, 0)  # it no longer says “New story”, whether the leaning is shown or not
    assert counts(played(EVERYTHING, history)) == counted
    assert counts(played(replace(EVERYTHING, show_leaning=True), history)) == counted


def test_the_last_cards_are_shown_as_they_would_have_come() -> None:
    histories = [
        [at(number, replace(FERRY, id=StoryId(f"story-{number}")))] for number in (1, 9, 5)
    ]
    rehearsal = played(EVERYTHING, *histories)
    assert [card.story.id for card in rehearsal.cards] == ["story-9", "story-5"]


# In the chat.


@pytest.fixture
def moved() -> Talk:
    """Three stories: two new ones, of which one has been reported further."""
    talk = Talk()
    for hours, story in (
        (60, FERRY),
        (50, BULLET),
        (40, replace(made("tram", "Tram stands still"), updated_at=None)),
    ):
        talk.at = NOW - timedelta(hours=hours)
        talk.put(story)
    talk.at = NOW
    return talk


async def test_a_draft_is_rehearsed_before_it_is_saved(moved: Talk) -> None:
    await moved.click("setup_all_yes")
    page = await moved.press(await moved.say("setup"), "Rehearse")
    said = read(page)
    assert "In the last 3 days, these settings would have meant:" in said
    assert "2 cards posted · 1 update to a card · 1 reply" in said
    assert said.index("Tram stands still") < said.index("Ferry")
    assert {"Save", "Discard", "‹ Back"} <= set(labels(page))
    card = await moved.press(page, "Ferry")
    assert "A second boat has sailed." in read(card)
    assert card.living is None
    assert await moved.press(card, "‹ Back") == page
    assert (await moved.press(page, "Save")).title == "Saved"


async def test_a_rehearsal_that_brings_nothing_says_so(moved: Talk) -> None:
    page = await moved.click("setup_rehearse")
    assert "In the last 3 days, nothing would have been posted here." in read(page)
    page = await Talk().click("setup_rehearse")
    assert "No story was updated in the last 3 days" in read(page)


async def test_a_rehearsal_while_the_archive_is_away_loses_nothing(moved: Talk) -> None:
    await moved.click("setup_all_yes")
    moved.history.away = True
    refused = await moved.click("setup_rehearse")
    assert refused.title == "I can't look up past stories right now"
    assert moved.drafts.kept[HERE].rule.all


async def test_a_rehearsal_looks_at_so_many_stories_and_says_how_many_it_left_out() -> None:
    talk = Talk(*(made(f"story-{number}", f"Story {number}") for number in range(MOST + 5)))
    await talk.click("setup_all_yes")
    page = await talk.click("setup_rehearse")
    assert f"{MOST} cards posted" in read(page)
    assert f"This covers the {MOST} most recently updated stories; 5 more were updated." in read(
        page
    )
