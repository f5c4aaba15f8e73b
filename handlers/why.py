"""/why - why a story was posted, edited, replied to, delayed or not posted here."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from bot.model import words
from bot.model.card import is_new
from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry, StorageAway
from bot.model.message import Block, Button, Buttons, Message, Note, Ref, Text
from bot.model.rule import Loudness, Rule, at_least, folded
from bot.ports import Desk, Refusal, Row, Rules, Standing, State
from handlers.changes import promptly
from handlers.picking import buttons_to, live_stories, meant, menu_of, name, quoted
from handlers.wants import words_in
from stories.delta import Delta, Kind, Weight
from stories.shelf import Edition, Shelf
from stories.story import Status, Story

NAMED = 5
"""How many of the words a chat follows are named; the rest is counted."""
UNANSWERED = timedelta(minutes=1)
"""A post under way for so long has probably lost its answer."""
_QUOTE = re.compile(r"\w+ said\b")
"""A platform's own words, which mean something to the operator only."""


def why_command(shelf: Shelf, rules: Rules, desk: Desk, now: Callable[[], datetime]) -> Command:
    async def answer(ask: Ask) -> Message:
        at = now()
        edition = meant(shelf, said, at, "why") if (said := ask.get("story")) else None
        try:
            story_id = edition.story.id if edition else None
            standing: Standing | None = await promptly(desk.standing(ask.chat, story_id))
        except StorageAway:
            standing = None
        if edition is None:
            edition = _newest(standing, ask, at)
        return _because(edition, standing, rules.of(ask.chat), at)

    def _newest(standing: Standing | None, ask: Ask, at: datetime) -> Edition:
        """The story of the newest card here; raise Sorry with others to ask about."""
        rows = menu_of("Why is or is not here …", buttons_to("why", shelf.top(5, at)))
        if standing is None:
            raise Sorry(
                "The newest card here cannot be looked up just now",
                Text("Please try again in a minute, or ask about a story."),
                rows=rows,
            )
        if standing.story is None:
            refused = [Text(_refused(standing.refusal, at))] if standing.refusal else []
            rule = rules.of(ask.chat)
            nothing = [Text(_NOTHING)] if rule is None or rule.empty else []
            raise Sorry("There is no card here yet", *nothing, *refused, rows=rows)
        edition = shelf.get(standing.story)
        if edition is None:
            raise Sorry(
                f"The newest card here is of a story that is no longer kept: {standing.story}",
                rows=rows,
            )
        return edition

    def _because(
        edition: Edition, standing: Standing | None, rule: Rule | None, at: datetime
    ) -> Message:
        story = edition.story
        delta = shelf.delta(edition)
        live = edition.is_live(at, shelf.live_for)
        wanted = rule is not None and rule.wants(story)
        lines = [*_wish(rule, story), *([] if live else [_over(edition, at)])]
        if standing is None:
            lines.append("What was shown here cannot be looked up just now.")
        elif standing.row is None:
            lines += _absent(standing, wanted=wanted and live, at=at)
        else:
            lines += _card(standing, standing.row, edition, wanted=wanted, live=live, at=at)
        changes = [] if is_new(delta) else [Button("What changed", _ref(story, "changes"))]
        return Message(
            _title(edition, standing, at),
            (
                *(Text(each) for each in lines),
                *_last(edition, delta, standing, rule, at),
            ),
            (Buttons((Button("Story", _ref(story)), *changes)),),
        )

    return Command(
        "why",
        "Why a story was posted, edited, delayed or not posted here",
        answer,
        options=(
            Option(
                "story",
                "Which story; leave out for the newest card here",
                live_stories(shelf, now),
            ),
        ),
        rest="story",
        about_chat=True,
    )


def _title(edition: Edition, standing: Standing | None, at: datetime) -> str:
    called = f"“{name(edition.story)}”"
    row = standing.row if standing else None
    if standing is None:
        return f"{called} in this chat"
    if row is None or (row.place is None and row.state in (State.FAILED, State.GONE)):
        return f"{called} is not shown here"
    if row.place is None and (row.state is State.UNKNOWN or at - row.at > UNANSWERED):
        return f"It is not known whether {called} is shown here"
    if row.place is None:
        return f"{called} is being posted here"
    if row.revision < edition.revision:
        return f"{called} is shown here, but not its newest revision"
    return f"{called} is shown here"


