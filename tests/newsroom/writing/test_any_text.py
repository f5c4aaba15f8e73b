"""Whatever articles say, the document is one that a bot takes."""

from hypothesis import given
from hypothesis import strategies as st

from newsroom.model import TITLE, Bullet
from newsroom.writing import document
from newsroom.writing.bullets import choose
from stories import wire
from tests.newsroom.writing.made import FERRY, common, material, report

WORDS = st.sampled_from(
    [
        *" ".join(text for _, _, text in FERRY).split(),
        *("U.S.", "Mr.", "not", "150", "people", "New", "York", "said", "because", "“", "”"),
        *("\u200b", "\x00", "\ud800", "Ω", "é" * 90, "…", "-", "Correction:", "\n"),
    ]
)
TEXTS = st.lists(WORDS, max_size=60).map(" ".join)
ARTICLES = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C"]), st.text(max_size=30) | TEXTS, TEXTS, st.booleans()),
    max_size=6,
)


@given(ARTICLES, ARTICLES)
def test_every_document_can_be_sent(
    first: list[tuple[str, str, str, bool]], then: list[tuple[str, str, str, bool]]
) -> None:
    before = None
    for articles in (first, [*first, *then]):
        reports = [
            report(outlet, title[:TITLE], text, at, key=str(at), copy=copy)
            for at, (outlet, title, text, copy) in enumerate(articles)
        ]
        after = document.write(material(reports, 60.0), common, before)
        if after is not None:
            wire.write(after.story)
            quoted = [key for each in after.bullets for key in each.sources]
            assert len(quoted) == len(set(quoted))
        before = after


def test_nothing_is_chosen_of_nothing() -> None:
    assert choose([]) == ()
    assert choose([], [Bullet("It rained.", (report("A", "Rain", "").article.key,))]) == ()
    assert document.write(material([]), common) is None
