"""Each table has a room of its own in the material, whatever place it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from gatehouse.declare.tables import passed_through
from gatehouse.declare.types import Evaluation, Table, Where
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.evaluate.engines.database import GROUP_ROWS
from gatehouse.evaluate.placing import Placer, download
from tests.support.web import served


@dataclass
class Room:
    """A repository, an empty folder for the material, and what was said."""

    root: Path
    folder: Path
    said: list[str] = field(default_factory=list)

    def place(self, where: Where, engine: str = "", order: str | None = None) -> Path:
        """Where the table is in the material."""
        placer = Placer(self.root, self.folder, self.said.append)
        return self.folder / placer.place(engine, Evaluation(where, "y", id=order))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = Room(tmp_path / "repository", tmp_path / "material")
    (made.root / "data").mkdir(parents=True)
    (made.root / "data/t.csv").write_text("a\n1\n")
    for name, value in (("one", 1), ("two", 2)):
        with duckdb.connect(str(made.root / f"data/{name}.db")) as connection:
            connection.execute(f"CREATE TABLE t AS SELECT {value} AS a, 2 - range AS b FROM range(2)")
    return made


@pytest.mark.parametrize("host", ["", "localhost"])
def test_a_file_url_is_a_path(room: Room, host: str) -> None:
    place = room.place(Where(f"file://{host}{room.root}/data/t%2Ecsv"))
    assert place.name == "t.csv"
    assert place.read_text() == "a\n1\n"


def test_a_file_url_of_another_machine_is_not_taken_for_one_of_this(room: Room) -> None:
    with pytest.raises(GatehouseError, match="is on another machine"):
        room.place(Where(f"file://elsewhere{room.root}/data/t.csv"))


def test_a_file_url_of_nothing_is_told_as_it_is_written(room: Room) -> None:
    with pytest.raises(NotFound, match=r"^file:///none/t\.csv: no such table"):
        room.place(Where("file:///none/t.csv"))


def test_a_scheme_that_nobody_reads_is_told(room: Room) -> None:
    with pytest.raises(GatehouseError, match=r"^hdfs://n/t\.csv: no table is read from hdfs"):
        download("hdfs://n/t.csv", room.root, room.folder, room.said.append)


def test_a_web_address_is_fetched(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    with served() as site:
        site.bodies["/t.csv"] = b"a\n1\n"
        place = room.place(Where(f"{site.url}/t.csv?v=1"))
        again = room.place(Where(f"{site.url}/t.csv?v=1"))
        other = room.place(Where(f"{site.url}/t.csv?v=2"))
    assert place.read_bytes() == b"a\n1\n"
    assert place == again != other
    assert [path for path, _ in site.asked] == ["/t.csv?v=1", "/t.csv?v=2"]
    assert room.said == [f"fetching {site.url}/t.csv"] * 2


def test_a_large_download_tells_how_much_has_come(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setattr("gatehouse.evaluate.placing._BYTES", 3 << 20)
    with served() as site:
        site.bodies["/t.csv"] = b"x" * (7 << 20)
        room.place(Where(f"{site.url}/t.csv"))
    assert room.said[1:] == [f"fetching {site.url}/t.csv: {mb} MB so far" for mb in (3, 6)]


def test_a_long_snapshot_tells_how_many_rows_have_come(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.evaluate.placing._ROWS", 2 * GROUP_ROWS)
    for rows, told in ((2 * GROUP_ROWS - 1, []), (5 * GROUP_ROWS, [2 * GROUP_ROWS, 4 * GROUP_ROWS])):
        room.said.clear()
        where = Where(f"SELECT range AS a FROM range({rows})", "query")
        room.place(where)
        assert room.said == [
            f"fetching {where.named}",
            *(f"fetching {where.named}: {done:,} rows so far" for done in told),
        ]


def test_the_same_words_mean_another_table_in_another_database_or_order(room: Room) -> None:
    where = Where("t", "table")
    one = room.place(where, "duckdb:///data/one.db")
    two = room.place(where, "duckdb:///data/two.db")
    sorted_ = room.place(where, "duckdb:///data/one.db", "b")
    assert pq.read_table(one).to_pydict() == {"a": [1, 1], "b": [2, 1]}
    assert pq.read_table(two)["a"].to_pylist() == [2, 2]
    assert pq.read_table(sorted_)["b"].to_pylist() == [1, 2]
    assert room.place(where, "duckdb:///data/one.db") == one
    assert len({one, two, sorted_}) == 3


def test_production_has_no_id_and_comes_as_it_is(room: Room) -> None:
    place = Placer(room.root, room.folder).place("duckdb:///data/one.db", Table(Where("t", "table")))
    assert pq.read_table(room.folder / place)["b"].to_pylist() == [2, 1]


@pytest.mark.parametrize(
    "where", [Where("data/none.csv"), Where("SELECT error('boom')", "query"), Where("http://localhost:1/t.csv")]
)
def test_what_fails_leaves_no_room_for_the_next_to_trip_over(
    room: Room, where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    messages = []
    for _ in range(2):
        with pytest.raises(GatehouseError) as raised:
            room.place(where)
        messages.append(raised.value.message)
    assert messages[0] == messages[1]
    assert list((room.folder / "data").iterdir()) == []


@pytest.mark.parametrize("engine", ["local[2]", "spark://master:7077"])
@pytest.mark.parametrize(
    ("where", "passed"),
    [
        (Where("t", "table"), True),
        (Where("SELECT 1", "query"), True),
        (Where("s3://bucket/t"), True),
        (Where("hdfs://n/t"), True),
        (Where("https://example.com/t.csv"), False),
        (Where("file:///srv/t.csv"), False),
        (Where("data/t.csv"), False),
        (Where("/srv/t.csv"), False),
    ],
)
def test_spark_reads_what_a_cluster_reaches_and_fetch_the_rest(engine: str, where: Where, passed: bool) -> None:
    assert passed_through(engine, where) == passed
    assert not passed_through("", where)
    assert not passed_through("duckdb:///w.db", where)


def test_what_is_passed_through_keeps_its_words_and_is_not_touched(room: Room) -> None:
    placer = Placer(room.root, room.folder, room.said.append)
    assert placer.place("local[2]", Table(Where("risk.eval", "table"))) == "risk.eval"
    assert placer.place("local[2]", Table(Where("s3://nowhere/t"))) == "s3://nowhere/t"
    assert not room.folder.exists()
    assert room.said == []
