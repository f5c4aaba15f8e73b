"""A chat's rule as text: the keys and values of one [[chats]] entry, read and written.

The operator's file contains such entries, and moderators copy them between chats.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rapidfuzz import process, utils

from bot.model.chat import Chat
from bot.model.rule import Loudness, Mute, Quiet, Rule
from stories.fields import MAX_NUMBER
from stories.story import StoryId
from wording.language import N_, _, languages
from wording.text import line, shorten
from wording.words import either

MOST_PINS = 25
"""More pins than this would be no use; Discord allows 250, Telegram names no limit."""
EXAMPLE = "22:00-07:00 Europe/Berlin"
DEEPEST = 20
"""The most levels of nesting in an entry; it needs two."""
_ASSIGNED = re.compile(r"\s*([\w.\"'\- ]+?)\s*=")
_ENDLESS = re.compile(r"(?<![\w\"'.])[+-]?\d[\d_]{999}")
SLIP = 70
"""How similar (0-100) a key must be to a known one for that one to be suggested."""

_Words = Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=200)]
_STORY = r"[a-z0-9-]{1,40}"
_UNTIL_MAJOR = " until major"


class WrongEntry(ValueError):
    """An entry can't be read: the key, and one sentence that names it and the remedy."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


class Entry(BaseModel):
    """The keys of an entry except `chat`. A field's `title` says what the key accepts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    stories: Literal["all"] | None = Field(None, title=N_('"all"'), description="every live story")
    keywords: _Words = Field(
        [],
        title=N_("a list of up to 200 words"),
        description="stories with one of these among their keywords",
    )
    entities: _Words = Field(
        [],
        title=N_("a list of up to 200 names"),
        description="stories with one of these among their entities",
    )
    story_ids: list[Annotated[str, Field(pattern=f"^{_STORY}$")]] = Field(
        [], title=N_("a list of story IDs"), description="these stories"
    )
    min_virality: float | None = Field(
        None,
        ge=0,
        le=10,
        title=N_("a number from 0 to 10"),
        description="of those, only stories at least so viral",
    )
    min_articles: int | None = Field(
        None,
        ge=0,
        le=MAX_NUMBER,
        title=N_("a whole number from 0 to 9007199254740991"),
        description="and with at least so many articles",
    )
    show_leaning: bool = Field(
        False,
        title=N_("true or false"),
        description="whether cards show the political leaning of the coverage; by default they "
        "do not",
    )
    loudness: Literal["edit", "reply", "ping"] = Field(
        "reply",
        title=N_('"edit", "reply" or "ping"'),
        description="`reply`, the default: the card is edited, and a notable or major change also "
        "gets a short reply, one per story and hour; what may not wait goes sooner. `edit`: the "
        "card is edited, and nothing else is said but a withdrawal, or the end of a story "
        "followed by itself, without a sound. `ping`: as `reply`, and the reply to a major "
        "change mentions `role`. See [weights](weights.md)",
    )
    role: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,19}$")] | None = Field(
        None,
        title=N_("a role ID, in quotes"),
        description="whom `ping` mentions: in Discord's settings, right-click the role, Copy Role "
        "ID",
    )
    quiet: str | None = Field(
        None,
        title=N_('hours and a time zone, such as "22:00-07:00 Europe/Berlin"'),
        description="hours in which nothing new is posted; what came meanwhile arrives as one "
        "card each afterwards",
    )
    quiet_majors: bool = Field(
        True,
        title=N_("true or false"),
        description="whether major updates are told in quiet hours all the same; by default they "
        "are",
    )
    publish: bool = Field(
        False,
        title=N_("true or false"),
        description="whether cards in a Discord announcement channel are published to the "
        "channels that follow it",
    )
    paused: bool = Field(
        False,
        title=N_("true or false"),
        description="nothing new is posted; cards that stand are kept up to date",
    )
    muted: list[Annotated[str, Field(pattern=f"^{_STORY}( until major)?$")]] = Field(
        [],
        title=N_("a list of story IDs, each optionally followed by “until major”"),
        description="stories the chat does not want to hear of, or not before a major update",
    )
    pins: int = Field(
        5,
        ge=1,
        le=MOST_PINS,
        title=N_("a whole number from 1 to 25"),
        description="how many of our pins stand at once; the oldest goes first. By default 5",
    )
    language: str | None = Field(
        None,
        title=N_("the code of a language this bot supports"),
        description="in which language the cards' own words are; by default English",
    )


def read_entry(text: str) -> dict[str, Any]:
    """Parse TOML, within the limits of an entry.

    Raises WrongEntry for what would be expensive to read, tomllib.TOMLDecodeError for what isn't
    TOML.
    """
    key, depth = "", 0
    for row in text.splitlines():
        assigned = _ASSIGNED.match(row)
        if assigned and depth <= 0:
            key, depth = assigned[1].partition(".")[0].strip(" \"'"), 0
        name = assigned[1] if assigned else row if row.lstrip().startswith("[") else ""
        depth += sum(row.count(sign) for sign in "[{") - sum(row.count(sign) for sign in "]}")
        opened = max(depth, row.count("[["), row.count("[{"), row.count("{"), row.count(" = ["))
        if max(opened, name.count("."), row.count(".") if "{" in row else 0) > DEEPEST:
            raise WrongEntry(key, _("{key} is nested too deeply").format(key=_named(key or name)))
        if _ENDLESS.search(row):
            raise WrongEntry(key, _("the number in {key} is too large").format(key=_named(key)))
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise WrongEntry(key, _("{key} is nested too deeply").format(key=_named(key))) from None


def _named(key: str) -> str:
    return shorten(line(key), 40)


def read_rule(raw: Mapping[str, Any]) -> Rule:
    """A rule from an entry's keys without `chat`; raises WrongEntry,
    which names the first wrong one.

    The error is in the current language.
    """
    try:
        entry = Entry.model_validate(raw)
    except ValidationError as error:
        raise _wrong(error) from None
    if entry.language is not None and entry.language not in languages():
        raise WrongEntry(
            "language",
            _("language must be one of {codes}").format(codes=", ".join(languages())),
        )
    if entry.loudness == "ping" and entry.role is None:
        raise WrongEntry(
            "loudness", _("loudness “ping” mentions a role: add role with the role's ID")
        )
    quiet = None
    if entry.quiet is not None:
        try:
            quiet = read_quiet(entry.quiet, majors=entry.quiet_majors)
        except ValueError as error:
            raise WrongEntry("quiet", _("quiet can't be read. {why}").format(why=error)) from None
    return Rule(
        all=entry.stories == "all",
        keywords=tuple(entry.keywords),
        entities=tuple(entry.entities),
        story_ids=tuple(StoryId(story) for story in entry.story_ids),
        min_virality=entry.min_virality,
        min_articles=entry.min_articles,
        show_leaning=entry.show_leaning,
        loudness=Loudness(entry.loudness),
        role=entry.role,
        quiet=quiet,
        publish=entry.publish,
        paused=entry.paused,
        muted=tuple(
            Mute(StoryId(each.removesuffix(_UNTIL_MAJOR)), each.endswith(_UNTIL_MAJOR))
            for each in entry.muted
        ),
        pins=entry.pins,
        language=entry.language,
    )


def _wrong(error: ValidationError) -> WrongEntry:
    first = error.errors()[0]
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return WrongEntry(key, _unknown(key))
    place = "".join(f"[{part}]" for part in first["loc"][1:] if isinstance(part, int))
    takes = Entry.model_fields[key].title
    assert takes is not None, "every key says what it takes"
    sentence = _("{key} must be {what}")
    if place:
        sentence = _("{place} is wrong: {key} must be {what}")
    return WrongEntry(key, sentence.format(place=key + place, key=key, what=_(takes)))


def _unknown(key: str) -> str:
    key, keys = _named(key), ["chat", *Entry.model_fields]
    known = ", ".join(keys)
    near = process.extractOne(key, keys, processor=utils.default_process, score_cutoff=SLIP)
    if near is None:
        return _("“{key}” isn't a known key: use one of {known}").format(key=key, known=known)
    return _("“{key}” isn't a known key. Did you mean {near}? The known keys are {known}").format(
        key=key, near=near[0], known=known
    )


def write_entry(chat: Chat, rule: Rule) -> str:
    """The chat's entry for the operator's file, without defaults."""
    return "\n".join(["[[chats]]", *(f"{key} = {value}" for key, value in _values(chat, rule))])


def _values(chat: Chat, rule: Rule) -> Iterator[tuple[str, str]]:
    usual = Rule()
    yield "chat", _text(str(chat))
    if rule.all:
        yield "stories", '"all"'
    for key in ("keywords", "entities", "story_ids"):
        if words := getattr(rule, key):
            yield key, f"[{', '.join(map(_text, words))}]"
    for key in ("min_virality", "min_articles"):
        if (figure := getattr(rule, key)) is not None:
            yield key, f"{figure}"
    if rule.show_leaning:
        yield "show_leaning", "true"
    if rule.loudness is not usual.loudness:
        yield "loudness", _text(rule.loudness)
    if rule.role is not None:
        yield "role", _text(rule.role)
    if rule.quiet is not None:
        yield "quiet", _text(write_quiet(rule.quiet))
        if not rule.quiet.majors:
            yield "quiet_majors", "false"
    for key in ("publish", "paused"):
        if getattr(rule, key):
            yield key, "true"
    if rule.muted:
        muted = [f"{each.story}{_UNTIL_MAJOR if each.until_major else ''}" for each in rule.muted]
        yield "muted", f"[{', '.join(map(_text, muted))}]"
    if rule.pins != usual.pins:
        yield "pins", f"{rule.pins}"
    if rule.language is not None:
        yield "language", _text(rule.language)


def _text(text: str) -> str:
    """A TOML string: like JSON's, but without a plain DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?\s*([ap]\.?m\.?)?"
