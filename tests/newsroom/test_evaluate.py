"""Clusterings are scored as an independent scorer does; our own stream is grouped well."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from newsroom import evaluate
from newsroom.streams import Labelled, bcubed, cut_labels, labels, read_stream, taken
from scripts.docs import ROOT
from tests.newsroom.desk.stream import articles

JUDGE = Path(os.environ.get("STORYWIRE_SHARED", ROOT.parent / "shared")) / "tools/score_clusters.py"


def test_bcubed_by_hand() -> None:
    gold = {"a": 1, "b": 1, "c": 2, "d": 2}
    found = bcubed(gold, {"a": "x", "b": "x", "c": "x", "d": "y", "noise": "y"})
    assert found.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2) / 4)
    assert found.recall == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)
    assert found.f1 == pytest.approx(
        2 * found.precision * found.recall / (found.precision + found.recall)
    )


def test_our_own_stream_is_grouped_without_a_fault() -> None:
    stream = [Labelled(made.key, story, made) for story, made in articles()]
    found = evaluate.clustered(stream)
    assert bcubed(labels(stream), found).f1 == 1.0
    assert taken(stream, found) == 0.0


def written(folder: Path) -> Path:
    """A labelled file with noise and with stories that pause for days."""
    draw = random.Random(5)  # noqa: S311  not a secret
    rows = []
    for n in range(120):
        story = None if n % 3 == 0 else f"story {n % 7}"
        at = f"2031-05-{draw.randrange(1, 29):02}T{draw.randrange(24):02}:00:00+00:00"
        row: dict[str, str | None] = {
            "id": f"{n}",
            "title": f"title {n}",
            "text": "",
            "source": "s",
        }
        rows.append(row | {"story": story, "published": at})
    path = folder / "made.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_an_article_that_is_moved_in_time_is_moved_the_same_way_each_time(tmp_path: Path) -> None:
    path = written(tmp_path)
    plain, jittered = read_stream(path), read_stream(path, jitter=True, interleave=True)
    assert jittered == read_stream(path, jitter=True, interleave=True)
    assert {each.id for each in plain} == {each.id for each in jittered}
    assert [each.id for each in plain] != [each.id for each in jittered]


@pytest.mark.skipif(not JUDGE.exists(), reason="the independent scorer is not part of the project")
def test_an_independent_scorer_agrees(tmp_path: Path) -> None:
    stream = read_stream(written(tmp_path), jitter=True)
    draw = random.Random(7)  # noqa: S311  not a secret
    found = {each.id: f"{each.story or draw.randrange(9)} {draw.randrange(2)}" for each in stream}
    found["0"] = found["1"]
    evaluate.write_for_judge(tmp_path, "made", stream, found)
    files = [tmp_path / "made.gold.jsonl", tmp_path / "made.predicted.jsonl"]
    judge = [sys.executable, str(JUDGE), *map(str, files), "--gap", "72", "--noise", "--json"]
    said = json.loads(subprocess.run(judge, capture_output=True, check=True).stdout)  # noqa: S603
    whole = bcubed(labels(stream), found)
    cut = bcubed(cut_labels(stream, evaluate.GAP), found)
    ours = [whole.precision, whole.recall, whole.f1, cut.precision, cut.recall, cut.f1]
    ours.append(taken(stream, found))
    names = ("P", "R", "F1", "gapP", "gapR", "gapF1", "taken")
    assert [said[name] for name in names] == [round(each, 4) for each in ours]
    assert 0 < ours[2] < 1
    assert ours[2] != ours[5]
    assert ours[6] > 0


def test_where_the_data_is_not_there_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("clusters", "speed", "replay"):
        monkeypatch.setattr(sys, "argv", ["evaluate", command, "--data", str(tmp_path)])
        assert evaluate.main() == 2
        assert "is not there: set STORYWIRE_SHARED" in capsys.readouterr().out
