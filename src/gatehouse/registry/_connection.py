"""One connection to an MLflow registry; the only place where it is opened, and where its failures are translated.

MLflow reads credentials from its own environment variables (``MLFLOW_TRACKING_USERNAME`` and the like).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.registry._failures import translate, without_credentials

T = TypeVar("T")

# Seconds for one answer, and how often a question is asked again: a registry that is gone is noticed in under 15 s,
# where MLflow's own settings (120 s, 7 more times, ever longer pauses) take a quarter of an hour.
TIMEOUT = 5
RETRIES = 1
_DATABASES = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


class Connection:
    """Opened at its first use, so that making one costs nothing and imports nothing."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.shown = without_credentials(uri)

    @cached_property
    def client(self) -> Any:
        """MLflow's client, for tracking and registry at the same address. Raises what ``translate`` says."""
        if not self.uri.strip():
            raise GatehouseError("no registry address", "set `registry:` in promotions/stages.yaml")
        with self.translated():
            from mlflow import MlflowClient

            _lower_patience()
            self._look()
            return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def ask(self, question: Callable[[Any], T]) -> T:
        """The client's answer to one question, failures translated."""
        client = self.client
        with self.translated():
            return question(client)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turns whatever MLflow, its database or its HTTP client raises into an error that names this registry."""
        try:
            yield
        except (GatehouseError, KeyboardInterrupt):
            raise
        except Exception as error:
            # Every storage client below MLflow raises types of its own, so all are taken; translate() keeps the cause.
            raise translate(error, self.shown) from error

    def pages(self, question: Callable[[Any, str | None], Any]) -> Iterator[Any]:
        """Every item of a paged answer; ``question`` gets the client and the page's token."""
        token: str | None = None
        while True:
            with self.translated():
                page = question(self.client, token)
            yield from page
            token = page.token
            if not token:
                return

    def _look(self) -> None:
        """A database is looked at before MLflow gets it: MLflow would create what is missing, and retry for minutes."""
        scheme = urlsplit(self.uri).scheme.partition("+")[0]
        if scheme == "sqlite":
            self._find_file()
        elif scheme in _DATABASES:
            self._knock(_DATABASES[scheme])
        else:
            return
        self._find_tables()

    def _find_file(self) -> None:
        from sqlalchemy import make_url

        path = make_url(self.uri).database
        if not path or not Path(path).is_file():
            raise NotFound(
                f"no registry at {self.shown}: there is no such file",
                "check `registry:` in promotions/stages.yaml, or register a first model there",
            )

    def _knock(self, default: int) -> None:
        from sqlalchemy import make_url

        address = make_url(self.uri)
        if address.host and not address.host.startswith("/"):
            try:
                socket.create_connection((address.host, address.port or default), TIMEOUT).close()
            except OSError as error:
                raise Unreachable(
                    f"the registry's database at {self.shown} did not answer: {error.strerror or error}",
                    "check that it is running and that the address is right",
                ) from error

    def _find_tables(self) -> None:
        from mlflow.store.db.utils import create_sqlalchemy_engine
        from sqlalchemy import inspect

        engine = create_sqlalchemy_engine(self.uri)
        try:
            found = inspect(engine).has_table("registered_models")
        finally:
            engine.dispose()
        if not found:
            raise NotFound(
                f"no registry at {self.shown}: the database has no MLflow tables",
                "check `registry:` in promotions/stages.yaml, or run `mlflow db upgrade` on the database",
            )


def _lower_patience() -> None:
    """Lowers MLflow's own defaults, in this process alone; a variable that is set in the environment still wins.

    MLflow takes these settings from nowhere but its environment variables, and writing to the environment would change
    what child processes see.
    """
    from mlflow import environment_variables as settings

    settings.MLFLOW_HTTP_REQUEST_TIMEOUT.default = TIMEOUT
    settings.MLFLOW_HTTP_REQUEST_MAX_RETRIES.default = RETRIES
    # A server may ask for any wait at all.
    settings.MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER.default = False
    settings.MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.default = False
