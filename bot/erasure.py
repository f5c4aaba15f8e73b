"""Deleting everything stored about a chat or a person: for /forgetme, and for chats we have left.

`Stores` is the one list of where something is stored about them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.delivery.ports import Forgetful
from bot.model.chat import Chat
from bot.model.erased import Erased
from bot.model.rule import Rule
from handlers.ports import Audit, Desk, Drafts, Moderators, ReadingPositions, Rules


@dataclass(frozen=True, slots=True)
class Stores:
    """Every store that holds something about chats or people.

    A new store gets a field here; then `Erasure` below has to delete from it, too.
    """

    ledger: Forgetful
    due: Forgetful
    rules: Forgetful
    troubles: Forgetful
    reading_positions: ReadingPositions
    audit: Audit
    drafts: Drafts
    moderators: Moderators

    @property
    def of_cards(self) -> Sequence[Forgetful]:
        """Those that hold something about a chat's cards."""
        return self.ledger, self.due, self.rules, self.troubles


class Erasure:
    """Deletes what the stores hold about one chat or one person. All of it may raise StorageAway;
    then it is repeated from the start."""

    def __init__(self, rules: Rules, desk: Desk, stores: Stores) -> None:
        """`desk` deletes from `stores.of_cards`: it waits for attempts under way there."""
        self._rules = rules
        self._desk = desk
        self._stores = stores

    async def chat(self, chat: Chat) -> None:
        """Delete everything about a chat, which may be a person's private one."""
        stores = self._stores
        await self._rules.change(chat, lambda _: Rule())
        await self._desk.forget(chat)
        await stores.reading_positions.forget(chat)
        await stores.audit.forget_chat(chat)
        await stores.drafts.drop(chat)
        await stores.moderators.name(chat.address, None)

    async def person(self, person: Chat) -> Erased:
        """Delete everything about a person and their private chat.

        What the operator's file sets for that chat stays, and its cards with it.
        """
        rules, stores = self._rules, self._stores
        fixed = rules.is_fixed(person)
        followed = rules.of(person) is not None and not fixed
        cards = 0
        if not fixed:  # otherwise it would get the same cards again
            await rules.change(person, lambda _: Rule())
            cards = await self._desk.forget(person)
        await stores.drafts.drop(person)
        keeps = rules.kept_by(person)
        for chat in keeps:
            await rules.change(chat, lambda rule: replace(rule, keeper=None))
        read = await stores.reading_positions.history(person)
        await stores.reading_positions.forget(person)
        changes = await stores.audit.forget(person)
        return Erased(
            followed=followed,
            cards=cards,
            keeps=len(keeps),
            seen=len(read.positions),
            caught_up=read.caught_up is not None,
            changes=changes,
        )
