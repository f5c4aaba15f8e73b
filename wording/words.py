"""Puts figures and changes into words, in the current language."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile

from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_decimal

from stories.delta import LEANINGS, Change, Delta, Kind, Weight
from stories.story import Leaning, Report, Spread, Status, Story
from wording.language import N_, _, ngettext, spoken
from wording.text import line, pieces, shorten

_MARKS = {
    Status.EMERGING: "◔",
    Status.ACTIVE: "●",
    Status.COOLING: "◑",
    Status.ENDED: "■",
}
_STATUSES = {
    Status.EMERGING: N_("emerging"),
    Status.ACTIVE: N_("active"),
    Status.COOLING: N_("cooling"),
    Status.ENDED: N_("ended"),
}
_NOW = {
    Status.EMERGING: N_("now emerging"),
    Status.ACTIVE: N_("now active"),
    Status.COOLING: N_("now cooling"),
    Status.ENDED: N_("ended"),
}
_LEANINGS = {
    Leaning.LEFT: N_("leaning left"),
    Leaning.LEAN_LEFT: N_("leaning slightly left"),
    Leaning.CENTER: N_("leaning neither way"),
    Leaning.LEAN_RIGHT: N_("leaning slightly right"),
    Leaning.RIGHT: N_("leaning right"),
    Leaning.MIXED: N_("leaning both ways"),
}
_WAYS = {
    Leaning.LEFT: N_("left"),
    Leaning.LEAN_LEFT: N_("slightly left"),
    Leaning.CENTER: N_("neither way"),
    Leaning.LEAN_RIGHT: N_("slightly right"),
    Leaning.RIGHT: N_("right"),
    Leaning.MIXED: N_("both ways"),
}

QUOTED = 240
"""The most characters of a text quoted in a change."""
AROUND = 6
"""How many words are quoted before and after a difference between two long texts."""
NAMED = 60
"""The most characters of an outlet's name."""
PICTURED = 16
"""The most signs in the picture of a spread of leanings, give or take one per leaning."""
CLAUSES = 4
"""The most changes named in one line; the rest is counted."""

_STATES = {Kind.ENDED, Kind.STATUS, Kind.REWRITTEN, Kind.SPREADING}
"""The kinds of change that say how a story stands, and nothing of what it tells."""
_NEWS = (Kind.HEADLINE, Kind.BULLET_ADDED, Kind.BULLET_UPDATED)
"""The kinds that bring a sentence of the story, the most telling first."""
_FIGURES = {Kind.STATUS, Kind.VIRALITY, Kind.ARTICLES, Kind.LEANING, Kind.RANK, Kind.INDEPENDENT}


def status(status: Status) -> str:
    """For example “● Active”."""
    return f"{_MARKS[status]} {sentence(_(_STATUSES[status]))}"


def duration(time: timedelta) -> str:
    """“45 minutes”, “21 hours”, “1 day 4 hours”, “3 days”, “2 weeks”: rounded down."""
    minutes = time // timedelta(minutes=1)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    days, hours = divmod(minutes // 60, 24)
    if days >= 14:
        weeks = days // 7
        return ngettext("{n} week", "{n} weeks", weeks).format(n=number(weeks))
    said = []
    if days:
        said.append(ngettext("{n} day", "{n} days", days).format(n=days))
    if hours and days < 3:
        said.append(ngettext("{n} hour", "{n} hours", hours).format(n=hours))
    return " ".join(said)


def virality(value: float) -> str:
    """For example “virality 4.5”."""
    return _("virality {figure}").format(figure=figure(value))


def articles(count: int) -> str:
    """For example “14 articles”."""
    return ngettext("{n} article", "{n} articles", count).format(n=number(count))


def one_source() -> str:
    """“one source so far”, of a story whose articles are all copies of one."""
    return _("one source so far")


def points(count: int) -> str:
    """For example “source of 2 points”."""
    return ngettext("source of {n} point", "source of {n} points", count).format(n=number(count))


def independent(count: int, independent: int) -> str:
    """For example “34 articles, 6 independent”, where the others are copies."""
    return ngettext(
        "{articles}, {n} independent", "{articles}, {n} independent", independent
    ).format(articles=articles(count), n=number(independent))


