"""Fetching what people wrote about a model and its data: the cards, wherever they may lie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from gatehouse.declare.source import Source
from gatehouse.declare.types import Policy
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.evaluate.cards import SIZE_LIMIT
from gatehouse.evaluate.material import Paper

if TYPE_CHECKING:
    from gatehouse.registry.reader import RegistryReader
    from gatehouse.registry.types import Version

MODEL, DATASET = "model_card", "dataset_card"
KINDS = (MODEL, DATASET)


def asked(policy: Policy, stage: str) -> tuple[str, ...]:
    """The cards that a stage's gates look at."""
    return tuple(kind for kind in KINDS if kind in policy.stages[stage].gates)


@dataclass(frozen=True, slots=True)
class Papers:
    """The cards of one version. ``folder`` is the material's, ``artifact`` the version's artifact tree inside it."""

    folder: Path
    base: Source
    reader: RegistryReader
    version: Version
    artifact: PurePosixPath

    def fetch(self, kinds: tuple[str, ...], policy: Policy) -> Mapping[str, Paper]:
        """Each card that there is. One that is there and cannot be had is kept with the reason, for its gate to tell.

        Raises Unreachable where the registry does not answer.
        """
        found = {kind: self._find(kind, policy) for kind in kinds}
        return {kind: paper for kind, paper in found.items() if paper is not None}

    def _find(self, kind: str, policy: Policy) -> Paper | None:
        name = f"{kind}.md"
        if kind == MODEL and (self.folder / self.artifact / name).exists():
            return Paper(f"{name} of the artifact", str(self.artifact / name))
        path = policy.gates.get(kind, {}).get("path") if kind == DATASET else None
        return self._logged(kind) or (self._committed(path) if isinstance(path, str) else None)

    def _logged(self, kind: str) -> Paper | None:
        from gatehouse.registry import artifacts

        path = PurePosixPath(f"gatehouse/{kind}.md")
        origin = f"{path} of the training run"
        try:
            content = artifacts.logged(self.reader, self.version, path, SIZE_LIMIT)
        except Unreachable:
            raise
        except GatehouseError as error:
            return Paper(origin, problem=error.message, fix=error.fix)
        return self._kept(content, origin, self.artifact.with_name(f"{self.artifact.name}.{kind}.md"))

    def _committed(self, path: str) -> Paper:
        """A card in the promotions repository, as the base commit has it."""
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            return Paper(path, problem=f"{path}: leads out of the repository", fix="name a path inside it")
        try:
            content = self.base.read(path)
        except GatehouseError as error:
            return Paper(path, problem=f"{path}: {error.message}", fix=error.fix)
        if content is None:
            return Paper(
                path, problem=f"{path}: there is no such file on the base branch", fix="commit it, or mend `path`"
            )
        place = PurePosixPath("cards") / f"{hashlib.sha256(path.encode()).hexdigest()[:12]}.md"
        kept = self._kept(content[: SIZE_LIMIT + 1], path, place)
        assert kept is not None
        return kept

    def _kept(self, content: bytes | None, origin: str, place: PurePosixPath) -> Paper | None:
        if content is None:
            return None
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return Paper(origin, str(place))
