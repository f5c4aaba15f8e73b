"""/status - how this chat is doing: permissions, latest cards, what is waiting, what to fix."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.chat import Permission
from bot.model.command import Ask, Command
from bot.model.ledger import CardRecord, State
from bot.model.rule import Rule
from bot.model.status import Health
from bot.settling import listed
from handlers.changing_rules import newer
from handlers.durations import since, span
from handlers.followed_things import title_of, to_follow, to_overview
from handlers.ports import Desk, Rules
from handlers.rule_in_words import hush, unheard, who_follows
from handlers.unknown import to_settle
from handlers.unreachable import refused
from stories.index import StoryIndex
from stories.story import StoryId
from wording import reasons, words
from wording.language import N_, _, named, ngettext
from wording.message import (
    Block,
    Bullets,
    Button,
    Buttons,
    Heading,
    Message,
    Note,
    Ref,
    Text,
    Tone,
)
from wording.reasons import Code, Reason

SHOWN = 5
"""The most cards listed, of the latest and of those waiting."""


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """Describes the state of the chat."""

    index: StoryIndex
    rules: Rules
    desk: Desk
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """Permissions, problems, what waits here and the latest cards."""
        at = self.now()
        health = await self.desk.health(ask.chat)
        rule = self.rules.of(ask.chat)
        deaf = tuple(unheard(self.desk, ask.chat, rule))
        unknown = [card for card in health.cards or () if card[1].state is State.UNKNOWN]
        silent = health.refusal is not None or bool(health.lacks and health.lacks[Permission.POST])
        ill = (
            silent
            or bool(deaf)
            or bool(unknown)
            or self.rules.is_unreadable(ask.chat)
            or any(_is_short(health, *card) for card in (health.cards or ())[:SHOWN])
        )
        late = any(_is_late(health, story) for story, _until in self._unfinished(health))
        nothing = rule is None or rule.empty
        buttons = [*([to_follow()] if nothing else []), to_overview()]
        if health.cards:
            buttons.append(Button(_("Why"), Ref("why")))
        title = _("Cards are late in this chat") if late else _("Everything's fine in this chat")
        return Message(
            _("Something needs fixing in this chat") if ill else title,
            (
                *_rights(health, at),
                *deaf,
                *self._unknown(unknown),
                *(
                    [Text(newer())]
                    if self.rules.is_unreadable(ask.chat)
                    else _wishes(rule, at, private=ask.private)
                ),
                *self._waiting(health, at),
                *self._newest(health, at),
            ),
            (*to_settle(ask.chat, unknown), Buttons(tuple(buttons))),
            tone=Tone.SORRY if ill or late else Tone.PLAIN,
        )

    def _unknown(self, cards: Sequence[tuple[StoryId, CardRecord]]) -> Iterator[Block]:
        """Posts that got no answer, and what moderators can do about them."""
        if not cards:
            return
        yield Heading(_("May not have arrived"))
        yield from listed([title_of(story, self.index) for story, _row in cards])
        yield Text(_("A moderator can check, then press one of the buttons below."))

    def _waiting(self, health: Health, at: datetime) -> Iterator[Block]:
        """What is still due here, and until when it waits."""
        waiting = sorted(self._unfinished(health), key=lambda each: not _is_late(health, each[0]))
        if not waiting:
            return
        number = len(waiting)
        yield Heading(
            ngettext("{n} card is waiting", "{n} cards are waiting", number).format(
                n=words.number(number)
            )
        )
        lines = []
        for story, until in waiting[:SHOWN]:
            again_at = health.again.get(story)
            if not health.refusal and again_at and again_at > at:
                said = _("{story}: I'll try again in {time}")
                lines.append(said.format(story=self._called(story), time=span(again_at - at)))
            elif not health.refusal and _is_late(health, story):
                lines.append(_("{story}: I'll try again").format(story=self._called(story)))
            elif health.refusal or until is None or until <= at:
                lines.append(self._called(story))
            else:
                said = _("{story}: it can be updated in {time}")
                lines.append(said.format(story=self._called(story), time=span(until - at)))
        yield Bullets((*lines, *_rest(number)))

    def _unfinished(self, health: Health) -> list[tuple[StoryId, datetime | None]]:
        """What is waiting, without mere rechecks of correct cards."""
        shown = {story for story, row in health.cards or () if self._is_newest(story, row)}
        return [each for each in health.waiting if each[0] not in shown]

    def _is_newest(self, story: StoryId, row: CardRecord) -> bool:
        """True for a card that only has to be rechecked."""
        edition = self.index.get(story)
        newest = edition is None or row.revision >= edition.revision
        return row.state is State.SHOWN and newest and row.reply_since is None

    def _newest(self, health: Health, at: datetime) -> Iterator[Block]:
        """The outcome of the latest cards."""
        if health.cards is None:
            yield Text(
                _("My storage is unavailable right now, so I can't look up what I posted here.")
            )
            return
        if not health.cards:
            yield Note(_("I haven't sent any cards here."))
            return
        yield Heading(_("Latest cards"))
        lines = [
            _(_outcome(row)).format(
                story=self._called(story),
                revision=row.revision,
                time=since(row.at, at),
                why=_why(row.bare or row.why),
            )
            for story, row in health.cards[:SHOWN]
        ]
        yield Bullets((*lines, *_rest(len(health.cards))))

    def _called(self, story: StoryId) -> str:
        return f"“{title_of(story, self.index)}”"


def status_command(
    index: StoryIndex, rules: Rules, desk: Desk, now: Callable[[], datetime]
) -> Command:
    """The command /status."""
    status = StatusCommand(index, rules, desk, now)
    return Command(
        "status",
        N_("Check that everything's fine here"),
        status.answer,
        about_chat=True,
    )


def _rest(number: int) -> Iterator[str]:
    if (more := number - SHOWN) > 0:
        yield ngettext("… and {n} more", "… and {n} more", more).format(n=words.number(more))


def _rights(health: Health, at: datetime) -> Iterator[Block]:
    """What the bot may do here, and how to fix what it may not."""
    lacks = health.lacks
    if lacks is None:
        yield Text(_("I can't check my permissions here right now."))
    elif missing := lacks[Permission.POST]:
        yield Text(
            ngettext(
                "I can't post here: I need the {permissions} permission. Add it in this chat's "
                "settings, and I'll post the latest version of each story.",
                "I can't post here: I need the {permissions} permissions. Add them in this chat's "
                "settings, and I'll post the latest version of each story.",
                len(missing),
            ).format(permissions=named(missing))
        )
    elif missing := lacks[Permission.PIN]:
        yield Text(
            ngettext(
                "I can post here, but not pin: I need the {permissions} permission. If you want "
                "cards pinned, add it in this chat's settings.",
                "I can post here, but not pin: I need the {permissions} permissions. If you want "
                "cards pinned, add them in this chat's settings.",
                len(missing),
            ).format(permissions=named(missing))
        )
    else:
        yield Text(_("I can post and pin here."))
    if health.refusal is None or (lacks and lacks[Permission.POST]):
        return
    if lacks is None:
        yield Text(refused(health.refusal, at))
    else:  # it is retried at once
        yield Text(
            _("My last message wasn't delivered. {why} I'm retrying now.").format(
                why=reasons.why(health.refusal.reason)
            )
        )
        if remedy := reasons.remedy(health.refusal.reason):
            yield Note(_("If that doesn't help: {remedy}").format(remedy=remedy))


def _wishes(rule: Rule | None, at: datetime, *, private: bool) -> Iterator[Block]:
    """What the chat itself has chosen that keeps cards away right now."""
    if rule is None or rule.empty:
        yield Text(_("This chat follows nothing, so no stories are posted here."))
        yield who_follows(private=private)
        return
    if rule.paused:
        yield Text(_("Paused: nothing new until /resume. Existing cards stay up to date."))
    yield from hush(rule, at)
    if muted := len(rule.muted):
        yield Text(
            ngettext("{n} story is muted here.", "{n} stories are muted here.", muted).format(
                n=words.number(muted)
            )
        )


def _is_short(health: Health, story: StoryId, row: CardRecord) -> bool:
    """True for a card without its links, or one that was refused and isn't being retried."""
    waits = story in (each for each, _until in health.waiting)
    return bool(row.bare) or (row.state is State.FAILED and not waits)


