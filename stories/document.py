"""The shape of a story document, for reading it and for its published schema."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from stories.fields import (
    BULLETS_LIMIT,
    CONFLICTS_LIMIT,
    MAX_REVISION,
    NAMES_LIMIT,
    QUESTIONS_LIMIT,
    REPORTS_LEAST,
    REPORTS_LIMIT,
    SOURCES_LIMIT,
    About,
    Answer,
    Bullet,
    CorrectionText,
    Count,
    FieldRule,
    Headline,
    Id,
    LeaningWord,
    Name,
    Position,
    QuestionText,
    Reason,
    ReportText,
    StatusWord,
    Time,
    Title,
    Truth,
    Url,
    Virality,
    whole,
)

VERSION = 1
# Where a field may be absent, null means the same.


def _tidy(schema: dict[str, Any]) -> None:
    """Remove defaults from the schema: an absent field has no default value."""
    for field in schema["properties"].values():
        field.pop("default", None)


def _published(schema: dict[str, Any]) -> None:
    _tidy(schema)
    schema["description"] = " ".join(schema["description"].split())
    schema["examples"] = [_EXAMPLE]


class Part(BaseModel):
    model_config = ConfigDict(strict=True, json_schema_extra=_tidy)


class SpreadDocument(Part):
    """How many of the outlets that report the story lean which way. What is absent is 0."""

    model_config = ConfigDict(title="Spread")

    left: Count | None = Field(default=None, description="Outlets that lean left.")
    center: Count | None = Field(default=None, description="Outlets that lean neither way.")
    right: Count | None = Field(default=None, description="Outlets that lean right.")
    unrated: Count | None = Field(
        default=None, description="Outlets whose leaning nobody has rated."
    )


class StatsDocument(Part):
    """The figures beside a story. What is absent is not shown."""

    model_config = ConfigDict(title="Stats")

    status: StatusWord | None = Field(default=None, description="Where the story stands.")
    virality: Virality | None = Field(
        default=None, description="How fast the story spreads, from 0 to 10.", examples=[4.5]
    )
    articles: Count | None = Field(
        default=None, description="How many articles have been written about it.", examples=[14]
    )
    independent: Count | None = Field(
        default=None,
        description="How many of the articles are nobody's copy; at most `articles`.",
        examples=[6],
    )
    leaning: LeaningWord | None = Field(
        default=None, description="The political leaning of the story's coverage as a whole."
    )
    spread: SpreadDocument | None = Field(
        default=None,
        title="Spread",
        description="How many of the outlets that report the story lean which way.",
    )


Positions = Annotated[list[Position], Field(max_length=SOURCES_LIMIT)]


class BulletDocument(Part):
    """A bullet point with the articles it rests on."""

    model_config = ConfigDict(title="Bullet")

    text: Bullet = Field(description="What happened, in one line.")
    sources: Positions | None = Field(
        default=None,
        description="Which of the story's sources it rests on: their positions, from 0.",
        examples=[[0, 2]],
    )


TEXT, OBJECT = "(text)", "(object)"
"""The two forms of a bullet point. Where one is wrong, pydantic names its form in the path."""
AnyBullet = Annotated[
    Annotated[Bullet, Tag(TEXT)] | Annotated[BulletDocument, Tag(OBJECT)],
    Discriminator(lambda value: OBJECT if isinstance(value, dict) else TEXT),
]
"""A bullet point: a text, or an object where it names its sources."""


class QuestionDocument(Part):
    """A "further learning" question with its whole answer."""

    model_config = ConfigDict(title="Question")

    question: QuestionText = Field(
        description="One line. No two questions of a story are the same, whatever their case."
    )
    answer: Answer = Field(description="The whole answer; line breaks are kept.")
    sources: Positions | None = Field(
        default=None,
        description="Which of the story's sources the answer rests on: their positions, from 0.",
    )


class SourceDocument(Part):
    """An article the story rests on."""

    model_config = ConfigDict(title="Source")

    title: Title = Field(description="The article's title.")
    outlet: Name | None = Field(
        default=None, description="Who published it.", examples=["The Harbour Post"]
    )
    url: Url | None = Field(
        default=None, description="Where it can be read: http or https, no user name."
    )
    published_at: Time | None = Field(default=None, description="When it was published.")
    leaning: LeaningWord | None = Field(default=None, description="The outlet's political leaning.")


class ReportDocument(Part):
    """What one source says about something that sources report differently."""

    model_config = ConfigDict(title="Report")

    text: ReportText = Field(description="What the source says, in its own words.")
    source: Position = Field(description="The position of the article in sources, from 0.")
    at: Time | None = Field(default=None, description="When it said so.")


class ConflictDocument(Part):
    """Something that sources report differently."""

    model_config = ConfigDict(title="Conflict")

    about: About = Field(
        description="What it is about, in a few words. No two conflicts of a story are about the "
        "same.",
        examples=["number of injured"],
    )
    reports: Annotated[
        list[ReportDocument], Field(min_length=REPORTS_LEAST, max_length=REPORTS_LIMIT)
    ] = Field(description="What the sources say, the latest first.")


class CorrectionDocument(Part):
    """What the publisher marks as a correction."""

    model_config = ConfigDict(title="Correction")

    text: CorrectionText = Field(description="What was wrong, and what is right.")
    at: Time = Field(description="When it was corrected.")


class Document(Part):
    """One revision of a news story: what `PUBLISH storywire:updates` and
    `XADD storywire:inbox * story` take. UTF-8, at most 256 KiB; unknown fields are left out and
    named in a warning. Text lengths count characters as sent; texts are then stripped of
    surrounding white space and control characters."""

    model_config = ConfigDict(
        title="Storywire story",
        json_schema_extra=_published,
    )

    version: (
        Annotated[int, FieldRule(lambda value: value, {"type": "integer", "const": VERSION})] | None
    ) = Field(default=None, description="The version of this document; absent means 1.")
    id: Id = Field(
        description="The story's name for machines, the same in every revision.",
        examples=["night-ferry-returns"],
    )
    revision: Annotated[int, whole(1, MAX_REVISION)] | None = Field(
        default=None,
        description="Grows with every change. Absent: Storywire counts, and an unchanged document "
        "is nothing new. Present: an older revision is refused.",
        examples=[9],
    )
    title: Title = Field(description="A few words, one line.")
    headline: Headline | None = Field(default=None, description="One sentence under the title.")
    entities: Annotated[list[Name], Field(max_length=NAMES_LIMIT)] | None = Field(
        default=None,
        description="Who and what the story is about.",
        examples=[["Anthropic", "Alibaba"]],
    )
    stats: StatsDocument | None = Field(
        default=None, title="Stats", description="The figures beside the story."
    )
    started_at: Time | None = Field(
        default=None,
        description="When the story began: RFC 3339 with an offset, from 2000 to 2099, "
        "not after updated_at.",
        examples=["2026-06-24T09:00:00Z"],
    )
    updated_at: Time | None = Field(
        default=None,
        description="When this revision was written: RFC 3339 with an offset. The duration shown "
        "is updated_at minus started_at.",
        examples=["2026-06-25T08:00:00+02:00"],
    )
    breakdown: Annotated[list[AnyBullet], Field(min_length=1, max_length=BULLETS_LIMIT)] = Field(
        description="The bullet points that say what happened, one line each; an object where one "
        "names its sources."
    )
    keywords: Annotated[list[Name], Field(max_length=NAMES_LIMIT)] | None = Field(
        default=None, description="What chats subscribe to."
    )
    questions: Annotated[list[QuestionDocument], Field(max_length=QUESTIONS_LIMIT)] | None = Field(
        default=None, description="The questions /faq answers."
    )
    sources: Annotated[list[SourceDocument], Field(max_length=SOURCES_LIMIT)] | None = Field(
        default=None, description="The articles the story rests on."
    )
    conflicts: Annotated[list[ConflictDocument], Field(max_length=CONFLICTS_LIMIT)] | None = Field(
        default=None, description="What the sources report differently."
    )
    url: Url | None = Field(default=None, description="Where the whole story can be read.")
    image_url: Url | None = Field(default=None, description="A picture for the card.")
    rank: Annotated[int, whole(1)] | None = Field(
        default=None,
        description="The story's place among all stories; 1 is the first.",
        examples=[41],
    )
    retracted: Reason | None = Field(
        default=None, description="Why the story was withdrawn; absent while it stands."
    )
    correction: CorrectionDocument | None = Field(
        default=None,
        title="Correction",
        description="What was wrong in earlier revisions, and what is right. Each one is told "
        "once; leave it in until another replaces it.",
    )
    merged_into: Id | None = Field(
        default=None, description="The id of the story this one went up in."
    )
    split_from: Id | None = Field(
        default=None, description="The id of the story this one came out of."
    )
    follows: Id | None = Field(
        default=None, description="The id of the story that this one continues."
    )
    web: Truth | None = Field(
        default=None, description="false keeps the story off public web pages; absent means true."
    )


_EXAMPLE: dict[str, Any] = {
    "version": 1,
    "id": "night-ferry-returns",
    "revision": 3,
    "title": "Night Ferry Returns",
    "headline": "The Sorvik line sails again after four months",
    "entities": ["Sorvik Line", "Port of Aldmar"],
    "stats": {"status": "active", "virality": 3.5, "articles": 6, "leaning": "center"},
    "started_at": "2026-03-02T18:00:00Z",
    "updated_at": "2026-03-03T06:30:00Z",
    "breakdown": ["The first night ferry since November left Aldmar at 22:15 on Monday."],
    "keywords": ["ferry", "Aldmar"],
    "questions": [{"question": "Why did it stop?", "answer": "Its bow door needed repair."}],
    "sources": [
        {
            "title": "Night boat is back",
            "outlet": "Aldmar Courier",
            "url": "https://courier.example/night-boat",
            "published_at": "2026-03-02T22:40:00Z",
            "leaning": "center",
        }
    ],
    "url": "https://stories.example/night-ferry-returns",
    "rank": 12,
}


def schema() -> dict[str, Any]:
    """The document's JSON Schema (draft 2020-12). Whatever it refuses, `read` refuses.

    `read` checks more that a schema can't express: a document names each field, question and
    conflict only once, started_at is not after updated_at, a story is never merged into, split
    from or a continuation of itself, positions exist in sources, independent is at most articles,
    and the whole has at most MAX_BYTES.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Document.model_json_schema(),
    }
