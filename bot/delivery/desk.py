"""What people can do with a chat's cards, and learn: pins, explanations, status, forgetting."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from bot.delivery.pin_requests import LOOK_UP_S
from bot.delivery.ports import Forgetful, Ledger
from bot.delivery.reconciler import Reconciler
from bot.model.chat import Chat, Permission, Showing
from bot.model.errors import CardGone, NotNow, OutcomeUnknown, SendFailed, Sorry, Unreachable
from bot.model.ledger import CardRecord, State
from bot.model.status import CardStatus, Claim, Health, Pinned, Refusal
from bot.model.unknown import Unknown, key_of
from bot.platforms.port import Platform
from runtime.away import StorageAway
from stories.story import StoryId
from wording.language import _, named, ngettext
from wording.message import Text
from wording.reasons import explained

T = TypeVar("T")


class CardDesk:
    """Serves the commands that concern cards, for every chat."""

    def __init__(
        self, reconcilers: Mapping[str, Reconciler], ledger: Ledger, records: Sequence[Forgetful]
    ) -> None:
        """`records`: every store that holds something about a chat's cards."""
        self._reconcilers = reconcilers
        self._ledger = ledger
        self._records = records

    async def pin(self, chat: Chat, story: StoryId) -> list[StoryId]:
        reconciler = self._reconcilers[chat.platform]
        try:
            await _needs(reconciler, chat, Permission.PIN, _cannot_pin)
            await _needs(reconciler, chat, Permission.POST, _cannot_post)
            return await reconciler.pins.pin(chat, story)
        except SendFailed as failed:
            raise _sorry(failed) from failed

    async def unpin(self, chat: Chat, story: StoryId) -> None:
        row = await self._ledger.row(chat, story)
        if row is not None and row.state is State.UNREADABLE:
            raise Sorry(_("I can't unpin that card: I can't read my record of it"))
        if row is None or not row.pinned or row.message_id is None:
            raise Sorry(_("I haven't pinned that story here"))
        reconciler = self._reconcilers[chat.platform]
        try:
            await _needs(reconciler, chat, Permission.PIN, _cannot_unpin)
            await reconciler.pins.unpin(chat, story)
        except SendFailed as failed:
            raise _sorry(failed) from failed

    def refusal(self, chat: Chat) -> Refusal | None:
        return self._reconcilers[chat.platform].refusal(chat)

    async def first_word(self, chat: Chat) -> Refusal | None:
        return await self._reconcilers[chat.platform].first_word(chat)

    async def pins(self, chat: Chat) -> Pinned:
        return await self._reconcilers[chat.platform].pins.pins(chat)

    def can_publish(self, chat: Chat) -> bool:
        return self._reconcilers[chat.platform].platform.capabilities.publishes

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        return self._reconcilers[chat.platform].platform.may_mention(chat, role)

    async def cards(self, chat: Chat) -> int:
        return len(await self._ledger.of_chat(chat))

    async def forget(self, chat: Chat) -> int:
        cards = set(await self._ledger.of_chat(chat))
        reconciler = self._reconcilers[chat.platform]
        while found := set().union(*[await each.forget(chat) for each in self._records]):
            for story in found:  # an attempt in flight still records its outcome
                await reconciler.requests.note(chat, story, lambda row: row)
        return len(cards)

    async def card_status(self, chat: Chat, story: StoryId | None = None) -> CardStatus:
        if story is None:
            rows = await self._ledger.of_chat(chat)
            story = max(rows, key=lambda each: rows[each].posted_at or rows[each].at, default=None)
            if story is None:
                return CardStatus(None)
            row: CardRecord | None = rows[story]
        else:
            row = await self._ledger.row(chat, story)
        reconciler = self._reconcilers[chat.platform]
        policy = reconciler.policy
        stands = row is not None and row.message_id is not None
        return CardStatus(
            story,
            row,
            due=reconciler.is_due(chat, story),
            plan=await reconciler.explain(chat, story, row),
            apart=policy.spacing.apart(row) if row and stands else timedelta(0),
            reply_gap=policy.reply_gap,
            refusal=reconciler.refusal(chat),
        )

    async def unknown(self, chat: Chat) -> list[tuple[StoryId, CardRecord]]:
        rows = await self._ledger.of_chat(chat)
        return [(story, row) for story, row in rows.items() if row.state is State.UNKNOWN]

    async def unknown_by(self, here: Chat, key: str) -> Unknown | None:
        if (named := await self._ledger.unknown_by(here.platform, key)) is not None:
            return named
        for story, row in await self.unknown(here):  # written before there was an index
            if key_of(here, story) == key:
                return Unknown(here, story, row.generation)
        return None

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        try:
            return await self._reconcilers[chat.platform].platform.moderates(chat, person)
        except SendFailed as failed:
            raise Sorry(
                _("I can't check right now whether you're a moderator there"),
                Text(_("Please try again in a minute.")),
            ) from failed

    async def called(self, chat: Chat) -> str:
        return await self._reconcilers[chat.platform].platform.called(chat)

    async def claim(self, card: Unknown) -> tuple[Claim, Showing | None]:
        reconciler = self._reconcilers[card.chat.platform]
        try:
            claim = await reconciler.requests.claim(card)
            if claim is None:
                raise _settled()
            return claim, await reconciler.platform.showing(card.chat)
        except SendFailed as failed:
            raise _sorry(failed) from failed

    async def show(self, chat: Chat, story: StoryId, message_id: str) -> bool:
        reconciler = self._reconcilers[chat.platform]
        rows = await self._ledger.of_chat(chat)
        if any(row.message_id == message_id for other, row in rows.items() if other != story):
            raise Sorry(_("That's another story's card: please reply to the right one"))
        row = await reconciler.requests.show(chat, story, message_id)
        if row is None or (row.state is not State.UNKNOWN and row.message_id != message_id):
            raise Sorry(
                _("I already know a newer card for that story here, so I'm leaving this one alone"),
                Text(_("Use /why to see where it stands.")),
            )
        return row.state is State.UNKNOWN

    async def post_again(self, card: Unknown) -> None:
        reconciler = self._reconcilers[card.chat.platform]
        if not reconciler.live(card.story):
            raise Sorry(_("That story is over, so it gets no new card"))
        try:
            if not await reconciler.requests.post_again(card):
                raise _settled()
        except SendFailed as failed:
            raise _sorry(failed) from failed

    async def health(self, chat: Chat) -> Health:
        reconciler = self._reconcilers[chat.platform]
        lacks, rows = await asyncio.gather(
            _soon(_lacking(reconciler.platform, chat)), _soon(self._ledger.of_chat(chat))
        )
        refusal = reconciler.refusal(chat)
        if refusal is not None and lacks is not None and not lacks[Permission.POST]:
            reconciler.try_again(chat)
        cards = sorted((rows or {}).items(), key=lambda card: card[1].at, reverse=True)
        spacing = reconciler.policy.spacing
        edits = {
            story: spacing.next_edit(row) for story, row in cards if row.message_id is not None
        }
        waiting = reconciler.waiting(chat)
        again = {story: at for story in waiting if (at := reconciler.again_at(chat, story))}
        return Health(
            lacks,
            None if rows is None else cards,
            [(story, edits.get(story)) for story in waiting],
            refusal,
            again,
        )


