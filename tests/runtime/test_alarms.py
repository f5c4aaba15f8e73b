"""Alarms: each change is told once."""

import logging
from datetime import timedelta

import pytest

from bot.metrics import Metrics
from runtime.alarms import Alarms
from tests.running import eventually


def test_an_alarm_holds_until_it_is_cleared_and_each_change_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    metrics = Metrics()
    alarms = Alarms(metrics)
    for _ in range(3):
        alarms.report("disk", "The data folder is full: free some space.")
    alarms.report("disk", "The data folder is read-only: make it writable.")
    assert alarms.active == {"disk": "The data folder is read-only: make it writable."}
    assert metrics.registry.get_sample_value("storywire_alarm", {"name": "disk"}) == 1
    alarms.clear("disk")
    alarms.clear("disk")
    assert alarms.active == {}
    assert metrics.registry.get_sample_value("storywire_alarm", {"name": "disk"}) == 0
    assert [record.message for record in caplog.records] == ["alarm", "alarm", "alarm over"]


async def test_an_alarm_that_lasts_a_while_is_over_by_itself() -> None:
    alarms = Alarms(Metrics())
    alarms.report("storage", "It lost something.", lasts=timedelta(0))
    alarms.report("storage", "It lost something.", lasts=timedelta(hours=1))
    alarms.report("disk", "It is full.", lasts=timedelta(0))
    await eventually(lambda: "disk" not in alarms.active, "the while is over")
    assert list(alarms.active) == ["storage"], "it was said again"
