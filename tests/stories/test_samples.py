"""The sample stories: what the demo shows."""

import json
import subprocess
import sys
import zipfile
from collections import defaultdict
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stories import wire
from stories.delta import Kind, Weight, compare
from stories.document import Document
from stories.samples import Development, developments
from stories.story import Leaning, Stats, Status, Story

START = datetime(2026, 6, 25, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def published() -> list[Development]:
    return developments(START)


@pytest.fixture(scope="module")
def histories(published: list[Development]) -> dict[str, list[Story]]:
    histories: dict[str, list[Story]] = defaultdict(list)
    for development in published:
        histories[development.story.id].append(development.story)
    return histories


def test_three_stories_start_at_once_and_develop_within_a_minute(
    published: list[Development], histories: dict[str, list[Story]]
) -> None:
    seconds = [int(development.after.total_seconds()) for development in published]
    assert seconds == sorted(seconds)
    assert seconds[:3] == [0, 0, 0]
    assert seconds[3] > 0
    assert seconds[-1] < 60
    assert set(histories) == {"ai-theft-claims", "night-ferry-returns", "vennburg-tram-strike"}
    for development in published:
        assert development.story.updated_at == START + development.after
        assert development.story.revision is None
        assert None not in astuple(development.story.stats)[:4]


def test_the_samples_show_every_weight_a_correction_and_an_end(
    histories: dict[str, list[Story]],
) -> None:
    deltas = [
        compare(before, after)
        for history in histories.values()
        for before, after in pairwise(history)
    ]
    assert all(delta.changes[0].kind is not Kind.UPDATED for delta in deltas)
    assert {delta.weight for delta in deltas} == set(Weight)
    kinds = {change.kind for delta in deltas for change in delta.changes}
    assert kinds >= {
        Kind.BULLET_ADDED,
        Kind.BULLET_UPDATED,
        Kind.CORRECTION,
        Kind.STATUS,
        Kind.ENDED,
        Kind.VIRALITY,
        Kind.ARTICLES,
        Kind.ANSWER_CHANGED,
    }
    assert [history[-1].stats.status for history in histories.values()].count(Status.ENDED) == 1


def test_the_first_sample_tells_the_known_facts(histories: dict[str, list[Story]]) -> None:
    story = histories["ai-theft-claims"][0]
    assert story.title == "AI Theft Claims"
    assert story.rank == 41
    assert story.entities == story.keywords == ("Anthropic", "Alibaba")
    assert story.stats == Stats(Status.ACTIVE, 4.5, 14, Leaning.RIGHT)
    assert story.duration == timedelta(hours=21)
    told = " ".join(story.breakdown)
    for fact in ("25,000", "28.8 million", "distillation attack", "16 months", "Claude"):
        assert fact in told
    assert len(story.questions) == 10


def test_the_other_samples_are_invented_from_end_to_end(histories: dict[str, list[Story]]) -> None:
    assert histories["ai-theft-claims"][-1].sources == ()  # nobody real is put words in the mouth
    for name in ("night-ferry-returns", "vennburg-tram-strike"):
        for story in histories[name]:
            assert 4 <= len(story.questions) <= 6
            assert story.sources
            for url in [story.url, *(source.url for source in story.sources)]:
                assert (urlsplit(url or "").hostname or "").endswith(".example")
            assert all(source.published_at for source in story.sources)


def test_the_samples_can_be_published(published: list[Development]) -> None:
    for development in published:
        assert wire.read(wire.write(development.story)).story == development.story


def test_every_field_of_the_sample_files_is_known() -> None:
    """A misspelt field would be left out in silence."""
    known = {*Document.model_fields, "after_seconds"}
    files = list((resources.files("stories") / "samples").iterdir())
    assert len(files) == 3
    for file in files:
        raw = file.read_text("utf-8")
        reading = json.loads(raw)
        assert set(reading) == {"started_hours_ago", "revisions"}
        for revision in reading["revisions"]:
            assert set(revision) <= known


def test_the_samples_are_found_where_there_is_no_folder(tmp_path: Path) -> None:
    """They are read through importlib, so a package inside an archive brings them along."""
    root = Path(__file__).parents[2]
    archive = tmp_path / "storywire.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in (root / "stories").rglob("*.*"):
            if file.suffix in (".py", ".json"):
                packed.write(file, file.relative_to(root))
    script = (
        f"import sys, datetime; sys.path.insert(0, {str(archive)!r})\n"
        "from stories import samples\n"
        "print(samples.__file__, len(samples.developments(datetime.datetime.now(datetime.UTC))))"
    )
    run = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert run.stdout.split() == [f"{archive}/stories/samples.py", "9"]
