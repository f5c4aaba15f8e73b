"""The local Discord's pace, and what happens when it is in trouble."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import aiohttp
import discord
import pytest

from sandbox.discord import GENERAL, HEADLINES, MIRA, NEWS, Discord
from tests.contracts.discord import DESCRIPTION, answer_violations
from tests.running import eventually
from tests.sandbox.discord_bot import Bot, as_described, connected
from tests.sandbox.discord_http import Answered, ask, post

MESSAGES = f"/channels/{NEWS}/messages"


@dataclass
class Clock:
    """Stands still until it is moved on."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def burst(here: Discord, count: int, method: str, path: str, body: object) -> list[Answered]:
    answers = await asyncio.gather(*(ask(here, method, path, body) for _ in range(count)))
    return list(answers)


async def test_a_channel_takes_five_messages_in_five_seconds() -> None:
    async with Discord(clock=Clock()) as here:
        answers = await burst(here, 6, "POST", MESSAGES, {"content": "x"})
        assert Counter(answer.status for answer in answers) == {200: 5, 429: 1}
        (refused,) = [answer for answer in answers if answer.status == 429]
        assert refused.body["global"] is False
        assert 0 < refused.body["retry_after"] <= 5
        assert refused.headers["Via"]
        assert refused.headers["X-RateLimit-Scope"] == "user"
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        left = sorted(int(a.headers["X-RateLimit-Remaining"]) for a in answers if a.status == 200)
        assert left == [0, 1, 2, 3, 4]
        elsewhere = await ask(here, "POST", f"/channels/{GENERAL}/messages", {"content": "x"})
        assert elsewhere.status == 200, "each channel has a bucket of its own"
        message = here.messages(NEWS)[0]["id"]
        edited = await ask(here, "PATCH", f"{MESSAGES}/{message}", {"content": "y"})
        assert edited.status == 200, "and so have edits"
        if DESCRIPTION.exists():
            assert [wrong for call in here.calls for wrong in answer_violations(call)] == []


async def test_a_bot_may_ask_fifty_times_a_second() -> None:
    async with Discord(clock=Clock()) as here:
        made = [here.add_channel(f"c{n}") for n in range(51)]
        answers = await asyncio.gather(*(ask(here, "GET", f"/channels/{c}") for c in made))
        refused = [answer for answer in answers if answer.status == 429]
        assert refused
        assert refused[0].body["global"] is True
        assert refused[0].headers["X-RateLimit-Scope"] == "global"
        assert refused[0].headers["X-RateLimit-Global"] == "true"
        answer = await ask(here, "POST", "/interactions/1/x/callback", {"type": 5})
        assert answer.code == 10062, "answers to people do not count"


async def test_without_limits_everything_passes_and_the_headers_show_room() -> None:
    async with Discord(limits=False) as here:
        answers = await burst(here, 60, "POST", MESSAGES, {"content": "x"})
        assert {answer.status for answer in answers} == {200}
        assert {answer.headers["X-RateLimit-Remaining"] for answer in answers} == {"999"}


async def test_discord_py_keeps_to_the_pace_it_is_told() -> None:
    async with Discord() as here:
        here.limits.scale = 0.05
        bot = Bot()
        async with connected(here, bot):
            news = bot.get_partial_messageable(int(NEWS))
            await asyncio.gather(*(news.send(f"{n}") for n in range(12)))
        assert sorted(int(m["content"]) for m in here.messages(NEWS)) == list(range(12))
        assert 429 not in {call.status for call in here.calls}
        as_described(here)


async def test_discord_py_waits_out_a_429_and_says_everything_once() -> None:
    async with Discord(limits=False) as here:
        here.fail_next(
            "POST",
            f"^{MESSAGES}$",
            429,
            {"message": "Slow down.", "retry_after": 0.01, "global": False, "code": 0},
        )
        bot = Bot()
        async with connected(here, bot):
            await bot.get_partial_messageable(int(NEWS)).send("x")
        assert [c.status for c in here.calls if c.path == MESSAGES] == [429, 200]
        assert len(here.messages(NEWS)) == 1
        as_described(here)


async def test_a_lost_answer_and_a_repeat_with_the_same_nonce_are_one_message() -> None:
    async with Discord(limits=False) as here:
        here.fail_next("POST", f"^{MESSAGES}$", 0, after_effect=True)
        bot = Bot()
        async with connected(here, bot):
            news = bot.get_partial_messageable(int(NEWS))
            with pytest.raises((aiohttp.ClientError, OSError)):
                await news.send("x", nonce="story-1")
            assert len(here.messages(NEWS)) == 1, "it was posted all the same"
            repeated = await news.send("x", nonce="story-1")
            assert [m["id"] for m in here.messages(NEWS)] == [str(repeated.id)]


async def test_a_message_older_than_an_hour_is_edited_six_times_an_hour() -> None:
    clock = Clock()
    async with Discord(clock=clock) as here:
        bot = Bot(max_ratelimit_timeout=30)
        async with connected(here, bot):
            news = bot.get_partial_messageable(int(NEWS))
            old = news.get_partial_message((await news.send("x")).id)
            other = news.get_partial_message((await news.send("y")).id)
            for n in range(8):
                await old.edit(content=f"young {n}")
                clock.now += 5
            clock.now += 3600
            for n in range(6):
                await old.edit(content=f"old {n}")
                clock.now += 60
            with pytest.raises(discord.RateLimited) as refused:
                await old.edit(content="once more")
            assert refused.value.retry_after == 3600 - 6 * 60
            call = here.calls[-1]
            assert (call.status, call.answer["code"]) == (429, 30046)
            assert here.messages(NEWS)[0]["content"] == "old 5"
            await other.edit(content="each message has an hour of its own")
            clock.now += refused.value.retry_after
            await old.edit(content="once more")
            assert here.messages(NEWS)[0]["content"] == "once more"
        as_described(here)


