"""What a chat gets, said in words, and the single things it follows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.model import words
from bot.model.chat import Chat
from bot.model.errors import Sorry
from bot.model.message import Block, Bullets, Button, Ref, Text
from bot.model.rule import Loudness, Rule, folded
from bot.ports import Rules
from handlers.picking import name
from stories.shelf import Shelf
from stories.story import StoryId, text_key

EVERYTHING = "all"
"""What buttons say for every live story."""
EVERYTHINGS = frozenset({EVERYTHING, "all stories", "everything"})
"""What people write for it."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing a chat follows: how it is called, and how a button names it."""

    label: str
    key: str

    def button(self) -> Button:
        return Button(self.label, Ref("unfollow", (self.key,)))


def words_in(rule: Rule) -> tuple[str, ...]:
    """The words a rule looks for, once each, as first written."""
    once: dict[str, str] = {}
    for word in (*rule.keywords, *rule.entities):
        once.setdefault(fold(word), word)
    return tuple(once.values())


def fold(word: str) -> str:
    return next(iter(folded((word,))))


def followed(rule: Rule | None, shelf: Shelf) -> list[Thing]:
    """Everything a rule follows, the widest first."""
    if rule is None:
        return []
    return [
        *([Thing("Everything", EVERYTHING)] if rule.all else []),
        *(Thing(f"“{word}”", text_key(word)) for word in words_in(rule)),
        *(Thing(title_of(story, shelf), story) for story in rule.story_ids),
    ]


def title_of(story: StoryId, shelf: Shelf) -> str:
    """A story's title; its id when the story is no longer kept."""
    edition = shelf.get(story)
    return name(edition.story) if edition else story


def gets(rule: Rule, shelf: Shelf) -> Iterator[Block]:
    """What a chat with this rule gets, in words."""
    stories = tuple(f"“{title_of(story, shelf)}”" for story in rule.story_ids)
    about = words_in(rule)
    if rule.all:
        yield Text("Every live story.")
    elif about:
        yield Text(f"Every story about {_either(about)}.")
    if stories and not rule.all:
        yield Text("These stories as well:" if about else "These stories:")
        yield Bullets(stories)
    if limits := list(_thresholds(rule)):
        yield Text(
            f"Only with {' and '.join(limits)}; a story without that figure does not come here."
        )
    if rule.show_leaning:
        yield Text("Cards show the political leaning of the coverage.")
    yield Text(_LOUDNESS[rule.loudness])


_LOUDNESS = {
    Loudness.EDIT: "Cards are edited as stories develop, and nothing else is said.",
    Loudness.REPLY: (
        "Cards are edited as stories develop; when much changes a short reply says what, "
        "at most one per story and hour."
    ),
    Loudness.PING: (
        "Cards are edited as stories develop; when much changes a short reply says what, at most "
        "one per story and hour, and a major one mentions the role that the moderators chose."
    ),
}


def _either(about: tuple[str, ...]) -> str:
    *others, last = (f"“{word}”" for word in about)
    return f"{', '.join(others)} or {last}" if others else last


def _thresholds(rule: Rule) -> Iterator[str]:
    if rule.min_virality is not None:
        yield f"a {words.virality(rule.min_virality)} or more"
    if rule.min_articles is not None:
        yield f"{words.articles(rule.min_articles)} or more"


async def change(rules: Rules, chat: Chat, how: Callable[[Rule], Rule]) -> tuple[Rule, Rule]:
    """Change the chat's rule as `Rules.change` does; raise Sorry where the file has the say."""
    theirs(rules, chat)
    return await rules.change(chat, how)


def theirs(rules: Rules, chat: Chat) -> Rule:
    """The chat's own rule to look at; raise Sorry where the operator's file has the say."""
    if rules.is_fixed(chat):
        raise Sorry(
            "What this chat gets is set by whoever runs this bot",
            Text(f"Ask them to change the entry for {chat} in the bot's configuration."),
        )
    return rules.of(chat) or Rule()
