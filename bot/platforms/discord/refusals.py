"""Turns what Discord or the network refuses into our own errors.

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
from wording.reasons import Code, Reason

TROUBLE = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""Everything the library raises when a request fails; OSError includes TimeoutError."""

SOON = timedelta(seconds=5)
LATER = timedelta(minutes=1)

CARD_GONE = frozenset({10008, 50005, 50021})
"""Unknown message · someone else's message · a system message."""

MISSING_PERMISSIONS = 50013
RIGHTS = frozenset({50001, MISSING_PERMISSIONS})
"""Missing access · missing permissions."""
ARCHIVED = 50083
LOCKED = 160005

PUBLISHED_ALREADY = 40033
OUT = frozenset({10003, 10004, 10013})
"""The channel, the server or the person no longer exists, or we aren't in it."""

UNREACHABLE: Mapping[int, Code] = {
    10003: Code.CHANNEL_GONE,
    10004: Code.SERVER_GONE,
    10013: Code.PERSON_UNKNOWN,
    30003: Code.PINS_FULL,
    50007: Code.DIRECT_MESSAGES_CLOSED,
    50008: Code.CHANNEL_WITHOUT_MESSAGES,
    50024: Code.CHANNEL_TYPE,
    50033: Code.PERSON_NOT_WRITABLE,
    ARCHIVED: Code.THREAD_ARCHIVED,
    50278: Code.NO_COMMON_SERVER,
    160002: Code.HISTORY_HIDDEN,
    LOCKED: Code.THREAD_LOCKED,
    200000: Code.AUTOMOD,
}

LINKS_REFUSED: Mapping[int, Code] = {20009: Code.EXPLICIT_FILTER, 240000: Code.LINK_FILTER}


def failed(error: Exception, missing: Sequence[str] | None) -> SendFailed:
    """What one of TROUBLE means for the card.

    `missing` names the permissions that we know to be missing there; None for a channel that is in
    none of our servers.
    """
    match error:
        case discord.RateLimited():
            after = pause(error.retry_after, LATER)
            return NotNow(after, here(Code.PAUSE), too_fast=True)
        case discord.HTTPException():
            return _answered(error, missing)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            # An attempt that the library repeated after a 500 may have succeeded before. The nonce
            # makes repeating it harmless, so the cases needn't be distinguished.
            return NotNow(SOON, here(Code.NO_CONNECTION))
        case _:
            return OutcomeUnknown(here(Code.ANSWER_LOST))


def here(code: Code) -> Reason:
    """A reason that concerns the way to Discord."""
    return Reason(code, {"platform": "discord"})


def _answered(error: discord.HTTPException, missing: Sequence[str] | None) -> SendFailed:
    quote = {"platform": "discord", "said": f"{error.status}: {error.text or 'nothing'}"}
    said = Reason(Code.SAID, quote)
    if error.code in UNREACHABLE:
        return Unreachable(Reason(UNREACHABLE[error.code]), out=error.code in OUT)
    if error.code in LINKS_REFUSED:
        return LinksRefused(Reason(LINKS_REFUSED[error.code]))
    if error.code in CARD_GONE:
        return CardGone(said)
    if error.code in RIGHTS:
        return _lacking(missing, quote, inside=error.code == MISSING_PERMISSIONS)
    match error.status:
        case 429:
            return NotNow(LATER, said, too_fast=True)
        case 401:
            return NotNow(LATER, here(Code.TOKEN_REFUSED))
        case 403 | 404:
            return Unreachable(Reason(Code.SAID_NO_ACCESS, quote))
        case status if status >= 500:
            return OutcomeUnknown(said)
        case _:
            return Rejected(said)


def _lacking(
    missing: Sequence[str] | None, quote: Mapping[str, str], *, inside: bool
) -> Unreachable:
    if missing is None and not inside:
        return Unreachable(Reason(Code.REMOVED_FROM_SERVER), out=True)
    if not missing:  # what we know of the channel is outdated
        return Unreachable(Reason(Code.SAID_NO_PERMISSION, quote))
    return Unreachable(Reason(Code.LACKS_PERMISSIONS, {"permissions": list(missing)}))
