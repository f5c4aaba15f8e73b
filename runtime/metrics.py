"""What every process counts, for /metrics. Each name is explained in the operator's guide."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ProcessMetrics:
    """One set of figures a process; every part gets it handed in."""

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
