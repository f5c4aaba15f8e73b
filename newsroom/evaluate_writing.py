"""The figures of what the newsroom writes: commands `summaries`, `check` and `churn` of
`python -m newsroom.evaluate`."""

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grounding import check as grounding
from grounding.check import Evidence, Fault
from grounding.numbers import numbers
from grounding.words import sentences
from newsroom import handover
from newsroom.desk import entries, words
from newsroom.desk.background import background
from newsroom.desk.desk import Desk
from newsroom.desk.words import Reader
from newsroom.model import ArticleKey
from newsroom.streams import judged, read_stream, ticked
from newsroom.writing import bullets, calm, document
from newsroom.writing.material import Report, Written
from stories import wire
from stories.delta import Kind, Weight, compare
from stories.story import Status, StoryId

FIRST_WORDS = 66
"""Words of the breakdown, and of the summary it is held against."""
ROUGE = {"ROUGE-1": (0.39, 0.41), "ROUGE-2": (0.17, 0.185)}
"""Floor and goal."""
CAUGHT = {"name": (0.80, 0.88), "number": (0.98, 0.99), "negation": (0.80, 0.88)}
FALSE_FLAGS = (0.06, 0.04)
LEAST = 200
"""Changed sentences of each kind at least."""
UNCAUSED = (0.02, 0.005)
TITLE_CHANGES = 0.2
MERGED = 3.0
"""Published merges per hundred stories, at most."""
_HARD = {
    Fault.UNCITED,
    Fault.QUOTATION,
    Fault.NUMBER,
    Fault.DATE,
    Fault.NAME,
    Fault.OVERLAP,
}


def common_words() -> Callable[[str], int]:
    """How common an English word is, as `keywords.keywords` asks."""
    documents = background("en").documents
    return lambda word: documents(words.stem(word))


# Summaries.


def summaries(given: argparse.Namespace) -> int:
    """How much of a person's summary the breakdown has: ROUGE F1 of both beginnings."""
    from rouge_score.rouge_scorer import RougeScorer  # developers have it, operators need not

    path = given.data / f"allsides_2021.{given.half}.jsonl"
    told = _roundups(path)
    by_story: dict[str, list[Report]] = defaultdict(list)
    for each in read_stream(path, jitter=True):
        by_story[str(each.story)].append(Report(each.article))
    scorer = RougeScorer(["rouge1", "rouge2"], use_stemmer=True)
    cut, whole = Counter[str](), Counter[str]()
    stories = [(told[name], reports) for name, reports in by_story.items() if len(reports) >= 2]
    for gold, reports in stories:
        ours = _beginning(" ".join(each.text for each in bullets.choose(reports)))
        for sums, against in ((cut, _beginning(gold)), (whole, gold)):
            found = scorer.score(against, ours)
            sums["ROUGE-1"] += found["rouge1"].fmeasure
            sums["ROUGE-2"] += found["rouge2"].fmeasure
    missed = False
    for name, (floor, goal) in ROUGE.items():
        value = cut[name] / len(stories)
        missed |= value < floor
        print(judged(name, f"{value:.4f}", value >= floor, value >= goal))
    said = ", ".join(f"{name} {whole[name] / len(stories):.4f}" for name in ROUGE)
    print(f"{len(stories)} stories; against the uncut summaries: {said}")
    return int(missed)


def _roundups(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8") as file:
        return {row["story"]: row["roundup"] for row in map(json.loads, file)}


def _beginning(text: str) -> str:
    return " ".join(text.split()[:FIRST_WORDS])


# The checker.


def check(given: argparse.Namespace) -> int:
    """What the checker catches of sentences that were changed, and what it flags wrongly."""
    path = given.data / f"allsides_2021.{given.half}.jsonl"
    texts: dict[str, list[str]] = defaultdict(list)
    for row in read_stream(path):
        texts[str(row.story)] += [row.article.title, row.article.text]
    evidence = {story: Evidence(said) for story, said in sorted(texts.items())}
    said = {story: sentences(text) for story, text in sorted(_roundups(path).items())}
    clean, supported, flagged = [], 0, 0
    for story, each in ((story, each) for story, some in said.items() for each in some):
        faults = {finding.fault for finding in grounding.check(each, evidence[story])}
        if faults & _HARD:
            continue
        supported += 1
        flagged += bool(faults)
        if not faults:
            clean.append((story, each))
    share = flagged / supported
    print(f"{supported} supported sentences, {len(clean)} of them unflagged")
    missed = share > FALSE_FLAGS[0]
    print(judged("false flags", f"{share:.3f}", *(share <= most for most in FALSE_FLAGS)))
    for kind, (floor, goal) in CAUGHT.items():
        caught, tried = 0, 0
        for story, before, after in _changed(kind, clean, said):
            tried += 1
            found = bool(grounding.check(after, evidence[story]))
            caught += found
            if given.show and not found:
                print(f"  not caught: {after}\n         was: {before}")
        value = caught / tried
        missed |= value < floor or tried < LEAST
        print(judged(f"{kind}s ({tried})", f"{value:.3f}", value >= floor, value >= goal))
    return int(missed)


def _changed(
    kind: str, clean: Sequence[tuple[str, str]], said: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, str]]:
    """Each sentence changed once; where that gives fewer than `LEAST`, in other ways again."""
    draw = random.Random(7)  # noqa: S311  a simulation, no secret
    others = [
        (story, text)
        for story, some in said.items()
        for each in some
        for _, text in _parts(kind, each)
    ]
    seen: set[str] = set()
    while len(seen) < LEAST:
        before = len(seen)
        for story, each in clean:
            changed = _negated(each) if kind == "negation" else None
            parts = _parts(kind, each)
            if parts:
                start, old = draw.choice(parts)
                fit = [new for other, new in others if other != story and _unlike(kind, old, new)]
                changed = each[:start] + draw.choice(fit) + each[start + len(old) :]
            if changed and changed not in seen:
                seen.add(changed)
                yield story, each, changed
        if len(seen) == before:
            return


