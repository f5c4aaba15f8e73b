"""Every command that reads the stories says so while they are still being read."""

from handlers import WITHOUT_STORIES
from handlers.starting import STARTING
from tests.handlers.talking import FERRY, Talk


async def test_every_command_that_reads_stories_waits_for_them(talk: Talk) -> None:
    talk.index.knows_live = talk.index.knows_all = False
    for name in talk.commands.keys() - WITHOUT_STORIES - {"help"}:
        assert (await talk.say(name)).title == STARTING, name
    for name in ("pause", "help", "privacy"):
        assert (await talk.say(name)).title != STARTING


async def test_what_is_found_among_the_live_stories_is_said_while_the_others_are_read(
    talk: Talk,
) -> None:
    talk.index.knows_all = False
    ferry = talk.index.get(FERRY)
    assert ferry is not None
    assert (await talk.say("story", words="night ferry")).title == ferry.story.title
    for name, option in (("story", "words"), ("search", "words"), ("mute", "story")):
        assert (await talk.say(name, **{option: "volcano"})).title == STARTING
    talk.index.knows_all = True
    assert (await talk.say("story", words="volcano")).title != STARTING


async def test_a_story_that_is_named_whole_is_told_as_soon_as_it_is_read(talk: Talk) -> None:
    talk.index.knows_live = talk.index.knows_all = False
    ferry = talk.index.get(FERRY)
    assert ferry is not None
    for words in (FERRY, ferry.story.title):
        assert (await talk.say("story", words=words)).title == ferry.story.title
        assert (await talk.say("mute", story=words)).title == STARTING, "that changes something"
    assert (await talk.say("story", words="night ferry")).title == STARTING
