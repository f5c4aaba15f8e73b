"""A chat to ask in: the whole menu over the sample stories, without any platform."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bot.answering import answer_to
from bot.delivery.policy import Policy
from bot.delivery.rehearsal import players
from bot.erasure import Erasure, Stores
from bot.model.audit import AuditEntry
from bot.model.chat import Chat, Permission, Showing
from bot.model.command import Ask, Choice, Command
from bot.model.errors import Sorry
from bot.model.ledger import CardRecord, State
from bot.model.reading import ReadingHistory, ReadingPosition, Seen
from bot.model.rule import Draft, Rule
from bot.model.status import CardStatus, Claim, Health, Pinned, Refusal
from bot.model.unknown import Unknown, key_of
from handlers import menu
from runtime.away import StorageAway
from stories.changes import Heard
from stories.edition import Edition
from stories.index import StoryIndex
from stories.log import Log
from stories.samples import developments
from stories.story import Question, Source, Stats, Status, Story, StoryId
from wording.message import (
    Asks,
    Block,
    Bullets,
    Button,
    Buttons,
    Code,
    Facts,
    Heading,
    Link,
    Menu,
    Message,
    Note,
    Ref,
    Roles,
    Text,
    read_ref,
)

NOW = datetime(2026, 6, 25, 6, 1, tzinfo=UTC)
HERE = Chat("telegram", "-100123")
FILED = Chat("discord", "77")
MIRA = Chat("telegram", "5")

THEFT = StoryId("ai-theft-claims")
FERRY = StoryId("night-ferry-returns")
TRAM = StoryId("vennburg-tram-strike")

KEPT_FOR = timedelta(days=90)


class MemoryRules:
    """What each chat wants, until the test is over."""

    def __init__(self, fixed: Mapping[Chat, Rule]) -> None:
        self.fixed = fixed
        self.saved: dict[Chat, Rule] = {}
        self.away = False
        self.unreadable: set[Chat] = set()
        self._changing = asyncio.Lock()

    def is_unreadable(self, chat: Chat) -> bool:
        return chat in self.unreadable

    def of(self, chat: Chat) -> Rule | None:
        return self.fixed.get(chat) or self.saved.get(chat)

    def is_fixed(self, chat: Chat) -> bool:
        return chat in self.fixed

    def kept_by(self, person: Chat) -> list[Chat]:
        return [chat for chat, rule in self.saved.items() if rule.keeper == person]

    def wanting(self, story: Story) -> set[Chat]:
        return {chat for chat, rule in self.saved.items() if rule.wants(story)}

    async def change(self, chat: Chat, how: Callable[[Rule], Rule]) -> tuple[Rule, Rule]:
        assert chat not in self.fixed
        async with self._changing:
            was = self.saved.get(chat, Rule())
            rule = how(was)
            if self.away:
                raise StorageAway
            await asyncio.sleep(0)  # saving takes a moment, in which others may ask
            self.saved[chat] = rule
            if rule == Rule():
                del self.saved[chat]
        return was, rule


class MemoryDesk:
    """Pins, until the test is over. Where it may not pin, it says so."""

    def __init__(self) -> None:
        self.pinned: dict[Chat, list[StoryId]] = {}
        self.sees_pins = True
        self.room = 5
        self.refusals: dict[Chat, Refusal] = {}
        self.lacking: set[Chat] = set()
        self.card_statuses: dict[Chat, list[CardStatus]] = {}
        """What became of stories in each chat, the latest card here last."""
        self.healths: dict[Chat, Health] = {}
        self.silent_roles: set[str] = set()
        """Roles whose members are not called."""
        self.away = False
        self.heads: set[tuple[Chat, Chat]] = set()
        """Who is a moderator of which chat, asked elsewhere."""
        self.showing: Showing | None = Showing.REPLY

    async def pin(self, chat: Chat, story: StoryId) -> list[StoryId]:
        if chat in self.lacking:
            raise Sorry("I can't pin here: I need the “Pin Messages” permission")
        pins = [*(each for each in self.pinned.get(chat, ()) if each != story), story]
        self.pinned[chat] = pins[-self.room :]
        return pins[: -self.room]

    def refusal(self, chat: Chat) -> Refusal | None:
        return self.refusals.get(chat)

    async def first_word(self, chat: Chat) -> Refusal | None:
        return self.refusals.get(chat)

    async def unpin(self, chat: Chat, story: StoryId) -> None:
        if story not in self.pinned.get(chat, ()):
            raise Sorry("I haven't pinned that story here")
        self.pinned[chat].remove(story)

    async def pins(self, chat: Chat) -> Pinned:
        return Pinned(list(self.pinned.get(chat, ())), self.sees_pins)

    def may_mention(self, chat: Chat, role: str) -> bool | None:
        return role not in self.silent_roles

    def can_publish(self, chat: Chat) -> bool:
        return chat.platform == "discord"

    async def cards(self, chat: Chat) -> int:
        if self.away:
            raise StorageAway
        return len(self.card_statuses.get(chat, ()))

    async def forget(self, chat: Chat) -> int:
        if self.away:
            raise StorageAway
        self.pinned.pop(chat, None)
        return len(self.card_statuses.pop(chat, ()))

    async def unknown(self, chat: Chat) -> list[tuple[StoryId, CardRecord]]:
        if self.away:
            raise StorageAway
        return [
            (each.story, each.row)
            for each in self.card_statuses.get(chat, [])
            if each.story and each.row and each.row.state is State.UNKNOWN
        ]

    async def unknown_by(self, here: Chat, key: str) -> Unknown | None:
        for chat in self.card_statuses:
            for story, row in await self.unknown(chat):
                if key_of(chat, story) == key:
                    return Unknown(chat, story, row.generation)
        return None

    async def moderates(self, chat: Chat, person: Chat) -> bool:
        return (chat, person) in self.heads

    async def called(self, chat: Chat) -> str:
        return "Harbour News"

    async def claim(self, card: Unknown) -> tuple[Claim, Showing | None]:
        claimed = self._row(card.chat, card.story).claimed_at
        self._become(card.chat, card.story, claimed_at=NOW)
        return Claim.TAKEN if claimed is None else Claim.REPEATED, self.showing

    async def show(self, chat: Chat, story: StoryId, message_id: str) -> bool:
        new = self._row(chat, story).message_id != message_id
        self._become(chat, story, state=State.SHOWN, message_id=message_id)
        return new

    async def post_again(self, card: Unknown) -> None:
        self._become(card.chat, card.story, state=State.SHOWN, message_id="99", generation=2)

    def _row(self, chat: Chat, story: StoryId) -> CardRecord:
        row = next(each.row for each in self.card_statuses[chat] if each.story == story)
        assert row is not None
        return row

    def _become(self, chat: Chat, story: StoryId, **changes: Any) -> None:
        row = replace(self._row(chat, story), **changes)
        self.card_statuses[chat] = [
            replace(each, row=row) if each.story == story else each
            for each in self.card_statuses[chat]
        ]

    async def health(self, chat: Chat) -> Health:
        return self.healths.get(chat, Health(dict.fromkeys(Permission, ()), ()))

    async def card_status(self, chat: Chat, story: StoryId | None = None) -> CardStatus:
        if self.away:
            raise StorageAway
        known = self.card_statuses.get(chat, [])
        if story is None:
            return known[-1] if known else CardStatus(None)
        return next((each for each in known if each.story == story), CardStatus(story))


class MemoryPlaces:
    """What people saw, until the test is over."""

    def __init__(self) -> None:
        self.held: dict[tuple[Chat, StoryId], ReadingPosition] = {}
        self.upto: dict[Chat, datetime] = {}
        self.away = False
        self.slow = False

    def saw(self, person: Chat, story: StoryId, visit: Seen) -> None:
        held = self.held.get((person, story))
        self.held[person, story] = held.after(visit) if held else ReadingPosition(visit)

    async def position(self, person: Chat, story: StoryId) -> ReadingPosition | None:
        if self.slow:
            await asyncio.sleep(60)
        if self.away:
            raise StorageAway
        return self.held.get((person, story))

    async def history(self, person: Chat) -> ReadingHistory:
        if self.slow:
            await asyncio.sleep(60)
        if self.away:
            raise StorageAway
        positions = {story: place for (who, story), place in self.held.items() if who == person}
        looked = [place.last.at for place in positions.values()]
        upto = self.upto.get(person)
        looked += [upto] if upto else []
        return ReadingHistory(positions, max(looked) + KEPT_FOR if looked else None, upto)

    def caught_up(self, person: Chat, upto: datetime) -> None:
        self.upto[person] = upto

    async def forget(self, person: Chat) -> None:
        if self.away:
            raise StorageAway
        self.held = {key: place for key, place in self.held.items() if key[0] != person}
        self.upto.pop(person, None)


class MemoryAudit:
    """Who changed what, until the test is over."""

    def __init__(self) -> None:
        self.kept: list[tuple[Chat, AuditEntry]] = []
        self.away = False

    def note(self, chat: Chat, deed: AuditEntry) -> None:
        self.kept.append((chat, deed))

    async def deeds(self, chat: Chat) -> list[AuditEntry]:
        if self.away:
            raise StorageAway
        return [deed for where, deed in reversed(self.kept) if where == chat][:100]

    async def forget(self, person: Chat) -> int:
        if self.away:
            raise StorageAway
        theirs = [number for number, (_, deed) in enumerate(self.kept) if deed.person == person]
        for number in theirs:
            chat, deed = self.kept[number]
            self.kept[number] = chat, replace(deed, person=None, name=None)
        return len(theirs)

    async def forget_chat(self, chat: Chat) -> None:
        if self.away:
            raise StorageAway
        self.kept = [each for each in self.kept if each[0] != chat]


class MemoryModerators:
    """Which role counts as moderator, until the test is over."""

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}

    async def role(self, server: str) -> str | None:
        return self.roles.get(server)

    async def name(self, server: str, role: str | None) -> None:
        self.roles.pop(server, None)
        if role is not None:
            self.roles[server] = role


class MemoryDrafts:
    """What is not saved yet, until the test is over."""

    def __init__(self) -> None:
        self.kept: dict[Chat, Draft] = {}
        self.away = False

    async def load(self, chat: Chat) -> Draft | None:
        if self.away:
            raise StorageAway
        return self.kept.get(chat)

    async def save(self, chat: Chat, draft: Draft) -> None:
        if self.away:
            raise StorageAway
        await asyncio.sleep(0)  # saving takes a moment, in which others may ask
        self.kept[chat] = draft

    async def drop(self, chat: Chat) -> None:
        if self.away:
            raise StorageAway
        self.kept.pop(chat, None)


class MemoryHistory:
    """Every revision the test has put into the index, as long as it likes to keep them."""

    def __init__(self) -> None:
        self.kept: list[Story] = []
        self.came: dict[tuple[StoryId, int | None], datetime] = {}
        self.logs: dict[StoryId, Log] = {}
        self.archived: dict[StoryId, Edition] = {}
        self.away = False

    async def past(self, story: StoryId, revision: int) -> Story | None:
        kept = (each for each in self.kept if each.id == story)
        return next((each for each in kept if (each.revision or 0) >= revision), None)

    async def as_of(self, story: StoryId, moment: datetime) -> Story | None:
        kept = [each for each in self.kept if each.id == story]
        then = [each for each in kept if self.came[story, each.revision] <= moment]
        return then[-1] if then else None

    async def heard(self, story: StoryId, since: datetime) -> list[Heard]:
        if self.away:
            raise StorageAway
        kept = [Heard(self.came[story, e.revision], e) for e in self.kept if e.id == story]
        before = [each for each in kept if each.at < since]
        return [*before[-1:], *kept[len(before) :]]

    async def log(self, story_id: StoryId) -> Log:
        return self.logs.get(story_id, Log())

    async def edition(self, story_id: StoryId) -> Edition | None:
        if self.away:
            raise StorageAway
        return self.archived.get(story_id)


class Talk:
    """Someone asking in one chat, by typing, picking and clicking."""

    def __init__(self, *stories: Story) -> None:
        self.index = StoryIndex()
        self.rules = MemoryRules({FILED: Rule(entities=("Alibaba",), min_virality=6)})
        self.desk = MemoryDesk()
        self.positions = MemoryPlaces()
        self.history = MemoryHistory()
        self.audit = MemoryAudit()
        self.moderators = MemoryModerators()
        self.drafts = MemoryDrafts()
        self.at = NOW
        self.chat = HERE
        self.person = MIRA
        self.private = False
        self.whispered = False
        self.name: str | None = "Mira"
        self.roles_of: str | None = None
        self.manages_server = False
        self.language: str | None = None
        self.moderator = True
        self.put(*stories)
        nothing: Any = None
        stores = Stores(
            ledger=nothing,
            due=nothing,
            rules=nothing,
            troubles=nothing,
            reading_positions=self.positions,
            audit=self.audit,
            drafts=self.drafts,
            moderators=self.moderators,
        )
        commands = menu(
            index=self.index,
            rules=self.rules,
            desk=self.desk,
            positions=self.positions,
            history=self.history,
            audit=self.audit,
            moderators=self.moderators,
            drafts=self.drafts,
            erasure=Erasure(self.rules, self.desk, stores),
            player=partial(players, Policy(), self.index.live_for),
            now=lambda: self.at,
        )
        self.commands = {command.name: command for command in commands}

    def put(self, *stories: Story) -> None:
        for story in stories:
            held = self.index.get(story.id)
            story = replace(story, revision=held.revision + 1 if held else 1)
            self.history.kept.append(story)
            self.history.came[story.id, story.revision] = self.at
            self.index.put(
                Edition(
                    story,
                    held.story if held else None,
                    seq=(held.seq if held else 0) + 1,
                    heard_at=self.at,
                )
            )

    async def say(self, command: str, **options: str) -> Message:
        return await answer_to(self.commands[command], self._ask(options), self._is_moderator)

    async def type(self, command: str, words: str) -> Message:
        rest = self.commands[command].rest
        assert rest is not None, f"/{command} takes no words"
        return await self.say(command, **{rest: words})

    async def click(self, ref: str) -> Message:
        return await self._ask_by(read_ref(ref))

    async def press(self, message: Message, label: str) -> Message:
        return await self.click(labels(message)[label])

    async def _ask_by(self, ref: Ref, *said: str) -> Message:
        command: Command = self.commands[ref.command]
        return await answer_to(
            command, self._ask(command.options_of(ref, *said)), self._is_moderator
        )

    async def fill(self, question: Message, text: str) -> Message:
        """Write what a question asks for."""
        assert question.asks is not None, f"{question.title!r} asks for nothing"
        return await self._ask_by(question.asks.ref, text)

    async def pick_role(self, message: Message, role: str) -> Message:
        [roles] = [row for row in message.rows if isinstance(row, Roles)]
        return await self._ask_by(roles.ref, role)

    def suggest(self, command: str, option: str, typed: str, **options: str) -> list[Choice]:
        takes = {each.name: each for each in self.commands[command].options}
        complete = takes[option].complete
        assert complete is not None, f"/{command} suggests nothing for {option}"
        return complete(typed, self._ask(options))

    def _ask(self, options: Mapping[str, str]) -> Ask:
        return Ask(
            self.chat,
            self.person,
            self.private,
            options,
            language=self.language,
            name=self.name,
            roles_of=self.roles_of,
            manages_server=self.manages_server,
            whispered=self.whispered,
        )

    async def _is_moderator(self) -> bool:
        return self.moderator


def samples() -> list[Story]:
    """The newest revision of each sample story that lives, and the last of the ended one."""
    newest: dict[StoryId, Story] = {}
    for development in developments(NOW - timedelta(minutes=1)):
        newest[development.story.id] = development.story
    return list(newest.values())


def first_samples() -> list[Story]:
    return [each.story for each in developments(NOW) if each.after == timedelta(0)]


def made(
    story_id: str,
    title: str,
    *,
    virality: float = 1.0,
    status: Status = Status.ACTIVE,
    entities: tuple[str, ...] = (),
    breakdown: tuple[str, ...] = ("Something happened.",),
    questions: Mapping[str, str] | None = None,
    sources: tuple[Source, ...] = (),
    retracted: str | None = None,
    merged_into: str | None = None,
) -> Story:
    return Story(
        id=StoryId(story_id),
        title=title,
        breakdown=breakdown,
        entities=entities,
        stats=Stats(status, virality),
        updated_at=NOW - timedelta(hours=1),
        questions=tuple(Question(*each) for each in (questions or {}).items()),
        sources=sources,
        retracted=retracted,
        merged_into=StoryId(merged_into) if merged_into else None,
    )


def buttons(message: Message) -> Iterator[Button]:
    for row in message.rows:
        if not isinstance(row, Roles):
            yield from row.items


def labels(message: Message) -> dict[str, str]:
    """Every button by what it says, and what it asks."""
    return {button.label: str(button.ref) for button in buttons(message)}


def read(message: Message) -> str:
    """Everything a message says, as one text, without its buttons."""
    return "\n".join([message.title, *(_said(block) for block in message.blocks)])


def _said(block: Block) -> str:
    match block:
        case Text(body) | Heading(body) | Note(body) | Code(body):
            return body
        case Bullets(items) | Facts(items):
            return " · ".join(items)
        case Link(label, url, note):
            return f"{label} <{url}> {note or ''}"
        case Asks(items):
            return " · ".join(f"/{name}: {told}" for name, told in items)


def fits(message: Message) -> bool:
    """What every platform takes: five rows, five buttons beside one another, menus of 25."""
    if message.asks:
        field = message.asks
        return not message.rows and 0 < len(field.label) <= 45 and len(field.hint) <= 100
    return len(message.rows) <= 5 and all(
        bool(row.prompt)
        if isinstance(row, Roles)
        else 0 < len(row.items) <= (5 if isinstance(row, Buttons) else 25)
        and len({str(button.ref) for button in row.items}) == len(row.items)
        and all(button.label.strip() for button in row.items)
        and (not isinstance(row, Menu) or bool(row.prompt))
        for row in message.rows
    )