def spread(spread: Spread) -> str:
    """For example “◀◀●●●●●▶○○○ outlets: left 2, center 5, right 1 and unrated 3”."""
    counts = [
        ("◀", spread.left, _("left {n}")),
        ("●", spread.center, _("center {n}")),
        ("▶", spread.right, _("right {n}")),
        ("○", spread.unrated, _("unrated {n}")),
    ]
    given = [(sign, count, text) for sign, count, text in counts if count]
    share = min(1.0, PICTURED / max(1, sum(count for _sign, count, _text in given)))
    picture = "".join(sign * max(1, round(count * share)) for sign, count, _text in given)
    said = both([text.format(n=number(count)) for _sign, count, text in given])
    return _("{picture} outlets: {counts}").format(picture=picture, counts=said)


def reported(report: Report, story: Story) -> str:
    """What one source says, for example “212 people.” – Aldmar Courier, 25 Jun 2026, 06:00 UTC."""
    source = story.sources[report.source] if report.source < len(story.sources) else None
    named = line((source.outlet or source.title) if source else "")
    by = ", ".join(filter(None, (named, moment(report.at) if report.at else "")))
    told = f"“{line(report.text)}”"
    return f"{told} – {by}" if by else told


def cited(story: Story, positions: Iterable[int]) -> str:
    """The outlets at these positions of a story's sources, each once; empty for none."""
    known = [story.sources[each] for each in positions if each < len(story.sources)]
    names = [shorten(line(source.outlet or source.title), NAMED) for source in known]
    return ", ".join(dict.fromkeys(filter(None, names)))


def rank(number: int) -> str:
    """For example “#41”."""
    return f"#{number}"


def leaning(leaning: Leaning) -> str:
    """For example “leaning slightly left”."""
    return _(_LEANINGS[leaning])


def moment(at: datetime) -> str:
    """“25 Jun 2026, 06:00 UTC”, in the language's own format."""
    at, locale = at.astimezone(UTC), spoken().locale
    return _("{date}, {time} UTC").format(
        date=format_date(at, "medium", locale=locale),
        time=format_time(at, "short", locale=locale),
    )


def clock(hour: time) -> str:
    """For example “07:00”."""
    return format_time(hour, "short", locale=spoken().locale)


def number(number: int) -> str:
    """For example “14” or “1,400”."""
    return format_decimal(number, locale=spoken().locale)


def figure(value: float) -> str:
    """At most two decimals, without trailing zeros: “4.5”, “10”."""
    return format_decimal(value, "#,##0.##", locale=spoken().locale)


def both(names: Sequence[str]) -> str:
    """“this, that and the other”."""
    return format_list(names, locale=spoken().locale)


def either(names: Sequence[str]) -> str:
    """“this, that or the other”."""
    return format_list(names, style="or", locale=spoken().locale)


def some(names: Sequence[str], most: int) -> tuple[str, ...]:
    """The first few of several names, and how many more there are: “this”, “that”, “3 more”."""
    more = len(names) - most
    if more <= 0:
        return tuple(names)
    return (*names[:most], ngettext("{n} more", "{n} more", more).format(n=number(more)))


def quoted(text: str | None) -> str:
    """A text in quotation marks, shortened."""
    return f"“{shorten(line(text or ''), QUOTED)}”"


def said(change: Change) -> str:
    """One change as a clause: “virality 4.5 → 6.2”, “new: “…””, “reworded: “pier” → “quay””."""
    return _now_with([change]) if _gained(change) else _clause(change)


