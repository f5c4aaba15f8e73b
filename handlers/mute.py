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
        rule = theirs(self.rules, ask.chat)
        if rule.empty:
            raise Sorry(
                _("This chat follows nothing, so there is nothing to mute"),
                rows=(Buttons((to_follow(),)),),
            )
        if not (words := ask.get("story")):
            return await self._which(rule, ask.get("page"))
        until_major = ask.get("until").casefold() in (MAJOR, _(_MAJOR).casefold())
        return await self._mute(ask, meant(self.index, words, self.now(), "mute"), until_major)

    async def _which(self, rule: Rule, page: str) -> Message:
        coming = await wanted(rule, self.index, self.now())
        if not coming:
            raise Sorry(_("No live story comes here just now"))
        return Message(
            _("Which story should be muted here?"),
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
                    _("“{story}” is muted here already").format(story=name(story)),
                    rows=_ways(story.id, until_major),
                )
            others = [each for each in rule.muted if each.story != story.id]
            if len(others) >= MUTES:  # a story that is no longer stored can't come anyway
                others = [each for each in others if self.index.get(each.story)]
            if len(others) >= MUTES:
                raise Sorry(
                    ngettext(
                        "This chat has muted {n} story, which is the most it can",
                        "This chat has muted {n} stories, which is the most it can",
                        MUTES,
                    ).format(n=number(MUTES)),
                    rows=(Buttons((Button(_("Unmute some"), Ref("unmute")),)),),
                )
            return replace(rule, muted=(*others, mute))

        await change(self.rules, ask, quieter)
        nothing = _("Nothing new of it is posted or said here.")
        act = Did.MUTED
        if until_major:
            nothing = _("Nothing new of it is posted or said here until it turns major.")
            act = Did.MUTED_UNTIL_MAJOR
        return Message(
            _("Muted “{story}”").format(story=name(story)),
            (Text(nothing), Text(_("A card that stands is kept up to date, without a sound."))),
            _ways(story.id, until_major),
            act=Act(act, f"“{name(story)}”"),
        )

    def until(self, typed: str, ask: Ask) -> list[Choice]:
        return [Choice(_("until it turns major"), MAJOR)]


def mute_command(index: StoryIndex, rules: Rules, now: Callable[[], datetime]) -> Command:
    """The command /mute."""
    mute = MuteCommand(index, rules, now)
    return Command(
        "mute",
        N_("Hear no more of a story here"),
        mute.answer,
        options=(
            Option("story", N_("Which story"), live_stories(index, now)),
            Option("until", N_("“major”: hear of it again once it turns major"), mute.until),
            Option("page", N_("Which page"), hidden=True),
        ),
        rest="story",
        of_card=N_("Mute this story"),
        moderators=True,
    )


def _ways(story: StoryId, until_major: bool) -> tuple[Row, ...]:
    other = Button(_("Hear of it again if it turns major"), Ref("mute", (story, MAJOR)))
    if until_major:
        other = Button(_("Not even then"), Ref("mute", (story,)))
    return (Buttons((other, Button(_("Unmute"), Ref("unmute", (story,))))),)
