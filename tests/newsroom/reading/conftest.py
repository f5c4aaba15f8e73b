"""A site that a test fills, and a fetcher that may ask it."""

from collections.abc import AsyncIterator

import pytest

from newsroom.reading.fetch import Fetcher
from tests.newsroom.reading.site import Site, fetcher, serving


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as here:
        yield here


@pytest.fixture
async def fetching() -> AsyncIterator[Fetcher]:
    async with fetcher() as here:
        yield here
