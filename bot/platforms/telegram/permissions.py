"""Which permissions the bot has in a chat, in the words Telegram shows to administrators."""

from telegram import (
    Bot,
    ChatFullInfo,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberRestricted,
)
from telegram.constants import ChatType
from telegram.error import BadRequest

from bot.model.chat import Permission
from bot.model.errors import Unreachable
from bot.platforms.telegram.refusals import NOT_A_MEMBER
from wording.language import N_
from wording.reasons import Code, Reason


async def missing(
    bot: Bot, chat_id: int, permission: Permission, topic: int | None = None
) -> tuple[str, ...]:
    """The missing permissions in a group or channel; raises what the library raises,
    or Unreachable."""
    chat = await bot.get_chat(chat_id)
    if topic is not None and not chat.is_forum:
        raise Unreachable(Reason(Code.NO_TOPICS))
    me = await bot.get_chat_member(chat_id, bot.id)
    if isinstance(me, ChatMemberLeft | ChatMemberBanned):
        raise Unreachable(Reason(Code.NOT_IN_CHAT), out=True)
    name, granted = _standing(chat, me, permission)
    return () if granted else (name,)


async def heads(bot: Bot, chat_id: int, person: int) -> bool:
    """Whether a person is an administrator of a group or channel; raises as the library does."""
    try:
        member = await bot.get_chat_member(chat_id, person)
    except BadRequest as error:
        if any(part in error.message.casefold() for part in NOT_A_MEMBER):
            return False
        raise
    return member.status in (ChatMember.ADMINISTRATOR, ChatMember.OWNER)


def _standing(chat: ChatFullInfo, me: ChatMember, permission: Permission) -> tuple[str, bool]:
    """The one permission that matters here, and whether we have it."""
    admin = me if isinstance(me, ChatMemberAdministrator) else None
    if chat.type == ChatType.CHANNEL:
        if permission is Permission.POST:
            return N_("Post Messages"), admin is not None and bool(admin.can_post_messages)
        return N_("Edit Messages"), admin is not None and bool(admin.can_edit_messages)
    if permission is Permission.POST:
        return N_("Send Messages"), admin is not None or _allowed(chat, me, "can_send_messages")
    if admin is not None:
        return N_("Pin Messages"), bool(admin.can_pin_messages)
    return N_("Pin Messages"), _allowed(chat, me, "can_pin_messages")


def _allowed(chat: ChatFullInfo, me: ChatMember, permission: str) -> bool:
    """What an ordinary member may do: what the group allows everyone, minus their own
    restrictions."""
    group = chat.permissions is None or bool(getattr(chat.permissions, permission))
    own = not isinstance(me, ChatMemberRestricted) or bool(getattr(me, permission))
    return group and own
