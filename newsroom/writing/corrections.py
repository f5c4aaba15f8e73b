"""When a change in an article is a correction, and what it says. Everything else is an update.

Publishers reword their articles all day. It is a correction only if the publisher says so, if it
withdraws the article, or if a figure or a name changed in the very sentence that was quoted and no
other outlet still reports the old one.
"""

import re
from collections.abc import Sequence

from grounding import check as grounding
from grounding.numbers import numbers
from newsroom.model import Article, Bullet
from newsroom.writing.bullets import still_said
from newsroom.writing.material import Material, Report, Written
from newsroom.writing.sentences import sentences, title
from stories.fields import CORRECTION_LIMIT
from stories.story import Correction

_MARKED = re.compile(
    r"""(?ix)
    ^\W*correct(?:ion|ed)\b | \bcorrection\s*: | \bcorrects\ (?:to|that|day|date|name|spelling)\b
  | \b(?:an\ earlier|a\ previous)\ version\ of\ this\ (?:article|story|report)\b
  | \bthis\ (?:article|story|report)\ (?:has\ been|was)\ corrected\b
    """
)
ALIKE = 0.6
"""The share of telling words from which a sentence is the quoted one, said anew."""
SAME = 0.8
"""The same where only a name differs: nothing else may."""


def correction(material: Material, before: Written | None) -> Correction | None:
    """The correction that the next document has: a new one, or the one that was there."""
    if before is None:
        return None
    home = {each.article.key: each for each in material.reports}
    for bullet in before.bullets:
        key = bullet.sources[0]
        text: str | None = None
        if key in material.withdrawn and key not in home:
            text = f"{before.outlets.get(key, 'A source')} withdrew its report: “{bullet.text}”"
        elif key in home and home[key].revised and not still_said(bullet, material.reports):
            text = _revised(bullet, home[key], material.reports)
        if text is not None:
            return Correction(_cut(text), material.now)
    return before.story.correction


def _revised(bullet: Bullet, report: Report, reports: Sequence[Report]) -> str | None:
    """What a revised article corrects of the sentence that was quoted; None if it only reworded."""
    old = grounding.Sentence(bullet.text)
    new = _anew(old, report)
    marked = is_marked(report.article)
    if not marked and (new is None or not _differs(old, new)):
        return None
    if not marked and _still_reported(bullet, report, reports):
        return None
    outlet = report.article.name or report.article.outlet
    if new is None:
        return f"{outlet} corrected its report. It no longer says: “{bullet.text}”"
    return f"{outlet} now says: “{new.text}” It said before: “{bullet.text}”"


def is_marked(article: Article) -> bool:
    """Whether an article says of itself that it was corrected."""
    return any(_MARKED.search(each) for each in (article.title, article.text))


def _anew(old: grounding.Sentence, report: Report) -> grounding.Sentence | None:
    """The sentence of the article that says now what the old one said."""
    best, most = None, ALIKE
    for each in tuple(sentences(report)) or (title(report),):
        new = grounding.Sentence(each.text)
        share = len(old.stems & new.stems) / max(1, len(old.stems | new.stems))
        if share >= most and each.text != old.text:
            best, most = new, share
    return best


def _differs(old: grounding.Sentence, new: grounding.Sentence) -> bool:
    """Whether a figure, or a name and nothing else, differs between two forms of a sentence."""
    was, now = _figures(old.text), _figures(new.text)
    if was != now and len(was) == len(now):
        return True
    gone, came = _names(old) - _names(new), _names(new) - _names(old)
    rest = len(old.stems & new.stems) / max(1, len((old.stems | new.stems) - gone - came))
    return len(gone) == len(came) == 1 and rest >= SAME and not gone & new.stems


def _still_reported(bullet: Bullet, report: Report, reports: Sequence[Report]) -> bool:
    """Whether another outlet still says what the quoted sentence said."""
    hard = {grounding.Fault.NUMBER, grounding.Fault.NAME, grounding.Fault.OVERLAP}
    for other in reports:
        if other.article.outlet == report.article.outlet:
            continue
        texts = [other.article.title, other.article.text]
        if not hard & {each.fault for each in grounding.check(bullet.text, texts)}:
            return True
    return False


def _figures(text: str) -> list[object]:
    return sorted((each.value for each in numbers(text)), key=str)


def _names(said: grounding.Sentence) -> set[str]:
    return {word.stem for run in said.names for word in run if word is not said.words[0]}


def _cut(text: str) -> str:
    return text if len(text) <= CORRECTION_LIMIT else text[: CORRECTION_LIMIT - 1] + "…"
