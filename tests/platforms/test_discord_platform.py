"""People use the bot on Discord, and Discord refuses what it does: over real sockets."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord as library
import pytest

from bot.model.chat import Chat, Permission
from bot.model.errors import CardGone, NotNow, OutcomeUnknown, Rejected, SendFailed, Unreachable
from bot.platforms.discord import permissions
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.discord.refusals import LATER
from runtime.errors import SetupError
from sandbox.discord import (
    GENERAL,
    GUILD,
    HEADLINES,
    MIRA,
    MODERATORS,
    NEWS,
    READERS,
    SOL,
    Discord,
    NotOffered,
)
from tests.contracts.discord import DESCRIPTION, violations
from tests.platforms.kit import BARE_CARD, CARD, LONG_PAUSES, NO_PAUSES, Kitchen, running, until
from tests.running import free_port
from wording.message import Message

HERE = Chat("discord", NEWS)
TO_MIRA = Chat("discord", f"@{MIRA}")
POSTS = rf"^/channels/{NEWS}/messages$"


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    """A Discord that holds everything the bot asks of it against the official description."""
    async with Discord(limits=False) as discord:
        yield discord
    assert discord.unknown_calls == []
    if DESCRIPTION.exists():
        assert violations(call for call in discord.calls if call.status < 400) == []


@pytest.fixture
async def platform(discord: Discord, kitchen: Kitchen) -> AsyncIterator[DiscordPlatform]:
    platform = platform_of(discord)
    async with running(platform, kitchen.menu):
        yield platform


def platform_of(discord: Discord, token: str | None = None) -> DiscordPlatform:
    return DiscordPlatform(
        token or discord.token, api_url=discord.api_url, gateway_url=discord.gateway_url
    )


def title(message: dict[str, Any] | None) -> str:
    assert message is not None, "nothing is seen"
    return str(message["embeds"][0]["title"])


def custom_ids(message: dict[str, Any]) -> list[str]:
    return [item["custom_id"] for row in message["components"] for item in row["components"]]


@pytest.mark.usefixtures("platform")
class TestAnswers:
    def test_the_menu_offers_what_people_can_type(self, discord: Discord) -> None:
        offered = {command["name"]: command for command in discord.view()["commands"]}
        assert list(offered) == ["help", "story", "faq", "follow", "slow", "broken"]
        for command in offered.values():
            assert set(command["contexts"]) == {0, 1, 2}, "wherever people are"
            assert set(command["integration_types"]) == {0, 1}, "for servers and for people"
        words, share = offered["story"]["options"]
        assert (words["name"], words["type"], words["autocomplete"]) == ("words", 3, True)
        assert not words.get("required")
        assert (share["name"], share["type"]) == ("share", 5)
        assert [option["name"] for option in offered["follow"]["options"]] == ["what"]
        assert offered["follow"]["default_member_permissions"] == "8192", "Manage Messages"

    async def test_an_answer_is_for_the_asker_alone(
        self, discord: Discord, kitchen: Kitchen
    ) -> None:
        answer = await discord.slash(MIRA, NEWS, "story", {"words": "ferry"})
        assert title(answer.message) == "Night ferry returns"
        assert answer.ephemeral
        [ask] = kitchen.asked
        assert (ask.chat, ask.person, ask.private) == (HERE, TO_MIRA, False)
        assert ask.options == {"words": "ferry"}

    async def test_an_answer_is_for_everyone_when_it_is_shared(self, discord: Discord) -> None:
        answer = await discord.slash(MIRA, NEWS, "story", {"words": "ferry", "share": True})
        assert not answer.ephemeral
        assert [title(seen) for seen in discord.messages(NEWS, seen_by=SOL)] == [
            "Night ferry returns"
        ]

    async def test_in_direct_messages_the_chat_is_the_person(
        self, discord: Discord, kitchen: Kitchen
    ) -> None:
        await discord.slash(MIRA, discord.dm(MIRA), "follow", {"what": "ferry"})
        [ask] = kitchen.asked
        assert (ask.chat, ask.person, ask.private) == (TO_MIRA, TO_MIRA, True)

    @pytest.mark.parametrize("share", [False, True])
    async def test_a_slow_answer_is_announced_and_comes_later(
        self, discord: Discord, kitchen: Kitchen, share: bool
    ) -> None:
        asking = asyncio.create_task(discord.slash(MIRA, NEWS, "slow", {"share": share}))
        await until(lambda: any(call.path.endswith("/callback") for call in discord.calls))
        kitchen.go_on.set()
        answer = await asking
        assert title(answer.message) == "Here at last"
        assert answer.ephemeral is not share

    async def test_a_slow_button_keeps_its_message_until_the_answer_is_there(
        self, discord: Discord, kitchen: Kitchen
    ) -> None:
        shown = (await discord.slash(MIRA, NEWS, "help")).message
        assert shown is not None
        clicking = asyncio.create_task(discord.click(MIRA, shown, "=slow"))
        await until(lambda: sum(call.path.endswith("/callback") for call in discord.calls) == 2)
        assert [title(seen) for seen in discord.messages(NEWS, MIRA)] == ["What I can do"]
        kitchen.go_on.set()
        await clicking
        assert [title(seen) for seen in discord.messages(NEWS, MIRA)] == ["Here at last"]

    async def test_a_form_that_comes_too_late_is_opened_by_a_button(
        self, discord: Discord, kitchen: Kitchen
    ) -> None:
        kitchen.wonders = True
        asking = asyncio.create_task(discord.slash(MIRA, NEWS, "slow", {}))
        await until(lambda: any(call.path.endswith("/callback") for call in discord.calls))
        kitchen.go_on.set()
        shown = (await asking).message
        assert shown is not None
        assert title(shown) == "What do you want?"
        [[button]] = [row["components"] for row in shown["components"]]
        assert button["label"] == "Open the form"
        form = await discord.click(MIRA, shown, button["custom_id"])
        assert form.modal
        assert form.modal["title"] == "What do you want?"
        answer = await discord.submit(MIRA, NEWS, form, {"text": " "})
        assert title(answer.message) == "What do you want?", "no form opens from a form"
        answer = await discord.submit(MIRA, NEWS, form, {"text": "A ferry"})
        assert title(answer.message) == "Here at last"
        assert kitchen.asked[-1].get("text") == "A ferry"
        assert len(discord.messages(NEWS, MIRA)) == 1, "all of it in one place"

    async def test_buttons_and_menus_turn_the_page_in_place(self, discord: Discord) -> None:
        shown = (await discord.slash(MIRA, NEWS, "story")).message
        assert shown is not None
        shown = (await discord.click(MIRA, shown, "=menu0", ["story_tram"])).message
        assert title(shown) == "Tram strike ends"
        assert shown is not None
        shown = (await discord.click(MIRA, shown, "=story_tram_sources")).message
        assert title(shown) == "Where it comes from"
        assert len(discord.messages(NEWS, MIRA)) == 1

    async def test_a_cards_buttons_answer_beside_it(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        await platform.post(HERE, CARD, key="one")
        [card] = discord.messages(NEWS)
        answer = await discord.click(MIRA, card, "+story_ferry_sources")
        assert title(answer.message) == "Where it comes from"
        assert answer.ephemeral
        assert discord.messages(NEWS) == [card]

    async def test_one_reader_does_not_turn_the_page_of_an_answer_another_shared(
        self, discord: Discord
    ) -> None:
        shared = (await discord.slash(MIRA, NEWS, "story", {"share": True})).message
        assert shared is not None
        answer = await discord.click(SOL, shared, "=menu0", ["story_tram"])
        assert answer.ephemeral
        assert title(answer.message) == "Tram strike ends"
        assert [title(seen) for seen in discord.messages(NEWS)] == ["Which story?"]
        await discord.click(MIRA, shared, "=menu0", ["story_tram"])
        assert [title(seen) for seen in discord.messages(NEWS)] == ["Tram strike ends"]

    @pytest.mark.parametrize(
        "custom_id",
        ["?", "=", "+nothing-of-ours", "=STORY ../../x", "*story", "=story_" + 60 * "x"],
    )
    async def test_a_button_of_another_make_gets_a_polite_sentence(
        self, discord: Discord, custom_id: str
    ) -> None:
        foreign = await post_raw(discord, custom_id)
        answer = await discord.click(MIRA, foreign, custom_id)
        assert title(answer.message) == "That's no longer available here"
        assert answer.ephemeral

    async def test_only_moderators_move_what_is_theirs(self, discord: Discord) -> None:
        with pytest.raises(NotOffered):
            await discord.slash(MIRA, NEWS, "follow", {"what": "ferry"})
        answer = await discord.slash(SOL, NEWS, "follow", {"what": "ferry"})
        assert title(answer.message) == "Now following ferry"

    async def test_the_menu_is_only_a_hint_and_a_click_is_checked_again(
        self, discord: Discord
    ) -> None:
        for person, said in (
            (MIRA, "Only moderators of this chat can use /follow"),
            (SOL, "Now following ferry"),
        ):
            shown = (await discord.slash(person, NEWS, "help")).message
            assert shown is not None
            answer = await discord.click(person, shown, "=follow_ferry")
            assert title(answer.message) == said
            assert answer.message is not None
            is_beside = answer.message["id"] != shown["id"]
            assert is_beside == (person == MIRA), "a refusal takes away nothing that stands there"

    async def test_choices_appear_while_typing(self, discord: Discord, kitchen: Kitchen) -> None:
        choices = await discord.autocomplete(MIRA, NEWS, "story", "words", {"words": "tram"})
        assert choices == [{"name": "Tram strike ends", "value": "tram"}]
        assert kitchen.asked[-1].person == TO_MIRA
        assert kitchen.asked[-1].options == {}, "what is being typed has not been said yet"

    async def test_choices_that_fail_are_none_and_are_logged(
        self, discord: Discord, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert await discord.autocomplete(MIRA, NEWS, "story", "words", {"words": "break"}) == []
        assert "suggestions failed" in caplog.messages

    async def test_what_breaks_is_said_and_logged(
        self, discord: Discord, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = await discord.slash(MIRA, NEWS, "broken")
        assert title(answer.message) == "Something went wrong on our side"
        assert "command failed" in caplog.messages

    async def test_an_answer_that_cannot_be_given_is_logged(
        self, discord: Discord, caplog: pytest.LogCaptureFixture
    ) -> None:
        discord.fail_next(
            "POST", "/callback$", 404, {"message": "Unknown interaction", "code": 10062}
        )
        asking = asyncio.create_task(discord.slash(MIRA, NEWS, "help"))
        await until(lambda: "answer not delivered" in caplog.messages)
        asking.cancel()
        answer = await discord.slash(MIRA, NEWS, "help")
        assert title(answer.message) == "What I can do", "the next one is given"


async def post_raw(discord: Discord, custom_id: str) -> dict[str, Any]:
    """A message of the bot's with a button it would not make."""
    button = {"type": 2, "style": 2, "label": "Old", "custom_id": custom_id}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bot {discord.token}"}) as session,
        session.post(
            f"{discord.api_url}/channels/{NEWS}/messages",
            json={"content": "old", "components": [{"type": 1, "components": [button]}]},
        ) as response,
    ):
        assert response.status == 200
        message: dict[str, Any] = await response.json()
        return message


