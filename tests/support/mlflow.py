"""Real MLflow registries for tests: on SQLite in milliseconds, and behind a real ``mlflow server``."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

# Read by MLflow when it is imported: no test calls home.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
STARTUP_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """A running ``mlflow server``; its database and artifacts lie below ``root``."""

    uri: str
    root: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Kills the server and everything that it started, at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def fresh_registry(folder: Path) -> str:
    """The address of an empty registry on SQLite in ``folder``; artifacts go to ``folder / "artifacts"``."""
    database = _database(folder, (folder / "artifacts").as_uri())
    return f"sqlite:///{database}"


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A real ``mlflow server`` on a database and artifacts of its own; about 8 s to start, so share it."""
    database = _database(folder, "mlflow-artifacts:")
    port = _free_port()
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
                *("--workers", "1", "--backend-store-uri", f"sqlite:///{database}"),
                *("--serve-artifacts", "--artifacts-destination", (folder / "artifacts").as_uri()),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            # Without its job runners, which are five more processes.
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            start_new_session=True,
        )
    running = Server(f"http://127.0.0.1:{port}", folder, process)
    try:
        _wait(running, log)
        yield running
    finally:
        running.stop()


def _database(folder: Path, artifacts: str) -> Path:
    """A copy of the template whose default experiment keeps its artifacts at ``artifacts``."""
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "mlflow.db"
    shutil.copyfile(_template(), database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE experiments SET artifact_location = ? || '/0'", (artifacts,))
    return database


def _template() -> Path:
    """A database with MLflow's tables, made once on a machine (it takes seconds) for this version of MLflow."""
    from mlflow.version import VERSION

    cache = Path(tempfile.gettempdir()) / f"gatehouse-tests-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    ready = cache / f"mlflow-{VERSION}.db"
    with (cache / "lock").open("w") as lock:
        # Test processes start together; the first one makes it, the others wait.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            making = cache / f"making-{os.getpid()}.db"
            subprocess.run(
                [sys.executable, "-c", _MAKE, f"sqlite:///{making}"], check=True, capture_output=True, cwd=cache
            )
            making.rename(ready)
    return ready


_MAKE = """
import sys
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1], registry_uri=sys.argv[1])
client.search_registered_models()
client.search_experiments()
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(running: Server, log: Path) -> None:
    end = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < end:
        if running.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{running.uri}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"mlflow server did not start:\n{log.read_text()[-3000:]}")
