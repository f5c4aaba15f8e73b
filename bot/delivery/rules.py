"""The chats' rules in memory, which finds the chats that want a story."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from bot.delivery.ports import RuleStore
from bot.model.chat import Chat
from bot.model.rule import Rule, folded
from runtime.records import Unreadable
from stories.story import Story, StoryId

Listener = Callable[[Chat, Rule], Awaitable[None]]
Follower = Callable[[Chat, Chat], Awaitable[None]]


class RuleBook:
    """Every chat's rule: from the operator's file first, then as set from chat.

    A story finds its chats through an index of words, so the cost depends on the chats that may
    want it, not on the others.
    """

    def __init__(self, fixed: Mapping[Chat, Rule], store: RuleStore) -> None:
        self._fixed = dict(fixed)
        self._store = store
        self._listeners: list[Listener] = []
        self._loss_listeners: list[Callable[[], None]] = []
        self._followers: list[Follower] = []
        self._moves: dict[Chat, Chat] = {}
        """Old addresses whose rules are stored under the new ones."""
        self._changing = asyncio.Lock()
        self._rules: dict[Chat, Rule] = {}
        self._unreadable: set[Chat] = set()
        """Chats with a rule that can't be read. They are treated as if they had none."""
        self._by_word: defaultdict[tuple[str, str], set[Chat]] = defaultdict(set)
        self._by_mute: defaultdict[StoryId, set[Chat]] = defaultdict(set)
        """The chats that muted a story."""
        for chat, rule in fixed.items():
            self._keep(chat, rule)

    async def load(self) -> None:
        """Read the rules set from chat, and which chats moved; raises StorageAway."""
        async with (
            self._changing
        ):  # otherwise what was read would overwrite what is changed meanwhile
            self._moves = dict(await self._store.moved())
            for old, new in self._moves.items():
                self._readdress(old, new)
            stored = await self._store.load()
            self._unreadable = {chat for chat in self._store.unreadable if chat not in self._fixed}
            for chat in self._rules.keys() - stored.keys() - self._fixed.keys():
                self._keep(chat, None)  # another process deleted it since
            for chat, rule in stored.items():
                if chat not in self._fixed:
                    self._keep(chat, rule)

    def on_change(self, listener: Listener) -> None:
        """Call `listener` after a chat's rule changed, with the previous rule."""
        self._listeners.append(listener)

    def on_move(self, follower: Follower) -> None:
        """Call `follower` with the old and the new address of each chat that moves."""
        self._followers.append(follower)

    def on_loss(self, listener: Callable[[], None]) -> None:
        """Call `listener` when someone notices that the storage lost acknowledged writes."""
        self._loss_listeners.append(listener)

    def noticed_loss(self) -> None:
        """The storage lost something, perhaps rules, of any platform."""
        for listener in self._loss_listeners:
            listener()

    def of(self, chat: Chat) -> Rule | None:
        return self._rules.get(chat)

    def is_fixed(self, chat: Chat) -> bool:
        return chat in self._fixed

    def is_unreadable(self, chat: Chat) -> bool:
        return chat in self._unreadable

    def chats(self) -> list[Chat]:
        """Every chat with a rule."""
        return list(self._rules)

    def wanting(self, story: Story) -> set[Chat]:
        """The chats that want the story now, or after a major update."""
        candidates = set().union(*(self._by_word.get(word, ()) for word in _words_of(story)))
        return {
            chat
            for chat in candidates
            if (rule := self._rules[chat]).wants(story) or rule.awaits(story)
        }

    def kept_by(self, person: Chat) -> list[Chat]:
        return [
            chat
            for chat, rule in self._rules.items()
            if rule.keeper == person and chat not in self._fixed
        ]

    async def change(self, chat: Chat, how: Callable[[Rule], Rule]) -> tuple[Rule, Rule]:
        assert chat not in self._fixed, "handlers ask is_fixed first"
        async with self._changing:
            was = self._rules.get(chat, Rule())
            rule = how(was)
            if chat in self._unreadable:
                if rule != Rule():
                    raise Unreadable(f"the rule of {chat} cannot be read, so it is not replaced")
                await self._store.save(chat, None)
                self._unreadable.discard(chat)
            if rule != was:
                kept = None if rule == Rule() else rule
                await self._save(chat, kept)
                self._keep(chat, kept)
                for listener in self._listeners:
                    await listener(chat, was)
        return was, rule

    async def inherit(self, story: StoryId, into: StoryId, platform: str) -> set[Chat]:
        """A story was merged into another: chats that follow or mute it now follow or mute that
        one.

        Returns the chats of the platform that did.
        """
        chats = {
            chat
            for chat in self.following(story) | self._by_mute.get(story, set())
            if chat.platform == platform
        }
        for chat in chats:
            await self.amend(chat, lambda rule: rule.follows_on(story, into))
        return chats

    def following(self, story: StoryId) -> set[Chat]:
        """The chats that follow the story by itself."""
        return set(self._by_word.get(("id", story), ()))

    async def amend(self, chat: Chat, how: Callable[[Rule], Rule]) -> None:
        """Change a rule because of what happened to a story, without welcoming the chat.

        A rule of the operator's file is changed until the bot restarts.
        """
        async with self._changing:
            was = self._rules.get(chat)
            if was is None or (rule := how(was)) == was:
                return
            kept = None if rule == Rule() else rule
            if chat not in self._fixed:
                with suppress(Unreadable):
                    await self._save(chat, kept)
                    self._keep(chat, kept)
            else:
                self._keep(chat, kept)

    async def _save(self, chat: Chat, rule: Rule | None) -> None:
        try:
            await self._store.save(chat, rule)
        except Unreadable:  # another process wrote it since we read it
            self._unreadable.add(chat)
            self._keep(chat, None)
            raise

    async def unmute(self, chat: Chat, story: StoryId) -> Rule:
        """End a mute; in a rule of the operator's file, until the bot restarts."""
        if chat not in self._fixed:
            return (await self.change(chat, lambda rule: rule.unmuted(story)))[1]
        rule = self._rules[chat].unmuted(story)
        self._keep(chat, rule)
        return rule

    async def move(self, old: Chat, new: Chat) -> None:
        """A chat has a new address: its rule moves along, even from the operator's file.

        Choices already made in the new chat stay. May raise StorageAway; then call it again.
        """
        async with self._changing:
            if self._moves.get(old) == new and old not in self._rules:
                return
            was = self._rules.get(new, Rule())
            self._readdress(old, new)  # at once, so that the next command there finds its rule
            for follower in self._followers:
                await follower(old, new)
            if new not in self._fixed and not {old, new} & self._unreadable:
                with suppress(Unreadable):
                    await self._save(new, self._rules.get(new))
                    await self._save(old, None)
            await self._store.move(old, new)
            self._moves[old] = new
            for listener in self._listeners:
                await listener(new, was)

    async def put_back(self, platform: str) -> int:
        """The storage lost something: write back what is missing of a platform's rules.

        Returns how many rules those were. Raises StorageAway unless we hold the platform's lease,
        because another process may have changed them.
        """
        async with self._changing:
            mine = {chat: rule for chat, rule in self._rules.items() if chat.platform == platform}
            rules = {chat: rule for chat, rule in mine.items() if chat not in self._fixed}
            moved = {old: new for old, new in self._moves.items() if new in mine}
            return await self._store.put_back(platform, rules, moved)

    def _readdress(self, old: Chat, new: Chat) -> None:
        rule = self._rules.get(old)
        if rule is None:
            return
        if old in self._fixed:
            self._fixed[new] = self._fixed.pop(old)
        elif new in self._fixed:
            rule = self._fixed[new]
        elif (there := self._rules.get(new)) is not None:
            rule = there.over(rule)
        self._keep(old, None)
        self._keep(new, rule)

    def _keep(self, chat: Chat, rule: Rule | None) -> None:
        if (old := self._rules.pop(chat, None)) is not None:
            for word in _index(old):
                self._by_word[word].discard(chat)
            for mute in old.muted:
                self._by_mute[mute.story].discard(chat)
                if not self._by_mute[mute.story]:
                    del self._by_mute[mute.story]
        if rule is not None:
            self._rules[chat] = rule
            for word in _index(rule):
                self._by_word[word].add(chat)
            for mute in rule.muted:
                self._by_mute[mute.story].add(chat)


def _index(rule: Rule) -> set[tuple[str, str]]:
    """The words under which a rule is found."""
    return _words(rule.keywords, rule.entities, rule.story_ids) | (
        {("all", "")} if rule.all else set()
    )


def _words_of(story: Story) -> set[tuple[str, str]]:
    return _words(story.keywords, story.entities, (story.id,)) | {("all", "")}


def _words(
    keywords: tuple[str, ...], entities: tuple[str, ...], ids: tuple[str, ...]
) -> set[tuple[str, str]]:
    return (
        {("keyword", word) for word in folded(keywords)}
        | {("entity", word) for word in folded(entities)}
        | {("id", word) for word in ids}
    )
