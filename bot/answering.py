"""Answers commands: who may ask, in which language, and what is said when something goes wrong."""

import logging
from collections.abc import Awaitable, Callable

from bot.model.command import Ask, Command, RateLimited
from bot.model.errors import Sorry
from runtime.away import StorageAway
from runtime.records import Unreadable
from wording.language import _, ngettext, speaking
from wording.message import Button, Buttons, Message, Ref, Text, Tone

log = logging.getLogger(__name__)


async def answer_to(
    command: Command, ask: Ask, is_moderator: Callable[[], Awaitable[bool]]
) -> Message:
    """Answer, turning every failure into something the asker can read.

    `is_moderator` is called now, not remembered.
    """
    with speaking(ask.language):
        return await _answer_to(command, ask, is_moderator)


async def _answer_to(
    command: Command, ask: Ask, is_moderator: Callable[[], Awaitable[bool]]
) -> Message:
    try:
        if command.moderators and not ask.private and not await is_moderator():
            return Message(refusal(command), tone=Tone.SORRY)
        return await command.answer(ask)
    except Sorry as sorry:
        return Message(str(sorry), sorry.blocks, sorry.rows, tone=Tone.SORRY)
    except Unreadable as error:
        log.warning("not replaced", extra={"command": command.name, "why": str(error)})
        return Message(
            _("That can't be changed here"),
            (
                Text(
                    _(
                        "The stored data was written by a newer version of this bot, or it's "
                        "damaged. Ask the bot's operator to check its log."
                    )
                ),
            ),
            tone=Tone.SORRY,
        )
    except StorageAway:
        return Message(
            _("That can't be saved right now"),
            (Text(_("My storage is unavailable. Please try again in a minute.")),),
            tone=Tone.SORRY,
        )
    except Exception:
        log.exception("command failed", extra={"command": command.name})
        return Message(
            _("Something went wrong on our side"),
            (Text(_("The error has been logged.")),),
            tone=Tone.SORRY,
        )


def elsewhere(command: Command) -> Message:
    """The answer where others would read it."""
    return Message(
        _("/{command} works in private only").format(command=command.name),
        (Text(_("Send it to me in a private chat.")),),
        (Buttons((Button(_("Continue in private"), Ref(command.name)),)),),
    )


def refusal(command: Command) -> str:
    """The answer for people who may not use this here."""
    return _("Only moderators of this chat can use /{command}").format(command=command.name)


def too_fast(limited: RateLimited) -> str:
    """What people are told who ask faster than the bot may answer."""
    if limited.crowd:
        said = ngettext(
            "Too many people are asking here right now. Try again in {n} second.",
            "Too many people are asking here right now. Try again in {n} seconds.",
            limited.seconds,
        )
    else:
        said = ngettext(
            "That's too fast. Try again in {n} second.",
            "That's too fast. Try again in {n} seconds.",
            limited.seconds,
        )
    return said.format(n=limited.seconds)


def instead(limited: RateLimited) -> Command:
    """A command that answers in place of the one that was asked."""

    async def answer(_ask: Ask) -> Message:
        return Message(too_fast(limited), tone=Tone.SORRY)

    return Command("hurry", "Answers who asks too fast", answer)
