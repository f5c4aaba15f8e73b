"""Logging: events with facts attached, one per line, and never a token."""

import logging
import re
from collections.abc import Iterable

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_TOKENS = (
    re.compile(r"bot\d+:[\w-]{30,}"),  # Telegram: the token is part of every URL
    re.compile(r"\b\d{6,}:[\w-]{30,}"),
    re.compile(r"\b[\w-]{20,}\.[\w-]{6}\.[\w-]{25,}"),  # Discord
    re.compile(r"(?<=/webhooks/)\d+/[\w.-]{20,}"),
    re.compile(r"(?<=/interactions/)\d+/[\w.-]{20,}"),
    re.compile(r"(?<=://)[^\s/]*:[^\s/]*(?=@)"),  # user:password@ in any URL
)


SHORTEST = 8
"""Secrets of at least this many characters are redacted wherever they occur. Shorter ones are part
of other words, so they are redacted only where an address shows them as the password."""


class _Lines(logging.Formatter):
    """`time level logger: event fact=value …`, with secrets redacted in every part."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = list(secrets)

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(
            f" {name}={_one_line(value)}"
            for name, value in vars(record).items()
            if name not in _PLAIN
        )
        return redact(super().format(record) + facts, self._secrets)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        return _one_line(super().formatMessage(record))


def _one_line(value: object) -> str:
    """Escapes line breaks, so that text from outside can't start a line of its own."""
    return str(value).replace("\r", "\\r").replace("\n", "\\n")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Remove the given secrets and everything shaped like a token."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            text = text.replace(secret, "[secret]")
    for shape in _TOKENS:
        text = shape.sub("[secret]", text)
    return text


def set_up(level: str, secrets: Iterable[str] = ()) -> None:
    """Log to standard error from `level` up; libraries only from WARNING, unless debugging."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    if level != "DEBUG":
        for library in ("httpx", "httpcore", "telegram", "discord", "aiohttp.access"):
            logging.getLogger(library).setLevel(logging.WARNING)
