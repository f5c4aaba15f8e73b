"""The documents say what is so: tables, links, names of settings, commands and targets."""

import re
import tomllib
from pathlib import Path
from typing import Any

import discord
import pytest

from cli.__main__ import _parser
from config.chats import read_chats
from config.entry import Entry
from config.settings import Settings
from newsroom.settings import NewsroomSettings
from runtime.settings import PREFIX
from scripts.docs import ROOT, documents, renewed
from stories.changes import Verdict
from stories.wire import read, schema
from tests.plain_english import RIDDLES

DOCUMENTS = documents()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
each = pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)

_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MACHINE = re.compile(
    r"(?:^|[\s`\"'(=:])((?:/(?:home|root|Users|work|tmp|mnt|opt)/|[A-Z]:\\)\S*)", re.M
)


def text_of(path: str | Path) -> str:
    return (ROOT / path).read_text("utf-8")


def prose(text: str) -> str:
    return _FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """The anchors GitHub gives the headings of a document."""
    heads = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head) for head in heads)
    return {re.sub(r"[^\w\- ]", "", head.casefold()).replace(" ", "-") for head in plain}


def rows(text: str, head: str) -> list[list[str]]:
    """The rows of the table whose first line begins with `head`, as cells."""
    lines = text.partition(f"| {head} |")[2].splitlines()[2:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    assert found, f"there is no table headed {head}"
    return found


def test_there_are_documents_for_everyone() -> None:
    assert {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= set(NAMES)


@each
def test_every_table_is_up_to_date(path: Path) -> None:
    text = text_of(path)
    assert renewed(text) == text, "run `make docs`"


@each
def test_every_link_leads_somewhere(path: Path) -> None:
    text = text_of(path)
    for link in _LINK.findall(prose(text)):
        if re.match(r"https?:", link):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), f"{link} leads nowhere"
        assert target.resolve().is_relative_to(ROOT), f"{link} leads out of the project"
        assert not anchor or anchor in anchors(text_of(target)), f"{link}: no such heading"


@each
def test_no_document_has_words_that_make_people_read_twice(path: Path) -> None:
    words = re.sub(r"`[^`]*`", "", prose(text_of(path)))
    assert RIDDLES.findall(words) == []


@each
def test_no_document_names_a_place_on_somebodys_machine(path: Path) -> None:
    assert _MACHINE.findall(text_of(path)) == []


@each
def test_every_make_target_named_is_there(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make\s+([a-z]+)", text_of(path), re.MULTILINE))
    assert named <= targets


@each
def test_every_command_line_named_is_understood(path: Path) -> None:
    text = text_of(path)
    lines = re.findall(r"`storywire ([a-z][^`]*)`", prose(text))
    for language, code in _FENCE.findall(text):
        if language == "sh":
            lines += re.findall(r"(?:^|bot )storywire ([a-z][^#\n<>]*)", code, re.MULTILINE)
    for line in lines:
        command, *_ = line.split()
        options = re.findall(r"--[a-z]+", line)
        known = _parser_of(command)
        assert all(option in known for option in options), line


def _parser_of(command: str) -> set[str]:
    [subparsers] = [action for action in _parser()._actions if action.choices]
    choices: Any = subparsers.choices
    return set(choices[command]._option_string_actions)


@each
def test_every_setting_named_is_there(path: Path) -> None:
    fields = {*Settings.model_fields, *NewsroomSettings.model_fields, "shared"}
    known = {PREFIX + name.upper() for name in fields}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", text_of(path))) <= known


@each
def test_every_module_named_is_there(path: Path) -> None:
    parts = "|".join([*PACKAGES, "docs", "requirements", "scripts", "tests"])
    for name in re.findall(rf"`((?:{parts})/[\w./-]+)`", text_of(path)):
        assert (ROOT / name).exists(), f"{name} is not there"


@each
def test_every_story_shown_is_one_that_is_accepted(path: Path) -> None:
    for language, code in _FENCE.findall(text_of(path)):
        if language == "json":
            assert read(code).unknown == ()


@pytest.mark.parametrize("path", ["README.md", "docs/settings.md"])
def test_the_chats_shown_as_an_example_are_accepted(path: str) -> None:
    shown = [code for language, code in _FENCE.findall(text_of(path)) if language == "toml"]
    assert [len(read_chats(code, "storywire.toml")) for code in shown] == [2]


def test_every_key_of_the_chats_file_is_explained() -> None:
    explained = [cells[0].strip("`") for cells in rows(text_of("docs/settings.md"), "key | takes")]
    assert explained == ["chat", *Entry.model_fields]


def test_every_field_of_a_story_is_explained_with_its_limits() -> None:
    text = text_of("docs/wire-format.md")
    shape = schema()
    parts = {"## Fields": shape, "### stats": "Stats", "### questions": "Question"}
    parts |= {"### sources": "Source"}
    for head, part in parts.items():
        fields: Any = part if isinstance(part, dict) else shape["$defs"][f"{part}Document"]
        explained = rows(text.partition(f"\n{head}\n")[2], "field | required | takes")
        assert [cells[0].strip("`") for cells in explained] == list(fields["properties"])
        for name, required, takes, meaning in explained:
            field = fields["properties"][name.strip("`")]
            for limit in limits_of(field):
                assert limit in re.findall(r"[\w.-]+", takes), (
                    f"{name} does not tell its limit {limit}"
                )
            assert bool(required) == (name.strip("`") in fields.get("required", ()))
            assert meaning


def limits_of(field: dict[str, Any]) -> list[str]:
    """Every limit and word in a field's schema that a publisher has to know."""
    found = [str(word) for word in field.get("enum", ())]
    for key in ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"):
        address = field.get("format") == "uri"
        if key in field and field[key] < 2**53 - 1 and not (address and key == "minLength"):
            found.append(str(field[key]))
    for inner in [*field.get("anyOf", ()), *([field["items"]] if "items" in field else [])]:
        found += limits_of(inner)
    return found


def test_every_verdict_is_explained() -> None:
    explained = "".join(
        cells[2] for cells in rows(text_of("docs/wire-format.md"), "`revision` | content")
    )
    assert {word for word in Verdict if f"`{word}`" in explained} == set(Verdict)


def test_the_invitation_asks_for_the_permissions_that_are_explained() -> None:
    text = text_of("docs/operators-guide.md")
    [number] = re.findall(r"&permissions=(\d+)", text)
    asked = {name for name, granted in discord.Permissions(int(number)) if granted}
    explained = [cells[0] for cells in rows(text, "permission")]
    assert {name.casefold().replace(" ", "_") for name in explained} == {
        {"read_messages": "view_channel"}.get(name, name) for name in asked
    }


def test_every_sentence_to_look_up_is_one_that_is_said() -> None:
    said = "".join(
        path.read_text("utf-8") for part in PACKAGES for path in (ROOT / part).rglob("*.py")
    )
    for sentence, *_ in rows(text_of("docs/operators-guide.md"), "sentence"):
        for part in filter(None, map(str.strip, sentence.strip("`").split("…"))):
            assert part in said, f"nobody says “{part}”"


def test_the_containers_have_exact_versions_and_limits() -> None:
    compose, dockerfile = text_of("docker-compose.yml"), text_of("Dockerfile")
    foreign = [name for name in re.findall(r"image: (\S+)", compose) if name != "storywire"]
    for image in (*foreign, *re.findall(r"^FROM (\S+)", dockerfile, re.M)):
        assert re.search(r":\d+\.\d+\.\d+\b", image), f"{image} names no exact version"
        assert image in text_of("docs/operators-guide.md"), "the guide shows how to pin it"
    services = compose.partition("services:\n")[2].partition("\nvolumes:")[0]
    for limit in ("mem_limit:", "pids_limit:", "logging: *log"):
        assert services.count(limit) == 2, f"each container has its {limit}"
    assert "max-size:" in compose
