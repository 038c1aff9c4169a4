"""Artifacts of one workflow run, as GitHub's two actions keep them: numbered, immutable, gone only to be replaced."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class Missing(Exception):
    """There is no such file, or no such artifact; the job fails."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """``folder`` holds its files."""

    number: int
    name: str
    folder: Path


class Artifacts:
    """Kept in ``folder``. What is uploaded loses what it loses on GitHub: hidden files, links, the right to be run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: list[Artifact] = []
        self._number = 0

    def upload(self, name: str, path: Path, *, overwrite: bool) -> int:
        """Keeps a file, or what is in a folder; its number. Raises Missing where nothing is there to be kept."""
        files = dict(_files(path))
        if not files:
            raise Missing(f"No files were found with the provided path: {path}")
        if any(kept.name == name for kept in self._kept):
            if not overwrite:
                raise Missing(f"an artifact with the name {name} exists already")
            self.drop(name)
        self._number += 1
        made = Artifact(self._number, name, self.folder / f"{self._number}-{name}")
        for place, file in files.items():
            target = made.folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            # Links are followed; modes are not kept.
            shutil.copyfile(file, target)
        self._kept.append(made)
        return made.number

    def drop(self, name: str) -> None:
        """What a run that was cut short does not leave."""
        self._kept = [kept for kept in self._kept if kept.name != name]

    def named(self, name: str) -> Artifact:
        """Raises Missing."""
        return self._one(name, [kept for kept in self._kept if kept.name == name])

    def numbered(self, number: str) -> Artifact:
        """Raises Missing, also for one that was replaced under its name."""
        return self._one(number, [kept for kept in self._kept if str(kept.number) == number])

    def download(self, artifact: Artifact, folder: Path) -> None:
        """Its files, put into the folder over what is there."""
        shutil.copytree(artifact.folder, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)

    def _one(self, asked: str, found: list[Artifact]) -> Artifact:
        if not found:
            raise Missing(f"Artifact not found: {asked or 'neither name nor number'}")
        return found[-1]


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """Each file with its place in the artifact: a single file stands alone, a folder's files keep their places."""
    if path.is_file():
        yield path.name, path
    for where, folders, names in os.walk(path, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield str((Path(where) / name).relative_to(path)), Path(where) / name
