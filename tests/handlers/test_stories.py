"""/stories shows what is live."""

from stories.story import Status
from tests.handlers.talking import Talk, labels, made, read


async def test_the_live_stories_come_most_viral_first_with_their_figures(talk: Talk) -> None:
    answer = await talk.say("stories")
    assert read(answer).splitlines() == [
        "Live stories",
        "Vennburg Tram Strike",
        "● Active · 2 days 2 hours · virality 5.1 · 18 articles, 7 independent",
        "AI Theft Claims",
        "● Active · 21 hours · virality 4.5 · 14 articles",
        "Night Ferry Returns",
        "◔ Emerging · 9 hours · virality 2.1 · 3 articles",
    ]
    assert labels(answer)["AI Theft Claims"] == "story_ai-theft-claims"


async def test_six_stories_stand_on_a_page() -> None:
    talk = Talk(
        *(made(f"s{number:02}", f"Story {number:02}", virality=number / 2) for number in range(14))
    )
    first = labels(await talk.say("stories"))
    assert list(first) == [f"Story {number:02}" for number in range(13, 7, -1)] + ["More ›"]
    second = labels(await talk.click(first["More ›"]))
    assert second["‹ Back"] == "stories_1"
    third = await talk.click(second["More ›"])
    assert list(labels(third)) == ["Story 01", "Story 00", "‹ Back"]
    assert "Page 3 of 3, 14 live stories" in read(third)


async def test_a_page_that_is_not_there_shows_the_nearest_that_is(talk: Talk) -> None:
    one = await talk.say("stories")
    for page in ("9", "0", "x", "-1", "²", "9" * 5000):
        assert await talk.say("stories", page=page) == one


async def test_when_nothing_is_live_people_hear_how_stories_arrive() -> None:
    answer = await Talk(made("over", "Over", status=Status.ENDED)).say("stories")
    assert answer.title == "There are no live stories right now"
    assert "as soon as the newsroom publishes them" in read(answer)
