"""/unfollow - a chat stops getting a story, a word's stories, or everything."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Rule, folded
from handlers.changing_rules import change, theirs
from handlers.followed_things import (
    EVERYTHING,
    Thing,
    followed,
    means_everything,
    meant_by_id,
    title_of,
    to_follow,
    to_overview,
)
from handlers.ports import Rules
from handlers.rule_in_words import gets
from handlers.story_choice import holding, meant_among, pick_list
from handlers.story_words import quoted
from runtime.slices import in_slices
from stories.index import StoryIndex
from stories.spelling import LONG, bare, fold
from stories.story import StoryId, text_key
from wording import words
from wording.acts import Act, Did
from wording.language import N_, _, ngettext
from wording.message import Block, Buttons, Message, Note, Ref, Row, Text
from wording.text import line

TITLES = 25
"""The most typed parts that are searched for among the stories' titles."""


@dataclass(frozen=True, slots=True)
class UnfollowCommand:
    """Removes things from the chat's rule."""

    index: StoryIndex
    rules: Rules
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """Unfollow what is named; without a name, offer what the chat follows."""
        what = line(ask.get("what"))
        story, word = ask.get("story"), ask.get("word")
        whole = ask.get("whole") == EVERYTHING or (
            means_everything(what) and not (story or word or meant_by_id(what))
        )
        if not (whole or story or word or what.strip(" ,")):
            return _ask_what(self._things(theirs(self.rules, ask.chat)), ask.get("page"))

        named = await self._named(self.rules.of(ask.chat) or Rule(), what)

        def asked(rule: Rule) -> tuple[list[Thing], list[str]]:
            """The things meant, and the words that match nothing followed here."""
            things = self._things(rule)
            if story or word:
                return [
                    thing
                    for thing in things
                    if (thing.story == story if story else thing.word and _is(thing.word, word))
                ], []
            return self._meant(things, what, named)

        def less(rule: Rule) -> Rule:
            things = self._things(rule)
            if whole:
                return replace(rule, all=False, keywords=(), entities=(), story_ids=())
            found, _unmeant = asked(rule)
            if not found:
                raise self._unknown(rule, what or title_of(StoryId(story), self.index), things)
            return _without(rule, found)

        was, left = await change(self.rules, ask, less)
        if whole:
            answer = _nothing(_("This chat follows nothing now"))
            return replace(answer, act=Act(Did.UNFOLLOWED_ALL))
        gone, unknown = asked(was)
        act = Act(Did.UNFOLLOWED, ", ".join(thing.label for thing in gone))
        return replace(self._said(gone, left, unknown), act=act)

    def _things(self, rule: Rule) -> list[Thing]:
        things = followed(rule, self.index)
        if not things:
            raise Sorry(_("This chat follows nothing"), rows=(Buttons((to_follow(),)),))
        return things

    async def _named(self, rule: Rule, what: str) -> dict[str, StoryId]:
        """The followed stories that words mean, by those words;
        only the first few words are searched for."""
        parts = [what, *_parts(what)][: TITLES + 1] if rule.story_ids else []
        found = dict[str, StoryId]()
        async for part in in_slices(parts):
            if story := meant_among(rule.story_ids, part, self.index, self.now()):
                found[part] = story
        return found

    def _meant(
        self, things: list[Thing], what: str, named: Mapping[str, StoryId]
    ) -> tuple[list[Thing], list[str]]:
        """What the typed words mean, and the words that mean nothing."""
        known = _Known(things, named)
        if (thing := known.thing(what)) is not None:  # a title may contain a comma
            return [thing], []
        parts = _parts(what)
        found = {part: known.thing(part) for part in parts}
        meant = [thing for thing in things if thing in found.values()]
        return meant, [part for part in parts if found[part] is None]

    def _unknown(self, rule: Rule, what: str, things: list[Thing]) -> Sorry:
        if rule.all:
            return Sorry(
                _("This chat gets every live story, so you can't leave out a single one"),
                Text(_("Unfollow everything, then follow what you want.")),
                rows=_menu(things, ""),
            )
        return Sorry(
            _("This chat doesn't follow {what}").format(what=quoted(what)),
            Text(_("Here's what it follows.")),
            rows=_menu(things, ""),
        )

    def _said(self, gone: list[Thing], left: Rule, unknown: list[str]) -> Message:
        title = _("No longer following {what}").format(what=_list(gone))
        strange = [
            Note(_("{word} wasn't followed here.").format(word=quoted(word))) for word in unknown
        ]
        if left.empty:
            return _nothing(title, Text(_("This chat follows nothing now.")), *strange)
        notes = [
            Note(
                _("This chat still gets “{story}”: it matches something else you follow.").format(
                    story=thing.label
                )
            )
            for thing in gone
            if thing.story
            and (edition := self.index.get(thing.story))
            and left.wants(edition.story)
        ]
        return Message(
            title,
            (Text(_("This chat still gets:")), *gets(left, self.index), *notes, *strange),
            (Buttons((to_overview(), to_follow())),),
        )

    def complete(self, typed: str, ask: Ask) -> list[Choice]:
        """Suggest what the chat follows."""
        things = (
            (thing.label, thing.typed) for thing in followed(self.rules.of(ask.chat), self.index)
        )
        return holding(typed, things)


