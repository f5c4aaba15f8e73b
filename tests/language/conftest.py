"""A language nobody speaks, for the tests that ask in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.language.pseudo import CODE, spoken_in
from wording.language import speaking


@pytest.fixture(scope="module", autouse=True)
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of catalogues: that language's is the only one."""
    folder = tmp_path_factory.mktemp("locale")
    with spoken_in(folder):
        yield folder


@pytest.fixture
def in_pseudo() -> Iterator[None]:
    with speaking(CODE):
        yield
