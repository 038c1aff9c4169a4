"""How far one column has moved: every divergence of two columns that were counted in the same bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics import divergence
from gatehouse.evaluate.statistics.numeric import Numeric
from gatehouse.evaluate.statistics.rows import Floats

Ints = npt.NDArray[np.int64]


class Bin(msgspec.Struct, frozen=True):
    """One bin of one feature: shares of the rows in training and in production, and what it adds to the PSI."""

    name: str
    expected: float
    actual: float
    psi: float


class ColumnDrift(msgspec.Struct, frozen=True):
    """One feature's drift. ``rows`` are training's and production's, missing values included.

    ``psi``, ``kl``, ``js`` are in nats over ``bins``, missing and unseen values among them; None where the feature
    cannot be compared, and ``note`` says why. ``cramers_v``, 0 to 1, is the chi-square test's effect size over the same
    bins, as it would be of equally many rows on both sides. ``ks`` and ``wasserstein`` are for numbers only, of values
    that are there, read at the profile's 199 quantiles: ``ks`` is exact up to 200 training values, and beyond at most
    1/100 too small; ``wasserstein`` is in the feature's unit, exact but for what lies between two quantiles, and
    ``wasserstein_sd`` in standard deviations of the training values, infinite where these are all the same.
    ``p_value`` is the chi-square test's, ``adjusted_p`` corrected for the number of features; ``floor`` is the PSI that
    chance alone exceeds in 5 % of samples of this size.
    """

    feature: str
    kind: str
    rows: tuple[int, int]
    psi: float | None = None
    kl: float | None = None
    js: float | None = None
    cramers_v: float | None = None
    ks: float | None = None
    wasserstein: float | None = None
    wasserstein_sd: float | None = None
    p_value: float | None = None
    adjusted_p: float | None = None
    floor: float | None = None
    bins: tuple[Bin, ...] = ()
    missing: tuple[float, float] = (0.0, 0.0)
    unseen: float = 0.0
    note: str = ""


class Tails(msgspec.Struct, frozen=True, array_like=True):
    """Production values beyond all of training: how many lie below its lowest value and above its highest, and the
    sums of how far. Together with the profile's quantiles they make the area between two distribution functions.

    Infinite values are not among the counts, because training may have had them too; the sums are then infinite.
    """

    below: int = 0
    above: int = 0
    under: float = 0.0
    over: float = 0.0

    @classmethod
    def of(cls, ascending: Floats, low: float, high: float) -> Tails:
        minus, first = np.searchsorted(ascending, -np.inf, "right"), np.searchsorted(ascending, low, "left")
        last, plus = np.searchsorted(ascending, high, "right"), np.searchsorted(ascending, np.inf, "left")
        under = np.inf if minus else low * first - ascending[:first].sum()
        over = np.inf if plus < len(ascending) else ascending[last:].sum() - high * (len(ascending) - last)
        return cls(int(first - minus), int(plus - last), float(under), float(over))

    def plus(self, other: Tails) -> Tails:
        return Tails(
            self.below + other.below, self.above + other.above, self.under + other.under, self.over + other.over
        )


@dataclass(frozen=True, slots=True)
class Distances:
    """What is read from the distribution functions; None where one side has no values, or infinite ones."""

    ks: float | None = None
    wasserstein: float | None = None
    wasserstein_sd: float | None = None

    @classmethod
    def of(cls, feature: Numeric, counts: Ints, tails: Tails) -> Distances:
        """``counts`` are production's in the feature's fine bins."""
        before, now = sum(feature.counts), int(counts.sum())
        if not before and not now:
            return cls(0.0, 0.0, 0.0)  # nothing was there, and nothing is
        if not before or not now:
            return cls()
        f, g = np.cumsum(feature.counts)[:-1] / before, np.cumsum(counts)[:-1] / now
        apart = np.abs(f - g)
        ks = max(float(apart.max()) if len(apart) else 0.0, tails.below / now, tails.above / now)
        if feature.low is None or feature.high is None or not math.isfinite(tails.under + tails.over):
            return cls(ks)
        points = np.concatenate([[feature.low], np.clip(feature.edges, feature.low, feature.high), [feature.high]])
        ends = np.concatenate([[tails.below / now], apart, [tails.above / now]])
        area = float(((ends[1:] + ends[:-1]) / 2 * np.diff(points)).sum()) + (tails.under + tails.over) / now
        return cls(ks, area, _in_sds(area, feature.sd))


def _in_sds(area: float, sd: float | None) -> float:
    """Where training did not vary, any distance is more standard deviations than there are numbers."""
    if sd:
        return area / sd
    return math.inf if area else 0.0


def measured(
    column: ColumnDrift, expected: Ints, actual: Ints, labels: Sequence[str], distances: Distances
) -> ColumnDrift:
    """The column with every figure; ``expected`` and ``actual`` are counts in the PSI bins, the missing values last."""
    n, m = int(expected.sum()), int(actual.sum())
    # A bin without rows on either side is no bin; smoothing it would make a difference out of nothing.
    used = (expected + actual) > 0
    e, a = divergence.smoothed(expected[used]), divergence.smoothed(actual[used])
    parts = divergence.psi(e, a)
    shares = zip([label for label, there in zip(labels, used, strict=True) if there], e, a, parts, strict=True)
    return msgspec.structs.replace(
        column,
        psi=float(parts.sum()),
        kl=divergence.kl(e, a),
        js=divergence.js(e, a),
        cramers_v=divergence.cramers_v(expected, actual),
        ks=distances.ks,
        wasserstein=distances.wasserstein,
        wasserstein_sd=distances.wasserstein_sd,
        p_value=divergence.chi_square(expected, actual)[1],
        floor=divergence.noise_floor(n, m, int(used.sum())),
        bins=tuple(Bin(label, float(x), float(y), float(part)) for label, x, y, part in shares),
        missing=(float(expected[-1] / n), float(actual[-1] / m)),
        unseen=float(actual[:-1][expected[:-1] == 0].sum() / m),
    )
