"""Reads from updates whether the bot was added to a chat, removed, blocked, or given
permissions."""

from telegram import ChatMemberRestricted, Update
from telegram.constants import ChatMemberStatus, ChatType


def is_inside(update: Update) -> bool | None:
    """Whether we are in the update's chat; None if the update says nothing about that."""
    if change := update.my_chat_member:
        now = change.new_chat_member
        if isinstance(now, ChatMemberRestricted):
            return now.is_member
        return now.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
    if update.message and update.message.chat.type == ChatType.PRIVATE:
        return True  # a person who writes to us hasn't blocked us
    return None
