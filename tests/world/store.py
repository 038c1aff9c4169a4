"""Where the company's MLflow lives, and how programs that use it are kept quiet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# No telemetry, no progress bars, no log of database migrations, no complaint about a missing git module.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "GIT_PYTHON_REFRESH": "quiet",
}
# What dana is called where she trains; promotions/stages.yaml says whose name it is.
TRAINER = "dana.data"


@dataclass(frozen=True, slots=True)
class Store:
    """An MLflow on SQLite in a folder; tracking, registry and artifacts need no server."""

    folder: Path

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.folder.resolve()}/mlflow.db"

    @property
    def artifacts(self) -> str:
        return (self.folder.resolve() / "artifacts").as_uri()
