"""What earlier processes sent counts against the platforms' limits, too."""

from collections.abc import Iterable
from datetime import datetime

from bot.delivery.ports import Ledger
from bot.delivery.rate_limiter import RateLimiter
from bot.delivery.rules import RuleBook


async def recall_rates(
    rate_limiter: RateLimiter, rules: RuleBook, ledger: Ledger, platform: str, now: datetime
) -> None:
    """Count what was sent to a group within the last minute, and published in a channel within
    the last hour, by whichever process; may raise StorageAway."""

    def ages_s(moments: Iterable[datetime | None]) -> list[float]:
        ages_s = [(now - moment).total_seconds() for moment in moments if moment is not None]
        return [max(0.0, age_s) for age_s in ages_s]  # none is in the future

    for chat in rules.chats():
        rule = rules.of(chat)
        publishes = rule is not None and rule.publish
        if chat.platform == platform and (rate_limiter.counts(chat) or publishes):
            rows = (await ledger.of_chat(chat)).values()
            done = ages_s(moment for row in rows for moment in (row.at, row.replied_at))
            rate_limiter.remember(chat, [age_s for age_s in done if age_s < 60])
            rate_limiter.published(chat, ages_s(row.published_at for row in rows))
