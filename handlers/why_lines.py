"""The lines of /why: what the chat's rule, the plan and the ledger say about one story."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model.ledger import CardRecord, State
from bot.model.rule import Loudness, Rule, at_least, folded
from bot.model.status import CardStatus
from bot.model.step import DropReply, Hold
from handlers.durations import since, span
from handlers.followed_things import words_in
from handlers.story_words import name, quoted
from handlers.unreachable import refused
from stories.delta import LEANINGS, Delta, Kind, Weight
from stories.edition import Edition
from stories.spelling import fold
from stories.story import Status, Story
from wording import reasons, words
from wording.card import is_new
from wording.holds import SENTENCES, HoldCode, Part, held
from wording.language import N_, _, ngettext
from wording.message import Block, Note, Ref, Text
from wording.reasons import Code, Reason

NAMED = 5
"""The most followed words that are named; the rest is counted."""
UNANSWERED = timedelta(minutes=1)
"""A post in flight for this long has probably lost its answer."""


def title(edition: Edition, card_status: CardStatus | None, at: datetime) -> str:
    row = card_status.row if card_status else None
    if card_status is None:
        title = _("“{story}” in this chat")
    elif row is None or (row.message_id is None and row.state in (State.FAILED, State.GONE)):
        title = _("“{story}” isn't shown here")
    elif row.message_id is None and (
        row.state in (State.UNKNOWN, State.UNREADABLE) or at - row.at > UNANSWERED
    ):
        title = _("I don't know whether “{story}” is shown here")
    elif row.message_id is None:
        title = _("“{story}” is being posted here")
    elif row.revision < edition.revision:
        title = _("“{story}” is shown here, but not its latest version")
    else:
        title = _("“{story}” is shown here")
    return title.format(story=name(edition.story))


# What the chat's rule says about it.

NOTHING = N_("This chat follows nothing, so no stories are posted here.")


def rule_lines(rule: Rule | None, story: Story) -> Iterator[str]:
    if rule is None or rule.empty:
        yield _(NOTHING)
        return
    keywords, entities = folded(rule.keywords), folded(rule.entities)
    shared = [
        word
        for word in dict.fromkeys((*story.keywords, *story.entities))
        if (word in story.keywords and fold(word) in keywords)
        or (word in story.entities and fold(word) in entities)
    ]
    if rule.all:
        yield _("This chat follows every live story.")
    elif story.id in rule.story_ids:
        yield _("This chat follows this story.")
    elif shared:
        follows = _("This story matches {words}, which this chat follows.")
        yield follows.format(words=_listed(shared))
    elif about := words_in(rule):
        yield _(
            "This chat follows {words}, and none of that is among this story's keywords or names."
        ).format(words=_listed(list(about)))
        return
    else:
        yield _("This chat doesn't follow this story, only others.")
        return
    if rule.paused:
        yield _("This chat is paused: nothing new is posted here until /resume.")
    if mute := rule.mute_of(story.id):
        muted = _("It's muted here: nothing new about it is posted.")
        if mute.until_major:
            muted = _(
                "It's muted here: nothing new about it is posted until there's a major update."
            )
        yield muted
    stats = story.stats
    if rule.min_virality is not None and not at_least(stats.virality, rule.min_virality):
        asked = words.figure(rule.min_virality)
        if stats.virality is None:
            short = _(
                "This chat wants a virality of {asked} or more, but the story doesn't give one."
            )
            yield short.format(asked=asked)
        else:
            short = _("This chat wants a virality of {asked} or more, but the story has {figure}.")
            yield short.format(asked=asked, figure=words.figure(stats.virality))
    if rule.min_articles is not None and not at_least(stats.articles, rule.min_articles):
        yield _too_few(rule.min_articles, stats.articles)


def _too_few(asked: int, has: int | None) -> str:
    if has is None:
        short = ngettext(
            "This chat wants {n} article or more, but the story doesn't say how many it has.",
            "This chat wants {n} articles or more, but the story doesn't say how many it has.",
            asked,
        )
        return short.format(n=words.number(asked))
    short = ngettext(
        "This chat wants {n} article or more, but the story has {figure}.",
        "This chat wants {n} articles or more, but the story has {figure}.",
        asked,
    )
    return short.format(n=words.number(asked), figure=words.number(has))


def _listed(names: list[str]) -> str:
    return words.both(words.some([quoted(each, 40) for each in names], NAMED))


def over_line(edition: Edition, at: datetime) -> str:
    story = edition.story
    if story.retracted is not None:
        return _("It was withdrawn, so it gets no new card.")
    if story.merged_into:
        return _("It was merged into another story, so it gets no new card.")
    if story.stats.status is Status.ENDED:
        return _("It has ended, so it gets no new card.")
    quiet = words.duration(at - edition.fresh)
    return _(
        "It hasn't been updated for {time}, so it's no longer live and gets no new card."
    ).format(time=quiet)


# What became of its card.


IN_LINE = frozenset({HoldCode.RATE_LIMIT, HoldCode.QUIET})
"""Holds that end by themselves, after which a due card is sent."""


def absent_lines(
    card_status: CardStatus, edition: Edition, rule: Rule | None, at: datetime
) -> Iterator[str]:
    """Why there is no card and never was an attempt."""
    planned = card_status.plan.get(Part.CARD)
    if (
        isinstance(planned, Hold)
        and planned.reason.code == HoldCode.REFUSED
        and card_status.refusal
    ):
        yield refused(card_status.refusal, at)
        return
    comes = not isinstance(planned, Hold) or planned.reason.code in IN_LINE
    if planned is not None and comes and not card_status.due:
        yield _(
            "It hasn't changed since this chat followed it. Only the top stories are posted "
            "right away; the rest appear when they're updated."
        )
    elif isinstance(planned, Hold):
        yield from _held(Part.CARD, planned, card_status, edition, rule, at)
    elif planned is not None:
        yield _(SENTENCES[Part.CARD, HoldCode.RATE_LIMIT])


def _held(
    part: Part,
    hold: Hold,
    card_status: CardStatus,
    edition: Edition,
    rule: Rule | None,
    at: datetime,
) -> Iterator[str]:
    """The plan's reason in words; nothing if the record or the rule already says it."""
    row, until = card_status.row, hold.until or at
    zone = rule.quiet.zone if rule is not None and rule.quiet is not None else "UTC"
    said = held(
        part,
        hold.reason.code,
        {
            "time": span(until - at),
            "clock": words.clock(until.astimezone(ZoneInfo(zone)).time()),
            "revision": edition.revision,
            "apart": span(card_status.apart),
            "since": row.reply_since if row is not None and row.reply_since is not None else 0,
            "ago": since(row.replied_at, at) if row is not None and row.replied_at else "",
            "gap": span(card_status.reply_gap),
        },
    )
    if said:
        yield said


