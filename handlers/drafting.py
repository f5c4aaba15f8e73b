"""Drafts: a chat's rule while its moderators edit it step by step, until it is saved as a whole."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import fields, replace

from bot.model.chat import Chat
from bot.model.rule import Draft, Rule
from handlers.changing_rules import kept_by, theirs
from handlers.ports import Drafts, Rules
from wording.language import N_, _

SETTINGS = {
    N_("stories"): (
        "all",
        "keywords",
        "entities",
        "story_ids",
        "min_virality",
        "min_articles",
    ),
    N_("loudness"): ("loudness", "role"),
    N_("quiet hours"): ("quiet",),
    N_("leaning"): ("show_leaning",),
    N_("publishing"): ("publish",),
    N_("pause"): ("paused",),
    N_("mutes"): ("muted",),
    N_("pins"): ("pins",),
    N_("language"): ("language",),
}
"""What people call the parts of a rule. `keeper` isn't among them, because nobody chooses it."""


class Clash(Exception):
    """Others have since changed something that the draft changes, too."""

    def __init__(self, settings: Sequence[str], now: Rule) -> None:
        super().__init__(", ".join(settings))
        self.settings = settings
        """As in SETTINGS."""
        self.now = now


class Overtaken(Exception):
    """The draft has changed since it was shown."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("the draft was changed meanwhile")
        self.draft = draft


class Drafting:
    """The drafts of all chats. Chats in the operator's file are refused with a Sorry."""

    def __init__(self, drafts: Drafts, rules: Rules) -> None:
        self._drafts = drafts
        self._rules = rules
        self._changing = asyncio.Lock()

    async def of(self, chat: Chat) -> Draft:
        """The chat's draft; one without changes if nobody is editing.

        It includes what others have changed since, unless the draft changes the same.
        """
        now = replace(theirs(self._rules, chat), keeper=None)  # a draft belongs to nobody
        draft = await self._drafts.load(chat)
        if draft is None:
            return Draft(now, now)
        return draft if clashing(draft, now) else Draft(now, merged(draft, now))

    async def change(self, chat: Chat, how: Callable[[Rule], Rule]) -> Draft:
        """Apply a change to the current draft. What `how` raises is raised."""
        async with self._changing:
            draft = await self.of(chat)
            changed = replace(draft, rule=how(draft.rule))
            if changed.rule == changed.began:  # everything was undone
                await self._drafts.drop(chat)
            elif changed != draft:
                await self._drafts.save(chat, changed)
            return changed

    async def drop(self, chat: Chat) -> None:
        """Discard the chat's draft."""
        async with self._changing:
            await self._drafts.drop(chat)

    async def save(
        self, chat: Chat, shown: str, keeper: Chat | None, *, insist: bool = False
    ) -> Draft:
        """Make the draft the chat's rule; returns the old and the new rule.

        `shown` is the mark of the draft that people saw: raises Overtaken if it has changed since.
        Raises Clash if others have changed the same settings since, unless `insist`.
        """
        async with self._changing:
            draft = await self.of(chat)
            if mark(draft.rule) != shown:
                raise Overtaken(draft)

            def settled(now: Rule) -> Rule:
                if not insist and (same := clashing(draft, now)):
                    raise Clash(same, now)
                return kept_by(keeper, merged(draft, now))

            theirs(self._rules, chat)
            was, rule = await self._rules.change(chat, settled)
            await self._drafts.drop(chat)
            return Draft(was, rule)


def mark(rule: Rule) -> str:
    """Eight hex digits that identify a rule's content, to know what someone was shown."""
    said = repr(rule).encode("utf-8", "surrogatepass")
    return hashlib.blake2s(said, digest_size=4).hexdigest()


def changed(draft: Draft) -> list[str]:
    """The settings that a draft changes."""
    return [
        _(setting) for setting, names in SETTINGS.items() if _differ(draft.began, draft.rule, names)
    ]


def clashing(draft: Draft, now: Rule) -> list[str]:
    """The settings that the draft changes and that others have since changed differently."""
    return [
        setting
        for setting, names in SETTINGS.items()
        if _differ(draft.began, draft.rule, names)
        and _differ(draft.began, now, names)
        and _differ(draft.rule, now, names)
    ]


def merged(draft: Draft, now: Rule) -> Rule:
    """The current rule with the draft's changes."""
    differing = {
        field.name: getattr(draft.rule, field.name)
        for field in fields(Rule)
        if field.name != "keeper" and _differ(draft.began, draft.rule, (field.name,))
    }
    return replace(now, **differing)


def _differ(one: Rule, other: Rule, names: tuple[str, ...]) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in names)