_HOURS = re.compile(
    rf"{_TIME}\s*(?:-|–|—|\bto\b|\buntil\b|\s)\s*{_TIME}(?:(?:[\s,]+|(?=[+(]))(.+))?", re.I
)
_OFFSET = re.compile(r"(etc/)?(?:utc|gmt|z|(?=[+\-−–]))([+\-−–]?)(\d{1,2})(?:[:.]?(\d{2}))?", re.I)
"""Hours from Greenwich as people write them: GMT+2 and +02:00 are two hours east. (Etc/GMT+2, a
name in the database, is two hours *west*.)"""
_NAMED = re.compile(r"[_ ](?:standard|daylight|summer|local)?[_ ]?time\Z", re.I)
_COMMON: Mapping[str, tuple[str, ...]] = {
    "America/New_York": ("et", "est", "edt", "est5edt", "eastern"),
    "America/Chicago": ("ct", "cst", "cdt", "cst6cdt", "central"),
    "America/Denver": ("mt", "mst", "mdt", "mst7mdt", "mountain"),
    "America/Los_Angeles": ("pt", "pst", "pdt", "pst8pdt", "pacific"),
    "America/Anchorage": ("akt", "akst", "akdt"),
    "America/Halifax": ("at", "ast", "adt", "atlantic"),
    "America/St_Johns": ("nt", "nst", "ndt"),
    "America/Sao_Paulo": ("brt",),
    "America/Argentina/Buenos_Aires": ("art",),
    "Pacific/Honolulu": ("ht", "hst", "hdt"),
    "Europe/London": ("bst", "uk", "british"),
    "Europe/Lisbon": ("wet", "west", "western_european"),
    "Europe/Berlin": ("cet", "cest", "met", "mest", "mez", "mesz", "central_european"),
    "Europe/Athens": ("eet", "eest", "eastern_european"),
    "Europe/Istanbul": ("trt",),
    "Europe/Moscow": ("msk",),
    "Africa/Johannesburg": ("sast",),
    "Africa/Lagos": ("wat",),
    "Africa/Maputo": ("cat",),
    "Africa/Nairobi": ("eat",),
    "Asia/Dubai": ("gst",),
    "Asia/Tehran": ("irst",),
    "Asia/Kabul": ("aft",),
    "Asia/Karachi": ("pkt",),
    "Asia/Kolkata": ("ist", "india", "indian"),
    "Asia/Kathmandu": ("npt",),
    "Asia/Dhaka": (),
    "Asia/Yangon": ("mmt",),
    "Asia/Bangkok": ("ict",),
    "Asia/Jakarta": ("wib",),
    "Asia/Shanghai": (),
    "Asia/Singapore": ("sgt",),
    "Asia/Hong_Kong": ("hkt",),
    "Asia/Tokyo": ("jst",),
    "Asia/Seoul": ("kst",),
    "Australia/Perth": ("awst",),
    "Australia/Adelaide": ("acst", "acdt"),
    "Australia/Sydney": ("aest", "aedt"),
    "Australia/Brisbane": (),
    "Pacific/Noumea": (),
    "Pacific/Auckland": ("nzt", "nzst", "nzdt"),
    "Pacific/Tongatapu": (),
    "Pacific/Kiritimati": (),
    "Atlantic/Azores": (),
    "Pacific/Pago_Pago": (),
    "America/Nuuk": (),
    "Pacific/Marquesas": (),
    "Australia/Eucla": (),
    "Pacific/Chatham": (),
}
"""Cities to suggest, and what people there call their time, in summer and winter. (Of the same
names in the database, EST, MST and HST have no daylight saving time.)"""
_NOWHERE = frozenset({"Factory", "localtime"})
"""Names in the database that denote no place."""


