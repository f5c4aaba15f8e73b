"""What the writing is given of a story, and what it remembers of what it wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsroom.model import Article, ArticleKey, Bullet, Sentence, Standing
from stories.story import Leaning, Story, StoryId


@dataclass(frozen=True, slots=True)
class Report:
    """One article of a story. Its text is empty where only its title may be quoted."""

    article: Article
    copy: bool = False
    """Whether it is a copy of another article of the story."""
    revised: int = 0
    """How often its publisher has revised it."""
    expired: bool = False
    """Its text is no longer stored: nothing new is quoted, and what was quoted stays."""


@dataclass(frozen=True, slots=True)
class Material:
    """A story as the desk has it at one moment."""

    id: StoryId
    now: datetime
    standing: Standing
    reports: tuple[Report, ...]
    """Oldest first."""
    leanings: Mapping[str, Leaning] = field(default_factory=dict)
    """Of the outlets that are rated, by domain."""
    withdrawn: Mapping[ArticleKey, str] = field(default_factory=dict)
    """Articles that were withdrawn, with the reason."""
    follows: StoryId | None = None
    split_from: StoryId | None = None
    merged_into: StoryId | None = None
    retracted: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What was written last: the document, and what its sentences rest on."""

    story: Story
    headline: Sentence
    bullets: tuple[Bullet, ...]
    frozen: bool = False
    """Whether the title was frozen."""
    outlets: Mapping[ArticleKey, str] = field(default_factory=dict)
    """The name of the outlet of each cited article, for a correction after it is gone."""
