"""A thread of a Discord channel goes to sleep, as threads do when nobody writes there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot import app
from bot.delivery import unreachable
from bot.delivery.policy import Policy
from bot.model.chat import Chat
from bot.model.rule import Loudness, Rule
from sandbox import discord
from stories.story import Status, Story
from tests.road.people import OnDiscord, Say
from tests.running import Road, Running, eventually
from tests.stories_made import FERRY as OLD_FERRY

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
LATE = replace(FERRY, headline="It is late")
ENDED = replace(LATE, stats=replace(FERRY.stats, status=Status.ENDED))
WITHDRAWN = replace(ENDED, retracted="It was another ferry.")
GENERAL = Chat("discord", discord.GENERAL)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    hurried = partial(Policy, park_first=timedelta(seconds=0.3), park_longest=timedelta(seconds=1))
    monkeypatch.setattr(app, "Policy", hurried)
    monkeypatch.setattr(unreachable, "GATHER_S", 0.3)


class Thread:
    """Sol and the moderators in a thread of #news that follows the ferry."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.id = road.discord.add_thread(discord.NEWS, "Night boats")
        self.sol = OnDiscord(road.discord, discord.SOL, self.id)

    def sleep(self, *, locked: bool = False) -> None:
        self.road.discord.archive(self.id, locked=locked)

    async def shows(self, words: str, story: Story) -> None:
        await self.road.publish(story)
        await eventually(lambda: words in self.sol.read()[0], f"the card shows {words}")
        await self.road.rests()


async def asleep(calm_bot: Running) -> Thread:
    """A thread with a card, which has then gone to sleep; #general has a rule, too."""
    road = await calm_bot.start({GENERAL: Rule(keywords=("nothing",), loudness=Loudness.EDIT)})
    await road.publish(FERRY)
    await road.knows(FERRY)
    thread = Thread(road)
    await thread.sol.say(Say("follow", {"what": "ferry"}))
    await eventually(thread.sol.read, "the card")
    await road.rests()
    thread.sleep()
    return thread


def complaints(road: Road) -> list[str]:
    near = OnDiscord(road.discord, discord.SOL, discord.GENERAL)
    return [seen.title for seen in near.read() if seen.title.startswith("I can no longer")]


async def test_a_card_in_a_thread_that_sleeps_shows_the_newest(calm_bot: Running) -> None:
    thread = await asleep(calm_bot)
    await thread.shows("It is late", LATE)
    thread.sleep()
    await thread.shows("Ended", ENDED)
    thread.sleep()
    await thread.shows("Withdrawn: It was another ferry.", WITHDRAWN)
    assert complaints(thread.road) == []


async def test_pins_and_questions_in_a_thread_that_sleeps(calm_bot: Running) -> None:
    thread = await asleep(calm_bot)
    assert (await thread.sol.say(Say("pin", {"story": "ferry"}))).title.startswith("Pinned")
    await eventually(lambda: len(thread.sol.pinned()) == 1, "it is pinned")
    thread.sleep()
    told = await thread.sol.say(Say("why", {"story": "ferry"}))
    assert "Its card shows version 1 (the latest)" in told
    thread.sleep()
    assert (await thread.sol.say(Say("status"))).title == "Everything's fine in this chat"
    thread.sleep()
    await thread.road.publish(ENDED)  # which unpins it
    await eventually(lambda: not thread.sol.pinned(), "it is unpinned")
    assert complaints(thread.road) == []


async def test_a_bot_that_begins_while_a_thread_sleeps_wakes_it(calm_bot: Running) -> None:
    thread = await asleep(calm_bot)
    await calm_bot.stop()
    await calm_bot.start()
    await thread.shows("It is late", LATE)


async def test_a_locked_thread_is_left_alone_and_told_of_by_its_name(calm_bot: Running) -> None:
    thread = await asleep(calm_bot)
    thread.sleep(locked=True)
    await thread.road.publish(LATE)
    await eventually(lambda: complaints(thread.road), "someone is told")
    assert complaints(thread.road) == ["I can no longer post in #Night boats"]
    near = OnDiscord(thread.road.discord, discord.SOL, discord.GENERAL)
    assert "Unlock the thread, or give me “Manage Threads”" in near.read()[-1]
    thread.road.discord.archive(thread.id, archived=False)
    await eventually(lambda: "It is late" in thread.sol.read()[0], "it is shown once unlocked")
    assert len(complaints(thread.road)) == 1


async def test_who_may_not_write_in_a_thread_that_sleeps_is_told_which_right_is_missing(
    calm_bot: Running,
) -> None:
    thread = await asleep(calm_bot)
    thread.road.discord.deny(discord.NEWS, "SEND_MESSAGES_IN_THREADS")
    await thread.road.publish(LATE)
    await eventually(lambda: complaints(thread.road), "someone is told")
    near = OnDiscord(thread.road.discord, discord.SOL, discord.GENERAL)
    assert "I'm missing “Send Messages in Threads”" in near.read()[-1]
    thread.road.discord.allow(discord.NEWS, "SEND_MESSAGES_IN_THREADS")
    await eventually(lambda: "It is late" in thread.sol.read()[0], "it is shown again")
