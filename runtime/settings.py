"""The settings that every process has, from the environment and .env;
the environment takes precedence."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from runtime.errors import SetupError
from runtime.redis_url import one_redis

PREFIX = "STORYWIRE_"
_NUMBER = re.compile(r"[-+]?(\d{1,15}(\.\d{1,15})?(e[-+]?\d{1,4})?|inf|infinity|nan)", re.I)
"""A number and nothing else, which may therefore be repeated: it is neither a token nor a
password."""


class ProcessSettings(BaseSettings):
    """The settings of every process. A process with more settings adds its own."""

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

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


class Given(BaseSettings):
    """A mixin that makes settings ignore the environment and .env."""

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


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S]) -> S:
    """Read the settings; raises SetupError with one sentence that names the variable."""
    try:
        return kind()  # reads the environment and .env
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise SetupError(
            f"{PREFIX}{name.upper()} is wrong: {_reason(kind, name, first)}. "
            "Fix it in the environment or .env"
        ) from None  # the original error would repeat the value, which may be a secret


def _reason(kind: type[BaseSettings], name: str, error: Mapping[str, Any]) -> str:
    """What is wrong with a value, in our words. The value is repeated only if it is a bare
    number."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    said = f"it must be {_takes(kind, name)}"
    given = str(error["input"]).strip()
    return f"{said}, not {given}" if _NUMBER.fullmatch(given) else said


def _takes(kind: type[BaseSettings], name: str) -> str:
    field = kind.model_json_schema()["properties"][name]
    match field.get("type"):
        case "boolean":
            return "true or false"
        case "integer" | "number" as number:
            low, high = field.get("minimum"), field["maximum"]
            over = f"above {field['exclusiveMinimum']:g} and" if low is None else f"from {low:g}"
            whole = "whole " if number == "integer" else ""
            return f"a {whole}number {over} {'up ' if low is None else ''}to {high:.16g}"
    if "enum" in field:
        *others, last = field["enum"]
        return f"{', '.join(others)} or {last}"
    return kind.model_fields[name].title or "text"
