"""From articles to documents: the stream of our own writing through the desk and the writing."""

from collections.abc import Iterator

from newsroom import handover
from newsroom.desk.desk import Desk
from newsroom.desk.entries import Entry, Tick, Withdrawn
from newsroom.evaluate_writing import common_words, published
from newsroom.model import ArticleKey
from newsroom.writing import calm, document
from newsroom.writing.material import Written
from stories import wire
from stories.delta import Kind
from stories.story import Story, StoryId
from tests.newsroom.desk.stream import articles, log, tick

TEXTS = {each.key: each.text for _, each in articles()}
COMMON = common_words()


def documents(
    entries: Iterator[Entry], withdrawn: dict[ArticleKey, str] | None = None
) -> list[Story]:
    """All documents that the log gives, in their order."""
    desk, found = Desk(), []
    last: dict[StoryId, Written] = {}
    for entry in entries:
        for story in desk.take(entry):
            made = handover.material(desk, story, TEXTS, withdrawn)
            if made is None:
                continue
            before = last.get(made.id)
            after = document.write(made, COMMON, before)
            if after and calm.is_due(before, after, made.now):
                last[made.id] = after
                found.append(after.story)
    return found


def test_a_stream_gives_one_document_after_the_other_for_each_story() -> None:
    found = documents(log())
    by_id: dict[StoryId, list[Story]] = {}
    for story in found:
        by_id.setdefault(story.id, []).append(wire.read(wire.write(story)).story)
    assert len(by_id) == 4
    for several in by_id.values():
        assert len(several) >= 2
        assert {each.title for each in several} == {several[0].title}
        assert several[0].breakdown == several[-1].breakdown[: len(several[0].breakdown)]
        outlets = {each.outlet for each in several[-1].sources}
        assert len(outlets) >= 2


def test_the_same_log_gives_the_same_documents() -> None:
    once = [wire.write(story) for story in documents(log())]
    assert [wire.write(story) for story in documents(log())] == once


def test_a_story_that_nobody_may_see_is_not_handed_over() -> None:
    desk = Desk()
    for entry in log(until=0.5):
        for story in desk.take(entry):
            assert handover.material(desk, story, TEXTS) is None


def test_a_withdrawn_article_reaches_the_card_as_a_correction() -> None:
    gone = next(each for story, each in articles() if story == "ferry")
    entries = list(log(until=20.0))
    entries += [Withdrawn(gone.key, "It was untrue."), tick(20.5)]
    last = documents(iter(entries), {gone.key: "It was untrue."})[-1]
    assert last.correction is not None
    assert gone.text.split(". ")[0] in last.correction.text
    assert all(gone.title != each.title for each in last.sources)


def test_churn_counts_what_is_published() -> None:
    counted = published((entry for entry in log()), TEXTS, COMMON)
    assert len(counted.stories) == 4
    assert counted.revisions == len(documents(log())) - 4
    assert counted.uncaused == 0
    assert counted.kinds[Kind.TITLE] == 0
    ended = published((entry for entry in [*log(), Tick(tick(200).at)]), TEXTS, COMMON)
    assert ended.kinds[Kind.ENDED] == 4
    assert ended.uncaused == 0
