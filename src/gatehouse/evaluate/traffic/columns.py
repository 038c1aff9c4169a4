"""The logs of live traffic, column by column: what the router writes and the gates read. docs/traffic.md is made of it.

Every log is a folder of Parquet files, ``<root>/<model>/<kind>/``, written as ``.<name>.tmp`` and renamed when it is
whole; a kind's columns are fixed, and a reader refuses any other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# A group of a shadowed request is a column of this name: ``group.region``.
GROUP = "group."
# What ``shadow_error`` says where the bounded queue was full and the shadow was never asked.
DROPPED = "dropped"
TIME = "timestamp[us, tz=UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``type`` is Arrow's name for its type; one that is not ``nullable`` has a value in every row."""

    name: str
    type: str
    doc: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of log. ``groups`` allows further columns of text called ``group.<name>``, null where unknown."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    groups: bool = False

    def schema(self, groups: Iterable[str] = ()) -> pa.Schema:
        """What a writer writes; ``groups`` are names without their prefix."""
        import pyarrow as pa

        fields = [pa.field(column.name, _type(column.type), column.nullable) for column in self.columns]
        return pa.schema([*fields, *(pa.field(f"{GROUP}{name}", pa.string()) for name in groups)])


_PREDICTION = (
    "The answer as numbers: one (the score of the positive class, or the number of a regression), or one probability a "
    "class in the model's order of classes"
)
_HASH = Column("features_hash", "string", "A hash of the features, the same for the same features.", nullable=True)
_REQUEST = Column("request_id", "string", "Names the request; a retry repeats it, and counts once, the earliest.")
_SEGMENT = Column("segment", "string", "The segment whose promotion file pins these versions; null for none.", True)

EXPOSURES = Kind(
    "exposures",
    "One row a request that was answered to a caller, by whichever arm.",
    (
        _REQUEST,
        Column("time", TIME, "When the request arrived."),
        Column(
            "unit", "string", "What is assigned to an arm, such as a user id; null where the request had none.", True
        ),
        Column("experiment", "string", "The experiment that the unit is enrolled in, in every arm of it.", True),
        Column("arm", "string", "`champion`, `canary` or `challenger`."),
        Column("share", "double", "The share of the experiment's units that this arm was to get then, 0 to 1.", True),
        Column("model", "string", "The registered model; every row of a folder has that of the folder."),
        Column("version", "int64", "The version that answered."),
        Column("digest", "string", "The digest that was verified when it was loaded, `sha256:` and 64 hex digits."),
        _SEGMENT,
        Column("prediction", "list<double>", f"{_PREDICTION}; null where the request failed.", True),
        Column("latency_ms", "double", "From the request's arrival to the answer's departure, in milliseconds."),
        Column("status", "int32", "The HTTP status of the answer."),
        Column("error", "string", "What went wrong, in few words; null where nothing did.", True),
        _HASH,
    ),
)

SHADOW = Kind(
    "shadow",
    "One row a request that was also given to the shadow, beside what the champion had answered.",
    (
        _REQUEST,
        Column("time", TIME, "When the request arrived."),
        Column("model", "string", "The registered model; every row of a folder has that of the folder."),
        _SEGMENT,
        Column("champion_version", "int64", "The version that answered the caller."),
        Column("champion_digest", "string", "Its digest."),
        Column("champion_prediction", "list<double>", f"{_PREDICTION}; null where the champion failed.", True),
        Column("champion_latency_ms", "double", "How long the champion's process took, in milliseconds."),
        Column("shadow_version", "int64", "The version in the shadow."),
        Column("shadow_digest", "string", "Its digest."),
        Column(
            "shadow_prediction", "list<double>", "The shadow's answer in the same form; null where it failed.", True
        ),
        Column("shadow_latency_ms", "double", "How long the shadow's process took; null where it was not asked.", True),
        Column(
            "shadow_error",
            "string",
            f"What went wrong, in few words; `{DROPPED}` where the queue was full and it was not asked.",
            True,
        ),
        _HASH,
    ),
    groups=True,
)

OUTCOMES = Kind(
    "outcomes",
    "One row an observation of what became of a request. Of several the latest before the cut-off counts; two that "
    "differ and were observed at the same time count as none.",
    (
        Column("request_id", "string", "The request, as in exposures and shadow."),
        Column("label", "double", "What became of it: a number; a class is its position in the model's order, 0 or 1."),
        Column("observed", TIME, "When it was observed, which may be long after the request."),
    ),
)

KINDS = (EXPOSURES, SHADOW, OUTCOMES)


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    if name == TIME:
        return pa.timestamp("us", "UTC")
    return pa.list_(pa.float64()) if name == "list<double>" else pa.type_for_alias(name)


def markdown() -> str:
    """docs/traffic.md."""
    parts = [_HEAD]
    for kind in KINDS:
        parts += [
            f"## {kind.name}\n",
            f"{kind.doc}\n",
            "| column | type | null | meaning |",
            "| --- | --- | --- | --- |",
        ]
        parts += [
            f"| `{one.name}` | `{one.type}` | {'yes' if one.nullable else ''} | {one.doc} |" for one in kind.columns
        ]
        if kind.groups:
            parts.append(f"| `{GROUP}<name>` | `string` | yes | Optional: a group that the request belongs to. |")
        parts.append("")
    return "\n".join(parts)


_HEAD = """# Logs of live traffic

What the router writes, and what the gates `shadow` and `challenger` judge by. This page is made from
`gatehouse.evaluate.traffic.columns`, and a test keeps it so:
`python -m gatehouse.evaluate.traffic.columns > docs/traffic.md`.

```
<root>/<model>/exposures/*.parquet
<root>/<model>/shadow/*.parquet
<root>/<model>/outcomes/*.parquet
```

`<root>` is `data.traffic.path` in a model's policy. A file is written under a name that starts with a dot and renamed
to `*.parquet` when it is whole, so that what can be seen can be read, by DuckDB too:
`SELECT * FROM 'traffic/credit-risk/shadow/*.parquet'`. A file that a crash cut off is skipped, counted and named in the
report. Anything else that is not as written here (a column missing, unknown or of another type, a time without a zone,
a row of another model) is an error with the file's name. Times are in UTC; a row from the future does not count.
Writers take the schema from `EXPOSURES.schema()` and its like.
"""

if __name__ == "__main__":
    sys.stdout.write(markdown())
