"""Writes the tables in the documents from the code they describe: `make docs`.

A document marks each table's place with `<!-- table: NAME -->` and `<!-- end -->`; whatever is in
between is replaced. tests/docs fails when someone forgot to run this.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from bot.metrics import Metrics
from bot.model.command import Command
from bot.platforms.discord.answers import SHARE, SHARED
from config.entry import Entry
from config.settings import Settings
from handlers import menu
from newsroom.desk import background, copies, desk, match, outlets, pool, standing, weights, words
from newsroom.feeds import FIELDS
from newsroom.settings import NewsroomSettings
from newsroom.writing import bullets, calm, conflicts, sentences, titles
from runtime.away import REFUSALS
from runtime.settings import PREFIX, ProcessSettings
from stories.delta import RULES
from stories.index import StoryIndex
from stories.wire import schema

ROOT = Path(__file__).parents[1]
_MARKED = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Renew every document; print which ones changed."""
    for path in documents():
        text = path.read_text("utf-8")
        if (new := renewed(text)) != text:
            path.write_text(new, "utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)} is up to date again\n")


def documents() -> list[Path]:
    """Every Markdown document: those at the project's top, and all below docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def renewed(text: str) -> str:
    """The text with every marked table regenerated; KeyError for an unknown table name."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found['name']]()}\n{found[3]}", text)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# Commands.


def declared() -> tuple[Command, ...]:
    """Every command. Nothing is called on its dependencies, so they are all None."""
    nothing: Any = None
    return menu(
        index=StoryIndex(),
        rules=nothing,
        desk=nothing,
        positions=nothing,
        history=nothing,
        audit=nothing,
        moderators=nothing,
        drafts=nothing,
        erasure=nothing,
        player=nothing,
    )


def _commands() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for command in declared():
            shown = [
                f"`{each.name}`: {each.description}" for each in command.options if not each.hidden
            ]
            if not (command.moderators or command.personal):
                shown.append(f"`{SHARE}` (Discord): {SHARED}")
            who = "moderators" if command.moderators else "everyone"
            yield f"`/{command.name}`", command.description, "<br>".join(shown), who

    return _table(("command", "what it does", "what it takes", "for"), rows())


# Settings.


def _settings(kind: type[ProcessSettings], but: type[ProcessSettings] | None = None) -> str:
    """The settings of one process, without those that another one has, too."""
    properties = kind.model_json_schema()["properties"]

    def rows() -> Iterator[tuple[str, ...]]:
        for name, field in kind.model_fields.items():
            if but and name in but.model_fields:
                continue
            default = field.default
            said = "" if default in (None, PydanticUndefined) else f"`{_plain(default)}`"
            yield (
                f"`{PREFIX}{name.upper()}`",
                said,
                _kind(properties[name]),
                field.description or "",
            )

    return _table(("variable", "default", "takes", "meaning"), rows())


# Keys of a chat in storywire.toml.


def _chats() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        yield "`chat`", "see below", "required; each chat once"
        for name, field in Entry.model_fields.items():
            yield f"`{name}`", field.title or "", field.description or ""

    return _table(("key", "takes", "meaning"), rows())


# Keys of a feed in feeds.toml.


def _feeds() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for name, (takes, meaning, _) in FIELDS.items():
            yield f"`{name}`", takes, meaning

    return _table(("key", "takes", "meaning"), rows())


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# Weights of changes.


def _weights() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for kind, rules in RULES.items():
            for place, rule in enumerate(rules):
                otherwise = "otherwise" if place else "always"
                name = f"`{kind.value}`" if not place else ""
                yield name, rule.when or otherwise, rule.weight.name.lower()

    return _table(("what changed", "when", "weight"), rows())


# Fields of a story document.


def _story() -> str:
    return _fields(schema())


def _part(name: str) -> Callable[[], str]:
    return lambda: _fields(schema()["$defs"][name])


def _fields(shape: Mapping[str, Any]) -> str:
    required = shape.get("required", ())

    def rows() -> Iterator[tuple[str, ...]]:
        for name, field in shape["properties"].items():
            must = "yes" if name in required else ""
            yield f"`{name}`", must, _kind(field), field["description"]

    return _table(("field", "required", "takes", "meaning"), rows())


_ADDRESS = "^[Hh][Tt][Tt][Pp]"
_PARTS = {
    "BulletDocument": "breakdown",
    "ConflictDocument": "conflicts",
    "CorrectionDocument": "correction",
    "QuestionDocument": "questions",
    "ReportDocument": "reports",
    "SourceDocument": "sources",
    "SpreadDocument": "spread",
    "StatsDocument": "stats",
}


