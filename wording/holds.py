"""Why nothing is done about a card, or not yet: the codes of a plan's holds, and their sentences.

`bot/delivery/plan.py` decides and gives the code; /why puts it into words here, in the language of
the person who asks. This is the one place where a code gets its sentence.
"""

from collections.abc import Mapping
from enum import StrEnum

from wording.language import N_, _


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


SILENT = ""
"""Nothing is said: the record, or the chat's rule, says it already."""

SENTENCES: Mapping[tuple[Part, HoldCode], str] = {
    (Part.CARD, HoldCode.UP_TO_DATE): SILENT,
    (Part.CARD, HoldCode.NOT_FOLLOWED): SILENT,
    (Part.CARD, HoldCode.PAUSED): SILENT,
    (Part.CARD, HoldCode.MUTED): SILENT,
    (Part.CARD, HoldCode.OVER): SILENT,
    (Part.CARD, HoldCode.UNPROVEN): SILENT,
    (Part.CARD, HoldCode.CLAIMED): SILENT,
    (Part.CARD, HoldCode.DELETED): SILENT,
    (Part.CARD, HoldCode.UNREADABLE): SILENT,
    (Part.CARD, HoldCode.REFUSED): SILENT,
    (Part.CARD, HoldCode.QUIET): N_("Quiet hours until {clock}: its card will be posted then."),
    (Part.CARD, HoldCode.RATE_LIMIT): N_(
        "It's in the queue and will be posted as soon as the platform's rate limit allows."
    ),
    (Part.CARD, HoldCode.RETRY): N_("It's in the queue, and I'll try in {time}."),
    (Part.CARD, HoldCode.PLATFORM_PAUSE): N_(
        "The platform asked me to wait before I update this card again. The update comes in {time}."
    ),
    (Part.CARD, HoldCode.SPACING): N_(
        "Version {revision} comes in {time}: a card is updated at most once every {apart}."
    ),
    (Part.CARD, HoldCode.ROLLBACK): N_(
        "My storage lost some records. I'll send nothing for {time}, until earlier messages have "
        "arrived."
    ),
    (Part.CARD, HoldCode.SETTLING): N_(
        "An earlier attempt may still arrive, so I'll wait {time} before the next one."
    ),
    (Part.CARD, HoldCode.MERGING): N_("This story is taking over another story's card."),
    (Part.REPLY, HoldCode.UP_TO_DATE): SILENT,
    (Part.REPLY, HoldCode.POSTED_WITH_IT): N_(
        "The card was posted with that change in it, so no reply was needed."
    ),
    (Part.REPLY, HoldCode.REPLIED): SILENT,
    (Part.REPLY, HoldCode.MINOR): N_("A minor change updates the card and gets no reply."),
    (Part.REPLY, HoldCode.PAUSED): N_("No reply was sent: this chat is paused."),
    (Part.REPLY, HoldCode.MUTED): N_("No reply was sent: the story is muted here."),
    (Part.REPLY, HoldCode.NOT_FOLLOWED): N_(
        "No reply was sent: this chat doesn't follow the story."
    ),
    (Part.REPLY, HoldCode.EDITS_ONLY): N_("No reply was sent: this chat only wants cards updated."),
    (Part.REPLY, HoldCode.QUIET): N_(
        "Quiet hours until {clock}: then a short reply will say what changed since version {since}."
    ),
    (Part.REPLY, HoldCode.REPLY_LIMIT): N_(
        "A short reply about it will be sent in {time}: one went out {ago} ago, and replies are "
        "at least {gap} apart."
    ),
    (Part.MERGER, HoldCode.QUIET): N_(
        "Quiet hours until {clock}: then a short reply will say that another story was merged into "
        "this one."
    ),
    (Part.MERGER, HoldCode.REPLY_LIMIT): N_(
        "A reply in {time} will say that another story was merged into this one: one went out "
        "{ago} ago, and replies are at least {gap} apart."
    ),
    (Part.PUBLISH, HoldCode.PUBLISHED): SILENT,
    (Part.PUBLISH, HoldCode.NOT_PUBLISHED): SILENT,
    (Part.PUBLISH, HoldCode.PUBLISH_FAILED): SILENT,
    (Part.REPLY, HoldCode.RATE_LIMIT): N_("A short reply about it is on its way."),
    (Part.REPLY, HoldCode.REFUSED): N_("A short reply about it is on its way."),
    (Part.MERGER, HoldCode.RATE_LIMIT): SILENT,
    (Part.MERGER, HoldCode.REFUSED): SILENT,
    (Part.PIN, HoldCode.RATE_LIMIT): SILENT,
    (Part.PIN, HoldCode.REFUSED): SILENT,
    (Part.PUBLISH, HoldCode.RATE_LIMIT): N_("It's in the queue to be published."),
    (Part.PUBLISH, HoldCode.REFUSED): SILENT,
    (Part.PUBLISH, HoldCode.QUIET): N_(
        "Quiet hours until {clock}: its card will be published then."
    ),
    (Part.PUBLISH, HoldCode.PUBLISH_BUDGET): N_(
        "It's waiting to be published: only so many cards can be published an hour, and the next "
        "one can go in {time}."
    ),
    (Part.PIN, HoldCode.PIN_REST): N_(
        "I'll try to pin it in {time}: the last attempt to pin something here was refused."
    ),
}
"""The sentence for every part and code of a hold. Its placeholders: `time`, how long it lasts;
`clock`, when it ends on the chat's clock; `revision`, the latest; `apart`, the time between edits;
`since`, the revision that readers know; `ago`, since the last reply; `gap`, the time between two.
"""


def held(part: Part, code: str, params: Mapping[str, object]) -> str:
    """Why a part of a plan is held, in the current language; empty if nothing is to be said."""
    sentence = SENTENCES[part, HoldCode(code)]
    return _(sentence).format(**params) if sentence else ""
