"""/follow, /unfollow and /following: what a chat gets, changed and said in words."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

import handlers.unfollow
from bot.model.rule import Loudness, Rule
from handlers.story_choice import buttons_to
from handlers.unfollow import TITLES
from stories.edition import Edition
from stories.search import StorySearch
from stories.spelling import bare, fold
from stories.story import Status, StoryId, text_key
from tests.handlers.talking import FERRY, FILED, HERE, MIRA, THEFT, TRAM, Talk, labels, made, read
from wording.message import Note, Tone


async def test_words_are_followed_among_keywords_and_names(talk: Talk) -> None:
    answer = await talk.type("follow", "  ferry,  Port  of Aldmar ")
    assert answer.title == "Following “ferry” and “Port of Aldmar”"
    assert "Every story about “ferry” or “Port of Aldmar”." in read(answer)
    assert "1 live story matches right now." in read(answer)
    words = ("ferry", "Port of Aldmar")
    assert talk.rules.of(HERE) == Rule(keywords=words, entities=words, keeper=MIRA)


async def test_a_word_no_story_has_is_followed_and_said_to_match_nothing_yet(talk: Talk) -> None:
    answer = await talk.type("follow", "ferries")
    assert answer.title == "Following “ferries”"
    assert "No live story matches yet." in read(answer)


async def test_a_title_or_an_id_is_followed_as_a_story(talk: Talk) -> None:
    answer = await talk.type("follow", "ai theft CLAIMS")
    assert answer.title == "Following “AI Theft Claims”"
    assert labels(answer)["Unfollow"] == "unfollow___ai-theft-claims"
    await talk.click("follow__night-ferry-returns")
    assert talk.rules.of(HERE) == Rule(story_ids=(THEFT, FERRY), keeper=MIRA)


async def test_a_word_that_means_one_story_is_a_word_and_the_story_is_offered(talk: Talk) -> None:
    answer = await talk.type("follow", "alibaba")
    assert talk.rules.of(HERE) == Rule(keywords=("alibaba",), entities=("alibaba",), keeper=MIRA)
    assert labels(answer)["Follow the story “AI Theft Claims”"] == "follow__ai-theft-claims"


async def test_a_story_that_is_followed_is_muted_no_longer(talk: Talk) -> None:
    await talk.click(f"mute_{FERRY}")
    await talk.click(f"follow_{FERRY}")
    assert talk.rules.of(HERE) == Rule(story_ids=(FERRY,), keeper=MIRA)


async def test_a_title_with_a_comma_is_one_story() -> None:
    talk = Talk(made("fire", "Fire, Flood and Fury"))
    await talk.type("follow", "Fire, Flood and Fury")
    assert talk.rules.of(HERE) == Rule(story_ids=(StoryId("fire"),), keeper=MIRA)


async def test_who_unfollows_everything_keeps_how_loud_it_is(talk: Talk) -> None:
    rule = Rule(keywords=("ferry",), loudness=Loudness.EDIT, pins=3, min_virality=5)
    for what in ("all", "ferry"):
        talk.rules.saved[HERE] = rule
        await talk.type("unfollow", what)
        assert talk.rules.of(HERE) == replace(rule, keywords=(), keeper=MIRA)
    talk.rules.saved[HERE] = Rule(all=True)
    await talk.type("unfollow", "all")
    assert talk.rules.of(HERE) is None


async def test_everything_can_be_followed(talk: Talk) -> None:
    answer = await talk.type("follow", "All")
    assert "Every live story." in read(answer)
    assert talk.rules.of(HERE) == Rule(all=True, keeper=MIRA)
    assert (await talk.type("follow", "all")).title == "This chat already follows every live story"
    assert (await talk.type("follow", "ferry")).title == "This chat already gets every live story"


async def test_what_is_followed_already_is_said_to_be(talk: Talk) -> None:
    for what in ("ferry", THEFT):
        await talk.type("follow", what)
    before = talk.rules.of(HERE)
    assert (await talk.type("follow", "FERRY")).title == "This chat already follows “FERRY”"
    again = await talk.type("follow", THEFT)
    assert again.title == "This chat already follows “AI Theft Claims”"
    assert again.tone is Tone.SORRY
    assert talk.rules.of(HERE) == before


async def test_a_story_that_is_over_is_not_followed() -> None:
    talk = Talk(
        made("over", "Over", status=Status.ENDED),
        made("wrong", "Wrong", retracted="It was."),
        made("part", "Part", merged_into="whole"),
        made("whole", "Whole"),
    )
    over = await talk.type("follow", "over")
    assert over.title == "“Over” has ended, so there's nothing left to follow"
    assert labels(over) == {"Whole": "follow__whole"}
    assert (await talk.type("follow", "wrong")).title.startswith("“Wrong” was withdrawn")
    part = await talk.type("follow", "part")
    assert part.title.startswith("“Part” is now part of another story")
    assert labels(part) == {"Whole": "follow__whole"}
    assert talk.rules.of(HERE) is None


async def test_of_two_live_stories_of_one_title_people_choose() -> None:
    talk = Talk(made("a", "Strike"), made("b", "Strike"))
    answer = await talk.type("follow", "strike")
    assert answer.title == "Several live stories are called “strike”"
    assert labels(answer) == {"Strike (a)": "follow__a", "Strike (b)": "follow__b"}


async def test_nothing_said_asks_what(talk: Talk) -> None:
    answer = await talk.say("follow")
    assert answer.title == "What should this chat follow?"
    assert labels(answer)["AI Theft Claims"] == "follow__ai-theft-claims"
    assert labels(answer)["All stories"] == "follow____all"
    assert await talk.type("follow", " , ,") == answer


async def test_a_chat_follows_at_most_fifty_words_and_a_hundred_stories() -> None:
    talk = Talk(*(made(f"s{number}", f"Story s{number}") for number in range(101)))
    await talk.type("follow", ",".join(f"word{number}" for number in range(50)))
    full = await talk.type("follow", "one more")
    assert full.title == "A chat can follow up to 50 words, and this one already follows 50"
    for number in range(100):
        assert (await talk.type("follow", f"s{number}")).title.startswith("Following")
    full = await talk.type("follow", "s100")
    assert full.title == "This chat already follows 100 stories, the maximum"
    assert labels(full) == {"What this chat follows": "following"}
    rule = talk.rules.of(HERE)
    assert rule is not None
    assert (len(rule.keywords), len(rule.story_ids)) == (50, 100)
    listed = await talk.say("following")
    assert labels(listed)["Unfollow others"] == "unfollow__2"
    assert len(labels(await talk.click("unfollow__2"))) == 25 + 3


async def test_a_word_longer_than_any_keyword_is_refused(talk: Talk) -> None:
    answer = await talk.type("follow", "x" * 101)
    assert "is too long: a keyword has at most 100 characters" in answer.title
    assert talk.rules.of(HERE) is None


async def test_two_moderators_at_once_lose_nothing(talk: Talk) -> None:
    await asyncio.gather(*(talk.type("follow", word) for word in ("one", "two", "three")))
    rule = talk.rules.of(HERE)
    assert rule is not None
    assert set(rule.keywords) == {"one", "two", "three"}


async def test_only_moderators_change_what_others_get(talk: Talk) -> None:
    talk.moderator = False
    for command in ("follow", "unfollow"):
        answer = await talk.type(command, "all")
        assert answer.title == f"Only moderators of this chat can use /{command}"
    talk.private = True
    assert (await talk.type("follow", "all")).title == "Following all stories"


async def test_a_chat_in_the_operators_file_is_not_changed_from_chat(talk: Talk) -> None:
    talk.chat = FILED
    for command in ("follow", "unfollow"):
        answer = await talk.type(command, "ferry")
        assert answer.title == "The bot's operator sets what this chat gets"
        assert "discord:77" in read(answer)


async def test_while_the_storage_is_away_nothing_is_claimed_to_be_followed(talk: Talk) -> None:
    talk.rules.away = True
    answer = await talk.type("follow", "ferry")
    assert answer.title == "That can't be saved right now"
    assert talk.rules.of(HERE) is None


async def test_while_typing_all_and_live_stories_are_suggested(talk: Talk) -> None:
    assert [each.value for each in talk.suggest("follow", "what", "")] == [
        "all",
        TRAM,
        THEFT,
        FERRY,
    ]
    assert [each.value for each in talk.suggest("follow", "what", "fer")] == [FERRY]


async def test_a_word_or_a_story_is_unfollowed_by_name_or_button(talk: Talk) -> None:
    await talk.type("follow", "ferry, tram, AI")
    await talk.type("follow", THEFT)
    answer = await talk.type("unfollow", "Ferry")
    assert answer.title == "No longer following “ferry”"
    assert "Every story about “tram” or “AI”." in read(answer)
    await talk.click(f"unfollow_{text_key('tram')}")
    await talk.type("unfollow", "theft claims")
    assert talk.rules.of(HERE) == Rule(keywords=("AI",), entities=("AI",), keeper=MIRA)
    last = await talk.type("unfollow", "ai, cricket")
    assert "This chat follows nothing now." in read(last)
    assert "“cricket” wasn't followed here." in read(last)
    assert talk.rules.of(HERE) is None


async def test_a_story_no_longer_kept_is_unfollowed_by_its_id(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(story_ids=(StoryId("long-gone"), THEFT))
    assert labels(await talk.say("unfollow"))["long-gone"] == "unfollow___long-gone"
    assert (await talk.click("unfollow_long-gone")).title == "No longer following long-gone"
    assert talk.rules.of(HERE) == Rule(story_ids=(THEFT,), keeper=MIRA)


async def test_a_story_that_still_comes_by_a_word_is_said_to(talk: Talk) -> None:
    await talk.type("follow", "Alibaba")
    await talk.type("follow", THEFT)
    answer = await talk.type("unfollow", THEFT)
    assert "This chat still gets “AI Theft Claims”: it matches something else you follow." in read(
        answer
    )


async def test_following_says_who_may_change_it(talk: Talk) -> None:
    assert "A moderator can change that" in read(await talk.say("following"))
    talk.rules.saved[HERE] = Rule(all=True)
    assert "Only moderators of this chat can change that." in read(await talk.say("following"))
    talk.chat, talk.private = MIRA, True
    assert "moderator" not in read(await talk.say("following"))
    talk.rules.saved[MIRA] = Rule(all=True)
    assert "moderator" not in read(await talk.say("following"))


async def test_unfollowing_all_leaves_nothing(talk: Talk) -> None:
    await talk.type("follow", "ferry")
    await talk.type("follow", "all")
    assert (await talk.type("unfollow", "all")).title == "This chat follows nothing now"
    assert talk.rules.of(HERE) is None
    assert (await talk.type("unfollow", "all")).title == "This chat follows nothing"


async def test_what_is_not_followed_cannot_be_unfollowed(talk: Talk) -> None:
    await talk.type("follow", "ferry")
    answer = await talk.type("unfollow", "tram")
    assert answer.title == "This chat doesn't follow “tram”"
    assert labels(answer) == {"“ferry”": f"unfollow____{text_key('ferry')}"}
    await talk.type("follow", "all")
    whole = await talk.type("unfollow", "tram")
    assert whole.title == "This chat gets every live story, so you can't leave out a single one"


def test_while_typing_what_is_followed_is_suggested(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(keywords=("ferry",), entities=("ferry",), story_ids=(THEFT,))
    assert [each.name for each in talk.suggest("unfollow", "what", "")] == [
        "“ferry”",
        "AI Theft Claims",
    ]
    assert [each.value for each in talk.suggest("unfollow", "what", "THE")] == [THEFT]


async def test_what_a_chat_gets_is_said_in_words_and_the_chat_named_last(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(
        keywords=("ferry",),
        entities=("Alibaba",),
        story_ids=(THEFT,),
        min_virality=4,
        min_articles=1,
        show_leaning=True,
        loudness=Loudness.EDIT,
    )
    talk.moderator = False
    answer = await talk.say("following")
    assert read(answer).splitlines() == [
        "What this chat gets",
        "Every story about “ferry” or “Alibaba”.",
        "These stories as well:",
        "“AI Theft Claims”",
        "Only with a virality of 4 or more and 1 article or more. Stories without that number "
        "are left out.",
        "Cards show the political leaning of the coverage.",
        "Cards are updated as stories develop. I only send a message if a story is withdrawn or "
        "ends.",
        "Only moderators of this chat can change that.",
        "This chat's ID is telegram:-100123",
    ]
    assert isinstance(answer.blocks[-1], Note)
    assert labels(answer)["AI Theft Claims"] == "unfollow___ai-theft-claims"


async def test_a_chat_that_follows_nothing_is_named_too(talk: Talk) -> None:
    answer = await talk.say("following")
    assert answer.title == "This chat follows nothing yet"
    assert answer.blocks[-1] == Note("This chat's ID is telegram:-100123")
    assert labels(answer) == {"Follow something": "follow", "Set up": "setup"}


async def test_what_the_operators_file_says_is_shown_without_buttons(talk: Talk) -> None:
    talk.chat = FILED
    answer = await talk.say("following")
    assert "Every story about “Alibaba”." in read(answer)
    assert "Set by the bot's operator" in read(answer)
    assert answer.blocks[-1] == Note("This chat's ID is discord:77")
    assert labels(answer) == {}


CITIES = (
    made("mayor", "The Mayor Speaks", entities=("O\u2019Neill", "D'Amico")),
    made("flood", "The City Is Flooded", entities=("Sa\u0303o Braz", "Sankt Po\u0308lten")),
    made("vote", "The City Votes", entities=("Zürich", "Đakovo")),
    made("strait", "The Strait Is Closed", entities=("İzmit", "Saint\u2011Malo")),
    made("film", "A Film", entities=("col·lecció", "ＴＯＫＹＯ", "co\u00adöperation")),
)
SPELLINGS = (
    ("O'Neill", "mayor"),
    ("OʼNEILL", "mayor"),
    ("o`neill", "mayor"),
    ("D’amico", "mayor"),
    ("São Braz", "flood"),
    ("sankt pölten", "flood"),
    ("izmit", "strait"),
    ("IZMIT", "strait"),
    ("ızmıt", "strait"),
    ("saint-malo", "strait"),
    ("saint–malo", "strait"),
    ("col•lecció", "film"),
    ("tokyo", "film"),
    ("coöperation", "film"),
)


async def test_a_word_is_the_same_however_it_is_spelled() -> None:
    """Followed, told to match, held already, searched for, and unfollowed in another spelling."""
    for word, story in SPELLINGS:
        talk = Talk(*CITIES)
        answer = await talk.type("follow", word)
        assert "1 live story matches right now." in read(answer), word
        rule = talk.rules.of(HERE)
        assert rule is not None
        assert [each.id for each in CITIES if rule.wants(each)] == [story]
        [entity] = [
            each
            for made_story in CITIES
            for each in made_story.entities
            if fold(each) == fold(word)
        ]
        assert "already follows" in (await talk.type("follow", entity)).title
        assert (await talk.type("search", word)).title.startswith("1 story"), word
        assert (await talk.type("unfollow", entity)).title.startswith("No longer following")
        assert talk.rules.of(HERE) is None


async def test_a_word_without_its_accents_is_followed_and_the_word_meant_is_offered() -> None:
    for typed, meant in (
        ("Zurich", "Zürich"),
        ("dakovo", "Đakovo"),
        ("sao braz", "São Braz"),
    ):
        talk = Talk(*CITIES)
        answer = await talk.type("follow", typed)
        assert f"live stories use “{meant}”." in read(answer)
        followed = await talk.press(answer, f"Follow “{meant}”")
        assert followed.title == f"Following “{meant}”"
        assert "1 live story matches right now." in read(followed)
        await talk.type("unfollow", typed)
        gone = await talk.type("unfollow", typed)
        assert gone.title == f"No longer following “{meant}”", "what is left is meant by it"
        assert talk.rules.of(HERE) is None


async def test_of_two_spellings_that_a_chat_keeps_both_go() -> None:
    """As a file or an older bot may have left them."""
    talk = Talk(*CITIES)
    talk.rules.saved[HERE] = Rule(keywords=("O'Neill",), entities=("O’Neill", "o`neill"))
    await talk.press(await talk.say("unfollow"), "“O'Neill”")
    assert talk.rules.of(HERE) is None


RESERVED = ("all", "everything", "1f2e3d4c")


async def test_no_story_is_taken_for_a_commands_word() -> None:
    """Neither its id nor its title: by a button, a suggestion, or # before the id."""
    talk = Talk(
        *(made(each, each.title(), entities=(each,)) for each in RESERVED),
        made("titled", "All stories"),
    )
    for story in (*RESERVED, "titled"):
        edition = talk.index.get(story)
        assert edition is not None
        one = Rule(story_ids=(edition.story.id,), keeper=MIRA)
        by_button = buttons_to("follow", [edition])[0].ref
        [typed] = [
            each.value
            for each in talk.suggest("follow", "what", "")
            if each.value.lstrip("#") == story and each.name == edition.story.title
        ]
        for ask in (talk.click(str(by_button)), talk.type("follow", typed)):
            assert (await ask).title == f"Following “{edition.story.title}”"
            assert talk.rules.of(HERE) == one
            talk.rules.saved[HERE] = replace(one, keywords=("tide",))
            listed = await talk.say("unfollow")
            await talk.click(labels(listed)[edition.story.title])
            assert talk.rules.of(HERE) == Rule(keywords=("tide",), keeper=MIRA)
            talk.rules.saved[HERE] = replace(one, keywords=("tide",))
            [value] = [
                each.value
                for each in talk.suggest("unfollow", "what", "")
                if each.name == edition.story.title
            ]
            await talk.type("unfollow", value)
            assert talk.rules.of(HERE) == Rule(keywords=("tide",), keeper=MIRA)
            talk.rules.saved.clear()
    for word in ("all", "everything"):
        await talk.type("follow", word)
        assert talk.rules.of(HERE) == Rule(all=True, keeper=MIRA), "the word is the command's"
        talk.rules.saved.clear()


