"""A registry with every version trained and registered, made once for all tests of a checkout."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from tests.world.line import PROJECT, Line
from tests.world.process import run
from tests.world.store import QUIET, Store

# The modules that say how models come to be.
TRAINS = ("data", "german", "recipes", "store", "train")
CACHE = PROJECT / ".cache" / "world"


def make(line: Line, store: Store) -> str:
    """Trains and registers in a process of its own; what it printed. Raises RuntimeError when it fails."""
    command = (sys.executable, "-m", "tests.world.train", str(store.folder), line.model)
    # The first to import a library compiles it, for all that come after, and a model's process may not write at all.
    done = run(command, PROJECT, {**os.environ, **QUIET, "PYTHONDONTWRITEBYTECODE": ""})
    if done.exit:
        raise RuntimeError(f"training {line.model} failed:\n{done.err}")
    return done.out


def cached(line: Line) -> Store:
    """A store to copy the database from and read the artifacts of; nobody may write to it.

    It is made again when the code that trains, or a library behind it, changes.
    """
    store = Store(CACHE / f"{line.model}-{_key()}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # Test processes run side by side, and each would train.
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = store.folder / "done"
        if not done.exists():
            shutil.rmtree(store.folder, ignore_errors=True)
            make(line, store)
            done.touch()
    return store


def copy(store: Store, folder: Path) -> Store:
    """A registry of one's own in ``folder``, over the artifacts of ``store``, which stay where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(store.folder / "mlflow.db", folder / "mlflow.db")
    return Store(folder)


def _key() -> str:
    code = [PROJECT / "tests" / "world" / f"{name}.py" for name in TRAINS]
    profile = sorted((PROJECT / "src" / "gatehouse" / "evaluate" / "statistics").glob("*.py"))
    state = hashlib.sha256(b"".join(file.read_bytes() for file in [*code, *profile]))
    state.update("".join(map(version, ("mlflow", "scikit-learn", "pandas", "numpy"))).encode())
    return state.hexdigest()[:16]
