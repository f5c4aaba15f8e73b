"""How loud each chat is told, over sockets and a real Redis: roles, mutes, pauses, quiet hours."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model.chat import Chat
from bot.model.ledger import CardRecord, State
from bot.model.rule import Loudness, Mute, Quiet, Rule
from bot.storage.ledger import RedisLedger
from bot.storage.rules import RedisRules
from sandbox.discord import GENERAL, HEADLINES, NEWS, READERS, SOL
from sandbox.telegram import CHANNEL
from stories.story import Conflict, Correction, Report, Spread, Status, Story, StoryId
from tests.running import Road, Running, eventually
from tests.stories_made import FERRY as OLD_FERRY
from wording.reasons import Code, Reason

FERRY = replace(OLD_FERRY, revision=None, updated_at=datetime.now(UTC).replace(microsecond=0))
BRIDGE = replace(FERRY, id=StoryId("bridge"), title="Bridge Opens")
TRAMS = replace(FERRY, id=StoryId("trams"), title="Trams Stand Still")
NOTABLE = replace(FERRY, breakdown=(*FERRY.breakdown, "It came back at dawn."))
MAJOR = replace(NOTABLE, retracted="Its source took it back.")

ON_DISCORD = Chat("discord", NEWS)
ON_TELEGRAM = Chat("telegram", str(CHANNEL))
ELSEWHERE = Chat("discord", GENERAL)
BOTH = (ON_DISCORD, ON_TELEGRAM)
NOW = datetime.now(UTC)


def messages(road: Road, chat: Chat) -> list[dict[str, Any]]:
    """What the bot has said in a chat, oldest first."""
    if chat.platform == "discord":
        return road.discord.messages(chat.address)
    return [each for each in road.telegram.messages(int(chat.address)) if "text" in each]


def texts(road: Road, chat: Chat) -> list[str]:
    return [str(each.get("embeds") or each["text"]) for each in messages(road, chat)]


def _number(road: Road) -> list[int]:
    return [len(messages(road, chat)) for chat in BOTH]


async def says(road: Road, chat: Chat, *said: str) -> None:
    """Wait until the messages of a chat hold these words, one each, and are no others."""

    def so() -> bool:
        there = texts(road, chat)
        return len(there) == len(said) and all(
            words in text for words, text in zip(said, there, strict=True)
        )

    await eventually(so, f"{said} in {chat}")


# The role that a major update mentions.


async def test_a_major_update_mentions_the_role_and_a_notable_one_mentions_nobody(
    calm_bot: Running,
) -> None:
    rule = Rule(all=True, loudness=Loudness.PING, role=READERS)
    road = await calm_bot.start(dict.fromkeys(BOTH, rule))
    await road.publish(FERRY, TRAMS)
    await eventually(lambda: _number(road) == [2, 2], "both cards")
    await road.publish(MAJOR, replace(TRAMS, breakdown=(*TRAMS.breakdown, "They move again.")))
    await eventually(lambda: _number(road) == [4, 4], "both replies")
    sent = {
        message["embeds"][0]["description"]: message for message in messages(road, ON_DISCORD)[2:]
    }
    (major,) = (sent[said] for said in sent if "withdrawn" in said.lower())
    (notable,) = (sent[said] for said in sent if "They move again" in said)
    assert major["content"].startswith(f"<@&{READERS}> {FERRY.title} – ")
    assert "withdrawn" in major["content"].lower(), "a notification says what happened"
    assert major["mention_roles"] == [READERS]
    assert not major["flags"] & 4096, "people are notified"
    assert notable["content"].startswith(f"{TRAMS.title} – ")
    assert notable["mention_roles"] == []
    assert notable["flags"] & 4096
    asked = [call.body for call in road.telegram.calls if call.path == "sendMessage"]
    loud = [body["text"] for body in asked if not body["disable_notification"]]
    assert len(loud) == 1
    assert "withdrawn" in loud[0].lower()
    assert READERS not in str(asked)


async def test_where_no_role_was_chosen_a_major_update_is_only_said_aloud(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start({ON_DISCORD: Rule(all=True, loudness=Loudness.REPLY, role=READERS)})
    await road.publish(FERRY)
    await says(road, ON_DISCORD, FERRY.title)
    await road.publish(MAJOR)
    await eventually(lambda: len(messages(road, ON_DISCORD)) == 2, "the reply")
    reply = messages(road, ON_DISCORD)[1]
    assert reply["content"].startswith(f"{FERRY.title} – ")
    assert reply["mention_roles"] == []
    assert not reply["flags"] & 4096


# Figures, and what a reply says.


def with_stats(story: Story, **stats: Any) -> Story:
    return replace(story, stats=replace(story.stats, **stats))


async def test_figures_alone_edit_the_card_and_that_it_spreads_fast_is_said_in_words(
    calm_bot: Running,
) -> None:
    rule = Rule(all=True, loudness=Loudness.PING, role=READERS)
    road = await calm_bot.start(dict.fromkeys(BOTH, rule))
    await road.publish(FERRY)
    for chat in BOTH:
        await says(road, chat, FERRY.title)
    figures = replace(with_stats(FERRY, virality=6.4, articles=900), rank=2)
    await road.publish(figures)
    for chat in BOTH:
        await says(road, chat, "900 articles")
    await road.rests()
    for chat in BOTH:
        await says(road, chat, "900 articles")  # no reply
    await road.publish(with_stats(figures, virality=7.1))
    for chat in BOTH:
        await says(road, chat, "virality 7.1", "Spreading fast")
    assert messages(road, ON_DISCORD)[1]["mention_roles"] == []


async def test_that_it_spreads_fast_is_said_once_a_day_also_after_a_restart(
    calm_bot: Running,
) -> None:
    chats = dict.fromkeys(BOTH, Rule(all=True))
    road = await calm_bot.start(chats)
    await road.publish(FERRY)
    for chat in BOTH:
        await says(road, chat, "virality 4.5")
    await road.publish(with_stats(FERRY, virality=8.0))
    for chat in BOTH:
        await says(road, chat, "spreading fast, virality 4.5 → 8", "Spreading fast")
    await road.publish(with_stats(FERRY, virality=2.0))
    for chat in BOTH:
        await says(road, chat, "Changed: virality 8 → 2", "Spreading fast")
    await calm_bot.stop()
    road = await calm_bot.start(chats)
    await road.publish(with_stats(FERRY, virality=9.0))
    for chat in BOTH:
        await says(road, chat, "Changed: virality 2 → 9", "Spreading fast")


async def test_a_reply_says_the_state_and_below_it_what_is_new(calm_bot: Running) -> None:
    road = await calm_bot.start(dict.fromkeys(BOTH, Rule(all=True)))
    cools = with_stats(TRAMS, status=Status.COOLING)
    over = with_stats(replace(FERRY, headline="All are home again"), status=Status.ENDED)
    await road.publish(FERRY, TRAMS)
    await eventually(lambda: _number(road) == [2, 2], "both cards")
    await road.publish(cools, over)
    await eventually(lambda: _number(road) == [4, 4], "two replies")
    for chat in BOTH:
        replies = texts(road, chat)[2:]
        assert any("Now cooling" in text for text in replies)
        assert any("Ended" in text and "All are home again" in text for text in replies)


async def test_a_correction_is_told_once_and_stands_on_the_card(calm_bot: Running) -> None:
    rule = Rule(all=True, loudness=Loudness.PING, role=READERS)
    road = await calm_bot.start(dict.fromkeys(BOTH, rule))
    await road.publish(FERRY)
    for chat in BOTH:
        await says(road, chat, FERRY.title)
    wrong = Correction("Refunds are offered to residents, not to everyone.", NOW)
    await road.publish(replace(FERRY, correction=wrong))
    for chat in BOTH:
        await says(road, chat, f"Correction: {wrong.text}", f"Correction: {wrong.text}")
    assert messages(road, ON_DISCORD)[1]["mention_roles"] == []
    await road.publish(FERRY)
    for chat in BOTH:
        await says(road, chat, "the correction was removed", f"Correction: {wrong.text}")
    await road.publish(replace(FERRY, correction=wrong))
    for chat in BOTH:
        await says(road, chat, "an earlier correction is shown again", f"Correction: {wrong.text}")


async def test_what_reports_say_differently_stands_on_the_card_and_in_one_reply(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start(dict.fromkeys(BOTH, Rule(all=True, show_leaning=True)))
    await road.publish(FERRY)
    for chat in BOTH:
        await says(road, chat, FERRY.title)
    reports = (Report("212 were aboard.", 0, NOW), Report("221 were aboard.", 0))
    differing = replace(FERRY, conflicts=(Conflict("people aboard", reports),))
    figures = with_stats(differing, articles=34, independent=6, spread=Spread(2, 5, 1, 3))
    await road.publish(figures)
    for chat in BOTH:
        await says(road, chat, "34 articles, 6 independent", "Reports differ on “people aboard”")
        card, reply = texts(road, chat)
        for said in ("“212 were aboard.” – Veld Post", "“221 were aboard.” – Veld Post"):
            assert said in card
            assert said in reply
        assert "◀◀●●●●●▶○○○ outlets: left 2" in card


async def test_a_point_is_followed_by_small_numbers_that_lead_to_its_sources(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start(dict.fromkeys(BOTH, Rule(all=True)))
    await road.publish(replace(FERRY, cited=((), (0,))))
    await says(road, ON_DISCORD, "opens on Monday. [¹](<https://veldpost.example/ferry>)")
    await says(road, ON_TELEGRAM, "opens on Monday. ¹")
    (card,) = messages(road, ON_TELEGRAM)
    links = [each["url"] for each in card["entities"] if each["type"] == "text_link"]
    assert "https://veldpost.example/ferry" in links


# Stories that a chat has muted, and chats that are paused.


async def test_a_muted_story_gets_no_card_until_it_turns_major_where_that_was_asked(
    calm_bot: Running, rules: RedisRules
) -> None:
    mutes = (Mute(FERRY.id, until_major=True, revision=1), Mute(TRAMS.id, until_major=False))
    for chat in BOTH:
        await rules.save(chat, Rule(all=True, muted=mutes))
    road = await calm_bot.start({ELSEWHERE: Rule(all=True)})
    await road.publish(FERRY, TRAMS, BRIDGE)
    for chat in BOTH:
        await says(road, chat, BRIDGE.title)
    await eventually(lambda: len(messages(road, ELSEWHERE)) == 3, "three cards")
    await road.publish(NOTABLE, replace(TRAMS, retracted="It was not so."))
    await eventually(lambda: len(messages(road, ELSEWHERE)) == 5, "three cards and two replies")
    await road.rests()
    for chat in BOTH:
        await says(road, chat, BRIDGE.title)
    await road.publish(replace(NOTABLE, stats=replace(NOTABLE.stats, virality=9.0)))
    await eventually(lambda: "virality 9" in str(texts(road, ELSEWHERE)), "it is shown elsewhere")
    for chat in BOTH:  # its reply there waits for the hour, so nothing comes to rest
        await says(road, chat, BRIDGE.title)
    new = ("The port is shut.", "Divers search the pier.", "A tug is on its way.")
    await road.publish(replace(NOTABLE, breakdown=new))
    for chat in BOTH:
        await says(road, chat, BRIDGE.title, FERRY.title)
        rule = (await rules.load())[chat]
        assert rule.muted == mutes[1:]


async def test_a_card_that_was_muted_is_kept_true_without_a_word(
    calm_bot: Running, rules: RedisRules
) -> None:
    await rules.save(ON_DISCORD, Rule(all=True))
    road = await calm_bot.start()
    await road.publish(FERRY)
    await says(road, ON_DISCORD, FERRY.title)
    await calm_bot.stop()
    await rules.save(ON_DISCORD, Rule(all=True, muted=(Mute(FERRY.id, revision=1),)))
    road = await calm_bot.start({ELSEWHERE: Rule(all=True)})
    await road.publish(replace(FERRY, stats=replace(FERRY.stats, status=Status.ENDED)))
    await says(road, ON_DISCORD, "Ended")
    await road.publish(TRAMS)
    await says(road, ON_DISCORD, "Ended", TRAMS.title)


async def test_after_a_pause_each_live_story_is_shown_once(calm_bot: Running) -> None:
    stories = [replace(FERRY, id=StoryId(f"s{n}"), title=f"Story {n}") for n in range(7)]
    road = await calm_bot.start({ELSEWHERE: Rule(all=True)})
    await road.discord.slash(SOL, NEWS, "follow", {"what": "all"})
    await road.publish(FERRY)
    await says(road, ON_DISCORD, FERRY.title)
    await road.discord.slash(SOL, NEWS, "pause")
    await road.publish(*stories, NOTABLE)
    await eventually(lambda: len(messages(road, ELSEWHERE)) == 9, "eight cards and a reply")
    await says(road, ON_DISCORD, "It came back at dawn.")
    await road.discord.slash(SOL, NEWS, "resume")
    await eventually(lambda: len(messages(road, ON_DISCORD)) == 8, "the other seven")
    titles = sorted(message["embeds"][0]["title"] for message in messages(road, ON_DISCORD))
    assert titles == sorted([FERRY.title, *(story.title for story in stories)])


# Quiet hours. The simulation's storms go on until they end.


def night(**more: Any) -> Rule:
    """A rule of a chat where it is quiet now, and stays so for hours."""
    now = datetime.now(UTC)
    begins, ends = ((now + timedelta(hours=hours)).time() for hours in (-2, 12))
    quiet = Quiet(begins, ends, "UTC", majors=more.pop("majors", True))
    return Rule(all=True, quiet=quiet, **more)


async def test_at_night_nothing_new_comes_and_in_the_morning_each_story_once(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start({**dict.fromkeys(BOTH, night()), ELSEWHERE: Rule(all=True)})
    await road.publish(FERRY, TRAMS)
    await eventually(lambda: len(messages(road, ELSEWHERE)) == 2, "both where nobody sleeps")
    await road.publish(NOTABLE)
    await eventually(lambda: len(messages(road, ELSEWHERE)) == 3, "and a reply")
    assert _number(road) == [0, 0]
    await calm_bot.stop()
    road = await calm_bot.start(dict.fromkeys(BOTH, Rule(all=True)))
    for chat in BOTH:
        await eventually(lambda: _number(road) == [2, 2], "both, once")
        assert any("It came back at dawn." in text for text in texts(road, chat))


async def test_at_night_cards_are_edited_and_replies_wait_for_the_morning(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start(dict.fromkeys(BOTH, Rule(all=True)))
    await road.publish(FERRY)
    await eventually(lambda: _number(road) == [1, 1], "the card")
    await calm_bot.stop()
    road = await calm_bot.start(dict.fromkeys(BOTH, night(majors=False)))
    for story in (NOTABLE, replace(NOTABLE, breakdown=(*NOTABLE.breakdown, "All went home."))):
        await road.publish(story)
        for chat in BOTH:
            await says(road, chat, story.breakdown[-1])
    await calm_bot.stop()
    road = await calm_bot.start(dict.fromkeys(BOTH, Rule(all=True)))
    for chat in BOTH:
        await says(road, chat, "All went home.", "It came back at dawn.")


async def test_a_major_update_is_told_at_night_unless_the_chat_asks_otherwise(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start(dict.fromkeys((*BOTH, ELSEWHERE), Rule(all=True)))
    await road.publish(FERRY)
    for chat in (*BOTH, ELSEWHERE):
        await says(road, chat, FERRY.title)
    await calm_bot.stop()
    wakeful = night(loudness=Loudness.PING, role=READERS)
    road = await calm_bot.start({**dict.fromkeys(BOTH, wakeful), ELSEWHERE: night(majors=False)})
    await road.publish(NOTABLE)
    for chat in (*BOTH, ELSEWHERE):
        await says(road, chat, "It came back at dawn.")
    await road.publish(MAJOR)
    await says(road, ELSEWHERE, "Its source took it back.")
    for chat in BOTH:
        await says(road, chat, "Its source took it back.", "ithdrawn")
    assert messages(road, ON_DISCORD)[1]["mention_roles"] == [READERS]


# Announcements.

IN_HEADLINES = Chat("discord", HEADLINES)


async def test_a_card_in_an_announcement_channel_is_published_once(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start(
        {IN_HEADLINES: Rule(all=True, publish=True), ON_DISCORD: Rule(all=True)}
    )
    await road.publish(FERRY)
    await eventually(lambda: _published(road, HEADLINES) == [True], "it is published")
    await road.publish(NOTABLE)
    await says(road, ON_DISCORD, "It came back at dawn.", "It came back at dawn.")
    assert len(_publishes(road)) == 1
    (card,) = messages(road, IN_HEADLINES)
    assert "It came back at dawn." not in str(card), "the next edit may come in 20 minutes"
    row = await ledger.row(IN_HEADLINES, FERRY.id)
    assert row is not None
    assert row.published_at is not None


async def test_a_card_that_was_posted_and_not_published_is_published_later(
    calm_bot: Running,
) -> None:
    road = await calm_bot.start({IN_HEADLINES: Rule(all=True)})
    await road.publish(FERRY)
    await says(road, IN_HEADLINES, FERRY.title)
    await calm_bot.stop()
    await road.archive.accept(NOTABLE)  # heard of at once: else the card is published as it was
    road = await calm_bot.start({IN_HEADLINES: Rule(all=True, publish=True)})
    await eventually(lambda: _published(road, HEADLINES)[0], "it is published")
    card, _reply = messages(road, IN_HEADLINES)
    assert "It came back at dawn." in str(card), "as of its newest revision"


async def test_no_more_than_ten_cards_an_hour_are_published_in_a_channel_also_after_a_restart(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    now = datetime.now(UTC)
    for n in range(9):
        shown = CardRecord(
            State.SHOWN, now, 1, message_id=str(n + 1), fingerprint="-", posted_at=now
        )
        await ledger.write(IN_HEADLINES, StoryId(f"s{n}"), replace(shown, published_at=now))
    road = await calm_bot.start({IN_HEADLINES: Rule(all=True, publish=True)})
    await road.publish(FERRY, TRAMS, BRIDGE)
    await eventually(lambda: len(_published(road, HEADLINES)) == 3, "three cards")
    await eventually(lambda: _publishes(road), "one is published")
    await road.publish(replace(BRIDGE, rank=1))  # told after it: the others had their turn
    await eventually(lambda: "#1" in str(texts(road, IN_HEADLINES)), "the card is edited")
    assert len(_publishes(road)) == 1


async def test_a_channel_whose_cards_cannot_be_published_gets_them_all_the_same(
    calm_bot: Running, ledger: RedisLedger
) -> None:
    road = await calm_bot.start({ON_DISCORD: Rule(all=True, publish=True)})
    await road.publish(FERRY)
    await says(road, ON_DISCORD, FERRY.title)
    await road.publish(TRAMS)
    await says(road, ON_DISCORD, FERRY.title, TRAMS.title)
    await road.rests()
    row = await ledger.row(ON_DISCORD, FERRY.id)
    assert row is not None
    assert row.why == Reason(Code.NOT_ANNOUNCEMENTS)
    assert _publishes(road) == []


def _published(road: Road, channel: str) -> list[bool]:
    return [bool(message["flags"] & 1) for message in road.discord.messages(channel)]


def _publishes(road: Road) -> list[int]:
    return [call.status for call in road.discord.calls if call.path.endswith("/crosspost")]
