"""The lead of every live story, laid out so that one article meets all of them at once.

Words that few stories hold are kept as lists; the others are rows of a matrix, words × stories, of
which only the article's own rows are read. What it costs follows the article's length.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

SHARED = 5
"""Stories that hold a word before it gets a row."""
Floats = npt.NDArray[np.float64]


class Index:
    """Whole-number weights by word and column; a column is one live story."""

    def __init__(self) -> None:
        self._few: dict[int, dict[int, int]] = {}
        self._row: dict[int, int] = {}
        self._rows = np.zeros((256, 64))
        self._free = list(range(256))[::-1]

    def add(self, column: int, weights: Mapping[int, int], sign: int = 1) -> None:
        """Add the weights to a column, or with sign −1 take them out."""
        while column >= self._rows.shape[1]:
            wider = np.zeros((self._rows.shape[0], 2 * self._rows.shape[1]))
            wider[:, : self._rows.shape[1]] = self._rows
            self._rows = wider
        rows, values = [], []
        for word, weight in weights.items():
            row = self._row.get(word)
            if row is not None:
                rows.append(row)
                values.append(sign * weight)
                continue
            few = self._few.get(word)
            if few is None:
                few = self._few[word] = {}
            after = few.get(column, 0) + sign * weight
            if after:
                few[column] = after
                if len(few) > SHARED:
                    self._spread(word, few)
            else:
                few.pop(column, None)
                if not few:
                    del self._few[word]
        if rows:
            self._rows[rows, column] += values

    def _spread(self, word: int, few: dict[int, int]) -> None:
        if not self._free:
            had = self._rows.shape[0]
            taller = np.zeros((2 * had, self._rows.shape[1]))
            taller[:had] = self._rows
            self._rows, self._free = taller, list(range(had, 2 * had))[::-1]
        row = self._row[word] = self._free.pop()
        self._rows[row, list(few)] = list(few.values())
        del self._few[word]

    def tidy(self) -> None:
        """Give back the rows of words that few stories hold any more."""
        held = np.count_nonzero(self._rows, axis=1).tolist()
        for word, row in list(self._row.items()):
            if held[row] <= SHARED // 2:
                columns = np.flatnonzero(self._rows[row])
                few = {int(c): int(self._rows[row, c]) for c in columns}
                self._rows[row] = 0.0
                self._free.append(row)
                del self._row[word]
                if few:
                    self._few[word] = few

    def dots(self, weights: Mapping[int, int], columns: int) -> Floats:
        """The dot product with each of the first `columns` columns, exactly."""
        rows: list[int] = []
        values: list[int] = []
        found: dict[int, int] = {}
        for word, weight in weights.items():
            row = self._row.get(word)
            if row is not None:
                rows.append(row)
                values.append(weight)
            elif (few := self._few.get(word)) is not None:
                for column, there in few.items():
                    found[column] = found.get(column, 0) + weight * there
        if rows:
            out = np.asarray(values, np.float64) @ self._rows[rows, :columns]
        else:
            out = np.zeros(columns)
        if found:
            out[list(found)] += list(found.values())
        return out
