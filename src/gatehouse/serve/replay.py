"""The routing decision as SQL for DuckDB: who should have answered each row of an exposure log, without this code.

SELECT arm, count(*) FROM 'traffic/credit-risk/exposures/*.parquet'
WHERE unit IS NOT NULL AND arm <> CASE … END GROUP BY arm
"""

from __future__ import annotations

from gatehouse.serve.arms import Split
from gatehouse.serve.bucket import Share


def place(salt: str, unit: str = "unit") -> str:
    """SQL for the place of a column of units on the line of a salt, as bucket.place counts it."""
    quoted = salt.replace("'", "''")
    return f"('0x' || left(sha256('{quoted}' || chr(0) || {unit}), 16))::UBIGINT"


def arm(split: Split, unit: str = "unit") -> str:
    """SQL for the arm that a route gives a column of units; null for a null, which was decided by chance."""
    challenger, canary = _takes(split.challenger, unit), _takes(split.canary, unit)
    return (
        f"CASE WHEN {unit} IS NULL THEN NULL WHEN {challenger} THEN 'challenger' "
        f"WHEN {canary} THEN 'canary' ELSE 'champion' END"
    )


def _takes(share: Share, unit: str) -> str:
    return f"{place(share.salt, unit)} < {share.limit}" if share.limit else "false"
