"""/mute - a chat gets nothing more about a story, or nothing until a major update."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Mute, Rule
from handlers.changing_rules import change, theirs
from handlers.followed_things import to_follow
from handlers.ports import Rules
from handlers.story_choice import button_to, live_stories, meant, pick_list, wanted
from handlers.story_words import name
from stories.edition import Edition
from stories.index import StoryIndex
from stories.story import StoryId
from wording.acts import Act, Did
from wording.language import N_, _, ngettext
from wording.message import Button, Buttons, Message, Ref, Row, Text
from wording.words import number

MUTES = 100
"""The most stories a chat can mute."""
MAJOR = "major"
"""What buttons send for a mute that a major update ends."""
_MAJOR = N_("major")


@dataclass(frozen=True, slots=True)
class MuteCommand:
    """Mutes a story in the chat."""

    index: StoryIndex
    rules: Rules
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """Mute a story; without one, offer those that come here."""
        rule = theirs(self.rules, ask.chat)
        if rule.empty:
            raise Sorry(
                _("This chat follows nothing, so there's nothing to mute"),
                rows=(Buttons((to_follow(),)),),
            )
        if not (words := ask.get("story")):
            return await self._which(rule, ask.get("page"))
        until_major = ask.get("until").casefold() in (MAJOR, _(_MAJOR).casefold())
        return await self._mute(ask, meant(self.index, words, self.now(), "mute"), until_major)

    async def _which(self, rule: Rule, page: str) -> Message:
        coming = await wanted(rule, self.index, self.now())
        if not coming:
            raise Sorry(_("This chat gets no live stories right now"))
        return Message(
            _("Which story should I mute here?"),
            rows=pick_list(
                _("Mute …"), coming, button_to("mute"), page, lambda to: Ref("mute", ("", "", to))
            ),
        )

    async def _mute(self, ask: Ask, edition: Edition, until_major: bool) -> Message:
        story = edition.story
        mute = Mute(story.id, until_major, edition.revision)

        def quieter(rule: Rule) -> Rule:
            held = rule.mute_of(story.id)
            if held is not None and held.until_major == until_major:
                raise Sorry(
                    _("“{story}” is already muted here").format(story=name(story)),
                    rows=_ways(story.id, until_major),
                )
            others = [each for each in rule.muted if each.story != story.id]
            if len(others) >= MUTES:  # a story that is no longer stored can't come anyway
                others = [each for each in others if self.index.get(each.story)]
            if len(others) >= MUTES:
                raise Sorry(
                    ngettext(
                        "This chat has already muted {n} story, the maximum",
                        "This chat has already muted {n} stories, the maximum",
                        MUTES,
                    ).format(n=number(MUTES)),
                    rows=(Buttons((Button(_("Unmute some"), Ref("unmute")),)),),
                )
            return replace(rule, muted=(*others, mute))

        await change(self.rules, ask, quieter)
        nothing = _("I won't post anything new about it here.")
        act = Did.MUTED
        if until_major:
            nothing = _("I won't post anything new about it here until there's a major update.")
            act = Did.MUTED_UNTIL_MAJOR
        return Message(
            _("Muted “{story}”").format(story=name(story)),
            (Text(nothing), Text(_("If its card is already here, it stays up to date, silently."))),
            _ways(story.id, until_major),
            act=Act(act, f"“{name(story)}”"),
        )

    def until(self, typed: str, ask: Ask) -> list[Choice]:
        """Suggest “major”, the only word that the option takes."""
        return [Choice(_("until a major update"), MAJOR)]


def mute_command(index: StoryIndex, rules: Rules, now: Callable[[], datetime]) -> Command:
    """The command /mute."""
    mute = MuteCommand(index, rules, now)
    return Command(
        "mute",
        N_("Stop posts about a story here"),
        mute.answer,
        options=(
            Option("story", N_("Which story"), live_stories(index, now)),
            Option("until", N_("“major”: get posts again after a major update"), mute.until),
            Option("page", N_("Which page"), hidden=True),
        ),
        rest="story",
        of_card=N_("Mute this story"),
        moderators=True,
    )


def _ways(story: StoryId, until_major: bool) -> tuple[Row, ...]:
    other = Button(_("Until a major update"), Ref("mute", (story, MAJOR)))
    if until_major:
        other = Button(_("Mute completely"), Ref("mute", (story,)))
    return (Buttons((other, Button(_("Unmute"), Ref("unmute", (story,))))),)
