"""The single things that a chat follows: how they are called, typed and unfollowed."""

from dataclasses import dataclass

from bot.model.rule import Rule
from handlers.story_words import name
from stories.index import StoryIndex
from stories.spelling import fold
from stories.story import StoryId, text_key
from wording.language import N_, _
from wording.message import Button, Ref

EVERYTHING = "all"
"""What buttons send for every live story."""


EVERYTHINGS = frozenset({EVERYTHING, "all stories", "everything"})
"""What people type for it."""


_ALL, _ALL_STORIES = N_("all"), N_("All stories")


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing a chat follows: everything, unless `word` or `story` is given.

    A button names its kind, so that no story's id is ever mistaken for a word, or for everything.
    """

    label: str
    word: str | None = None
    story: StoryId | None = None

    @property
    def ref(self) -> Ref:
        """Asks /unfollow about it."""
        if self.story is not None:
            return Ref("unfollow", ("", "", self.story))
        if self.word is not None:
            return Ref("unfollow", ("", "", "", text_key(self.word)))
        return Ref("unfollow", ("", "", "", "", EVERYTHING))

    @property
    def typed(self) -> str:
        """What people type after /unfollow for it."""
        if self.story is not None:
            return typed_id(self.story)
        return EVERYTHING if self.word is None else text_key(self.word)

    def button(self) -> Button:
        """A button that unfollows it."""
        return Button(self.label, self.ref)


def means_everything(what: str) -> bool:
    """Whether someone typed, in English or in the current language, that they mean all stories."""
    return what.casefold() in _everythings()


def may_mean_everything(typed: str) -> bool:
    """Whether someone has begun to type that."""
    return any(each.startswith(typed.strip().casefold()) for each in _everythings())


def _everythings() -> frozenset[str]:
    return EVERYTHINGS | {_(each).casefold() for each in (_ALL, _ALL_STORIES)}


def typed_id(story: StoryId) -> str:
    """A story's id as people type it: with a # before it if it would be a keyword of the
    command."""
    return f"#{story}" if means_everything(story) else story


def meant_by_id(what: str) -> str:
    """The id that was typed with a # before it; empty if there was none."""
    return what[1:].casefold() if what.startswith("#") else ""


def words_in(rule: Rule) -> tuple[str, ...]:
    """The words a rule follows, once each, as first written."""
    once: dict[str, str] = {}
    for word in (*rule.keywords, *rule.entities):
        once.setdefault(fold(word), word)
    return tuple(once.values())


def followed(rule: Rule | None, index: StoryIndex) -> list[Thing]:
    """Everything a rule follows, the broadest first."""
    if rule is None:
        return []
    return [
        *([Thing(_("Everything"))] if rule.all else []),
        *(Thing(f"“{word}”", word=word) for word in words_in(rule)),
        *(Thing(title_of(story, index), story=story) for story in rule.story_ids),
    ]


def title_of(story: StoryId, index: StoryIndex) -> str:
    """A story's title; its id if the story is no longer stored."""
    edition = index.get(story)
    return name(edition.story) if edition else story


def to_follow() -> Button:
    """The button that leads to /follow."""
    return Button(_("Follow something"), Ref("follow"))


def to_overview() -> Button:
    """The button that leads to /following."""
    return Button(_("What this chat follows"), Ref("following"))
