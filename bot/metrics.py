"""The bot's metrics, for /metrics. The operator's guide explains each name."""

from prometheus_client import Counter, Gauge, Histogram

from stories.metrics import StoryMetrics

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)


class Metrics(StoryMetrics):
    """The bot's registry; every part is given it."""

    def __init__(self) -> None:
        super().__init__()
        registry = self.registry
        self.wake_to_wire = Histogram(
            "storywire_wake_to_wire_seconds",
            "From accepting a revision to sending its card, waits for the pace included.",
            ["platform"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.deliveries = Counter(
            "storywire_deliveries",
            "Attempts to post, edit or reply, by how they ended.",
            ["platform", "act", "outcome"],
            registry=registry,
        )
        self.too_fast = Counter(
            "storywire_too_fast",
            "429s, those on answers included: each one is a defect of our pace.",
            ["platform"],
            registry=registry,
        )
        self.due = Gauge("storywire_due", "Cards that are due.", ["platform"], registry=registry)
        self.oldest_due = Gauge(
            "storywire_oldest_due_seconds",
            "How long the card that is latest has been due, also while it waits after a failed "
            "attempt or for a platform's pause; parked chats, quiet hours and the spacing of edits "
            "are left out.",
            ["platform"],
            registry=registry,
        )
        self.parked = Gauge(
            "storywire_parked_chats",
            "Chats that refuse us; their newest state waits for them.",
            ["platform"],
            registry=registry,
        )
        self.steps_back = Counter(
            "storywire_storage_steps_back",
            "Times the storage was seen to have lost what it had acknowledged.",
            ["platform"],
            registry=registry,
        )