def card_lines(
    card_status: CardStatus,
    row: CardRecord,
    edition: Edition,
    rule: Rule | None,
    *,
    wanted: bool,
    live: bool,
    at: datetime,
    into: str | None,
) -> Iterator[str]:
    """What the ledger says; `into`: the title of the story this one was merged into."""
    time = since(row.at, at)
    match row.state:
        case State.SHOWN:
            shows = _("Its card shows version {revision}, written {time} ago.")
            if row.revision == edition.revision:
                shows = _("Its card shows version {revision} (the latest), written {time} ago.")
            yield shows.format(revision=row.revision, time=time)
            if row.bare:
                yield _("It's shown without its links. {why}").format(why=reasons.why(row.bare))
            yield from _behind(card_status, row, edition, rule, at)
            if row.into is not None and edition.story.merged_into:
                yield _("It links to the card of “{story}”, where the story continues.").format(
                    story=into or row.into
                )
        case State.SENDING if row.message_id is not None:
            yield _("The card has been updating for {time}.").format(time=time)
        case State.SENDING if at - row.at <= UNANSWERED:
            yield _("Its card is being posted right now.")
        case State.SENDING:
            yield _(
                "It was sent {time} ago, and no answer has come back yet. I'm checking."
            ).format(time=time)
        case State.UNKNOWN if row.claimed_at is not None:
            yield _(
                "A moderator said {time} ago that its card is there, but I don't know where. So "
                "I can't update it: the next notable update, or a withdrawal, will be posted as "
                "a new card."
            ).format(time=since(row.claimed_at, at))
            yield _(_SHOW)
        case State.UNKNOWN:
            yield reasons.why(row.why or Reason(Code.OUTCOME_UNKNOWN))
        case State.UNREADABLE:
            yield _(
                "I can't read my record of its card: it was written by a newer version of this "
                "bot, or it's damaged. So I'm leaving the card alone and won't post another."
            )
        case State.GONE if row.into is not None:
            yield _("Its card became the card of “{story}” {time} ago.").format(
                story=into or row.into, time=time
            )
        case State.GONE if wanted and live:
            yield _(
                "Its card was deleted here ({time} ago). It comes back with the next notable "
                "update."
            ).format(time=time)
        case State.GONE:
            yield _("Its card was deleted here ({time} ago).").format(time=time)
        case State.FAILED:
            failed = _("Posting it failed {time} ago. {why}")
            if row.message_id is not None:
                failed = _("Updating it failed {time} ago. {why}")
            yield failed.format(time=time, why=_failed(card_status, row, at))
    if row.message_id is not None and row.pinned:
        yield _("It's pinned here and stays up to date.")
    elif row.message_id is not None and not (wanted and live):
        yield _("A card that's already posted still stays up to date.")


def publish_lines(
    card_status: CardStatus, row: CardRecord, edition: Edition, rule: Rule | None, at: datetime
) -> Iterator[str]:
    """Whether an existing card was published to the channel's followers."""
    planned = card_status.plan.get(Part.PUBLISH)
    if not isinstance(planned, Hold):
        if planned is not None and card_status.due:
            yield _(SENTENCES[Part.PUBLISH, HoldCode.RATE_LIMIT])
    elif planned.reason.code == HoldCode.PUBLISHED and row.published_at:
        yield _("It was published to the servers that follow this channel {time} ago.").format(
            time=since(row.published_at, at)
        )
    elif planned.reason.code == HoldCode.PUBLISH_FAILED and row.why:
        yield _("It couldn't be published. {why}").format(why=reasons.explained(row.why))
    else:
        yield from _held(Part.PUBLISH, planned, card_status, edition, rule, at)


