"""What Telegram allows and can do."""

from bot.model.capabilities import Capabilities, Limits
from bot.model.chat import Chat


def _group(chat: Chat) -> Chat:
    """Topics share their group's limits."""
    return Chat(chat.platform, chat.address.partition("/")[0])


TELEGRAM = Capabilities(
    # About 30/s, 1/s a chat, 20/min a group: core.telegram.org/bots/faq.
    limits=Limits(per_second=25, chat_gap_s=1.0, group_per_minute=18),
    mentions=False,
    finds=False,  # a bot can't read what was said before
    group=_group,
    is_group=lambda chat: chat.address.startswith("-"),
)
