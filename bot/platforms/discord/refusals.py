"""What Discord and the way to it can refuse, in our own words.

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import aiohttp
import discord

from bot.model.errors import (
    CardGone,
    LinksRefused,
    NotNow,
    OutcomeUnknown,
    Rejected,
    SendFailed,
    Unreachable,
    pause,
)
from wording.language import N_, kept

TROUBLE = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""Everything the library raises when a request did not go well; OSError holds TimeoutError."""

SOON = timedelta(seconds=5)
LATER = timedelta(minutes=1)

CARD_GONE = frozenset({10008, 50005, 50021})
"""Unknown message · somebody else's message · a system message."""

MISSING_PERMISSIONS = 50013
RIGHTS = frozenset({50001, MISSING_PERMISSIONS})
"""Missing access · missing permissions."""
ARCHIVED = 50083
LOCKED = 160005

PUBLISHED_ALREADY = 40033
NO_ANNOUNCEMENTS = (
    N_("only the cards of an announcement channel can be published"),
    N_("make it one under Edit Channel → Overview → Announcement Channel"),
)
OUT = frozenset({10003, 10004, 10013})
"""The channel, the server or the person is no more, or not for us."""

UNREACHABLE: Mapping[int, tuple[str, str]] = {
    10003: (
        N_("the channel is gone"),
        N_("choose another: /follow there, or name it in storywire.toml"),
    ),
    10004: (N_("the server is gone or the bot was removed from it"), N_("invite the bot again")),
    10013: (N_("the person is unknown to Discord"), N_("check the number behind “discord:@”")),
    30003: (N_("the channel's pins are full, Discord keeps 250"), N_("unpin something there")),
    50007: (
        N_("the person takes no direct messages from the bot"),
        N_("allow direct messages in the privacy settings of a server shared with the bot"),
    ),
    50008: (N_("this kind of channel holds no messages"), N_("choose a text channel or a thread")),
    50024: (N_("this kind of channel does not allow it"), N_("choose a text channel or a thread")),
    50033: (N_("the person cannot be written to"), N_("check the number behind “discord:@”")),
    ARCHIVED: (N_("the thread is archived"), N_("open the thread again")),
    50278: (
        N_("the bot is in no server with this person"),
        N_("let the bot into a server that you are in, or add it to your own account"),
    ),
    160002: (
        N_("the bot lacks “Read Message History”, which replies need"),
        N_("give its role “Read Message History” under Edit Channel → Permissions"),
    ),
    LOCKED: (N_("the thread is locked"), N_("unlock the thread, or give the bot “Manage Threads”")),
    200000: (
        N_("the server's AutoMod blocked the message"),
        N_("exempt the bot's role from the rule"),
    ),
}

LINKS_REFUSED: Mapping[int, str] = {
    20009: N_("Discord's filter for explicit content refused it"),
    240000: N_("Discord's filter refused a link in it"),
}


def failed(error: Exception, missing: Sequence[str] | None) -> SendFailed:
    """Say what one of TROUBLE means for the card.

    `missing` names the rights we would need there and have not, as far as we know; None for a
    channel that is in none of our servers.
    """
    match error:
        case discord.RateLimited():
            after = pause(error.retry_after, LATER)
            return NotNow(after, N_("Discord asks for a pause"), too_fast=True)
        case discord.HTTPException():
            return _answered(error, missing)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            # An attempt the library repeated after a 500 may have been heard before. The nonce
            # makes repeating it harmless, so it is not worth telling apart.
            return NotNow(SOON, N_("no connection to Discord"))
        case _:
            return OutcomeUnknown(f"Discord's answer was lost ({type(error).__name__})")


def _answered(error: discord.HTTPException, missing: Sequence[str] | None) -> SendFailed:
    said = f"Discord said {error.status}: {error.text or 'nothing'}"
    if error.code in UNREACHABLE:
        return Unreachable(*UNREACHABLE[error.code], out=error.code in OUT)
    if error.code in LINKS_REFUSED:
        return LinksRefused(LINKS_REFUSED[error.code])
    if error.code in CARD_GONE:
        return CardGone(said)
    if error.code in RIGHTS:
        return _lacking(missing, said, inside=error.code == MISSING_PERMISSIONS)
    match error.status:
        case 429:
            return NotNow(LATER, said, too_fast=True)
        case 401:
            return NotNow(LATER, N_("Discord no longer takes the bot's token"))
        case 403 | 404:
            return Unreachable(said, N_("see that the bot can see the channel and write there"))
        case status if status >= 500:
            return OutcomeUnknown(said)
        case _:
            return Rejected(said)


def _lacking(missing: Sequence[str] | None, said: str, *, inside: bool) -> Unreachable:
    if missing is None and not inside:
        return Unreachable(
            N_("the bot was removed from the server, or from the thread"),
            N_("invite the bot again"),
            out=True,
        )
    if not missing:  # what we know of the channel is behind the times
        return Unreachable(said, N_("check the bot's rights under Edit Channel → Permissions"))
    return Unreachable(
        kept(N_("the bot lacks {rights}"), rights=missing),
        kept(N_("give its role {rights} under Edit Channel → Permissions"), rights=missing),
    )
