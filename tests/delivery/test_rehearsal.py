"""A rehearsal does what delivery does: the same past, through both, by the same plan."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import hypothesis.strategies as st
from hypothesis import HealthCheck, assume, example, given, settings

from bot.delivery.policy import Policy
from bot.delivery.rehearsal import Player
from bot.model.rehearsal import Played
from bot.model.rule import Loudness, Mute, Quiet, Rule
from stories.changes import Heard
from stories.story import LIVE_FOR, Leaning, Stats, Status, Story, StoryId
from tests.simulation.calm import Calm, Log, played
from tests.simulation.clock import BEGINNING

BEGINS = BEGINNING + timedelta(minutes=10)
ENDS = BEGINNING + timedelta(hours=7)
CLEAR = timedelta(seconds=20)
"""Delivery takes its time, so nothing is published so close to a moment at which a hold ends."""
NAMES = ("ferry", "tram")
POINTS = (
    "It sailed at dusk with 212 people.",
    "Engineers suspect a fuel pump.",
    "The harbour is closed until noon.",
    "Refunds are offered to everyone.",
    "A court hears the case in autumn.",
    "Divers search below the pier.",
)


def first(name: str) -> Story:
    return Story(
        StoryId(name),
        name.title(),
        POINTS[:3],
        keywords=(name, "news"),
        stats=Stats(Status.ACTIVE, 4.0, 5),
    )


@dataclass(frozen=True)
class Event:
    """Something is published about a story."""

    after: timedelta
    name: str
    what: str


CHANGES = (
    "headline",
    "title",
    "point",
    "rewritten",
    "end",
    "again",
    "withdrawn",
    "back",
    "figures",
)


def changed(story: Story, what: str, number: int) -> Story:
    stats = story.stats
    match what:
        case "headline":
            return replace(story, headline=f"As of number {number}")
        case "title":
            return replace(story, title=f"{story.id.title()} {number % 3}")
        case "point":
            return replace(story, breakdown=tuple(POINTS[: 3 + number % 4]))
        case "rewritten":
            return replace(story, breakdown=tuple(f"{number}: {each[::-1]}" for each in POINTS))
        case "end":
            return replace(story, stats=replace(stats, status=Status.ENDED))
        case "again":
            return replace(story, stats=replace(stats, status=Status.ACTIVE))
        case "withdrawn":
            return replace(story, retracted="It was not so.")
        case "back":
            return replace(story, retracted=None)
        case _:
            leaning = (None, Leaning.LEFT, Leaning.RIGHT)[number % 3]
            return replace(story, stats=replace(stats, virality=number % 10, leaning=leaning))


events = st.lists(
    st.builds(
        Event,
        st.integers(1, 60).map(lambda minutes: timedelta(minutes=minutes, seconds=7)),
        st.sampled_from(NAMES),
        st.sampled_from(CHANGES),
    ),
    min_size=3,
    max_size=14,
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    quiet = None
    if draw(st.booleans()):
        begins = BEGINNING + timedelta(minutes=draw(st.integers(-60, 240)), seconds=33)
        ends = begins + timedelta(minutes=draw(st.integers(30, 200)))
        quiet = Quiet(begins.time(), ends.time(), "UTC", majors=draw(st.booleans()))
    what = draw(st.sampled_from(["all", "words", "story"]))
    muted = draw(st.sampled_from([(), (Mute(StoryId("tram")),), (Mute(StoryId("tram"), True, 1),)]))
    return Rule(
        all=what == "all",
        keywords=("ferry",) if what == "words" else (),
        story_ids=(StoryId("tram"),) if what == "story" else (),
        min_virality=draw(st.sampled_from([None, None, 3.0])),
        show_leaning=draw(st.booleans()),
        loudness=draw(st.sampled_from(Loudness)),
        role="7",
        quiet=quiet,
        publish=draw(st.booleans()),
        paused=draw(st.integers(0, 9)) == 0,
        muted=muted,
    )


Told = tuple[int, int, int, int, Mapping[str, list[str]]]
"""Cards, edits, replies, mentions, and for each story why it had to wait, in order."""


def history_of(happens: Sequence[Event]) -> list[tuple[datetime, Story]]:
    """What is published, and when; each story's revisions are numbered."""
    stories: dict[str, Story] = {}
    published, at = [], BEGINS
    for number, event in enumerate(happens):
        at += event.after
        was = stories.get(event.name)
        story = changed(was, event.what, number) if was else first(event.name)
        if was is not None and replace(was, revision=None) == replace(story, revision=None):
            continue  # the archive doesn't take the same twice
        revision = (was.revision or 0) + 1 if was else 1
        stories[event.name] = replace(story, revision=revision)
        published.append((at, stories[event.name]))
    return published


