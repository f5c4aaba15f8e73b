"""Reads a story page that was saved as text into a Story."""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from stories import fields, wire
from stories.story import Leaning, Question, Stats, Status, Story, StoryId, text_key


class PageError(ValueError):
    """The page can't be read as a story. str() is one sentence that says what wasn't found."""


def read_page(
    text: str, *, at: datetime, story_id: str | None = None, revision: int | None = None
) -> Story:
    """Read the page as it was at `at` (aware); raises PageError if it isn't a story page.

    A page needs a title and a breakdown. The start is its duration, counted back from `at`. The id
    is made from the title unless given. Sections may be missing or in any order, and values written
    in an unknown form are left out, never guessed.
    """
    if at.utcoffset() is None:
        raise PageError(
            "the page's time has no offset: add Z when it is in UTC, or one like +02:00"
        )
    sections = _sections(text)
    head = _head(sections[_Section.HEAD])
    if head.title is None:
        raise PageError("no title was found: it is expected above the page's first section")
    breakdown = _bullets(sections[_Section.BREAKDOWN])
    if not breakdown:
        raise PageError(
            "no breakdown was found: a line “The Breakdown” with bullet points under it is expected"
        )
    figures = _figures(sections[_Section.STATS])
    duration = read_duration(figures.get("duration", ""))
    story = Story(
        id=StoryId(_slug(head.title) if story_id is None else story_id),
        title=head.title,
        breakdown=breakdown,
        revision=revision,
        headline=head.headline,
        entities=head.entities,
        stats=Stats(
            status=_status(figures.get("status", "")),
            virality=_virality(figures.get("virality", "")),
            articles=_articles(figures.get("articles", "")),
            leaning=_LEANINGS.get(_words(figures.get("leaning", ""))),
        ),
        started_at=None if duration is None else _started(at, duration),
        updated_at=at,
        keywords=_names(sections[_Section.KEYWORDS]),
        questions=_questions(sections[_Section.QUESTIONS]),
        rank=head.rank,
    )
    try:
        return wire.read(wire.write(story)).story
    except wire.WireError as error:
        raise PageError(f"the page does not make a story: {error}") from error


# The page's sections.


class _Section(Enum):
    HEAD = auto()
    STATS = auto()
    BREAKDOWN = auto()
    KEYWORDS = auto()
    QUESTIONS = auto()


# A heading is a separate line, in any case, with or without a colon. The number beside "The
# Breakdown" is skipped: it is unclear what it counts (there was a 9 above six bullets).
_HEADINGS = {
    _Section.STATS: re.compile(r"(?:story )?stats ?:?", re.IGNORECASE),
    _Section.BREAKDOWN: re.compile(r"(?:the )?breakdown ?:? ?(?:[0-9]+|\([0-9]+\))? ?:?", re.I),
    _Section.KEYWORDS: re.compile(r"(?:top )?keywords ?:?", re.IGNORECASE),
    _Section.QUESTIONS: re.compile(r"further learning ?:?", re.IGNORECASE),
}
_FOOTER = re.compile(r"you['’]re all caught up\b.*", re.IGNORECASE)
"""From here on the page talks about itself, not the story."""


def _sections(text: str) -> dict[_Section, list[str]]:
    """The page's lines by section, stripped; blank lines are preserved."""
    sections: dict[_Section, list[str]] = {section: [] for section in _Section}
    here = _Section.HEAD
    for line in _lines(text):
        if _FOOTER.fullmatch(line):
            break
        heading = next((s for s, form in _HEADINGS.items() if form.fullmatch(line)), None)
        if heading is None:
            sections[here].append(line)
        else:
            here = heading
    return sections


def _lines(text: str) -> Iterator[str]:
    for line in re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text):
        read = _ENTITY.sub(lambda entity: html.unescape(entity[0]), line)
        # Drop byte-order marks and zero-width spaces; treat spaces of other widths as spaces.
        line = re.sub(r"\s+", " ", re.sub("[\ufeff\u200b]", "", read)).strip()
        if not _MORE.fullmatch(line):
            yield line


_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
"""An HTML character reference. Without its semicolon it may be plain text: R&D, AT&T."""
_MORE = re.compile(
    r"\+ ?[0-9]+(?: (?:more|others?))?|(?:show|see|view) (?:more|all)", re.IGNORECASE
)
"""How many entries the page left out, or a button that shows them: not part of the story."""
_MORE_NAMES = re.compile(rf"{_MORE.pattern}|(?:and |… ?|\.{{3}} ?)?[0-9]+ (?:more|others?)", re.I)
"""The same in a list of names; elsewhere it may be part of a quotation."""


# Above the first section: the rank, the title, the headline, the entities.


@dataclass(slots=True)
class _Head:
    rank: int | None = None
    title: str | None = None
    headline: str | None = None
    entities: tuple[str, ...] = ()


