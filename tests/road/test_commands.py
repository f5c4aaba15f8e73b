"""Everything people can ask, asked on both platforms as a person would: the same words come back.

One table. A command that has no row here, or that a platform does not offer, fails by name.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from redis.asyncio import Redis

from bot.model.chat import Chat
from bot.model.rule import Rule
from sandbox import discord, telegram
from stories.story import Question, Source, Stats, Status, Story, StoryId
from tests.handlers.talking import Talk
from tests.road.people import UNSEEN, Fill, OnTelegram, Person, Press, Say, Seen, both
from tests.road.records import naming
from tests.running import Running, eventually, eventually_so

NOW = datetime.now(UTC).replace(microsecond=0)

FERRY = Story(
    StoryId("ferry"),
    "Night ferry returns",
    ("It sailed at dusk.", "Two hundred came along."),
    headline="The boat sails again",
    entities=("Sorvik Line",),
    stats=Stats(Status.ACTIVE, 8.5, 14),
    started_at=NOW - timedelta(hours=21),
    updated_at=NOW,
    keywords=("ferry", "harbour"),
    questions=(
        Question("Why did the ferry stop?", "A crack in the bow door."),
        Question("Who pays for the repair?", "The line does.\n\nThe town lends it the money."),
    ),
    sources=tuple(
        Source(f"Report {number}", "Strand Post", f"https://strand.example/{number}")
        for number in range(1, 11)
    ),
    url="https://strand.example/ferry",
    rank=41,
)
LONG = " ".join(f"Sentence {number} of a long answer ends here." for number in range(1, 101))
TRAMS = Story(
    StoryId("trams"),
    "Tram strike ends",
    ("Drivers took the offer.",),
    stats=Stats(Status.COOLING, 7.0),
    updated_at=NOW,
    keywords=("tram",),
    questions=(Question("What did the drivers win?", LONG),),
)
LIGHTHOUSE = Story(
    StoryId("lighthouse"),
    "Lighthouse sold at auction",
    ("A painter bought it.",),
    stats=Stats(Status.ENDED, 9.0),
    updated_at=NOW,
    sources=(Source("Sold", "Strand Post", "https://strand.example/sold"),),
)
FILLERS = tuple(
    Story(
        StoryId(title.partition(" ")[0].casefold()),
        title,
        (f"{title}, it is said.",),
        stats=Stats(Status.EMERGING, 5 - number / 2),
        updated_at=NOW,
        sources=(Source("Heard", "Strand Post", "https://strand.example/heard"),),
    )
    for number, title in enumerate(
        (
            "Bridge shut for weeks",
            "Museum finds lost map",
            "Orchard blooms early",
            "School wins chess cup",
            "Bakery burns down",
            "Quarry lake reopens",
        )
    )
)
STORIES = (FERRY, TRAMS, LIGHTHOUSE, *FILLERS)
KEY = FERRY.questions[1].key


@dataclass(frozen=True, slots=True)
class Row:
    """What someone does, one step after another, and what they read in the end."""

    name: str
    steps: tuple[Say | Press | Fill, ...]
    title: str
    words: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Among what can be pressed at the end."""
    moderator: bool = False
    """It changes what the chat gets or shows, so in a shared chat a moderator does it."""
    only_private: bool = False
    """Where others read, Discord says unseen what Telegram leaves to the private chat."""

    @property
    def commands(self) -> set[str]:
        return {step.command for step in self.steps if isinstance(step, Say)}


def following(what: str) -> Say:
    return Say("follow", {"what": what})


