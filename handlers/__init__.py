"""What people can ask: one file per command, each written once for every platform."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bot.model.command import Ask, Command
from bot.model.rule import Rule
from handlers.audit import audit_command, audited
from handlers.catchup import catchup_command
from handlers.drafting import Drafting
from handlers.faq import faq_command
from handlers.follow import follow_command
from handlers.following import following_command
from handlers.forgetme import forgetme_command
from handlers.help import help_command
from handlers.moderators import moderators_command
from handlers.mute import mute_command
from handlers.pause import pause_command
from handlers.pin import pin_command
from handlers.pins import pins_command
from handlers.ports import (
    Audit,
    Desk,
    Drafts,
    Erases,
    History,
    Moderators,
    Player,
    ReadingPositions,
    Rules,
)
from handlers.privacy import privacy_command
from handlers.recalling import recalling
from handlers.rehearsal import Rehearser
from handlers.resume import resume_command
from handlers.rules import rules_command
from handlers.search import search_command
from handlers.setup import setup_command
from handlers.starting import knowing
from handlers.status import status_command
from handlers.stories import stories_command
from handlers.story import story_command
from handlers.unfollow import unfollow_command
from handlers.unknown import unknown_command
from handlers.unmute import unmute_command
from handlers.unpin import unpin_command
from handlers.unreachable import UnreachableNotices
from handlers.why import why_command
from stories.index import StoryIndex
from wording.language import speaking
from wording.message import Message

WITHOUT_STORIES = frozenset({"pause", "audit", "moderators", "privacy", "forgetme"})
"""Commands that work while the stories are still being read."""


def _now() -> datetime:
    return datetime.now(UTC)


def menu(
    *,
    index: StoryIndex,
    rules: Rules,
    desk: Desk,
    positions: ReadingPositions,
    history: History,
    audit: Audit,
    moderators: Moderators,
    drafts: Drafts,
    erasure: Erases,
    player: Callable[[Rule, datetime], Player],
    forget_after_days: float = 30,
    now: Callable[[], datetime] = _now,
) -> tuple[Command, ...]:
    """Every command, in the order in which people see them."""
    drafting = Drafting(drafts, rules)
    rehearser = Rehearser(index, history, now, player)
    commands = (
        stories_command(index, now),
        story_command(index, rules, positions, history, now),
        search_command(index, now),
        catchup_command(index, rules, positions, history, now),
        faq_command(index, now),
        why_command(index, rules, desk, now),
        status_command(index, rules, desk, now),
        follow_command(index, rules, now),
        following_command(index, rules),
        unfollow_command(index, rules, now),
        mute_command(index, rules, now),
        unmute_command(index, rules, now),
        pause_command(rules),
        resume_command(index, rules, now),
        setup_command(index, desk, drafting, rehearser, now),
        rules_command(index, rules, desk, drafting),
        pin_command(index, desk, now),
        unpin_command(index, desk, now),
        pins_command(index, desk),
        unknown_command(index, desk, now),
        audit_command(audit),
        moderators_command(moderators),
        privacy_command(index, rules, desk, positions, forget_after_days),
        forgetme_command(rules, erasure),
    )

    def known(command: Command) -> Command:
        return command if command.name in WITHOUT_STORIES else knowing(command, index)

    notices = UnreachableNotices(rules, desk, now)
    return tuple(
        audited(
            _in_language(notices.telling(recalling(command, index, history)), rules), audit, now
        )
        for command in (*map(known, commands), help_command(commands))
    )


def _in_language(command: Command, rules: Rules) -> Command:
    """The command, answering in the chat's language if the asker's is unknown."""

    async def answer(ask: Ask) -> Message:
        rule = rules.of(ask.chat)
        with speaking(ask.language or (rule.language if rule else None)):
            return await command.answer(ask)

    return replace(command, answer=answer)
