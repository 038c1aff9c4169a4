"""Where a policy's tables come from: what may stand behind ``engine:`` and in ``data:``, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gatehouse.declare.fault import Complaint, Keys, meant, quoted
from gatehouse.declare.types import WHERES, Where

# By scheme: how an engine is written, and an example of it. A relative file starts at the repository's root.
_ENGINES = {
    "duckdb": (r"duckdb:///.+", "duckdb:///data/warehouse.db"),
    "local": (r"local(\[(\*|[1-9][0-9]*)\])?", "local[2]"),
    "postgresql": (r"postgresql://.*", "postgresql://db.example.com/warehouse"),
    "spark": (r"spark://[^/]+:[0-9]+", "spark://master.example.com:7077"),
    "sqlite": (r"sqlite:///.+", "sqlite:///data/warehouse.sqlite"),
}
_SPARK = ("local", "spark")
# What fetch itself can read; a Spark cluster reads whatever it is set up for.
WEB = ("http", "https")
URLS = ("file", "gs", *WEB, "s3")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")
# Of a URL's query: what opens a door by itself. Credentials belong where fetch runs, not into a file that all can read.
_SECRETS = frozenset({
    "access_token", "password", "secret", "secret_key", "sig", "signature", "sslpassword", "token", "x-amz-credential",
    "x-amz-signature", "x-goog-signature",
})  # fmt: skip
# As SQL takes it: each part a word, or whatever is in quotes.
_NAME = re.compile(r"""(?:[^\W\d][\w$]*|"[^"]+"|`[^`]+`)(?:\.(?:[^\W\d][\w$]*|"[^"]+"|`[^`]+`)){0,3}""")
_COMMENT = re.compile(r"\s+|--[^\n]*(\n|\Z)|/\*.*?\*/", re.DOTALL)
_READS = re.compile(r"\(|(select|with|from|values|table)\b", re.IGNORECASE)


def scheme(text: str) -> str:
    """``s3`` of ``s3://bucket/table.parquet``, in lower case; empty for a path."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else ""


def is_spark(engine: str) -> bool:
    """Whether a policy's engine is a Spark master: ``local``, ``local[2]``, ``spark://host:port``."""
    return _word(engine) in _SPARK


def is_database(engine: str) -> bool:
    """Whether a policy's engine is a database, which fetch takes snapshots of."""
    return bool(engine) and not is_spark(engine)


def passed_through(engine: str, where: Where) -> bool:
    """Whether fetch leaves a table where it is, for a Spark cluster to read: its tables, its queries, and URLs.

    Files on this machine are fetched whatever the engine, and so is the web, which Spark does not read.
    """
    return is_spark(engine) and (where.kind != "path" or scheme(where.text) not in ("", "file", *WEB))


def complaints(value: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with ``engine`` and with where the tables are; the value has passed its schema."""
    engine = value.get("engine", "")
    if "engine" in value:
        yield from _engine(engine)
    for kind, table in value.get("data", {}).items():
        if kind == "traffic":
            yield from _logs(table["path"])
        else:
            yield from _where(("data", kind), table, engine)


def _logs(path: str) -> Iterator[Complaint]:
    if scheme(path):
        said = f"the logs of live traffic are not read from `{scheme(path)}://`"
        yield Complaint(("data", "traffic", "path"), said, "name a folder, and copy them there before a check")


def _engine(engine: str) -> Iterator[Complaint]:
    word = _word(engine)
    if word not in _ENGINES:
        yield Complaint(("engine",), f"there is no engine `{word}`", meant(word, _ENGINES))
        return
    written, example = _ENGINES[word]
    if re.fullmatch(written, engine, re.DOTALL) is None:
        yield Complaint(("engine",), f"{quoted(engine)} is not written as it must be", f"write it like {example}")
    elif _secret(engine):
        fix = "take it out; give PGPASSWORD, or a PGPASSFILE, where fetch runs"
        yield Complaint(("engine",), "a password stands in a file that everybody reads", fix)


def _where(keys: Keys, table: Mapping[str, Any], engine: str) -> Iterator[Complaint]:
    named = [kind for kind in WHERES if kind in table]
    if len(named) > 1:
        said = f"is named by {' and '.join(f'`{kind}`' for kind in named)} together"
        yield Complaint((*keys, named[-1]), said, "keep one of them")
    elif named == ["path"]:
        yield from _path((*keys, "path"), table["path"], engine)
    elif named == ["table"] and not _NAME.fullmatch(table["table"]):
        yield Complaint(
            (*keys, "table"), f"{quoted(table['table'])} is no table's name", "write it like risk.evaluation"
        )
    elif named == ["table"] and not engine:
        fix = f"add `engine: {_ENGINES['duckdb'][1]}`, or another engine that has the table"
        yield Complaint((*keys, "table"), "no engine says where this table is", fix)
    elif named == ["query"] and not _READS.match(_bare(table["query"])):
        yield Complaint((*keys, "query"), "is no query: it must only read", "write a SELECT")


def _path(keys: Keys, path: str, engine: str) -> Iterator[Complaint]:
    kind = scheme(path)
    if kind and kind not in URLS and not is_spark(engine):
        yield Complaint(keys, f"no table is read from `{kind}://`", meant(kind, URLS))
    elif kind and _secret(path):
        fix = "take it out; credentials come from the environment where fetch runs"
        yield Complaint(keys, "a secret stands in a file that everybody reads", fix)


def _word(engine: str) -> str:
    return re.split(r"[:\[/]", engine, maxsplit=1)[0].lower()


def _secret(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.password is not None or any(key.lower() in _SECRETS for key, _ in parse_qsl(parts.query))


def _bare(query: str) -> str:
    """The query from its first word on."""
    at = 0
    while (skipped := _COMMENT.match(query, at)) is not None:
        at = skipped.end()
    return query[at:]
