"""Two models' answers to the same requests: how far they are apart, overall and by group, in one mergeable pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.divergence import noise_floor, psi, smoothed
from gatehouse.evaluate.statistics.intervals import one_sided, wilson
from gatehouse.evaluate.statistics.rows import Floats
from gatehouse.verdict import Interval

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = "missing"
# A column with more values than this is no group: the rest is counted together.
MOST_GROUPS = 200
OTHER = "other"
Key = tuple[str, str]
Codes = npt.NDArray[Any]


class Divergence(msgspec.Struct, frozen=True):
    """How far answers are apart on ``n`` requests. ``column`` and ``group`` are empty for all of them.

    ``difference`` is the mean absolute difference; of probabilities of several classes, half the sum over the classes
    (the total variation). ``disagreement`` is the share of other decisions, both ends of its interval one-sided bounds;
    None where nothing is decided (a regression). ``psi`` is that of the shadow's scores (decided classes where there
    are several) against the champion's, in nats, over the champion's deciles; ``floor`` what chance alone exceeds in
    5 % of independent samples of this size.
    """

    column: str
    group: str
    n: int
    difference: float
    psi: float
    floor: float
    disagreement: float | None = None
    interval: Interval | None = None


@dataclass
class _Cell:
    n: int = 0
    difference: float = 0.0
    other: int = 0
    counts: Floats = field(default_factory=lambda: np.zeros((2, 0)))


class Pairs:
    """The kernel. ``edges`` are those between the bins of scores (of one number; ascending), or None for decided
    classes; ``threshold`` makes a score a yes, None where nothing is decided."""

    def __init__(self, edges: Floats | None, threshold: float | None, classes: int = 1) -> None:
        self._edges = edges
        self._threshold = threshold
        self._bins = classes if edges is None else len(edges) + 1
        self._cells: dict[Key, _Cell] = {}

    def update(self, champion: Floats, shadow: Floats, groups: dict[str, pa.Array]) -> None:
        """(n,) scores, or (n, classes) probabilities, of both; all finite. ``groups`` are columns of text."""
        apart = np.abs(shadow - champion)
        difference = apart if apart.ndim == 1 else apart.sum(axis=1) / 2
        bins = np.stack([self._binned(champion), self._binned(shadow)])
        other = self._decided(champion) != self._decided(shadow)
        self._add("", np.zeros(len(difference), np.int64), [""], (difference, other, bins))
        for column, values in groups.items():
            codes, names = _coded(values)
            self._add(column, codes, names, (difference, other, bins))

    def _binned(self, scores: Floats) -> Codes:
        binned: Codes = scores.argmax(axis=1) if self._edges is None else np.searchsorted(self._edges, scores, "left")
        return binned

    def _decided(self, scores: Floats) -> Codes:
        decided: Codes = np.zeros(len(scores)) if self._threshold is None else scores >= self._threshold
        return self._binned(scores) if scores.ndim == 2 else decided

    def _add(self, column: str, codes: Codes, names: list[str], figures: tuple[Floats, Codes, Codes]) -> None:
        difference, other, bins = figures
        size = len(names)
        n = np.bincount(codes, minlength=size)
        sums = np.bincount(codes, difference, size)
        others = np.bincount(codes, other, size)
        counts = [
            np.bincount(codes * self._bins + side, minlength=size * self._bins).reshape(size, self._bins)
            for side in bins
        ]
        for code, name in enumerate(names):
            part = np.stack([counts[0][code], counts[1][code]]).astype(float)
            self._put((column, name), _Cell(int(n[code]), float(sums[code]), int(others[code]), part))

    def _put(self, key: Key, cell: _Cell) -> None:
        if not cell.n:
            return
        if key not in self._cells and sum(column == key[0] for column, _ in self._cells) >= MOST_GROUPS:
            key = (key[0], OTHER)
        ours = self._cells.setdefault(key, _Cell(counts=np.zeros((2, self._bins))))
        ours.n += cell.n
        ours.difference += cell.difference
        ours.other += cell.other
        ours.counts = ours.counts + cell.counts

    def merge(self, other: Pairs) -> None:
        """Takes in what another kernel with the same edges has counted."""
        for key, cell in other._cells.items():
            self._put(key, cell)

    def finish(self, confidence: float = 0.95) -> tuple[Divergence, ...]:
        """All requests first, then each group by column and name; none without requests.

        The groups' bounds hold together: each spends its part of the error (Bonferroni).
        """
        decides = self._threshold is not None or self._edges is None
        each = 1 - (1 - confidence) / max(1, len(self._cells) - 1)
        return tuple(
            self._finished(key, self._cells[key], decides, each if key[0] else confidence)
            for key in sorted(self._cells)
        )

    def _finished(self, key: Key, cell: _Cell, decides: bool, confidence: float) -> Divergence:
        # A bin without rows on either side is no bin.
        used = cell.counts.sum(axis=0) > 0
        shares = [smoothed(side[used]) for side in cell.counts]
        rate = interval = None
        if decides:
            rate = cell.other / cell.n
            low, high = wilson(cell.other, cell.n, one_sided(confidence))
            interval = Interval(float(low), float(high), round(2 * confidence - 1, 12))
        return Divergence(
            column=key[0],
            group=key[1],
            n=cell.n,
            difference=cell.difference / cell.n,
            psi=float(psi(shares[0], shares[1]).sum()),
            floor=noise_floor(cell.n, cell.n, int(used.sum())),
            disagreement=rate,
            interval=interval,
        )


def _coded(values: pa.Array) -> tuple[Codes, list[str]]:
    encoded = values.dictionary_encode()
    names = [MISSING if name is None else str(name) for name in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64), [*names, MISSING] if encoded.null_count else names
