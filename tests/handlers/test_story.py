"""/story shows one story, and its parts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.rule import Rule
from bot.platforms.discord.render import render
from stories.story import Conflict, Report, Source
from tests.handlers.talking import HERE, NOW, Talk, labels, made, read
from wording.card import card
from wording.message import Link, Tone
from wording.words import moment


async def test_a_story_is_its_card_whose_buttons_act_in_place(talk: Talk) -> None:
    edition = talk.index.get("ai-theft-claims")
    assert edition is not None
    living = card(edition, talk.index.delta(edition))
    answer = await talk.type("story", "alibaba")
    assert (answer.title, answer.blocks) == (living.title, living.blocks)
    assert answer.living is None
    assert labels(answer)["Questions (10)"] == "faq_ai-theft-claims"


async def test_without_words_it_is_the_most_viral_live_story(talk: Talk) -> None:
    assert (await talk.say("story")).title == "Vennburg Tram Strike"
    assert (await Talk().say("story")).title == "There are no live stories right now"


async def test_words_that_fit_several_stories_offer_them(talk: Talk) -> None:
    answer = await talk.type("story", "ferry strike")
    assert answer.tone is Tone.SORRY
    assert answer.title == "I'm not sure which story you mean by “ferry strike”"
    assert labels(answer) == {
        "Vennburg Tram Strike": "story_vennburg-tram-strike",
        "Night Ferry Returns": "story_night-ferry-returns",
    }


async def test_words_that_fit_nothing_offer_what_is_live(talk: Talk) -> None:
    answer = await talk.type("story", "volcano")
    assert answer.title == "No story matches “volcano”"
    assert len(labels(answer)) == 3
    empty = await Talk().type("story", "volcano")
    assert "Nothing is live right now" in read(empty)


async def test_leaning_is_shown_only_where_the_chat_asked_for_it(talk: Talk) -> None:
    assert "leaning" not in read(await talk.type("story", "alibaba"))
    talk.rules.saved[HERE] = Rule(all=True, show_leaning=True)
    assert "leaning right" in read(await talk.type("story", "alibaba"))


SOURCES = tuple(
    Source(
        f"Report {number}",
        outlet="Veld Post",
        url=f"https://veldpost.example/{number}",
        published_at=NOW - timedelta(days=number),
    )
    for number in range(9)
)


async def test_sources_name_outlet_title_link_and_date_eight_a_page() -> None:
    talk = Talk(made("fire", "Fire", sources=SOURCES))
    link = labels(await talk.type("story", "fire"))["Sources (9)"]
    first = await talk.click(link)
    assert first.title == "Sources of “Fire”, 1 of 2"
    assert first.blocks[0] == Link(
        "• Report 0", "https://veldpost.example/0", "Veld Post · 25 Jun 2026, 06:01 UTC"
    )
    assert len(first.blocks) == 8
    assert labels(first) == {"More ›": "story_fire_sources_2", "‹ Story": "story_fire"}
    second = await talk.click("story_fire_sources_2")
    assert read(second).splitlines()[1].startswith("• Report 8")


async def test_a_source_whose_link_cannot_be_shown_is_still_named() -> None:
    bad = Source("Leak", outlet="Veld Post", url="https://user@veldpost.example/")
    answer = await Talk(made("fire", "Fire", sources=(bad,))).click("story_fire_sources")
    assert read(answer) == "Sources of “Fire”\n• Leak · Veld Post"


async def test_a_story_without_sources_says_so(talk: Talk) -> None:
    answer = await Talk(made("fire", "Fire")).click("story_fire_sources")
    assert answer.title == "“Fire” lists no sources"
    assert labels(answer) == {"‹ Story": "story_fire"}


async def test_a_part_nobody_has_heard_of_leads_back_to_the_story(talk: Talk) -> None:
    answer = await talk.say("story", words="alibaba", part="weather")
    assert answer.title == "A story has no part called “weather”"
    assert labels(answer) == {"‹ Story": "story_ai-theft-claims"}


async def test_details_name_the_outlets_of_each_point_and_where_reports_differ() -> None:
    told = replace(
        made("fire", "Fire", breakdown=("It burns.", "It is out.", "Nobody is hurt.")),
        sources=(Source("Fire", "Veld Post"), Source("Smoke", "Courier"), Source("Flames")),
        cited=((0, 1), (), (2,)),
        conflicts=(
            Conflict("the cause", (Report("A fuse blew.", 0, NOW), Report("It was lightning.", 1))),
        ),
    )
    talk = Talk(told)
    details = await talk.click(labels(await talk.type("story", "fire"))["Details"])
    assert read(details).splitlines()[1:] == [
        "It burns. (Veld Post, Courier) · It is out. · Nobody is hurt. (Flames)",
        "Reports differ on “the cause”:",
        f"“A fuse blew.” – Veld Post, {moment(NOW)} · “It was lightning.” – Courier",
    ]
    sources = await talk.click("story_fire_sources")
    assert read(sources).splitlines()[1:] == [
        "1. Fire · Veld Post · source of 1 point",
        "2. Smoke · Courier · source of 1 point",
        "3. Flames · source of 1 point",
    ]


@pytest.mark.parametrize("bullet", ["A point that is made at length. " * 40, "*_~[" * 400])
async def test_a_long_breakdown_is_read_whole_page_by_page(bullet: str) -> None:
    bullets = tuple(f"{number} {bullet}"[:1600].strip() for number in range(20))
    talk = Talk(made("long", "Long", breakdown=bullets))
    answer = await talk.type("story", "long")
    assert answer.more == "… the rest is under “Full breakdown”"
    shown = []
    link: str | None = labels(answer)["Full breakdown"]
    while link:
        page = await talk.click(link)
        shown.append(read(page))
        assert "…" not in (render(page).embed.description or "")
        link = labels(page).get("More ›")
    assert len(shown) > 1
    said = "\n".join(shown)
    assert all(each in said for each in bullets)


async def test_while_typing_live_stories_are_suggested_by_their_titles(talk: Talk) -> None:
    assert [each.name for each in talk.suggest("story", "words", "")] == [
        "Vennburg Tram Strike",
        "AI Theft Claims",
        "Night Ferry Returns",
    ]
    assert [each.value for each in talk.suggest("story", "words", "fer")] == ["night-ferry-returns"]
    assert talk.suggest("story", "words", "volcano") == []


async def test_a_long_title_is_suggested_up_to_a_whole_word() -> None:
    talk = Talk(made("endless", "Endless negotiations " * 12))
    [suggested] = talk.suggest("story", "words", "neg")
    assert suggested.name.endswith(("negotiations…", "Endless…"))
    assert len(suggested.name) <= 100
