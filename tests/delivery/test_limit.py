"""One reply an hour: the limit delays what it holds, and drops nothing."""

from dataclasses import replace
from datetime import timedelta

from bot.model.rule import Loudness, Rule
from stories.story import Stats, Status, Story, StoryId
from tests.simulation.calm import Calm, played
from wording.message import Message, Note, Text

RULE = Rule(all=True, loudness=Loudness.PING, role="7")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FERRY = Story(
    StoryId("ferry"),
    "Night Ferry Returns",
    ("It sailed at dusk.", "Two people are missing.", "The harbour is closed."),
    stats=Stats(Status.ACTIVE, 3.0, 4),
)
DAWN = replace(FERRY, breakdown=(*FERRY.breakdown, "It came back at dawn."))
MORE = replace(DAWN, breakdown=(*DAWN.breakdown, "A tug went out to meet it."))
REWRITTEN = replace(
    MORE,
    breakdown=(
        "Nobody had been on board after all.",
        "Police arrested the owner on Tuesday.",
        "Insurers want their money back now.",
        "A court hears the case in autumn.",
    ),
)
ENDED = replace(REWRITTEN, stats=replace(REWRITTEN.stats, status=Status.ENDED))


def said(message: Message) -> str:
    return " ".join(block.body for block in message.blocks if isinstance(block, Text | Note))


async def shown_and_told(calm: Calm) -> None:
    """Its card stands, and a first reply has told of the dawn."""
    await calm.after(2 * MINUTE)
    await calm.publish(FERRY)
    await calm.after(10 * MINUTE)
    await calm.publish(DAWN)
    await calm.after(2 * MINUTE)
    assert [said(sent.message) for sent in calm.replies] == ["New: “It came back at dawn.”"]


def test_what_the_limit_holds_is_told_after_the_hour_as_one_reply_with_its_mention() -> None:
    async def play(calm: Calm) -> None:
        await shown_and_told(calm)
        await calm.publish(MORE)
        await calm.after(5 * MINUTE)
        assert len(calm.replies) == 1, "notable, and within the hour"
        await calm.publish(REWRITTEN)
        await calm.after(5 * MINUTE)
        assert len(calm.replies) == 2, "major, after a reply that was not"
        assert calm.replies[1].mention == "7"
        again = replace(REWRITTEN, breakdown=tuple(f"{each}!" for each in FERRY.breakdown))
        await calm.publish(again)
        await calm.after(5 * MINUTE)
        await calm.publish(replace(again, headline="As it stands"))
        await calm.after(30 * MINUTE)
        assert len(calm.replies) == 2, "major, after a reply that was major"
        await calm.after(30 * MINUTE)
        assert len(calm.replies) == 3
        assert calm.replies[2].mention == "7", "held, and major all the same"

    played(RULE, play)


def test_the_end_and_a_withdrawal_go_at_once_each_once_an_hour() -> None:
    async def play(calm: Calm) -> None:
        await shown_and_told(calm)
        back = replace(ENDED, stats=replace(ENDED.stats, status=Status.ACTIVE))
        wrong = replace(back, retracted="It was not so.")
        for number, story in enumerate((REWRITTEN, ENDED, back, wrong)):
            await calm.publish(story)
            await calm.after(5 * MINUTE)
            told = 2 + number - (number >= 2)  # that it is active again is not major: it waits
            assert len(calm.replies) == told, story
        await calm.publish(replace(ENDED, retracted="It was not so."))
        await calm.after(5 * MINUTE)
        assert len(calm.replies) == 4, "a second end within the hour waits"
        await calm.after(HOUR)
        assert len(calm.replies) == 5

    played(RULE, play)


def test_a_held_reply_survives_a_restart_and_is_dropped_once_undone() -> None:
    async def play(calm: Calm) -> None:
        await shown_and_told(calm)
        await calm.publish(MORE)
        await calm.after(5 * MINUTE)
        await calm.restart()
        await calm.after(40 * MINUTE)
        assert len(calm.replies) == 1
        await calm.after(20 * MINUTE)
        assert [said(sent.message) for sent in calm.replies[1:]] == [
            "New: “A tug went out to meet it.”"
        ]
        await calm.publish(replace(MORE, title="The Ferry Is Back"))
        await calm.after(5 * MINUTE)
        await calm.publish(MORE)
        await calm.after(2 * HOUR)
        assert len(calm.replies) == 2, "what was undone is not told"
        record = calm.record(FERRY.id)
        assert record is not None
        assert record.reply_since is None

    played(RULE, play)


def test_what_an_earlier_version_left_unsaid_is_not_told_after_the_upgrade() -> None:
    async def play(calm: Calm) -> None:
        await shown_and_told(calm)
        await calm.publish(MORE)
        await calm.after(5 * MINUTE)
        rows = calm.world.store.data.rows[FERRY.id]
        for chat, record in rows.items():  # as they wrote it: the reply was dropped
            rows[chat] = replace(record, reply_since=None)
        await calm.restart()
        await calm.after(2 * HOUR)
        assert len(calm.replies) == 1

    played(RULE, play)