def unfollow_command(index: StoryIndex, rules: Rules, now: Callable[[], datetime]) -> Command:
    """The command /unfollow."""
    unfollow = UnfollowCommand(index, rules, now)
    return Command(
        "unfollow",
        N_("Get fewer stories here, or none"),
        unfollow.answer,
        options=(
            Option("what", N_("A story or word this chat follows, or “all”"), unfollow.complete),
            Option("page", N_("Which page"), hidden=True),
            Option("story", N_("Which story"), hidden=True),
            Option("word", N_("Which word"), hidden=True),
            Option("whole", N_("Whether it is everything"), hidden=True),
        ),
        rest="what",
        also=("stop", "unsubscribe", "cancel"),
        moderators=True,
    )


class _Known:
    """The things a chat follows, by what people may type for them."""

    def __init__(self, things: Iterable[Thing], named: Mapping[str, StoryId]) -> None:
        self._named = named
        self._stories: dict[StoryId, Thing] = {}
        self._by_key: dict[str, list[Thing]] = {}
        self._spelled: dict[str, list[Thing]] = {}
        self._bare: dict[str, list[Thing]] = {}
        for thing in things:
            if thing.story:
                self._stories[StoryId(thing.story)] = thing
            if thing.word:
                self._by_key.setdefault(text_key(thing.word), []).append(thing)
                self._spelled.setdefault(fold(thing.word), []).append(thing)
                self._bare.setdefault(bare(thing.word), []).append(thing)

    def thing(self, what: str) -> Thing | None:
        """By a story's id or title, a word's key, or the word,
        without accents if that is unambiguous."""
        plain = meant_by_id(what) or what.casefold()
        if found := self._stories.get(StoryId(plain)):
            return found
        word = what if len(what) <= LONG else ""  # no word is that long
        for same in (
            self._by_key.get(plain, []),
            self._spelled.get(fold(word), []),
            self._bare.get(bare(word), []),
        ):
            if len(same) == 1:
                return same[0]
        titled = self._named.get(what)
        return self._stories.get(titled) if titled else None


def _parts(what: str) -> list[str]:
    """The parts between commas."""
    return [part for each in what.split(",") if (part := line(each))]


def _ask_what(things: list[Thing], page: str) -> Message:
    return Message(
        _("What should this chat stop following?"),
        rows=(
            *_menu(things, page),
            Buttons((Thing(_("Unfollow everything")).button(),)),
        ),
    )


def _menu(things: list[Thing], page: str) -> tuple[Row, ...]:
    return pick_list(
        _("Unfollow …"),
        things,
        Thing.button,
        page,
        lambda to: Ref("unfollow", ("", to)),
    )


def _is(word: str, key: str) -> bool:
    """Whether a button's key means the word."""
    return text_key(word) == key


def _without(rule: Rule, things: list[Thing]) -> Rule:
    """The rule without these things; a word is removed in every spelling."""
    words_gone = folded(thing.word for thing in things if thing.word)
    stories_gone = {thing.story for thing in things if thing.story}
    return replace(
        rule,
        keywords=tuple(word for word in rule.keywords if fold(word) not in words_gone),
        entities=tuple(word for word in rule.entities if fold(word) not in words_gone),
        story_ids=tuple(story for story in rule.story_ids if story not in stories_gone),
    )


def _nothing(title: str, *blocks: Block) -> Message:
    return Message(title, blocks, (Buttons((to_follow(),)),))


def _list(things: list[Thing]) -> str:
    if len(things) > 3:
        return ngettext("{n} thing", "{n} things", len(things)).format(n=words.number(len(things)))
    return words.both([thing.label for thing in things])
