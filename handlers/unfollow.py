"""/unfollow - a chat stops getting a story, a word's stories, or everything."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.model import words
from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from bot.model.language import N_, _, ngettext
from bot.model.message import Act, Block, Button, Buttons, Message, Note, Ref, Row, Text
from bot.model.rule import Rule, fold
from bot.model.text import line
from bot.ports import Rules
from handlers.picking import holding, meant_among, pick_list, quoted
from handlers.wants import (
    EVERYTHING,
    Thing,
    change,
    followed,
    gets,
    means_everything,
    theirs,
    to_follow,
    to_overview,
    words_in,
)
from stories.shelf import Shelf
from stories.story import text_key


def unfollow_command(shelf: Shelf, rules: Rules, now: Callable[[], datetime]) -> Command:
    async def answer(ask: Ask) -> Message:
        what = line(ask.get("what"))
        if not what.strip(" ,"):
            return _ask_what(_things(theirs(rules, ask.chat)), ask.get("page"))

        def less(rule: Rule) -> Rule:
            things = _things(rule)
            if means_everything(what):
                return replace(rule, all=False, keywords=(), entities=(), story_ids=())
            keys, _unmeant = _meant(rule, what)
            if not keys:
                raise _unknown(rule, what, things)
            return _without(rule, keys)

        was, left = await change(rules, ask, less)
        if means_everything(what):
            answer = _nothing(_("This chat follows nothing now"))
            return replace(answer, act=Act(N_("unfollowed everything")))
        keys, unknown = _meant(was, what)
        gone = [thing for thing in _things(was) if thing.key in keys]
        act = Act(N_("unfollowed {what}"), ", ".join(thing.label for thing in gone))
        return replace(_said(gone, left, unknown), act=act)

    def _things(rule: Rule) -> list[Thing]:
        things = followed(rule, shelf)
        if not things:
            raise Sorry(_("This chat follows nothing"), rows=(Buttons((to_follow(),)),))
        return things

    def _meant(rule: Rule, what: str) -> tuple[set[str], list[str]]:
        """The keys of the things meant, and the words that mean nothing followed here."""
        if key := _key(rule, what):  # a title may hold a comma
            return {key}, []
        parts = [part for each in what.split(",") if (part := line(each))]
        keys = {part: _key(rule, part) for part in parts}
        return {key for key in keys.values() if key}, [part for part in parts if not keys[part]]

    def _key(rule: Rule, what: str) -> str | None:
        """What of the rule is meant: by id, by a word's key, by the word, by a story's title."""
        by_word = {fold(word): text_key(word) for word in words_in(rule)}
        plain = what.casefold()
        if plain in rule.story_ids or plain in by_word.values():
            return plain
        return by_word.get(fold(what)) or meant_among(rule.story_ids, what, shelf, now())

    def _unknown(rule: Rule, what: str, things: list[Thing]) -> Sorry:
        if rule.all:
            return Sorry(
                _("This chat gets every live story, so none can be left out by itself"),
                Text(_("Unfollow everything, then follow what you want.")),
                rows=_menu(things, ""),
            )
        return Sorry(
            _("This chat does not follow {what}").format(what=quoted(what)),
            Text(_("This is what it follows.")),
            rows=_menu(things, ""),
        )

    def _said(gone: list[Thing], left: Rule, unknown: list[str]) -> Message:
        title = _("No longer following {what}").format(what=_list(gone))
        strange = [
            Note(_("{word} was not followed here.").format(word=quoted(word))) for word in unknown
        ]
        if left.empty:
            return _nothing(title, Text(_("This chat follows nothing now.")), *strange)
        notes = [
            Note(
                _("“{story}” still comes here: it matches what is left.").format(story=thing.label)
            )
            for thing in gone
            if (edition := shelf.get(thing.key)) and left.wants(edition.story)
        ]
        return Message(
            title,
            (Text(_("This chat still gets:")), *gets(left, shelf), *notes, *strange),
            (Buttons((to_overview(), to_follow())),),
        )

    def complete(typed: str, ask: Ask) -> list[Choice]:
        things = ((thing.label, thing.key) for thing in followed(rules.of(ask.chat), shelf))
        return holding(typed, things)

    return Command(
        "unfollow",
        N_("Get fewer stories here, or none"),
        answer,
        options=(
            Option("what", N_("A story or word this chat follows, or “all”"), complete),
            Option("page", N_("Which page"), hidden=True),
        ),
        rest="what",
        moderators=True,
    )


def _ask_what(things: list[Thing], page: str) -> Message:
    return Message(
        _("What should this chat no longer follow?"),
        rows=(
            *_menu(things, page),
            Buttons((Button(_("Unfollow everything"), Ref("unfollow", (EVERYTHING,))),)),
        ),
    )


def _menu(things: list[Thing], page: str) -> tuple[Row, ...]:
    return pick_list(
        _("Unfollow …"),
        [thing.button() for thing in things],
        page,
        lambda to: Ref("unfollow", ("", to)),
    )


def _without(rule: Rule, keys: set[str]) -> Rule:
    def kept(held: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word for word in held if text_key(word) not in keys)

    return replace(
        rule,
        keywords=kept(rule.keywords),
        entities=kept(rule.entities),
        story_ids=tuple(story for story in rule.story_ids if story not in keys),
    )


def _nothing(title: str, *blocks: Block) -> Message:
    return Message(title, blocks, (Buttons((to_follow(),)),))


def _list(things: list[Thing]) -> str:
    if len(things) > 3:
        return ngettext("{n} thing", "{n} things", len(things)).format(n=words.number(len(things)))
    return words.both([thing.label for thing in things])
