"""The embedded engine: Parquet, CSV and Arrow files, or folders of them, streamed by pyarrow on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.table import Kind, Streamed, Table

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

    from gatehouse.evaluate.scored import Question, Scored

# Rows a batch: large enough for numpy to be quick, small enough that thirty columns of it stay near 15 MB.
BATCH_ROWS = 65_536
# Enough to keep one reader busy while the kernels count; Arrow's own guess holds a whole table of batches in memory.
_AHEAD = {"batch_readahead": 2, "fragment_readahead": 1}
FORMATS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".arrow": "ipc", ".feather": "ipc"}


class EmbeddedTable(Streamed):
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
                columns=None if columns is None else list(columns), batch_size=BATCH_ROWS, **_AHEAD
            ):
                if batch.num_rows:
                    yield batch
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self._path, error) from error


class Embedded:
    """The engine that needs no server."""

    name = "embedded"
    isolation = None

    def open(self, place: str, named: str = "", kind: Kind = "path") -> EmbeddedTable:
        import pyarrow as pa
        import pyarrow.dataset as ds

        named = named or place
        files = _files(_path(place, named, kind), named)
        kinds = {FORMATS[file.suffix] for file in files}
        if len(kinds) != 1:
            raise GatehouseError(
                f"{named}: holds {' and '.join(sorted(kinds))} files together", "keep one format in a folder"
            )
        if not any(file.stat().st_size for file in files):
            raise _empty(named)
        try:
            dataset = ds.dataset([str(file) for file in files], format=_format(kinds.pop()))
            empty = _is_empty(dataset)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(named, error) from error
        if empty:
            raise _empty(named)
        return EmbeddedTable(named, dataset)

    def digest(self, place: str, named: str = "", kind: Kind = "path") -> str:
        from gatehouse.registry.digest import file_digest

        return file_digest(_path(place, named or place, kind))

    def score(self, table: Table, question: Question) -> Scored:
        from gatehouse.evaluate.scored import scored

        return scored(table, question)

    def close(self) -> None:
        """Nothing is held."""


def _path(place: str, named: str, kind: Kind) -> Path:
    """Queries and named tables become files when they are fetched; here they have none."""
    if kind != "path":
        raise GatehouseError(f"{named}: only files are read here", "name an engine that has the table, or a path")
    return Path(place)


def _is_empty(dataset: ds.Dataset) -> bool:
    """By the footers of Parquet files; of others, the first batch has to be read."""
    if dataset.format.default_extname == "parquet":
        return int(dataset.count_rows()) == 0
    return not any(batch.num_rows for batch in dataset.to_batches(**_AHEAD))


def _format(kind: str) -> ds.FileFormat | str:
    """Empty text in a CSV is a missing value, as pandas reads it: what the model saw in training it sees here.

    Parquet is read a column chunk at a time: buffering ahead would hold a row group twice.
    """
    import pyarrow.csv as csv
    import pyarrow.dataset as ds

    if kind == "parquet":
        return ds.ParquetFileFormat(default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=False))
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
