"""Writing to the registry: aliases, tags, and MLflow's old stages. Only sync uses it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.registry._connection import Connection
from gatehouse.registry.reader import RegistryReader
from gatehouse.registry.types import AliasMoved


class RegistryWriter:
    """Changes one MLflow registry. Each method reads first and writes only what differs, so repeating one is safe.

    Raises NotFound for a model or version that is not there, Unreachable when nothing answers (a write may then have
    happened or not: repeat it), and GatehouseError when the registry refuses.
    """

    def __init__(self, uri: str) -> None:
        self._reader = RegistryReader(uri)

    @property
    def _connection(self) -> Connection:
        return self._reader.connection

    def set_alias(self, model: str, alias: str, number: int, *, expect: int | None) -> None:
        """Points an alias at a version, if it still points where it was read (``expect``; None: it did not exist).

        Raises AliasMoved otherwise; an alias that already points at ``number`` is left as it is. MLflow has no atomic
        compare-and-swap: a writer that strikes in the milliseconds between the read and the write goes unnoticed here,
        and is found by the next sync.
        """
        if self._moved(model, alias, expect, goal=number):
            self._connection.ask(lambda client: client.set_registered_model_alias(model, alias, str(number)))

    def delete_alias(self, model: str, alias: str, *, expect: int) -> None:
        """Takes an alias away, if it still points where it was read; one that is gone already is no error."""
        if self._moved(model, alias, expect, goal=None):
            self._connection.ask(lambda client: client.delete_registered_model_alias(model, alias))

    def set_tags(self, model: str, number: int, tags: Mapping[str, str]) -> tuple[str, ...]:
        """Sets tags on a version; returns the keys that had to change."""
        now = self._reader.version(model, number).tags
        changed = tuple(key for key, value in tags.items() if now.get(key) != value)
        for key in changed:
            self._set_tag(model, number, key, tags[key])
        return changed

    def _set_tag(self, model: str, number: int, key: str, value: str) -> None:
        def write(client: Any) -> None:
            client.set_model_version_tag(model, str(number), key, value)

        try:
            self._connection.ask(write)
        except Unreachable:
            raise
        except GatehouseError:
            # MLflow inserts a tag where it saw none; when somebody else did so in between, its database refuses the
            # second insert. By now the tag is there, and writing it is an update.
            if self._reader.version(model, number).tags.get(key) != value:
                self._connection.ask(write)

    def transition_stage(self, model: str, number: int, stage: str) -> None:
        """Sets MLflow's old stage (``None``, ``Staging``, ``Production``, ``Archived``) for readers that still use it.

        Other versions are left in their stages: which of them are archived is the plan's to say.
        """
        if self._reader.version(model, number).stage == stage:
            return
        with warnings.catch_warnings():
            # MLflow deprecates stages; a stage map with `legacy_stages: true` asks for them all the same.
            warnings.filterwarnings("ignore", r".*transition_model_version_stage.*deprecated", FutureWarning)
            self._connection.ask(lambda client: client.transition_model_version_stage(model, str(number), stage))

    def _moved(self, model: str, alias: str, expect: int | None, goal: int | None) -> bool:
        """Whether the alias has to be changed to reach its goal. Raises AliasMoved when it is not where expected."""
        now = self._reader.aliases(model).get(alias)
        if now == goal:
            return False
        if now != expect:
            raise AliasMoved(
                f"alias {alias!r} of {model} points at {_place(now)}, not at {_place(expect)}, where it was read",
                "somebody moved it in the meantime; plan again with `gatehouse plan`, then sync",
            )
        return True


def _place(number: int | None) -> str:
    return "nothing" if number is None else f"version {number}"
