"""/follow - a chat starts to get stories: one, all, or those about some words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Rule, folded
from handlers.changing_rules import change, theirs
from handlers.followed_things import (
    EVERYTHING,
    Thing,
    may_mean_everything,
    means_everything,
    meant_by_id,
    to_overview,
    typed_id,
    words_in,
)
from handlers.ports import Rules
from handlers.rule_in_words import gets
from handlers.story_choice import MENU, buttons_to, live_stories, menu_of, ref_to, wanted
from handlers.story_words import name, quoted
from runtime.slices import in_slices
from stories.edition import Edition
from stories.index import StoryIndex
from stories.spelling import bare, fold
from stories.story import Status, Story, StoryId, text_key
from wording import words
from wording.acts import Act, Did
from wording.language import N_, _, ngettext
from wording.message import Button, Buttons, Message, Note, Ref, Row, Text
from wording.text import line

WORDS = 50
"""The most words a chat can follow."""
STORIES = 100
"""The most single stories a chat can follow."""
LENGTH = 100
"""Characters of a word; no story's keyword or entity is longer."""
LOOKED_FOR, NEAREST, OFFERED = 5, 10, 4
"""For at most this many words, this many live stories nearest to each are searched for this many
alternative spellings."""
ALL = Thing("")


@dataclass(frozen=True, slots=True)
class FollowCommand:
    """Adds a story, words or everything to the chat's rule."""

    index: StoryIndex
    rules: Rules
    now: Callable[[], datetime]

    async def answer(self, ask: Ask) -> Message:
        """Follow a story, words or everything; without any of it, ask what."""
        at = self.now()
        what = line(ask.get("what"))
        theirs(self.rules, ask.chat)
        if ask.get("whole") == EVERYTHING:
            return await self._everything(ask)
        if story := ask.get("story") or meant_by_id(what):
            edition = self.index.get(story)
            if edition is not None and (key := ask.get("word")):
                return await self._words(ask, [_of_story(edition.story, key)], at)
            if edition is not None:
                return await self._story(ask, edition, at)
            if ask.get("story"):
                raise Sorry(
                    _("That story is no longer available"), rows=(Buttons((to_overview(),)),)
                )
        if not what.strip(" ,"):
            return self._ask_what(at)
        if means_everything(what):
            return await self._everything(ask)
        if same := self.index.search.titled(what, at):
            return await self._story(ask, self._one(same, what, at), at)
        said = [part for each in what.split(",") if (part := line(each))]
        return await self._words(ask, said, at)

    def _ask_what(self, at: datetime) -> Message:
        everything = Button(_("All stories"), Ref("follow", ("", "", "", EVERYTHING)))
        return Message(
            _("What should this chat follow?"),
            (
                Text(
                    _(
                        "Pick a story, follow all of them, or type words after /follow to get "
                        "every story with one of them in its keywords or names."
                    )
                ),
            ),
            rows=(
                *menu_of(_("Follow a story …"), buttons_to("follow", self.index.top(MENU, at))),
                Buttons((everything, to_overview())),
            ),
        )

    async def _everything(self, ask: Ask) -> Message:
        def wider(rule: Rule) -> Rule:
            if rule.all:
                raise Sorry(_("This chat already follows every live story"), rows=(_ways(ALL),))
            return replace(rule, all=True)

        _was, rule = await change(self.rules, ask, wider)
        answer = self._following(_("Following all stories"), rule, (_ways(ALL),))
        return replace(answer, act=Act(Did.FOLLOWED_ALL))

    def _one(self, same: list[Edition], what: str, at: datetime) -> Edition:
        alike = [edition for edition in same if edition.is_live(at, self.index.live_for)]
        if len(alike) > 1:
            raise Sorry(
                _("Several live stories are called {words}").format(words=quoted(what)),
                Text(_("Which one do you mean?")),
                rows=menu_of(
                    _("Follow …"),
                    [
                        Button(
                            f"{name(each.story)} ({each.story.id})",
                            ref_to("follow", each.story.id),
                        )
                        for each in alike
                    ],
                ),
            )
        return same[0]

    async def _story(self, ask: Ask, edition: Edition, at: datetime) -> Message:
        story = edition.story
        called = f"“{name(story)}”"

        def wider(rule: Rule) -> Rule:
            _not_everything(rule)
            if story.id in rule.story_ids:
                raise Sorry(
                    _("This chat already follows {what}").format(what=called),
                    rows=(_ways(Thing(called, story=story.id)),),
                )
            if not edition.is_live(at, self.index.live_for):
                raise Sorry(
                    _over(edition),
                    rows=self._instead(edition, at),
                )
            return with_story(rule, story.id, Buttons((to_overview(),)))

        _was, rule = await change(self.rules, ask, wider)
        ways = _ways(Thing(called, story=story.id))
        answer = self._following(_("Following {what}").format(what=called), rule, (ways,))
        return replace(answer, act=Act(Did.FOLLOWED_STORY, called))

    def _instead(self, edition: Edition, at: datetime) -> tuple[Row, ...]:
        heir = self.index.get(edition.story.merged_into or "")
        if heir is not None:
            return (Buttons(buttons_to("follow", [heir])),)
        return menu_of(_("Follow a live story …"), buttons_to("follow", self.index.top(5, at)))

    async def _words(self, ask: Ask, said: list[str], at: datetime) -> Message:
        refuse_endless(said)

        def wider(rule: Rule) -> Rule:
            _not_everything(rule)
            held, new = folded(words_in(rule)), _new(rule, said)
            if not new:
                raise Sorry(
                    _("This chat already follows {what}").format(what=_list(said)),
                    rows=(_ways(_held(rule, said[0])),),
                )
            if len(held) + len(new) > WORDS:
                raise Sorry(
                    ngettext(
                        "A chat can follow up to {n} word, and this one already follows {held}",
                        "A chat can follow up to {n} words, and this one already follows {held}",
                        WORDS,
                    ).format(n=WORDS, held=len(held)),
                    Text(_("Unfollow some first, or use fewer words that more stories share.")),
                    rows=(Buttons((to_overview(),)),),
                )
            return replace(rule, keywords=(*rule.keywords, *new), entities=(*rule.entities, *new))

        was, rule = await change(self.rules, ask, wider)
        new = _new(was, said)
        rows: tuple[Row, ...] = (
            _ways(Thing(new[0], word=new[0])) if len(new) == 1 else Buttons((to_overview(),)),
        )
        near = self.index.search.find(said[0], at) if len(said) == 1 else None
        if near and near.is_live(at, self.index.live_for) and near.story.id not in rule.story_ids:
            only = Button(
                _("Follow the story “{story}”").format(story=name(near.story)),
                ref_to("follow", near.story.id),
            )
            rows = (Buttons((only,)), *rows)
        others = await self._spelled_otherwise(new, rule, at)
        if others:
            rows = (Buttons(tuple(others.values())), *rows)
        act = Act(Did.FOLLOWED, ", ".join(quoted(word, 40) for word in new))
        answer = self._following(
            _("Following {what}").format(what=_list(new)),
            rule,
            rows,
            await self._matching(new, at),
            *([_other_accents(list(others))] if others else []),
        )
        return replace(answer, act=act)

    async def _spelled_otherwise(
        self, new: tuple[str, ...], rule: Rule, at: datetime
    ) -> dict[str, Button]:
        """Words of live stories that differ from the typed ones only in accents, and their
        buttons."""
        held, found = folded((*words_in(rule), *new)), dict[str, Button]()
        async for word in in_slices(new[:LOOKED_FOR]):
            for edition in self.index.search.nearest(word, NEAREST, at, only_live=True):
                story = edition.story
                for other in (*story.keywords, *story.entities):
                    if bare(other) == bare(word) and fold(other) not in held:
                        held |= {fold(other)}
                        button = Button(
                            _("Follow {what}").format(what=quoted(other, 40)),
                            ref_to("follow", story.id, text_key(other)),
                        )
                        found[other] = button
        return dict(list(found.items())[:OFFERED])

    async def _matching(self, new: tuple[str, ...], at: datetime) -> Note:
        number = len(await wanted(Rule(keywords=new, entities=new), self.index, at))
        if not number:
            return Note(
                _(
                    "No live story matches yet. Only whole words count: “ferry” doesn't "
                    "match “ferries”."
                )
            )
        return Note(
            ngettext(
                "{n} live story matches right now.", "{n} live stories match right now.", number
            ).format(n=words.number(number))
        )

    def _following(self, title: str, rule: Rule, rows: tuple[Row, ...], *notes: Note) -> Message:
        return Message(
            title, (Text(_("This chat now gets:")), *gets(rule, self.index), *notes), rows
        )

    def complete(self, typed: str, ask: Ask) -> list[Choice]:
        """Suggest “all stories” and live stories while someone types."""
        stories = self.suggest_stories(typed, ask)
        if may_mean_everything(typed):
            return [Choice(_("All stories"), EVERYTHING), *stories][:MENU]
        return stories

    def suggest_stories(self, typed: str, ask: Ask) -> list[Choice]:
        """Suggest live stories only."""
        return [
            replace(each, value=typed_id(StoryId(each.value)))
            for each in live_stories(self.index, self.now)(typed, ask)
        ]


