"""Alarms: each change is told once."""

import logging

import pytest

from bot.alarms import Alarms
from bot.metrics import Metrics


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
