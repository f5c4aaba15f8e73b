"""The local Discord's gateway: what a client survives, what ends it, what it is told."""

import asyncio
import zlib
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.discord import BOT, GENERAL, GUILD, MIRA, NEWS, Discord
from tests.sandbox.discord_bot import Bot, connected, pointed_at, soon, until


async def test_what_was_missed_while_the_socket_was_gone_comes_after_resuming(
    here: Discord,
) -> None:
    bot = Bot()
    async with connected(here, bot):
        here.gateway.closed_for = 503
        await here.hang_up()
        await until(here, lambda: not here.view()["connected"])
        asking = asyncio.create_task(here.slash(MIRA, NEWS, "faq"))
        await asyncio.sleep(0)
        here.gateway.closed_for = None
        answer = await asking
        assert answer.message is not None
        assert answer.message["content"] == "An answer to any"
        assert (here.gateway.identified, here.gateway.resumed) == (1, 1)


async def test_nothing_heard_before_is_heard_again_after_resuming(here: Discord) -> None:
    bot = Bot(discord.Intents(guilds=True, guild_messages=True))
    async with connected(here, bot):
        here.say(MIRA, NEWS, f"<@{BOT}> one")
        await soon(lambda: bot.heard == [f"<@{BOT}> one"])
        await here.hang_up(4000)
        here.say(MIRA, NEWS, f"<@{BOT}> two")
        await soon(lambda: bot.heard == [f"<@{BOT}> one", f"<@{BOT}> two"])
        assert here.gateway.resumed == 1


async def test_a_client_asked_to_reconnect_resumes(here: Discord) -> None:
    async with connected(here, Bot()):
        here.ask_to_reconnect()
        await until(here, lambda: here.gateway.resumed == 1)
        assert here.gateway.identified == 1
        assert (await here.slash(MIRA, NEWS, "faq")).message is not None


async def test_a_forgotten_session_starts_anew(here: Discord) -> None:
    async with connected(here, Bot()):
        here.forget_sessions()
        await until(here, lambda: here.gateway.identified == 2)
        assert here.gateway.resumed == 0
        assert (await here.slash(MIRA, NEWS, "faq")).message is not None


async def test_a_client_that_hears_no_heartbeat_comes_back(here: Discord) -> None:
    here.gateway.heartbeat_interval = 0.05
    async with connected(here, Bot(heartbeat_timeout=0.5)):
        here.gateway.acknowledges = False
        await until(here, lambda: here.gateway.resumed >= 1)
        here.gateway.acknowledges = True
        await until(here, lambda: here.view()["connected"])


async def test_a_client_that_stays_away_is_forgotten(here: Discord) -> None:
    async with connected(here, Bot()):
        assert here.view()["connected"]
    await until(here, lambda: not here.view()["connected"])
    assert here.gateway.interact({}), "it may come back"
    here.gateway.resumable_for = 0.0
    assert not here.gateway.interact({})


async def test_a_client_that_says_goodbye_is_gone_at_once(here: Discord) -> None:
    identify = {"op": 2, "d": IDENTIFY | {"token": here.token}}
    _, ready = await talk(here, identify)
    assert ready["t"] == "READY"
    await until(here, lambda: not here.view()["connected"])
    assert not here.gateway.interact({})


async def test_a_wrong_token_is_told_at_login(here: Discord) -> None:
    bot = Bot()
    with pointed_at(here), pytest.raises(discord.LoginFailure):
        async with bot:
            await bot.start("MTEwMDAwMDAwMDAwMDAwMDIwMQ.wrong.token")


async def test_a_token_that_stops_being_right_ends_the_connection(here: Discord) -> None:
    with pytest.raises(discord.ConnectionClosed, match="4004"):  # noqa: PT012 - raised at the exit
        async with connected(here, Bot()) as running:
            here.gateway.token = "another"
            await here.hang_up(4000)
            await asyncio.wait({running}, timeout=10)


async def test_privileged_intents_have_to_be_switched_on(here: Discord) -> None:
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with connected(here, Bot(discord.Intents.all())):
            pass
    async with Discord(limits=False, privileged_intents=True) as open_here:
        bot = Bot(discord.Intents.all())
        async with connected(open_here, bot):
            open_here.say(MIRA, NEWS, "Good morning")
            await soon(lambda: bot.heard == ["Good morning"])


