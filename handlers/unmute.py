"""/unmute - a chat gets a muted story again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Rule
from handlers.changing_rules import change, theirs
from handlers.followed_things import title_of
from handlers.ports import Rules
from handlers.story_choice import holding, meant_among, pick_list
from handlers.story_words import quoted
from stories.index import StoryIndex
from stories.story import StoryId
from wording.acts import Act, Did
from wording.language import N_, _
from wording.message import Button, Message, Ref, Row, Text


@dataclass(frozen=True, slots=True)
class UnmuteCommand:
    """Ends a story's mute in the chat."""

    index: StoryIndex
    rules: Rules
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """Unmute a story; without one, offer the muted ones."""
        words = ask.get("story")
        if not words:
            muted = self._muted(theirs(self.rules, ask.chat))
            return Message(
                _("Which story should I unmute here?"),
                rows=self._menu(muted, ask.get("page")),
            )
        heard: list[StoryId] = []

        def louder(rule: Rule) -> Rule:
            muted = self._muted(rule)
            story = meant_among(muted, words, self.index, self.now())
            if story is None:
                raise Sorry(
                    _("{words} isn't muted here").format(words=quoted(words)),
                    Text(_("Here's what is muted.")),
                    rows=self._menu(muted, ""),
                )
            heard.append(story)
            return rule.unmuted(story)

        _was, rule = await change(self.rules, ask, louder)
        edition = self.index.get(heard[0])
        comes = edition is not None and edition.is_live(self.now(), self.index.live_for)
        if edition is None or not rule.wants(edition.story):
            said = _("This chat doesn't follow it, so I won't post about it.")
        elif comes:
            said = _("I'll post it if it isn't here yet, and tell you about changes as before.")
        else:
            said = _("It's no longer live. If it's updated again, I'll post that as before.")
        return Message(
            _("Unmuted “{story}”").format(story=title_of(heard[0], self.index)),
            (Text(said),),
            act=Act(Did.UNMUTED, f"“{title_of(heard[0], self.index)}”"),
        )

    def _muted(self, rule: Rule) -> list[StoryId]:
        if not rule.muted:
            raise Sorry(_("Nothing is muted here"))
        return [mute.story for mute in rule.muted]

    def _menu(self, muted: list[StoryId], page: str) -> tuple[Row, ...]:
        return pick_list(
            _("Unmute …"),
            muted,
            lambda story: Button(title_of(story, self.index), Ref("unmute", (story,))),
            page,
            lambda to: Ref("unmute", ("", to)),
        )

    def complete(self, typed: str, ask: Ask) -> list[Choice]:
        """Suggest the muted stories."""
        rule = self.rules.of(ask.chat) or Rule()
        return holding(
            typed, ((title_of(each.story, self.index), each.story) for each in rule.muted)
        )


def unmute_command(index: StoryIndex, rules: Rules, now: Callable[[], datetime]) -> Command:
    """The command /unmute."""
    unmute = UnmuteCommand(index, rules, now)
    return Command(
        "unmute",
        N_("Get posts about a story again"),
        unmute.answer,
        options=(
            Option("story", N_("Which story"), unmute.complete),
            Option("page", N_("Which page"), hidden=True),
        ),
        rest="story",
        moderators=True,
    )
