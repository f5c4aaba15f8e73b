"""What commands need of the rest of the bot."""

from collections.abc import (
    Callable,
    Sequence,
)
from datetime import datetime
from typing import Protocol

from bot.model.audit import AuditEntry
from bot.model.chat import Chat, Showing
from bot.model.erased import Erased
from bot.model.ledger import CardRecord
from bot.model.reading import ReadingHistory, ReadingPosition, Seen
from bot.model.rule import Draft, Rule
from bot.model.status import Claim, Health, Pinned, Refusal, Standing
from bot.model.unknown import Unknown
from stories.changes import Heard
from stories.edition import Edition
from stories.log import Log
from stories.story import Story, StoryId


class Rules(Protocol):
    """What each chat wants. Reading never waits."""

    def of(self, chat: Chat) -> Rule | None: ...

    def is_fixed(self, chat: Chat) -> bool:
        """True for a chat whose rule stands in the operator's file."""
        ...

    def is_unreadable(self, chat: Chat) -> bool:
        """True for a chat that has a rule which cannot be read: it is as if it had none."""
        ...

    def wanting(self, story: Story) -> set[Chat]: ...

    def kept_by(self, person: Chat) -> list[Chat]:
        """The chats whose rule that people set names a person as its keeper."""
        ...

    async def change(self, chat: Chat, how: Callable[[Rule], Rule]) -> tuple[Rule, Rule]:
        """Change a chat's rule from what it is by then; return what it was, and what it is.

        One change is made and saved at a time, so two people at once lose nothing of each other's.
        A rule that says nothing any more is forgotten. What `how` raises is raised, and nothing is
        changed; StorageAway when it cannot be saved now, Unreadable when there is one that cannot
        be read, unless it is to be forgotten. Not for chats that are fixed.
        """
        ...


class Drafts(Protocol):
    """What moderators have changed and not saved yet: one draft a chat, for a day at most.

    All of it may raise StorageAway.
    """

    async def load(self, chat: Chat) -> Draft | None: ...

    async def save(self, chat: Chat, draft: Draft) -> None: ...

    async def drop(self, chat: Chat) -> None: ...


class Desk(Protocol):
    """What people can have done with the cards of a chat, and learn about them."""

    async def pin(self, chat: Chat, story: StoryId) -> list[StoryId]:
        """Pin the story's card, posting it first if needed; raise Sorry with what is missing.

        Returns the stories that are unpinned for it, so that no more stand than the rule allows.
        """
        ...

    async def unpin(self, chat: Chat, story: StoryId) -> None:
        """Unpin the story's card; raise Sorry when it is not pinned here by us."""
        ...

    def refusal(self, chat: Chat) -> Refusal | None:
        """Why the chat takes nothing from us, as far as we know; None when it does."""
        ...

    async def first_word(self, chat: Chat) -> Refusal | None:
        """The same, once what waits for the chat has been tried; it waits a moment for that."""
        ...

    async def pins(self, chat: Chat) -> Pinned:
        """The stories whose cards we have pinned here."""
        ...

    def can_publish(self, chat: Chat) -> bool:
        """Whether cards may be sent on from there, to those who follow the channel."""
        ...

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        """Whether a role's members are called when it is mentioned there; None when not known."""
        ...

    async def cards(self, chat: Chat) -> int:
        """Of how many stories' cards here a record is kept. May raise StorageAway."""
        ...

    async def forget(self, chat: Chat) -> int:
        """Forget the chat's cards and what it is owed; return how many cards that were.

        They stay where they are, and are no longer edited. For a chat without a rule: one that
        wants stories would be sent them anew. May raise StorageAway; then ask again.
        """
        ...

    async def unknown(self, chat: Chat) -> Sequence[tuple[StoryId, CardRecord]]:
        """The cards of which it is not known whether they stand. May raise StorageAway."""
        ...

    async def unknown_by(self, here: Chat, key: str) -> Unknown | None:
        """The card that a button names so, of `here` or of another chat of its platform; None when
        it is settled. May raise StorageAway."""
        ...

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        """Whether a person is a moderator of the chat, asked now; raise Sorry when not known."""
        ...

    async def called(self, chat: Chat) -> str:
        """The chat's name: hostile text, as a story's is."""
        ...

    async def claim(self, card: Unknown) -> tuple[Claim, Showing | None]:
        """Take a moderator's word that a card stands; what became of that, and how they can show
        it. Raise Sorry when it is known meanwhile. May raise StorageAway."""
        ...

    async def show(self, chat: Chat, story: StoryId, place: str) -> bool:
        """A moderator shows where a card of unknown outcome stands; False when we knew it there.
        Raise Sorry when it cannot be that card. May raise StorageAway."""
        ...

    async def post_again(self, card: Unknown) -> None:
        """Post a card of unknown outcome anew, at once; raise Sorry when it is known meanwhile or
        cannot be posted. May raise StorageAway."""
        ...

    async def health(self, chat: Chat) -> Health:
        """How the chat fares. Takes about a second at most, and raises nothing.

        A chat that refused us and has since given us the right to post is tried again at once.
        """
        ...

    async def standing(self, chat: Chat, story: StoryId | None = None) -> Standing:
        """What became of a story here; of the newest card here when none is named.

        May raise StorageAway.
        """
        ...


