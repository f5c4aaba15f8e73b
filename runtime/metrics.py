"""The metrics that every process has, for /metrics. The operator's guide explains each name."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ProcessMetrics:
    """One registry per process, which every part is given."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.alarms = Gauge(
            "storywire_alarm",
            "1 while something is wrong; /readyz says what and how to fix it.",
            ["name"],
            registry=registry,
        )
        self.unreadable = Counter(
            "storywire_unreadable_records",
            "Stored records that were skipped because they cannot be read, by kind.",
            ["kind"],
            registry=registry,
        )
