"""What the bot needs from the world, in its own words."""

from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.model.chat import Chat
from bot.model.command import AskKind, Command, RateLimited
from bot.model.rule import Rule
from bot.model.unknown import Unknown
from stories.changes import Changes, Cursor, Door, Heard, Page, Verdict
from stories.edition import Edition
from stories.log import Log
from stories.story import Story, StoryId
from wording.acts import Act
from wording.message import Message
from wording.reasons import Reason


class Right(StrEnum):
    """Something the bot wants to do in a chat."""

    POST = "post"
    PIN = "pin"


class Showing(StrEnum):
    """How someone shows us a message of ours that we cannot look up."""

    REPLY = "reply"
    FORWARD = "forward"
    """To us, in private: replies would be seen by everyone who reads the channel."""


class Platform(Protocol):
    """A chat service the bot lives on. Everything it raises is a SendFailed of bot.model.errors."""

    @property
    def name(self) -> str:
        """The part before the colon in a chat: discord, telegram."""
        ...

    @property
    def connected(self) -> bool:
        """True while people's questions reach us."""
        ...

    async def run(self, commands: Sequence[Command]) -> None:
        """Stay connected and answer commands until cancelled.

        A platform that cannot be reached is waited for. Raises SetupError when it refuses us for
        good, as it does on a wrong token.
        """
        ...

    def on_connection(self, listener: Callable[[str | None], None]) -> None:
        """Call `listener` with None whenever we are connected, and with the reason whenever we
        cannot be. There is one listener; it may be told the same again and again."""
        ...

    def visit(self) -> AbstractAsyncContextManager[str]:
        """Log in without answering anyone, to look around with `lacks`; yield the bot's name.

        Raises SetupError on a wrong token and SendFailed when the platform cannot be reached.
        """
        ...

    async def post(
        self,
        chat: Chat,
        message: Message,
        *,
        key: str,
        silent: bool = True,
        reply_to: str | None = None,
        mention: str | None = None,
    ) -> str:
        """Post and return where it stands. Where the platform can, `key` makes a repeat harmless.

        `mention` is a role in the platform's terms: its members are called. Nobody else ever is.
        Not to be cancelled because a clock ran out: the message may be there all the same.
        """
        ...

    async def edit(self, chat: Chat, place: str, message: Message) -> None:
        """Make the message at `place` say this; saying what it already says is no error."""
        ...

    async def pin(self, chat: Chat, place: str) -> None:
        """Pin the message, without a notification; a pinned one stays pinned."""
        ...

    async def unpin(self, chat: Chat, place: str) -> None: ...

    async def pinned(self, chat: Chat) -> frozenset[str] | None:
        """Where the chat's pinned messages stand, anybody's; None where that cannot be seen."""
        ...

    async def publish(self, chat: Chat, place: str) -> None:
        """Send the message on to those who follow the channel; one that was stays so.

        Nothing where a platform knows no such thing.
        """
        ...

    async def lacks(self, chat: Chat, right: Right) -> Sequence[str]:
        """The rights we would need and have not, in the platform's own names."""
        ...

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        """Whether a role's members are called when we mention it there; None when not known."""
        ...

    async def called(self, chat: Chat) -> str:
        """The chat's name as its people know it (“#news”, “Harbour News”): hostile text, as a
        story's is. Its address when the name cannot be learned. Never raises."""
        ...

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        """Whether a person is a moderator of the chat, asked of the platform now."""
        ...

    async def showing(self, chat: Chat) -> Showing | None:
        """How people can show us a message of ours there; None: they need not, `find` finds it."""
        ...

    async def is_in(self, chat: Chat) -> bool:
        """Whether we are in the chat, asked of the platform now.

        False for a person whom only a message could ask. May raise SendFailed: not known now.
        """
        ...

    def on_standing(self, listener: Callable[[frozenset[Chat], bool], None]) -> None:
        """Call `listener` with chats and whether we are in them, whenever we may have been let
        in or out, or given or denied a right. A group is told of without its topics, and a server
        under its own number, too."""
        ...

    def on_moved(self, listener: Callable[[Chat, Chat], Awaitable[None]]) -> None:
        """Call `listener` with the old address and the new one of each chat that moves."""
        ...

    async def find(self, chat: Chat, key: str, since: datetime) -> str | None:
        """Where the message posted with `key` stands, if the platform lets us look."""
        ...

    def server(self, chat: Chat) -> str:
        """What the chat shares its place with: a fair share goes to each such server."""
        ...

    def link(self, chat: Chat, place: str) -> str | None:
        """A link that opens the message where it stands; None where the platform has none."""
        ...

    def repeatable(self, age_s: float) -> bool:
        """Whether a post of unknown outcome and that age may be repeated with its key."""
        ...


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


