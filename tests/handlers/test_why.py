"""/why says in plain words why a story is here as it is, or is not."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from bot.delivery.desired import desire
from bot.delivery.plan import Facts, Observed, explain
from bot.delivery.policy import Policy
from bot.model.ledger import CardRecord, Pin, State
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.model.status import CardStatus, Refusal
from bot.model.step import Hold
from handlers import promptly
from stories.story import Stats, Status, Story, StoryId
from tests.handlers.talking import FERRY, HERE, NOW, Talk, labels, made, read
from wording.holds import HoldCode
from wording.reasons import Code, Reason

FIRE = replace(made("fire", "Fire at the mill", entities=("Veldoria",)), keywords=("fire", "mill"))
MINUTE = timedelta(minutes=1)
FOLLOWS = Rule(keywords=("FIRE",))


def row(state: State = State.SHOWN, ago: timedelta = 3 * MINUTE, **more: Any) -> CardRecord:
    usual: dict[str, Any] = {
        "revision": 1,
        "message_id": "77",
        "posted_at": NOW - ago,
        "fingerprint": "its looks",
    }
    return CardRecord(state, NOW - ago, **{**usual, **more})


class Case(Talk):
    """A chat in which it is asked why, and what delivery plans for it.

    `facts` are those of the plan: `retry_at`, `publish_at`, `paused_until` and so on.
    """

    def __init__(
        self,
        *stories: Story,
        rule: Rule | None = FOLLOWS,
        row: CardRecord | None = None,
        due: bool = False,
        refusal: Refusal | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(*stories)
        if rule is not None:
            self.rules.saved[HERE] = rule
        self._rule, self._row, self._story = rule, row, stories[0].id
        chat = Hold(Reason(HoldCode.REFUSED), refusal.again_at) if refusal else None
        self._facts = Facts(Policy(), chat=chat, **facts)
        self._due, self._refusal = due, refusal

    def planned(self) -> CardStatus:
        """What the desk says, with the plan as delivery makes it."""
        edition = self.index.get(self._story)
        assert edition is not None
        shows = self._row is not None and self._row.revision == edition.revision
        desired = desire(
            self._rule,
            edition,
            self.index.delta(edition),
            "its looks" if shows else "its new looks",
            target=self.index.lineage.merge_target(self._story),
            fixed=False,
            live_for=self.index.live_for,
            now=self.at,
        )
        return CardStatus(
            self._story,
            self._row,
            self._due,
            explain(Observed(self._row), desired, self._facts, self.at),
            apart=MINUTE,
            reply_gap=timedelta(hours=1),
            refusal=self._refusal,
        )

    async def why(self, words: str = "fire") -> list[str]:
        self.desk.card_statuses[HERE] = [self.planned()]
        said = read(await self.type("why", words))
        assert not re.search(r"\bNone\b|\bState\b|Row\(|\w_\w", said), "of the code, not for people"
        return said.splitlines()


SHOWN = "“Fire at the mill” is shown here"
ABSENT = "“Fire at the mill” isn't shown here"


# What the chat wants.


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (None, ["This chat follows nothing, so no stories are posted here."]),
        (
            Rule(keywords=("Ferry", "tram"), entities=("ferry",)),
            [
                "This chat follows “Ferry” and “tram”, and none of that is among this story's "
                "keywords or names."
            ],
        ),
        (
            Rule(keywords=tuple(f"word {number}" for number in range(8))),
            [
                "This chat follows “word 0”, “word 1”, “word 2”, “word 3”, “word 4” and 3 more, "
                "and none of that is among this story's keywords or names."
            ],
        ),
        (Rule(story_ids=(FERRY,)), ["This chat doesn't follow this story, only others."]),
        (
            Rule(all=True, min_virality=3),
            [
                "This chat follows every live story.",
                "This chat wants a virality of 3 or more, but the story has 1.",
            ],
        ),
        (
            Rule(entities=("veldoria",), min_articles=5),
            [
                "This story matches “Veldoria”, which this chat follows.",
                "This chat wants 5 articles or more, but the story doesn't say how many it has.",
            ],
        ),
    ],
)
async def test_a_story_the_chat_does_not_want_is_explained_by_its_rule(
    rule: Rule | None, said: list[str]
) -> None:
    assert await Case(FIRE, rule=rule).why() == [ABSENT, *said]


async def test_a_figure_that_just_reaches_the_threshold_is_not_held_against_the_story() -> None:
    rule = Rule(all=True, min_virality=0, min_articles=0)
    still = replace(FIRE, stats=Stats(Status.ACTIVE, 0.0, 0))
    assert "asks for" not in " ".join(await Case(still, rule=rule).why())


@pytest.mark.parametrize(
    ("story", "said"),
    [
        (replace(FIRE, stats=Stats(Status.ENDED)), "It has ended, so it gets no new card."),
        (replace(FIRE, retracted="Made up"), "It was withdrawn, so it gets no new card."),
        (
            replace(FIRE, merged_into=FERRY),
            "It was merged into another story, so it gets no new card.",
        ),
        (
            replace(FIRE, updated_at=NOW - timedelta(days=5)),
            "It hasn't been updated for 5 days, so it's no longer live and gets no new card.",
        ),
    ],
)
async def test_a_story_that_is_over_says_how(story: Story, said: str) -> None:
    assert await Case(story).why() == [ABSENT, FOLLOWED, said]


FOLLOWED = "This story matches “fire”, which this chat follows."


# What became of its card.


async def test_a_card_that_became_anothers_names_that_story() -> None:
    part = replace(FIRE, merged_into=StoryId("harbour"))
    gone = row(State.GONE, message_id=None, into=StoryId("harbour"))
    said = await Case(part, row=gone).why()
    assert said[-1] == "Its card became the card of “harbour” 3 minutes ago."
    said = await Case(part, row=row(into=StoryId("harbour"))).why()
    assert "It links to the card of “harbour”, where the story continues." in said


async def test_a_card_that_stands_tells_its_revision_and_when() -> None:
    assert await Case(FIRE, row=row()).why() == [
        SHOWN,
        FOLLOWED,
        "Its card shows version 1 (the latest), written 3 minutes ago.",
    ]


async def test_a_card_that_is_no_longer_wanted_is_kept_up_to_date() -> None:
    case = Case(FIRE, rule=None, row=row())
    assert (await case.why())[-1] == "A card that's already posted still stays up to date."
    case = Case(FIRE, rule=None, row=row(pin=Pin.STANDS))
    assert (await case.why())[-1] == "It's pinned here and stays up to date."


def quoted(said: str) -> Reason:
    return Reason(Code.SAID, {"platform": "discord", "said": said})


LACKS = Reason(Code.LACKS_PERMISSIONS, {"permissions": ["Send Messages"]})
DENIED = Refusal(LACKS, NOW + 2 * MINUTE)
HELP = (
    "I can't post in this chat. I'm missing “Send Messages”. Give my role “Send "
    "Messages” under Edit Channel → Permissions. I'll retry in 2 minutes and post "
    "the latest version."
)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"row": row(ago=timedelta(seconds=20)), "due": True},
            "Version 2 comes in 40 seconds: a card is updated at most once every 60 seconds.",
        ),
        (
            {"due": True},
            "Version 2 is in the queue and comes as soon as the rate limit allows.",
        ),
        (
            {"retry_at": NOW + 2 * MINUTE, "due": True},
            "Version 2 is in the queue, and I'll try in 2 minutes.",
        ),
        (
            {"paused_until": NOW + 2 * MINUTE, "due": True},
            "The platform asked me to wait before I update this card again. The update comes in "
            "2 minutes.",
        ),
        (
            {"rollback_at": NOW, "due": True},
            "My storage lost some records. I'll send nothing for 45 seconds, until earlier "
            "messages have arrived.",
        ),
        (
            {"unknown_since": NOW, "due": True},
            "An earlier attempt may still arrive, so I'll wait 15 seconds before the next one.",
        ),
        ({"refusal": DENIED, "due": True}, HELP),
    ],
)
async def test_a_card_that_is_behind_tells_what_it_waits_for(
    more: dict[str, Any], said: str
) -> None:
    case = Case(FIRE, replace(FIRE, headline="It is out"), **{"row": row(), **more})
    lines = await case.why()
    assert lines[0] == f"{SHOWN}, but not its latest version"
    assert lines[2].startswith("Its card shows version 1, written ")
    assert lines[3] == said


@pytest.mark.parametrize(
    ("found", "more", "title", "said"),
    [
        (
            None,
            {"due": True},
            ABSENT,
            "It's in the queue and will be posted as soon as the platform's",
        ),
        (
            None,
            {"due": True, "retry_at": NOW + timedelta(seconds=40)},
            ABSENT,
            "It's in the queue, and I'll try in 40 seconds.",
        ),
        (None, {}, ABSENT, "It hasn't changed since this chat followed it. Only the top stories"),
        (None, {"due": True, "refusal": DENIED}, ABSENT, HELP),
        (
            row(State.SENDING, timedelta(seconds=2), message_id=None, posted_at=None),
            {"due": True},
            "“Fire at the mill” is being posted here",
            "Its card is being posted right now.",
        ),
        (
            row(State.SENDING, message_id=None, posted_at=None),
            {"due": True},
            "I don't know whether “Fire at the mill” is shown here",
            "It was sent 3 minutes ago, and no answer has come back yet. I'm checking.",
        ),
        (row(State.SENDING), {"due": True}, SHOWN, "The card has been updating for 3 minutes."),
        (
            row(State.UNKNOWN, message_id=None, why=Reason(Code.OUTCOME_UNKNOWN)),
            {},
            "I don't know whether “Fire at the mill” is shown here",
            "I don't know whether the card was posted,",
        ),
        (
            row(State.GONE, message_id=None, why=quoted("404: Unknown Message")),
            {},
            ABSENT,
            "Its card was deleted here (3 minutes ago). It comes back with the "
            "next notable update.",
        ),
        (
            row(State.FAILED, message_id=None, why=LACKS),
            {"due": True, "refusal": DENIED},
            ABSENT,
            f"Posting it failed 3 minutes ago. {HELP}",
        ),
        (
            row(State.FAILED, message_id=None, why=Reason(Code.PAUSE, {"platform": "telegram"})),
            {"due": True},
            ABSENT,
            "Posting it failed 3 minutes ago. Telegram asked me to slow down. I'll try again.",
        ),
        (
            row(State.FAILED, message_id=None, why=Reason(Code.PAUSE, {"platform": "telegram"})),
            {"due": True, "retry_at": NOW + timedelta(seconds=40)},
            ABSENT,
            (
                "Posting it failed 3 minutes ago. Telegram asked me to slow down. I'll try again "
                "in 40 seconds."
            ),
        ),
        (
            row(State.FAILED, why=quoted("400: Invalid Form Body (50035)")),
            {},
            SHOWN,
            (
                "Updating it failed 3 minutes ago. The bot's operator can find the reason "
                "in the log. I'll try again at the next update."
            ),
        ),
    ],
)
async def test_every_way_an_attempt_can_end_is_told_in_words(
    found: CardRecord | None, more: dict[str, Any], title: str, said: str
) -> None:
    lines = await Case(FIRE, row=found, **more).why()
    assert lines[0] == title
    assert lines[1] == FOLLOWED
    assert lines[2].startswith(said)
    assert "said 4" not in " ".join(lines)


async def test_a_platforms_own_words_are_left_to_the_operator() -> None:
    quote = Refusal(quoted("403: Missing Access"), NOW - MINUTE)
    assert (await Case(FIRE, row=None, refusal=quote).why())[-1] == (
        "I can't post in this chat. The bot's operator can find the reason in the log. "
        "I'll retry and post the latest version."
    )


# What happened last.

MORE = replace(FIRE, breakdown=(*FIRE.breakdown, "Help came."))


async def last(*, at: datetime = NOW, rule: Rule = FOLLOWS, story: Story = MORE, **r: Any) -> str:
    case = Case(FIRE, story, rule=rule, row=row(revision=2, ago=timedelta(0), **r))
    case.at = at
    return "\n".join((await case.why())[3:])


async def test_the_last_change_names_its_weight_and_reason_and_whether_a_reply_was_due() -> None:
    before = NOW - timedelta(hours=2)
    change = "Its latest change (less than a minute ago, notable): new: “Help came.”"
    assert await last(posted_at=before, replied_at=NOW) == (
        f"{change}\nA short reply about it was sent less than a minute ago."
    )
    assert (
        await last(posted_at=before, reply_since=1)
        == f"{change}\nA short reply about it is on its way."
    )
    assert await last(posted_at=NOW) == (
        f"{change}\nThe card was posted with that change in it, so no reply was needed."
    )
    assert await last(posted_at=before, rule=replace(FOLLOWS, loudness=Loudness.EDIT)) == (
        f"{change}\nNo reply was sent: this chat only wants cards updated."
    )
    assert await last(posted_at=before, reply_since=1, replied_at=NOW - 20 * MINUTE) == (
        f"{change}\nA short reply about it will be sent in 40 minutes: one went out 20 minutes "
        "ago, and replies are at least 1 hour apart."
    )
    assert (await last(posted_at=before, rule=Rule(keywords=("tram",)))).endswith(
        f"{change}\nNo reply was sent: this chat doesn't follow the story."
    )
    assert await last(posted_at=before, story=replace(FIRE, headline="It is out")) == (
        "Its latest change (less than a minute ago, minor): headline: “It is out”\nA minor "
        "change updates the card and gets no reply."
    )


# How loud the chat wants it.

QUIET = Quiet(time(22), time(9), "Europe/Berlin")  # it is 08:01 there
ASLEEP = replace(FOLLOWS, quiet=QUIET)
SHOWN_NEWEST = "Its card shows version 1 (the latest), written 3 minutes ago."


@pytest.mark.parametrize(
    ("rule", "card_status", "said"),
    [
        (
            replace(FOLLOWS, paused=True),
            {},
            ["This chat is paused: nothing new is posted here until /resume."],
        ),
        (
            replace(FOLLOWS, muted=(Mute(FIRE.id),)),
            {},
            ["It's muted here: nothing new about it is posted."],
        ),
        (
            replace(FOLLOWS, muted=(Mute(FIRE.id, until_major=True),)),
            {},
            ["It's muted here: nothing new about it is posted until there's a major update."],
        ),
        (ASLEEP, {"due": True}, ["Quiet hours until 09:00: its card will be posted then."]),
        (
            replace(FOLLOWS, publish=True),
            {"row": row(published_at=NOW - MINUTE)},
            [
                SHOWN_NEWEST,
                "It was published to the servers that follow this channel 1 minute ago.",
            ],
        ),
        (
            replace(FOLLOWS, publish=True),
            {"row": row(), "publish_at": NOW + 20 * MINUTE},
            [
                SHOWN_NEWEST,
                "It's waiting to be published: only so many cards can be published an hour, and "
                "the next one can go in 20 minutes.",
            ],
        ),
        (
            replace(FOLLOWS, publish=True),
            {"row": row(why=Reason(Code.THREAD_ARCHIVED)), "publish_at": NOW},
            [
                SHOWN_NEWEST,
                "It couldn't be published. The thread is archived. Reopen the thread.",
            ],
        ),
        (
            replace(ASLEEP, publish=True),
            {"row": row(), "publish_at": NOW},
            [SHOWN_NEWEST, "Quiet hours until 09:00: its card will be published then."],
        ),
        (replace(FOLLOWS, publish=True), {"row": row()}, [SHOWN_NEWEST]),
    ],
    ids=str,
)
async def test_what_a_chat_does_not_want_to_hear_or_publishes_is_told(
    rule: Rule, card_status: dict[str, Any], said: list[str]
) -> None:
    assert (await Case(FIRE, rule=rule, **card_status).why())[1:] == [FOLLOWED, *said]


async def test_whether_a_reply_waits_was_withheld_or_mentioned_anybody_is_told() -> None:
    before, ping = NOW - timedelta(hours=2), replace(FOLLOWS, loudness=Loudness.PING, role="7")
    change = "Its latest change (less than a minute ago, notable): new: “Help came.”\n"
    assert await last(posted_at=before, reply_since=1, rule=ASLEEP) == (
        f"{change}Quiet hours until 09:00: then a short reply will say what changed since "
        "version 1."
    )
    assert (await last(posted_at=before, rule=replace(FOLLOWS, paused=True))).endswith(
        f"{change}No reply was sent: this chat is paused."
    )
    assert (await last(posted_at=before, rule=replace(FOLLOWS, muted=(Mute(FIRE.id),)))).endswith(
        f"{change}No reply was sent: the story is muted here."
    )
    assert await last(posted_at=before, replied_at=NOW, rule=ping) == (
        f"{change}A short reply about it was sent less than a minute ago. It mentioned "
        "nobody: only major changes do."
    )
    over = replace(FIRE, stats=Stats(Status.ENDED, 1.0))
    told = await last(posted_at=before, replied_at=NOW, rule=ping, story=over)
    assert told.endswith(
        "it mentioned the role that the moderators chose, where the platform has roles."
    )


# Which story.


async def test_nothing_said_means_the_newest_card_here() -> None:
    talk = Case(FIRE, row=row())
    talk.desk.card_statuses[HERE] = [talk.planned()]
    answer = await talk.say("why")
    assert answer.title == SHOWN
    assert labels(answer) == {"Story": "story_fire"}
    talk.put(MORE)
    assert labels(await talk.say("why"))["What changed"] == "story_fire_changes"


async def test_where_there_is_no_card_people_may_ask_about_a_story(talk: Talk) -> None:
    answer = await talk.say("why")
    assert read(answer).splitlines() == [
        "There's no card here yet",
        "This chat follows nothing, so no stories are posted here.",
    ]
    assert labels(answer)["AI Theft Claims"] == "why_ai-theft-claims"
    talk.rules.saved[HERE] = FOLLOWS
    talk.desk.card_statuses[HERE] = [CardStatus(None, refusal=DENIED)]
    assert read(await talk.say("why")).splitlines() == [
        "There's no card here yet",
        "This chat follows this, but nothing has come yet:",
        "Every story about “FIRE”.",
        HELP,
    ]


async def test_a_newest_card_whose_story_is_gone_is_named(talk: Talk) -> None:
    talk.desk.card_statuses[HERE] = [CardStatus(made("old-one", "Old").id, row=row())]
    assert "no longer available: old-one" in (await talk.say("why")).title


async def test_a_story_nobody_knows_offers_others(talk: Talk) -> None:
    answer = await talk.type("why", "volcano")
    assert answer.title == "No story matches “volcano”"
    assert labels(answer)["AI Theft Claims"] == "why_ai-theft-claims"


async def test_without_the_storage_what_is_known_by_heart_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(promptly, "PATIENCE_S", 0.01)
    case = Case(FIRE, rule=Rule(keywords=("fire",), min_virality=3), row=row())
    case.desk.away = True
    assert await case.why() == [
        "“Fire at the mill” in this chat",
        FOLLOWED,
        "This chat wants a virality of 3 or more, but the story has 1.",
        "I can't look up right now what was posted here.",
    ]
    answer = await case.say("why")
    assert answer.title == "I can't look up the latest card here right now"
    assert labels(answer) == {"Fire at the mill": "why_fire"}


async def test_anyone_may_ask(talk: Talk) -> None:
    talk.moderator = False
    assert (await talk.type("why", "alibaba")).title == "“AI Theft Claims” isn't shown here"