def read_quiet(text: str, *, majors: bool = True) -> Quiet:
    """Parse “22:00-07:00 Europe/Berlin”, or what people write instead: “10pm to 7am berlin”.

    Raises ValueError with one sentence that says what is wrong, and an example.
    """
    text = " ".join(line(text).split())
    read = _HOURS.fullmatch(text)
    example = _("Write the hours like this: {example}").format(example=EXAMPLE)
    if read is None:
        raise ValueError(
            _("I can't find any hours in “{text}”.").format(text=shorten(text, 80)) + f" {example}"
        )
    begins, ends = (_time(*read.groups("")[start : start + 3]) for start in (0, 3))
    for moment, number in ((begins, 0), (ends, 3)):
        if moment is None:
            said = ":".join(part for part in read.groups("")[number : number + 2] if part)
            raise ValueError(_("{time} isn't a time of day.").format(time=said) + f" {example}")
    assert begins is not None
    assert ends is not None
    if begins == ends:
        raise ValueError(_("The quiet hours start and end at the same time.") + f" {example}")
    return Quiet(begins, ends, _zone(read[7] or "", example), majors)


def _time(hour: str, minute: str, half: str) -> time | None:
    number = int(hour)
    if half:
        if not 1 <= number <= 12:
            return None
        number = number % 12 + (12 if half[0] in "pP" else 0)
    try:
        return time(0 if number == 24 and not int(minute or 0) else number, int(minute or 0))
    except ValueError:
        return None