def follow_command(index: StoryIndex, rules: Rules, now: Callable[[], datetime]) -> Command:
    """The command /follow."""
    follow = FollowCommand(index, rules, now)
    return Command(
        "follow",
        N_("Get stories here: one, some or all"),
        follow.answer,
        options=(
            Option("what", N_("A story, “all”, or words separated by commas"), follow.complete),
            Option("story", N_("Which story"), hidden=True),
            Option("word", N_("Which word of that story"), hidden=True),
            Option("whole", N_("Whether it is everything"), hidden=True),
        ),
        rest="what",
        also=("subscribe",),
        moderators=True,
    )


def refuse_endless(said: Iterable[str], *rows: Row) -> None:
    """Raise Sorry, with `rows`, for a word that is too long to occur in a story."""
    if endless := next((word for word in said if len(word) > LENGTH), None):
        raise Sorry(
            ngettext(
                "{word} is too long: a keyword has at most {n} character",
                "{word} is too long: a keyword has at most {n} characters",
                LENGTH,
            ).format(word=quoted(endless, 40), n=LENGTH),
            Text(_("Write one word or name, or several separated by commas.")),
            rows=rows,
        )


def with_story(rule: Rule, story: StoryId, *rows: Row) -> Rule:
    """The rule following one more story and no longer muting it.

    Raises Sorry, with `rows`, if there are too many.
    """
    if len(rule.story_ids) >= STORIES:
        raise Sorry(
            ngettext(
                "This chat already follows {n} story, the maximum",
                "This chat already follows {n} stories, the maximum",
                STORIES,
            ).format(n=words.number(STORIES)),
            Text(_("Unfollow one that's over, or follow a word that several stories share.")),
            rows=rows,
        )
    return replace(rule.unmuted(story), story_ids=(*rule.story_ids, story))


