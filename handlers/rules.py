"""/rules - what a chat gets, in words and as text for keeping and for copying elsewhere."""

import tomllib
from dataclasses import dataclass, replace
from typing import Any

from bot.model.command import Ask, Choice, Command, Option
from bot.model.errors import Sorry
from bot.model.rule import Mute, Rule
from config.entry import WrongEntry, read_entry, read_rule, write_entry
from handlers import panel
from handlers.changing_rules import newer, theirs
from handlers.drafting import Drafting
from handlers.ports import Desk, Rules
from handlers.rule_in_words import gets
from handlers.story_words import quoted
from handlers.unreachable import with_what_is_missing
from stories.index import StoryIndex
from wording.language import N_, _
from wording.message import Button, Buttons, Code, Field, Message, Note, Ref, Text
from wording.text import JOINER

LONGEST = 3500
"""Characters of an entry that every platform shows whole."""
_VERBS = {"show": N_("show"), "export": N_("export"), "import": N_("import")}


@dataclass(frozen=True, slots=True)
class RulesCommand:
    """Shows, exports and imports the chat's rule."""

    index: StoryIndex
    rules: Rules
    desk: Desk
    drafting: Drafting

    async def answer(self, ask: Ask) -> Message:
        """Show the rule, export it as text, or import such text."""
        what, behind = (*ask.get("what").split(None, 1), "", "")[:2]
        text = ask.get("text") or behind
        match _verbs().get(what.casefold(), what and "unknown"):
            case "export":
                return self._export(ask)
            case "import":
                return await self._import(ask, text)
            case "unknown":
                raise Sorry(
                    _("/rules can't do {what}").format(what=quoted(what)),
                    Text(_("It can show, export or import this chat's rules.")),
                    rows=(_ways(fixed=self.rules.is_fixed(ask.chat)),),
                )
        return self._show(ask)

    def _show(self, ask: Ask) -> Message:
        rule, fixed = self.rules.of(ask.chat), self.rules.is_fixed(ask.chat)
        nothing = [Text(_("This chat gets no stories."))] if rule is None or rule.empty else []
        if self.rules.is_unreadable(ask.chat):
            nothing = [Text(newer())]
        said = [*nothing, *(gets(rule, self.index) if rule else ())]
        notes = [Note(_("Set by the bot's operator. Ask them to change it."))] if fixed else []
        return Message(_("This chat's rules"), (*said, *notes), (_ways(fixed=fixed),))

    def _export(self, ask: Ask) -> Message:
        entry = write_entry(ask.chat, self.rules.of(ask.chat) or Rule())
        if len(entry) > LONGEST:
            raise Sorry(
                _("These rules are too long for one message"),
                Text(_("Use fewer words that more stories share, then export again.")),
            )
        return Message(
            _("This chat's rules as text"),
            (
                Code(entry),
                Note(_("Paste it into /rules import in any chat, or into the operator's file.")),
            ),
            (_ways(fixed=self.rules.is_fixed(ask.chat)),),
        )

    async def _import(self, ask: Ask, text: str) -> Message:
        theirs(self.rules, ask.chat)
        if not text:
            return Message(
                _("Rules to import"),
                (Text(_("Paste what /rules export showed, here or in another chat.")),),
                asks=Field(
                    _("Rules as text"),
                    Ref("rules", ("import",)),
                    limit=4000,
                    lines=True,
                ),
            )
        rule = _read(text)
        mutes = tuple(self._from_now_on(mute) for mute in rule.muted)
        draft = await self.drafting.change(ask.chat, lambda _was: replace(rule, muted=mutes))
        shown = panel.overview(draft, self.index, Note(_("Rehearse it, then save it.")))
        return shown if ask.private else await with_what_is_missing(self.desk, ask.chat, shown)

    def _from_now_on(self, mute: Mute) -> Mute:
        """The mute, which only future revisions can end."""
        edition = self.index.get(mute.story)
        return replace(mute, revision=edition.revision) if edition else mute

    def complete(self, typed: str, ask: Ask) -> list[Choice]:
        """Suggest what can be done with rules."""
        begun = typed.strip().casefold()
        fitting = {verb for word, verb in _verbs().items() if word.startswith(begun)}
        return [Choice(_(said), verb) for verb, said in _VERBS.items() if verb in fitting]


def rules_command(index: StoryIndex, rules: Rules, desk: Desk, drafting: Drafting) -> Command:
    """The command /rules."""
    command = RulesCommand(index, rules, desk, drafting)
    return Command(
        "rules",
        N_("Show, export or import the rules"),
        command.answer,
        options=(
            Option("what", N_("show, export or import"), command.complete),
            Option("text", N_("What to import"), hidden=True),
        ),
        rest="what",
        moderators=True,
    )


def _verbs() -> dict[str, str]:
    """What people type, in English or in the current language, and what it means."""
    return {_(said).casefold(): verb for verb, said in _VERBS.items()} | {v: v for v in _VERBS}


def _ways(*, fixed: bool) -> Buttons:
    export = Button(_("Export"), Ref("rules", ("export",)))
    if fixed:
        return Buttons((export,))
    return Buttons(
        (
            export,
            Button(_("Import"), Ref("rules", ("import",))),
            Button(_("Set up"), Ref("setup")),
        )
    )


def _read(text: str) -> Rule:
    """Parse one entry as people paste it; raises Sorry with what is wrong."""
    again = Buttons((Button(_("Try again"), Ref("rules", ("import",))),))
    try:
        document = _parsed(text)
    except WrongEntry as wrong:
        raise Sorry(_("I can't use these rules"), Text(str(wrong)), rows=(again,)) from None
    if document is None:
        raise Sorry(
            _("I can't read these rules"),
            Text(_("Each line is a key, = and a value, as in /rules export.")),
            rows=(again,),
        )
    entries = document.pop("chats", [{}])
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        raise Sorry(
            _("These are rules for several chats"),
            Text(_("Keep one [[chats]] and the lines below it.")),
            rows=(again,),
        )
    entry: dict[str, Any] = {**document, **entries[0]}
    entry.pop("chat", None)  # whichever chat the rules came from, they are now for this one
    try:
        return read_rule(entry)
    except WrongEntry as wrong:
        raise Sorry(_("I can't use these rules"), Text(str(wrong)), rows=(again,)) from None


_STRAIGHT = str.maketrans("“”„‟″", '"""""')


def _parsed(text: str) -> dict[str, Any] | None:
    """Parse TOML, also inside a code fence, or with curly quotes from a phone."""
    bare = "\n".join(
        line for line in text.replace(JOINER, "").splitlines() if not line.strip().startswith("```")
    )
    for said in (bare, bare.translate(_STRAIGHT)):
        try:
            return read_entry(said)
        except tomllib.TOMLDecodeError:
            continue
    return None