def _head(lines: list[str]) -> _Head:
    head = _Head()
    lines = [line for line in lines if line]
    if (place := _numbered(lines)) is not None:
        head.rank = _rank(lines[place])
        lines = lines[place + 1 :]
    elif len([line for line in lines if not line.endswith("/")]) > 2:
        raise PageError(
            "more than a title and a headline stands above the page's first section, and no "
            "number to say where the story begins: delete the lines that are not the story's"
        )
    if lines and not lines[0].endswith("/"):
        head.title = lines[0]
        lines = lines[1:]
    for line in lines:
        if line.endswith("/") or (" / " in line and head.headline):
            head.entities = head.entities or _names([line])
        else:
            head.headline = head.headline or line
    return head


def _numbered(lines: list[str]) -> int | None:
    """The index of the line with the story's number, where the story begins;
    a site's menu may precede it.

    A number that follows another is a title, as of a story called “1984”.
    """
    numbers = [place for place, line in enumerate(lines) if _rank(line)]
    found = [
        place
        for place in numbers
        if place - 1 not in numbers and (place == 0 or place + 1 < len(lines))
    ]
    if len(found) > 1:
        said = " and ".join(lines[place] for place in found[:2])
        raise PageError(
            f"both {said} may be the story's number, with which it begins: "
            "delete the lines above the story"
        )
    return found[0] if found else None


def _rank(line: str) -> int | None:
    """Reads 41, #41 or 41."""
    number = re.fullmatch(r"#?([0-9]{1,15})\.?", line)
    return (int(number[1]) or None) if number else None


def _slug(title: str) -> str:
    """The title as an id, in the letters a-z if removing accents is enough."""
    plain = title.casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    if not slug:
        raise PageError("the title has no letter a-z and no digit to make an id of: give it --id")
    if len(slug) > 40:
        slug = slug[:41].rpartition("-")[0] or slug[:40]
    return slug


_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)


def _names(lines: list[str]) -> tuple[str, ...]:
    """Names separated by slashes, or else by commas or lines; each once."""
    lines = [line for line in map(_unmarked, lines) if line]
    if any("/" in line for line in lines):
        parts = [part for line in lines for part in re.split(r"\s/\s?|\s?/\s|/$", line)]
    elif len(lines) == 1:
        parts = lines[0].split(",")
    else:
        parts = lines
    names = (part.strip() for part in parts)
    return tuple(dict.fromkeys(name for name in names if name and not _MORE_NAMES.fullmatch(name)))


# Story Stats: a label, with its value beside it or on the next line.

_LABELS = {
    "status": re.compile(r"status\b ?:? ?(.*)", re.IGNORECASE),
    "duration": re.compile(r"duration\b ?:? ?(.*)", re.IGNORECASE),
    "virality": re.compile(r"virality\b ?:? ?(.*)", re.IGNORECASE),
    "articles": re.compile(r"articles\b ?:? ?(.*)", re.IGNORECASE),
    "leaning": re.compile(r"(?:political )?leaning\b ?:? ?(.*)", re.IGNORECASE),
}


def _figures(lines: list[str]) -> dict[str, str]:
    """The value that follows each label of the section."""
    figures: dict[str, str] = {}
    waiting = ""
    for line in filter(None, map(_unmarked, lines)):
        label, value = next(
            ((name, match[1]) for name, form in _LABELS.items() if (match := form.fullmatch(line))),
            ("", ""),
        )
        if label and value:
            figures.setdefault(label, value)
        elif not label and waiting:
            figures.setdefault(waiting, line)
        waiting = label if label and not value else ""
    return figures


def _words(text: str) -> str:
    return re.sub(r"[\s_–-]+", " ", text.casefold()).strip(" .")


def _status(text: str) -> Status | None:
    word = _words(text)
    return Status(word) if word in set(Status) else None


_LEANINGS = {
    "left": Leaning.LEFT,
    "lean left": Leaning.LEAN_LEFT,
    "leans left": Leaning.LEAN_LEFT,
    "leaning left": Leaning.LEAN_LEFT,
    "left leaning": Leaning.LEAN_LEFT,
    "center left": Leaning.LEAN_LEFT,
    "centre left": Leaning.LEAN_LEFT,
    "center": Leaning.CENTER,
    "centre": Leaning.CENTER,
    "center right": Leaning.LEAN_RIGHT,
    "centre right": Leaning.LEAN_RIGHT,
    "lean right": Leaning.LEAN_RIGHT,
    "leans right": Leaning.LEAN_RIGHT,
    "leaning right": Leaning.LEAN_RIGHT,
    "right leaning": Leaning.LEAN_RIGHT,
    "right": Leaning.RIGHT,
    "mixed": Leaning.MIXED,
}