class Erases(Protocol):
    """Deletes what is stored about people."""

    async def person(self, person: Chat) -> Erased:
        """Delete everything about a person and their private chat. May raise StorageAway; then ask
        again."""
        ...


class History(Protocol):
    """What a story said before. May raise StorageAway."""

    async def past(self, story: StoryId, revision: int) -> Story | None:
        """The story as of `revision`; where that is no longer kept, the first kept after it."""
        ...

    async def as_of(self, story: StoryId, moment: datetime) -> Story | None:
        """The story as it was at a moment; None when nothing that old is kept."""
        ...

    async def heard(self, story: StoryId, since: datetime) -> Sequence[Heard]:
        """What was heard of it since a moment, oldest first; before that, how it was by then."""
        ...

    async def log(self, story_id: StoryId) -> Log:
        """What is remembered of revisions that are no longer kept whole."""
        ...

    async def edition(self, story_id: StoryId) -> Edition | None:
        """One story as it is held, also when it has left full memory."""
        ...


class ReadingPositions(Protocol):
    """How far people have followed stories."""

    def saw(self, person: Chat, story: StoryId, visit: Seen) -> None:
        """Remember a visit. Never waits and never fails: what cannot be kept is forgotten."""
        ...

    def caught_up(self, person: Chat, upto: datetime) -> None:
        """Remember that they have read all that moved up to a moment; kept like a visit."""
        ...

    async def place(self, person: Chat, story: StoryId) -> ReadingPosition | None:
        """Where they left the story; None when they never saw it. May raise StorageAway."""
        ...

    async def kept(self, person: Chat) -> ReadingHistory:
        """All that is remembered of them. May raise StorageAway."""
        ...

    async def forget(self, person: Chat) -> None:
        """Remember nothing of them any more. May raise StorageAway; then ask again."""
        ...


class Audit(Protocol):
    """Who changed what in a chat: the last hundred deeds, for ninety days."""

    def note(self, chat: Chat, deed: AuditEntry) -> None:
        """Write a deed down. Never waits and never fails; kept as soon as the storage takes it."""
        ...

    async def deeds(self, chat: Chat) -> Sequence[AuditEntry]:
        """What was done in the chat, newest first. May raise StorageAway."""
        ...

    async def forget(self, person: Chat) -> int:
        """Keep no deed with their number or name; return how many those were.

        What was done stays, without them. May raise StorageAway; then ask again.
        """
        ...

    async def forget_chat(self, chat: Chat) -> None:
        """Keep nothing of what was done in a chat. May raise StorageAway; then ask again."""
        ...


class Moderators(Protocol):
    """Which role of a server counts as moderator, besides those who have the rights."""

    async def role(self, server: str) -> str | None:
        """The role, in the platform's terms. May raise StorageAway."""
        ...

    async def name(self, server: str, role: str | None) -> None:
        """Let a role count; None for none any more. May raise StorageAway."""
        ...