def _kind(field: Mapping[str, Any]) -> str:
    """What a JSON Schema accepts in a field, in words."""
    if "anyOf" in field:
        [only] = [each for each in field["anyOf"] if each.get("type") != "null"]
        return _kind(only)
    if "oneOf" in field:
        return ", or ".join(map(_kind, field["oneOf"]))
    if "$ref" in field:
        return f"an object, see [{_PARTS[_named(field)]}](#{_PARTS[_named(field)]})"
    if "enum" in field:
        return " ".join(f"`{each}`" for each in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    match field["type"]:
        case "array":
            low, high = field.get("minItems", 0), field["maxItems"]
            return f"{low} to {high} of: {_kind(field['items'])}"
        case "string":
            return _text(field)
        case "boolean":
            return "`true` or `false`"
        case "integer" | "number" as kind:
            return f"a {'whole ' if kind == 'integer' else ''}number{_range(field)}"
        case other:
            raise AssertionError(f"nobody has said how to describe {other}")


def _named(field: Mapping[str, Any]) -> str:
    return str(field["$ref"]).rpartition("/")[2]


def _text(field: Mapping[str, Any]) -> str:
    pattern = field.get("pattern", "")
    match field.get("format"):
        case "date-time":
            return "a time, RFC 3339 with an offset"
        case "uri":
            most = f", up to {field['maxLength']} characters" if "maxLength" in field else ""
            return f"an http(s) address{most}" if pattern.startswith(_ADDRESS) else "an address"
        case "password":
            return "a secret text"
        case "path":
            return "a path"
    if characters := re.fullmatch(r"\^\[([^\]]+)\]\{(\d+),(\d+)\}\$", pattern):
        return f"{characters[2]} to {characters[3]} of `{characters[1]}`"
    if "maxLength" in field:
        return f"a text of {field['minLength']} to {field['maxLength']} characters"
    return "a text"


def _range(field: Mapping[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if (over := field.get("exclusiveMinimum")) is not None:
        return f" above {over:g}" + (f", up to {high:.16g}" if high is not None else "")
    if high is not None and high < 2**53 - 1:
        return f" from {low:g} to {high:.16g}"
    return f" from {low:g}" if low is not None else ""


# Metrics.


def _metrics() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for family in Metrics().registry.collect():
            name = family.name + ("_total" if family.type == "counter" else "")
            yield f"`{name}`", family.type, family.documentation

    return _table(("name", "kind", "meaning"), rows())


# Redis's refusals.


def _refusals() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for meaning, remedy in dict.fromkeys(REFUSALS.values()):
            codes = [f"`{code}`" for code, each in REFUSALS.items() if each == (meaning, remedy)]
            yield ", ".join(codes), meaning, remedy

    return _table(("refusal", "Redis says that", "what to do"), rows())


# The newsroom's numbers.


def _newsroom_constants() -> str:
    numbers: tuple[tuple[str, object, str], ...] = (
        ("LEAD", words.LEAD, "words of the text that are read"),
        ("TITLE", words.TITLE, "times that the title counts in the lead"),
        ("PRIOR", words.PRIOR, "documents that the background counts as"),
        ("LENGTH", background.LENGTH, "words in each of them"),
        ("SCALE", match.SCALE, "length of a vector before its weights are rounded"),
        ("RIVALS", pool.RIVALS, "stories that are compared in all three channels"),
        ("SILENCE", _hours(pool.SILENCE_S), "without an article until nothing more joins"),
        ("KEPT", copies.KEPT, "hashes in a sketch"),
        ("COPY (Jaccard)", copies.COPY, "share of word triples that makes a copy"),
        ("COPY (weight)", standing.COPY, "what a near copy counts of an original"),
        ("REPEAT", standing.REPEAT, "what an outlet's next article counts of the one before"),
        ("REPEATS", standing.REPEATS, "times it is multiplied at most"),
        ("HEAT_H", standing.HEAT_H, "half-life of heat, hours"),
        ("BREADTH_H", standing.BREADTH_H, "half-life of breadth, hours"),
        ("PACE_H", standing.PACE_H, "half-life of pace, hours"),
        ("FACTOR", standing.FACTOR, "scale of virality"),
        ("HALF_BREADTH", standing.HALF_BREADTH, "breadth at which its factor is √½"),
        ("HALF_PACE", standing.HALF_PACE, "recent heat at which pace is one half"),
        ("PACE", standing.PACE, "what pace adds at most"),
        ("ALONE", standing.ALONE, "highest virality of a story of one outlet"),
        ("OUTLETS_EMERGING", standing.OUTLETS_EMERGING, "outlets of an emerging story"),
        ("OUTLETS_ACTIVE", standing.OUTLETS_ACTIVE, "outlets of an active story"),
        ("ARTICLES_ACTIVE", standing.ARTICLES_ACTIVE, "articles of an active story"),
        ("FIRST", f"{standing.FIRST_S // 60} min", "wait before a story is published"),
        ("AT_ONCE", standing.AT_ONCE, "virality at which it is published without waiting"),
        ("COOLING", _hours(standing.COOLING_S), "silence after which a story may cool"),
        ("COOL", standing.COOL, "virality below which it then cools"),
        ("WARM", standing.WARM, "virality at which it is active again"),
        ("RETURNED", standing.RETURNED, "originals that make it active again"),
        ("ENDED", _hours(standing.ENDED_S), "silence that ends a story"),
        ("OLDEST", f"{standing.OLDEST_S // 86_400} days", "age that ends a story"),
        ("MERGE_PUBLISHED", weights.MERGE_PUBLISHED, "score that joins two published stories"),
        ("FOLLOWS", weights.FOLLOWS, "score from which a story follows one that is over"),
        ("FOLLOWED", f"{desk.FOLLOWED_S // 86_400} days", "how long it can be followed"),
        ("RATED", outlets.RATED, "rated owners that a leaning takes"),
        ("SHARE", outlets.SHARE, "share of owners that must be rated"),
        ("BOTH", outlets.BOTH, "share on each side from which coverage is mixed"),
        ("LEAN", outlets.LEAN, "mean beyond which coverage leans"),
        ("FAR", outlets.FAR, "mean beyond which it is left or right"),
    )
    rows = ((name, str(value), meaning) for name, value, meaning in numbers)
    return _table(("name", "value", "meaning"), rows)


def _newsroom_writing() -> str:
    minute = calm.SPACING.total_seconds() / 60
    numbers: tuple[tuple[str, object, str], ...] = (
        ("READ", sentences.READ, "sentences of a text that are considered"),
        ("SHORTEST", sentences.SHORTEST, "words of a sentence that can be quoted, at least"),
        ("LONGEST", sentences.LONGEST, "and at most"),
        ("MOST", bullets.MOST, "bullets of a story"),
        ("LAMBDA", bullets.LAMBDA, "what a sentence's worth counts against what it repeats"),
        ("AFFINITY", bullets.AFFINITY, "what likeness to the titles adds"),
        ("POSITION", bullets.POSITION, "what standing first adds; half of it for the second"),
        ("CONFIRMED", bullets.CONFIRMED, "what another outlet that says the same adds"),
        ("SHORT", bullets.SHORT, "words beyond which a sentence loses"),
        ("AGAIN", bullets.AGAIN, "what a sentence of an outlet that is quoted loses"),
        ("REPEATS", bullets.REPEATS, "likeness to a bullet from which a sentence is left out"),
        ("BETTER", bullets.BETTER, "times a bullet's worth that replace it"),
        ("REPLACED", bullets.REPLACED, "bullets that a revision replaces"),
        ("ADDED", bullets.ADDED, "bullets that a revision adds"),
        ("FROZEN", titles.FROZEN, "outlets from which headline and title stay"),
        ("ALIKE", conflicts.ALIKE, "shared words of two figures that differ"),
        ("OPPOSED", conflicts.OPPOSED, "shared words of a yes and a no"),
        ("VIRALITY", calm.VIRALITY, "change of virality that is shown by itself"),
        ("SPACING", f"{minute:g} min", "between two documents of a story"),
        (
            "OLD_SPACING",
            f"{calm.OLD_SPACING.total_seconds() / 60:g} min",
            "the same for an old one",
        ),
        ("OLD", f"{calm.OLD.total_seconds() / 3600:g} h", "age from which a story is old"),
    )
    rows = ((name, str(value), meaning) for name, value, meaning in numbers)
    return _table(("name", "value", "meaning"), rows)


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h"


def _newsroom_weights() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        text, bare = weights.TEXT._asdict(), weights.BARE._asdict()
        for name in text:
            yield f"`{name}`", f"{text[name]:g}", f"{bare[name]:g}"

    return _table(("weight", "with a text", "bare title"), rows())


def _newsroom_merging() -> str:
    rows = ((f"`{name}`", f"{value:g}") for name, value in weights.MERGE_BARE._asdict().items())
    return _table(("weight", "two stories of bare titles"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "commands": _commands,
    "settings": partial(_settings, Settings),
    "newsroom-settings": partial(_settings, NewsroomSettings, ProcessSettings),
    "feeds": _feeds,
    "chats": _chats,
    "weights": _weights,
    "story": _story,
    "stats": _part("StatsDocument"),
    "spread": _part("SpreadDocument"),
    "bullet": _part("BulletDocument"),
    "conflict": _part("ConflictDocument"),
    "report": _part("ReportDocument"),
    "correction": _part("CorrectionDocument"),
    "question": _part("QuestionDocument"),
    "source": _part("SourceDocument"),
    "metrics": _metrics,
    "refusals": _refusals,
    "newsroom-constants": _newsroom_constants,
    "newsroom-writing": _newsroom_writing,
    "newsroom-weights": _newsroom_weights,
    "newsroom-merging": _newsroom_merging,
}


if __name__ == "__main__":
    main()
