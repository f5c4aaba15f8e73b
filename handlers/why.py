"""/why - explains why a story was posted, edited, replied to, delayed or not posted here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.model.chat import Chat
from bot.model.command import Ask, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Rule
from bot.model.status import CardStatus
from handlers.changing_rules import newer
from handlers.ports import Desk, Rules
from handlers.promptly import promptly
from handlers.rule_in_words import which
from handlers.story_choice import buttons_to, left_out, live_stories, meant, menu_of
from handlers.story_words import name
from handlers.unknown import to_settle
from handlers.unreachable import refused
from handlers.why_lines import (
    NOTHING,
    absent_lines,
    card_lines,
    last_change,
    over_line,
    publish_lines,
    rule_lines,
    story_ref,
    title,
)
from runtime.away import StorageAway
from stories.edition import Edition
from stories.index import StoryIndex
from wording.card import is_new
from wording.language import N_, _
from wording.message import Block, Button, Buttons, Message, Text


@dataclass(frozen=True, slots=True)
class WhyCommand:
    """Puts the plan's reasons, the ledger's row and the chat's rule into words."""

    index: StoryIndex
    rules: Rules
    desk: Desk
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """The reasons for the story that was asked about, or for the latest card here."""
        at = self.now()
        edition = meant(self.index, said, at, "why") if (said := ask.get("story")) else None
        try:
            story_id = edition.story.id if edition else None
            card_status: CardStatus | None = await promptly(
                self.desk.card_status(ask.chat, story_id)
            )
        except StorageAway:
            card_status = None
        if edition is None:
            edition = self._newest(card_status, ask, at)
        return self._because(edition, card_status, self.rules.of(ask.chat), at, ask.chat)

    def _newest(self, card_status: CardStatus | None, ask: Ask, at: datetime) -> Edition:
        """The story of the latest card here; raises Sorry with others to ask about."""
        rows = menu_of(
            _("Why a story is or isn't here …"), buttons_to("why", self.index.top(5, at))
        )
        if card_status is None:
            raise Sorry(
                _("I can't look up the latest card here right now"),
                Text(_("Please try again in a minute, or ask about a story.")),
                rows=rows,
            )
        if card_status.story is None:
            blocked = [Text(refused(card_status.refusal, at))] if card_status.refusal else []
            rule = self.rules.of(ask.chat)
            if self.rules.is_unreadable(ask.chat):
                raise Sorry(newer(), rows=rows)
            wants = [Text(_(NOTHING))] if rule is None or rule.empty else self._waits_for(rule)
            raise Sorry(_("There's no card here yet"), *wants, *blocked, rows=rows)
        edition = self.index.get(card_status.story)
        if edition is None and self.index.is_unreadable(card_status.story):
            raise left_out(card_status.story)
        if edition is None:
            raise Sorry(
                _("The latest card here is for a story that's no longer available: {story}").format(
                    story=card_status.story
                ),
                rows=rows,
            )
        return edition

    def _waits_for(self, rule: Rule) -> list[Block]:
        """What the chat follows, if it has no card yet."""
        return [
            Text(_("This chat follows this, but nothing has come yet:")),
            *which(rule, self.index),
        ]

    def _because(
        self,
        edition: Edition,
        card_status: CardStatus | None,
        rule: Rule | None,
        at: datetime,
        chat: Chat,
    ) -> Message:
        story = edition.story
        delta = self.index.delta(edition)
        live = edition.is_live(at, self.index.live_for)
        wanted = rule is not None and rule.wants(story)
        wish = [newer() + "."] if self.rules.is_unreadable(chat) else rule_lines(rule, story)
        lines = [*wish, *([] if live else [over_line(edition, at)])]
        if card_status is None:
            lines.append(_("I can't look up right now what was posted here."))
        elif card_status.row is None:
            lines += absent_lines(card_status, edition, rule, at)
        else:
            heir = self.index.lineage.merge_target(story.id)
            into = name(heir.story) if heir else None
            lines += card_lines(
                card_status,
                card_status.row,
                edition,
                rule,
                wanted=wanted,
                live=live,
                at=at,
                into=into,
            )
            if wanted and live:
                lines += publish_lines(card_status, card_status.row, edition, rule, at)
        card = [(story.id, card_status.row)] if card_status and card_status.row else []
        changes = [] if is_new(delta) else [Button(_("What changed"), story_ref(story, "changes"))]
        return Message(
            title(edition, card_status, at),
            (
                *(Text(each) for each in lines),
                *last_change(edition, delta, card_status, rule, at),
            ),
            (*to_settle(chat, card), Buttons((Button(_("Story"), story_ref(story)), *changes))),
        )


def why_command(
    index: StoryIndex, rules: Rules, desk: Desk, now: Callable[[], datetime]
) -> Command:
    """The command /why."""
    why = WhyCommand(index, rules, desk, now)
    return Command(
        "why",
        N_("Why a story is or isn't here"),
        why.answer,
        options=(
            Option(
                "story",
                N_("Which story; leave empty for the latest card here"),
                live_stories(index, now),
            ),
        ),
        rest="story",
        of_card=N_("Why is this here?"),
        about_chat=True,
    )
