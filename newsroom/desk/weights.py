"""The fitted numbers of the desk; `python -m scripts.fit_newsroom` fits them to labelled data.

Each rule is a logistic score (`Weights`) with the log-odds from which it says yes.
"""

from newsroom.desk.match import (
    AGE_STEP_S,
    AGES,
    SIZES,
    MergeWeights,
    Terms,
    Vector,
    Weights,
    cosine,
)

TEXT = Weights(
    least=-1.0, base=-3.42, lead=16.09, title=2.41, names=3.9, age=-1.58, size=-4.36,
    lead_age=-3.26, title_age=1.36, names_age=-2.83, crowd=-17.02, crowd_age=-12.02,
)  # fmt: skip
"""Whether an article with a text belongs to a story."""
BARE = Weights(
    least=-1.3, base=-3.44, lead=5.82, title=5.55, names=3.23, age=-6.59, size=1.68,
    lead_age=0.2, title_age=-0.37, names_age=-2.84, crowd=-3.71, crowd_age=-5.64,
)  # fmt: skip
"""The same for a bare title."""
MERGE_TEXT = -0.6
"""The score, by the weights of articles, from which a story that has texts is one with another."""
MERGE_BARE = MergeWeights(
    least=-1.0, base=-1.25, lead=3.94, title=4.38, names=3.51, age=-3.67, small=-5.65, big=-2.24,
    crowd=-1.16, lead_small=-0.63, title_small=-0.61, names_small=-0.29, lead_age=0.69,
)  # fmt: skip
"""Whether a story of bare titles is."""
MERGE_PUBLISHED = 2.0
"""The least score at which two stories become one that people have seen both."""
FOLLOWS = 2.0
"""The least score at which a new story goes on from one that is over."""


def followed(story: Vector, size: int, started: int, past: Vector, last: int) -> float:
    """The log-odds that a story goes on from one that is over."""
    age = min(abs(started - last) // AGE_STEP_S, len(AGES) - 1)
    lead, title, names = (
        cosine(one, other, story.squares[n] * past.squares[n])
        for n, (one, other) in enumerate(zip(story.channels(), past.channels(), strict=True))
    )
    return TEXT.score(Terms(lead, title, names, float(AGES[age]), SIZES[min(size, 9)], 0.0))
