"""Whatever people ask, click and are shown, every sentence of it comes from the catalogue.

Whoever adds a command need not come here: every command, option and button is tried by itself.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import discord
import pytest

from bot.answering import elsewhere, refusal
from bot.delivery.desired import desire
from bot.delivery.plan import Facts, Observed, explain
from bot.delivery.policy import Policy
from bot.model.ledger import CardRecord, Pin, State
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.model.status import CardStatus, Refusal
from bot.platforms.discord import render as on_discord
from bot.platforms.telegram import render as on_telegram
from handlers.quotes import quotes
from stories.delta import Change, Delta, Kind, Weight, compare
from stories.story import Leaning, Question, Source, Stats, Status, Story, StoryId
from tests.handlers.talking import FILED, HERE, MIRA, NOW, Talk, buttons
from tests.language.pseudo import CODE, escaped, wide
from tests.stories_made import edition
from wording import words
from wording.card import card, reply
from wording.holds import SENTENCES, HoldCode, Part, held
from wording.language import _, speaking
from wording.message import Code, Message
from wording.reasons import Code as Why
from wording.reasons import Reason

HOUR = timedelta(hours=1)


# Stories whose every letter is none of ASCII's.


def story(number: int, **more: Any) -> Story:
    name = wide(f"story{number}")
    whole = Story(
        id=StoryId(str(number)),
        revision=1,
        title=wide(f"Story {number}"),
        headline=wide(f"headline {number}"),
        entities=(wide("harbour"), name),
        stats=Stats(Status.ACTIVE, 4.5, 14, Leaning.LEAN_LEFT),
        started_at=NOW - 30 * HOUR,
        updated_at=NOW - HOUR,
        breakdown=(wide(f"One point of {name}."), wide(f"Another of {name}.")),
        keywords=(wide("ferry"), name),
        questions=(Question(wide(f"What is {name}?"), wide("It is this.")),),
        sources=(
            Source(
                wide("The source"),
                outlet=wide("Post"),
                url=f"https://192.0.2.1/{number}",
                published_at=NOW - 2 * HOUR,
            ),
            Source(""),
        ),
        url="https://192.0.2.1/",
        rank=41,
    )
    return replace(whole, **more)


def turned(whole: Story) -> Story:
    """The story after everything in it has changed."""
    return replace(
        whole,
        title=wide("Other"),
        headline=wide("other"),
        entities=(wide("other"),),
        stats=Stats(Status.COOLING, 8.5, 140, Leaning.RIGHT),
        started_at=NOW - 20 * HOUR,
        updated_at=NOW,
        breakdown=tuple(wide(f"Entirely new {word} now.") for word in ("ash", "boat", "crane")),
        keywords=(wide("other"),),
        questions=(Question(wide("Other?"), wide("Yes.")),),
        sources=(Source(wide("Another")),),
        url=None,
        rank=None,
        split_from=StoryId("1001"),
    )


GREAT = story(1001)
BARE = Story(StoryId("1002"), wide("Bare"), (wide("It is."),))
LONG = story(
    1003,
    breakdown=tuple(wide(f"{n} point. " * 20) for n in range(50)),
    questions=tuple(Question(wide(f"Question {n}?"), wide("So. " * 9**n)) for n in range(5)),
    sources=tuple(Source(wide(f"Source {n}")) for n in range(20)),
    entities=tuple(wide(f"name{n}") for n in range(20)),
)
GONE = story(1004, retracted=wide("made up"))
MOVED = story(1005, merged_into=StoryId("1001"))
LOST = story(1006, merged_into=StoryId("9999"))
ENDED = story(1007, stats=Stats(Status.ENDED))
OLD = story(1008, updated_at=NOW - 200 * HOUR)
SILENT = story(1009, questions=(), sources=(), stats=Stats())
STORIES = (GREAT, BARE, LONG, GONE, MOVED, LOST, ENDED, OLD, SILENT)
CROWD = tuple(story(number) for number in range(2001, 2061))


# What people see of a message.


def seen(message: Message) -> Iterator[str]:
    """Every text of a message on either platform; what is to be copied as it is left out."""
    blocks = tuple(block for block in message.blocks if not isinstance(block, Code))
    message = replace(message, blocks=blocks)
    yield from _on_discord(on_discord.render(message))
    for link in (None, "https://192.0.2.1/?start="):
        yield from _on_telegram(on_telegram.render(message, start_link=link, brief=bool(link)))


_HIDDEN = re.compile(r"<t:\d+:R>|\]\(<[^>]*>\)|\\")


def _on_discord(rendered: on_discord.Rendered) -> Iterator[str]:
    embed: discord.Embed = rendered.embed
    yield _HIDDEN.sub("", f"{embed.title or ''}\n{embed.description or ''}")
    if rendered.form:
        yield from (rendered.form.title, rendered.form.label, rendered.form.hint)
    for row in rendered.rows:
        match row:
            case on_discord.ButtonRow(items):
                yield from (each.label for each in items)
            case on_discord.SelectRow(_, placeholder, options):
                yield from (placeholder, *(each.label for each in options))
            case on_discord.RoleRow(_, placeholder, _):
                yield placeholder


def _on_telegram(rendered: on_telegram.Rendered) -> Iterator[str]:
    yield on_telegram.visible(rendered.html)
    if rendered.forced:
        yield rendered.forced.input_field_placeholder or ""
    for row in rendered.keyboard.inline_keyboard if rendered.keyboard else ():
        yield from (button.text for button in row)


def left_in(message: Message, typed: str = "") -> list[str]:
    """What no catalogue was asked for in a message, beside the words that someone typed."""
    with speaking(CODE):
        texts = dict.fromkeys(text.replace(f"“{typed}”", "") for text in seen(message))
        return [rest for text in texts if (rest := escaped(text))]


# Chats in which to ask.


def asked(*stories: Story) -> Talk:
    talk = Talk(*stories)
    talk.rules.fixed = {FILED: Rule(entities=(wide("harbour"),), min_virality=6)}
    talk.language, talk.name, talk.private = CODE, wide("Mira"), False
    return talk


def plain() -> Talk:
    return asked(*STORIES)


def busy() -> Talk:
    talk = asked(*STORIES, *CROWD)
    talk.put(turned(GREAT))
    talk.rules.saved[HERE] = Rule(
        keywords=tuple(wide(f"word {number}") for number in range(50)),
        entities=(wide("harbour"),),
        story_ids=tuple(each.id for each in CROWD[:40]),
        min_virality=2.5,
        min_articles=3,
        show_leaning=True,
        loudness=Loudness.PING,
        role="77",
        quiet=Quiet(NOW.time(), (NOW + HOUR).time(), "Europe/Berlin"),
        publish=True,
        paused=True,
        muted=(Mute(CROWD[0].id), Mute(CROWD[1].id, until_major=True)),
        language=CODE,
    )
    talk.desk.pinned[HERE] = [each.id for each in CROWD]
    talk.desk.card_statuses[HERE] = [CardStatus(each.id, shown()) for each in CROWD]
    for person in (MIRA, HERE):
        talk.positions.upto[person] = NOW - 2 * HOUR
    talk.at = NOW + HOUR
    talk.put(turned(CROWD[5]), turned(CROWD[6]))
    return talk


def all_of_them() -> Talk:
    talk = asked(*STORIES)
    talk.rules.saved[HERE] = Rule(all=True, loudness=Loudness.EDIT)
    return talk


def alone() -> Talk:
    talk = busy()
    talk.private, talk.chat = True, MIRA
    return talk


def stranger() -> Talk:
    talk = busy()
    talk.moderator = False
    return talk


def filed() -> Talk:
    talk = plain()
    talk.chat = FILED
    return talk


def filed_alone() -> Talk:
    talk = alone()
    talk.rules.fixed = {MIRA: Rule(all=True)}
    return talk


def without_storage() -> Talk:
    talk = alone()
    talk.rules.away = talk.desk.away = talk.positions.away = talk.audit.away = True
    return talk


CHATS: tuple[Callable[[], Talk], ...] = (
    asked,
    plain,
    busy,
    all_of_them,
    alone,
    stranger,
    filed,
    filed_alone,
    without_storage,
)

TYPED = (
    wide("Story"),
    wide("Story 1001"),
    wide("ferry"),
    wide("nothing of the kind"),
    wide("x") * 101,
    ", ".join(wide(f"new {n}") for n in range(60)),
    f"{wide('a')}, {wide('b')}",
    "?",
    "1001",
    "1004",
    "1005",
    "1006",
    "1007",
    "1008",
    "1009",
    "2002",
    "9999",
    "7",
    "all",
    "22:00-07:00",
    "12345678",
)


async def test_every_button_in_every_chat_is_translated() -> None:
    for chat in CHATS:
        talk = chat()
        waiting, answered = deque(talk.commands), set[str]()
        while waiting and len(answered) < 150:
            if (ref := waiting.popleft()) not in answered:
                answered.add(ref)
                answer = await talk.click(ref)
                assert left_in(answer) == [], f"{ref} in {chat.__name__}"
                waiting.extend(str(button.ref) for button in buttons(answer))


@pytest.mark.parametrize("chat", [plain, busy, filed, without_storage], ids=lambda c: c.__name__)
async def test_whatever_is_typed_behind_a_command_the_answer_is_translated(
    chat: Callable[[], Talk],
) -> None:
    for name, command in chat().commands.items():
        talk = chat()
        for option in command.options:
            for typed in TYPED:
                answer = await talk.say(name, **{option.name: typed})
                assert left_in(answer, typed) == [], f"/{name} {option.name}: {typed}"
                with speaking(CODE):
                    suggested = talk.suggest(name, option.name, typed) if option.complete else []
                assert [escaped(each.name) for each in suggested if escaped(each.name)] == []


async def test_of_whom_no_language_is_known_the_chats_is_spoken() -> None:
    talk = all_of_them()
    talk.language = None
    assert (await talk.say("stories")).title == "Live stories"
    talk.rules.saved[HERE] = Rule(all=True, language=CODE)
    assert left_in(await talk.say("stories")) == []
    talk.language = "en-GB"
    assert (await talk.say("stories")).title == "Live stories"


async def test_every_menu_and_its_options_are_translated() -> None:
    with speaking(CODE):
        for command in plain().commands.values():
            for message in (elsewhere(command), Message(refusal(command))):
                assert left_in(message) == []
            described = [command.description, *(each.description for each in command.options)]
            assert [text for text in described if escaped(_(text))] == []


@pytest.mark.usefixtures("in_pseudo")
async def test_what_is_put_into_other_chats_is_translated() -> None:
    talk = busy()
    quoted = await quotes(talk.index, lambda: talk.at)("", 50)
    assert len(quoted) > 5
    for quote in quoted:
        assert left_in(quote.message) == []
        assert [text for text in (quote.title, quote.told) if escaped(text)] == []


# Cards and replies.


@pytest.mark.usefixtures("in_pseudo")
@pytest.mark.parametrize("now", [*STORIES, turned(GREAT)], ids=lambda each: each.id)
def test_every_card_and_reply_is_translated(now: Story) -> None:
    for before in (None, GREAT, BARE, turned(GREAT), replace(GREAT, retracted=wide("false"))):
        for was in (before, before and replace(before, id=now.id)):
            delta = compare(was, now)
            for leaning in (True, False):
                assert left_in(card(edition(now), delta, show_leaning=leaning)) == []
            assert left_in(reply(edition(now), delta)) == []


VALUES = {Kind.LEANING: "left", Kind.STATUS: "active", Kind.ENDED: "ended"}
TIMES = {Kind.STARTED: NOW.isoformat(), Kind.UPDATED: NOW.isoformat()}


@pytest.mark.usefixtures("in_pseudo")
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_change_is_translated(kind: Kind) -> None:
    value = {**VALUES, **TIMES}.get(kind, "7")
    for before, after in ((value, value), (None, value), (value, None), (None, None)):
        change = Change(kind, Weight.MAJOR, before, after)
        for text in (words.said(change), words.in_full(change, GREAT)):
            assert escaped(text) == ""
        for number in (1, 2, 5, 100):
            delta = Delta((change,) * number)
            assert escaped(words.said_short(delta, show_leaning=True)) == ""


@pytest.mark.usefixtures("in_pseudo")
def test_every_span_of_time_is_translated() -> None:
    for minutes in (0, 1, 2, 5, 59, 60, 300, 1440, 1441 + 60, 4000, 40000, 400000):
        assert escaped(words.duration(timedelta(minutes=minutes))) == ""


# What /why says of every state of a card.


def shown(**more: Any) -> CardRecord:
    row = CardRecord(
        State.SHOWN, NOW - HOUR, 1, message_id="77", fingerprint="?", posted_at=NOW - HOUR
    )
    return replace(row, **more)


QUOTE = Reason(Why.SAID, {"platform": "discord", "said": "500: no"})
VARIATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"refusal": Refusal(Reason(Why.CHANNEL_GONE), NOW + HOUR)},
    {"refusal": Refusal(QUOTE, NOW - HOUR)},
    {"why": Reason(Why.PAUSE, {"platform": "я"})},
    {"why": QUOTE},
    {"why": Reason(Why.LACKS_PERMISSIONS, {"permissions": ["Send Messages", "Embed Links"]})},
    {"why": Reason(Why.THREAD_ARCHIVED)},
    {"rule": Rule(all=True, loudness=Loudness.EDIT)},
    {"rule": None},
    {"rule": Rule(keywords=(wide("ferry"),), min_articles=200, min_virality=9.5)},
    {"rule": Rule(entities=tuple(wide(f"other {n}") for n in range(9)))},
    {"rule": Rule(story_ids=(StoryId("1"),))},
    {"row": {"reply_since": 1}},
    {"row": {"replied_at": NOW + HOUR}},
    {"row": {"replied_at": NOW - HOUR / 2, "posted_at": NOW - 9 * HOUR}},
    *({"row": {"pin": pin}} for pin in Pin),
)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("whole", [GREAT, GONE, ENDED, OLD], ids=lambda each: each.id)
async def test_why_is_told_in_translated_sentences(state: State, whole: Story) -> None:
    talk = asked(whole)
    talk.put(turned(whole) if whole is GREAT else replace(whole, rank=3))
    for place, revision, due, other in product((None, "77"), (1, 2), (True, False), VARIATIONS):
        rule = other.get("rule", Rule(all=True))
        why = other.get("why")
        if why is QUOTE and state is State.UNKNOWN:
            continue  # nobody said anything
        if state is State.SHOWN and place is None:
            continue  # a card that stands has a place
        talk.rules.saved = {HERE: rule} if rule else {}
        row = shown(
            state=state, message_id=place, revision=revision, why=why, **other.get("row", {})
        )
        edition = talk.index.get(whole.id)
        assert edition is not None
        desired = desire(
            rule,
            edition,
            talk.index.delta(edition),
            "its looks",
            target=None,
            fixed=False,
            live_for=talk.index.live_for,
            now=talk.at,
        )
        facts = Facts(Policy(), retry_at=NOW + HOUR if due else None, publish_at=NOW)
        card_status = CardStatus(
            whole.id,
            row,
            due=due,
            plan=explain(Observed(row), desired, facts, talk.at),
            apart=HOUR / 60,
            reply_gap=HOUR,
            refusal=other.get("refusal"),
        )
        talk.desk.card_statuses[HERE] = [card_status]
        assert left_in(await talk.say("why", story=whole.id)) == []


@pytest.mark.usefixtures("in_pseudo")
@pytest.mark.parametrize(("part", "code"), sorted(SENTENCES))
def test_every_reason_of_a_hold_is_told_in_translated_words(part: Part, code: HoldCode) -> None:
    gaps = ("time", "clock", "revision", "apart", "since", "ago", "gap")
    assert escaped(held(part, code, dict.fromkeys(gaps, "7"))) == ""
