"""What a table contains that only Spark reads: one SHA-256 over its files, the same that a local copy would have.

Spark's workers hash the files where they are; the driver streams what Spark's readers pass over (``_SUCCESS``, names
with a leading dot) and files too large for a worker's memory.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.table import Kind

# Bytes of the largest file that a worker takes as one value.
_LARGEST = 256 << 20
_STREAMS = 8


def digest(spark: Any, place: str, named: str, kind: Kind) -> str:
    """``sha256:…``, as ``gatehouse.registry.digest.file_digest`` has it of the same file or folder.

    A catalog's table or a query is the files that its rows come from, by their names below the folder that they share.
    """
    if kind == "path":
        files = listed(spark, place, named)
        single = [url for url, path in files if not path]
        if single:
            return f"sha256:{_hashes(spark, single, single)[single[0]]}"
        roots = [place]
    else:
        files = _sources(spark.table(place) if kind == "table" else spark.sql(place), named)
        roots = [url for url, _ in files]
    hashes = _hashes(spark, roots, [url for url, _ in files])
    ordered = sorted(files, key=lambda file: file[1].encode())
    listing = "".join(f"{hashes[url]}  {path}\n" for url, path in ordered)
    return f"sha256:{hashlib.sha256(listing.encode()).hexdigest()}"


def listed(spark: Any, place: str, named: str) -> list[tuple[str, str]]:
    """Every file below a URL: its own URL, and its path below; "" where the place is the file itself."""
    system, path = _system(spark, place)
    if not system.exists(path):
        raise NotFound(f"{named}: no such file or folder", "check `data:` in policy.yaml")
    root = system.makeQualified(path)
    if system.getFileStatus(path).isFile():
        return [(root.toString(), "")]
    found, files = [], system.listFiles(path, True)
    above = len(root.toUri().getPath().rstrip("/")) + 1
    while files.hasNext():
        file = files.next().getPath()
        found.append((file.toString(), file.toUri().getPath()[above:]))
    if not found:
        raise GatehouseError(f"{named}: holds no files", "check the path")
    return found


def _sources(frame: Any, named: str) -> list[tuple[str, str]]:
    urls = sorted({unquote(url) for url in frame.inputFiles()})
    if not urls:
        raise GatehouseError(
            f"{named}: comes from no files, so nothing could tell later that it has changed",
            "write the rows to a folder of Parquet, and name that",
        )
    paths = [_place(url)[1] for url in urls]
    shared = paths[0].rpartition("/")[0]
    while not all(path.startswith(shared + "/") for path in paths):
        shared = shared.rpartition("/")[0]
    return [(url, path[len(shared) + 1 :]) for url, path in zip(urls, paths, strict=True)]


def _hashes(spark: Any, roots: list[str], urls: list[str]) -> dict[str, str]:
    """SHA-256 by URL, of files below ``roots``."""
    from pyspark.sql import functions

    small = functions.col("length") <= _LARGEST
    read = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(roots).where(small)
    rows = read.select("path", functions.sha2("content", 256).alias("sha256")).collect()
    found = {_place(row.path): row.sha256 for row in rows}
    rest = [url for url in urls if _place(url) not in found]
    with ThreadPoolExecutor(_STREAMS) as pool:
        found |= dict(zip(map(_place, rest), pool.map(lambda url: _streamed(spark, url), rest), strict=True))
    return {url: found[_place(url)] for url in urls}


def _place(url: str) -> tuple[str, str]:
    """What names the same file however many slashes the scheme is followed by, and however it is escaped."""
    scheme, _, rest = url.partition(":")
    host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
    return f"{scheme}://{host}", unquote(slash + path)


def _streamed(spark: Any, url: str) -> str:
    system, path = _system(spark, url)
    stream = system.open(path)
    try:
        return str(spark.sparkContext._jvm.org.apache.commons.codec.digest.DigestUtils.sha256Hex(stream))
    finally:
        stream.close()


def _system(spark: Any, url: str) -> tuple[Any, Any]:
    """The file system that a URL is on, and the path there. The local one is taken raw, or it hides checksum files."""
    path = spark.sparkContext._jvm.org.apache.hadoop.fs.Path(url)
    system = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    return (system.getRaw() if hasattr(system, "getRaw") and "LocalFileSystem" in system.toString() else system), path