class TestCards:
    async def test_a_card_stands_where_it_was_posted(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        place = await platform.post(HERE, CARD, key="one")
        [card] = discord.messages(NEWS)
        assert card["id"] == place
        assert title(card) == "Night ferry returns"
        assert custom_ids(card) == ["+faq", "+story_ferry_sources"]

    async def test_cards_are_silent_unless_told_otherwise(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        await platform.post(HERE, CARD, key="one")
        await platform.post(HERE, CARD, key="two", silent=False)
        quiet, loud = discord.messages(NEWS)
        assert library.MessageFlags._from_value(quiet["flags"]).suppress_notifications
        assert not library.MessageFlags._from_value(loud["flags"]).suppress_notifications

    @pytest.mark.parametrize("key", ["short", "a key far too long for any nonce of Discord's"])
    async def test_the_same_key_posts_once(
        self, discord: Discord, platform: DiscordPlatform, key: str
    ) -> None:
        first = await platform.post(HERE, CARD, key=key)
        assert await platform.post(HERE, CARD, key=key) == first
        assert await platform.post(HERE, CARD, key=key + "!") != first
        assert len(discord.messages(NEWS)) == 2
        assert platform.repeatable(60)
        assert not platform.repeatable(61)

    async def test_a_reply_stands_under_its_card(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        card = await platform.post(HERE, CARD, key="one")
        await platform.post(HERE, Message("What changed"), key="two", reply_to=card)
        assert discord.messages(NEWS)[-1]["message_reference"]["message_id"] == card

    async def test_a_reply_to_a_card_that_is_gone_is_posted_all_the_same(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        card = await platform.post(HERE, CARD, key="one")
        discord.delete_message(NEWS, card)
        await platform.post(HERE, Message("What changed"), key="two", reply_to=card)
        assert [title(seen) for seen in discord.messages(NEWS)] == ["What changed"]

    async def test_nobody_is_mentioned(self, discord: Discord, platform: DiscordPlatform) -> None:
        await platform.post(HERE, Message(f"@everyone <@{MIRA}>"), key="one")
        [call] = [call for call in discord.calls if call.path.endswith(f"{NEWS}/messages")]
        assert call.body["allowed_mentions"]["parse"] == []

    async def test_a_role_is_mentioned_and_nobody_else(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        card = await platform.post(HERE, CARD, key="one")
        said = Message(f"@everyone <@{MIRA}> <@&{MODERATORS}>")
        await platform.post(HERE, said, key="two", silent=False, reply_to=card, mention=READERS)
        reply = discord.messages(NEWS)[-1]
        assert reply["content"].startswith(f"<@&{READERS}> "), "and then in words what it is about"
        assert reply["mention_roles"] == [READERS]
        assert (reply["mentions"], reply["mention_everyone"]) == ([], False)
        call = [call for call in discord.calls if call.path.endswith(f"{NEWS}/messages")][-1]
        allowed = {"parse": [], "roles": [READERS]}
        assert call.body["allowed_mentions"] == allowed

    async def test_a_card_of_an_announcement_channel_is_published_and_stays_so(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        there = Chat("discord", HEADLINES)
        place = await platform.post(there, CARD, key="one")
        await platform.publish(there, place)
        await platform.publish(there, place)  # Discord says 40033: it is published already
        await platform.edit(there, place, BARE_CARD)
        (card,) = discord.messages(HEADLINES)
        assert library.MessageFlags._from_value(card["flags"]).crossposted
        assert title(card) == "Tram strike ends"

    @pytest.mark.parametrize("chat", [HERE, TO_MIRA], ids=str)
    async def test_who_publishes_elsewhere_is_told_what_kind_of_channel_it_takes(
        self, platform: DiscordPlatform, chat: Chat
    ) -> None:
        place = await platform.post(chat, CARD, key="one")
        with pytest.raises(Unreachable, match="an announcement channel can be published"):
            await platform.publish(chat, place)

    async def test_people_get_cards_in_direct_messages(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        place = await platform.post(TO_MIRA, CARD, key="one")
        await platform.edit(TO_MIRA, place, BARE_CARD)
        await platform.pin(TO_MIRA, place)
        assert [title(seen) for seen in discord.messages(discord.dm(MIRA))[:1]] == [
            "Tram strike ends"
        ]
        assert [pinned["id"] for pinned in discord.pins(discord.dm(MIRA))] == [place]

    async def test_an_edit_changes_all_of_the_card(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        place = await platform.post(HERE, CARD, key="one")
        for _ in range(2):  # saying it again is no error
            await platform.edit(HERE, place, BARE_CARD)
        [card] = discord.messages(NEWS)
        assert title(card) == "Tram strike ends"
        assert card["components"] == []

    async def test_pinned_stays_pinned_and_is_unpinned(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        place = await platform.post(HERE, CARD, key="one")
        for _ in range(2):
            await platform.pin(HERE, place)
        assert [pinned["id"] for pinned in discord.pins(NEWS)] == [place]
        await platform.unpin(HERE, place)
        assert discord.pins(NEWS) == []

    async def test_a_card_whose_answer_was_lost_is_found(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        began = datetime.now(UTC)
        await platform.post(HERE, CARD, key="another generation")
        discord.fail_next("POST", POSTS, 0, after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await platform.post(HERE, CARD, key="one")
        discord.say(SOL, NEWS, "anything else?")
        assert await platform.find(HERE, "one", began) == discord.messages(NEWS)[1]["id"]
        assert await platform.find(HERE, "never posted", began) is None
        assert await platform.find(HERE, "one", began + timedelta(hours=1)) is None

    async def test_nothing_is_posted_before_there_is_a_connection(self, discord: Discord) -> None:
        platform = platform_of(discord)
        assert not platform.connected
        with pytest.raises(NotNow):
            await platform.post(HERE, CARD, key="one")


class TestPermissions:
    @pytest.mark.parametrize(
        ("denied", "permission", "lacking"),
        [
            ((), Permission.POST, ()),
            ((), Permission.PIN, ()),
            (("VIEW_CHANNEL",), Permission.POST, ("View Channel",)),
            (("VIEW_CHANNEL",), Permission.PIN, ("View Channel",)),
            (("SEND_MESSAGES",), Permission.POST, ("Send Messages",)),
            (("EMBED_LINKS",), Permission.POST, ("Embed Links",)),
            (("EMBED_LINKS", "SEND_MESSAGES"), Permission.PIN, ()),
            (("PIN_MESSAGES",), Permission.PIN, ("Pin Messages",)),
            (
                ("PIN_MESSAGES", "READ_MESSAGE_HISTORY"),
                Permission.PIN,
                ("Pin Messages", "Read Message History"),
            ),
        ],
    )
    async def test_what_is_lacking_has_discords_own_name(
        self,
        discord: Discord,
        platform: DiscordPlatform,
        denied: tuple[str, ...],
        permission: Permission,
        lacking: tuple[str, ...],
    ) -> None:
        discord.deny(NEWS, *denied)
        await until(lambda: discord_told(platform, lacking, permission))
        assert await platform.lacks(HERE, permission) == lacking

    async def test_a_person_grants_all_until_they_refuse(self, platform: DiscordPlatform) -> None:
        assert await platform.lacks(TO_MIRA, Permission.POST) == ()
        assert await platform.lacks(TO_MIRA, Permission.PIN) == ()

    async def test_threads_have_a_right_of_their_own(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        thread = await open_thread(discord, platform)
        assert await platform.lacks(thread, Permission.POST) == ()
        discord.deny(NEWS, "SEND_MESSAGES_IN_THREADS")
        for archived in (False, True):  # an archived one is not in the gateway's list: it is asked
            discord.archive(thread.address, archived=archived)
            await until_lacking(platform, thread, ("Send Messages in Threads",))
        discord.allow(NEWS, "SEND_MESSAGES_IN_THREADS")
        discord.deny(NEWS, "SEND_MESSAGES")
        await until_lacking(platform, thread, ())

    async def test_a_channel_that_is_gone_is_said_to_be(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        nowhere = Chat("discord", discord.add_channel("short-lived"))
        discord.remove_channel(nowhere.address)
        with pytest.raises(Unreachable, match="The channel is gone"):
            await platform.lacks(nowhere, Permission.POST)


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "body", "kind", "said"),
        [
            (
                429,
                {"message": "slow down", "retry_after": 900.0, "global": False},
                NotNow,
                "slow down",
            ),
            (429, "banned by the CDN", NotNow, "429"),
            (401, {"message": "401: Unauthorized", "code": 0}, NotNow, "token"),
            (403, {"message": "Missing Access", "code": 50001}, Unreachable, "Permissions"),
            (403, {"message": "Missing Permissions", "code": 50013}, Unreachable, "Permissions"),
            (403, {"message": "Cannot send", "code": 50007}, Unreachable, "privacy settings"),
            (403, {"message": "No mutual", "code": 50278}, Unreachable, "don't share a server"),
            (404, {"message": "Unknown Channel", "code": 10003}, Unreachable, "channel is gone"),
            (403, {"message": "Something new", "code": 99999}, Unreachable, "Something new"),
            (400, {"message": "Archived", "code": 50083}, Unreachable, "Reopen the thread"),
            (400, {"message": "Not text", "code": 50008}, Unreachable, "text channel"),
            (404, {"message": "Unknown Message", "code": 10008}, CardGone, "Unknown Message"),
            (403, {"message": "Not yours", "code": 50005}, CardGone, "Not yours"),
            (400, {"message": "Invalid Form Body", "code": 50035}, Rejected, "Invalid Form Body"),
            (503, {"message": "overloaded", "code": 0}, OutcomeUnknown, "503"),
            (0, None, OutcomeUnknown, "no answer from Discord"),
        ],
    )
    @pytest.mark.parametrize("what", ["post", "edit", "pin", "unpin"])
    async def test_every_refusal_is_one_of_ours(
        self,
        discord: Discord,
        platform: DiscordPlatform,
        what: str,
        status: int,
        body: Any,
        kind: type[SendFailed],
        said: str,
    ) -> None:
        card = await platform.post(HERE, CARD, key="one")
        method = {"post": "POST", "edit": "PATCH", "pin": "PUT", "unpin": "DELETE"}[what]
        # twice, as the HTTP library repeats a PUT or DELETE by itself when the connection drops
        times = 2 if status == 0 and method in ("PUT", "DELETE") else 1
        discord.fail_next(method, f"^/channels/{NEWS}/messages", status, body, times=times)
        doing: dict[str, Callable[[], Awaitable[object]]] = {
            "post": lambda: platform.post(HERE, CARD, key="two"),
            "edit": lambda: platform.edit(HERE, card, BARE_CARD),
            "pin": lambda: platform.pin(HERE, card),
            "unpin": lambda: platform.unpin(HERE, card),
        }
        with pytest.raises(kind, match=said) as raised:
            await doing[what]()
        assert type(raised.value) is kind
        if isinstance(raised.value, NotNow):
            assert raised.value.after > timedelta(0)

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            ("forum", "posts go into its threads"),
            ("category", "Use the ID of a channel in it"),
            ("stage", "Choose a text channel or a thread"),
            (None, "a server ID"),
        ],
    )
    async def test_what_holds_no_cards_is_named(
        self, discord: Discord, platform: DiscordPlatform, kind: str | None, said: str
    ) -> None:
        number = discord.add_channel("harbour", kind) if kind else GUILD
        here = Chat("discord", number)
        await until(lambda: kind is None or platform.server(here) != str(here))
        for asked in (platform.post(here, CARD, key="one"), platform.lacks(here, Permission.POST)):
            with pytest.raises(Unreachable, match=said) as raised:
                await asked
            assert not raised.value.out

    async def test_a_long_pause_is_taken_from_discord(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        for asked, obeyed in LONG_PAUSES:
            body = {"message": "slow down", "retry_after": asked, "global": False}
            discord.fail_next("POST", POSTS, 429, body)
            with pytest.raises(NotNow) as raised:
                await platform.post(HERE, CARD, key="one")
            assert raised.value.after == timedelta(seconds=obeyed), asked

    async def test_a_pause_that_is_none_is_counted_and_usual(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        for asked in NO_PAUSES:
            body = {"message": "slow down", "retry_after": asked, "global": True}
            discord.fail_next("POST", POSTS, 429, body)
            with pytest.raises(NotNow) as raised:
                await platform.post(HERE, CARD, key="one")
            assert raised.value.too_fast
            assert raised.value.after == LATER, asked
            await platform.post(HERE, CARD, key=f"two {asked}")

    @pytest.mark.parametrize("asked", ["inf", "nan", "-9", "1e300", "soon", ""])
    async def test_a_header_that_is_no_pause_freezes_no_channel(
        self, discord: Discord, platform: DiscordPlatform, asked: str
    ) -> None:
        card = await platform.post(HERE, CARD, key="one")
        figures = {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "7"}
        [call] = [call for call in discord.calls if call.method == "POST" and call.status == 200]
        headers = {**figures, "X-RateLimit-Reset-After": asked, "X-RateLimit-Bucket": "one"}
        discord.fail_next("PATCH", f"^/channels/{NEWS}/messages", 200, call.answer, headers)
        await platform.edit(HERE, card, BARE_CARD)
        for message in (CARD, BARE_CARD):
            await platform.edit(HERE, card, message)

    async def test_without_a_connection_nothing_was_sent(
        self, platform: DiscordPlatform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(library.http.Route, "BASE", f"http://127.0.0.1:{free_port()}")
        with pytest.raises(NotNow, match="I can't reach"):
            await platform.post(HERE, CARD, key="one")

    @pytest.mark.parametrize(
        ("denied", "named"),
        [("VIEW_CHANNEL", "View Channel"), ("SEND_MESSAGES", "Send Messages")],
    )
    async def test_the_right_to_give_is_named(
        self, discord: Discord, platform: DiscordPlatform, denied: str, named: str
    ) -> None:
        discord.deny(NEWS, denied)
        await until(lambda: discord_told(platform, (named,), Permission.POST))
        with pytest.raises(Unreachable, match=f"missing “{named}”") as raised:
            await platform.post(HERE, CARD, key="one")
        assert f"Give my role “{named}”" in str(raised.value)

    async def test_the_right_to_pin_is_named(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        card = await platform.post(HERE, CARD, key="one")
        discord.deny(NEWS, "PIN_MESSAGES")
        await until(lambda: discord_told(platform, ("Pin Messages",), Permission.PIN))
        with pytest.raises(Unreachable, match="missing “Pin Messages”"):
            await platform.pin(HERE, card)

    async def test_a_person_who_takes_no_messages_is_told_how_to(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        discord.refuse_dms(MIRA)
        with pytest.raises(Unreachable, match="Direct messages from me are turned off"):
            await platform.post(TO_MIRA, CARD, key="one")

    async def test_a_card_somebody_deleted_is_gone(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        card = await platform.post(HERE, CARD, key="one")
        discord.delete_message(NEWS, card)
        with pytest.raises(CardGone):
            await platform.edit(HERE, card, BARE_CARD)
        with pytest.raises(CardGone):
            await platform.pin(HERE, card)


class TestConnection:
    async def test_a_visitor_sees_rights_and_changes_nothing(
        self, discord: Discord, kitchen: Kitchen
    ) -> None:
        async with running(platform_of(discord), kitchen.menu):
            offered = discord.view()["commands"]
        platform = platform_of(discord)
        discord.deny(NEWS, "EMBED_LINKS")
        async with platform.visit() as name:
            assert name.startswith("Storywire")
            assert not platform.connected
            assert await platform.lacks(HERE, Permission.POST) == ("Embed Links",)
            assert await platform.lacks(HERE, Permission.PIN) == ()
        assert discord.view()["commands"] == offered

    async def test_a_visitor_is_told_what_is_wrong(self, discord: Discord) -> None:
        with pytest.raises(SetupError, match="refused the token"):
            async with platform_of(discord, "wrong").visit():
                pass
        nowhere = f"http://127.0.0.1:{free_port()}"
        with pytest.raises(NotNow, match="I can't reach"):
            async with DiscordPlatform("wrong", api_url=nowhere, gateway_url=nowhere).visit():
                pass

    async def test_buttons_work_after_a_restart(self, discord: Discord, kitchen: Kitchen) -> None:
        async with running(platform_of(discord), kitchen.menu):
            shown = (await discord.slash(MIRA, NEWS, "story", {"words": "ferry"})).message
            assert shown is not None
        async with running(platform_of(discord), kitchen.menu):
            answer = await discord.click(MIRA, shown, "=story_ferry_sources")
        assert title(answer.message) == "Where it comes from"

    async def test_a_wrong_token_is_told_with_the_remedy_and_never_shown(
        self, discord: Discord, kitchen: Kitchen, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        wrong = "MTE2.wrong.token-that-nobody-may-see"
        with pytest.raises(SetupError, match=r"Discord refused the token: .*Reset Token") as raised:
            await platform_of(discord, wrong).run(kitchen.menu)
        assert wrong not in str(raised.value)
        assert wrong not in caplog.text
        assert raised.value.__suppress_context__

    async def test_a_token_withdrawn_later_is_told_too(
        self, discord: Discord, kitchen: Kitchen
    ) -> None:
        platform = platform_of(discord)
        task = asyncio.create_task(platform.run(kitchen.menu))
        await until(lambda: platform.connected)
        await discord.hang_up(4004)
        with pytest.raises(SetupError, match="refused the token"):
            await task
        assert not platform.connected

    async def test_a_network_that_is_down_is_waited_for(self, kitchen: Kitchen) -> None:
        late = Discord(limits=False, port=free_port())
        async with asyncio.TaskGroup() as tasks:
            platform, told = platform_of(late), list[str | None]()
            platform.on_connection(told.append)
            task = tasks.create_task(platform.run(kitchen.menu))
            await until(lambda: told)
            assert "Cannot connect" in str(told[0])
            async with late:
                await until(lambda: platform.connected)
                answer = await late.slash(MIRA, GENERAL, "help")
                assert title(answer.message) == "What I can do"
                task.cancel()
                await asyncio.wait({task})
        assert not platform.connected

    async def test_a_dropped_gateway_comes_back_by_itself(
        self, discord: Discord, platform: DiscordPlatform, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "discord.gateway")
        await discord.hang_up()
        await until(lambda: "RESUMED" in caplog.text and platform.connected)
        assert title((await discord.slash(MIRA, NEWS, "help")).message) == "What I can do"

    async def test_a_connection_that_stays_silent_is_made_anew(
        self,
        discord: Discord,
        kitchen: Kitchen,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The library resumes for ever where READY told it to, even when nothing is there."""
        monkeypatch.setattr("bot.platforms.discord.platform.CHECK_S", 0.05)
        monkeypatch.setattr("bot.platforms.discord.platform.SILENCE_S", 0.2)
        platform = platform_of(discord)
        monkeypatch.setattr(discord.gateway, "url", f"ws://127.0.0.1:{free_port()}/gateway")
        async with running(platform, kitchen.menu):
            await discord.hang_up()
            await until(
                lambda: "Discord has been silent for too long: reconnecting" in caplog.messages
            )
            await until(lambda: platform.connected)
            assert title((await discord.slash(MIRA, NEWS, "help")).message) == "What I can do"

    async def test_nothing_privileged_is_asked_for(
        self, discord: Discord, platform: DiscordPlatform
    ) -> None:
        assert platform.connected, "the sandbox refuses privileged intents"
        assert (await discord.slash(MIRA, NEWS, "help")).message is not None


def discord_told(
    platform: DiscordPlatform, lacking: tuple[str, ...], permission: Permission
) -> bool:
    """Whether the gateway's news has arrived."""
    assert platform._client is not None
    return permissions.known(platform._client, HERE, permission) == lacking


async def until_lacking(platform: DiscordPlatform, chat: Chat, lacking: tuple[str, ...]) -> None:
    async with asyncio.timeout(5):
        while await platform.lacks(chat, Permission.POST) != lacking:  # noqa: ASYNC110  as in until()
            await asyncio.sleep(0.01)


async def open_thread(discord: Discord, platform: DiscordPlatform) -> Chat:
    card = await platform.post(HERE, CARD, key="thread")
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bot {discord.token}"}) as session,
        session.post(
            f"{discord.api_url}/channels/{NEWS}/messages/{card}/threads", json={"name": "Talk"}
        ) as response,
    ):
        return Chat("discord", (await response.json())["id"])