async def test_a_story_and_a_word_of_one_key_are_told_apart() -> None:
    key = text_key("tide")
    talk = Talk(made(key, "Named Like A Key"))
    rule = Rule(keywords=("tide",), story_ids=(StoryId(key),), keeper=MIRA)
    for label, left in (
        ("“tide”", replace(rule, keywords=())),
        ("Named Like A Key", replace(rule, story_ids=())),
    ):
        talk.rules.saved[HERE] = rule
        await talk.press(await talk.say("unfollow"), label)
        assert talk.rules.of(HERE) == left


async def test_buttons_of_older_messages_go_on(talk: Talk) -> None:
    await talk.click("follow_night-ferry-returns")
    assert talk.rules.of(HERE) == Rule(story_ids=(FERRY,), keeper=MIRA)
    await talk.click("unfollow_night-ferry-returns")
    await talk.click("follow_all")
    assert talk.rules.of(HERE) == Rule(all=True, keeper=MIRA)
    await talk.click("unfollow_all")
    assert talk.rules.of(HERE) is None


async def test_of_many_words_to_unfollow_a_few_are_looked_for_among_stories(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    find = StorySearch.find

    def finding(search: StorySearch, words: str, at: datetime | None = None) -> Edition | None:
        looked.append(words)
        return find(search, words, at)

    monkeypatch.setattr(StorySearch, "find", finding)
    talk.rules.saved[HERE] = Rule(keywords=("ferry", "Zürich"), story_ids=(THEFT,))
    await talk.type("unfollow", ", ".join((*(f"storm {n}" for n in range(300)), "zurich")))
    assert talk.rules.of(HERE) == Rule(keywords=("ferry",), story_ids=(THEFT,), keeper=MIRA)
    assert 0 < len(looked) <= TITLES + 1
    await talk.type("unfollow", "ferry, ai theft claims")
    assert talk.rules.of(HERE) is None


@pytest.mark.parametrize("what", ["ﷺ" * 2000, "ferry, " * 2000, "1" * 4000])
async def test_what_is_typed_is_folded_no_more_often_than_there_are_words(
    talk: Talk, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded: list[int] = []

    def counting(word: str) -> str:
        folded.append(len(word))
        return bare(word)

    monkeypatch.setattr(handlers.unfollow, "bare", counting)
    talk.rules.saved[HERE] = Rule(keywords=tuple(f"word {n}" for n in range(100)))
    await talk.type("unfollow", what)
    typed = [length for length in folded if length > len("word 99")]
    assert typed == [], "nothing that long is followed"
    assert len(folded) <= 2 * (2 * 100 + what.count(",") + 2)
