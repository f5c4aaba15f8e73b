"""The same log gives the same stories, byte for byte, through restarts."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsroom.desk.desk import Desk
from newsroom.desk.entries import Does, Entry, Order, Tick, Withdrawn, read, write
from newsroom.desk.snapshot import ALGORITHM, Outdated, restore, snapshot
from newsroom.evaluate import digest
from newsroom.model import ArticleKey, Bullet, Draft
from stories.story import StoryId
from tests.newsroom.desk.stream import STORIES, article, articles, entry, log, tick

LOG = [write(each) for each in log(step=4.0)]


def eventful() -> Iterator[Entry]:
    """The stream with everything else that can happen in it."""
    ids: dict[str, StoryId] = {}
    desk = Desk()
    for each in log(step=2.0, until=120.0):
        desk.take(each)
        yield each
        if not isinstance(each, Tick):
            continue
        for story in desk.stories.values():
            if story.id:
                ids.setdefault(story.id.partition("-")[0], story.id)
        for extra in _extras(each, ids):
            desk.take(extra)
            yield extra


def _extras(now: Tick, ids: dict[str, StoryId]) -> Iterator[Entry]:
    made = {each.title: each for _, each in articles()}
    hours, outlet, title, text = STORIES["ferry"][0]
    first, last = made[title], made[STORIES["ferry"][3][2]]
    if now == tick(8):
        yield entry(article(outlet, title, text.replace("212", "221"), hours), revised=True)
        yield Draft(ids["ferry"], "hash", None, (Bullet("Ashore.", (ArticleKey("a"),)),))
    elif now == tick(12):
        yield Order(Does.SPLIT, ids["ferry"], articles=(last.key,))
    elif now == tick(14):
        yield Withdrawn(first.key, "it was wrong")
    elif now == tick(30):
        yield Order(Does.MERGE, ids["comet"], into=ids["orlen"])
    elif now == tick(32):
        yield Order(Does.WITHDRAW, ids["tram"], why="we were had")


EVENTFUL = [write(each) for each in eventful()]


def test_entries_are_read_as_they_were_written() -> None:
    for raw in (*LOG, *EVENTFUL):
        assert write(read(raw)) == raw


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b'{"kind":"x","v":1}', b"\xff\xfe"])
def test_what_is_no_entry_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its kinds are many
        read(raw)


def test_the_eventful_log_has_it_all() -> None:
    kinds = {json.loads(raw)["kind"] for raw in EVENTFUL}
    assert kinds == {"article", "revised", "withdrawn", "tick", "order", "draft"}


def test_a_log_replays_byte_for_byte_twice_and_cut_anywhere() -> None:
    once = digest(EVENTFUL)
    assert digest(EVENTFUL) == once
    for place in range(len(EVENTFUL)):
        assert digest(EVENTFUL, [place]) == once, f"cut before entry {place}"
    assert digest(EVENTFUL, range(len(EVENTFUL))) == once


def test_other_stories_of_the_same_log_are_another_algorithm() -> None:
    """If this fails, count `ALGORITHM` up, and write its digest here: snapshots are outdated."""
    assert {ALGORITHM: digest(EVENTFUL)[:16]} == {1: "53425a5dbcbf5c58"}


def test_a_restart_between_two_comparisons_of_stories_changes_nothing() -> None:
    quick = [write(each) for each in log(step=0.0093, until=0.7)]
    assert digest(quick, range(len(quick))) == digest(quick)


@settings(max_examples=12)
@given(st.randoms(use_true_random=False), st.sets(st.integers(0, len(LOG) - 1), max_size=5))
def test_the_order_within_a_tick_is_of_no_matter(draw: object, cuts: set[int]) -> None:
    batch: list[bytes] = []
    shuffled: list[bytes] = []
    for raw in LOG:
        if json.loads(raw)["kind"] == "tick":
            draw.shuffle(batch)  # type: ignore[attr-defined]
            shuffled += [*batch, raw]
            batch = []
        else:
            batch.append(raw)
    assert digest(shuffled, cuts) == digest(LOG)


def test_a_snapshot_of_another_kind_is_not_read() -> None:
    said = json.loads(snapshot(Desk()))
    for change in ({"algorithm": 0}, {"form": 99}, {"stories": None}):
        with pytest.raises(Outdated):
            restore(json.dumps(said | change).encode())
    with pytest.raises(Outdated):
        restore(b"half a snapsh")
