"""What a chat gets and how, in words."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale

from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Quiet, Rule
from handlers.followed_things import title_of, words_in
from handlers.ports import Desk
from stories.index import StoryIndex
from wording import words
from wording.language import N_, _, ngettext
from wording.message import Block, Bullets, Text

MUTED = 5
"""The most muted stories that are named; the rest is counted."""


def gets(rule: Rule, index: StoryIndex) -> Iterator[Block]:
    """What a chat with this rule gets, in words."""
    if rule.paused:
        yield Text(_("Paused: nothing new until /resume. Existing cards stay up to date."))
    yield from which(rule, index)
    if rule.show_leaning:
        yield Text(_("Cards show the political leaning of the coverage."))
    yield Text(how_loud(rule))
    if rule.quiet is not None:
        yield Text(when_quiet(rule.quiet))
    if rule.publish:
        yield Text(_("Cards are published to the servers that follow this channel."))
    if rule.muted:
        muted = words.some([_muted(mute, index) for mute in rule.muted], MUTED)
        yield Text(_("Muted: {stories}.").format(stories=words.both(muted)))
    if rule.language:
        yield Text(_("Cards are in {language}.").format(language=spelled(rule.language)))


def which(rule: Rule, index: StoryIndex) -> Iterator[Block]:
    """Which stories, in words."""
    stories = tuple(f"“{title_of(story, index)}”" for story in rule.story_ids)
    about = words_in(rule)
    if rule.all:
        yield Text(_("Every live story."))
    elif about:
        yield Text(
            _("Every story about {words}.").format(
                words=words.either([f"“{word}”" for word in about])
            )
        )
    if stories and not rule.all:
        yield Text(_("These stories as well:") if about else _("These stories:"))
        yield Bullets(stories)
    if limits := list(_thresholds(rule)):
        yield Text(
            _("Only with {limits}. Stories without that number are left out.").format(
                limits=words.both(limits)
            )
        )


def how_loud(rule: Rule) -> str:
    """How loud, in words."""
    return _(_LOUDNESS[rule.loudness])


def when_quiet(quiet: Quiet) -> str:
    """The quiet hours, in words."""
    said = _("Quiet from {begins} to {ends} ({zone}): nothing new is posted then.")
    if quiet.majors:
        said = _(
            "Quiet from {begins} to {ends} ({zone}): nothing new is posted then, except major "
            "updates."
        )
    return said.format(
        begins=words.clock(quiet.begins), ends=words.clock(quiet.ends), zone=quiet.zone
    )


def _muted(mute: Mute, index: StoryIndex) -> str:
    said = _("“{story}” until a major update") if mute.until_major else "“{story}”"
    return said.format(story=title_of(mute.story, index))


def hush(rule: Rule, at: datetime) -> Iterator[Text]:
    """Until when the chat gets nothing new because of quiet hours."""
    if hour := quiet_until(rule, at, major_at=None):
        yield Text(_("Quiet hours until {time}: new posts come after that.").format(time=hour))


def quiet_until(rule: Rule | None, at: datetime, *, major_at: datetime | None) -> str | None:
    """The end of the quiet time, in the chat's time zone; None if it isn't quiet."""
    until = rule.quiet_until(at, major_at=major_at) if rule else None
    if until is None or rule is None or rule.quiet is None:
        return None
    return words.clock(until.astimezone(ZoneInfo(rule.quiet.zone)).time())


def spelled(code: str) -> str:
    """A language's own name: “Deutsch”."""
    return Locale.parse(code).get_display_name(code) or code


_LOUDNESS = {
    Loudness.EDIT: N_(
        "Cards are updated as stories develop. I only send a message if a story is withdrawn or "
        "ends."
    ),
    Loudness.REPLY: N_(
        "Cards are updated as stories develop. Big changes also get a short reply, normally at "
        "most one an hour per story."
    ),
    Loudness.PING: N_(
        "Cards are updated as stories develop. Big changes also get a short reply, normally at "
        "most one an hour per story, and major ones mention the role that the moderators chose."
    ),
}


def _thresholds(rule: Rule) -> Iterator[str]:
    if rule.min_virality is not None:
        yield _("a virality of {figure} or more").format(figure=words.figure(rule.min_virality))
    if rule.min_articles is not None:
        yield ngettext("{n} article or more", "{n} articles or more", rule.min_articles).format(
            n=words.number(rule.min_articles)
        )


def who_follows(*, private: bool) -> Text:
    """Who can make a chat that follows nothing get stories, and how."""
    if private:
        return Text(_("To change that, use /follow with a story or a word."))
    return Text(_("A moderator can change that: use /follow with a story or a word."))


def unheard(desk: Desk, chat: Chat, rule: Rule | None) -> Iterator[Block]:
    """What is wrong with the role that a rule mentions in the chat, and how to fix it."""
    if rule is None or rule.loudness is not Loudness.PING or rule.role is None:
        return
    if desk.may_mention(chat, rule.role) is False:
        yield Text(
            _(
                "The role won't be notified: I can't mention it here. Choose another role, allow "
                "everyone to mention it in the role's settings, or give me the “Mention @everyone, "
                "@here, and All Roles” permission."
            )
        )
