"""Changing a chat's rule: whose it is, and who becomes its keeper."""

from collections.abc import Callable
from dataclasses import replace

from bot.model.chat import Chat
from bot.model.command import Ask
from bot.model.errors import Sorry
from bot.model.rule import Rule
from handlers.ports import Rules
from wording.language import _
from wording.message import Text


async def change(rules: Rules, ask: Ask, how: Callable[[Rule], Rule]) -> tuple[Rule, Rule]:
    """Change the rule of the chat where it is asked, as `Rules.change` does.

    The asker becomes the rule's keeper. Raises Sorry for chats in the operator's file.
    """
    theirs(rules, ask.chat)
    return await rules.change(ask.chat, lambda rule: kept_by(keeper_of(ask), how(rule)))


def keeper_of(ask: Ask) -> Chat | None:
    """The asker; None if a channel is asking."""
    return None if ask.person == ask.chat and not ask.private else ask.person


def kept_by(keeper: Chat | None, rule: Rule) -> Rule:
    """The rule with its keeper; an empty rule needs none, and is deleted."""
    return replace(rule, keeper=None if replace(rule, keeper=None) == Rule() else keeper)


def theirs(rules: Rules, chat: Chat) -> Rule:
    """The chat's own rule for reading; raises Sorry for chats in the operator's file."""
    if rules.is_fixed(chat):
        raise Sorry(
            _("The bot's operator sets what this chat gets"),
            Text(
                _("Ask them to change the entry for {chat} in the bot's configuration.").format(
                    chat=chat
                )
            ),
        )
    if rules.is_unreadable(chat):
        raise Sorry(newer())
    return rules.of(chat) or Rule()


def newer() -> str:
    """The answer where a chat's rule can't be read."""
    return _(
        "This chat's settings were written by a newer version of this bot, so I can't read or "
        "change them"
    )
