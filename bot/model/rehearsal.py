"""What a rule would have brought: counted when the past is played against it."""

from dataclasses import dataclass, field

from stories.changes import Heard


@dataclass(slots=True)
class Played:
    """What would have been done about one story in one chat."""

    cards: list[Heard] = field(default_factory=list)
    """The cards that would have been posted, each as it would have come."""
    edits: int = 0
    replies: int = 0
    pings: int = 0
    """Replies that would have mentioned the role, also counted as replies."""
    held: int = 0
    """Cards and replies that quiet hours would have held back for a while."""