# What the chat's rule says of it.

_NOTHING = "This chat follows nothing, so no story comes here by itself."


def _wish(rule: Rule | None, story: Story) -> Iterator[str]:
    if rule is None or rule.empty:
        yield _NOTHING
        return
    shared = [
        word
        for word in dict.fromkeys((*story.keywords, *story.entities))
        if (word in story.keywords and folded((word,)) & folded(rule.keywords))
        or (word in story.entities and folded((word,)) & folded(rule.entities))
    ]
    if rule.all:
        yield "This chat follows every live story."
    elif story.id in rule.story_ids:
        yield "This chat follows this story."
    elif shared:
        yield f"This chat follows {_listed(shared)}, which is among its keywords or names."
    elif about := words_in(rule):
        yield (
            f"This chat does not follow it: it follows {_listed(list(about))}, "
            "and the story has none of that among its keywords or names."
        )
        return
    else:
        yield "This chat does not follow it, only other stories."
        return
    stats = story.stats
    if rule.min_virality is not None and not at_least(stats.virality, rule.min_virality):
        has = "does not say" if stats.virality is None else f"has {words.figure(stats.virality)}"
        yield f"This chat asks for {words.virality(rule.min_virality)} or more; the story {has}."
    if rule.min_articles is not None and not at_least(stats.articles, rule.min_articles):
        has = "does not say" if stats.articles is None else f"has {stats.articles:,}"
        yield f"This chat asks for {words.articles(rule.min_articles)} or more; the story {has}."


def _listed(names: list[str]) -> str:
    shown = [quoted(each, 40) for each in names[:NAMED]]
    if len(names) > NAMED:
        shown.append(f"{len(names) - NAMED} more")
    *others, last = shown
    return f"{', '.join(others)} and {last}" if others else last


def _over(edition: Edition, at: datetime) -> str:
    story = edition.story
    if story.retracted is not None:
        why = "It was withdrawn"
    elif story.merged_into:
        why = "It has gone up into another story"
    elif story.stats.status is Status.ENDED:
        why = "It has ended"
    else:
        quiet = words.duration(at - (story.updated_at or edition.heard_at))
        why = f"It has not moved for {quiet}, so it is no longer live"
    return f"{why}: no new card is made for it."


# What became of its card.


def _absent(standing: Standing, *, wanted: bool, at: datetime) -> Iterator[str]:
    """Why there is no card and never was an attempt."""
    if not wanted:
        return
    if standing.refusal:
        yield _refused(standing.refusal, at)
    elif standing.due:
        yield _IN_LINE
    else:
        yield (
            "It has not changed since this chat follows it: "
            "then only the foremost stories are shown, and the others come with their next update."
        )


_IN_LINE = "It is in line and comes as soon as the platform's pace allows."


def _card(
    standing: Standing, row: Row, edition: Edition, *, wanted: bool, live: bool, at: datetime
) -> Iterator[str]:
    """What the ledger says."""
    ago = _ago(row.at, at)
    match row.state:
        case State.SHOWN:
            newest = " (the newest)" if row.revision == edition.revision else ""
            yield f"Its card shows revision {row.revision}{newest}, written {ago}."
            yield from _behind(standing, row, edition, at)
        case State.SENDING if row.place is not None:
            yield f"Its card is being edited since {ago.removesuffix(' ago')}."
        case State.SENDING if at - row.at <= UNANSWERED:
            yield "Its card is being posted just now."
        case State.SENDING:
            yield f"It was sent {ago} and no answer came back yet. That is looked into by itself."
        case State.UNKNOWN:
            yield words.sentence(f"{row.why or 'it is not known whether the card arrived'}.")
        case State.GONE:
            again = ", and comes back with its next notable change" if wanted and live else ""
            yield f"Its card was deleted here ({ago}){again}."
        case State.FAILED:
            what = "edited" if row.place is not None else "posted"
            yield f"It could not be {what} {ago}. {_failed(standing, row, at)}"
    if row.place is not None and row.pinned:
        yield "It is pinned here, and kept up to date."
    elif row.place is not None and not (wanted and live):
        yield "A card once made is kept up to date all the same."


