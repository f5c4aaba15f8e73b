"""Records, refusals, answers, clocks, inputs: the bot lives on, and shows all in the end."""

import os
from pathlib import Path

from tests.fuzz.long import Size, played

SHORT = Size(seed=int(os.environ.get("SEED", "7")), cases=80, stories=6, chats=4)


async def test_nothing_that_happens_ends_the_bot_or_keeps_people_waiting(tmp_path: Path) -> None:
    seen = await played(SHORT, tmp_path)
    assert seen.wrong == [], f"again: {SHORT.command()}\nlogs: {tmp_path}"
    assert sum(seen.cases.values()) == SHORT.cases