def _clause(change: Change) -> str:
    before, after = change.before, change.after
    match change.kind:
        case Kind.NEW:
            return _("new story")
        case Kind.RETRACTED:
            return _("withdrawn: {why}").format(why=shorten(line(after or ""), QUOTED))
        case Kind.REINSTATED:
            return _("no longer withdrawn")
        case Kind.MERGED:
            return _("merged into {story}").format(story=quoted(after))
        case Kind.UNMERGED:
            return _("a separate story again")
        case Kind.SPLIT if after:
            return _("split from {story}").format(story=quoted(after))
        case Kind.SPLIT:
            return _("no longer part of another story")
        case Kind.ENDED if after:
            return _(_NOW[Status.ENDED])
        case Kind.STATUS if before and after:
            return _(_NOW[Status(after)])
        case Kind.ENDED | Kind.STATUS:
            return _moved(_("status"), *map(_status, (before, after)))
        case Kind.SPREADING:
            return _("spreading fast")
        case Kind.REWRITTEN:
            return _("most of the breakdown was rewritten")
        case Kind.CORRECTION if not after:
            return _("the correction was removed")
        case Kind.CORRECTION if change.weight is Weight.MINOR:
            return _("an earlier correction is shown again")
        case Kind.CORRECTION:
            return _("correction: {text}").format(text=line(after or ""))
        case Kind.CONFLICT_ADDED:
            return _("reports differ on {about}").format(about=quoted(after))
        case Kind.CONFLICT_CHANGED:
            return _("what reports say about {about} changed").format(about=quoted(after))
        case Kind.CONFLICT_REMOVED:
            return _("reports no longer differ on {about}").format(about=quoted(before))
        case Kind.FOLLOWS if after:
            return _("continues {story}").format(story=quoted(after))
        case Kind.FOLLOWS:
            return _("no longer continues another story")
        case Kind.SPREAD:
            return _("the leanings of its outlets changed")
        case Kind.CITED:
            return _("the sources of a point changed")
        case Kind.WEB if after == str(False):
            return _("taken off the public web pages")
        case Kind.WEB:
            return _("back on the public web pages")
        case Kind.BULLET_ADDED:
            return _("new: {text}").format(text=quoted(after))
        case Kind.BULLET_REMOVED:
            return _("removed: {text}").format(text=quoted(before))
        case Kind.BULLET_UPDATED:
            return _updated(before, after)
        case Kind.BULLET_REWORDED:
            return _("reworded: {text}").format(text=_replaced(before, after))
        case Kind.TITLE:
            return _("title {before} → {after}").format(before=quoted(before), after=quoted(after))
        case Kind.HEADLINE if after:
            return _("headline: {text}").format(text=quoted(after))
        case Kind.HEADLINE:
            return _("headline removed")
        case Kind.VIRALITY:
            return _moved(_("virality"), *map(_figure, (before, after)))
        case Kind.ARTICLES:
            return _moved(_("articles"), *map(_number, (before, after)))
        case Kind.RANK:
            return _moved(_("rank"), before and f"#{before}", after and f"#{after}")
        case Kind.INDEPENDENT:
            return _moved(_("independent articles"), *map(_number, (before, after)))
        case Kind.LEANING:
            return _moved(_("leaning"), *map(_way, (before, after)))
        case Kind.ENTITIES:
            return _("names changed") if before else _("names added")
        case Kind.KEYWORDS:
            return _("keywords changed") if before else _("keywords added")
        case Kind.QUESTION_ADDED:
            return _("new question: {text}").format(text=quoted(after))
        case Kind.ANSWER_CHANGED:
            return _("answer updated: {text}").format(text=_replaced(before, after))
        case Kind.QUESTION_REMOVED:
            return _("question removed: {text}").format(text=quoted(before))
        case Kind.SOURCE_ADDED:
            return _("new source: {text}").format(text=quoted(after))
        case Kind.SOURCE_CHANGED:
            return _("source updated: {text}").format(text=quoted(after))
        case Kind.SOURCE_REMOVED:
            return _("source removed: {text}").format(text=quoted(before))
        case Kind.LINK if not before:
            return _("link added")
        case Kind.LINK:
            return _("link changed") if after else _("link removed")
        case Kind.IMAGE if not before:
            return _("picture added")
        case Kind.IMAGE:
            return _("picture changed") if after else _("picture removed")
        case Kind.STARTED:
            return _("start time changed") if before else _("start time added")
        case Kind.UPDATED:
            return _("update time changed")
        case Kind.OTHER:
            return _("order changed")


