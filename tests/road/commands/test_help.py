"""/help, asked on both platforms as a person would."""

import pytest

from sandbox import telegram
from tests.road.parity import KEY, STORIES, Row, answers_the_same, cases
from tests.road.people import OnTelegram, Press, Say, both
from tests.running import Running

ROWS = (
    Row(
        "what the bot does",
        (Say("help"),),
        "Storywire",
        (
            "I keep this chat up to date on news stories as they develop",
            "Live stories, most viral first",
            "What this chat gets",
            "Get stories here",
        ),
        ("Live stories", "Ask a question", "This chat"),
    ),
    Row(
        "from there to the live stories",
        (Say("help"), Press("Live stories")),
        "Live stories",
    ),
)


@pytest.mark.parametrize(("row", "where"), cases(ROWS))
async def test_both_platforms_answer_the_same(calm_bot: Running, row: Row, where: str) -> None:
    await answers_the_same(calm_bot, row, where)


async def test_where_others_read_all_commands_are_one_press_away(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in both(road, "shared"):
        few = await person.say(Say("help"))
        assert "What I've pinned here" not in few
        every = await person.press(few, "All commands")
        assert "What I've pinned here" in every
        assert "All commands" not in every.labels


async def test_whoever_starts_the_private_chat_is_told_what_the_bot_does(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    mira = OnTelegram(road.telegram, telegram.MIRA)
    help_ = await mira.say(Say("help"))
    for payload in ("", "nonsense", "_", "nobody_ferry", "-", "0"):
        assert await mira.open(payload) == help_
    for payload in ("faq", "faq_", "faq___"):
        answer = await mira.open(payload)
        assert answer.title == "Which story do you want to know more about?"
    assert (await mira.open(f"faq_ferry_{KEY}")).title == "Who pays for the repair?"
    assert (await mira.open("story_ferry_sources_2")).title.endswith("2 of 2")


async def test_words_without_a_command_are_a_question_in_private_and_nothing_in_a_group(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    mira = OnTelegram(road.telegram, telegram.MIRA)
    assert (await mira.type("Why did the ferry stop?")).title == "Why did the ferry stop?"
    assert (await mira.type("/nothing")).title == "I don't know /nothing"
    group = telegram.GROUP
    for text in ("Why did the ferry stop?", "/nothing", "/help@another_bot"):
        await road.telegram.say(telegram.MIRA, group, text)
    answered = OnTelegram(road.telegram, telegram.MIRA, group)
    assert (await answered.type("/help@storywire_bot")).title == "Storywire"
    assert len(answered.read()) == 1