async def test_a_channel_publishes_ten_messages_an_hour() -> None:
    clock = Clock()
    async with Discord(clock=clock) as here:
        bot = Bot(max_ratelimit_timeout=30)
        async with connected(here, bot):
            headlines = bot.get_partial_messageable(int(HEADLINES))
            for n in range(10):
                await (await headlines.send(f"{n}")).publish()
                clock.now += 5
            sent = await headlines.send("one more")
            with pytest.raises(discord.RateLimited) as refused:
                await sent.publish()
            assert refused.value.retry_after == 3600 - 50
            raw = await ask(here, "POST", f"/channels/{HEADLINES}/messages/{sent.id}/crosspost")
            assert (raw.status, raw.code) == (429, 20028)
            assert raw.headers["X-RateLimit-Scope"] == "shared"
            assert raw.headers["Retry-After"] == "1", "wrong, as Discord's is"
            assert raw.body["retry_after"] == 3550
            assert not here.messages(HEADLINES)[-1]["flags"] & 1
            clock.now += raw.body["retry_after"]
            await sent.publish()
            assert here.messages(HEADLINES)[-1]["flags"] & 1
        as_described(here)


async def test_a_published_message_is_edited_three_times_an_hour() -> None:
    clock = Clock()
    async with Discord(clock=clock) as here:
        bot = Bot(max_ratelimit_timeout=30)
        async with connected(here, bot):
            headlines = bot.get_partial_messageable(int(HEADLINES))
            sent, plain = await headlines.send("x"), await headlines.send("y")
            await sent.publish()
            for n in range(4):
                await headlines.get_partial_message(plain.id).edit(content=f"{n}")
            clock.now += 5
            card = headlines.get_partial_message(sent.id)
            for n in range(3):
                await card.edit(content=f"{n}")
            with pytest.raises(discord.RateLimited) as refused:
                await card.edit(content="3")
            assert refused.value.retry_after == 3600
            call = here.calls[-1]
            assert (call.status, call.answer["code"]) == (429, 20022)
            assert here.messages(HEADLINES)[0]["content"] == "2"
            clock.now += 3600
            await card.edit(content="3")
            assert here.messages(HEADLINES)[0]["content"] == "3"
        as_described(here)


async def test_a_request_refused_before_its_effect_has_none() -> None:
    async with Discord(limits=False) as here:
        here.fail_next("POST", f"^{MESSAGES}$", 503)
        bot = Bot()
        async with connected(here, bot):
            news = bot.get_partial_messageable(int(NEWS))
            with pytest.raises(discord.DiscordServerError):
                await news.send("x")
            assert here.messages(NEWS) == []
            await news.send("x")
            assert len(here.messages(NEWS)) == 1


async def test_faults_wait_for_the_request_they_are_meant_for() -> None:
    async with Discord(limits=False) as here:
        here.fail_next("PATCH", "/messages/", 502, times=2)
        message = await post(here, NEWS)
        path = f"{MESSAGES}/{message}"
        statuses = [(await ask(here, "PATCH", path, {"content": "y"})).status for _ in range(3)]
        assert statuses == [502, 502, 200]


async def test_a_slow_request_is_done_at_once_and_answered_late() -> None:
    async with Discord(limits=False) as here:
        here.slow_next("POST", f"^{MESSAGES}$", 1.0)
        answer = asyncio.create_task(ask(here, "POST", MESSAGES, {"content": "slow"}))
        await eventually(lambda: here.messages(NEWS), "it stands there")
        assert not answer.done()
        assert (await ask(here, "POST", MESSAGES, {"content": "x"})).status == 200
        assert not answer.done(), "the next one is not slow"
        assert (await answer).status == 200


async def test_every_call_is_written_down_without_the_token() -> None:
    async with Discord(limits=False) as here:
        await ask(here, "GET", f"{MESSAGES}?limit=2")
        await ask(here, "POST", MESSAGES, {"content": "x"})
        listed, made = here.calls
        assert (listed.method, listed.path, listed.query) == ("GET", MESSAGES, {"limit": "2"})
        assert (listed.body, listed.status, listed.answer) == (None, 200, [])
        assert made.body == {"content": "x"}
        assert made.answer["content"] == "x"
        assert made.at >= listed.at
        assert here.token not in repr(list(here.calls))


async def test_interactions_are_acknowledged_once() -> None:
    async with Discord(limits=False) as here:
        bot = Bot()
        async with connected(here, bot):
            await here.slash(MIRA, NEWS, "faq")
            asked = bot.asked[-1]
            path = f"/interactions/{asked.id}/{asked.token}/callback"
            again = await ask(here, "POST", path, {"type": 5})
            assert (again.status, again.code) == (400, 40060)
            here.interactions.token_life = 0.0
            with pytest.raises(discord.HTTPException) as refused:
                await asked.edit_original_response(content="too late")
            assert (refused.value.status, refused.value.code) == (401, 50027)
