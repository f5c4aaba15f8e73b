"""The stories other tests are made with are what they claim to be."""

import pytest

from stories import wire
from stories.story import StoryId
from tests.stories_made import EXTREMES, FERRY, HOSTILE, LARGEST


@pytest.mark.parametrize("name", sorted(EXTREMES.keys() - {HOSTILE.id}))
def test_an_extreme_story_can_come_in_by_the_wire(name: StoryId) -> None:
    story = EXTREMES[name]
    assert wire.read(wire.write(story)).story == story


def test_the_ordinary_story_can_come_in_by_the_wire() -> None:
    assert wire.read(wire.write(FERRY)).story == FERRY


def test_the_largest_story_is_nearly_as_large_as_a_document_may_be() -> None:
    assert wire.MAX_BYTES * 0.9 < len(wire.write(LARGEST)) <= wire.MAX_BYTES
