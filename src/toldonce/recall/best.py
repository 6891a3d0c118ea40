"""An owner's best rows for one query, while their order is corrected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toldonce.index import IndexView
from toldonce.recall.query import Query
from toldonce.recall.signals import Floats


@dataclass(slots=True)
class Best:
    """Rows of the view that may be shown, and the sums they are ordered by.

    ``total`` and ``priors`` have a value for each row of the view. What a correction adds to a row is part of both, so
    the parts of a score still make its sum.
    """

    view: IndexView
    query: Query
    rows: NDArray[np.intp]
    total: Floats
    priors: Floats
    mask: NDArray[np.bool_] | None
    """Which rows may be shown; None for all that live."""
    _moved: bool = True

    def add(self, rows: NDArray[np.intp], amount: ArrayLike) -> None:
        """Correct the sums of some rows, each named once; rows that are new here are among the best from now on."""
        if not len(rows):
            return
        self.total[rows] += np.asarray(amount, np.float32)
        self.priors[rows] += np.asarray(amount, np.float32)
        if not np.isin(rows, self.rows).all():
            self.rows = np.union1d(self.rows, rows)
        self._moved = True

    def order(self) -> None:
        """Best first; of equals, the newest memory."""
        if self._moved:
            self.rows = self.rows[np.lexsort((-self.view.ids[self.rows], -self.total[self.rows]))]
            self._moved = False
