"""A story is put into any Telegram chat by typing the bot there, and leads to the living one."""

from dataclasses import replace

from sandbox import telegram
from stories.story import Status, StoryId
from tests.road.parity import FERRY, FILLERS, STORIES, TRAMS
from tests.road.people import OnTelegram
from tests.running import Running
from wording.text import JOINER


async def test_a_story_is_found_by_its_words_and_sent_as_it_stands(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    world = road.telegram
    offered = await world.inline(telegram.MIRA, "harbour ferry")
    assert [result["title"] for result in offered.results] == ["Night ferry returns"]
    assert offered.results[0]["description"] == "The boat sails again"
    sent = await world.choose(telegram.MIRA, telegram.GROUP, offered, offered.results[0]["id"])
    assert sent["text"].replace(JOINER, "").startswith("Night ferry returns\n\nThe boat sails")
    [[button]] = sent["reply_markup"]["inline_keyboard"]
    assert button["text"] == "Latest version"
    mira = OnTelegram(world, telegram.MIRA)
    opened = await mira.open(button["url"].partition("?start=")[2])
    assert opened.title == "Night ferry returns"
    assert "Questions (2)" in opened.labels


async def test_without_words_the_live_stories_are_offered(calm_bot: Running) -> None:
    many = [replace(FILLERS[0], id=StoryId(f"n{n}"), title=f"Number {n}") for n in range(12)]
    road = await calm_bot.knowing(*many, *STORIES)
    offered = await road.telegram.inline(telegram.MIRA, "")
    assert len(offered.results) == 10
    assert offered.results[0]["title"] == "Night ferry returns"
    assert offered.button is None


async def test_where_nothing_is_found_a_button_leads_to_the_bot(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    offered = await road.telegram.inline(telegram.MIRA, "submarine *volcano*")
    assert offered.results == []
    assert offered.button == {"text": "Nothing found. Ask me …", "start_parameter": "search"}
    asked = await OnTelegram(road.telegram, telegram.MIRA).open("search")
    assert asked.title == "What should I search for?"


async def test_a_withdrawn_story_is_not_offered_and_a_merged_one_says_so(calm_bot: Running) -> None:
    road = await calm_bot.knowing(
        replace(TRAMS, retracted="It was wrong."),
        replace(FERRY, merged_into=TRAMS.id, stats=replace(FERRY.stats, status=Status.ENDED)),
    )
    assert (await road.telegram.inline(telegram.MIRA, "tram strike")).results == []
    offered = await road.telegram.inline(telegram.MIRA, "night ferry")
    sent = await road.telegram.choose(telegram.MIRA, telegram.GROUP, offered, "ferry")
    assert "Merged into “trams”" in sent["text"]


async def test_what_a_story_says_stays_text(calm_bot: Running) -> None:
    title = "<b>Free</b> @everyone /start https://evil.example <a href='tg://x'>here</a>"
    road = await calm_bot.knowing(replace(FERRY, title=title, headline=title))
    offered = await road.telegram.inline(telegram.MIRA, "free")
    sent = await road.telegram.choose(telegram.MIRA, telegram.GROUP, offered, "ferry")
    assert title in sent["text"].replace(JOINER, "")
    kinds = [entity["type"] for entity in sent["entities"]]
    assert not {"mention", "bot_command", "url"} & set(kinds)
    links = [entity["url"] for entity in sent["entities"] if entity["type"] == "text_link"]
    assert links == ["https://strand.example/ferry"]


async def test_what_people_sent_by_the_bot_is_no_question(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    world = road.telegram
    offered = await world.inline(telegram.MIRA, "night ferry")
    for chat in (telegram.MIRA, telegram.GROUP):
        await world.choose(telegram.MIRA, chat, offered, "ferry")
    mira = OnTelegram(world, telegram.MIRA)
    assert (await mira.type("/help")).title == "Storywire"
    assert [seen.title for seen in mira.read()] == ["Storywire"]
