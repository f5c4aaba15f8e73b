"""The metrics of processes that take stories in or follow them."""

from prometheus_client import Counter

from runtime.metrics import ProcessMetrics


class StoryMetrics(ProcessMetrics):
    """The metrics of a process that takes documents in or follows the stories."""

    def __init__(self) -> None:
        super().__init__()
        self.documents = Counter(
            "storywire_documents",
            "Documents that came in, by door and what became of them.",
            ["door", "verdict"],
            registry=self.registry,
        )
        self.catch_ups = Counter(
            "storywire_catch_ups",
            "Readings of the archive's index, by what caused them.",
            ["cause"],
            registry=self.registry,
        )