@pytest.mark.parametrize(
    ("intents", "heard"),
    [
        (discord.Intents(guilds=True), []),
        (discord.Intents(guilds=True, guild_messages=True), ["", f"<@{BOT}> there?"]),
        (discord.Intents(guilds=True, dm_messages=True), ["private"]),
    ],
)
async def test_a_bot_hears_what_its_intents_ask_for(
    here: Discord, intents: discord.Intents, heard: list[str]
) -> None:
    bot = Bot(intents)
    async with connected(here, bot):
        here.say(MIRA, NEWS, "Good morning")
        here.say(MIRA, NEWS, f"<@{BOT}> there?")
        here.say(MIRA, here.dm(MIRA), "private")
        here.add_channel("last")
        await bot.wait_for("guild_channel_create", timeout=10)
        await soon(lambda: bot.heard == heard)


async def test_a_bot_does_not_hear_a_channel_it_cannot_see(here: Discord) -> None:
    bot = Bot(discord.Intents(guilds=True, guild_messages=True))
    here.deny(NEWS, "VIEW_CHANNEL")
    async with connected(here, bot):
        here.say(MIRA, NEWS, f"<@{BOT}> secret")
        here.say(MIRA, GENERAL, f"<@{BOT}> open")
        await soon(lambda: bot.heard == [f"<@{BOT}> open"])


async def test_changes_and_deletions_are_told(here: Discord) -> None:
    bot = Bot(discord.Intents(guilds=True, guild_messages=True))
    async with connected(here, bot):
        posted = await bot.get_partial_messageable(int(NEWS), guild_id=int(GUILD)).send("x")
        told = bot.wait_for("raw_message_edit", timeout=10)  # it may come before the answer
        await posted.edit(content="y")
        edited = await told
        assert edited.message.content == "y"
        here.delete_message(NEWS, str(posted.id))
        deleted = await bot.wait_for("raw_message_delete", timeout=10)
        assert deleted.message_id == posted.id


async def test_members_are_sent_when_asked_for(here: Discord) -> None:
    bot = Bot()
    async with connected(here, bot):
        (found,) = await bot.guilds[0].query_members(user_ids=[int(MIRA)])
        assert found.display_name == "Mira"


# -- on the socket itself ----------------------------------------------------------------------


async def talk(here: Discord, *said: Any, query: str = "v=10&encoding=json") -> list[Any]:
    """Say things on a fresh socket; what came back, and last the close code if it was closed."""
    heard: list[Any] = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{here.gateway_url}/?{query}") as ws,
    ):
        heard.append(await ws.receive_json(timeout=5))
        for what in said:
            await (ws.send_str(what) if isinstance(what, str) else ws.send_json(what))
            message = await ws.receive(timeout=5)
            if message.type is aiohttp.WSMsgType.CLOSE:
                return [*heard, message.data]
            heard.append(message.json())
    return heard


IDENTIFY: dict[str, Any] = {"token": "", "intents": 1, "properties": {}}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", 4002),
        ({"op": 99, "d": None}, 4003),
        ({"op": 8, "d": {}}, 4003),
        ({"op": 2, "d": IDENTIFY}, 4004),
        ({"op": 2, "d": IDENTIFY | {"token": "good", "intents": -1}}, 4013),
        ({"op": 2, "d": IDENTIFY | {"token": "good", "intents": 1 << 15}}, 4014),
        ({"op": 6, "d": {"token": "bad", "session_id": "x", "seq": 1}}, 4004),
    ],
)
async def test_what_breaks_the_protocol_closes_with_its_code(said: Any, code: int) -> None:
    async with Discord(token="good") as here:
        hello, closed = await talk(here, said)
        assert hello["op"] == 10
        assert closed == code


async def test_heartbeats_are_answered_and_sessions_that_never_were_are_invalid() -> None:
    async with Discord(token="good") as here:
        resume = {"op": 6, "d": {"token": "good", "session_id": "x", "seq": 1}}
        _, ack, invalid = await talk(here, {"op": 1, "d": None}, resume)
        assert ack["op"] == 11
        assert (invalid["op"], invalid["d"]) == (9, False)


async def test_a_client_may_have_it_packed(here: Discord) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{here.gateway_url}?v=10&compress=zlib-stream") as ws,
    ):
        unpack = zlib.decompressobj()
        first = await ws.receive_bytes(timeout=5)
        assert first.endswith(b"\x00\x00\xff\xff")
        assert b'"op": 10' in unpack.decompress(first)
        await ws.send_json({"op": 1, "d": None})
        assert b'"op": 11' in unpack.decompress(await ws.receive_bytes(timeout=5))
