"""When the bot is let into a chat or put out of it, blocked, or its rights there change."""

from telegram import ChatMemberRestricted, Update
from telegram.constants import ChatMemberStatus, ChatType


def is_inside(update: Update) -> bool | None:
    """Whether we are in the update's chat; None when the update says nothing of that."""
    if change := update.my_chat_member:
        now = change.new_chat_member
        if isinstance(now, ChatMemberRestricted):
            return now.is_member
        return now.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
    if update.message and update.message.chat.type == ChatType.PRIVATE:
        return True  # who writes to us has not blocked us
    return None
