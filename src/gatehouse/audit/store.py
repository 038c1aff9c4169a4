"""Where records are kept: a store only ever appends. Another kind of store is one more module and one line here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Protocol

from gatehouse.audit.chain import Link
from gatehouse.audit.record import Record
from gatehouse.errors import GatehouseError

# URL scheme -> the module with ``connect(url, root) -> Store``
SCHEMES = {"sqlite": "gatehouse.audit.sqlite"}
_ATTEMPTS = 100


class Moved(GatehouseError):
    """Somebody else appended first; nothing was written."""


class Store(Protocol):
    """An append-only chain of records. Every method raises Unreachable when the store cannot be opened."""

    def head(self) -> str:
        """The hash of the last link; ``chain.GENESIS`` when there is none."""
        ...

    def append(self, record: Record, expect: str) -> Link:
        """Adds a record after the head ``expect``, or returns the link that already carries its key.

        Raises Moved when the head is another one and the key is new.
        """
        ...

    def read(self, model: str | None = None) -> Iterator[Link]:
        """The links, oldest first; with ``model`` only those about it (such a part does not verify by itself)."""
        ...


def open_store(url: str, root: Path) -> Store:
    """The store behind a URL such as ``sqlite:///audit.db``; relative paths start at ``root``.

    Raises GatehouseError for a scheme that nobody serves.
    """
    scheme = url.partition(":")[0]
    if scheme not in SCHEMES:
        raise GatehouseError(
            f"promotions/stages.yaml: audit: no audit store for {url!r}",
            f"use one of: {', '.join(f'{name}:///…' for name in SCHEMES)}",
        )
    store: Store = import_module(SCHEMES[scheme]).connect(url, root)
    return store


def record_all(store: Store, records: Iterable[Record]) -> list[Link]:
    """Appends the records in their order, however many writers there are; each key at most once."""
    return [_append(store, record) for record in records]


def _append(store: Store, record: Record) -> Link:
    for _ in range(_ATTEMPTS):
        try:
            return store.append(record, store.head())
        except Moved:
            continue
    raise Moved(f"the audit store changed under us {_ATTEMPTS} times", "run it again when fewer syncs are running")
