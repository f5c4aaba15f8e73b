"""The steps that bring one subject in one chat up to date, and the holds that put them off.

Plain data: `bot.delivery.plan` decides on them, the reconciler takes them, /why explains them.
"""

from dataclasses import dataclass
from datetime import datetime

from stories.story import StoryId
from wording.reasons import Reason


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

    message_id: str
    reply_since: int | None = None
    """The revision from which on a reply tells what changed; None: no reply is due."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Reply to the card with what changed."""

    message_id: str
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

    message_id: str
    part: StoryId
    silent: bool = False
    mention: bool = False


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish the card to the channels that follow this one."""

    message_id: str


@dataclass(frozen=True, slots=True)
class PutPin:
    """Pin the card: a moderator wants it pinned, and it may not be yet."""

    message_id: str


@dataclass(frozen=True, slots=True)
class RemovePin:
    """Unpin the card: its story is over, or a newer pin has taken its place."""

    message_id: str


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
