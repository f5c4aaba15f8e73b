"""What is due stays marked until it is done: the bot of the storms in calm weather."""

import asyncio
from dataclasses import replace

import pytest

from bot.model.due import DueSubject
from bot.model.rule import Rule
from stories.changes import Cursor, Page
from tests.simulation.clock import VirtualLoop
from tests.simulation.storage import Client, MemoryArchive, MemoryDue
from tests.simulation.world import Process, World
from tests.stories_made import FERRY

CALM: frozenset[str] = frozenset()


def test_what_is_marked_again_while_it_is_in_hand_stays_marked_until_that_is_done_too() -> None:
    loop = VirtualLoop()
    world = World(0, loop, CALM)
    name, service = next(iter(world.services.items()))
    chat = next(iter(service.rooms))
    world.fixed = {chat: Rule(all=True)}
    world.store.data.rules.clear()
    story = replace(FERRY, updated_at=loop.calendar())

    async def scene() -> None:
        process, due = Process(world, 0), MemoryDue(Client(world.store))
        await MemoryArchive(Client(world.store)).accept(story)
        while not service.sent:  # noqa: ASYNC110 - its answer is still on its way
            await asyncio.sleep(0.01)
        reconciler = process.reconcilers[name]
        await reconciler.welcome(chat, Rule())
        first = await due.all(name)
        await asyncio.sleep(0.7)  # the first is over, and for the second the chat rests a second
        assert reconciler.is_due(chat, story.id)
        assert await due.all(name) == first != []
        await asyncio.sleep(2)
        assert not reconciler.is_due(chat, story.id)
        assert await due.all(name) == []
        await process.stop()

    try:
        loop.run_until_complete(scene())
    finally:
        loop.close()


def test_what_is_due_waits_until_the_stories_are_read_however_long_that_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = VirtualLoop()
    world = World(0, loop, CALM)
    name, service = next(iter(world.services.items()))
    chat = next(iter(service.rooms))
    world.fixed = {chat: Rule(all=True)}
    world.store.data.rules.clear()
    story = replace(FERRY, updated_at=loop.calendar())
    newest = MemoryArchive.newest

    async def slow(self: MemoryArchive, below: int | None = None) -> Page:
        await asyncio.sleep(20)
        return await newest(self, below)

    monkeypatch.setattr(MemoryArchive, "newest", slow)

    async def scene() -> None:
        archive = MemoryArchive(Client(world.store))
        await archive.accept(story)
        upto = (await archive.since(Cursor())).upto
        due = MemoryDue(Client(world.store))
        await due.enqueue(name, [DueSubject(chat, story.id, upto.seq)], upto)  # by one before
        process = Process(world, 0)
        await asyncio.sleep(60)
        assert len(service.sent) == 1
        await process.stop()

    try:
        loop.run_until_complete(scene())
    finally:
        loop.close()
