"""The embedded engine: Parquet, CSV and Arrow files, or folders of them, streamed by pyarrow on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError, NotFound

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

# Rows a batch: large enough for numpy to be quick, small enough that thirty columns of it stay near 15 MB.
BATCH_ROWS = 65_536
_FORMATS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".arrow": "ipc", ".feather": "ipc"}


class EmbeddedTable:
    """A table behind a path on this machine."""

    def __init__(self, path: str, dataset: ds.Dataset) -> None:
        self._path = path
        self._dataset = dataset

    @property
    def schema(self) -> pa.Schema:
        return self._dataset.schema

    def count(self) -> int:
        return int(self._dataset.count_rows())

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        try:
            for batch in self._dataset.to_batches(
                columns=None if columns is None else list(columns), batch_size=BATCH_ROWS
            ):
                if batch.num_rows:
                    yield batch
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(self._path, error) from error


class Embedded:
    """The engine that needs no server."""

    name = "embedded"

    def open(self, path: str, named: str = "") -> EmbeddedTable:
        import pyarrow as pa
        import pyarrow.dataset as ds

        named = named or path
        files = _files(Path(path), named)
        kinds = {_FORMATS[file.suffix] for file in files}
        if len(kinds) != 1:
            raise GatehouseError(
                f"{named}: holds {' and '.join(sorted(kinds))} files together", "keep one format in a folder"
            )
        try:
            dataset = ds.dataset([str(file) for file in files], format=kinds.pop())
            empty = dataset.head(1).num_rows == 0
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(named, error) from error
        if empty:
            raise GatehouseError(f"{named}: has no rows", "write the table again, with data in it")
        return EmbeddedTable(named, dataset)


def _files(path: Path, named: str) -> list[Path]:
    if not path.exists():
        raise NotFound(
            f"{named}: no such file or folder", "check `data:` in policy.yaml; paths start at the repository's root"
        )
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in _FORMATS)
    if not files or files[0].suffix not in _FORMATS:
        raise GatehouseError(f"{named}: not a table that can be read", f"use one of {', '.join(sorted(_FORMATS))}")
    return files


def _unreadable(path: str, error: Exception) -> GatehouseError:
    return GatehouseError(f"{path}: cannot be read: {str(error).splitlines()[0]}", "write the table again")
