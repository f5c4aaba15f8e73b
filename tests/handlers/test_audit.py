"""/audit: who changed what in a chat."""

from datetime import timedelta

from bot.platforms.telegram.render import render
from tests.handlers.talking import FERRY, Talk, labels, read
from wording.message import Note


async def test_every_act_of_a_moderator_is_told_the_newest_first(talk: Talk) -> None:
    await talk.say("follow", what=FERRY)
    await talk.say("follow", what="Harbour, @everyone <b>")
    await talk.say("unfollow", what="harbour")
    talk.name = None
    await talk.say("pin", story=FERRY)
    await talk.say("unpin", story=FERRY)
    talk.name = "  Sol\n\u202e@here  "
    await talk.say("unfollow", what="all")
    await talk.say("follow", what="all")
    first = await talk.say("audit")
    last = await talk.click(labels(first)["More ›"])
    told = [block for page in (first, last) for block in page.blocks]
    assert all(isinstance(block, Note) and block.at == talk.at for block in told)
    sol = "Sol @here"
    held = talk.index.get(FERRY)
    assert held is not None
    title = held.story.title
    assert [block.body for block in told if isinstance(block, Note)] == [
        f"{sol} followed all stories,",
        f"{sol} unfollowed everything,",
        f"Someone unpinned “{title}”,",
        f"Someone pinned “{title}”,",
        "Mira unfollowed “Harbour”,",
        "Mira followed “Harbour”, “@everyone <b>”,",
        f"Mira followed the story “{title}”,",
    ]


async def test_what_changed_nothing_is_not_told(talk: Talk) -> None:
    for command in ("follow", "unfollow", "pin", "following", "pins"):
        await talk.say(command)
    await talk.say("follow", what="ferry")
    await talk.say("follow", what="ferry")
    talk.rules.away = True
    await talk.say("follow", what="tram")
    talk.moderator = False
    await talk.say("unfollow", what="ferry")
    talk.moderator = True
    assert read(await talk.say("audit")).count("Mira") == 1


async def test_it_is_about_one_chat_and_for_its_moderators(talk: Talk) -> None:
    await talk.say("follow", what="ferry")
    talk.moderator = False
    assert (await talk.say("audit")).title == "Only moderators of this chat can use /audit"
    talk.moderator, talk.chat = True, talk.person
    assert "Nobody has changed anything here" in read(await talk.say("audit"))


async def test_in_private_nothing_is_written_down(talk: Talk) -> None:
    talk.private = True
    await talk.say("follow", what="ferry")
    assert talk.audit.kept == []
    assert (await talk.say("audit")).title == "Only you can change what you get here"


async def test_who_asked_to_be_forgotten_is_named_no_more(talk: Talk) -> None:
    await talk.say("follow", what="ferry")
    talk.at += timedelta(minutes=1)
    await talk.say("unfollow", what="ferry")
    forgotten = await talk.say("forgetme", sure="yes")
    assert "Your name on 2 changes in groups and channels." in read(forgotten)
    told = read(await talk.say("audit"))
    assert "Mira" not in told
    assert told.count("Someone who was forgotten ") == 2


async def test_a_page_is_read_whole_even_where_answers_are_kept_brief(talk: Talk) -> None:
    talk.name = "N" * 100
    for number in range(7):
        await talk.say("follow", what=", ".join(f"{each}{'w' * 60}" for each in (number, "x")))
        await talk.say("unfollow", what="all")
    answer = await talk.say("audit")
    shown = render(answer, start_link="https://t.me/b?start=", brief=True).html
    assert shown.count("UTC") == len(answer.blocks) == 5
