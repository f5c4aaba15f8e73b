"""What an operator can change about the newsroom, beside the settings of every process."""

from pathlib import Path

from pydantic import Field

from runtime.settings import ProcessSettings


class NewsroomSettings(ProcessSettings):
    """Every setting; docs/settings.md is written from these descriptions."""

    newsroom_contact: str = Field(
        default="",
        description="A mail address, or a page, at which publishers reach you: sent with every "
        "request. Nothing is fetched before it is set.",
    )
    newsroom_feeds: Path | None = Field(
        default=None,
        description="The file that lists the feeds. "
        "Unset: config/feeds.toml in the working folder, if it is there.",
    )