def _parts(kind: str, sentence: str) -> list[tuple[int, str]]:
    """The whole names or the numbers of a sentence, with where they begin."""
    if kind == "number":
        return [(each.start, each.written) for each in numbers(sentence)]
    if kind != "name":
        return []
    said = grounding.Sentence(sentence)
    spans = [
        (run[0].start, sentence[run[0].start : run[-1].start + len(run[-1].text)])
        for run in said.names
        if len(run) > 1 or run[0] is not said.words[0]
    ]
    return [(start, text) for start, text in spans if len(text) > 2]


def _unlike(kind: str, old: str, new: str) -> bool:
    if kind == "number":
        return numbers(old)[0].value != numbers(new)[0].value
    return old.casefold() != new.casefold()


def _negated(sentence: str) -> str | None:
    """The sentence with a “not” put in; None where there is no simple place for one."""
    verbs = r"\b(?:is|are|was|were|will|would|can|could|should|has|have|had|may|might|must)\b"
    if found := re.search(verbs, sentence):
        return f"{sentence[: found.end()]} not{sentence[found.end() :]}"
    if found := re.search(r"(?<=[a-z] )([a-z]{3,})ed\b", sentence):
        return f"{sentence[: found.start()]}did not {found[1]}{sentence[found.end() :]}"
    return None


# Churn.


@dataclass(slots=True)
class Counted:
    """What was published of a stream."""

    stories: set[StoryId] = field(default_factory=set)
    revisions: int = 0
    """Documents after a story's first."""
    kinds: Counter[Kind] = field(default_factory=Counter)
    uncaused: int = 0
    merges: int = 0


def churn(given: argparse.Namespace) -> int:
    """How calm cards are: major changes without a cause, and changes of the title."""
    stream = read_stream(given.data / f"mixed.{given.half}.jsonl")[: given.articles]
    read = Reader(background("en").documents)
    texts = {each.article.key: each.article.text for each in stream}
    counted = published(
        ticked(entries.came(each.article, read) for each in stream), texts, common_words()
    )
    number = max(1, len(counted.stories))
    print(f"{len(stream)} articles, {number} stories, {counted.revisions} revisions")
    print(", ".join(f"{kind.value}: {n}" for kind, n in counted.kinds.most_common()))
    share = counted.uncaused / max(1, counted.revisions)
    good = [share <= most for most in UNCAUSED]
    print(judged("major without a cause", f"{share:.4f}", *good))
    changes = counted.kinds[Kind.TITLE] / number
    print(judged("title changes per story", f"{changes:.3f}", True, changes <= TITLE_CHANGES))
    merges = 100 * counted.merges / number
    print(judged("merges per 100 stories", f"{merges:.2f}", True, merges <= MERGED))
    return int(share > UNCAUSED[0])


def published(
    log: Iterator[entries.Entry], texts: Mapping[ArticleKey, str], common: Callable[[str], int]
) -> Counted:
    """Fold a log, write what is due at every tick, and count what changed on cards."""
    desk, counted = Desk(), Counted()
    written: dict[StoryId, Written] = {}
    originals: dict[StoryId, int] = {}
    waiting: set[int] = set()
    for entry in log:
        changed = desk.take(entry)
        if not isinstance(entry, entries.Tick):
            continue
        waiting |= {story.serial for story in changed}
        for serial in sorted(waiting):
            story = desk.stories.get(serial)
            if story is None or story.id is None:
                waiting.discard(serial)
                continue
            before = written.get(story.id)
            now = datetime.fromtimestamp(desk.now, UTC)
            if before and not story.over and calm.is_too_soon(before, now):
                continue
            waiting.discard(serial)
            material = handover.material(desk, story, texts)
            after = document.write(material, common, before) if material else None
            if after is None or not calm.is_due(before, after, now):
                continue
            wire.write(after.story)  # refuses what no bot would take
            number = sum(1 for _ in story.originals())
            _count(counted, before, after, number - originals.get(story.id, 0))
            written[story.id], originals[story.id] = after, number
            if story.over:
                del written[story.id]
    return counted


def _count(counted: Counted, before: Written | None, after: Written, new: int) -> None:
    counted.stories.add(after.story.id)
    if before is None:
        return
    counted.revisions += 1
    delta = compare(before.story, after.story)
    counted.kinds.update({change.kind for change in delta.changes})
    counted.merges += after.story.merged_into is not None
    stepped = before.story.stats.status is not after.story.stats.status
    ended = after.story.stats.status is Status.ENDED
    caused = new >= 2 or stepped or ended or after.story.merged_into is not None
    counted.uncaused += delta.weight is Weight.MAJOR and not caused
