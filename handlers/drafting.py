"""A chat's rule while its moderators are at it: changed step by step, and saved as a whole."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import fields, replace

from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.ports import Draft, Drafts, Rules
from handlers.wants import kept_by, theirs
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
"""What people call the parts of a rule. The keeper is none: it is written down, not chosen."""


class Clash(Exception):
    """Others have changed since what the draft changes, too."""

    def __init__(self, settings: Sequence[str], now: Rule) -> None:
        super().__init__(", ".join(settings))
        self.settings = settings
        """As in SETTINGS."""
        self.now = now


class Overtaken(Exception):
    """The draft is another by now than the one that was shown."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("the draft was changed meanwhile")
        self.draft = draft


class Drafting:
    """The drafts of all chats. What the operator's file decides is refused with a Sorry."""

    def __init__(self, drafts: Drafts, rules: Rules) -> None:
        self._drafts = drafts
        self._rules = rules
        self._changing = asyncio.Lock()

    async def of(self, chat: Chat) -> Draft:
        """The chat's draft; one that changes nothing where nobody is at it.

        What others have changed since is in it, unless the draft changes the same.
        """
        now = replace(theirs(self._rules, chat), keeper=None)  # a draft is nobody's
        draft = await self._drafts.load(chat)
        if draft is None:
            return Draft(now, now)
        return draft if clashing(draft, now) else Draft(now, merged(draft, now))

    async def change(self, chat: Chat, how: Callable[[Rule], Rule]) -> Draft:
        """Change the draft from what it is by then. What `how` raises is raised."""
        async with self._changing:
            draft = await self.of(chat)
            changed = replace(draft, rule=how(draft.rule))
            if changed.rule == changed.began:  # all of it was taken back
                await self._drafts.drop(chat)
            elif changed != draft:
                await self._drafts.save(chat, changed)
            return changed

    async def drop(self, chat: Chat) -> None:
        async with self._changing:
            await self._drafts.drop(chat)

    async def save(
        self, chat: Chat, shown: str, keeper: Chat | None, *, insist: bool = False
    ) -> Draft:
        """Make the draft the chat's rule; return what the rule was, and what it is.

        `shown` is the mark of the draft that people decided about: raise Overtaken when it is
        another by now. Raise Clash when others have changed the same since, unless `insist`.
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
    """Eight hex digits that stand for what a rule says, to tell what someone was shown."""
    said = repr(rule).encode("utf-8", "surrogatepass")
    return hashlib.blake2s(said, digest_size=4).hexdigest()


def changed(draft: Draft) -> list[str]:
    """Which settings a draft changes."""
    return [
        _(setting) for setting, names in SETTINGS.items() if _differ(draft.began, draft.rule, names)
    ]


def clashing(draft: Draft, now: Rule) -> list[str]:
    """The settings that the draft changes and that others have changed otherwise since."""
    return [
        setting
        for setting, names in SETTINGS.items()
        if _differ(draft.began, draft.rule, names)
        and _differ(draft.began, now, names)
        and _differ(draft.rule, now, names)
    ]


def merged(draft: Draft, now: Rule) -> Rule:
    """The rule as it is by now, with what the draft changes."""
    differing = {
        field.name: getattr(draft.rule, field.name)
        for field in fields(Rule)
        if field.name != "keeper" and _differ(draft.began, draft.rule, (field.name,))
    }
    return replace(now, **differing)


def _differ(one: Rule, other: Rule, names: tuple[str, ...]) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in names)
