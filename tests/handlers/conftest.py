"""The sample stories, live, and a chat to ask about them in."""

import pytest

from tests.handlers.talking import Talk, first_samples


@pytest.fixture
def talk() -> Talk:
    return Talk(*first_samples())
