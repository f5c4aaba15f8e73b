"""What a platform's refusal is about: one card, or the chat it stands in."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.outbound import Outbound
from bot.delivery.rate_limiter import RateLimiter
from bot.metrics import Metrics
from bot.model.chat import Chat
from bot.model.errors import NotNow
from bot.model.ledger import CardRecord, State
from bot.platforms.discord.capabilities import DISCORD
from tests.simulation.storage import Client, MemoryLease, Store
from wording.reasons import Code, Reason

NOW = datetime(2026, 6, 25, 6, 0, tzinfo=UTC)
NORTH = Chat("discord", "1")
HALF_AN_HOUR, A_MOMENT = timedelta(minutes=30), timedelta(seconds=8)


@pytest.mark.parametrize(
    ("act", "pause", "rest"),
    [
        ("edit", HALF_AN_HOUR, timedelta(0)),
        ("publish", HALF_AN_HOUR, timedelta(0)),
        ("edit", A_MOMENT, A_MOMENT),
        ("publish", A_MOMENT, A_MOMENT),
        ("post", HALF_AN_HOUR, HALF_AN_HOUR),
    ],
)
def test_a_chat_rests_unless_the_pause_is_about_one_card(
    act: str, pause: timedelta, rest: timedelta
) -> None:
    rate_limiter = RateLimiter(DISCORD, clock=lambda: 100.0)
    calls = Outbound(
        "discord",
        lease=MemoryLease(Client(Store(lambda: NOW)), "discord"),
        rate_limiter=rate_limiter,
        metrics=Metrics(),
        taken=lambda *_: None,
        refused=lambda *_: None,
        now=lambda: NOW,
    )
    row = CardRecord(State.SENDING, NOW, 1, message_id="42")
    calls.failed(row, act, NORTH, NotNow(pause, Reason(Code.PAUSE), too_fast=True))
    assert rate_limiter.rest(NORTH) == rest.total_seconds()