def _behind(
    card_status: CardStatus, row: CardRecord, edition: Edition, rule: Rule | None, at: datetime
) -> Iterator[str]:
    """What an existing card is waiting for."""
    if row.revision >= edition.revision:
        return
    planned = card_status.plan.get(Part.CARD)
    code = planned.reason.code if isinstance(planned, Hold) else HoldCode.RATE_LIMIT
    if code == HoldCode.REFUSED and card_status.refusal:
        yield refused(card_status.refusal, at)
    elif isinstance(planned, Hold) and planned.until and code == HoldCode.RETRY:
        yield _("Version {revision} is in the queue, and I'll try in {time}.").format(
            revision=edition.revision, time=span(planned.until - at)
        )
    elif isinstance(planned, Hold) and code != HoldCode.RATE_LIMIT:
        yield from _held(Part.CARD, planned, card_status, edition, rule, at)
    else:
        yield _(
            "Version {revision} is in the queue and comes as soon as the rate limit allows."
        ).format(revision=edition.revision)


def _failed(card_status: CardStatus, row: CardRecord, at: datetime) -> str:
    if card_status.refusal:
        return refused(card_status.refusal, at)
    why = reasons.explained(row.why or Reason(Code.SAID))
    again = _("I'll try again.") if card_status.due else _("I'll try again at the next update.")
    planned = card_status.plan.get(Part.CARD)
    if isinstance(planned, Hold) and planned.reason.code == HoldCode.RETRY and planned.until:
        again = _("I'll try again in {time}.").format(time=span(planned.until - at))
    return f"{why} {again}"


_SHOW = N_("A moderator can help: press “It's there”, then do what I ask.")

# What happened last, and how loudly.


def last_change(
    edition: Edition,
    delta: Delta,
    card_status: CardStatus | None,
    rule: Rule | None,
    at: datetime,
) -> Iterator[Block]:
    if is_new(delta) or delta.weight is None:
        return
    reason = delta.reason
    time = since(edition.heard_at, at)
    if reason and reason.kind is not Kind.UPDATED and (_shows(rule) or not _leans(delta)):
        was = _(_WEIGHED_AND_TOLD[delta.weight]).format(time=time, change=words.said(reason))
    else:
        was = _(_WEIGHED[delta.weight]).format(time=time)
    yield Text(was)
    if card_status is not None and (said := _reply(edition, delta.weight, card_status, rule, at)):
        yield Note(said)


_WEIGHED = {
    Weight.MINOR: N_("Its latest change, {time} ago, was minor."),
    Weight.NOTABLE: N_("Its latest change, {time} ago, was notable."),
    Weight.MAJOR: N_("Its latest change, {time} ago, was major."),
}
_WEIGHED_AND_TOLD = {
    Weight.MINOR: N_("Its latest change ({time} ago, minor): {change}"),
    Weight.NOTABLE: N_("Its latest change ({time} ago, notable): {change}"),
    Weight.MAJOR: N_("Its latest change ({time} ago, major): {change}"),
}


def _shows(rule: Rule | None) -> bool:
    return rule is not None and rule.show_leaning


def _leans(delta: Delta) -> bool:
    return delta.reason is not None and delta.reason.kind in LEANINGS


def _reply(
    edition: Edition, weight: Weight, card_status: CardStatus, rule: Rule | None, at: datetime
) -> str:
    """Whether a reply about the last change was due."""
    row, planned = card_status.row, card_status.plan.get(Part.REPLY)
    if row is None or row.state is not State.SHOWN or row.revision != edition.revision:
        return ""
    if planned is None or isinstance(planned, DropReply):
        return ""
    if not isinstance(planned, Hold):
        return _(SENTENCES[Part.REPLY, HoldCode.RATE_LIMIT])
    if planned.reason.code == HoldCode.REPLIED and row.replied_at:
        return _(_replied(weight, rule)).format(time=since(row.replied_at, at))
    return "".join(_held(Part.REPLY, planned, card_status, edition, rule, at))


def _replied(weight: Weight, rule: Rule | None) -> str:
    """How loud a reply was."""
    if rule is None or rule.loudness is not Loudness.PING:
        return N_("A short reply about it was sent {time} ago.")
    if weight is Weight.MAJOR:
        return N_(
            "A short reply about it was sent {time} ago. Because the change was major, it "
            "mentioned the role that the moderators chose, where the platform has roles."
        )
    return N_(
        "A short reply about it was sent {time} ago. It mentioned nobody: only major changes do."
    )


def story_ref(story: Story, part: str = "") -> Ref:
    return Ref("story", (story.id, part) if part else (story.id,))
