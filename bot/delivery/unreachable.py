"""When a chat refuses us, someone who can mend it is told, once; who removed us is forgotten.

Told is another chat of the same server that has a rule of ours and lets us write; else whoever set
the chat up, in private. Nobody is told that the place of telling refuses us too.
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
from bot.delivery.rate_limiter import RateLimiter, room
from bot.delivery.rollback import patiently
from bot.delivery.rules import RuleBook
from bot.model.chat import Chat, Right
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
"""A server that shuts us out does so in many chats at once: they are told of together."""
NEIGHBOURS = 5
"""How many chats of the same server are looked at for one that lets us write."""
NAMED = 10
"""How many chats one message names; the rest is counted."""
NAME_LENGTH = 60
AGAIN = timedelta(days=1)
"""When nobody could be told, it is tried again after so long."""
LOOK_S = 60.0
ASK_AGAIN_S = 5.0
"""When the platform could not say whether we are in a chat, it is asked again after so long."""
POST, EDIT = "post", "edit"
DRAIN_S = 8.0
"""How long a message under way may take when we are told to stop."""


def _now() -> datetime:
    return datetime.now(UTC)


class UnreachableChats:
    """Looks after the chats of one platform that take nothing from us."""

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
        """`knows`: whether anything is kept of a chat; `forget` deletes all of it, when `grace` is
        over since we were removed and the time is `certain`."""
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
        """Chats we are told to be out of; not all of them need be known to us."""
        self._moved = asyncio.Event()
        self._not_before = 0.0
        """On the event loop's clock: nobody is told before."""
        self._asks_after = 0.0
        """The same: the platform is not asked before whether we are in a chat."""

    # What is heard.

    def refused(self, chat: Chat, act: str, refusal: Unreachable) -> None:
        """A chat did not take a post, an edit or a reply from us."""
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
        """A chat took it. One that takes edits may still refuse posts, and then it is no new
        trouble."""
        trouble = self._troubles.get(chat)
        if trouble and (trouble.act == act or (act, trouble.act) == (POST, EDIT)):
            self._set(chat, None)

    def membership_changed(self, chats: frozenset[Chat], inside: bool) -> None:
        """We are in these chats, or out of them."""
        if not inside:
            self._left |= chats | {chat for chat in self._rules.chats() if room(chat) in chats}
            self._moved.set()
            return
        self._left = {chat for chat in self._left if room(chat) not in chats}
        for chat, trouble in list(self._troubles.items()):
            if trouble.left_at is not None and room(chat) in chats:
                self._set(chat, None)

    def moved(self, chat: Chat) -> None:
        """Nobody has to do anything about a chat's old address."""
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

    # What is done about it.

    async def begin(self) -> None:
        """Recall what is wrong where; what another process wrote down since counts."""
        kept = await patiently(lambda: self._store.all(self._platform.name))
        self._troubles = {chat: _in_time(trouble, self._now()) for chat, trouble in kept.items()}
        self._unsaved.clear()
        for chat in list(self._troubles):
            if not await patiently(partial(self._knows, chat)):  # it is nobody's trouble any more
                self._set(chat, None)

    async def run(self) -> None:
        """Tell and forget, until cancelled."""
        while True:
            self._moved.clear()
            if self._lease.sure and self._platform.connected:
                try:
                    await self._note_left()
                    await self._save()
                    await self._tell_all()
                    await self._forget_those_who_left()
                except StorageAway as away:  # what was not saved is looked at again
                    log.info("chats are looked after later", extra={"why": str(away)})
                except Exception:
                    log.exception("looking after chats failed")
                    await asyncio.sleep(LOOK_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rests()):
                    await self._moved.wait()

    def _rests(self) -> float:
        """Seconds until there may be something to do that nothing announces."""
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
        """Of the chats we were put out of, those count of which we keep something."""
        for chat in list(self._left):
            if await self._knows(chat):
                self.refused(chat, POST, Unreachable(Reason(Code.BOT_OUT), out=True))
            self._left.discard(chat)

    async def _save(self) -> None:
        for chat in list(self._unsaved):
            if not self._lease.sure:
                raise StorageAway("not sure of the lease")
            self._unsaved.discard(chat)  # what changes while it is saved is saved once more
            try:
                await self._store.save(chat, self._troubles.get(chat))
            except StorageAway:
                self._unsaved.add(chat)
                raise

    # Telling.

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
            places = defaultdict[Chat | None, list[Chat]](list)
            for chat in untold:
                places[await self.place(chat, deaf)].append(chat)
            for chat in places.pop(None, []):
                log.info("nobody can be told of a refusal", extra={"chat": str(chat)})
                self._change(chat, asked_at=self._now())
            untold = []
            for place, chats in places.items():
                if place is not None and not await self._tell(place, chats):
                    deaf.add(place)
                    untold += chats
        await self._save()

    async def place(self, chat: Chat, deaf: set[Chat], *, itself: bool = False) -> Chat | None:
        """Where someone can be told who can fix it; with `itself` also a person's own private
        chat, when it is that one."""
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
                if not await self._platform.lacks(other, Right.POST):
                    return other
        rule = self._rules.of(chat)
        keeper = rule.keeper if rule else None
        if keeper is None or keeper in deaf or keeper in self._troubles:
            return None
        return keeper if keeper.platform == chat.platform and (itself or keeper != chat) else None

    async def _tell(self, place: Chat, chats: list[Chat]) -> bool:
        """Say it; False when the place takes nothing either.

        That it is told is kept before it is said: it is said once or, when we die, perhaps not.
        """
        names = {chat: await self._platform.called(chat) for chat in chats[:NAMED]}
        await self._rate_limiter.take(place)
        chats = [chat for chat in chats if chat in self._troubles]  # others are mended by now
        if not chats:
            return True
        rule = self._rules.of(place)
        with speaking(rule.language if rule else None):
            message = self._message(chats, names)
        since = self._troubles[chats[0]].since
        near = self._platform.server(place) == self._platform.server(chats[0])
        for chat in chats:
            self._change(chat, told=True)
        try:
            await self._save()
            await self.post(place, message, f"trouble {chats[0]} {since.isoformat()}", near)
        except (NotNow, Unreachable, StorageAway) as failed:  # surely not said
            for chat in chats:
                self._change(chat, told=False)
            if isinstance(failed, NotNow):
                pause_s = max(failed.after.total_seconds(), 1.0)
                self._not_before = asyncio.get_running_loop().time() + pause_s
                if failed.too_fast:
                    self._rate_limiter.too_fast(place, failed.after)
                return True
            if isinstance(failed, StorageAway):
                raise
            self._rate_limiter.refused()
            return False
        except SendFailed as failed:
            unknown = isinstance(failed, OutcomeUnknown)
            facts = {"place": str(place), "why": str(failed), "perhaps_said": unknown}
            log.warning("a refusal was not told", extra=facts)
        else:
            log.info("told of a refusal", extra={"place": str(place), "chats": len(chats)})
        return True

    async def post(self, place: Chat, message: Message, key: str, silent: bool) -> None:
        """Post, and when we are told to stop let it finish: it may be on the wire."""
        step = asyncio.create_task(self._platform.post(place, message, key=key, silent=silent))
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
        then = Note(_("Once that is mended, the newest of each story is shown there once."))
        if len(chats) == 1:
            [name] = called.values() or [str(chats[0])]
            title = _("I can no longer write in {chat}").format(chat=name)
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
            "I can no longer write in {n} chat", "I can no longer write in {n} chats", len(chats)
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
            ):  # what the operator's file names stays
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
            self._set(chat, None)  # last: whoever is stopped before this begins again
        await self._save()


def _in_time(trouble: Trouble, now: datetime) -> Trouble:
    """The trouble, with nothing in it that lies ahead."""
    return replace(
        trouble,
        since=min(trouble.since, now),
        asked_at=trouble.asked_at and min(trouble.asked_at, now),
        left_at=trouble.left_at and min(trouble.left_at, now),
    )
