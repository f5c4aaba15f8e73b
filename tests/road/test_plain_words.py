"""What people write to the bot in private on Telegram, without a slash."""

from bot.model.chat import Chat
from bot.storage.rules import RedisRules
from sandbox import telegram
from tests.road.parity import STORIES
from tests.road.people import OnTelegram, Say
from tests.running import Running

MIRA = Chat("telegram", str(telegram.MIRA))


async def test_the_words_of_our_commands_lead_there(calm_bot: Running, rules: RedisRules) -> None:
    road = await calm_bot.knowing(*STORIES)
    mira = OnTelegram(road.telegram, telegram.MIRA)
    for word in ("help", "Help!", "  START "):
        assert (await mira.type(word)).title == "Storywire"
    for word in ("stories", "Following?", "status"):
        plain = await mira.type(word)
        typed = await mira.say(Say(word.lower().rstrip("?")))
        assert (plain.title, plain.labels) == (typed.title, typed.labels)
    await mira.say(Say("follow", typed="all"))
    for word in ("stop", "Stop.", "unsubscribe", "unfollow", "/unfollow"):
        plain = await mira.type(word)
        assert plain.title == (await mira.say(Say("unfollow"))).title, word
        assert (await rules.load())[MIRA].all, "nothing is changed before it is chosen"


async def test_small_talk_gets_no_list_of_questions(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for said in ("thanks!", "Thank you very much", "👍", "ok, great", "hi there"):
        answer = await OnTelegram(road.telegram, telegram.MIRA).type(said)
        assert answer.title == "I'm here for the news", said
        assert answer.labels == ("Help",)


async def test_a_question_stays_one_and_what_is_forwarded_is_no_command(
    calm_bot: Running, rules: RedisRules
) -> None:
    road = await calm_bot.knowing(*STORIES)
    mira = OnTelegram(road.telegram, telegram.MIRA)
    for words in ("thanks to whom is the ferry back?", "why did the ferry stop"):
        assert (await mira.type(words)).title == (await mira.say(Say("faq", typed=words))).title
    assert (await mira.type("zebra crossing")).title == "Not covered: “zebra crossing”"
    await mira.say(Say("follow", typed="all"))
    told = await road.telegram.forward(telegram.MIRA, telegram.MIRA, "pause")
    answer = await mira._answer(telegram.MIRA, told["message_id"])
    assert answer.title == "Not covered: “pause”"
    assert not (await rules.load())[MIRA].paused
