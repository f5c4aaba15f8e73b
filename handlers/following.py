"""/following - what this chat gets, and the chat's address."""

from dataclasses import dataclass

from bot.model.command import Ask, Command
from bot.model.errors import Sorry
from handlers.changing_rules import newer
from handlers.followed_things import followed, to_follow
from handlers.ports import Rules
from handlers.rule_in_words import gets, who_follows
from handlers.story_choice import MENU
from stories.index import StoryIndex
from wording.language import N_, _
from wording.message import Block, Button, Buttons, Menu, Message, Note, Ref


@dataclass(frozen=True, slots=True)
class FollowingCommand:
    """Shows the chat's rule, with buttons to change it."""

    index: StoryIndex
    rules: Rules

    async def answer(self, ask: Ask) -> Message:
        """The chat's rule in words, with buttons to change it."""
        rule = self.rules.of(ask.chat)
        things = followed(rule, self.index)
        this = Note(_("This chat's ID is {chat}").format(chat=ask.chat))
        blocks: list[Block] = [*gets(rule, self.index)] if rule and things else []
        if self.rules.is_fixed(ask.chat):
            fixed = Note(_("Set by the bot's operator. Ask them to change it."))
            return Message(_title(bool(things)), (*blocks, fixed, this))
        if self.rules.is_unreadable(ask.chat):
            raise Sorry(newer(), this)
        if not things:
            return Message(_title(False), (who_follows(private=ask.private), this), (_ways(),))
        if not ask.private:
            blocks.append(Note(_("Only moderators of this chat can change that.")))
        menu = Menu(_("Unfollow …"), tuple(thing.button() for thing in things[:MENU]))
        others = [Button(_("Unfollow others"), Ref("unfollow", ("", "2")))]
        ways = _ways(*(others if len(things) > MENU else ()))
        return Message(_title(True), (*blocks, this), (menu, ways))


def following_command(index: StoryIndex, rules: Rules) -> Command:
    """The command /following."""
    following = FollowingCommand(index, rules)
    return Command("following", N_("What this chat gets"), following.answer, about_chat=True)


def _title(anything: bool) -> str:
    return _("What this chat gets") if anything else _("This chat follows nothing yet")


def _ways(*others: Button) -> Buttons:
    return Buttons((to_follow(), *others, Button(_("Set up"), Ref("setup"))))