class RuleStore(Protocol):
    """Where the rules that people set from chat are kept, and what became of moved chats."""

    @property
    def unreadable(self) -> Collection[Chat]:
        """The chats that have a rule which could not be read when they were loaded last."""
        ...

    async def load(self) -> Mapping[Chat, Rule]: ...

    async def save(self, chat: Chat, rule: Rule | None) -> None:
        """Keep a chat's rule; None: none any more. Raises Unreadable rather than replace one that
        cannot be read."""
        ...

    async def moved(self) -> Mapping[Chat, Chat]:
        """Old addresses and the ones they became."""
        ...

    async def move(self, old: Chat, new: Chat) -> None:
        """Remember that a chat has another address now."""
        ...

    async def put_back(
        self, platform: str, rules: Mapping[Chat, Rule], moved: Mapping[Chat, Chat]
    ) -> int:
        """Keep again what is missing of a platform's rules and moves; what is there stays.

        Returns how many were missing. Raises StorageAway unless we hold the platform's lease.
        """
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A chat's rule while its moderators are at it."""

    began: Rule
    """What the rule was when they began."""
    rule: Rule
    """What they would make of it."""


class Drafts(Protocol):
    """What moderators have changed and not saved yet: one draft a chat, for a day at most.

    All of it may raise StorageAway.
    """

    async def load(self, chat: Chat) -> Draft | None: ...

    async def save(self, chat: Chat, draft: Draft) -> None: ...

    async def drop(self, chat: Chat) -> None: ...


class State(StrEnum):
    """How the last attempt to show a card ended."""

    SENDING = "sending"
    SHOWN = "shown"
    UNKNOWN = "unknown"
    FAILED = "failed"
    """Surely not done."""
    GONE = "gone"
    """It stood there, and someone deleted it."""
    UNREADABLE = "unreadable"
    """There is a row, and it cannot be read: the card may stand. Such a row is never written."""


class Pin(StrEnum):
    """What is to become of our pin of a card. Each is written before the platform is asked."""

    WANTED = "wanted"
    """To be pinned; it may be already."""
    STANDS = "stands"
    GOING = "going"
    """To be unpinned; it may still be pinned."""


@dataclass(frozen=True, slots=True)
class CardRecord:
    """One line of the ledger: one story's card in one chat."""

    state: State
    at: datetime
    """When the state was written."""
    revision: int
    """The revision shown, being sent, or tried."""
    place: str | None = None
    """Where the card stands, in the platform's terms; None before it stands anywhere."""
    looks: str | None = None
    """A hash of what the card says, to leave it alone when nothing would change."""
    posted_at: datetime | None = None
    replied_at: datetime | None = None
    generation: int = 1
    """Counts the cards made for this story here: a new one only after one is gone or unproven."""
    owes: int | None = None
    """A reply is owed: what changed since this revision is to be said beside the card."""
    told: int | None = None
    """The newest revision that a reply told of."""
    into: StoryId | None = None
    """The story whose card took this one's place; where this one still stands it leads there."""
    tells: StoryId | None = None
    """A reply is owed: that this other story, whose card became this one, is a part of it now."""
    pin: Pin | None = None
    """Our pin; None: none, and what people pinned is not ours to touch."""
    pinned_at: datetime | None = None
    """When it was last asked for."""
    published_at: datetime | None = None
    """When the card was sent on to those who follow the channel."""
    why: Reason | None = None
    """What went wrong; of a card that is shown: why it is not published."""
    claimed_at: datetime | None = None
    """Of a card of unknown outcome: when a moderator said that it stands."""
    noticed_at: datetime | None = None
    """When someone who can settle it was last told that it is not known whether it stands."""

    bare: Reason | None = None
    """Why the card is shown without its links; None: they are there."""

    @property
    def pinned(self) -> bool:
        """Whether the card is meant to be pinned by us."""
        return self.pin in (Pin.WANTED, Pin.STANDS)


