"""A small menu for the tests of both platforms."""

import pytest

from tests.platforms.kit import Kitchen


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()
