"""Notifies about chats that refuse us, and deletes the data of chats that removed us.

The notice goes, once, to another chat of the same server that has a rule of ours and accepts
messages; otherwise to the person who set the chat up, in private. If that chat refuses as well,
nobody is told about that.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.delivery.ports import Lease, Troubles
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rollback import patiently
from bot.delivery.rules import RuleBook
from bot.model.chat import Chat, Permission
from bot.model.errors import NotNow, OutcomeUnknown, SendFailed, Unreachable
from bot.model.trouble import Trouble
from bot.platforms.port import Platform
from runtime.away import StorageAway
from wording import reasons
from wording.language import _, ngettext, speaking
from wording.message import Block, Heading, Message, Note, Text, Tone
from wording.reasons import Code, Reason
from wording.text import line, shorten
from wording.words import number

log = logging.getLogger(__name__)

GATHER_S = 2.0
"""A server that shuts us out does so in many chats at once, which are reported together."""
NEIGHBOURS = 5
"""At most this many chats of the same server are tried."""
NAMED = 10
"""The most chats named in one message; the rest is counted."""
NAME_LENGTH = 60
AGAIN = timedelta(days=1)
"""If nobody could be told, the next attempt comes after this time."""
LOOK_S = 60.0
ASK_AGAIN_S = 5.0
"""If the platform couldn't say whether we are in a chat, it is asked again after this many
seconds."""
POST, EDIT = "post", "edit"
DRAIN_S = 8.0
"""How long a message in flight may take when we are told to stop."""


def _now() -> datetime:
    return datetime.now(UTC)


class UnreachableChats:
    """Takes care of one platform's chats that accept nothing from us."""

    def __init__(
        self,
        platform: Platform,
        *,
        rules: RuleBook,
        troubles: Troubles,
        lease: Lease,
        rate_limiter: RateLimiter,
        knows: Callable[[Chat], Awaitable[bool]],
        forget: Callable[[Chat], Awaitable[object]],
        grace: timedelta,
        now: Callable[[], datetime] = _now,
        certain: Callable[[], bool] = lambda: True,
    ) -> None:
        """`knows`: whether anything is stored about a chat; `forget` deletes all of it.

        That happens when `grace` has passed since we were removed and the clock can be trusted
        (`certain`).
        """
        self._certain = certain
        self._platform = platform
        self._rules = rules
        self._knows = knows
        self._store = troubles
        self._lease = lease
        self._rate_limiter = rate_limiter
        self._forget = forget
        self._grace = grace
        self._now = now
        self._troubles: dict[Chat, Trouble] = {}
        self._unsaved: set[Chat] = set()
        self._left: set[Chat] = set()
        """Chats that we were removed from; not all of them are known to us."""
        self._moved = asyncio.Event()
        self._not_before = 0.0
        """On the event loop's clock: no notice is sent before."""
        self._asks_after = 0.0
        """The same: the platform isn't asked before whether we are in a chat."""

    # Events.

    def refused(self, chat: Chat, act: str, refusal: Unreachable) -> None:
        """A chat refused a post, an edit or a reply."""
        trouble = Trouble(refusal.reason, self._now(), act)
        held = self._troubles.get(chat, trouble)
        now = replace(
            held,
            reason=refusal.reason,
            act=held.act if held.act == POST else act,
            left_at=(held.left_at or self._now()) if refusal.out else None,
        )
        if now != self._troubles.get(chat):
            self._set(chat, now)

    def taken(self, chat: Chat, act: str) -> None:
        """A chat accepted it.

        One that accepts edits may still refuse posts, which is no new trouble.
        """
        trouble = self._troubles.get(chat)
        if trouble and (trouble.act == act or (act, trouble.act) == (POST, EDIT)):
            self._set(chat, None)

    def membership_changed(self, chats: frozenset[Chat], inside: bool) -> None:
        """We were added to these chats, or removed."""
        if not inside:
            self._left |= chats | {
                chat
                for chat in self._rules.chats()
                if self._platform.capabilities.group(chat) in chats
            }
            self._moved.set()
            return
        self._left = {
            chat for chat in self._left if self._platform.capabilities.group(chat) not in chats
        }
        for chat, trouble in list(self._troubles.items()):
            if trouble.left_at is not None and self._platform.capabilities.group(chat) in chats:
                self._set(chat, None)

    def moved(self, chat: Chat) -> None:
        """A chat moved, so nobody has to fix its old address."""
        self._left.discard(chat)
        if chat in self._troubles:
            self._set(chat, None)

    def _set(self, chat: Chat, trouble: Trouble | None) -> None:
        if trouble is None:
            self._troubles.pop(chat, None)
        else:
            self._troubles[chat] = trouble
        self._unsaved.add(chat)
        self._moved.set()

    # Reactions.

    async def begin(self) -> None:
        """Load the stored troubles, which another process may have changed."""
        kept = await patiently(lambda: self._store.all(self._platform.name))
        self._troubles = {chat: _in_time(trouble, self._now()) for chat, trouble in kept.items()}
        self._unsaved.clear()
        for chat in list(self._troubles):
            if not await patiently(partial(self._knows, chat)):  # it is no longer a trouble
                self._set(chat, None)

    async def run(self) -> None:
        """Notify and forget, until cancelled."""
        while True:
            self._moved.clear()
            if self._lease.sure and self._platform.connected:
                try:
                    await self._note_left()
                    await self._save()
                    await self._tell_all()
                    await self._forget_those_who_left()
                except StorageAway as away:  # what wasn't saved is tried again
                    log.info("chats are looked after later", extra={"why": str(away)})
                except Exception:
                    log.exception("looking after chats failed")
                    await asyncio.sleep(LOOK_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rests()):
                    await self._moved.wait()

    def _rests(self) -> float:
        """Seconds until there may be something to do that no event announces."""
        if self._unsaved or self._left:
            return 1.0
        ends = [
            trouble.left_at + self._grace
            for chat, trouble in self._troubles.items()
            if trouble.left_at and not self._rules.is_fixed(chat)
        ]
        left_s = (min(ends) - self._now()).total_seconds() if ends else LOOK_S
        soonest_s = max(1.0, self._asks_after - asyncio.get_running_loop().time())
        return min(max(left_s, soonest_s), LOOK_S)

    async def _note_left(self) -> None:
        """Record the chats we were removed from, if something is stored about them."""
        for chat in list(self._left):
            if await self._knows(chat):
                self.refused(chat, POST, Unreachable(Reason(Code.BOT_OUT), out=True))
            self._left.discard(chat)

    async def _save(self) -> None:
        for chat in list(self._unsaved):
            if not self._lease.sure:
                raise StorageAway("not sure of the lease")
            self._unsaved.discard(chat)  # what changes during saving is saved again
            try:
                await self._store.save(chat, self._troubles.get(chat))
            except StorageAway:
                self._unsaved.add(chat)
                raise

    # Notifying.

    def _untold(self) -> list[Chat]:
        now = self._now()
        return sorted(
            chat
            for chat, trouble in self._troubles.items()
            if not trouble.told and (trouble.asked_at is None or now - trouble.asked_at >= AGAIN)
        )

    async def _tell_all(self) -> None:
        if not self._untold() or asyncio.get_running_loop().time() < self._not_before:
            return
        await asyncio.sleep(GATHER_S)
        untold, deaf = self._untold(), set[Chat]()
        while untold:
            by_contact = defaultdict[Chat | None, list[Chat]](list)
            for chat in untold:
                by_contact[await self.contact(chat, deaf)].append(chat)
            for chat in by_contact.pop(None, []):
                log.info("nobody can be told of a refusal", extra={"chat": str(chat)})
                self._change(chat, asked_at=self._now())
            untold = []
            for contact, chats in by_contact.items():
                if contact is not None and not await self._tell(contact, chats):
                    deaf.add(contact)
                    untold += chats
        await self._save()

    async def contact(self, chat: Chat, deaf: set[Chat], *, itself: bool = False) -> Chat | None:
        """A chat in which someone can be told who can fix it.

        With `itself` also a person's own private chat, if that is the one.
        """
        server = self._platform.server(chat)
        neighbours = [
            other
            for other in self._rules.chats()
            if other.platform == chat.platform
            and other not in deaf
            and other != chat
            and other not in self._troubles
            and self._platform.server(other) == server
        ]
        for other in sorted(neighbours)[:NEIGHBOURS]:
            with suppress(SendFailed):
                if not await self._platform.lacks(other, Permission.POST):
                    return other
        rule = self._rules.of(chat)
        keeper = rule.keeper if rule else None
        if keeper is None or keeper in deaf or keeper in self._troubles:
            return None
        return keeper if keeper.platform == chat.platform and (itself or keeper != chat) else None

    async def _tell(self, contact: Chat, chats: list[Chat]) -> bool:
        """Send a notice; False if that chat refuses too.

        It is recorded before it is sent: a notice is sent once, or, after a crash, perhaps not at
        all.
        """
        names = {chat: await self._platform.called(chat) for chat in chats[:NAMED]}
        await self._rate_limiter.take(contact)
        chats = [chat for chat in chats if chat in self._troubles]  # others were fixed since
        if not chats:
            return True
        rule = self._rules.of(contact)
        with speaking(rule.language if rule else None):
            message = self._message(chats, names)
        since = self._troubles[chats[0]].since
        near = self._platform.server(contact) == self._platform.server(chats[0])
        for chat in chats:
            self._change(chat, told=True)
        try:
            await self._save()
            await self.post(contact, message, f"trouble {chats[0]} {since.isoformat()}", near)
        except (NotNow, Unreachable, StorageAway) as failed:  # certainly not sent
            for chat in chats:
                self._change(chat, told=False)
            if isinstance(failed, NotNow):
                pause_s = max(failed.after.total_seconds(), 1.0)
                self._not_before = asyncio.get_running_loop().time() + pause_s
                if failed.too_fast:
                    self._rate_limiter.too_fast(contact, failed.after)
                return True
            if isinstance(failed, StorageAway):
                raise
            self._rate_limiter.refused()
            return False
        except SendFailed as failed:
            unknown = isinstance(failed, OutcomeUnknown)
            facts = {"contact": str(contact), "why": str(failed), "perhaps_said": unknown}
            log.warning("a refusal was not told", extra=facts)
        else:
            log.info("told of a refusal", extra={"contact": str(contact), "chats": len(chats)})
        return True

    async def post(self, contact: Chat, message: Message, key: str, silent: bool) -> None:
        """Post, and let it finish when we are told to stop: it may be in flight."""
        step = asyncio.create_task(self._platform.post(contact, message, key=key, silent=silent))
        try:
            await asyncio.shield(step)
        except asyncio.CancelledError:
            await asyncio.wait([step], timeout=DRAIN_S)
            step.cancel()
            raise

    def _change(self, chat: Chat, **changes: object) -> None:
        if (trouble := self._troubles.get(chat)) is not None:
            self._set(chat, replace(trouble, **changes))  # type: ignore[arg-type]

    def _message(self, chats: list[Chat], names: dict[Chat, str]) -> Message:
        called = {
            chat: shorten(line(name), NAME_LENGTH) for chat, name in names.items() if chat in chats
        }
        then = Note(_("Once that's fixed, I'll post the latest version of each story there."))
        if len(chats) == 1:
            [name] = called.values() or [str(chats[0])]
            title = _("I can no longer post in {chat}").format(chat=name)
            return Message(title, (*self._remedy(chats[0]), then), tone=Tone.SORRY)
        blocks: list[Block] = []
        for chat, name in called.items():
            blocks += [Heading(name), *self._remedy(chat)]
        if rest := len(chats) - len(called):
            blocks.append(
                Text(
                    ngettext("… and {n} more chat", "… and {n} more chats", rest).format(
                        n=number(rest)
                    )
                )
            )
        title = ngettext(
            "I can no longer post in {n} chat", "I can no longer post in {n} chats", len(chats)
        ).format(n=number(len(chats)))
        return Message(title, (*blocks, then), tone=Tone.SORRY)

    def _remedy(self, chat: Chat) -> Iterable[Block]:
        return [Text(reasons.explained(self._troubles[chat].reason))]

    # Forgetting.

    async def _forget_those_who_left(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._asks_after:
            return
        for chat, trouble in list(self._troubles.items()):
            over = trouble.left_at is not None and self._now() - trouble.left_at >= self._grace
            if (
                not over or not self._certain() or self._rules.is_fixed(chat)
            ):  # chats in the operator's file stay
                continue
            try:
                back = await self._platform.is_in(chat)
            except SendFailed as failed:
                log.info("not known whether a chat is left", extra={"why": str(failed)})
                self._asks_after = loop.time() + ASK_AGAIN_S
                continue
            if not back:
                await self._forget(chat)
                log.info("a chat that removed the bot is forgotten", extra={"chat": str(chat)})
            self._set(chat, None)  # last, so that a process stopped before this starts over
        await self._save()


def _in_time(trouble: Trouble, now: datetime) -> Trouble:
    """The trouble, without times in the future."""
    return replace(
        trouble,
        since=min(trouble.since, now),
        asked_at=trouble.asked_at and min(trouble.asked_at, now),
        left_at=trouble.left_at and min(trouble.left_at, now),
    )
