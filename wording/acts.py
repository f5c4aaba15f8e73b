"""What people change in a chat, as codes, for /audit: words are made where somebody reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wording.language import N_, _


class Did(StrEnum):
    """What was done. The values are stored: none is ever changed, or given another meaning.

    They are what the first versions stored and showed, so every version reads every other's.
    """

    FOLLOWED = "followed {what}"
    FOLLOWED_STORY = "followed the story {what}"
    FOLLOWED_ALL = "followed all stories"
    UNFOLLOWED = "unfollowed {what}"
    UNFOLLOWED_ALL = "unfollowed everything"
    MUTED = "muted {what}"
    MUTED_UNTIL_MAJOR = "muted {what} until it turns major"
    UNMUTED = "unmuted {what}"
    PAUSED = "paused"
    RESUMED = "resumed"
    PINNED = "pinned {what}"
    UNPINNED = "unpinned {what}"
    CHANGED_SETTINGS = "changed the settings"
    CHOSE_MODERATOR_ROLE = "let a role count as moderator"
    DROPPED_MODERATOR_ROLE = "let no role count as moderator"
    CONFIRMED_CARD = "said that the card of {what} is there"
    SHOWED_CARD = "showed me the card of {what}"
    REPOSTED_CARD = "had the card of {what} posted again"


@dataclass(frozen=True, slots=True)
class Act:
    """What an answer has just changed in a chat, for /audit."""

    did: str
    """A `Did`; any other is another version's, and kept as it is."""
    what: str = ""
    """What it was done with: the same in every language."""
    chat: tuple[str, str] | None = None
    """Where it was done; None: in the chat that was asked in."""


SENTENCES: Mapping[str, str] = {
    Did.FOLLOWED: N_("{who} followed {what}"),
    Did.FOLLOWED_STORY: N_("{who} followed the story {what}"),
    Did.FOLLOWED_ALL: N_("{who} followed all stories"),
    Did.UNFOLLOWED: N_("{who} unfollowed {what}"),
    Did.UNFOLLOWED_ALL: N_("{who} unfollowed everything"),
    Did.MUTED: N_("{who} muted {what}"),
    Did.MUTED_UNTIL_MAJOR: N_("{who} muted {what} until a major update"),
    Did.UNMUTED: N_("{who} unmuted {what}"),
    Did.PAUSED: N_("{who} paused the chat"),
    Did.RESUMED: N_("{who} resumed the chat"),
    Did.PINNED: N_("{who} pinned {what}"),
    Did.UNPINNED: N_("{who} unpinned {what}"),
    Did.CHANGED_SETTINGS: N_("{who} changed the settings"),
    Did.CHOSE_MODERATOR_ROLE: N_("{who} chose a moderator role"),
    Did.DROPPED_MODERATOR_ROLE: N_("{who} removed the moderator role"),
    Did.CONFIRMED_CARD: N_("{who} confirmed that the card for {what} is there"),
    Did.SHOWED_CARD: N_("{who} showed me the card for {what}"),
    Did.REPOSTED_CARD: N_("{who} had the card for {what} posted again"),
}
"""A sentence for everything that is done."""


def in_words(act: Act, who: str) -> str:
    """The act as a sentence in the language spoken now."""
    sentence = SENTENCES.get(act.did, N_("{who} changed something that this version doesn't know"))
    return _(sentence).format(who=who, what=act.what)
