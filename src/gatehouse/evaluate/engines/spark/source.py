"""Where a Spark table comes from, and in which order its rows stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gatehouse.declare.tables import scheme
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.engines.embedded import FORMATS, Embedded
from gatehouse.evaluate.engines.spark import contents
from gatehouse.evaluate.engines.spark.parts import FILE, START
from gatehouse.evaluate.table import Kind

if TYPE_CHECKING:
    import pyarrow as pa


def frame(spark: Any, place: str, named: str, kind: Kind) -> Any:
    """The rows of a path or URL, a table of the catalog, or a query. Raises GatehouseError for what is not read."""
    if kind == "table":
        return spark.table(place)
    if kind == "query":
        return spark.sql(place)
    if scheme(place):
        names = [path for _, path in contents.listed(spark, place, named)]
        return _read(spark, place, _format(names or [urlsplit(place).path], named))
    # What the embedded engine refuses is refused here, in the same words; and CSV has the types that it finds.
    table = Embedded().open(place, named)
    path = Path(place).resolve()
    names = [path.name] if path.is_file() else [file.name for file in path.rglob("*")]
    # Not as_uri(): to Spark, a percent sign in a path is a percent sign.
    return _read(spark, f"file://{path}", _format(names, named), table.schema)


def _read(spark: Any, url: str, kind: str, schema: pa.Schema | None = None) -> Any:
    # A folder is its files, as it is to the embedded engine, whatever its folders are called.
    reader = spark.read.option("recursiveFileLookup", "true").option("pathGlobFilter", _GLOBS[kind])
    if kind == "parquet":
        return reader.parquet(url)
    if schema is None:
        return reader.csv(url, header=True, inferSchema=True)
    from pyspark.sql.pandas.types import from_arrow_schema

    return reader.csv(url, header=True, schema=from_arrow_schema(schema), enforceSchema=False)


_GLOBS = {"parquet": "*.{parquet,pq}", "csv": "*.csv"}


def _format(names: list[str], named: str) -> str:
    kinds = {FORMATS[suffix] for name in names if (suffix := Path(name).suffix) in FORMATS}
    if len(kinds) != 1 or not kinds <= set(_GLOBS):
        found = " and ".join(sorted(kinds)) or "no files of a kind that is read"
        raise GatehouseError(f"{named}: holds {found}", "on Spark, give a file or a folder of Parquet or CSV")
    return kinds.pop()


def keyed(given: Any) -> Any:
    """The frame with the two columns that say where in the table a row stands; where rows come from no file, the
    partition stands for it."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions

    names = [quoted(name) for name in given.columns]
    try:
        file, start = functions.col("_metadata.file_path"), functions.col("_metadata.file_block_start")
        return given.select(file.alias(FILE), start.alias(START), *names)
    except AnalysisException:
        part = functions.spark_partition_id().cast("long")
        return given.select(functions.lit("").alias(FILE), part.alias(START), *names)


def arrow_schema(given: Any) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(given.schema, timezone="UTC")


def quoted(name: str) -> str:
    """A column's name as Spark reads names: a dot in it is a dot."""
    return "`" + name.replace("`", "``") + "`"