def in_full(change: Change, story: Story) -> str:
    """One change in full, before and after, of a story as it is now: “Updated: “40” → “43””.

    It is called a correction only where the publisher marks one.
    """
    before, after = change.before, change.after
    match change.kind:
        case Kind.ENDED | Kind.STATUS if before and after:
            return sentence(_moved(_("status"), *map(_status, (before, after))))
        case Kind.BULLET_UPDATED:
            return _("Updated: {texts}").format(texts=_contrasted(before, after))
        case Kind.BULLET_REWORDED:
            return _("Reworded: {texts}").format(texts=_contrasted(before, after))
        case Kind.ANSWER_CHANGED:
            asked = next((each.question for each in story.questions if each.answer == after), "")
            return _("Updated answer to {question}: {texts}").format(
                question=quoted(asked), texts=_contrasted(before, after)
            )
        case Kind.HEADLINE if before and after:
            return _("Headline: {texts}").format(texts=_contrasted(before, after))
        case Kind.TITLE:
            return _("Title: {texts}").format(texts=_contrasted(before, after))
        case Kind.ENTITIES:
            return _("Names: {texts}").format(texts=_contrasted(before, after))
        case Kind.KEYWORDS:
            return _("Keywords: {texts}").format(texts=_contrasted(before, after))
        case Kind.STARTED:
            return sentence(_moved(_("start time"), *map(_moment, (before, after))))
        case _:
            return sentence(said(change))


def sentence(clause: str) -> str:
    """A clause with a capital and a full stop."""
    return clause[:1].upper() + clause[1:]


def _gained(change: Change) -> bool:
    """Whether it is a figure that was missing before, so nothing went up or down."""
    return change.kind in _FIGURES and change.before is None


def _now_with(gains: Iterable[Change]) -> str:
    """“now with status active, virality 4.5 and articles 14”."""
    return _("now with {figures}").format(figures=both([_clause(each) for each in gains]))