def once(reasons: Sequence[str]) -> list[str]:
    return [reason for reason, _ in groupby(reasons)]


def rehearsed(
    rule: Rule, published: Sequence[tuple[datetime, Story]]
) -> tuple[Told, set[datetime]]:
    """What the rehearsal says, and the moments at which its holds end."""
    total, reasons, ends = Played(), {}, set[datetime]()
    for name in NAMES:
        history = [Heard(at, story) for at, story in published if story.id == name]
        player = Player(rule, Policy(), LIVE_FOR, BEGINNING, fixed=True)
        for _step in player.steps(history, ENDS):
            pass
        play = player.played
        total.cards += play.cards
        total.edits += play.edits
        total.replies += play.replies
        total.pings += play.pings
        if found := once([hold.reason.code for _, hold in player.holds]):
            reasons[name] = found
        ends |= {hold.until for _, hold in player.holds if hold.until is not None}
    return (len(total.cards), total.edits, total.replies, total.pings, reasons), ends


def delivered(rule: Rule, published: Sequence[tuple[datetime, Story]]) -> Told:
    """What delivery does: the real one, on the simulation's platform."""

    async def play(calm: Calm) -> None:
        for at, story in published:
            await calm.until(at)
            await calm.publish(story)
        await calm.until(ENDS)

    log, logger = Log(), logging.getLogger("bot.delivery.cards")
    level = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.DEBUG)
    try:
        calm = played(rule, play, Policy())
    finally:
        logger.removeHandler(log)
        logger.setLevel(level)
    reasons = defaultdict[str, list[str]](list)
    for line in log.lines:
        if line["event"] == "held" and line["until"] != "None":
            reasons[str(line["story"])].append(str(line["reason"]))
    edits = sum(line["event"] == "card edited" for line in log.lines)
    pings = sum(sent.mention is not None for sent in calm.replies)
    told = {name: once(found) for name, found in reasons.items()}
    return len(calm.cards), edits, len(calm.replies), pings, told


def at(minutes: int, what: str, name: str = "ferry") -> Event:
    return Event(timedelta(minutes=minutes, seconds=7), name, what)


BUSY = [at(1, "headline"), at(10, "point"), at(15, "title"), at(12, "rewritten"), at(9, "end")]
"""A notable change, another within the hour, a major one after it, and one after that."""
NIGHT = Quiet(
    (BEGINNING + timedelta(minutes=15, seconds=33)).time(),
    (BEGINNING + timedelta(minutes=95)).time(),
    "UTC",
    majors=False,
)


@example(Rule(all=True, loudness=Loudness.PING, role="7"), [*BUSY, at(60, "headline")])
@example(Rule(all=True, quiet=NIGHT, publish=True), [*BUSY, at(7, "headline", "tram")])
@example(Rule(story_ids=(StoryId("ferry"),), loudness=Loudness.EDIT), BUSY)
@settings(max_examples=6, suppress_health_check=list(HealthCheck), deadline=None)
@given(rules(), events)
def test_a_rehearsal_counts_what_delivery_does_and_waits_for_the_same_reasons(
    rule: Rule, happens: list[Event]
) -> None:
    published = history_of(happens)
    assume(published and published[-1][0] < ENDS - timedelta(minutes=5))
    told, ends = rehearsed(rule, published)
    moments = [at for at, _ in published] + [ENDS]
    assume(all(abs(end - at) > CLEAR for end in ends for at in moments))
    assert delivered(rule, published) == told