ROWS = (
    # /stories
    Row(
        "the live stories, most viral first",
        (Say("stories"),),
        "Live stories",
        (
            "Night ferry returns ● Active · 21 hours · virality 8.5 · 14 articles",
            "Page 1 of 2, 8 live stories",
            "Open a story …",
        ),
        ("Night ferry returns", "Tram strike ends", "More ›"),
    ),
    Row(
        "the second page of them",
        (Say("stories"), Press("More ›")),
        "Live stories",
        ("Bakery burns down", "Quarry lake reopens", "Page 2 of 2, 8 live stories"),
        ("Bakery burns down", "Quarry lake reopens", "‹ Back"),
    ),
    Row(
        "and back again",
        (Say("stories"), Press("More ›"), Press("‹ Back")),
        "Live stories",
        ("Page 1 of 2, 8 live stories",),
    ),
    Row(
        "one of the list is opened",
        (Say("stories"), Press("More ›"), Press("Bakery burns down")),
        "Bakery burns down",
        ("Bakery burns down, it is said.",),
    ),
    # /story
    Row(
        "the top story",
        (Say("story"),),
        "Night ferry returns",
        (
            "The boat sails again",
            "Sorvik Line",
            "● Active · 21 hours · virality 8.5 · 14 articles · #41",
            "It sailed at dusk. Two hundred came along.",
            "Keywords: ferry, harbour",
            "Updated just now",
            "Story page — strand.example",
        ),
        ("Questions (2)", "Sources (10)"),
    ),
    Row(
        "a story by words of its title",
        (Say("story", {"words": "strike tram"}),),
        "Tram strike ends",
        ("Drivers took the offer.",),
    ),
    Row(
        "a story by words with slips",
        (Say("story", {"words": "nigth ferri"}),),
        "Night ferry returns",
    ),
    Row("a story by its id", (Say("story", {"words": "trams"}),), "Tram strike ends"),
    Row(
        "a story that has ended is still found",
        (Say("story", {"words": "lighthouse sold"}),),
        "Lighthouse sold at auction",
        ("■ Ended", "A painter bought it."),
    ),
    Row(
        "words that may mean several stories",
        (Say("story", {"words": "ferry strike"}),),
        "I am not sure which story “ferry strike” is",
        ("Did you mean one of these?",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "and the one that was meant",
        (Say("story", {"words": "ferry strike"}), Press("Tram strike ends")),
        "Tram strike ends",
    ),
    Row(
        "a story nobody has written",
        (Say("story", {"words": "volcano <i>*xyz*</i>"}),),
        "I know no story about “volcano <i>*xyz*</i>”",
        ("Pick one of the live stories instead.",),
        ("Night ferry returns", "Tram strike ends", "Bridge shut for weeks"),
    ),
    Row(
        "its sources, page after page",
        (Say("story"), Press("Sources (10)"), Press("More ›")),
        "Sources of “Night ferry returns”, 2 of 2",
        ("Report 9 — strand.example · Strand Post", "Report 10 — strand.example · Strand Post"),
        ("‹ Back", "‹ Story"),
    ),
    Row(
        "from its sources back to the story",
        (Say("story"), Press("Sources (10)"), Press("‹ Story")),
        "Night ferry returns",
    ),
    # /search
    Row(
        "stories that speak of a word",
        (Say("search", {"words": "painter"}),),
        "1 story speaks of “painter”",
        ("Lighthouse sold at auction", "■ Ended", "Breakdown: “A painter bought it.”"),
        ("Lighthouse sold at auction",),
    ),
    Row(
        "with a slip of the finger, and one of them opened",
        (Say("search", {"words": "Dirvers ofer"}), Press("Tram strike ends")),
        "Tram strike ends",
        ("Drivers took the offer.",),
    ),
    Row(
        "a word that many stories speak of",
        (Say("search", {"words": "said"}),),
        "6 stories speak of “said”",
        ("Bridge shut for weeks", "Breakdown: “Bridge shut for weeks, it is said.”"),
    ),
    Row(
        "words no story speaks of",
        (Say("search", {"words": "submarine *volcano*"}),),
        "No story speaks of “submarine *volcano*”",
        ("Pick one of the live stories instead.", "Live stories"),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "no words to search for",
        (Say("search"),),
        "Search for what?",
        ("Write one or more words behind it, such as: /search harbour fire",),
        ("Night ferry returns",),
    ),
    # /faq
    Row(
        "which story to ask about",
        (Say("faq"),),
        "Which story do you want to know more about?",
        ("Stories with questions …",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "the questions of one of them",
        (Say("faq"), Press("Night ferry returns")),
        "Questions about “Night ferry returns”",
        ("Pick a question …",),
        ("Why did the ferry stop?", "Who pays for the repair?", "Story"),
    ),
    Row(
        "a question picked, answered whole",
        (Say("faq"), Press("Night ferry returns"), Press("Who pays for the repair?")),
        "Who pays for the repair?",
        (
            "The line does. The town lends it the money.",
            "From “Night ferry returns”, updated just now",
        ),
        ("All questions", "Story"),
    ),
    Row(
        "a story and one of its questions at once",
        (Say("faq", {"story": "ferry", "question": KEY}, link=f"faq_ferry_{KEY}"),),
        "Who pays for the repair?",
        ("The line does. The town lends it the money.",),
    ),
    Row(
        "a question by its key",
        (Say("faq", {"question": KEY}),),
        "Who pays for the repair?",
    ),
    Row(
        "a question that was asked of a story before a revision",
        (Say("faq", {"story": "ferry", "question": "0123abcd"}, link="faq_ferry_0123abcd"),),
        "That question is gone since the story's last revision",
        ("“Night ferry returns” was updated and no longer answers it.",),
        ("Why did the ferry stop?", "Story"),
    ),
    Row(
        "a story by its id, for its questions",
        (Say("faq", {"text": "ferry"}),),
        "Questions about “Night ferry returns”",
    ),
    Row(
        "a story by its title, for its questions",
        (Say("faq", {"text": "night ferry returns"}),),
        "Questions about “Night ferry returns”",
    ),
    Row(
        "a question in one's own words",
        (Say("faq", {"text": "why did the ferry stop"}),),
        "Why did the ferry stop?",
        ("A crack in the bow door.", "From “Night ferry returns”"),
    ),
    Row(
        "a question nobody has answered",
        (Say("faq", {"text": "how do submarines breathe"}),),
        "Not covered: “how do submarines breathe”",
        ("No story answers that.",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "a story without questions",
        (Say("faq", {"text": "bridge"}),),
        "“Bridge shut for weeks” has no questions yet",
        (),
        ("Story",),
    ),
    Row(
        "a long answer is continued, not cut",
        (Say("faq", {"text": "what did the drivers win"}), Press("More ›")),
        "What did the drivers win?",
        ("Sentence 100 of a long answer ends here.", "Page 2 of 2"),
        ("‹ Back", "All questions", "Story"),
    ),
    Row(
        "from an answer to all questions, and to the story",
        (Say("faq", {"text": "why did the ferry stop"}), Press("All questions"), Press("Story")),
        "Night ferry returns",
        ("It sailed at dusk.",),
    ),
    # /why
    Row(
        "why a story is not here",
        (Say("why", {"story": "ferry"}),),
        "“Night ferry returns” is not shown here",
        ("This chat follows nothing, so no story comes here by itself.",),
        ("Story",),
    ),
    Row(
        "why there is no card here",
        (Say("why"),),
        "There is no card here yet",
        ("This chat follows nothing, so no story comes here by itself.",),
        ("Night ferry returns", "Tram strike ends"),
    ),
    Row(
        "why a story about something else is not here",
        (following("weather"), Say("why", {"story": "night ferry"})),
        "“Night ferry returns” is not shown here",
        ("This chat does not follow it: it follows “weather”",),
        moderator=True,
    ),
    Row(
        "why the newest card is here",
        (Say("pin", {"story": "ferry"}), Say("why")),
        "“Night ferry returns” is shown here",
        (
            "Its card shows revision 1 (the newest), written under a minute ago.",
            "It is pinned here, and kept up to date.",
        ),
        ("Story",),
        moderator=True,
    ),
    # /status
    Row(
        "how a chat fares that gets nothing yet",
        (Say("status"),),
        "All is well in this chat",
        (
            "I may write and pin here.",
            "This chat follows nothing, so no story comes here by itself.",
            "with /follow and a story or a word.",
            "I have sent no card here.",
        ),
        ("Follow something", "What this chat follows"),
    ),
    Row(
        "how a chat fares with a card that has come",
        (Say("pin", {"story": "ferry"}), Say("status")),
        "All is well in this chat",
        ("The newest cards “Night ferry returns”: posted under a minute ago, shows revision 1",),
        ("What this chat follows", "Why"),
        moderator=True,
    ),
    # /following
    Row(
        "what a new chat follows",
        (Say("following"),),
        "This chat follows nothing yet",
        ("with /follow and a story or a word.", "This chat is …"),
        ("Follow something",),
    ),
    # /follow
    Row(
        "what there is to follow",
        (Say("follow"),),
        "What should this chat follow?",
        ("Follow a story …",),
        ("Night ferry returns", "All stories", "What this chat follows"),
        moderator=True,
    ),
    Row(
        "a story is followed",
        (following("ferry"),),
        "Following “Night ferry returns”",
        ("This chat now gets: These stories: “Night ferry returns”",),
        ("Unfollow", "What this chat follows"),
        moderator=True,
    ),
    Row(
        "a story is followed by a button",
        (Say("follow"), Press("Tram strike ends"), Press("What this chat follows")),
        "This chat gets",
        ("These stories: “Tram strike ends”",),
        ("Tram strike ends", "Follow something"),
        moderator=True,
    ),
    Row(
        "it is followed already",
        (following("ferry"), following("ferry")),
        "This chat already follows “Night ferry returns”",
        (),
        ("Unfollow",),
        moderator=True,
    ),
    Row(
        "everything is followed",
        (following("all"), Say("following")),
        "This chat gets",
        ("Every live story.", "at most one per story and hour.", "This chat is …", "Unfollow …"),
        ("Everything", "Follow something"),
        moderator=True,
    ),
    Row(
        "words are followed",
        (following("Harbour, weather"),),
        "Following “Harbour” and “weather”",
        ("Every story about “Harbour” or “weather”.", "1 live story matches just now."),
        moderator=True,
    ),
    Row(
        "a story that is over is not followed",
        (following("lighthouse"),),
        "“Lighthouse sold at auction” has ended, so there is nothing left to follow",
        (),
        ("Night ferry returns",),
        moderator=True,
    ),
    # /unfollow
    Row(
        "there is nothing to unfollow",
        (Say("unfollow"),),
        "This chat follows nothing",
        (),
        ("Follow something",),
        moderator=True,
    ),
    Row(
        "what there is to unfollow",
        (following("ferry"), following("weather"), Say("unfollow")),
        "What should this chat no longer follow?",
        (),
        ("“weather”", "Night ferry returns", "Unfollow everything"),
        moderator=True,
    ),
    Row(
        "a story is unfollowed",
        (following("ferry"), following("weather"), Say("unfollow", {"what": "night ferry"})),
        "No longer following Night ferry returns",
        ("This chat still gets: Every story about “weather”.",),
        moderator=True,
    ),
    Row(
        "a word is unfollowed by a button",
        (following("weather"), Press("Unfollow")),
        "No longer following “weather”",
        ("This chat follows nothing now.",),
        moderator=True,
    ),
    Row(
        "everything is unfollowed",
        (following("all"), Say("unfollow", {"what": "all"})),
        "This chat follows nothing now",
        moderator=True,
    ),
    Row(
        "what is not followed is not unfollowed",
        (following("ferry"), Say("unfollow", {"what": "trams"})),
        "This chat does not follow “trams”",
        ("This is what it follows.",),
        ("Night ferry returns",),
        moderator=True,
    ),
    # /mute, /unmute
    Row(
        "a story is muted by a button",
        (following("all"), Say("mute"), Press("Tram strike ends")),
        "Muted “Tram strike ends”",
        ("Nothing new of it is posted or said here.", "A card that stands is kept up to date"),
        ("Hear of it again if it turns major", "Unmute"),
        moderator=True,
    ),
    Row(
        "a story is muted until it turns major",
        (
            following("all"),
            Say("mute", {"story": "night ferry"}),
            Press("Hear of it again if it turns major"),
        ),
        "Muted “Night ferry returns”",
        ("Nothing new of it is posted or said here until it turns major.",),
        ("Not even then", "Unmute"),
        moderator=True,
    ),
    Row(
        "there is nothing to unmute",
        (Say("unmute"),),
        "Nothing is muted here",
        moderator=True,
    ),
    Row(
        "a muted story is heard of again",
        (
            following("all"),
            Say("mute", {"story": "night ferry"}),
            Say("unmute"),
            Press("Night ferry returns"),
        ),
        "Unmuted “Night ferry returns”",
        moderator=True,
    ),
    # /pause, /resume
    Row(
        "a chat is paused",
        (following("ferry"), Say("pause")),
        "Paused",
        ("Nothing new is posted or said here. Cards that stand stay up to date.",),
        ("Resume",),
        moderator=True,
    ),
    Row(
        "and goes on",
        (following("ferry"), Say("pause"), Say("resume")),
        "Going on",
        ("1 live story matches what this chat follows.",),
        ("What this chat follows",),
        moderator=True,
    ),
    # /setup
    Row(
        "what a chat gets, to be changed",
        (Say("setup"),),
        "What this chat gets",
        ("No story yet: choose all, single ones, or words.", "Cards are edited as stories"),
        ("Stories", "Loudness", "Quiet hours", "More", "Rehearse"),
        moderator=True,
    ),
    Row(
        "words are written where they are asked for",
        (
            Say("setup"),
            Press("Stories"),
            Press("Words …"),
            Fill("ferry, Port of Aldmar"),
            Press("‹ Back"),
        ),
        "What this chat gets",
        ("Every story about “ferry” or “Port of Aldmar”.", "Not saved yet: stories"),
        ("Save", "Discard"),
        moderator=True,
    ),
    Row(
        "a chat is set up, rehearsed and saved",
        (
            Say("setup"),
            Press("Stories"),
            Press("Every live story"),
            Press("How big"),
            Press("Virality 7+"),
            Press("‹ Back"),
            Press("‹ Back"),
            Press("Loudness"),
            Press("Only edit cards"),
            Press("‹ Back"),
            Press("Quiet hours"),
            Press("Set the hours …"),
            Fill("10pm to 7am berlin"),
            Press("‹ Back"),
            Press("Rehearse"),
            Press("Save"),
        ),
        "Saved",
        (
            "This chat now gets: Every live story. Only with a virality of 7 or more",
            "but a withdrawal or an end. Quiet from 22:00 to 07:00 (Europe/Berlin)",
        ),
        ("What this chat follows", "Change it again"),
        moderator=True,
    ),
    Row(
        "what a draft would have brought",
        (
            Say("setup"),
            Press("Stories"),
            Press("Every live story"),
            Say("setup"),
            Press("Rehearse"),
        ),
        "Rehearsal",
        ("Over the last 3 days this would have posted 8 cards.", "See a card …"),
        ("Save", "Discard", "‹ Back"),
        moderator=True,
    ),
    Row(
        "one of the cards that would have come",
        (
            Say("follow", {"what": "ferry"}),
            Say("setup"),
            Press("Rehearse"),
            Press("Night ferry returns"),
        ),
        "Night ferry returns",
        ("It sailed at dusk.",),
        ("‹ Back",),
        moderator=True,
    ),
    Row(
        "hours that cannot be read are asked for again",
        (
            Say("setup"),
            Press("Quiet hours"),
            Press("Set the hours …"),
            Fill("22-7 Berln"),
            Press("Write them again"),
            Fill("22:00–07:00 Berlin"),
        ),
        "Quiet hours",
        ("Quiet from 22:00 to 07:00 (Europe/Berlin)",),
        ("Set the hours …", "✓ Major updates pass", "No quiet hours", "‹ Back"),
        moderator=True,
    ),
    # /rules
    Row(
        "what a chat gets, and what can be done with it",
        (following("weather"), Say("rules")),
        "This chat's rules",
        ("Every story about “weather”.",),
        ("Export", "Import", "Set up"),
        moderator=True,
    ),
    Row(
        "rules as text",
        (following("weather"), Say("rules", {"what": "export"})),
        "This chat's rules as text",
        ('keywords = ["weather"] entities = ["weather"]',),
        ("Import", "Set up"),
        moderator=True,
    ),
    Row(
        "rules that are brought along are looked at before they are saved",
        (
            Say("rules", {"what": "import"}),
            Fill('[[chats]]\nchat = "discord:1"\nkeywords = ["ferry"]\nloudness = "edit"'),
        ),
        "What this chat gets",
        ("Every story about “ferry”.", "Not saved yet: stories and loudness"),
        ("Rehearse", "Save", "Discard"),
        moderator=True,
    ),
    Row(
        "rules that cannot be taken",
        (Say("rules"), Press("Import"), Fill("min_virality = 11")),
        "I cannot take these rules",
        ("min_virality is wrong: it takes a number from 0 to 10",),
        ("Try again",),
        moderator=True,
    ),
    # /pin, /unpin, /pins
    Row(
        "what there is to pin",
        (Say("pin"),),
        "Which story should be pinned here?",
        ("Pin …",),
        ("Night ferry returns", "Tram strike ends"),
        moderator=True,
    ),
    Row(
        "a story is pinned",
        (Say("pin", {"story": "night ferry"}),),
        "Pinned “Night ferry returns”",
        ("Its card is pinned here and stays up to date.",),
        ("Unpin", "What is pinned"),
        moderator=True,
    ),
    Row(
        "a story is pinned by a button",
        (Say("pin"), Press("Night ferry returns"), Press("What is pinned")),
        "Pinned here",
        ("Night ferry returns ● Active · 21 hours", "Unpin …"),
        ("Night ferry returns", "Pin a story"),
        moderator=True,
    ),
    Row(
        "a story that is not there is not pinned",
        (Say("pin", {"story": "volcano"}),),
        "I know no story about “volcano”",
        (),
        ("Night ferry returns",),
        moderator=True,
    ),
    Row(
        "nothing is pinned",
        (Say("pins"),),
        "I have nothing pinned here",
        ("What people have pinned themselves is left alone and not listed.",),
        ("Pin a story",),
        moderator=True,
    ),
    Row(
        "there is nothing to unpin",
        (Say("unpin"),),
        "I have nothing pinned here",
        (),
        ("Pin a story",),
        moderator=True,
    ),
    Row(
        "a story is unpinned",
        (Say("pin", {"story": "ferry"}), Say("unpin", {"story": "ferry"}), Say("pins")),
        "I have nothing pinned here",
        moderator=True,
    ),
    Row(
        "a story is unpinned by a button",
        (Say("pin", {"story": "ferry"}), Press("Unpin")),
        "Unpinned “Night ferry returns”",
        ("Its card stays and is kept up to date.",),
        ("Pin it again",),
        moderator=True,
    ),
    # /unknown
    Row(
        "which cards may not have arrived, where all have",
        (Say("unknown"),),
        "Of every card I posted here I know whether it arrived",
        moderator=True,
    ),
    # /audit
    Row(
        "who changed what, where there is only one",
        (Say("audit"),),
        "Here only you change what you get",
        ("So I write none of it down.",),
    ),
    # /moderators
    Row(
        "who is a moderator, where there is only one",
        (Say("moderators"),),
        "Here you are your own moderator",
        ("What I send to you alone, you alone change.",),
    ),
    # /catchup
    Row(
        "what moved is marked as read",
        (Say("catchup"), Press("Mark as read"), Say("catchup")),
        "You're all caught up",
        ("Nothing has moved since your last visit",),
        ("Live stories",),
    ),
    # /privacy
    Row(
        "what is kept about a chat and whoever asks",
        (following("weather"), Say("privacy")),
        "What I keep, and what I do not",
        (
            "By your number I keep which revision of a story you saw last",
            "I keep what it follows: “weather”. I have sent no card here. This chat is …",
            "Names and messages: what you write is answered and forgotten",
            "Whoever changes what a group gets is named there for 90 days",
        ),
        ("What this chat follows",),
        moderator=True,
        only_private=True,
    ),
    # /forgetme
    Row(
        "all that is kept about someone is deleted",
        (
            Say("forgetme"),
            Press("Yes, forget me"),
            following("weather"),
            Say("forgetme"),
            Press("Yes, forget me"),
        ),
        "Forgotten",
        ("What your private chat with me followed.",),
    ),
    Row(
        "only once they have said so twice",
        (following("weather"), Say("forgetme")),
        "Forget all about you?",
        ("are deleted at once and for good", "Cards already sent to you stay where they are"),
        ("Yes, forget me",),
    ),
    # /help
    Row(
        "what the bot does",
        (Say("help"),),
        "Storywire",
        (
            "I keep this chat in step with news stories while they develop",
            "What is live, the most viral first",
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

LOOKS = {"stories", "story", "search", "faq", "why", "following", "privacy", "help"}
"""Commands that change nothing; where others read along each is asked in one way, the first."""
FIRST = {command: next(row for row in ROWS if command in row.commands) for command in LOOKS}
CASES = [
    pytest.param(row, place, id=f"{row.name}, {place}")
    for row in ROWS
    for place in ("private", "shared")
    if place == "private" or (not row.only_private and (row.moderator or row in FIRST.values()))
]


@pytest.mark.parametrize(("row", "place"), CASES)
async def test_people_read_the_same_on_both_platforms(
    calm_bot: Running, row: Row, place: str
) -> None:
    road = await calm_bot.knowing(*STORIES)
    people = both(road, place, moderator=row.moderator)
    seen: list[Seen] = []
    for step in row.steps:
        if isinstance(step, Say):
            seen = [await person.say(step) for person in people]
        else:
            seen = [
                await person.press(last, step.label)
                if isinstance(step, Press)
                else await person.fill(last, step.text)
                for person, last in zip(people, seen, strict=True)
            ]
    there, here = seen
    assert there == replace(here, body=here.body.replace(f"{UNSEEN} ", ""))
    assert there.title == row.title
    for words in row.words:
        assert words in there
    for label in row.labels:
        assert label in there.labels


async def test_every_command_has_a_row_and_is_offered_on_both_platforms(calm_bot: Running) -> None:
    road = await calm_bot.knowing()
    declared = tuple(Talk().commands.values())
    names = [command.name for command in declared]
    assert set(names) == set.union(*(row.commands for row in ROWS))
    offered = road.discord.view()["commands"]
    typed = {each["name"]: each["description"] for each in offered if each["type"] == 1}
    assert typed == {command.name: command.description for command in declared}
    for chat in (telegram.SOL, telegram.GROUP):
        shown = road.telegram.commands(telegram.SOL, chat)
        assert [each["command"] for each in shown] == names
    for_all = [command.name for command in declared if not command.moderators]
    assert [
        each["command"] for each in road.telegram.commands(telegram.MIRA, telegram.GROUP)
    ] == for_all


# -- alone with the bot, in a channel, in a topic ------------------------------------------------


async def test_what_someone_looked_at_is_told_to_them_alone(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in both(road, "private", moderator=True):
        await person.say(Say("story", {"words": "ferry"}))
        told = await person.say(Say("privacy"))
        assert "You looked at 1 story. Unless you look again, forgotten just now" in told
    whispered, shown = both(road, "shared", moderator=True)
    assert "You looked at 1 story." in await whispered.say(Say("privacy"))
    told = await shown.say(Say("privacy"))
    assert "What that is just now I say in private only." in told
    assert "1 story" not in told


async def test_nothing_in_the_storage_names_someone_who_is_forgotten(
    calm_bot: Running, redis: Redis, prefix: str
) -> None:
    road = await calm_bot.knowing(*STORIES)
    numbers = (f"@{discord.SOL}", f":{telegram.SOL}")

    records = {(kind, number) for kind in _PERSONAL for number in numbers}
    cards = []
    for person in both(road, "private", moderator=True):
        await person.say(following("ferry"))
        cards.append(await eventually(partial(_first, person, "Night ferry returns")))
        await person.say(Say("story", {"words": "trams"}))
        await person.press(
            await person.press(await person.say(Say("setup")), "Loudness"), "Only edit cards"
        )

    async def known() -> bool:
        return await naming(redis, prefix, *numbers) == records

    await eventually_so(known, "all that is kept is saved")
    for person in both(road, "private", moderator=True):
        asked = await person.say(Say("forgetme"))
        told = await person.press(asked, "Yes, forget me")
        assert "What you saw of 1 story." in told
        assert "The record of 1 card sent there." in told
    assert await naming(redis, prefix, *numbers) == set()
    await road.publish(replace(FERRY, headline="It is back", breakdown=("It sank.",)))
    await road.publish(replace(TRAMS, id=StoryId("last"), title="The last word"))
    await road.rests()
    for person, card in zip(both(road, "private", moderator=True), cards, strict=True):
        assert _first(person, "Night ferry returns") == card, "it stays as it is"
    assert await naming(redis, prefix, *numbers) == set()


_PERSONAL = ("places", "rules", "cards", "chat", "drafts")


async def test_what_moved_is_told_page_by_page_and_once(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    people = both(road, "private", moderator=True)
    first, first_too = [await person.say(Say("catchup")) for person in people]
    assert first == first_too
    assert first.title == "What moved in the last day, 1 of 2"
    assert "Night ferry returns New story: The boat sails again" in first
    last, last_too = [
        await person.press(first_, "More ›")
        for person, first_ in zip(people, (first, first_too), strict=True)
    ]
    assert last == last_too
    assert last.title == "What moved in the last day, 2 of 2"
    assert last.body.count("New story") == 4, "the one that has ended, too"
    assert "You're all caught up" in last
    await road.publish(replace(TRAMS, headline="Trams run again"))
    for person in people:

        async def moved(person: Person = person) -> bool:
            return (await person.say(Say("catchup"))).title == "Since your last visit"

        await eventually_so(moved, "what moved is told")
        told = await person.say(Say("catchup"))
        assert "Headline: “Trams run again”" in told
        assert "ferry" not in told
    shared, shared_too = both(road, "shared", moderator=True)
    told = await shared.say(Say("catchup"))
    lead = await shared_too.say(Say("catchup"))
    assert lead.title == "/catchup is between you and me"
    assert await shared_too.press(lead, "Go on in private") == told


async def test_where_others_read_telegram_leads_into_private_for_what_is_personal(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    on_discord, on_telegram = both(road, "shared")
    asked = await on_discord.say(Say("forgetme"))
    assert asked.title == "Forget all about you?"
    answer = await on_telegram.say(Say("forgetme"))
    assert answer.title == "/forgetme is between you and me"
    asked_too = await on_telegram.press(answer, "Go on in private")
    assert asked_too == asked
    mira = OnTelegram(road.telegram, telegram.MIRA)
    assert (await mira.open("forgetme_yes")).title == "Forget all about you?", "a link says no yes"
    channel = OnTelegram(road.telegram, telegram.SOL, telegram.CHANNEL)
    await channel.say(following("weather"))
    assert (await channel.say(Say("forgetme"))).title == "/forgetme is between you and me"
    assert "weather" in await channel.say(Say("following"))


async def test_a_story_followed_in_private_brings_its_card_there(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in both(road, "private"):
        await person.say(following("ferry"))
        card = await eventually(partial(_first, person, "Night ferry returns"))
        assert "Two hundred came along." in card
        answer = await person.press(card, "Questions (2)")
        assert answer.title == "Questions about “Night ferry returns”"
        assert _first(person, "Night ferry returns") == card, "the card stays"


async def test_a_card_in_a_group_leads_into_the_private_chat(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for keeper, reader in zip(
        both(road, "shared", moderator=True),
        both(road, "shared"),
        strict=True,
    ):
        await keeper.say(following("ferry"))
        card = await eventually(partial(_first, keeper, "Night ferry returns"))
        answer = await reader.press(card, "Questions (2)")
        assert answer.title == "Questions about “Night ferry returns”"
        answer = await reader.press(answer, "Why did the ferry stop?")
        assert "A crack in the bow door." in answer
        answer = await reader.press(card, "Sources (10)")
        assert "Report 1 — strand.example" in answer
        assert not any(seen.title == answer.title for seen in reader.read()), "others saw it"


def _first(person: Person, title: str) -> Seen | None:
    return next((seen for seen in person.read() if seen.title == title), None)


async def test_a_topic_is_a_chat_of_its_own(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    port, tech = (
        OnTelegram(road.telegram, telegram.SOL, telegram.FORUM, topic)
        for topic in (telegram.TOPIC_PORT, telegram.TOPIC_TECH)
    )
    await port.say(following("ferry"))
    await eventually(lambda: _first(port, "Night ferry returns"))
    answer = await port.say(Say("following"))
    assert f"This chat is telegram:{telegram.FORUM}/{telegram.TOPIC_PORT}" in answer.raw["text"]
    assert (await tech.say(Say("following"))).title == "This chat follows nothing yet"
    assert _first(tech, "Night ferry returns") is None
    await port.say(Say("pin", {"story": "ferry"}))
    assert [card.title for card in port.pinned()] == ["Night ferry returns"]


async def test_a_channel_takes_commands_from_those_who_post_there(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    channel = OnTelegram(road.telegram, telegram.SOL, telegram.CHANNEL)
    assert (await channel.say(following("ferry"))).title == "Following “Night ferry returns”"
    await eventually(lambda: _first(channel, "Night ferry returns"))
    assert (await channel.say(Say("pin", {"story": "ferry"}))).title == (
        "Pinned “Night ferry returns”"
    )
    assert [card.title for card in channel.pinned()] == ["Night ferry returns"]


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


async def test_moderators_read_who_changed_what(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    told = []
    for person in both(road, "shared", moderator=True):
        assert "Nobody has changed anything here" in await person.say(Say("audit"))
        await person.say(following("weather"))
        seen = await person.say(Say("pin", {"story": "ferry"}))
        await person.press(seen, "Unpin")
        told.append(await person.say(Say("audit")))
    there, here = told
    assert there == here
    assert there.title == "Who changed what here"
    assert there.body == (
        "Sol: unpinned “Night ferry returns”, just now "
        "Sol: pinned “Night ferry returns”, just now "
        "Sol: followed “weather”, just now"
    )


async def test_where_others_read_all_commands_are_one_press_away(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in both(road, "shared"):
        few = await person.say(Say("help"))
        assert "What is pinned here" not in few
        every = await person.press(few, "All commands")
        assert "What is pinned here" in every
        assert "All commands" not in every.labels


async def test_words_without_a_command_are_a_question_in_private_and_nothing_in_a_group(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    mira = OnTelegram(road.telegram, telegram.MIRA)
    assert (await mira.type("Why did the ferry stop?")).title == "Why did the ferry stop?"
    assert (await mira.type("/nothing")).title == "There is no /nothing here"
    group = telegram.GROUP
    for text in ("Why did the ferry stop?", "/nothing", "/help@another_bot"):
        await road.telegram.say(telegram.MIRA, group, text)
    answered = OnTelegram(road.telegram, telegram.MIRA, group)
    assert (await answered.type("/help@storywire_bot")).title == "Storywire"
    assert len(answered.read()) == 1


# -- who may -------------------------------------------------------------------------------------


async def test_members_may_look_but_not_change_what_a_chat_gets(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    keepers = both(road, "shared", moderator=True)
    for keeper in keepers:
        await keeper.say(following("ferry"))
    mira, mira_too = both(road, "shared")
    for command in (
        "follow",
        "unfollow",
        "mute",
        "unmute",
        "pause",
        "resume",
        "pin",
        "unpin",
        "pins",
    ):
        refused = await mira_too.say(Say(command))
        assert refused.title == f"/{command} is for the moderators of this chat"
        with pytest.raises(discord.NotOffered):
            await mira.say(Say(command))
    for person in (mira, mira_too):  # the menu is there for all who look; the click is refused
        gets = await person.say(Say("following"))
        refused = await person.press(gets, "Night ferry returns")
        assert refused.title == "/unfollow is for the moderators of this chat"
    for keeper in keepers:
        assert (await keeper.say(Say("following"))).title == "This chat gets"


async def test_what_a_moderator_presses_in_a_group_is_about_that_group(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person, private in zip(
        both(road, "shared", moderator=True),
        both(road, "private", moderator=True),
        strict=True,
    ):
        asked = await person.say(Say("follow"))
        assert (await person.press(asked, "Tram strike ends")).title == (
            "Following “Tram strike ends”"
        )
        asked = await person.say(Say("pin"))
        assert (await person.press(asked, "Night ferry returns")).title == (
            "Pinned “Night ferry returns”"
        )
        assert "“Tram strike ends”" in await person.say(Say("following"))
        assert [card.title for card in person.pinned()] == ["Night ferry returns"]
        assert (await private.say(Say("following"))).title == "This chat follows nothing yet"


async def test_why_a_story_is_not_here_is_answered_about_the_chat_it_is_asked_in(
    calm_bot: Running,
) -> None:
    road = await calm_bot.knowing(*STORIES)
    for person in both(road, "shared", moderator=True):
        asked = await person.say(Say("why"))
        await person.say(following("weather"))
        because = await person.press(asked, "Night ferry returns")
        assert because.title == "“Night ferry returns” is not shown here"
        assert "weather" in because, "what this chat follows"


async def test_a_missing_right_is_named_when_a_card_is_to_be_pinned(calm_bot: Running) -> None:
    road = await calm_bot.knowing(*STORIES)
    here, there = both(road, "shared", moderator=True)
    road.discord.deny(discord.NEWS, "PIN_MESSAGES")
    road.telegram.deny(telegram.GROUP, "can_pin_messages")
    for person in (here, there):
        refused = await person.say(Say("pin", {"story": "ferry"}))
        assert refused.title == "I may not pin here: I lack the right “Pin Messages”"
        assert "Give it to me in this chat's settings, then ask again." in refused
        assert (await person.say(Say("pins"))).title == "I have nothing pinned here"
    road.discord.allow(discord.NEWS, "PIN_MESSAGES")
    road.telegram.allow(telegram.GROUP, "can_pin_messages")
    for person in (here, there):
        done = await person.say(Say("pin", {"story": "ferry"}))
        assert done.title == "Pinned “Night ferry returns”"
        assert [card.title for card in person.pinned()] == ["Night ferry returns"]


async def test_nothing_can_be_changed_where_the_operator_decides(calm_bot: Running) -> None:
    fixed = {
        Chat("discord", discord.NEWS): Rule(keywords=("weather",), min_virality=6),
        Chat("telegram", str(telegram.GROUP)): Rule(keywords=("weather",), min_virality=6),
    }
    road = await calm_bot.knowing(*STORIES, chats=fixed)
    for person in both(road, "shared", moderator=True):
        for said in (following("ferry"), Say("unfollow", {"what": "all"})):
            refused = await person.say(said)
            assert refused.title == "What this chat gets is set by whoever runs this bot"
        gets = await person.say(Say("following"))
        assert "Every story about “weather”. Only with a virality of 6 or more" in gets
        assert "Set by whoever runs this bot" in gets


# -- suggestions while someone types, which only Discord has --------------------------------------


async def test_what_is_typed_is_completed(calm_bot: Running) -> None:
    many = tuple(
        replace(FILLERS[0], id=StoryId(f"long-{number}"), title=f"Long {number} " + "title " * 40)
        for number in range(30)
    )
    road = await calm_bot.knowing(*STORIES, *many)

    async def offered(command: str, focused: str, **options: str) -> dict[str, str]:
        choices = await road.discord.autocomplete(
            discord.SOL, discord.NEWS, command, focused, options
        )
        assert 0 < len(choices) <= 25
        for choice in choices:
            assert len(choice["name"]) <= 100
            assert len(choice["value"]) <= 100
        return {choice["name"]: choice["value"] for choice in choices}

    assert list((await offered("story", "words", words="nig")).values()) == ["ferry"]
    assert len(await offered("story", "words", words="")) == 25
    assert len(await offered("pin", "story", story="long")) == 25
    assert next(iter(await offered("follow", "what", what="al"))) == "All stories"
    asked = {each.question: each.key for each in FERRY.questions}
    assert await offered("faq", "question", story="ferry", question="") == asked
    assert list((await offered("faq", "question", story="ferry", question="pay")).values()) == [KEY]
    assert KEY not in (await offered("faq", "question", story="trams", question="")).values()
    names = await offered("faq", "question", question="who pays for the")
    assert names == {"Who pays for the repair?": KEY}
    assert "ferry" in (await offered("faq", "story", story="fer", question="ignored")).values()
