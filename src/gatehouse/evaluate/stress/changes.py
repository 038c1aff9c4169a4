"""What happens to rows on their way to a model, each as a function of the sample and a random stream.

A change keeps every column's type and stays within what the table spans, so that a model is asked about rows that its
signature allows. None of them sees a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from gatehouse.evaluate.stress.sample import Sample, like, numbers

if TYPE_CHECKING:
    import pyarrow as pa

# More pairs than this are drawn from: thirty features make 435.
_PAIRS = 100


@dataclass(frozen=True, slots=True)
class Change:
    """``name`` is what people read and what its random stream is made from; ``feature`` is the one that is taken away
    from the model, None where the change is no question of a single feature."""

    name: str
    make: Callable[[Sample, np.random.Generator], pa.RecordBatch]
    feature: str | None = None

    def of(self, sample: Sample) -> pa.RecordBatch:
        return self.make(sample, sample.random(self.name))


def noise(level: float) -> Change:
    """Every number plus Gaussian noise of ``level`` standard deviations of its feature, whole numbers rounded."""

    def make(sample: Sample, random: np.random.Generator) -> pa.RecordBatch:
        made = {}
        for name in sample.numeric:
            column = sample.rows.column(name)
            moved = numbers(column) + random.normal(0, level * sample.spread[name], len(sample))
            made[name] = like(column, np.clip(moved, *sample.bounds(name)))
        return sample.changed(made)

    return Change(f"noise of {level:g} sd", make)


def missing(share: float) -> Change:
    """A share of the cells empty, in the features whose signature allows it."""

    def make(sample: Sample, random: np.random.Generator) -> pa.RecordBatch:
        import pyarrow as pa
        import pyarrow.compute as pc

        made = {}
        for name in sample.nullable:
            column = sample.rows.column(name)
            gone = pa.array(random.random(len(sample)) < share)
            made[name] = pc.if_else(gone, pa.scalar(None, column.type), column)
        return sample.changed(made)

    return Change(f"{share:.4g} of values missing", make)


def categories(share: float) -> Change:
    """A share of the cells of text and yes-or-no features with another value that the feature has."""

    def make(sample: Sample, random: np.random.Generator) -> pa.RecordBatch:
        return sample.changed({name: _recoded(sample.rows.column(name), share, random) for name in sample.words})

    return Change(f"{share:.4g} of categories wrong", make)


def _recoded(column: pa.Array, share: float, random: np.random.Generator) -> pa.Array:
    import pyarrow as pa

    encoded = column.dictionary_encode()
    known = len(encoded.dictionary)
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    other = (codes + random.integers(1, known, len(codes))) % known
    codes = np.where(random.random(len(codes)) < share, other, codes)
    indices = pa.array(codes, mask=column.is_null().to_numpy(zero_copy_only=False))
    return encoded.dictionary.take(indices)


def swaps(share: float) -> Change:
    """In a share of the rows, the values of two features of one type exchanged, as a mixed-up join leaves them."""

    def make(sample: Sample, random: np.random.Generator) -> pa.RecordBatch:
        import pyarrow as pa
        import pyarrow.compute as pc

        pairs = _pairs(sample)
        chosen = [pairs[at] for at in random.permutation(len(pairs))[:_PAIRS]]
        # Which pair each row's is, -1 for none.
        which = np.where(random.random(len(sample)) < share, random.integers(0, len(chosen), len(sample)), -1)
        made = {name: sample.rows.column(name) for pair in chosen for name in pair}
        for at, (one, other) in enumerate(chosen):
            here = pa.array(which == at)
            first, second = sample.rows.column(one), sample.rows.column(other)
            made[one], made[other] = pc.if_else(here, second, made[one]), pc.if_else(here, first, made[other])
        return sample.changed(made)

    return Change(f"{share:.4g} of rows with two features swapped", make)


def _pairs(sample: Sample) -> list[tuple[str, str]]:
    """Features that could be taken for each other without anybody noticing by the type."""
    kind = sample.rows.schema.field
    names = (*sample.numeric, *sample.words)
    return [(one, other) for one, other in combinations(names, 2) if kind(one).type == kind(other).type]


def without(feature: str) -> Change:
    """A feature's values dealt out anew among the rows (Breiman 2001): what the model loses is what it carried."""

    def make(sample: Sample, random: np.random.Generator) -> pa.RecordBatch:
        import pyarrow as pa

        order = pa.array(random.permutation(len(sample)))
        return sample.changed({feature: sample.rows.column(feature).take(order)})

    return Change(f"without {feature}", make, feature)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The levels that a policy asks for; ``reliance`` asks for every feature alone too."""

    noise: Sequence[float] = ()
    missing: Sequence[float] = ()
    categories: Sequence[float] = ()
    swaps: Sequence[float] = ()
    reliance: bool = False


def planned(wanted: Wanted, sample: Sample) -> tuple[list[Change], list[str]]:
    """The changes that this sample allows, and in sentences what is left out."""
    families = [
        (noise, wanted.noise, sample.numeric, "no feature is a number that varies: no noise is tried"),
        (missing, wanted.missing, sample.nullable, "the signature lets no feature be missing: none is taken away"),
        (categories, wanted.categories, sample.words, "no feature is text with two values or more: none is mistaken"),
        (swaps, wanted.swaps, _pairs(sample), "no two features have one type: none are swapped"),
    ]
    changes = [make(level) for make, levels, able, _ in families if able for level in levels]
    notes = [said for _, levels, able, said in families if levels and not able]
    notes += list(_left_out(wanted, sample))
    if wanted.reliance:
        changes += [without(feature) for feature in (*sample.numeric, *sample.words)]
    return changes, notes


def _left_out(wanted: Wanted, sample: Sample) -> Iterator[str]:
    required = [name for name in (*sample.numeric, *sample.words) if name not in sample.nullable]
    if wanted.missing and sample.nullable and required:
        yield f"never missing, by the signature: {_named(required)}"
    if sample.others:
        yield f"never changed (constants, dates, lists): {_named(sample.others)}"


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
