"""/following - what this chat gets, and which chat it is."""

from bot.model.command import Ask, Command
from bot.model.language import N_, _
from bot.model.message import Block, Button, Buttons, Menu, Message, Note, Ref, Row, Text
from bot.ports import Rules
from handlers.picking import MENU
from handlers.wants import followed, gets
from stories.shelf import Shelf


def following_command(shelf: Shelf, rules: Rules) -> Command:
    async def answer(ask: Ask) -> Message:
        rule = rules.of(ask.chat)
        things = followed(rule, shelf)
        this = Note(_("This chat is {chat}").format(chat=ask.chat))
        blocks: list[Block] = [*gets(rule, shelf)] if rule and things else []
        if rules.is_fixed(ask.chat):
            fixed = Note(_("Set by whoever runs this bot; ask them to change it."))
            return Message(_title(bool(things)), (*blocks, fixed, this))
        if not things:
            change = _("A moderator can change that with /follow and a story or a word.")
            if ask.private:
                change = _("Change that with /follow and a story or a word.")
            return Message(_title(False), (Text(change), this), (_ways(),))
        if not ask.private:
            blocks.append(Note(_("Only moderators of this chat can change that.")))
        buttons: list[Row] = [
            Menu(_("Unfollow …"), tuple(thing.button() for thing in things[:MENU])),
            _ways(),
        ]
        if len(things) > MENU:
            buttons[1] = _ways(Button(_("Unfollow others"), Ref("unfollow", ("", "2"))))
        return Message(_title(True), (*blocks, this), tuple(buttons))

    return Command(
        "following", N_("What this chat gets, and its name for settings"), answer, about_chat=True
    )


def _title(anything: bool) -> str:
    return _("This chat gets") if anything else _("This chat follows nothing yet")


def _ways(*others: Button) -> Buttons:
    follow = Button(_("Follow something"), Ref("follow"))
    return Buttons((follow, *others, Button(_("Set up"), Ref("setup"))))
