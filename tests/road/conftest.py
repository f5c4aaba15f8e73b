"""The road from one end to the other: both platforms, a real Redis, and the bot between them."""

from datetime import timedelta
from functools import partial

import pytest

from bot import app
from bot.delivery.policy import Policy


@pytest.fixture
def settles_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that has just begun does not wait long for what another may have had on the wire."""
    monkeypatch.setattr(app, "Policy", partial(Policy, settle=timedelta(seconds=0.5)))
