"""A batch's scores as the rank kernel keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatehouse.evaluate.statistics.groups import Codes
from gatehouse.evaluate.statistics.rows import Floats


@dataclass(frozen=True, slots=True)
class Chunk:
    """Labels of 0 and 1, group cells, cluster blocks, and each model's scores, row beside row."""

    label: npt.NDArray[np.uint8]
    cells: npt.NDArray[np.int32]
    blocks: npt.NDArray[np.int32] | None
    scores: tuple[Floats, ...]

    def recoded(self, cells: Codes) -> Chunk:
        return Chunk(self.label, cells[self.cells].astype(np.int32), self.blocks, self.scores)

    @classmethod
    def joined(cls, chunks: Sequence[Chunk], models: int, clustered: bool) -> Chunk:
        if len(chunks) == 1:
            return chunks[0]
        label = np.concatenate([np.zeros(0, np.uint8), *(chunk.label for chunk in chunks)])
        cells = np.concatenate([np.zeros(0, np.int32), *(chunk.cells for chunk in chunks)])
        blocks = None
        if clustered:
            parts = [chunk.blocks for chunk in chunks if chunk.blocks is not None]
            blocks = np.concatenate([np.zeros(0, np.int32), *parts])
        scores = tuple(
            np.concatenate([np.zeros(0), *(chunk.scores[model] for chunk in chunks)]) for model in range(models)
        )
        return cls(label, cells, blocks, scores)
