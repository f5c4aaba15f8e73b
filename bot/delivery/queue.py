"""The order of due cards: urgent ones first, none starve, and no server takes more than its
share."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field

from bot.model.chat import Chat
from bot.model.due import DueSubject
from bot.model.subject import Subject, story_of
from stories.story import StoryId

Key = tuple[Chat, Subject]

STEP_S = 0.05
"""How much further back each waiting card of a server is placed than the one before it."""
SERVERS = 10_000
"""If more servers than this are known, those whose cards all had their turn are forgotten."""


@dataclass(slots=True)
class Queue:
    """Due cards by turn. A turn is a time: the lowest goes first, so waiting moves a card forward.

    Urgent cards get a turn now, routine ones some seconds from now, and the cards of one server
    queue behind one another, so that a server with many chats takes its share and no more. Every
    time comes from the caller's clock, in seconds.
    """

    _entries: dict[Key, tuple[float, DueSubject]] = field(default_factory=dict)
    _subjects: dict[Chat, dict[Subject, None]] = field(default_factory=dict)
    """The due stories of each chat."""
    _in_hand: set[Key] = field(default_factory=set)
    _hands: Counter[Chat] = field(default_factory=Counter)
    """How many cards of each chat are being worked on."""
    _busy: set[Chat] = field(default_factory=set)
    """Chats with a card being worked on: their next card waits,
    so that the chat's rate limit is kept."""
    _chats: dict[Chat, list[tuple[float, int, Subject]]] = field(default_factory=dict)
    _ready: list[tuple[float, int, Chat]] = field(default_factory=list)
    _listed: dict[Chat, float] = field(default_factory=dict)
    """For each chat, the turn under which it is listed in `_ready` or `_resting`."""
    _resting: list[tuple[float, int, float, Chat]] = field(default_factory=list)
    _later: list[tuple[float, int, Key]] = field(default_factory=list)
    _servers: dict[str, float] = field(default_factory=dict)
    _most_servers: int = SERVERS
    _count: "itertools.count[int]" = field(default_factory=itertools.count)

    def __len__(self) -> int:
        """How many cards are waiting or being worked on."""
        return len(self._entries) + sum(key not in self._entries for key in self._in_hand)

    def __contains__(self, key: Key) -> bool:
        return key in self._entries or key in self._in_hand

    def stories_of(self, chat: Chat) -> list[StoryId]:
        """The stories due in a chat, including those being worked on."""
        marked = self._subjects.get(chat, {})
        in_hand = self._in_hand if chat in self._hands else ()
        held = [subject for where, subject in in_hand if where == chat]
        subjects = (*marked, *(subject for subject in held if subject not in marked))
        return [story for subject in subjects if (story := story_of(subject)) is not None]

    def wake(self, chat: Chat) -> None:
        """A chat need not rest any longer: ask again whether it does."""
        if (turn := self._listed.get(chat)) is not None:
            heapq.heappush(self._ready, (turn, next(self._count), chat))

    def add(
        self, entry: DueSubject, now: float, *, server: str, stands_back_s: float = 0.0
    ) -> None:
        """Enqueue a card. A newer entry for the same chat and story replaces the older one."""
        key = (entry.chat, entry.subject)
        held = self._entries.get(key)
        turn = max(now, self._servers.get(server, 0.0))
        self._servers[server] = turn + STEP_S
        if len(self._servers) > self._most_servers:
            self._servers = {name: at for name, at in self._servers.items() if at > now}
            self._most_servers = max(SERVERS, 2 * len(self._servers))
        turn += stands_back_s
        if held is not None and held[0] <= turn:
            turn = held[0]
        if held is not None and held[1].seq > entry.seq:
            entry = held[1]  # they were created in this order, but reported in the other
        self._note(key, turn, entry)
        if key not in self._in_hand:
            self._line_up(key, turn)

    def add_later(self, entry: DueSubject, at: float) -> None:
        """Enqueue a card, but not before `at`. One that is due already stays so."""
        key = (entry.chat, entry.subject)
        held = self._entries.get(key)
        if held is not None:
            if held[1].seq < entry.seq:  # reported in the wrong order
                self._note(key, held[0], entry)
        else:
            self._note(key, at, entry)
            heapq.heappush(self._later, (at, next(self._count), key))

    def waiting(self, chat: Chat) -> list[DueSubject]:
        """The chat's cards that nobody is working on."""
        return [self._entries[chat, subject][1] for subject in self._subjects.get(chat, ())]

    def take(self, now: float, rest: Callable[[Chat], float]) -> DueSubject | None:
        """The card whose turn it is, which the caller then works on;
        `rest` returns a chat's rest in seconds."""
        while self._later and self._later[0][0] <= now:
            *_, key = heapq.heappop(self._later)
            if key in self._entries and key not in self._in_hand:
                self._line_up(key, self._entries[key][0])
        while self._resting and self._resting[0][0] <= now:
            _, number, turn, chat = heapq.heappop(self._resting)
            heapq.heappush(self._ready, (turn, number, chat))
        while self._ready:
            turn, number, chat = heapq.heappop(self._ready)
            if self._listed.get(chat) != turn:
                continue  # it is further ahead, or no longer listed
            if not self._tidy(chat):
                continue
            if (seconds := rest(chat)) > 0:
                heapq.heappush(self._resting, (now + seconds, number, turn, chat))
                continue
            _, _, subject = heapq.heappop(self._chats[chat])
            del self._listed[chat]
            self._busy.add(chat)
            self._grasp((chat, subject))
            return self._forget((chat, subject))
        return None

    def _note(self, key: Key, turn: float, entry: DueSubject) -> None:
        self._entries[key] = (turn, entry)
        self._subjects.setdefault(key[0], {})[key[1]] = None

    def _forget(self, key: Key) -> DueSubject:
        chat, subject = key
        del self._subjects[chat][subject]
        if not self._subjects[chat]:
            del self._subjects[chat]
        return self._entries.pop(key)[1]

    def hold(self, key: Key) -> bool:
        """Start to work on a card out of turn; False if someone already does."""
        if key in self._in_hand:
            return False
        self._grasp(key)
        return True

    def release(self, key: Key) -> None:
        """The work on a card is done; what was enqueued meanwhile gets in line."""
        if key not in self._in_hand:
            return  # started before everything was restarted
        chat = key[0]
        self._in_hand.remove(key)
        self._hands[chat] -= 1
        if key in self._entries:
            self._line_up(key, self._entries[key][0])
        if not self._hands[chat]:
            del self._hands[chat]
        if chat in self._busy and chat not in self._hands:
            self._busy.discard(chat)
            if chat in self._chats and self._tidy(chat):
                self._list(chat, self._chats[chat][0][0])

    def _grasp(self, key: Key) -> None:
        self._in_hand.add(key)
        self._hands[key[0]] += 1

    def waits(self, now: float) -> float | None:
        """Seconds until something changes by itself; None if nothing will."""
        moments = [heap[0][0] for heap in (self._later, self._resting) if heap]
        return max(0.0, min(moments) - now) if moments else None

    def longest_due(self, but: Container[Chat]) -> float | None:
        """The lowest turn of all cards in line or waiting for their chat, except in some chats."""
        return min((turn for chat, turn in self._listed.items() if chat not in but), default=None)

    def turn(self, key: Key) -> float | None:
        """When a card has its turn; None for one that is being worked on, or isn't due."""
        held = self._entries.get(key)
        return held[0] if held else None

    def oldest(self) -> float | None:
        """The lowest turn waiting in line; None if nothing is."""
        while self._ready and self._listed.get(self._ready[0][2]) != self._ready[0][0]:
            heapq.heappop(self._ready)
        return self._ready[0][0] if self._ready else None

    def _line_up(self, key: Key, turn: float) -> None:
        chat, subject = key
        heapq.heappush(self._chats.setdefault(chat, []), (turn, next(self._count), subject))
        if chat not in self._busy and turn < self._listed.get(chat, float("inf")):
            self._list(chat, turn)

    def _list(self, chat: Chat, turn: float) -> None:
        self._listed[chat] = turn
        heapq.heappush(self._ready, (turn, next(self._count), chat))

    def _tidy(self, chat: Chat) -> bool:
        """Drop what is no longer due from the head of a chat's line; True if something is left."""
        line = self._chats[chat]
        while line:
            turn, _, subject = line[0]
            held = self._entries.get((chat, subject))
            if held is not None and held[0] == turn and (chat, subject) not in self._in_hand:
                return True
            heapq.heappop(line)
        del self._chats[chat]
        self._listed.pop(chat, None)
        return False
