"""How the addresses of Discord's channels, threads and people are written."""

import re

EXAMPLES = ("discord:<channel id>", "discord:@<user id>")
_SHAPE = re.compile(r"@?[1-9][0-9]{0,19}")


def read_address(address: str, text: str) -> str:
    """The address as we keep it; raises ValueError with one sentence about the whole `text`."""
    if not _SHAPE.fullmatch(address):
        raise ValueError(
            f"“{text}” isn't a Discord chat: after “discord:” comes its ID, or @ and a person's ID"
        )
    return address
