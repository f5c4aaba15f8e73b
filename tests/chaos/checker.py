"""What must be true of the cards in the end, whatever happened to the processes."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.chat import Chat
from bot.model.ledger import CardRecord, State
from bot.storage.due import RedisDue
from bot.storage.ledger import RedisLedger
from runtime.connection import connect
from sandbox.calls import Call
from stories.archive import Archive
from stories.story import StoryId
from tests.chaos.world import PREFIX, World, patiently, story

Shown = dict[StoryId, dict[str, int]]
"""For each story its cards in one chat: where each stands, and the state it shows."""


@dataclass(slots=True)
class Report:
    """What was seen, for people."""

    done: dict[str, int]
    cards: int = 0
    unknown: int = 0
    """Second cards on Telegram, each after the ledger said that the first was unknown."""
    replies: int = 0
    backwards: int = 0
    """Edits that showed an older state than the one before, for a while."""
    calls: Counter[str] = field(default_factory=Counter)
    rest_s: float = 0.0


def shown_in(world: World, chat: Chat) -> tuple[Shown, Counter[StoryId]]:
    """The cards of a chat, and how many replies it has to each story."""
    cards: Shown = defaultdict(dict)
    replies: Counter[StoryId] = Counter()
    for place, text, is_reply in _messages(world, chat):
        if (title := re.search(r"Harbour (\d+)", text)) is None:
            continue
        story_id = StoryId(f"harbour-{title[1]}")
        if is_reply:
            replies[story_id] += 1
        elif state := _state(text):
            cards[story_id][place] = state
    return cards, replies


def _messages(world: World, chat: Chat) -> Iterator[tuple[str, str, bool]]:
    if chat.platform == "discord":
        for message in world.discord.messages(chat.address):
            text = " ".join(f"{e.get('title')} {e.get('description')}" for e in message["embeds"])
            yield message["id"], text, "message_reference" in message
    else:
        for message in world.telegram.messages(int(chat.address)):
            is_reply = "reply_to_message" in message
            yield str(message["message_id"]), message.get("text", ""), is_reply


def _state(text: str) -> int | None:
    found = re.search(r"State (\d+)", text)
    return int(found[1]) if found else None


def wanted(world: World, chat: Chat) -> set[StoryId]:
    rule = world.chats[chat]
    made = (story(number, state) for number, state in world.news.items())
    return {made_story.id for made_story in made if rule.wants(made_story)}


def newest(world: World, story_id: StoryId) -> int:
    return world.news[int(story_id.removeprefix("harbour-"))]


async def still_to_come(world: World) -> Mapping[str, Any]:
    """What keeps the world from rest: cards behind the newest state, and cards that are due."""
    open_ends: dict[str, Any] = {}
    for chat in world.chats:
        cards, _ = shown_in(world, chat)
        for story_id in wanted(world, chat):
            states = cards.get(story_id, {}).values()
            if newest(world, story_id) not in states:
                open_ends[f"{chat} {story_id}"] = f"shows {list(states)}"
    if not open_ends:
        async with connect(world.redis.url) as client:
            due, ledger = RedisDue(client, PREFIX), RedisLedger(client, PREFIX)
            for platform in ("discord", "telegram"):
                for mark in await patiently(lambda platform=platform: due.all(platform)):  # type: ignore[misc]
                    row = await ledger.row(mark.chat, StoryId(mark.subject))
                    if row is None or row.reply_since is None:  # a reply may wait for an hour
                        open_ends[f"{mark.chat} {mark.subject}"] = "is due"
    return open_ends


async def check(world: World) -> tuple[Report, list[str]]:
    """What was seen, and one sentence for everything that must not be."""
    report, wrong = Report(world.done), list(world.wrong)
    async with connect(world.redis.url) as client:
        ledger, archive = RedisLedger(client, PREFIX), Archive(client, PREFIX)
        for number, state in world.news.items():
            held = await archive.story(f"harbour-{number}")
            if held is None or held.revision != state:
                wrong.append(f"the archive lost harbour-{number} state {state}")
        for rejected in await archive.rejected(1000):
            if "stale" not in rejected.why:
                wrong.append(f"refused: {rejected.why}")
        for chat in world.chats:
            rows = await ledger.of_chat(chat)
            wrong += _wrong_in(world, chat, rows, report)
    for name, calls in (("discord", world.discord.calls), ("telegram", world.telegram.calls)):
        report.calls.update(f"{name} {call.status}" for call in calls)
        # A group may be asked too often within the minute after a takeover: docs/guarantees.md.
        # What was edited in it is counted by its cards, and hurried they change every second.
        many = [call for call in calls if call.status == 429]
        wrong += [f"{name} said 429 to {_short(call)}" for call in many if not world.plan.hurried]
        report.backwards += _backwards(calls)
    wrong += [f"unknown to the sandbox: {call}" for call in world.discord.unknown_calls]
    wrong += [f"unknown to the sandbox: {call}" for call in world.telegram.unknown_calls]
    plan = world.plan
    if report.unknown and not (plan.kills or plan.wire_faults):
        wrong.append(f"{report.unknown} cards stand twice, and no process was killed")
    return report, wrong


def _wrong_in(
    world: World, chat: Chat, rows: Mapping[StoryId, CardRecord], report: Report
) -> Iterator[str]:
    cards, replies = shown_in(world, chat)
    wants = wanted(world, chat)
    for story_id in wants | set(cards):
        where, standing = f"{chat} {story_id}", cards.get(story_id, {})
        row = rows.get(story_id)
        report.cards += len(standing)
        report.replies += replies[story_id]
        if story_id not in wants:
            yield f"{where}: not wanted, but stands there {len(standing)} times"
        elif row is None or row.message_id is None or row.state is not State.SHOWN:
            yield f"{where}: at rest, but the ledger says {row}"
        elif row.message_id not in standing:
            yield f"{where}: the ledger's card is not there"
        elif standing[row.message_id] != newest(world, story_id):
            yield f"{where}: shows state {standing[row.message_id]}, not {newest(world, story_id)}"
        else:
            explained = 1 if chat.platform == "discord" else row.generation
            if len(standing) > explained:
                yield f"{where}: {len(standing)} cards, {explained} in the ledger"
            report.unknown += len(standing) - 1
        if replies[story_id] > 1:
            yield f"{where}: {replies[story_id]} replies within an hour"


def _backwards(calls: list[Call]) -> int:
    """How often an edit showed less than the message showed before."""
    shown: dict[str, int] = {}
    count = 0
    for call in calls:
        body, answer = call.body or {}, call.answer or {}
        if call.status != 200 or not isinstance(answer, dict):
            continue
        if call.path == "editMessageText":
            place, text = f"{body['chat_id']} {body['message_id']}", body["text"]
        elif call.method == "PATCH" and "embeds" in body:
            place, text = call.path, " ".join(e.get("description", "") for e in body["embeds"])
        else:
            continue
        state = _state(text)
        if state is not None:
            count += state < shown.get(place, 0)
            shown[place] = state
    return count


def _short(call: Call) -> str:
    return f"{call.method} {call.path} at {call.at:.1f}: {str(call.answer)[:160]}"
