"""The processes of a check's models: started side by side when one is first needed, stopped together."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.material import Fetched
from gatehouse.runtime.launch import Launcher
from gatehouse.runtime.process import Method, ModelProcess


class Processes:
    """``models`` maps ``candidate`` and, where there is one, ``champion`` to what was fetched below ``folder``."""

    def __init__(self, models: Mapping[str, Fetched], folder: Path, launcher: Launcher, method: Method) -> None:
        self._models = models
        self._folder = folder
        self._launcher = launcher
        self._method = method
        self._stack = ExitStack()

    def of(self, who: str) -> ModelProcess:
        """Raises GatehouseError for an artifact whose digest is not the pin's: nobody reviewed that model, so it is not
        even started; and where it does not come up."""
        started = self._started[who]
        if isinstance(started, GatehouseError):
            raise started
        return started

    def close(self) -> None:
        """Ends every process; safe to repeat."""
        self._stack.close()

    @cached_property
    def _started(self) -> Mapping[str, ModelProcess | GatehouseError]:
        """Each model's process, or why it has none: a model that takes two minutes to fail does so once."""
        with ThreadPoolExecutor(len(self._models)) as pool:
            return dict(zip(self._models, pool.map(self._start, self._models), strict=True))

    def _start(self, who: str) -> ModelProcess | GatehouseError:
        fetched = self._models[who]
        try:
            artifact = pinned(who, fetched, self._folder)
        except GatehouseError as error:
            return error
        try:
            process = ModelProcess.start(artifact, launcher=self._launcher, method=self._method)
        except GatehouseError as error:
            return GatehouseError(f"{who}: {error.message}", error.fix)
        return self._stack.enter_context(process)


def pinned(who: str, fetched: Fetched, folder: Path) -> Path:
    """Where the artifact is below ``folder``. Raises GatehouseError for one that nobody reviewed: it is run nowhere."""
    if fetched.digest != fetched.subject.pin.digest:
        raise GatehouseError(
            f"the {who}'s artifact is not the one that is pinned, so it was not run", "see the artifact gate"
        )
    return folder / fetched.folder
