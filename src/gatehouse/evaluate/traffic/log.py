"""Reads the folders of one kind of log, strictly: what is not as columns.py says is refused, never guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.traffic.columns import GROUP, Column, Kind

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Log:
    """One kind's files. ``skipped`` are those that a crash cut off; ``groups`` the names of the group columns of any
    file, without their prefix."""

    kind: Kind
    files: tuple[Path, ...]
    skipped: tuple[str, ...]
    groups: tuple[str, ...]

    def dataset(self) -> ds.Dataset:
        """The rows of all files; a group column that a file lacks is null there."""
        import pyarrow.dataset as ds

        schema = self.kind.schema(self.groups)
        if not self.files:
            return ds.dataset(schema.empty_table())
        return ds.dataset([str(file) for file in self.files], schema=schema, format="parquet")


def read(folder: Path, kind: Kind, model: str) -> Log:
    """The log of one kind below a model's folder; without files where there is no such folder.

    Only footers are read. Raises GatehouseError for a file that is whole and not of this kind and model.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    files, skipped, groups = [], [], set()
    for path in _found(folder / kind.name):
        name = f"{kind.name}/{path.relative_to(folder / kind.name).as_posix()}"
        try:
            file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError):
            skipped.append(name)
            continue
        with file:
            groups |= _checked(file, name, kind)
            _filled(file, name, kind)
            _of_model(file, name, kind, model)
        files.append(path)
    return Log(kind, tuple(files), tuple(skipped), tuple(sorted(groups)))


def _found(folder: Path) -> Iterator[Path]:
    """Whole files in a fixed order. A name that starts with a dot is still being written."""
    for path in sorted(folder.rglob("*.parquet")):
        if path.is_symlink():
            raise GatehouseError(f"{folder.name}/{path.name} is a link", "keep the file itself in the folder")
        if path.is_file() and not path.name.startswith("."):
            yield path


def _checked(file: pq.ParquetFile, name: str, kind: Kind) -> set[str]:
    """The group columns' names. Raises GatehouseError for a column that is missing, unknown or of another type."""
    found = {field.name: field.type for field in file.schema_arrow}
    if len(found) != len(file.schema_arrow):
        raise _wrong(name, "names a column twice", kind)
    groups = {column for column in found if kind.groups and column.startswith(GROUP) and column != GROUP}
    wanted = {field.name: field.type for field in kind.schema(column.removeprefix(GROUP) for column in groups)}
    for column, type_ in wanted.items():
        if column not in found:
            raise _wrong(name, f"has no column {column!r}", kind)
        if _plain(found[column]) != _plain(type_):
            raise _wrong(name, f"column {column!r} is {found[column]}, not {type_}", kind)
    for column in found:
        if column not in wanted:
            near = get_close_matches(column, wanted, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise _wrong(name, f"has an unknown column {column!r}{meant}", kind)
    return {column.removeprefix(GROUP) for column in groups}


def _plain(type_: pa.DataType) -> str:
    """A type's name, whatever the encoding and the name that a writer gives to a list's items."""
    import pyarrow as pa

    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return f"list of {_plain(type_.value_type)}"
    return "string" if pa.types.is_large_string(type_) else str(type_)


def _filled(file: pq.ParquetFile, name: str, kind: Kind) -> None:
    """Raises GatehouseError for a missing value where every row has one."""
    for column in kind.columns:
        if not column.nullable and _nulls(file, column):
            raise _wrong(name, f"column {column.name!r} lacks values", kind)


def _nulls(file: pq.ParquetFile, column: Column) -> int:
    found = [
        part.null_count if part is not None and part.has_null_count else None for part in _stats(file, column.name)
    ]
    if None not in found:
        return sum(found)  # type: ignore[arg-type] # just looked
    return int(file.read([column.name]).column(0).null_count)


def _of_model(file: pq.ParquetFile, name: str, kind: Kind, model: str) -> None:
    """Raises GatehouseError for a row of another model: its versions have other digests, and other meanings."""
    import pyarrow.compute as pc

    if "model" not in {column.name for column in kind.columns} or not file.metadata.num_rows:
        return
    parts = list(_stats(file, "model"))
    if all(part is not None and part.has_min_max for part in parts):
        found = {str(end) for part in parts for end in (part.min, part.max)}
    else:
        found = {str(value) for value in pc.unique(file.read(["model"]).column(0)).to_pylist()}
    others = sorted(found - {model})
    if others:
        raise GatehouseError(
            f"{name} holds rows of {others[0]!r}, in the folder of {model!r}", "keep each model's log in its own folder"
        )


def _stats(file: pq.ParquetFile, column: str) -> Iterator[Any]:
    """The column's statistics in every row group, None where a writer left them out."""
    paths = [file.metadata.schema.column(index).path.partition(".")[0] for index in range(file.metadata.num_columns)]
    place = paths.index(column)
    for group in range(file.metadata.num_row_groups):
        yield file.metadata.row_group(group).column(place).statistics


def _wrong(name: str, what: str, kind: Kind) -> GatehouseError:
    return GatehouseError(f"{name}: {what}", f"write it with gatehouse's schema of {kind.name}, see docs/traffic.md")