def _behind(standing: Standing, row: Row, edition: Edition, at: datetime) -> Iterator[str]:
    """What a card that stands waits for."""
    if row.revision >= edition.revision:
        return
    if standing.refusal:
        yield _refused(standing.refusal, at)
    elif standing.next_edit and standing.next_edit > at:
        yield (
            f"Revision {edition.revision} waits: edits of one card are {_span(standing.apart)} "
            f"apart, so it comes in {_span(standing.next_edit - at)}."
        )
    else:
        yield f"Revision {edition.revision} is in line: it comes as soon as the pace allows."


def _failed(standing: Standing, row: Row, at: datetime) -> str:
    if standing.refusal:
        return _refused(standing.refusal, at)
    if row.why and not _QUOTE.match(row.why):
        why = words.sentence(f"{row.why}.")
    else:
        why = "The platform did not take it; that has been logged for whoever runs this bot."
    return f"{why} {'It is tried again' if standing.due else 'The next update is tried again'}."


def _refused(refusal: Refusal, at: datetime) -> str:
    """Why nothing arrives here, and who can mend it how."""
    why = "" if _QUOTE.match(refusal.why) else f": {refusal.why}"
    left = refusal.again_at - at
    again = f" in {_span(left)}" if left > timedelta(0) else ""
    return (
        f"This chat does not take what I send{why}. To mend it, {refusal.remedy}. "
        f"I try again{again}, and show the newest then."
    )


# What happened last, and how loudly.


def _last(
    edition: Edition,
    delta: Delta,
    standing: Standing | None,
    rule: Rule | None,
    at: datetime,
) -> Iterator[Block]:
    if is_new(delta) or delta.weight is None:
        return
    reason = delta.reason
    told = ""
    if reason and reason.kind is not Kind.UPDATED and (_shows(rule) or not _leans(delta)):
        told = f": {words.said(reason)}"
    weight = delta.weight.name.lower()
    yield Text(f"Its last change, {_ago(edition.heard_at, at)}, was {weight}{told}.")
    if standing is not None and (said := _reply(edition, delta.weight, standing, rule, at)):
        yield Note(said)


def _shows(rule: Rule | None) -> bool:
    return rule is not None and rule.show_leaning


def _leans(delta: Delta) -> bool:
    return delta.reason is not None and delta.reason.kind is Kind.LEANING


def _reply(
    edition: Edition, weight: Weight, standing: Standing, rule: Rule | None, at: datetime
) -> str:
    """Whether a reply beside the card was due for the last change."""
    row = standing.row
    if row is None or row.state is not State.SHOWN or row.revision != edition.revision:
        return ""
    if row.owes is not None:
        return "A short reply about it is due."
    if row.posted_at and row.posted_at >= edition.heard_at:
        return "The card was made with it, so there was nothing to reply to."
    if row.replied_at and row.replied_at >= edition.heard_at:
        return f"A short reply about it was due, {_ago(row.replied_at, at)}."
    if weight < Weight.NOTABLE:
        return "A minor change edits the card and gets no reply."
    if rule is None or not rule.wants(edition.story):
        return "It got no reply: this chat does not follow the story."
    if rule.loudness is Loudness.EDIT:
        return "It got no reply: this chat asks for edits only."
    if row.replied_at and edition.heard_at - row.replied_at < standing.reply_gap:
        return (
            f"It got no reply: the last was {_ago(row.replied_at, at)}, "
            f"and there is at most one in {_span(standing.reply_gap)}."
        )
    return ""


def _ago(then: datetime, at: datetime) -> str:
    return f"{words.duration(max(at - then, timedelta(0)))} ago"


def _span(time: timedelta) -> str:
    """“40 seconds”, “10 minutes”."""
    seconds = max(1, round(time.total_seconds()))
    return words.count(seconds, "second") if seconds < 120 else words.duration(time)


def _ref(story: Story, part: str = "") -> Ref:
    return Ref("story", (story.id, part) if part else (story.id,))
