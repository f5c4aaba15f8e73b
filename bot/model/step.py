"""The steps that bring one subject in one chat up to date, and the holds that put them off.

Plain data: `bot.delivery.plan` decides on them, the reconciler takes them, /why explains them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stories.story import StoryId
from wording.reasons import Reason


class Part(StrEnum):
    """What a plan is about: each part of a subject is decided by itself."""

    CARD = "card"
    REPLY = "reply"
    MERGER = "merger"
    PUBLISH = "publish"
    PIN = "pin"


class HoldCode(StrEnum):
    """Why nothing is done, or not yet: the codes of the reasons of holds."""

    UP_TO_DATE = "up to date"
    NOT_FOLLOWED = "not followed"
    """The rule names neither the story nor a word of it, or the story falls short of a figure."""
    PAUSED = "paused"
    MUTED = "muted"
    OVER = "over"
    """The story has ended, was withdrawn, was merged or has gone stale."""
    QUIET = "quiet hours"
    REFUSED = "chat refuses"
    RATE_LIMIT = "rate limit"
    RETRY = "retry"
    """The last attempt failed, or the platform asked for a pause; it is made again."""
    PLATFORM_PAUSE = "platform pause"
    """The platform asked for a pause in the edits of this one card."""
    SPACING = "edit spacing"
    ROLLBACK = "rollback"
    """The storage lost records; attempts whose record is gone have to arrive first."""
    SETTLING = "settling"
    """An attempt may still arrive, and undo what is done before."""
    UNREADABLE = "unreadable record"
    MERGING = "merging"
    """Another story's card is to become this one's, and isn't yet."""
    UNPROVEN = "unproven"
    """Nobody knows whether the card arrived: the next revision is posted as a new card."""
    CLAIMED = "claimed"
    """A moderator said that it is there: the next notable change is posted as a new card."""
    DELETED = "deleted"
    """Someone deleted the card: it comes back with the next notable change."""
    MINOR = "minor change"
    EDITS_ONLY = "edits only"
    POSTED_WITH_IT = "posted with it"
    """The card was made with the change, so there is nothing to reply to."""
    REPLIED = "replied"
    REPLY_LIMIT = "reply limit"
    PUBLISHED = "published"
    NOT_PUBLISHED = "not to be published"
    PUBLISH_FAILED = "publishing failed"
    PUBLISH_BUDGET = "publish budget"
    PIN_REST = "pin rest"


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing is done now."""

    reason: Reason
    """Its code is a `HoldCode`."""
    until: datetime | None = None
    """When to plan again; None: once the story, the rule or the record changes."""


@dataclass(frozen=True, slots=True)
class Post:
    """Post the card as a new message."""

    generation: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Edit the card, so that it says the newest."""

    place: str
    reply_since: int | None = None
    """The revision from which on a reply tells what changed; None: no reply is due."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Reply to the card with what changed."""

    place: str
    since: int
    """The revision that readers know."""
    major: bool = False
    silent: bool = True
    mention: bool = False
    """Mention the role that the moderators chose."""


@dataclass(frozen=True, slots=True)
class DropReply:
    """The reply that was due is not sent any more: the change was undone, or nobody wants it."""


@dataclass(frozen=True, slots=True)
class TellMerger:
    """Reply to the card that another story, whose card it was, is a part of this one now."""

    place: str
    part: StoryId
    silent: bool = False
    mention: bool = False


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish the card to the channels that follow this one."""

    place: str


@dataclass(frozen=True, slots=True)
class PutPin:
    """Pin the card: a moderator wants it pinned, and it may not be yet."""

    place: str


@dataclass(frozen=True, slots=True)
class RemovePin:
    """Unpin the card: its story is over, or a newer pin has taken its place."""

    place: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Find out whether a post that was under way arrived."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Make one card of this story's and that of the story it was merged into."""

    into: StoryId
    told: bool = True
    """Readers are told of it beside the card that goes on."""


@dataclass(frozen=True, slots=True)
class MarkLost:
    """Record that the storage lost what it knew of the card, which may stand."""

    generation: int


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Record that the card already looks as the newest revision asks."""

    revision: int


@dataclass(frozen=True, slots=True)
class Unfollow:
    """The chat follows this story by itself, and the story is over: that ends now."""


Step = (
    Post
    | Edit
    | Reply
    | DropReply
    | TellMerger
    | Publish
    | PutPin
    | RemovePin
    | Recover
    | Merge
    | MarkLost
    | Acknowledge
    | Unfollow
)
