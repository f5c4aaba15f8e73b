"""How figures and changes are said."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from bot.model.text import line, pieces, shorten
from stories.delta import Change, Delta, Kind
from stories.story import Leaning, Status, Story

_MARKS = {
    Status.EMERGING: "◔",
    Status.ACTIVE: "●",
    Status.COOLING: "◑",
    Status.ENDED: "■",
}
_LEANINGS = {
    Leaning.LEFT: "leaning left",
    Leaning.LEAN_LEFT: "leaning slightly left",
    Leaning.CENTER: "leaning neither way",
    Leaning.LEAN_RIGHT: "leaning slightly right",
    Leaning.RIGHT: "leaning right",
    Leaning.MIXED: "leaning both ways",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

QUOTED = 240
"""How many characters of a text are quoted where a change is said."""
AROUND = 6
"""How many words are quoted before and behind what differs between two long texts."""
CLAUSES = 4
"""How many changes are said in one line; the rest is counted."""


def status(status: Status) -> str:
    """“● Active”."""
    return f"{_MARKS[status]} {status.value.capitalize()}"


def duration(time: timedelta) -> str:
    """“45 minutes”, “21 hours”, “1 day 4 hours”, “3 days”, “2 weeks”: never more than passed."""
    minutes = time // timedelta(minutes=1)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return count(minutes, "minute")
    days, hours = divmod(minutes // 60, 24)
    if days < 1:
        return count(hours, "hour")
    if days < 3:
        return count(days, "day") + (f" {count(hours, 'hour')}" if hours else "")
    return count(days, "day") if days < 14 else count(days // 7, "week")


def virality(value: float) -> str:
    """“virality 4.5”."""
    return f"virality {figure(value)}"


def articles(number: int) -> str:
    """“14 articles”."""
    return count(number, "article")


def rank(number: int) -> str:
    """“#41”."""
    return f"#{number}"


def leaning(leaning: Leaning) -> str:
    """“leaning slightly left”."""
    return _LEANINGS[leaning]


def moment(at: datetime) -> str:
    """“25 Jun 2026, 06:00 UTC”, in any locale."""
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC"


def count(number: int, thing: str) -> str:
    """“1 article”, “14 articles”, “1,400 articles”."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def figure(value: float) -> str:
    """At most two decimals and none in vain: “4.5”, “10”."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def quoted(text: str | None) -> str:
    return f"“{shorten(line(text or ''), QUOTED)}”"


def said(change: Change) -> str:
    """One change as a clause: “virality 4.5 → 6.2”, “new: “…””, “corrected: “40” → “43””."""
    before, after = change.before, change.after
    match change.kind:
        case Kind.NEW:
            return "new story"
        case Kind.RETRACTED:
            return f"withdrawn: {shorten(line(after or ''), QUOTED)}"
        case Kind.REINSTATED:
            return "no longer withdrawn"
        case Kind.MERGED:
            return f"merged into {quoted(after)}"
        case Kind.UNMERGED:
            return "a story of its own again"
        case Kind.SPLIT:
            return f"split from {quoted(after)}" if after else "no longer a part of another story"
        case Kind.ENDED | Kind.STATUS:
            return _moved("status", before, after)
        case Kind.REWRITTEN:
            return "the breakdown was largely rewritten"
        case Kind.BULLET_ADDED:
            return f"new: {quoted(after)}"
        case Kind.BULLET_REMOVED:
            return f"removed: {quoted(before)}"
        case Kind.BULLET_REWORDED:
            return f"corrected: {_corrected(line(before or ''), line(after or ''))}"
        case Kind.TITLE:
            return f"title {quoted(before)} → {quoted(after)}"
        case Kind.HEADLINE:
            return f"headline: {quoted(after)}" if after else "headline removed"
        case Kind.VIRALITY:
            return _moved("virality", before, after)
        case Kind.ARTICLES:
            return _moved("articles", before, after)
        case Kind.RANK:
            return _moved("rank", before and f"#{before}", after and f"#{after}")
        case Kind.LEANING:
            return _moved("leaning", *map(_way, (before, after)))
        case Kind.ENTITIES:
            return "the names changed"
        case Kind.KEYWORDS:
            return "the keywords changed"
        case Kind.QUESTION_ADDED:
            return f"new question: {quoted(after)}"
        case Kind.ANSWER_CHANGED:
            return f"answer corrected: {_corrected(line(before or ''), line(after or ''))}"
        case Kind.QUESTION_REMOVED:
            return f"question removed: {quoted(before)}"
        case Kind.SOURCE_ADDED:
            return f"new source: {quoted(after)}"
        case Kind.SOURCE_CHANGED:
            return f"source corrected: {quoted(after)}"
        case Kind.SOURCE_REMOVED:
            return f"source removed: {quoted(before)}"
        case Kind.LINK:
            return "the link changed" if after else "the link was removed"
        case Kind.IMAGE:
            return "the picture changed" if after else "the picture was removed"
        case Kind.STARTED:
            return "the time of its start changed"
        case Kind.UPDATED:
            return "the time of its update changed"
        case Kind.OTHER:
            return "the order changed"