def _virality(text: str) -> float | None:
    """Reads 4.5, 4,5 or 4.5/10."""
    number = re.fullmatch(r"([0-9]{1,2}(?:[.,][0-9]{1,9})?)(?: ?/ ?10)?", text)
    value = float(number[1].replace(",", ".")) if number else None
    return value if value is not None and value <= 10 else None


def _articles(text: str) -> int | None:
    """Reads 14, 1,204 or 14 articles; 1.2K isn't exact and is left out."""
    number = re.fullmatch(r"([0-9]{1,3}(?:[,.’ ][0-9]{3}){1,3}|[0-9]{1,12})(?: articles?)?", text)
    return int(re.sub("[^0-9]", "", number[1])) if number else None


_MINUTES = {
    "minute": 1,
    "min": 1,
    "m": 1,
    "hour": 60,
    "hr": 60,
    "h": 60,
    "day": 24 * 60,
    "d": 24 * 60,
    "week": 7 * 24 * 60,
    "wk": 7 * 24 * 60,
    "w": 7 * 24 * 60,
    "month": 30 * 24 * 60,  # rounded as the page rounds
    "year": 365 * 24 * 60,
}
_PIECE = re.compile(
    rf"(an?|one|[0-9]{{1,4}}(?:\.[0-9]{{1,3}})?) ?({'|'.join(_MINUTES)})s?\b[, ]*(?:and )?"
)


def read_duration(text: str) -> timedelta | None:
    """Reads "21 hours", "1 day 4 hours" or "a month"; None for anything else."""
    text, minutes, place = text.casefold().strip(), 0.0, 0
    while place < len(text):
        piece = _PIECE.match(text, place)
        if piece is None:
            return None
        count = 1.0 if piece[1] in ("a", "an", "one") else float(piece[1])
        minutes += count * _MINUTES[piece[2]]
        place = piece.end()
    return timedelta(minutes=minutes) if text else None


def _started(at: datetime, duration: timedelta) -> datetime | None:
    """The start, unless the duration leads outside the allowed years."""
    return at - duration if duration <= at - fields.EARLIEST else None


# The Breakdown: bullet points with any kind of mark.

_MARK = re.compile(r"(?:[•‣◦▪●] ?|[-*–—·+] |[0-9]{1,2}[.)] |[•‣◦▪●*·–—+-]$)")


def _unmarked(line: str) -> str:
    return _MARK.sub("", line, count=1) if _MARK.match(line) else line


def _bullets(lines: list[str]) -> tuple[str, ...]:
    """Marked lines, with wrapped lines joined to them; if none is marked, every line."""
    marked = any(map(_MARK.match, lines))
    bullets: list[str] = []
    fresh = True
    for line in lines:
        if not line:
            fresh = True
            continue
        if _MARK.match(line):
            bullets.append(_unmarked(line))
        elif fresh or not marked:
            bullets.append(line)
        else:
            bullets[-1] = f"{bullets[-1]} {line}".strip()
        fresh = False
    return tuple(bullet for bullet in bullets if bullet)


# Further Learning: questions, each followed by its answer.

_QUESTION = re.compile(r".*[?？][\"”’»)]?")
_SENTENCE_END = re.compile(r"\w{4,}[.!?？][\"”’»)]* (?=[^\W\d_a-z])")
"""The end of a sentence that another one follows; "Dr." and "U.S." are too short to be one."""


@dataclass(slots=True)
class _Asked:
    question: str
    answer: list[str] = field(default_factory=list)


def _questions(lines: list[str]) -> tuple[Question, ...]:
    """Questions with complete answers. One without an answer, or repeated, is left out."""
    asked: list[_Asked] = []
    # If blank lines separate paragraphs, adjacent lines are one wrapped paragraph.
    spaced = "" in _trimmed(lines)
    before = ""
    for line in _trimmed(lines):
        if _asks(_unmarked(line), before):
            asked.append(_Asked(_unmarked(line)))
        elif line and asked:
            answer = asked[-1].answer
            if before and answer:
                answer[-1] += " " + line
            else:
                answer.append(line)
        before = line if spaced else ""
    found: dict[str, Question] = {}
    for each in asked:
        if each.answer:
            question = Question(each.question, "\n\n".join(each.answer))
            found.setdefault(text_key(each.question), question)
    return tuple(found.values())


def _asks(line: str, before: str) -> bool:
    """True for a single sentence with a question mark that doesn't continue the previous line."""
    if len(line) > fields.QUESTION_LIMIT or not _QUESTION.fullmatch(line):
        return False
    goes_on = bool(before) and not re.search(r"[.!?？。…:\"”’»)]$", before)
    return not goes_on and not _SENTENCE_END.search(line)


def _trimmed(lines: list[str]) -> list[str]:
    """The lines without leading and trailing blank ones."""
    full = [place for place, line in enumerate(lines) if line]
    return lines[full[0] : full[-1] + 1] if full else []
