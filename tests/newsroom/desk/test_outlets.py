"""Leaning comes from the operator's file, for each owner once, or is not given."""

import pytest

from newsroom.desk.outlets import Outlets, leanings, read_outlets
from stories.story import Leaning

CSV = """domain,name,owner,country,leaning,rater,as_of
left.example,The Left,,xx,left,house,2031-01
red.example,Red,Crimson,xx,Left-Center,house,2031-01
rouge.example,Rouge,crimson,xx,lean left,house,2031-01
middle.example,Middle,,xx,centre,house,2031-01
blue.example,Blue,,xx,right,house,2031-01
www.navy.example,Navy,,xx,lean_right,house,2031-01
plain.example,Plain,,xx,,,
"""


@pytest.fixture
def outlets() -> Outlets:
    return read_outlets(CSV)


@pytest.mark.parametrize(
    ("domains", "leaning", "spread"),
    [
        (["left", "red", "middle"], Leaning.LEAN_LEFT, (2, 1, 0, 0)),
        (["left", "red", "rouge"], None, (2, 0, 0, 0)),
        (["left", "blue", "middle"], Leaning.CENTER, (1, 1, 1, 0)),
        (["left", "blue", "navy", "red"], Leaning.MIXED, (2, 0, 2, 0)),
        (["blue", "navy", "middle"], Leaning.LEAN_RIGHT, (0, 1, 2, 0)),
        (["left", "middle"], None, (1, 1, 0, 0)),
        (["left", "red", "middle", "u1", "u2", "u3", "u4", "u5"], None, (2, 1, 0, 5)),
        (["left", "red", "middle", "u1", "plain"], Leaning.LEAN_LEFT, (2, 1, 0, 2)),
        ([], None, (0, 0, 0, 0)),
    ],
)
def test_the_leaning_of_a_storys_owners(
    outlets: Outlets, domains: list[str], leaning: Leaning | None, spread: tuple[int, ...]
) -> None:
    found = leanings([f"{domain}.example" for domain in domains], outlets)
    assert found.leaning is leaning
    assert tuple(found.spread.values()) == spread


def test_all_far_left_is_left() -> None:
    rows = "".join(f"l{n}.example,left\n" for n in range(3))
    found = leanings([f"l{n}.example" for n in range(3)], read_outlets(f"domain,leaning\n{rows}"))
    assert found.leaning is Leaning.LEFT


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,leaning\nA,left\n", "“domain” is missing"),
        ("domain,leaning\na.example,sideways\n", "line 2: “sideways” is no leaning"),
        ("domain\na.example\na.example\n", "line 3: a.example stands there twice"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_outlets(text)