def _not_everything(rule: Rule) -> None:
    if rule.all:
        raise Sorry(
            _("This chat already gets every live story"),
            Text(_("To get fewer, unfollow everything, then follow what you want.")),
            rows=(_ways(ALL),),
        )


def _new(rule: Rule, said: list[str]) -> tuple[str, ...]:
    """The words that the rule doesn't follow yet, once each."""
    held = folded(words_in(rule))
    return tuple({fold(word): word for word in said if fold(word) not in held}.values())


def _held(rule: Rule, said: str) -> Thing:
    """The word of the rule that someone typed, in the rule's spelling."""
    word = next(each for each in words_in(rule) if fold(each) == fold(said))
    return Thing(word, word=word)


def _of_story(story: Story, key: str) -> str:
    """The word of a story that a button names by its key."""
    for word in (*story.keywords, *story.entities):
        if text_key(word) == key:
            return line(word)
    raise Sorry(_("That word is no longer available"), rows=(Buttons((to_overview(),)),))


def _other_accents(offered: list[str]) -> Note:
    said = words.both([quoted(word, 40) for word in offered])
    return Note(_("Accents matter: live stories use {words}.").format(words=said))


def _ways(thing: Thing) -> Buttons:
    return Buttons((Button(_("Unfollow"), thing.ref), to_overview()))


def _list(said: tuple[str, ...] | list[str]) -> str:
    if len(said) > 3:
        return ngettext("{n} word", "{n} words", len(said)).format(n=words.number(len(said)))
    return words.both([quoted(word, 40) for word in said])


def _over(edition: Edition) -> str:
    """Why there is nothing left to follow."""
    story = edition.story
    if story.retracted is not None:
        over = _("“{story}” was withdrawn, so there's nothing left to follow")
    elif story.merged_into:
        over = _("“{story}” is now part of another story, so there's nothing left to follow")
    elif story.stats.status is Status.ENDED:
        over = _("“{story}” has ended, so there's nothing left to follow")
    else:
        over = _("“{story}” hasn't been updated for days, so there's nothing left to follow")
    return over.format(story=name(story))
