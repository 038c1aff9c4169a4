"""A pinned model as a process of its own: features in, predictions out, every failure a type of its own."""

from __future__ import annotations

import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NoReturn, Self

import gatehouse
from gatehouse.errors import GatehouseError
from gatehouse.runtime import answer, wire
from gatehouse.runtime.answer import Answer
from gatehouse.runtime.channel import Channel, Frame
from gatehouse.runtime.failures import (
    ModelAnswerInvalid,
    ModelDidNotStart,
    ModelDied,
    ModelError,
    ModelOverLimits,
    ModelRaised,
    ModelTimedOut,
    harmless,
)
from gatehouse.runtime.keeper import Keeper
from gatehouse.runtime.launch import Bare, Command, Launcher
from gatehouse.runtime.outgoing import Outgoing
from gatehouse.runtime.processor import Spent, of_family

Method = Literal["auto", "predict", "predict_proba"]
# How long a killed process may take to be gone, and a closed connection to be followed by an exit status.
_GRACE_S = 2.0
_QUOTED_LINES = 3
_MEANT = {
    signal.SIGXCPU: ": it used up its time on the processor",
    signal.SIGSYS: ": it made a system call that no model needs",
}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; ``start_s`` covers importing and loading, ``predict_s`` one call where it names no other."""

    start_s: float = 120.0
    predict_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Hello:
    """What the process said it found, once: see wire.Ready. ``seconds`` is measured here, from start to ready."""

    flavor: str
    how: str
    kind: wire.Kind | None
    classes: tuple[wire.Label, ...] | None
    inputs: tuple[str, ...] | None
    import_s: float
    load_s: float
    seconds: float


class ModelProcess:
    """A loaded model in a process of its own; a context manager that kills it on the way out.

    Several threads may predict at the same time: their requests queue in the process, each gets its own answer.
    """

    def __init__(self, folder: Path, launcher: Launcher, timeouts: Timeouts) -> None:
        self.folder = folder
        self.level = launcher.level
        self.timeouts = timeouts
        self._launcher = launcher
        self._started = False
        self._outgoing = Outgoing()
        self._ending = threading.Lock()
        self._failure: Callable[[], ModelError] | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="gatehouse-model-", ignore_cleanup_errors=True)

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        launcher: Launcher | None = None,
        method: Method = "auto",
        timeouts: Timeouts | None = None,
    ) -> Self:
        """Starts a process, loads the MLflow model in ``folder`` in it, and returns when it is ready to predict.

        Method ``auto`` asks predict_proba where the model has one and predict where not; ``predict`` is what
        mlflow.pyfunc gives; ``predict_proba`` insists. The launcher is Bare() where none is given. Raises
        ModelDidNotStart.
        """
        folder = folder.resolve()
        if not (folder / "MLmodel").is_file():
            raise ModelDidNotStart(f"{folder} holds no MLflow model: there is no file MLmodel in it")
        process = cls(folder, launcher or Bare(), timeouts or Timeouts())
        try:
            process._begin(method)
        except BaseException:
            process.close()
            raise
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def hello(self) -> Hello:
        return self._hello

    @property
    def pid(self) -> int | None:
        """The process that was launched; it leads its own process group."""
        return self._keeper.pid

    def spent(self) -> Spent:
        """What the process and all that it started have had of the processor so far; nothing where it is gone."""
        return Spent(0.0, 0.0) if self.pid is None else of_family(self.pid)

    @property
    def output(self) -> str:
        """The last that the process printed, line by line, unprintable characters escaped."""
        return "\n".join(harmless(line, 2000) for line in self._keeper.output.splitlines())

    def predict(self, table: Any, timeout: float | None = None) -> Answer:
        """The model's predictions for a pyarrow.Table or RecordBatch, one a row; ``timeout`` in seconds.

        The caller chooses the size of a batch: it travels as one message. Every column that is given is sent, so a
        label has no business here; schema metadata stays behind. Raises ModelRaised and ModelAnswerInvalid;
        ModelTimedOut, ModelOverLimits and ModelDied, after which the process is gone and every later call raises the
        same; and GatehouseError for rows that are too large for one message.
        """
        if self._failure is not None:
            raise self._failure()
        batch, allowed = self._outgoing(table), self.timeouts.predict_s if timeout is None else timeout
        try:
            header, body = self._channel.ask(
                batch, partial(answer.room, rows=batch.num_rows), time.monotonic() + allowed
            )
        except (TimeoutError, EOFError, OSError, wire.Malformed) as error:
            self._stop(error, f"did not answer {batch.num_rows:,} rows within {allowed:g} s")
        if isinstance(header, wire.Failed):
            raised = harmless(header.error, 100)
            raise ModelRaised(
                raised,
                f"the model raised {raised} on {batch.num_rows:,} rows: {harmless(header.message)}",
                "compare the columns and types of these rows with the model's signature",
            )
        return answer.decode(header, body, batch.num_rows, self._promised)

    def pause(self) -> None:
        """Takes the processor from the process and all that it started: it answers nothing until ``resume``."""
        self._keeper.pause()

    def resume(self) -> None:
        self._keeper.resume()

    def close(self) -> None:
        """Kills the process and all it started in its group; safe to repeat."""
        if self._failure is None:
            self._failure = partial(ModelDied, "the model's process was closed", "start it again")
        self._channel.shut()
        self._keeper.kill()
        self._keeper.join(_GRACE_S)
        self._channel.close()
        self._scratch.cleanup()

    def _begin(self, method: Method) -> None:
        began = time.monotonic()
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        # Our copy of the child's end is closed as soon as the child has its own, or its death would not be seen.
        with theirs:
            command = self._command(method, theirs.fileno())
            self._keeper = Keeper(self._launcher, command, self._channel.shut)
            self._keeper.start()
            self._keeper.launched.wait()
        if isinstance(self._keeper.failure, GatehouseError):
            raise self._keeper.failure
        if self._keeper.failure is not None:
            raise ModelDidNotStart(
                f"the model's process could not be launched: {self._keeper.failure}",
                f"check that {command.argv[0]} can be run",
            )
        try:
            frame = self._channel.ready(began + self.timeouts.start_s)
        except (TimeoutError, EOFError, OSError, wire.Malformed) as error:
            self._stop(error, f"was not ready within {self.timeouts.start_s:g} s")
        self._greet(frame, began)

    def _command(self, method: Method, descriptor: int) -> Command:
        # Not -I, which would ignore PYTHONHASHSEED: the environment is ours anyway. -P keeps the working folder, which
        # the model can write, out of the import path; -s the user's packages.
        flags = ("-P", "-s", "-u", "-X", "faulthandler")
        return Command(
            argv=(sys.executable, *flags, "-m", "gatehouse.runtime.worker", str(descriptor), str(self.folder), method),
            readable=(self.folder, Path(sys.prefix), Path(sys.base_prefix), Path(gatehouse.__path__[0])),
            scratch=Path(self._scratch.name),
            inherit=(descriptor,),
        )

    def _greet(self, frame: Frame, began: float) -> None:
        header, _ = frame
        if isinstance(header, wire.Failed):
            raise ModelDidNotStart(
                f"loading the model raised {harmless(header.error, 100)}: {harmless(header.message)}",
                "install what the model's requirements.txt asks for, or log the model again",
            )
        assert isinstance(header, wire.Ready)  # the channel lets nothing else answer request 0
        self._started, self._promised = True, header
        self._hello = Hello(
            harmless(header.flavor, 100),
            harmless(header.how, 200),
            header.kind,
            header.classes,
            header.inputs,
            header.import_s,
            header.load_s,
            time.monotonic() - began,
        )

    def _stop(self, error: Exception, late: str) -> NoReturn:
        """Kills the process and raises why. Where several threads wait, all of them raise the first reason."""
        with self._ending:
            if self._failure is None:
                self._failure = self._end(error, late)
        raise self._failure() from error

    def _end(self, error: Exception, late: str) -> Callable[[], ModelError]:
        if isinstance(error, EOFError | ConnectionError):
            # It may still be on its way out, with an exit status worth knowing.
            self._keeper.join(_GRACE_S)
        alive = self._keeper.is_alive()
        self._keeper.kill()
        self._keeper.join(_GRACE_S)
        said = f"; it last said: {tail}" if (tail := self._tail()) else ""
        if self._keeper.excess:
            what = f"{self._keeper.excess} and was killed{said}"
            return self._failed(
                ModelOverLimits, what, "make the model smaller, or allow it more in the policy's sandbox"
            )
        if isinstance(error, TimeoutError):
            return self._failed(ModelTimedOut, f"{late} and was killed{said}", "allow it more time, or make it faster")
        if isinstance(error, wire.Malformed):
            return self._failed(
                ModelAnswerInvalid,
                f"sent {harmless(str(error))} and was killed{said}",
                "look for code in the model that returns far too much, or writes to files that it did not open",
            )
        how = "closed its connection and was killed" if alive else _ending(self._keeper.status)
        return self._failed(ModelDied, f"{how}{said}", "load the model and predict with it by hand to see why")

    def _failed(self, kind: type[ModelError], what: str, fix: str) -> Callable[[], ModelError]:
        return partial(kind if self._started else ModelDidNotStart, f"the model's process {what}", fix)

    def _tail(self) -> str:
        lines = [line for line in self._keeper.output.splitlines() if line.strip()]
        return harmless(" | ".join(line.strip() for line in lines[-_QUOTED_LINES:]))


def _ending(status: int | None) -> str:
    if status is None or status >= 0:
        return f"exited with status {status}"
    try:
        number = signal.Signals(-status)
    except ValueError:
        return f"was ended by signal {-status}"
    return f"was ended by {number.name}{_MEANT.get(number, '')}"
