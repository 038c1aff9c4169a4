"""A Spark session: started where there is none, watched while it works, its failures in plain words."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import gatehouse
from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.runtime.cluster import quiet
from gatehouse.runtime.failures import harmless

# Rows an Arrow batch: bounded, so that a worker's memory is.
BATCH_ROWS = 20_000
_CONNECT_S = 5.0
# How long a cluster may leave everything that it was asked for undone before it counts as not there.
_IDLE_S = 120.0
_LOOK_EVERY = 1.0
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.sql.session.timeZone": "UTC",
    # A model's columns are what they are called.
    "spark.sql.caseSensitive": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
}
# One JVM is executor and driver together; it needs no name that others could find it by.
_LOCAL = {
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.python.daemon.module": "gatehouse.evaluate.engines.spark.daemon",
}
# In the environment of workers that run a model: whose they are. They, and their daemon, do nothing else.
ROLE = "GATEHOUSE_ROLE"
# MLflow reports its use to its makers as it is imported.
_ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
_MISSING = {"PATH_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND"}


class Session:
    """A user of the Spark that runs in this process: the first starts it, the last stops it.

    Raises GatehouseError where pyspark or Java is absent or Spark runs on another master, Unreachable for a silent one.
    """

    _running: _Running | None = None
    _users = 0
    _turn = threading.Lock()

    def __init__(self, master: str, progress: Callable[[str], None]) -> None:
        self._progress, self._open = progress, True
        with Session._turn:
            if Session._running is None:
                Session._running = _Running(master, progress)
            self._on = Session._running
            if self._on.master != master:
                raise GatehouseError(
                    f"Spark runs on {self._on.master} here, and cannot on {master} at the same time", "check one first"
                )
            Session._users += 1
        self.spark, self.scratch = self._on.spark, self._on.scratch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Safe to repeat."""
        with Session._turn:
            if self._open:
                self._open = False
                Session._users -= 1
                if not Session._users:
                    Session._running = None
                    self._on.close()

    @contextmanager
    def apart(self, who: str) -> Iterator[None]:
        """What is planned inside runs in Python workers that nothing else runs in: Spark keeps workers of another
        environment apart, so that a model cannot lay hands on the code that counts, or on another model."""
        environment = self.spark.sparkContext.environment
        environment[ROLE] = who
        try:
            yield
        finally:
            del environment[ROLE]

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Says how far Spark is, and turns its failures into plain words. Raises Unreachable where nothing moves."""
        from pyspark.core.context import Py4JError
        from pyspark.errors import PySparkException

        with _Watch(self.spark.sparkContext, lambda said: self._progress(f"{what}: {said}")) as watch, quiet():
            try:
                yield
            except (PySparkException, Py4JError) as error:
                if watch.idle:
                    raise Unreachable(
                        f"{what}: Spark on {self._on.master} has started nothing for {_IDLE_S:g} s",
                        "see whether it has free workers",
                    ) from error
                raise _failed(what, error) from error


class _Running:
    """A Spark that was started here, and a folder for what it is given."""

    def __init__(self, master: str, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self.master = master
        self.local = master.startswith("local")
        self._stack = ExitStack()
        self.scratch = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-spark-")))
        try:
            self.spark = self._start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._stack.close()

    def _start(self) -> Any:
        try:
            import pyspark
        except ImportError as error:
            raise GatehouseError(
                f"the policy's engine is {self.master}, and pyspark is not installed",
                "install the extra: pip install 'gatehouse[spark]'",
            ) from error
        if not self.local:
            _knock(self.master)
        self._progress(f"starting Spark {pyspark.__version__} on {self.master}")
        context = self._context()
        self._stack.callback(context.stop)
        for name, value in _ENVIRONMENT.items():
            context.environment[name] = value
        if self.local:
            context.pythonExec = sys.executable
        else:
            context.addPyFile(self._package())
        from pyspark.sql import SparkSession

        with quiet():
            return SparkSession(context)

    def _context(self) -> Any:
        from pyspark import SparkConf, SparkContext
        from pyspark.core.context import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.java_gateway import launch_gateway

        settings = {**_SETTINGS, **(_LOCAL if self.local else {})}
        conf = SparkConf().setMaster(self.master).setAppName("gatehouse").setAll(list(settings.items()))
        if SparkContext._active_spark_context is not None:
            raise GatehouseError("a Spark session is running in this process already", "stop it, and check again")
        log = self.scratch / "log"
        try:
            # One JVM serves every session of a process; what it prints is kept for when it does not start.
            with quiet(), log.open("wb") as stream:
                gateway = SparkContext._gateway or launch_gateway(conf, {"stdout": stream, "stderr": stream})
                return SparkContext(conf=conf, gateway=gateway)
        except (PySparkException, Py4JError, OSError) as error:
            raise self._unstarted(error, log) from error

    def _unstarted(self, error: Exception, log: Path) -> GatehouseError:
        said = log.read_text(errors="replace").splitlines() if log.exists() else []
        if "JAVA_GATEWAY_EXITED" in str(error) or isinstance(error, OSError):
            why = harmless(" ".join(said[-2:]) or str(error), 300)
            return GatehouseError(
                f"Spark did not start: {why}", "install Java 17 or later (on Debian: default-jre-headless)"
            )
        return Unreachable(
            f"Spark on {self.master} did not start: {harmless(plain(error), 300)}", "check the address, and try again"
        )

    def _package(self) -> str:
        """gatehouse as a file for the workers, so that they count with the code that the driver merges with."""
        source = Path(gatehouse.__path__[0])
        return shutil.make_archive(str(self.scratch / "gatehouse"), "zip", source.parent, source.name)


class _Watch(threading.Thread):
    """Looks once a second at what Spark is doing; calls it off where no task starts for too long."""

    def __init__(self, context: Any, say: Callable[[str], None]) -> None:
        super().__init__(name="gatehouse-spark-watch", daemon=True)
        self._context, self._say = context, say
        self._over = threading.Event()
        self.idle = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        waited, said = 0.0, ""
        while not self._over.wait(_LOOK_EVERY):
            done, running, total = self._tasks()
            waited = 0.0 if done or running or not total else waited + _LOOK_EVERY
            if total and (now := f"{done} of {total} parts") != said:
                said = now
                self._say(said)
            if waited >= _IDLE_S:
                self.idle = True
                self._context.cancelAllJobs()
                return

    def _tasks(self) -> tuple[int, int, int]:
        tracker = self._context.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        known = [stage for stage in stages if stage is not None]
        return (
            sum(stage.numCompletedTasks for stage in known),
            sum(stage.numActiveTasks for stage in known),
            sum(stage.numTasks for stage in known),
        )


def _knock(master: str) -> None:
    """Raises Unreachable where nobody listens: Spark itself would try for a minute."""
    at = urlsplit(master)
    try:
        socket.create_connection((at.hostname or "", at.port or 7077), timeout=_CONNECT_S).close()
    except OSError as error:
        raise Unreachable(f"Spark at {master} does not answer: {error}", "check the address, and try again") from error


def _failed(what: str, error: Exception) -> GatehouseError:
    condition = getattr(error, "getCondition", lambda: None)() or ""
    if condition in _MISSING:
        return NotFound(f"{what}: Spark knows no such table", "check `data:` and `engine:` in policy.yaml")
    return GatehouseError(f"{what}: Spark failed: {harmless(plain(error))}", "see the cluster's log for the rest")


def plain(error: Exception) -> str:
    """The one line of a Spark error that says what happened: what Python raised on a worker, else the first."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    traced = [place for place, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    if traced:
        for line in lines[traced[-1] + 1 :]:
            if not line.startswith(" "):
                return line
    caused = [line for line in lines if line.startswith("Caused by:")]
    return caused[-1].removeprefix("Caused by:").strip() if caused else (lines or [type(error).__name__])[0]
