"""The road from one end to the other: both platforms, a real Redis, and the bot between them."""

from datetime import timedelta

import pytest

from bot.delivery import cards, pins


@pytest.fixture
def settles_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that has just begun does not wait long for what another may have had on the wire."""
    for module in (cards, pins):
        monkeypatch.setattr(module, "SETTLE", timedelta(seconds=0.5))
