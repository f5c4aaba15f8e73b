"""`storywire prune`, and what `storywire retract` says of a story that is too old."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stories.archive import Archive
from stories.changes import Cursor
from stories.story import StoryId
from tests.cli.test_command_line import Shell
from tests.growth.conftest import FERRY, World

DAY = timedelta(days=1)


async def test_prune_shows_what_would_go_and_confirming_deletes_it(
    pruned: World, tmp_path: Path, redis_url: str
) -> None:
    shell = Shell(tmp_path, {"redis_url": redis_url, "prefix": pruned.prefix})
    await pruned.accept_many(110, 34 * DAY)
    shown = await shell.type("prune")
    assert (shown.code, shown.err) == (0, "")
    assert "110 stories would no longer be held whole in memory" in shown.out
    assert "Nothing is deleted: 110 of 110 stories" in shown.out
    assert "storywire prune --confirm" in shown.out
    left = await shell.type("prune", "--confirm")  # we hold the lease: the running bot does it
    assert "The running bot will delete it within a minute." in left.out
    assert await pruned.pruner._confirmed()
    assert (await pruned.pruner.plan()).why is not None


async def test_where_no_bot_runs_prune_deletes_by_itself(
    archive: Archive, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    shell = Shell(tmp_path, {"redis_url": redis_url, "prefix": prefix})
    await archive.accept(FERRY, datetime.now(UTC) - 34 * DAY)
    shown = await shell.type("prune")
    assert "The running bot deletes it automatically, once an hour." in shown.out
    done = await shell.type("prune", "--confirm")
    assert done.out.splitlines()[-1] == "Deleted."
    [stub] = (await archive.since(Cursor())).stubs
    assert stub.id == FERRY.id


async def test_a_story_of_which_only_a_tombstone_is_left_cannot_be_withdrawn(
    pruned: World, tmp_path: Path, redis_url: str
) -> None:
    shell = Shell(tmp_path, {"redis_url": redis_url, "prefix": pruned.prefix})
    await pruned.accept(FERRY, 400 * DAY)
    await pruned.accept(replace(FERRY, id=StoryId("tram")), 50 * DAY)
    await pruned.sweep()
    await pruned.sweep()
    refused = await shell.type("retract", "ferry", "--why", "It never sailed")
    assert refused.code == 1
    assert refused.sentence.endswith("those cards can't be edited")
    taken = await shell.type("retract", "tram", "--why", "It never ran")  # out of memory, but kept
    assert (taken.code, taken.out) == (0, "tram is withdrawn; its cards will be updated\n")
