"""/setup: what a chat gets is chosen step by step, rehearsed, and saved as a whole."""

from datetime import time

import pytest

from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Quiet, Rule
from handlers.follow import STORIES
from stories.story import StoryId
from tests.handlers.talking import FERRY, FILED, HERE, MIRA, Talk, labels, read
from wording.message import Message, Roles, Tone

SAVED = "Saved"


async def settings(talk: Talk, *path: str) -> Message:
    """The panel after pressing these labels, one after another."""
    page = await talk.say("setup")
    for label in path:
        page = await talk.press(page, label)
    return page


async def saved(talk: Talk) -> Rule | None:
    done = await settings(talk, "Save")
    assert done.title == SAVED
    return talk.rules.of(HERE)


async def test_the_panel_says_what_a_chat_gets_and_offers_every_part(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(
        keywords=("ferry",),
        loudness=Loudness.PING,
        role="7",
        quiet=Quiet(time(22), time(7), "Europe/Berlin", majors=False),
        publish=True,
        show_leaning=True,
    )
    panel = await settings(talk)
    said = read(panel)
    assert "Every story about “ferry”." in said
    assert "major ones mention the role that the moderators chose" in said
    assert "Quiet from 22:00 to 07:00 (Europe/Berlin): nothing new is posted then." in said
    assert "Cards are published to the servers that follow this channel." in said
    assert "Cards show the political leaning" in said
    assert "Not saved yet" not in said
    assert list(labels(panel)) == ["Stories", "Loudness", "Quiet hours", "More", "Rehearse"]


async def test_a_chat_that_gets_nothing_is_told_how_to_begin(talk: Talk) -> None:
    assert "No stories yet. Choose all, single ones, or words." in read(await settings(talk))


async def test_nothing_is_changed_before_it_is_saved(talk: Talk) -> None:
    page = await settings(talk, "Stories", "Every live story")
    assert "✓ Every live story" in labels(page)
    panel = await talk.press(page, "‹ Back")
    assert "Not saved yet: stories" in read(panel)
    assert talk.rules.of(HERE) is None
    done = await talk.press(panel, "Save")
    assert done.title == SAVED
    assert "Every live story." in read(done)
    assert talk.rules.of(HERE) == Rule(all=True, keeper=MIRA)
    assert list(labels(await settings(talk)))[-1] == "Rehearse", "there is nothing left to save"


async def test_what_is_discarded_is_gone(talk: Talk) -> None:
    page = await settings(talk, "Stories", "Every live story", "‹ Back", "Discard")
    assert "Not saved yet" not in read(page)
    assert "No stories yet" in read(page)
    assert talk.drafts.kept == {}


async def test_who_takes_everything_back_leaves_nothing_behind(talk: Talk) -> None:
    await settings(talk, "Loudness", "Only update cards")
    assert list(talk.drafts.kept) == [HERE]
    await settings(talk, "Loudness", "Also reply to big changes")
    assert talk.drafts.kept == {}
    assert "Save" not in labels(await settings(talk))


async def test_words_are_asked_for_and_replace_those_that_were(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(keywords=("ferry", "tide"), entities=("Sorvik", "ferry"))
    question = await settings(talk, "Stories", "Words …")
    assert question.asks
    assert question.asks.value == "ferry, tide, Sorvik"
    page = await talk.fill(question, " Ferry ,harbour,, sorvik\nPort of  Aldmar, HARBOUR")
    assert "Every story about “ferry”, “harbour”, “Port of Aldmar” or “Sorvik”." in read(page)
    assert await saved(talk) == Rule(
        keywords=("ferry", "harbour", "Port of Aldmar"),
        entities=("Sorvik", "ferry", "harbour", "Port of Aldmar"),
        keeper=MIRA,
    )
    await talk.fill(question, "-")
    assert await saved(talk) is None, "a rule that says nothing is forgotten"


async def test_words_take_the_place_of_everything(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(all=True)
    page = await talk.fill(await settings(talk, "Stories", "Words …"), "ferry")
    assert "✓ Only some" in labels(page)
    assert await saved(talk) == Rule(keywords=("ferry",), entities=("ferry",), keeper=MIRA)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("x" * 101, f"“{'x' * 39}…” is too long: a keyword has at most 100 characters"),
        (",".join(map(str, range(51))), "A chat can follow up to 50 words, and you entered 51"),
    ],
)
async def test_words_that_cannot_be_taken_are_refused(talk: Talk, text: str, title: str) -> None:
    question = await settings(talk, "Stories", "Words …")
    refused = await talk.fill(question, text)
    assert refused.title == title
    assert await talk.press(refused, "Try again") == question
    assert talk.drafts.kept == {}


async def test_single_stories_are_added_and_left_out(talk: Talk) -> None:
    page = await settings(talk, "Stories", "Single stories", "Night Ferry Returns")
    assert labels(page)["Night Ferry Returns"] == f"setup_less_{FERRY}"
    assert await saved(talk) == Rule(story_ids=(FERRY,), keeper=MIRA)
    await talk.press(page, "Night Ferry Returns")
    assert await saved(talk) is None
    many = tuple(StoryId(f"story-{number}") for number in range(STORIES))
    talk.rules.saved[HERE] = Rule(story_ids=many)
    refused = await talk.click(f"setup_add_{FERRY}")
    assert refused.title == "This chat already follows 100 stories, the maximum"
    assert labels(refused) == {"‹ Back": "setup_single"}


async def test_how_big_a_story_must_be_is_picked(talk: Talk) -> None:
    page = await settings(talk, "Stories", "Minimum size", "Virality 5+", "10+ articles")
    assert {"✓ Virality 5+", "✓ 10+ articles", "Any virality", "Any number"} <= set(labels(page))
    assert await saved(talk) == Rule(min_virality=5, min_articles=10, keeper=MIRA)
    page = await talk.press(page, "Any virality")
    assert "✓ Any virality" in labels(page)


async def test_a_role_is_chosen_for_major_updates_and_taken_back(talk: Talk) -> None:
    page = await settings(talk, "Loudness")
    assert "✓ Also reply to big changes" in labels(page)
    page = await talk.pick_role(page, "1234")
    [roles] = [row for row in page.rows if isinstance(row, Roles)]
    assert roles.chosen == "1234"
    assert await saved(talk) == Rule(loudness=Loudness.PING, role="1234", keeper=MIRA)
    page = await talk.press(page, "Only update cards")
    assert (
        "Cards are updated as stories develop. I only send a message if a story is withdrawn or "
        "ends."
    ) in read(page)
    assert await saved(talk) == Rule(loudness=Loudness.EDIT, keeper=MIRA)
    talk.private = True
    private = await settings(talk, "Loudness")
    assert not any(isinstance(row, Roles) for row in private.rows), "nobody else is there"


async def test_quiet_hours_are_written_as_people_write_them(talk: Talk) -> None:
    page = await settings(talk, "Quiet hours")
    assert "No quiet hours. Updates can arrive at any time." in read(page)
    question = await talk.press(page, "Set the hours …")
    page = await talk.fill(question, "10pm to 7am berlin")
    assert "Quiet from 22:00 to 07:00 (Europe/Berlin): nothing new is posted then, except" in read(
        page
    )
    page = await talk.press(page, "✓ Allow major updates")
    assert "Allow major updates" in labels(page)
    berlin = Quiet(time(22), time(7), "Europe/Berlin", majors=False)
    assert await saved(talk) == Rule(quiet=berlin, keeper=MIRA)
    question = await talk.press(page, "Set the hours …")
    assert question.asks
    assert question.asks.value == "22:00-07:00 Europe/Berlin"
    await talk.fill(question, "23-7 utc")
    assert await saved(talk) == Rule(
        quiet=Quiet(time(23), time(7), "UTC", majors=False), keeper=MIRA
    )
    await settings(talk, "Quiet hours", "No quiet hours")
    assert await saved(talk) is None


async def test_hours_that_cannot_be_read_are_refused_with_an_example(talk: Talk) -> None:
    question = await settings(talk, "Quiet hours", "Set the hours …")
    refused = await talk.fill(question, "22-7 Berln")
    assert refused.tone is Tone.SORRY
    assert (
        "I don't know the time zone “Berln”. Did you mean Europe/Berlin? Write the hours like "
        "this: 22:00-07:00 Europe/Berlin"
    ) in read(refused)
    assert await talk.press(refused, "Try again") == question


async def test_the_rest_is_switched_with_one_press_each(talk: Talk) -> None:
    page = await settings(talk, "More", "Show leaning", "10 pins")
    assert {"✓ Show leaning", "✓ 10 pins"} <= set(labels(page))
    assert "Publish cards" not in labels(page), "nothing can be published from here"
    assert await saved(talk) == Rule(show_leaning=True, pins=10, keeper=MIRA)
    talk.chat = Chat("discord", "5")
    page = await settings(talk, "More", "Publish cards")
    assert "✓ Publish cards" in labels(page)


async def test_an_old_button_changes_nothing(talk: Talk) -> None:
    for ref in ("setup_virality_6", "setup_pins_all", "setup_role_x", "setup_lang_xx"):
        assert (await talk.click(ref)).title == "That's no longer available here"
    assert (await talk.click("setup_nonsense_x")).title == "What this chat gets"
    assert talk.drafts.kept == {}


# Several people, and time that passes.


async def test_a_draft_lasts_and_every_moderator_goes_on_with_it(talk: Talk) -> None:
    await settings(talk, "Loudness", "Only update cards")
    talk.person = Chat("telegram", "6")
    panel = await settings(talk)
    assert "Not saved yet: loudness" in read(panel)
    await talk.press(panel, "Save")
    assert talk.rules.of(HERE) == Rule(loudness=Loudness.EDIT, keeper=talk.person)


async def test_what_was_not_shown_is_not_saved(talk: Talk) -> None:
    mine = await settings(talk, "Loudness", "Only update cards", "‹ Back")
    await settings(talk, "Stories", "Every live story")  # someone else, in another panel
    refused = await talk.press(mine, "Save")
    assert refused.title == "Someone changed these settings since you opened them"
    assert "Every live story." in read(refused)
    assert talk.rules.of(HERE) is None
    assert (await talk.press(refused, "Save")).title == SAVED
    assert talk.rules.of(HERE) == Rule(all=True, loudness=Loudness.EDIT, keeper=MIRA)


async def test_what_others_save_meanwhile_is_kept(talk: Talk) -> None:
    await settings(talk, "Loudness", "Only update cards")
    talk.rules.saved[HERE] = Rule(keywords=("ferry",), muted=(Mute(FERRY),))  # /follow and /mute
    assert "Every story about “ferry”." in read(await settings(talk))
    assert await saved(talk) == Rule(
        keywords=("ferry",), muted=(Mute(FERRY),), loudness=Loudness.EDIT, keeper=MIRA
    )


async def test_who_changed_the_same_as_others_is_asked_which_goes(talk: Talk) -> None:
    talk.rules.saved[HERE] = Rule(all=True)
    page = await settings(talk, "Stories", "Minimum size", "Virality 5+", "‹ Back", "‹ Back")
    talk.rules.saved[HERE] = Rule(all=True, min_virality=3)
    clash = await talk.press(page, "Save")
    assert clash.title == "Someone else saved different settings in the meantime"
    assert "You both changed: stories. Theirs is this:" in read(clash)
    assert "a virality of 3 or more" in read(clash)
    kept = await talk.press(clash, "Keep theirs")
    assert "a virality of 3 or more" in read(kept)
    assert "Not saved yet" not in read(kept)
    await settings(talk, "Stories", "Minimum size", "Virality 5+")
    talk.rules.saved[HERE] = Rule(all=True, min_virality=7)
    clash = await settings(talk, "Save")
    assert (await talk.press(clash, "Save mine")).title == SAVED
    assert talk.rules.of(HERE) == Rule(all=True, min_virality=5, keeper=MIRA)


async def test_nothing_can_be_set_up_where_the_operator_decides(talk: Talk) -> None:
    talk.chat = FILED
    for ref in ("setup", "setup_all_yes", "setup_save_1f2e3d4c", "setup_rehearse", "rules_import"):
        refused = await talk.click(ref)
        assert refused.title == "The bot's operator sets what this chat gets"
    assert talk.drafts.kept == {}


async def test_only_moderators_set_a_chat_up(talk: Talk) -> None:
    panel = await settings(talk, "Loudness", "Only update cards", "‹ Back")
    talk.moderator = False
    for label in labels(panel):
        refused = await talk.press(panel, label)
        assert refused.title == "Only moderators of this chat can use /setup"
    assert talk.rules.of(HERE) is None


async def test_what_cannot_be_kept_now_is_said(talk: Talk) -> None:
    talk.drafts.away = True
    assert (await talk.say("setup")).title == "That can't be saved right now"
    talk.drafts.away = False
    panel = await settings(talk, "Loudness", "Only update cards", "‹ Back")
    talk.rules.away = True
    assert (await talk.press(panel, "Save")).title == "That can't be saved right now"
    talk.rules.away = False
    assert (await talk.press(panel, "Save")).title == SAVED


async def test_what_was_saved_is_audited_once(talk: Talk) -> None:
    await settings(talk, "Loudness", "Only update cards")
    assert talk.audit.kept == []
    await saved(talk)
    [(chat, deed)] = talk.audit.kept
    assert chat == HERE
    assert deed.act.did == "changed the settings"