async def _needs(
    reconciler: Reconciler, chat: Chat, permission: Permission, sentence: Callable[[int], str]
) -> None:
    """Raise Sorry with the sentence for so many missing permissions, if any is missing."""
    missing = await reconciler.platform.lacks(chat, permission)
    if missing:
        raise Sorry(
            sentence(len(missing)).format(permissions=named(missing)),
            Text(_("Add it in this chat's settings, then try again.")),
        )


def _cannot_pin(missing: int) -> str:
    return ngettext(
        "I can't pin here: I need the {permissions} permission",
        "I can't pin here: I need the {permissions} permissions",
        missing,
    )


def _cannot_post(missing: int) -> str:
    return ngettext(
        "I can't post here: I need the {permissions} permission",
        "I can't post here: I need the {permissions} permissions",
        missing,
    )


def _cannot_unpin(missing: int) -> str:
    return ngettext(
        "I can't unpin here: I need the {permissions} permission",
        "I can't unpin here: I need the {permissions} permissions",
        missing,
    )


async def _lacking(platform: Platform, chat: Chat) -> Mapping[Permission, Sequence[str]]:
    post, pin = await asyncio.gather(
        *(platform.lacks(chat, permission) for permission in Permission)
    )
    return dict(zip(Permission, (post, pin), strict=True))


async def _soon(call: Awaitable[T]) -> T | None:
    """The result of a look-up; None if it fails or takes too long."""
    try:
        async with asyncio.timeout(LOOK_UP_S):
            return await call
    except (StorageAway, SendFailed, TimeoutError):
        return None


def _settled() -> Sorry:
    return Sorry(
        _("That's already been settled"),
        Text(_("Use /why in that chat to see where the card stands.")),
    )


def _sorry(failed: SendFailed) -> Sorry:
    match failed:
        case Unreachable(reason=reason):
            return Sorry(_("I can't do that here"), Text(explained(reason)))
        case CardGone():
            return Sorry(
                _("The card was deleted"),
                Text(_("It comes back with the story's next notable update.")),
            )
        case NotNow():
            return Sorry(
                _("The platform asked me to slow down"), Text(_("Please try again in a minute."))
            )
        case OutcomeUnknown():
            return Sorry(
                _("The platform didn't answer"),
                Text(_("Please check the chat, and try again in a minute.")),
            )
        case _:
            return Sorry(
                _("The platform refused the card"),
                Text(_("The bot's operator can find the reason in the log.")),
            )
