"""The bot's settings, from the environment and from .env; the environment takes precedence."""

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr

from runtime.settings import Given, ProcessSettings, load

_TEN_YEARS_H = 10 * 365 * 24
_WEEK_S = 7 * 24 * 3600


class Settings(ProcessSettings):
    """The settings of the bot; docs/settings.md is generated from these descriptions."""

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


class _Given(Given, Settings):
    """Settings given completely by the program."""


def given(**values: Any) -> Settings:
    """Settings from these values and the defaults only: no environment, no .env."""
    return _Given(**values)


def load_settings() -> Settings:
    """Read the settings; raises SetupError with one sentence that names the variable."""
    return load(Settings)
