"""When room is short, what matters least goes first, and it is said that something went."""

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stories_made import AT, blocks
from wording.fit import fit, harmless
from wording.message import Asks, Block, Bullets, Code, Facts, Heading, Link, Note, Text

BULLETS = Bullets(("First point, whole. " * 4, "Second point, whole. " * 4, "Third point. " * 6))


def length(blocks: Sequence[Block]) -> int:
    """A renderer that adds nothing."""
    return sum(map(_length, blocks))


def _length(block: Block) -> int:
    match block:
        case Text(body) | Heading(body) | Code(body):
            return len(body)
        case Note(body, at):
            return len(body) + (20 if at else 0)
        case Bullets(items) | Facts(items):
            return sum(map(len, items))
        case Link(label, url, note):
            return len(label) + len(url) + len(note or "")
        case Asks(items):
            return sum(len(name) + len(told) for name, told in items)


def within(limit: int) -> Callable[[Sequence[Block]], bool]:
    return lambda blocks: length(blocks) <= limit


def test_what_fits_is_left_alone() -> None:
    message = (Text("Hello."), BULLETS)
    assert fit(message, within(1000), "more") == message


def test_lines_to_copy_are_whole_or_not_there() -> None:
    code = Code("a = 1\nb = 2\n" * 10)
    assert fit((Text("Hello."), code), within(1000), None) == (Text("Hello."), code)
    assert fit((Text("Hello."), code), within(100), None) == (Text("Hello."), Note("…"))


def test_bullets_go_from_the_end_and_the_rest_stays_whole() -> None:
    message = (Text("Hello."), BULLETS, Note("Updated", AT))
    assert fit(message, within(220), "… more") == (
        Text("Hello."),
        Bullets(BULLETS.items[:2]),
        Note("… more"),
        Note("Updated", AT),
    )


def test_without_words_for_it_three_dots_say_that_something_is_missing() -> None:
    assert fit((BULLETS,), within(100), None) == (Bullets(BULLETS.items[:1]), Note("…"))


def test_the_numbers_of_sources_go_first() -> None:
    sourced = Bullets(BULLETS.items, (((1, "https://one.example"),), (), ((12, "x" * 400),)))
    message = (Text("Hello."), sourced)

    def within_addresses(limit: int) -> Callable[[Sequence[Block]], bool]:
        def fits(blocks: Sequence[Block]) -> bool:
            lists = [block for block in blocks if isinstance(block, Bullets)]
            ways = [url for each in lists for _item, some in each.sourced() for _n, url in some]
            return length(blocks) + sum(map(len, ways)) <= limit

        return fits

    assert fit(message, within_addresses(1000), None) == message
    assert fit(message, within_addresses(500), None) == (Text("Hello."), BULLETS)
    blank = Bullets((" ", "Said."), (((1, "https://one.example"),), ((2, "https://two.example"),)))
    assert harmless((blank,)) == (Bullets(("Said.",), (((2, "https://two.example"),),)),)


def test_the_last_bullet_is_cut_at_a_sentence() -> None:
    long = Bullets(("A sentence of this length. " * 10, "Another. "))
    assert fit((long, Note("Kept")), within(150), None) == (
        Bullets((("A sentence of this length. " * 5).strip() + " …",)),
        Note("…"),
        Note("Kept"),
    )


def test_a_long_answer_is_cut_at_a_sentence_and_says_where_there_is_more() -> None:
    answer = Text("A sentence of this length. " * 10)
    assert fit((Heading("Q"), answer), within(110), "… more") == (
        Heading("Q"),
        Text("A sentence of this length. " * 3 + "…"),
        Note("… more"),
    )
    assert fit((answer,), within(100), None) == (Text("A sentence of this length. " * 3 + "…"),)


def test_small_print_gives_way_before_facts() -> None:
    facts, note = Facts(("● Active", "21 hours")), Note("keyword, " * 40)
    kept = fit((facts, note), within(120), None)
    assert kept[0] == facts
    assert isinstance(kept[1], Note)
    assert kept[1].body.endswith("keyword…")


def test_whole_blocks_go_last_and_from_the_end() -> None:
    links = [Link(f"Source {number}", "https://example.org/" + "x" * 50) for number in range(9)]
    kept = fit(links, within(250), None)
    assert kept == (*links[:3], Note("…"))


def test_where_nothing_has_room_nothing_is_left() -> None:
    assert fit((Text("x" * 300),), within(-1), "more") == ()


def test_blocks_that_say_nothing_are_left_out() -> None:
    assert harmless(
        [Text(" \u200b"), Heading(""), Bullets(("", "a")), Facts(()), Note(""), Note("", AT)]
    ) == (Bullets(("a",)), Note("", AT))


@settings(deadline=None, max_examples=60)
@given(st.lists(blocks(), max_size=8), st.integers(0, 6000), st.none() | st.just("… more"))
def test_whatever_the_blocks_they_fit(some: list[Block], limit: int, more: str | None) -> None:
    some = list(harmless(some))
    kept = fit(some, within(limit), more)
    assert length(kept) <= limit
    assert fit(some, within(limit), more) == kept
    if length(some) <= limit:
        assert kept == tuple(some)
    elif kept:
        assert "…" in str(kept), "what was left out is marked"
