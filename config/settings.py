"""What an operator may change: settings from the environment, which wins, and from .env."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from runtime.errors import SetupError
from runtime.redis_url import one_redis

PREFIX = "STORYWIRE_"

_TEN_YEARS_H = 10 * 365 * 24
_WEEK_S = 7 * 24 * 3600
_NUMBER = re.compile(r"[-+]?(\d{1,15}(\.\d{1,15})?(e[-+]?\d{1,4})?|inf|infinity|nan)", re.I)
"""What is a number and nothing else, so that it can be repeated: no token and no password."""


class Settings(BaseSettings):
    """Every setting; docs/settings.md is written from these descriptions."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        allow_inf_nan=False,
    )

    redis_url: Annotated[str, AfterValidator(one_redis)] = Field(
        default="redis://localhost:6379/0",
        description="Where Redis (7.0 or later) or Valkey listens: redis://, rediss:// (encrypted) "
        "or unix:// (a socket). Neither Sentinel nor Cluster.",
        json_schema_extra={"format": "uri"},
        repr=False,
    )
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")] = Field(
        default="storywire",
        title="1 to 40 letters (A-Z, a-z), digits, dots, underscores or hyphens",
        description="Begins every key and channel, so that several bots can share one Redis.",
    )
    discord_token: SecretStr | None = Field(
        default=None, description="The Discord bot's token. Leave it out to run without Discord."
    )
    discord_api_url: str | None = Field(
        default=None,
        description="Another base of Discord's REST API, ending in /api/v10: a proxy, a test.",
    )
    discord_gateway_url: str | None = Field(
        default=None, description="Another address of Discord's gateway (ws:// or wss://)."
    )
    telegram_token: SecretStr | None = Field(
        default=None, description="The Telegram bot's token. Leave it out to run without Telegram."
    )
    telegram_api_url: str | None = Field(
        default=None, description="Another Bot API server, without the trailing /bot."
    )
    config: Path | None = Field(
        default=None,
        description="The file that names chats and their rules. "
        "Unset: config/storywire.toml in the working folder, if it is there.",
    )
    data_dir: Path = Field(
        default=Path("data"), description="A folder for what the bot keeps on disk."
    )
    http_host: str = Field(
        default="127.0.0.1",
        description="The address that STORYWIRE_HTTP_PORT is served at. The container image sets "
        "0.0.0.0, as a container's health is looked at from outside.",
    )
    http_port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        description="Where /healthz, /readyz and /metrics are served; 0 turns it off.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much is logged."
    )
    live_hours: float = Field(
        default=72,
        gt=0,
        le=_TEN_YEARS_H,
        description="How many hours after its last update a story still counts as live.",
    )
    edit_spacing_s: float = Field(
        default=60, ge=0, le=_WEEK_S, description="Seconds between two edits of one card."
    )
    edit_spacing_old_s: float = Field(
        default=600, ge=0, le=_WEEK_S, description="The same once the card is older than an hour."
    )
    first_hours: float = Field(
        default=24,
        gt=0,
        le=_TEN_YEARS_H,
        description="On the very first start, live stories that moved within so many hours are "
        "posted; older ones wait for their next update.",
    )
    forget_after_days: float = Field(
        default=30,
        ge=0,
        le=36_500,
        description="When a server or chat has removed the bot for so many days, all that is kept "
        "of it is deleted. What the operator's file says of it stays.",
    )
    keep_days: float = Field(
        default=365,
        ge=40,
        le=36_500,
        description="How many days after its last update a story, and where its cards stand, is "
        "kept. Until then withdrawals, corrections and mergers still reach the cards; after that "
        "they can no longer be edited.",
    )
    repeat_unknown: bool = Field(
        default=False,
        description="When it cannot be known whether a card was posted, post it again (true: "
        "perhaps twice) or leave it to the next update (false: perhaps late).",
    )

    asks_a_person: int = Field(
        default=8,
        ge=1,
        le=1_000_000,
        description="How often one person is answered within STORYWIRE_ASKS_WITHIN_S seconds; a "
        "press of a button counts as a quarter, a suggestion while typing as a sixteenth.",
    )
    asks_a_server: int = Field(
        default=40,
        ge=1,
        le=1_000_000,
        description="The same for all who ask in one server or group together. A moderator's "
        "commands for moderators are answered all the same.",
    )
    asks_within_s: float = Field(
        default=10, ge=0.1, le=86_400, description="In how many seconds questions are counted."
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


class _Given(Settings):
    """Settings said in full by the program, deaf to the environment."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def given(**values: Any) -> Settings:
    """Settings from these values and the defaults alone: no environment, no .env."""
    return _Given(**values)


def load_settings() -> Settings:
    """Read the settings; raise SetupError with one sentence that names the variable."""
    try:
        return Settings()  # reads the environment and .env
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise SetupError(
            f"{PREFIX}{name.upper()} is wrong: {_reason(name, first)}. "
            "Fix it in the environment or .env"
        ) from None  # the original error would repeat the value, which may be a secret


def _reason(name: str, error: Mapping[str, Any]) -> str:
    """What is wrong with a value, in our words. It is repeated only where it is a bare number."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    said = f"it must be {_takes(name)}"
    given = str(error["input"]).strip()
    return f"{said}, not {given}" if _NUMBER.fullmatch(given) else said


def _takes(name: str) -> str:
    field = Settings.model_json_schema()["properties"][name]
    match field.get("type"):
        case "boolean":
            return "true or false"
        case "integer" | "number" as kind:
            low, high = field.get("minimum"), field["maximum"]
            over = f"above {field['exclusiveMinimum']:g} and" if low is None else f"from {low:g}"
            whole = "whole " if kind == "integer" else ""
            return f"a {whole}number {over} {'up ' if low is None else ''}to {high:.16g}"
    if "enum" in field:
        *others, last = field["enum"]
        return f"{', '.join(others)} or {last}"
    return Settings.model_fields[name].title or "text"