def told(change: Change, story: Story) -> str:
    """One change in full, before and after, of a story as it is now: “Correction: “40” → “43””.

    What had been stated and is stated otherwise, or no longer, is called a correction.
    """
    before, after = change.before, change.after
    match change.kind:
        case Kind.BULLET_REWORDED:
            return f"Correction: {_both(before, after)}"
        case Kind.BULLET_REMOVED:
            return f"Correction, no longer said: {quoted(before)}"
        case Kind.ANSWER_CHANGED:
            asked = next((each.question for each in story.questions if each.answer == after), "")
            return f"Correction of the answer to {quoted(asked)}: {_both(before, after)}"
        case Kind.HEADLINE if before and after:
            return f"Headline: {_both(before, after)}"
        case Kind.TITLE:
            return f"Title: {_both(before, after)}"
        case Kind.ENTITIES:
            return f"Names: {_both(before, after)}"
        case Kind.KEYWORDS:
            return f"Keywords: {_both(before, after)}"
        case Kind.STARTED:
            return sentence(_moved("start", *map(_moment, (before, after))))
        case _:
            return sentence(said(change))


def sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:]


def _both(before: str | None, after: str | None) -> str:
    """Two texts, cut so that what differs between them is seen."""
    if not before or not after:
        return f"{quoted(before) if before else 'none'} → {quoted(after) if after else 'none'}"
    was, now = pieces(line(before)), pieces(line(after))
    alike = list(takewhile(lambda pair: pair[0] == pair[1], zip(was, now, strict=False)))
    skipped = max(0, len(alike) - AROUND)
    texts = ["".join(each[skipped:]).lstrip() for each in (was, now)]
    if skipped and any(len(text) > QUOTED for text in (before, after)):
        return " → ".join(f"“… {shorten(text, QUOTED)}”" for text in texts)
    return f"{quoted(before)} → {quoted(after)}"


def _moment(value: str | None) -> str | None:
    return value and moment(datetime.fromisoformat(value))


def _way(value: str | None) -> str | None:
    return value and _LEANINGS[Leaning(value)].removeprefix("leaning ")


def _moved(what: str, before: str | None, after: str | None) -> str:
    if after is None:
        return f"{what} no longer given"
    return f"{what} {after}" if before is None else f"{what} {before} → {after}"


def _corrected(before: str, after: str) -> str:
    """The words that differ, when they are few; else the new text."""
    was, now = before.split(), after.split()
    while was and now and was[0] == now[0]:
        del was[0], now[0]
    while was and now and was[-1] == now[-1]:
        del was[-1], now[-1]
    old, new = " ".join(was), " ".join(now)
    if old and new and max(len(old), len(new)) <= QUOTED / 2:
        return f"“{old}” → “{new}”"
    return quoted(after)


_COUNTED = {
    Kind.BULLET_ADDED: ("point", "added"),
    Kind.BULLET_REMOVED: ("point", "removed"),
    Kind.BULLET_REWORDED: ("point", "corrected"),
    Kind.QUESTION_ADDED: ("question", "added"),
    Kind.ANSWER_CHANGED: ("answer", "corrected"),
    Kind.QUESTION_REMOVED: ("question", "removed"),
    Kind.SOURCE_ADDED: ("source", "added"),
    Kind.SOURCE_CHANGED: ("source", "corrected"),
    Kind.SOURCE_REMOVED: ("source", "removed"),
}
"""Changes that one line counts instead of quoting."""


def said_short(delta: Delta, *, show_leaning: bool = False) -> str:
    """Every change in one line, the heaviest first: “status active → cooling, 1 point added”.

    Empty when there is nothing to say. A new time of update is left to the line that shows it.
    """
    return _listed(delta.changes, show_leaning)


def said_besides(delta: Delta, *, show_leaning: bool = False) -> str:
    """The same without the change that is the delta's reason."""
    rest = list(delta.changes)
    if delta.reason:
        rest.remove(delta.reason)
    return _listed(rest, show_leaning)


def _listed(changes: Iterable[Change], show_leaning: bool) -> str:
    changes = sorted(changes, key=lambda change: -change.weight)
    numbers = Counter(change.kind for change in changes)
    clauses: dict[str, None] = {}  # each said once, in order
    for change in changes:
        kind = change.kind
        if kind is Kind.UPDATED or (kind is Kind.LEANING and not show_leaning):
            continue
        if kind in _COUNTED:
            thing, what = _COUNTED[kind]
            clauses[f"{count(numbers[kind], thing)} {what}"] = None
        else:
            clauses[said(change)] = None
    if len(clauses) <= CLAUSES:
        return ", ".join(clauses)
    return ", ".join([*list(clauses)[: CLAUSES - 1], f"and {len(clauses) - CLAUSES + 1} more"])
