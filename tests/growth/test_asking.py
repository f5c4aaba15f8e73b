"""What people hear of stories that have left full memory, and of revisions that are gone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.reading import Seen
from bot.model.rule import Rule
from stories.edition import Edition
from stories.log import Log, grown
from stories.search import title_key
from stories.story import StoryId
from stories.stub import Stub, write_stub
from tests.growth.conftest import FERRY
from tests.handlers.talking import HERE, NOW, Talk, labels, read

OLD = replace(FERRY, revision=7)


def long_after() -> Talk:
    """It was told of 40 days ago, and has left full memory."""
    talk = Talk()
    talk.rules.saved[HERE] = Rule(all=True)
    heard_at = NOW - timedelta(days=40)
    talk.index.put_stub(Stub(OLD.id, 1, write_stub(OLD, heard_at, title_key(OLD.title))))
    talk.history.archived[OLD.id] = Edition(OLD, OLD, 1, heard_at)
    return talk


@pytest.mark.parametrize("asked", ["ferry", "Night ferry returns", "NIGHT FERRY, returns!"])
async def test_an_old_story_is_shown_whole_by_its_id_and_its_title(asked: str) -> None:
    answer = await long_after().type("story", asked)
    assert "It sailed at dusk." in read(answer)
    assert "new story" not in read(answer).casefold()


async def test_buttons_mutes_and_questions_of_an_old_story_work() -> None:
    talk = long_after()
    assert "It sailed at dusk." in read(await talk.click("story_ferry_breakdown"))
    assert "no longer available" in read(await talk.click("story_ferry_changes"))
    assert "muted" in read(await talk.type("mute", "ferry")).casefold()
    assert "Night ferry returns" in read(await talk.type("rules", ""))
    faq = await talk.type("faq", "Night ferry returns")
    assert "Who sailed it?" in labels(faq)


async def test_while_the_storage_is_away_an_old_story_is_asked_about_in_vain() -> None:
    talk = long_after()
    talk.history.away = True
    assert "I can't look up “" in read(await talk.type("story", "ferry"))


async def test_what_was_lost_of_the_past_is_told_from_the_log() -> None:
    told = replace(FERRY, revision=2, breakdown=(*FERRY.breakdown, "A dog was found."))
    gone = replace(told, revision=3, breakdown=FERRY.breakdown)
    before = replace(gone, revision=4, title="Ferry is back")
    now = replace(before, revision=5, headline="All well")
    log, was = Log(), None
    for story in (replace(FERRY, revision=1), told, gone, before, now):
        log = grown(log, was, story, story.revision or 0, NOW - timedelta(hours=3))
        was = story
    talk = Talk()
    talk.index.put(Edition(now, before, 9, NOW))
    talk.history.kept = [before, now]
    talk.history.logs[FERRY.id] = log
    talk.positions.saw(talk.person, StoryId("ferry"), Seen(1, NOW - timedelta(days=9)))
    answer = read(await talk.click("story_ferry_changes"))
    assert "Something that has since been removed" in answer
    assert "Something stated earlier was removed" in answer
    assert "dog" not in answer
    assert "Ferry is back" in answer
    assert "All well" in answer
