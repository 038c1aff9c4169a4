"""Reading the registry. What only reads cannot write: there is no method here that changes anything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from gatehouse.errors import NotFound
from gatehouse.registry._connection import Connection
from gatehouse.registry.types import NotReady, Run, Version

# Items asked for at once; a page of versions with long tags still arrives within the timeout.
PAGE = 200


class RegistryReader:
    """Answers questions about one MLflow registry, over HTTP or on its database.

    ``uri`` is what MLflow calls a tracking URI: ``https://mlflow.acme.example``, ``sqlite:///mlflow.db``. It is opened
    at the first question. Every method raises NotFound for what is not there, Unreachable within 15 s when nothing
    answers, and GatehouseError when the registry refuses.
    """

    def __init__(self, uri: str) -> None:
        self.connection = Connection(uri)

    @property
    def uri(self) -> str:
        return self.connection.uri

    def models(self) -> tuple[str, ...]:
        """The names of all registered models, sorted."""
        found = self.connection.pages(
            lambda client, token: client.search_registered_models(
                max_results=PAGE, order_by=["name ASC"], page_token=token
            )
        )
        return tuple(model.name for model in found)

    def versions(self, model: str) -> tuple[Version, ...]:
        """All versions of a model, lowest number first, empty where it has none."""
        aliases = self.aliases(model)
        found = self.connection.pages(
            lambda client, token: client.search_model_versions(
                f"name={_quoted(model)}", max_results=PAGE, order_by=["version_number ASC"], page_token=token
            )
        )
        with self.connection.translated():
            # The database lists versions without their aliases.
            return tuple(
                _version(raw, [name for name, at in aliases.items() if at == int(raw.version)]) for raw in found
            )

    def version(self, model: str, number: int) -> Version:
        """One version. Raises NotFound naming the versions that there are, or models with a similar name."""
        try:
            return self.connection.ask(lambda client: _version(client.get_model_version(model, str(number))))
        except NotFound:
            numbers = [version.number for version in self.versions(model)]
            raise NotFound(
                f"{model} has no version {number} in the registry at {self.connection.shown}", _listing(numbers)
            ) from None

    def ready(self, model: str, number: int) -> Version:
        """One version, whose artifact is complete. Raises NotReady where it is still uploading or has failed."""
        version = self.version(model, number)
        if not version.ready:
            said = f": {version.status_message}" if version.status_message else ""
            raise NotReady(
                f"{version} is not ready ({version.status}){said}",
                "wait until its upload is complete, or register the model again",
            )
        return version

    def aliases(self, model: str) -> Mapping[str, int]:
        """Where each of a model's aliases points."""
        try:
            return self.connection.ask(lambda client: _aliases(client.get_registered_model(model)))
        except NotFound:
            close = get_close_matches(model, self.models(), n=3, cutoff=0.6)
            raise NotFound(
                f"no model {model!r} in the registry at {self.connection.shown}",
                f"did you mean {' or '.join(close)}?" if close else "check the name; nothing there is called like it",
            ) from None

    def run(self, run_id: str) -> Run:
        """A training run."""
        try:
            return self.connection.ask(lambda client: _run(client.get_run(run_id), self._page))
        except NotFound:
            raise NotFound(
                f"no run {run_id} in the registry at {self.connection.shown}",
                "it was deleted, or belongs to another server; register the model from a run that is kept",
            ) from None

    def _page(self, info: Any) -> str:
        """The run's page in MLflow's UI; a database has none."""
        if not self.uri.startswith(("http://", "https://")):
            return ""
        return f"{self.connection.shown.rstrip('/')}/#/experiments/{info.experiment_id}/runs/{info.run_id}"


def _aliases(raw: Any) -> Mapping[str, int]:
    return {alias: int(number) for alias, number in sorted(raw.aliases.items())}


def _version(raw: Any, aliases: Sequence[str] | None = None) -> Version:
    return Version(
        model=raw.name,
        number=int(raw.version),
        status=str(raw.status),
        source=raw.source or "",
        created=_time(raw.creation_timestamp),
        run_id=raw.run_id or None,
        tags=dict(raw.tags),
        aliases=tuple(sorted(raw.aliases if aliases is None else aliases)),
        stage=raw.current_stage or "None",
        description=raw.description or "",
        registered_by=raw.user_id or None,
        status_message=raw.status_message or "",
    )


def _run(raw: Any, page: Callable[[Any], str]) -> Run:
    return Run(
        id=raw.info.run_id,
        experiment=raw.info.experiment_id,
        user=raw.info.user_id or "",
        started=_time(raw.info.start_time) if raw.info.start_time else None,
        # A database holds infinity as the largest double; not-a-number compares as false.
        metrics={name: value for name, value in raw.data.metrics.items() if abs(value) < sys.float_info.max},
        params=dict(raw.data.params),
        tags=dict(raw.data.tags),
        artifacts=raw.info.artifact_uri or "",
        link=page(raw.info),
    )


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _quoted(name: str) -> str:
    """A name as MLflow's filter language writes it; it has no escapes, but two kinds of quotes."""
    quote = '"' if "'" in name else "'"
    if quote in name:
        raise NotFound(f"no model {name!r}: a name with both kinds of quotes cannot be asked for", "rename the model")
    return f"{quote}{name}{quote}"


def _listing(numbers: Sequence[int]) -> str:
    if not numbers:
        return "it has no versions yet; register one first"
    shown = ", ".join(map(str, numbers[-10:]))
    return f"it has {'… ' if len(numbers) > 10 else ''}{shown}"
