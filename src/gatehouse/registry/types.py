"""What the registry says of a version and of the run that trained it, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from gatehouse.errors import GatehouseError

READY = "READY"


class Version(msgspec.Struct, frozen=True):
    """One registered version of a model.

    ``status`` is the registry's (``READY``, ``PENDING_REGISTRATION``, ``FAILED_REGISTRATION``); ``stage`` is MLflow's
    old one (``None``, ``Staging``, ``Production``, ``Archived``), not gatehouse's; ``source`` is where its artifact was
    registered from; ``registered_by`` is set only where the registry knows its users.
    """

    model: str
    number: int
    status: str
    source: str
    created: datetime
    run_id: str | None = None
    tags: Mapping[str, str] = {}
    aliases: tuple[str, ...] = ()
    stage: str = "None"
    description: str = ""
    registered_by: str | None = None
    status_message: str = ""

    @property
    def ready(self) -> bool:
        return self.status == READY

    def __str__(self) -> str:
        return f"{self.model} version {self.number}"


class Run(msgspec.Struct, frozen=True):
    """The training run behind a version.

    ``metrics`` holds each metric's last value; values that are not finite are left out, since they measured nothing.
    ``artifacts`` is the address of the run's artifact folder; ``link`` is its page ("" where the registry has none).
    """

    id: str
    experiment: str
    user: str
    started: datetime | None
    metrics: Mapping[str, float] = {}
    params: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}
    artifacts: str = ""
    link: str = ""

    @property
    def trained_by(self) -> tuple[str, ...]:
        """Everyone that the run names as its trainer, the account that started it first; often one, perhaps none.

        The tag ``mlflow.user`` can be edited by anybody later, so it adds a name and never takes one away.
        """
        names = (self.user, self.tags.get("mlflow.user", ""))
        return tuple(dict.fromkeys(name for name in names if name))


class NotReady(GatehouseError):
    """The version is registered, but its artifact is not: still uploading, or failed."""


class AliasMoved(GatehouseError):
    """An alias is not where it was read: somebody moved it in between. Nothing was changed."""
