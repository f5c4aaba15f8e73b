"""What the tests of the commands share: the stories that exist, and a row of the parity table.

Each command has a file in `tests/road/commands` with its rows. A command that has none, or that a
platform does not offer, fails by name (`test_offered.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from _pytest.mark import ParameterSet

from stories.story import Question, Source, Stats, Status, Story, StoryId
from tests.road.people import UNSEEN, Fill, Person, Press, Say, Seen, both
from tests.running import Running

NOW = datetime.now(UTC).replace(microsecond=0)

FERRY = Story(
    StoryId("ferry"),
    "Night ferry returns",
    ("It sailed at dusk.", "Two hundred came along."),
    headline="The boat sails again",
    entities=("Sorvik Line",),
    stats=Stats(Status.ACTIVE, 8.5, 14),
    started_at=NOW - timedelta(hours=21),
    updated_at=NOW,
    keywords=("ferry", "harbour"),
    questions=(
        Question("Why did the ferry stop?", "A crack in the bow door."),
        Question("Who pays for the repair?", "The line does.\n\nThe town lends it the money."),
    ),
    sources=tuple(
        Source(f"Report {number}", "Strand Post", f"https://strand.example/{number}")
        for number in range(1, 11)
    ),
    url="https://strand.example/ferry",
    rank=41,
)
LONG = " ".join(f"Sentence {number} of a long answer ends here." for number in range(1, 101))
TRAMS = Story(
    StoryId("trams"),
    "Tram strike ends",
    ("Drivers took the offer.",),
    stats=Stats(Status.COOLING, 7.0),
    updated_at=NOW,
    keywords=("tram",),
    questions=(Question("What did the drivers win?", LONG),),
)
LIGHTHOUSE = Story(
    StoryId("lighthouse"),
    "Lighthouse sold at auction",
    ("A painter bought it.",),
    stats=Stats(Status.ENDED, 9.0),
    updated_at=NOW,
    sources=(Source("Sold", "Strand Post", "https://strand.example/sold"),),
)
FILLERS = tuple(
    Story(
        StoryId(title.partition(" ")[0].casefold()),
        title,
        (f"{title}, it is said.",),
        stats=Stats(Status.EMERGING, 5 - number / 2),
        updated_at=NOW,
        sources=(Source("Heard", "Strand Post", "https://strand.example/heard"),),
    )
    for number, title in enumerate(
        (
            "Bridge shut for weeks",
            "Museum finds lost map",
            "Orchard blooms early",
            "School wins chess cup",
            "Bakery burns down",
            "Quarry lake reopens",
        )
    )
)
STORIES = (FERRY, TRAMS, LIGHTHOUSE, *FILLERS)
KEY = FERRY.questions[1].key


@dataclass(frozen=True, slots=True)
class Row:
    """What someone does, one step after another, and what they read in the end."""

    name: str
    steps: tuple[Say | Press | Fill, ...]
    title: str
    words: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Among what can be pressed at the end."""
    moderator: bool = False
    """It changes what the chat gets or shows, so in a shared chat a moderator does it."""
    only_private: bool = False
    """Where others read, Discord says unseen what Telegram leaves to the private chat."""

    @property
    def commands(self) -> set[str]:
        return {step.command for step in self.steps if isinstance(step, Say)}


def following(what: str) -> Say:
    return Say("follow", {"what": what})


LOOKS = {"stories", "story", "search", "faq", "why", "following", "privacy", "help"}
"""Commands that change nothing; in shared chats each is asked in one way, its file's first row."""


def cases(rows: Sequence[Row]) -> list[ParameterSet]:
    """Each row in private, and in a shared chat where that can make a difference."""
    looks = LOOKS & set().union(*(row.commands for row in rows))
    first = [next(row for row in rows if command in row.commands) for command in looks]
    return [
        pytest.param(row, where, id=f"{row.name}, {where}")
        for row in rows
        for where in ("private", "shared")
        if where == "private" or (not row.only_private and (row.moderator or row in first))
    ]


async def answers_the_same(bot: Running, row: Row, where: str) -> None:
    """Take a row's steps on both platforms and compare what people read in the end."""
    road = await bot.knowing(*STORIES)
    people = both(road, where, moderator=row.moderator)
    seen: list[Seen] = []
    for step in row.steps:
        if isinstance(step, Say):
            seen = [await person.say(step) for person in people]
        else:
            seen = [
                await person.press(last, step.label)
                if isinstance(step, Press)
                else await person.fill(last, step.text)
                for person, last in zip(people, seen, strict=True)
            ]
    there, here = seen
    assert there == replace(here, body=here.body.replace(f"{UNSEEN} ", ""))
    assert there.title == row.title
    for words in row.words:
        assert words in there
    for label in row.labels:
        assert label in there.labels


def first(person: Person, title: str) -> Seen | None:
    """The first message with a title that a person sees."""
    return next((seen for seen in person.read() if seen.title == title), None)
