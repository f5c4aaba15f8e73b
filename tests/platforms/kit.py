"""What the tests of the two platforms share: a small menu, and a platform kept running."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from bot.platforms.port import Platform
from stories.story import StoryId
from wording.message import Button, Buttons, Field, Menu, Message, Ref, Text

TITLES = {"ferry": "Night ferry returns", "tram": "Tram strike ends", "epic": "A long story"}
EPIC = "It goes on and on. " * 100

CARD = Message(
    TITLES["ferry"],
    (Text("The night ferry sails again."),),
    (
        Buttons(
            (Button("Questions", Ref("faq")), Button("Sources", Ref("story", ("ferry", "sources"))))
        ),
    ),
    living=StoryId("ferry"),
)
NO_PAUSES: tuple[object, ...] = (
    *(float("inf"), float("nan"), -5, 1e300, 10**400, 86_401),
    *("soon", None, True, []),
)
"""What a 429 may say instead of a number of seconds that a platform means."""
LONG_PAUSES = ((900, 900), (3600, 3600), (3601, 3600), (86_400.0, 3600))
"""What it may say, and for how many seconds it is obeyed."""
BARE_CARD = Message(TITLES["tram"], (Text("Trams run again."),), living=StoryId("tram"))


class Kitchen:
    """Commands that answer from memory, and remember what they were asked."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.go_on = asyncio.Event()
        """What /slow waits for."""
        self.wonders = False
        """/slow asks for a text before it answers."""
        self.menu: Sequence[Command] = (
            Command("help", "What there is", self._help),
            Command(
                "story",
                "One story",
                self._story,
                (
                    Option("words", "What it is about", complete=self._complete),
                    Option("part", "Which part", hidden=True),
                ),
                rest="words",
            ),
            Command(
                "faq",
                "Questions",
                self._faq,
                (Option("text", "The question"),),
                rest="text",
                takes_text=True,
            ),
            Command(
                "follow",
                "Follow stories here",
                self._follow,
                (Option("what", "What to follow"),),
                rest="what",
                moderators=True,
            ),
            Command("slow", "Takes its time", self._slow, (Option("text", "It", hidden=True),)),
            Command("broken", "Breaks", self._broken),
        )

    async def _help(self, ask: Ask) -> Message:
        self.asked.append(ask)
        buttons = (
            Button("Help", Ref("help")),
            Button("Slow", Ref("slow")),
            Button("Follow", Ref("follow", ("ferry",))),
        )
        return Message("What I can do", (Text("Tell stories."),), (Buttons(buttons),))

    async def _story(self, ask: Ask) -> Message:
        self.asked.append(ask)
        if not ask.get("words"):
            stories = tuple(Button(title, Ref("story", (key,))) for key, title in TITLES.items())
            return Message("Which story?", rows=(Menu("Pick one", stories),))
        if ask.get("words") not in TITLES:
            raise Sorry(f"No story about “{ask.get('words')}”")
        if ask.get("part") == "sources":
            return Message("Where it comes from", rows=(_back(ask.get("words")),))
        body = EPIC if ask.get("words") == "epic" else "It sails."
        sources = Button("Sources", Ref("story", (ask.get("words"), "sources")))
        return Message(TITLES[ask.get("words")], (Text(body),), (Buttons((sources,)),))

    def _complete(self, typed: str, ask: Ask) -> list[Choice]:
        if typed == "break":
            raise RuntimeError("a handler's mistake")
        self.asked.append(ask)
        return [Choice(title, key) for key, title in TITLES.items() if typed in title.lower()]

    async def _faq(self, ask: Ask) -> Message:
        self.asked.append(ask)
        return Message(f"You asked: {ask.get('text') or 'nothing'}")

    async def _follow(self, ask: Ask) -> Message:
        self.asked.append(ask)
        return Message(f"Now following {ask.get('what')}")

    async def _slow(self, ask: Ask) -> Message:
        self.asked.append(ask)
        await self.go_on.wait()
        if self.wonders and not ask.get("text"):
            return Message("What do you want?", asks=Field("A wish", Ref("slow")))
        return Message("Here at last")

    async def _broken(self, ask: Ask) -> Message:
        raise RuntimeError("a handler's mistake")


def _back(story: str) -> Buttons:
    return Buttons((Button("Back", Ref("story", (story,))),))


@asynccontextmanager
async def running(platform: Platform, menu: Sequence[Command]) -> AsyncIterator[None]:
    """Keep the platform connected while inside; what ends it early is raised at the end."""
    task = asyncio.create_task(platform.run(menu))
    try:
        await until(lambda: platform.connected or task.done())
        if task.done():
            task.result()
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()


async def until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something to become true; no test waits longer than it takes."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  what is waited for happens on the other side of a socket
            await asyncio.sleep(0.01)