def _zone(said: str, example: str) -> str:
    """The zone with that name, or of that city; raises ValueError with what to write instead."""
    wanted = "_".join(said.strip(" .()").casefold().split())
    if not wanted:
        raise ValueError(_("The time zone is missing.") + f" {example}")
    offset, names, near = _offset(wanted), _zones(), ""
    if offset == timedelta(0):
        return "UTC"
    unknown = _("I don't know the time zone “{said}”.")
    if offset is not None:
        now = datetime.now(UTC)
        there = [  # first the zones where the clock shows it today
            zone
            for moment in (now, now + timedelta(days=182))
            for zone in _COMMON
            if moment.astimezone(ZoneInfo(zone)).utcoffset() == offset
        ]
        if there:
            unknown = _(
                "“{said}” doesn't say whether clocks change there. Use a city, such as {zone}."
            )
            near = either(list(dict.fromkeys(there))[:2])
    elif called := [zone for zone, known in _COMMON.items() if _NAMED.sub("", wanted) in known]:
        unknown, near = _("“{said}” isn't a city. Use one, such as {zone}."), called[0]
    elif wanted in names:
        return names[wanted]
    elif 3 < len(wanted) <= 40 and (  # fewer letters occur in nearly any name
        found := process.extractOne(
            wanted,
            [name for name in names if not name.startswith("etc/")],
            processor=utils.default_process,
            score_cutoff=SLIP,
        )
    ):
        unknown = _("I don't know the time zone “{said}”. Did you mean {zone}?")
        near = names[found[0]]
    raise ValueError(unknown.format(said=shorten(said, 40), zone=near) + f" {example}")


def _offset(wanted: str) -> timedelta | None:
    """How far east of Greenwich it is; None if it isn't an offset."""
    if wanted == "z":
        return timedelta(0)
    read = _OFFSET.fullmatch(wanted.replace("_", ""))
    if read is None:
        return None
    away = timedelta(hours=int(read[3]), minutes=int(read[4] or 0))
    return away if (read[2] in ("", "+")) != bool(read[1]) else -away


@cache
def _zones() -> dict[str, str]:
    """Every zone by its name in lower case, and by its city if only one has it.

    Zones that are refused in favour of a city aren't included, so they aren't suggested either.
    """
    refused = {name for known in _COMMON.values() for name in known}
    zones = sorted(
        zone
        for zone in available_timezones() - _NOWHERE
        if zone.casefold() not in refused and not _offset(zone.casefold())
    )
    cities: dict[str, list[str]] = {}
    for zone in zones:
        if "/" in zone and not zone.startswith("Etc/"):
            cities.setdefault(zone.rpartition("/")[2].casefold(), []).append(zone)
    by_city = {city: zones[0] for city, zones in cities.items() if len(zones) == 1}
    return by_city | {zone.casefold(): zone for zone in zones}


def write_quiet(quiet: Quiet) -> str:
    """“22:00-07:00 Europe/Berlin”, as read_quiet reads it."""
    return f"{quiet.begins:%H:%M}-{quiet.ends:%H:%M} {quiet.zone}"