UNREADABLE = CardRecord(State.UNREADABLE, datetime(1970, 1, 1, tzinfo=UTC), 0)
"""Stands for a row that cannot be read."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A chat takes nothing from us."""

    reason: Reason
    again_at: datetime
    """When it is tried again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a story in a chat, and what its card waits for."""

    story: StoryId | None
    """None when no story was named and there is no card."""
    row: CardRecord | None = None
    due: bool = False
    """Something is still to be done about the card."""
    next_edit: datetime | None = None
    """When a card that stands may be edited again."""
    apart: timedelta = timedelta(0)
    """How far apart its edits are."""
    reply_gap: timedelta = timedelta(0)
    """At most one reply a story in so long."""
    next_publish: datetime | None = None
    """When another card may be published here; None where nothing can be."""
    refusal: Refusal | None = None
    again_at: datetime | None = None
    """When a card is tried again that could not be shown, or is kept by the platform's pause."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What we have pinned in a chat."""

    stories: Sequence[StoryId]
    """The newest pin first."""
    seen: bool
    """The platform has shown that they stand; else people may have unpinned some."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a chat fares. What could not be looked up at once is None."""

    lacks: Mapping[Right, Sequence[str]] | None
    """The rights we would need and have not, asked of the platform now."""
    cards: Sequence[tuple[StoryId, CardRecord]] | None
    """The cards here, that written last first."""
    waiting: Sequence[tuple[StoryId, datetime | None]] = ()
    """The stories with something still to be done here; until when they wait at least, if known."""
    refusal: Refusal | None = None
    again: Mapping[StoryId, datetime] = field(default_factory=dict)
    """Those of them that could not be shown or are kept by a pause of the platform's, and when
    they are tried again."""


class Claim(StrEnum):
    """What became of a moderator's word that a card stands."""

    FOUND = "found"
    """The platform showed us where."""
    TAKEN = "taken"
    """It counts as standing until a notable update or a withdrawal, which is posted afresh."""
    REPEATED = "repeated"
    """The same; it was said before."""


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


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a chat, until it takes something from us again."""

    reason: Reason
    since: datetime
    act: str = "post"
    """What it refuses: a post, an edit or a reply. Taking the same again ends the trouble."""
    told: bool = False
    """Someone who can mend it has been told, or an attempt was made that may have arrived."""
    asked_at: datetime | None = None
    """When it was last tried to tell someone, and nobody could be reached."""
    left_at: datetime | None = None
    """When we were found to be out of the chat."""


class Troubles(Protocol):
    """The chats that refuse us or have removed us."""

    async def all(self, platform: str) -> Mapping[Chat, Trouble]: ...

    async def save(self, chat: Chat, trouble: Trouble | None) -> None:
        """Keep what is wrong with a chat; None: nothing any more."""
        ...


class Forgetful(Protocol):
    """A part of the storage that can forget a chat."""

    async def forget(self, chat: Chat) -> set[StoryId]:
        """Keep nothing that names the chat; return the stories it was about."""
        ...


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted about a person."""

    followed: bool
    """Their private chat followed something."""
    cards: int
    """Records of cards sent there."""
    keeps: int
    """Chats in whose rules they were named as the one to notify."""
    seen: int
    """Stories they opened."""
    caught_up: bool
    """They had said how far they had read."""
    changes: int
    """Changes in chats that bore their name."""


class Erases(Protocol):
    """Deletes what is stored about people."""

    async def person(self, person: Chat) -> Erased:
        """Delete everything about a person and their private chat. May raise StorageAway; then ask
        again."""
        ...


class Ledger(Protocol):
    """Which card shows which revision where, and how every attempt ended.

    A row that cannot be read is UNREADABLE.
    """

    async def row(self, chat: Chat, story: StoryId) -> CardRecord | None: ...

    async def write(self, chat: Chat, story: StoryId, row: CardRecord) -> int | None:
        """Write a row; return how many were ever written on its platform, None if not known.

        Only a storage that lost something counts fewer than before.
        """
        ...

    async def write_together(self, chat: Chat, rows: Mapping[StoryId, CardRecord]) -> int | None:
        """Write several rows of a chat, all or none."""
        ...

    async def count(self, platform: str) -> int | None:
        """How many rows were ever written on a platform; None if not known."""
        ...

    async def of_story(self, story: StoryId) -> Mapping[Chat, CardRecord]: ...

    async def of_chat(self, chat: Chat) -> Mapping[StoryId, CardRecord]: ...

    async def pins(self, platform: str) -> Mapping[tuple[Chat, StoryId], CardRecord]:
        """Every card on a platform that has a pin of ours, or is to lose it."""
        ...

    async def unknown(self, platform: str) -> Sequence[Unknown]:
        """Every card on a platform of which it is not known whether it stands."""
        ...

    async def unknown_by(self, platform: str, key: str) -> Unknown | None:
        """The one that buttons name so; None when it is settled."""
        ...


@dataclass(frozen=True, slots=True)
class DueCard:
    """A chat is owed a story's newest state."""

    chat: Chat
    story: StoryId
    seq: int
    """The edition that made it due."""