def _contrasted(before: str | None, after: str | None) -> str:
    """Two texts, cut so that their differences are visible."""
    if not before or not after:
        was, now = (quoted(text) if text else _("none") for text in (before, after))
        return f"{was} → {now}"
    old, new = pieces(line(before)), pieces(line(after))
    alike = list(takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    skipped = max(0, len(alike) - AROUND)
    texts = ["".join(each[skipped:]).lstrip() for each in (old, new)]
    if skipped and any(len(text) > QUOTED for text in (before, after)):
        return " → ".join(f"“… {shorten(text, QUOTED)}”" for text in texts)
    return f"{quoted(before)} → {quoted(after)}"


def _moment(value: str | None) -> str | None:
    return value and moment(datetime.fromisoformat(value))


def _way(value: str | None) -> str | None:
    return value and _(_WAYS[Leaning(value)])


def _status(value: str | None) -> str | None:
    return value and _(_STATUSES[Status(value)])


def _figure(value: str | None) -> str | None:
    return value and figure(float(value))


def _number(value: str | None) -> str | None:
    return value and number(int(value))


def _moved(what: str, before: str | None, after: str | None) -> str:
    if after is None:
        return _("{what} no longer given").format(what=what)
    return f"{what} {after}" if before is None else f"{what} {before} → {after}"


def _updated(before: str | None, after: str | None) -> str:
    """The new text, and what it replaced if that is short."""
    old, _new = _differing(before, after)
    if not old or len(old) > QUOTED / 2:
        return _("updated: {text}").format(text=quoted(after))
    return _("updated: {text} (before: {before})").format(text=quoted(after), before=quoted(old))


def _replaced(before: str | None, after: str | None) -> str:
    """The words that differ, when they are few; else the new text."""
    old, new = _differing(before, after)
    if old and new and max(len(old), len(new)) <= QUOTED / 2:
        return f"“{old}” → “{new}”"
    return quoted(after)


def _differing(before: str | None, after: str | None) -> tuple[str, str]:
    """What remains of two texts without the words they both begin with and both end with."""
    was, now = line(before or "").split(), line(after or "").split()
    while was and now and was[0] == now[0]:
        del was[0], now[0]
    while was and now and was[-1] == now[-1]:
        del was[-1], now[-1]
    return " ".join(was), " ".join(now)


def _counted(kind: Kind, n: int) -> str | None:
    """Changes that a line counts instead of quoting; None for kinds that aren't counted."""
    match kind:
        case Kind.BULLET_ADDED:
            said = ngettext("{n} point added", "{n} points added", n)
        case Kind.BULLET_REMOVED:
            said = ngettext("{n} point removed", "{n} points removed", n)
        case Kind.BULLET_REWORDED:
            said = ngettext("{n} point reworded", "{n} points reworded", n)
        case Kind.BULLET_UPDATED:
            said = ngettext("{n} point updated", "{n} points updated", n)
        case Kind.QUESTION_ADDED:
            said = ngettext("{n} question added", "{n} questions added", n)
        case Kind.ANSWER_CHANGED:
            said = ngettext("{n} answer updated", "{n} answers updated", n)
        case Kind.QUESTION_REMOVED:
            said = ngettext("{n} question removed", "{n} questions removed", n)
        case Kind.SOURCE_ADDED:
            said = ngettext("{n} source added", "{n} sources added", n)
        case Kind.SOURCE_CHANGED:
            said = ngettext("{n} source updated", "{n} sources updated", n)
        case Kind.SOURCE_REMOVED:
            said = ngettext("{n} source removed", "{n} sources removed", n)
        case _:
            return None
    return said.format(n=number(n))


def worth_saying(changes: Iterable[Change], *, show_leaning: bool) -> list[Change]:
    """The changes worth mentioning, the heaviest first.

    A new time of update isn't among them: the line that shows it does that.
    """
    unsaid = {Kind.UPDATED} if show_leaning else {Kind.UPDATED, *LEANINGS}
    return sorted(
        (change for change in changes if change.kind not in unsaid),
        key=lambda change: -change.weight,
    )


def said_short(delta: Delta, *, show_leaning: bool = False) -> str:
    """Every change in one line, the heaviest first: “status active → cooling, 1 point added”.

    Empty if there is nothing to mention.
    """
    changes = [change for change in delta.changes if not is_correction(change)]
    said = [_listed(changes, show_leaning)] if changes else []
    if len(changes) < len(delta.changes):
        said.insert(0, _("a correction"))
    return ", ".join(filter(None, said))


def said_first(delta: Delta, *, show_leaning: bool = False) -> str:
    """The delta's reason in words; if it is a newly given figure, all of those."""
    reason = delta.reason
    assert reason is not None, "what has not changed is not told"
    gains = list(filter(_gained, worth_saying(delta.changes, show_leaning=show_leaning)))
    return _now_with(gains) if reason in gains else said(reason)


def news(delta: Delta) -> Change | None:
    """The change that a reply shows in full below its reason, if there is one.

    That is a new correction, or below a reason that names only the story's state the new headline
    or the first new point.
    """
    corrected = [change for change in delta.changes if is_correction(change)]
    if corrected and delta.reason not in corrected:
        return corrected[0]
    if delta.reason is None or delta.reason.kind not in _STATES:
        return None
    found = [change for change in delta.changes if change.after and change.kind in _NEWS]
    return min(found, key=lambda change: _NEWS.index(change.kind), default=None)


def is_correction(change: Change) -> bool:
    """Whether it is a correction that readers have not been told."""
    return change.kind is Kind.CORRECTION and change.weight > Weight.MINOR


def said_besides(delta: Delta, *, show_leaning: bool = False, but: Change | None = None) -> str:
    """Every change in one line, except what `said_first` mentions."""
    rest = list(delta.changes)
    if but is not None:
        rest.remove(but)
    if delta.reason:
        rest.remove(delta.reason)
        if _gained(delta.reason):
            rest = [change for change in rest if not _gained(change)]
    return _listed(rest, show_leaning)


def each_once(changes: Sequence[Change], say: Callable[[Change], str]) -> tuple[str, ...]:
    """The result of `say` for each change, without repetitions; newly given figures share one."""
    gains = list(filter(_gained, changes))
    return tuple(
        dict.fromkeys(_now_with(gains) if change in gains else say(change) for change in changes)
    )


def _listed(changes: Iterable[Change], show_leaning: bool) -> str:
    changes = worth_saying(changes, show_leaning=show_leaning)
    numbers = Counter(change.kind for change in changes)
    clauses = each_once(
        changes, lambda change: _counted(change.kind, numbers[change.kind]) or said(change)
    )
    if len(clauses) <= CLAUSES:
        return ", ".join(clauses)
    more = len(clauses) - CLAUSES + 1
    return ngettext("{changes}, and {n} more", "{changes}, and {n} more", more).format(
        changes=", ".join(clauses[: CLAUSES - 1]), n=number(more)
    )
