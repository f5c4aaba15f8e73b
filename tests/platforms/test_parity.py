"""The same commands and cards on both platforms: a person sees the same."""

from collections.abc import AsyncIterator

import pytest

from bot.model.chat import Chat, Permission
from bot.model.errors import CardGone, NotNow
from tests.platforms.kit import BARE_CARD, CARD, TITLES, Kitchen
from tests.platforms.parity import READERS, Reader
from wording.message import Message, Text


@pytest.fixture(params=list(READERS))
async def reader(request: pytest.FixtureRequest, kitchen: Kitchen) -> AsyncIterator[Reader]:
    async with READERS[request.param](kitchen) as reader:
        yield reader


@pytest.mark.parametrize(
    ("command", "option", "words", "title", "body"),
    [
        ("help", "", "", "What I can do", "Tell stories."),
        ("story", "words", "ferry", TITLES["ferry"], "It sails."),
        ("story", "words", "<b>1 < 2</b>", "No story about “<b>1 < 2</b>”", ""),
        ("story", "words", "_*x*_", "No story about “_*x*_”", ""),
        ("faq", "text", "what is a ferry?", "You asked: what is a ferry?", ""),
        ("faq", "text", "", "You asked: nothing", ""),
        ("follow", "what", "ferry", "Now following ferry", ""),
        ("broken", "", "", "Something went wrong on our side", "The error has been logged."),
    ],
)
async def test_a_command_says_the_same(
    reader: Reader,
    kitchen: Kitchen,
    command: str,
    option: str,
    words: str,
    title: str,
    body: str,
) -> None:
    seen = await reader.ask(command, option, words)
    assert (seen.title, seen.body) == (title, body)
    for ask in kitchen.asked:
        assert (ask.chat, ask.person, ask.private) == (reader.private, reader.private, True)
        assert ask.options == ({option: words} if words else {})


async def test_pages_are_turned_the_same(reader: Reader) -> None:
    seen = await reader.ask("story")
    steps = [seen.title]
    for label in (TITLES["tram"], "Sources", "Back", "Sources"):
        assert label in seen.labels
        before = len(reader.cards(reader.private))
        seen = await reader.press(seen, label)
        assert len(reader.cards(reader.private)) == before, "in place"
        steps.append(seen.title)
    assert steps == [
        "Which story?",
        TITLES["tram"],
        "Where it comes from",
        TITLES["tram"],
        "Where it comes from",
    ]


async def test_a_card_is_posted_answers_beside_itself_and_is_kept_up_to_date(
    reader: Reader,
) -> None:
    place = await reader.platform.post(reader.private, CARD, key="one")
    card = reader.cards(reader.private)[-1]
    assert (card.title, card.body) == (CARD.title, "The night ferry sails again.")
    assert card.labels == ("Questions", "Sources")
    assert (await reader.press(card, "Sources")).title == "Where it comes from"
    assert card in reader.cards(reader.private), "it stays"
    await reader.platform.edit(reader.private, place, BARE_CARD)
    titles = [seen.title for seen in reader.cards(reader.private)]
    assert BARE_CARD.title in titles
    assert CARD.title not in titles


async def test_a_card_is_pinned_where_others_read(reader: Reader) -> None:
    place = await reader.platform.post(reader.shared, CARD, key="one")
    assert [seen.title for seen in reader.cards(reader.shared)] == [CARD.title]
    await reader.platform.pin(reader.shared, place)
    assert [seen.title for seen in reader.pinned(reader.shared)] == [CARD.title]
    await reader.platform.unpin(reader.shared, place)
    assert reader.pinned(reader.shared) == []


async def test_what_is_the_moderators_is_theirs(reader: Reader, kitchen: Kitchen) -> None:
    seen = await reader.ask_openly("follow", "what", "ferry", moderator=True)
    assert seen.title == "Now following ferry"
    [ask] = kitchen.asked
    assert (ask.chat, ask.private) == (reader.shared, False)


async def test_the_largest_message_is_taken(reader: Reader) -> None:
    """Both renderers keep their platform's limits, as the platform itself counts them."""
    long = Message("Title " * 100, tuple(Text("Words 👩‍👩‍👧 and words. " * 100) for _ in range(9)))
    await reader.platform.post(reader.shared, long, key="one")
    assert len(reader.cards(reader.shared)) == 1


async def test_nothing_is_lacking_where_the_bot_was_set_up(reader: Reader) -> None:
    for chat in (reader.private, reader.shared):
        for permission in Permission:
            assert await reader.platform.lacks(chat, permission) == ()


async def test_who_moderates_a_chat_is_asked_of_the_platform(reader: Reader) -> None:
    moderates = reader.platform.moderates
    stranger = Chat(reader.shared.platform, reader.private.address.removesuffix("1") + "999")
    assert await moderates(reader.shared, reader.moderator)
    assert not await moderates(reader.shared, reader.private)
    assert not await moderates(reader.shared, stranger)
    assert await moderates(reader.private, reader.private)
    assert not await moderates(reader.private, stranger)


async def test_a_card_that_never_was_is_gone(reader: Reader) -> None:
    with pytest.raises(CardGone):
        await reader.platform.edit(reader.shared, "123456789", CARD)


@pytest.mark.parametrize("name", READERS)
async def test_a_platform_that_stopped_posts_nothing(name: str, kitchen: Kitchen) -> None:
    async with READERS[name](kitchen) as reader:
        assert reader.platform.connected
    assert not reader.platform.connected
    with pytest.raises(NotNow):
        await reader.platform.post(reader.shared, CARD, key="one")
