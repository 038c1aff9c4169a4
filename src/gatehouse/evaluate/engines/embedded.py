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
FORMATS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".arrow": "ipc", ".feather": "ipc"}


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
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self._path, error) from error


class Embedded:
    """The engine that needs no server."""

    name = "embedded"

    def open(self, path: str, named: str = "") -> EmbeddedTable:
        import pyarrow as pa
        import pyarrow.dataset as ds

        named = named or path
        files = _files(Path(path), named)
        kinds = {FORMATS[file.suffix] for file in files}
        if len(kinds) != 1:
            raise GatehouseError(
                f"{named}: holds {' and '.join(sorted(kinds))} files together", "keep one format in a folder"
            )
        if not any(file.stat().st_size for file in files):
            raise _empty(named)
        try:
            dataset = ds.dataset([str(file) for file in files], format=_format(kinds.pop()))
            empty = dataset.head(1).num_rows == 0
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(named, error) from error
        if empty:
            raise _empty(named)
        return EmbeddedTable(named, dataset)


def _format(kind: str) -> ds.FileFormat | str:
    """Empty text in a CSV is a missing value, as pandas reads it: what the model saw in training it sees here."""
    import pyarrow.csv as csv
    import pyarrow.dataset as ds

    if kind != "csv":
        return kind
    return ds.CsvFileFormat(convert_options=csv.ConvertOptions(strings_can_be_null=True))


def _files(path: Path, named: str) -> list[Path]:
    if not path.exists():
        raise NotFound(
            f"{named}: no such file or folder", "check `data:` in policy.yaml; paths start at the repository's root"
        )
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in FORMATS)
    if not files or files[0].suffix not in FORMATS:
        raise GatehouseError(f"{named}: not a table that can be read", f"use one of {', '.join(sorted(FORMATS))}")
    return files


def _empty(named: str) -> GatehouseError:
    return GatehouseError(f"{named}: has no rows", "write the table again, with data in it")


def _unreadable(named: str, error: Exception) -> GatehouseError:
    """Without Arrow's names for the file, which are those of a copy that the reader has never seen."""
    # ``Could not read schema from '/x'. Is this a 'parquet' file?: Could not open … '/x': Invalid: <why>``
    why = str(error).splitlines()[0].rpartition("': ")[2]
    return GatehouseError(f"{named}: cannot be read: {why}", "write the table again")
