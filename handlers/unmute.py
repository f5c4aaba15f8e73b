"""/unmute - a chat gets a muted story again."""

from collections.abc import Callable
from datetime import datetime

from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Rule
from handlers.picking import holding, meant_among, pick_list, quoted
from handlers.ports import Rules
from handlers.wants import change, theirs, title_of
from stories.index import StoryIndex
from stories.story import StoryId
from wording.acts import Act, Did
from wording.language import N_, _
from wording.message import Button, Message, Ref, Row, Text


def unmute_command(index: StoryIndex, rules: Rules, now: Callable[[], datetime]) -> Command:
    """Ends a story's mute in the chat."""

    async def answer(ask: Ask) -> Message:
        words = ask.get("story")
        if not words:
            muted = _muted(theirs(rules, ask.chat))
            return Message(
                _("Which story should be heard of here again?"),
                rows=_menu(muted, ask.get("page")),
            )
        heard: list[StoryId] = []

        def louder(rule: Rule) -> Rule:
            muted = _muted(rule)
            story = meant_among(muted, words, index, now())
            if story is None:
                raise Sorry(
                    _("{words} is not muted here").format(words=quoted(words)),
                    Text(_("This is what is muted.")),
                    rows=_menu(muted, ""),
                )
            heard.append(story)
            return rule.unmuted(story)

        _was, rule = await change(rules, ask, louder)
        edition = index.get(heard[0])
        comes = edition is not None and edition.is_live(now(), index.live_for)
        if edition is None or not rule.wants(edition.story):
            said = _("This chat does not follow it, so it does not come by itself.")
        elif comes:
            said = _("It is shown here if it is not yet, and what changes is told as before.")
        else:
            said = _("It is no longer live: if it moves again, that is told as before.")
        return Message(
            _("Unmuted “{story}”").format(story=title_of(heard[0], index)),
            (Text(said),),
            act=Act(Did.UNMUTED, f"“{title_of(heard[0], index)}”"),
        )

    def _muted(rule: Rule) -> list[StoryId]:
        if not rule.muted:
            raise Sorry(_("Nothing is muted here"))
        return [mute.story for mute in rule.muted]

    def _menu(muted: list[StoryId], page: str) -> tuple[Row, ...]:
        return pick_list(
            _("Unmute …"),
            muted,
            lambda story: Button(title_of(story, index), Ref("unmute", (story,))),
            page,
            lambda to: Ref("unmute", ("", to)),
        )

    def complete(typed: str, ask: Ask) -> list[Choice]:
        rule = rules.of(ask.chat) or Rule()
        return holding(typed, ((title_of(each.story, index), each.story) for each in rule.muted))

    return Command(
        "unmute",
        N_("Hear of a muted story again"),
        answer,
        options=(
            Option("story", N_("Which story"), complete),
            Option("page", N_("Which page"), hidden=True),
        ),
        rest="story",
        moderators=True,
    )