class Due(Protocol):
    """What is owed, kept so that a crash forgets none of it. Marking twice is marking once."""

    async def cursor(self, platform: str) -> Cursor: ...

    async def mark(self, platform: str, marks: Iterable[DueCard], upto: Cursor | None) -> None:
        """Add marks, then move the platform's cursor (None: leave it) together with the last."""
        ...

    async def all(self, platform: str) -> list[DueCard]: ...

    async def done(self, platform: str, marks: Sequence[DueCard]) -> None:
        """Strike marks out, but for those whose chat and story a newer edition has marked since."""
        ...


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    """How high the storage stood when we last looked."""

    written: int = 0
    """Ledger rows ever written."""
    doubt: datetime | None = None
    """When the storage was last seen to have lost something it had acknowledged."""


class HighWater(Protocol):
    """A mark outside the storage that tells when the storage steps back. Never waits long, never
    raises."""

    def read(self) -> HighWaterMark: ...

    def write(self, rollback: HighWaterMark) -> bool:
        """False when it could not be written, which the operator is told of by an alarm."""
        ...


class Archive(Protocol):
    """Where stories are kept. Everything it does may raise StorageAway."""

    async def accept(self, story: Story) -> tuple[Verdict, int]:
        """Take a revision unless it is not newer; return the verdict and the revision now held."""
        ...

    async def reject(self, door: Door, raw: bytes, why: str) -> None:
        """Remember a refused document for the operator."""
        ...

    def pubsub(self) -> AsyncGenerator[bytes]:
        """Documents as they are published, while we listen."""
        ...

    def inbox(self) -> AsyncGenerator[bytes]:
        """Documents of the inbox, each struck out when the next is asked for."""
        ...

    async def since(self, cursor: Cursor) -> Changes:
        """Everything newer than `cursor`; everything there is when its epoch is past."""
        ...

    async def newest(self, below: int | None = None) -> Page:
        """A page of the index, newest first; the next one lies below the place this one names."""
        ...

    async def edition(self, story_id: StoryId) -> Edition | None:
        """One story as it is held, also when it has left full memory."""
        ...

    async def log(self, story_id: StoryId) -> Log:
        """What is remembered of revisions that are no longer kept whole."""
        ...

    async def history(self, story: StoryId, since: int = 0) -> Sequence[Story]:
        """The revisions still kept from `since` on, oldest first."""
        ...

    def wakes(self) -> AsyncGenerator[str]:
        """A reason to read the index, each time there may be one; subscribed before the first."""
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


@dataclass(frozen=True, slots=True)
class Seen:
    """Someone saw a revision of a story."""

    revision: int
    at: datetime
    """When they first saw it."""


@dataclass(frozen=True, slots=True)
class ReadingPosition:
    """How far someone has followed a story: the last two revisions they saw."""

    last: Seen
    before: Seen | None = None

    def after(self, visit: Seen) -> "ReadingPosition":
        """The place once that was seen, too. Seeing the same revision again changes nothing."""
        known = visit.revision == self.last.revision or visit == self.before
        return self if known else ReadingPosition(visit, self.last)


@dataclass(frozen=True, slots=True)
class ReadingHistory:
    """Everything that is remembered of what one person looked at."""

    places: Mapping[StoryId, ReadingPosition]
    until: datetime | None
    """When it is forgotten unless they look again; None when there is nothing to forget."""
    caught_up: datetime | None = None
    """Up to when they have read all that moved; None when they never said so."""


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


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Someone who cares for a chat changed something there."""

    at: datetime
    act: Act
    person: Chat | None
    """Who did it; None once they asked to be forgotten."""
    name: str | None = None
    """What they were called then."""


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


class AskLimits(Protocol):
    """Whose turn it is to ask."""

    async def take(
        self,
        person: Chat,
        server: str | None,
        *,
        turn: AskKind = AskKind.ASK,
        spared: Callable[[], Awaitable[bool]] | None = None,
    ) -> RateLimited | None:
        """None when the person may ask now, which then counts; else why not, and until when.

        `server` is what the chat belongs to; None in private. A press of a button counts less, and
        a suggestion while someone types least.
        Who is `spared` need not wait for the others of the server.
        """
        ...


class GroupRateLimiter(Protocol):
    """How fast a group may be written to: answers and cards share it."""

    def counts(self, chat: Chat) -> bool:
        """True for a chat where all that is written counts."""
        ...

    async def take(self, chat: Chat) -> None:
        """Wait until the chat may be written to, which then counts."""
        ...

    def too_fast(self, chat: Chat, after: timedelta) -> None:
        """The platform asks for a pause there."""
        ...


class Lease(Protocol):
    """At most one holder of a name at a time."""

    @property
    def sure(self) -> bool:
        """False while the storage is away and the lease cannot be proved."""
        ...

    def held(self) -> AbstractAsyncContextManager[None]:
        """Wait for the lease and keep it while inside; cancelled when another took it over."""
        ...