def _is_late(health: Health, story: StoryId) -> bool:
    """True for a card that couldn't be shown, or that waits for a platform's pause."""
    failed = (each for each, row in health.cards or () if row.state is State.FAILED)
    return story in health.again or story in failed


def _outcome(row: CardRecord) -> str:
    """How the last attempt ended, as a marked sentence."""
    match row.state:
        case State.SHOWN if row.bare:
            return N_("{story}: shows version {revision}, without its links. {why}")
        case State.SHOWN if row.posted_at is None or row.at <= row.posted_at:
            return N_("{story}: posted {time} ago, shows version {revision}")
        case State.SHOWN:
            return N_("{story}: updated {time} ago, shows version {revision}")
        case State.SENDING if row.message_id is not None:
            return N_("{story}: has been updating for {time}")
        case State.SENDING:
            return N_("{story}: sent {time} ago, no answer yet")
        case State.UNKNOWN:
            return N_("{story}: sent {time} ago, may not have arrived")
        case State.GONE:
            return N_("{story}: someone deleted it here, noticed {time} ago")
        case State.UNREADABLE:
            return N_("{story}: I can't read my record of its card, so I'm leaving it alone")
        case State.FAILED if row.message_id is not None:
            return N_("{story}: updating it failed {time} ago. {why}")
        case State.FAILED:
            return N_("{story}: posting it failed {time} ago. {why}")


def _why(reason: Reason | None) -> str:
    """What went wrong, and what to do about it."""
    return reasons.explained(reason or Reason(Code.SAID))
