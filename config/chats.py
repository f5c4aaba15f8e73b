"""Reads storywire.toml: which chats want which stories, with errors that name the line."""

import tomllib
from pathlib import Path
from typing import Any

from bot.model.chat import Chat
from bot.model.rule import Rule
from bot.platforms.known import read_chat
from config.entry import WrongEntry, read_entry, read_rule
from runtime.errors import SetupError
from runtime.toml_lines import line_of

DEFAULT = Path("config/storywire.toml")


def load_chats(path: Path | None) -> dict[Chat, Rule]:
    """Read the file's chats; None means the default path, where no file is required.

    Raises SetupError with one sentence that names the file, the line and the remedy.
    """
    where = path or DEFAULT
    try:
        text = where.read_text("utf-8")
    except FileNotFoundError:
        if path is None:
            return {}
        raise SetupError(f"{where} doesn't exist, but STORYWIRE_CONFIG names it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{where} can't be read: {error}") from error
    return read_chats(text, str(where))


def read_chats(text: str, name: str) -> dict[Chat, Rule]:
    """Parse the text of a storywire.toml; raises SetupError as load_chats does."""
    try:
        document = read_entry(text)
    except WrongEntry as error:
        raise SetupError(
            f"{name}, line {line_of(text, 'chats', None, error.key)}: {error}"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"{name} isn't TOML: {error}") from error
    for key in document:
        if key != "chats":
            line = line_of(text, "chats", None, key)
            raise SetupError(
                f"{name}, line {line}: “{key}” isn't known; the file may only contain [[chats]]"
            )
    entries: Any = document.get("chats", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        line = line_of(text, "chats", None, "chats")
        raise SetupError(f"{name}, line {line}: start each chat with [[chats]], in double brackets")
    rules: dict[Chat, Rule] = {}
    for number, raw in enumerate(entries):
        chat, rule = _entry(raw, text, name, number)
        if chat in rules:
            line = line_of(text, "chats", number, "chat")
            raise SetupError(f"{name}, line {line}: {chat} is listed twice; keep one of them")
        rules[chat] = rule
    return rules


def _entry(raw: dict[str, Any], text: str, name: str, number: int) -> tuple[Chat, Rule]:
    def wrong(key: str, sentence: str) -> SetupError:
        return SetupError(f"{name}, line {line_of(text, 'chats', number, key)}: {sentence}")

    said = raw.get("chat")
    if said is None:
        raise wrong("", 'this [[chats]] has no chat: add chat = "discord:123"')
    if not isinstance(said, str):
        raise wrong("chat", 'chat must be text, such as "discord:123"')
    try:
        chat = read_chat(said)
    except ValueError as error:
        raise wrong("chat", str(error)) from None
    try:
        rule = read_rule({key: value for key, value in raw.items() if key != "chat"})
    except WrongEntry as error:
        raise wrong(error.key, str(error)) from None
    if rule.empty:
        raise wrong(
            "chat",
            (f'{chat} gets no stories: add stories = "all", or keywords, entities or story_ids'),
        )
    return chat, rule
