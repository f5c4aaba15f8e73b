"""Each figure of a story can be taken apart, and the parts make the figure."""

import math

import pytest

from newsroom.desk.desk import Desk
from newsroom.desk.explain import explain
from newsroom.desk.outlets import read_outlets
from stories.story import Leaning
from tests.newsroom.desk.stream import STORIES, article, entry, tick

OUTLETS = """domain,owner,leaning
harbour-times.example,,left
north-post.example,north group,center
island-radio.example,,left
"""


def test_the_figures_are_taken_apart() -> None:
    desk = Desk(read_outlets(OUTLETS))
    _, _, title, text = STORIES["ferry"][0]
    made = [article(o, t, x, h) for h, o, t, x in STORIES["ferry"][:4]]
    copy = article("copier.example", title, text, 3.6)
    for each in (*made, copy):
        desk.take(entry(each))
    [story] = desk.take(tick(4))
    found = explain(desk, story)

    assert [why.key for why in found.articles] == [each.key for each in (*made, copy)]
    assert [why.origin for why in found.articles] == [None] * 4 + [made[0].key]
    assert found.articles[0].score == 0
    assert all(why.score > 0 for why in found.articles[1:])
    assert {"Brandur", "Skerrick"} <= set(found.words)
    assert "Ferry" in found.articles[0].shared
    assert math.fsum(why.heat for why in found.articles) == pytest.approx(found.virality.heat)
    assert round(found.virality.value, 1) == found.standing.virality
    assert (found.facts.articles, found.facts.outlets) == (5, 4)
    assert found.rated[2] == ("island-radio.example", "island-radio.example", Leaning.LEFT)
    assert found.rated[3] == ("north-post.example", "north group", Leaning.CENTER)
    assert found.standing.leaning is found.leanings.leaning is Leaning.LEAN_LEFT
    assert found.leanings.mean == pytest.approx(-2 / 3)
