"""Outcomes from files: read in every form, judged record by record, counted, and written whole or not at all."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatehouse.cli import outcomes
from gatehouse.cli.main import main
from gatehouse.evaluate.traffic.columns import EXPOSURES, OUTCOMES, SHADOW
from gatehouse.serve.log import importing
from tests.evaluate.traffic.made import exposure_rows, outcome_rows, shadow_rows, write
from tests.serve.log.made import MODEL, names, written
from tests.support.company import Cli, Company

HEADER = "request_id,label,observed\n"
AT = "2026-03-02T08:00:00Z"
Import = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "traffic"


@pytest.fixture
def bring(tmp_path: Path, logs: Path, capsys: pytest.CaptureFixture[str]) -> Import:
    """Imports a file's contents; the exit code, the JSON on standard output, and standard error."""

    def run(content: str | bytes | pa.Table, *args: str, name: str = "labels.csv") -> tuple[int, Any, str]:
        file = tmp_path / name
        if isinstance(content, pa.Table):
            pq.write_table(content, file)
        else:
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["outcomes", "import", str(file), MODEL, "--traffic", str(logs), "--format", "json", *args])
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, json.loads(out), err

    return run


def rows(logs: Path) -> list[tuple[str, float, datetime]]:
    return [(row["request_id"], row["label"], row["observed"]) for row in written(logs, OUTCOMES)]


MOMENT = datetime(2026, 3, 2, 8, tzinfo=UTC)
TABLE = pa.table({"request_id": ["a", "b"], "label": [1.0, 0.0], "observed": pa.array([MOMENT] * 2)})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", f"{HEADER}a,1,{AT}\nb,0,{AT}\n"),
        ("x.CSV", f"\ufeffobserved,other,label,request_id\r\n{AT},x,true,a\r\n\r\n{AT},y,False,b"),
        ("x.csv", f'{HEADER}"a",1e0,2026-03-02T09:00:00+01:00\n"b",-0.0,{AT}\n'),
        ("x.jsonl", f'{{"request_id":"a","label":1,"observed":"{AT}","more":[{{}}]}}\n\n'
                    f'{{"request_id":"b","label":false,"observed":"{AT}"}}'),
        ("x.ndjson", f'{{"request_id":"a","label":"1","observed":"{AT}"}}\n'
                     f'{{"request_id":"b","label":0.0,"observed":"{AT}"}}\n'),
        ("x.parquet", TABLE),
        ("x.pq", TABLE.set_column(1, "label", pa.array([True, False]))),
        ("x.parquet", TABLE.set_column(1, "label", pa.array(["1", "0"]).dictionary_encode())),
        ("x.parquet", TABLE.set_column(2, "observed", TABLE["observed"].cast(pa.timestamp("ns", "Asia/Tokyo")))),
    ],
)  # fmt: skip
def test_every_form_gives_the_same_rows(bring: Import, logs: Path, name: str, content: Any) -> None:
    code, said, _ = bring(content, name=name)
    assert rows(logs) == [("a", 1.0, MOMENT), ("b", 0.0, MOMENT)]
    assert (code, said["read"], said["written"], said["refused"]) == (0, 2, 2, 0)
    assert said["file"] == next((logs / MODEL / "outcomes").iterdir()).as_posix()
    assert said["unknown"] is None


def test_columns_words_and_zones_are_mapped_by_options(bring: Import, logs: Path) -> None:
    code, _, _ = bring(
        "id;when,what,id\n1,bad,7\n2,good,8\n",
        "--request-id", "id", "--label", "what", "--observed", "id;when", "--value", "bad=1", "--value", "good=0",
    )  # fmt: skip
    assert code == 1  # "1" is no time
    code, _, _ = bring(
        "id,when,what\n7,2026-03-02 08:00:00,bad\n8,2026-03-02,good\n",
        "--request-id", "id", "--label", "what", "--observed", "when", "--value", "bad=1", "--value", "good=0", "--utc",
    )  # fmt: skip
    assert (code, rows(logs)) == (0, [("7", 1.0, MOMENT), ("8", 0.0, MOMENT - timedelta(hours=8))])


def test_a_file_that_does_not_say_when_means_now_if_told_so(bring: Import, logs: Path) -> None:
    code, _, err = bring("request_id,label\na,1\n")
    assert (code, names(logs)) == (2, [])
    assert "no column 'observed'" in err
    assert "--observed-now" in err
    assert bring("request_id,label\na,1\n", "--observed-now")[0] == 0
    assert abs(rows(logs)[0][2] - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f",1,{AT}", "id is missing"),
        (f"{'x' * 1_025},1,{AT}", "1,025 characters"),
        (f"a,,{AT}", "label is missing"),
        (f"a,yes,{AT}", "'yes' is no number"),
        (f"a,nan,{AT}", "not finite"),
        (f"a,-inf,{AT}", "not finite"),
        (f"a,1e999,{AT}", "not finite"),
        ("a,1,", "observed is missing"),
        ("a,1,2026-03-02T08:00:00", "no zone"),
        ("a,1,02.03.2026", "is no time"),
        ("a,1,1772438400", "is no time"),
        ("a,1,9999-01-01T00:00:00Z", "in the future"),
        ("a,1,1969-01-01T00:00:00Z", "before 1970"),
        ("a,1,0001-01-01T00:00:00+14:00", "before 1970"),
        ("a,1", "2 fields where the header has 3"),
        (f"a,1,{AT},x", "4 fields"),
    ],
)
def test_a_faulty_record_is_refused_with_its_line_and_the_others_are_written(
    bring: Import, logs: Path, line: str, said: str
) -> None:
    code, found, _ = bring(f'{HEADER}"over\ntwo lines",1,{AT}\n{line}\nz,0,{AT}\n')
    assert code == 1
    assert [one["record"] for one in found["errors"]] == [4]
    assert said in found["errors"][0]["error"]
    assert [row[0] for row in rows(logs)] == ["over\ntwo lines", "z"]


@pytest.mark.parametrize(
    "line", ["{broken", "3", '["a"]', "[" * 100_000, '{"request_id":"\\ud800","label":1}', "\udcff"]
)
def test_a_line_that_is_no_json_object_is_refused_alone(bring: Import, logs: Path, line: str) -> None:
    good = f'{{"request_id":"a","label":1,"observed":"{AT}"}}'
    content = f"{good}\n{line}\n{good}".encode(errors="surrogateescape")
    code, found, _ = bring(content, name="x.jsonl")
    assert (code, found["written"], [one["record"] for one in found["errors"]]) == (1, 2, [2])


def test_a_file_without_a_good_record_writes_no_file(bring: Import, logs: Path) -> None:
    code, found, _ = bring(f"{HEADER}a,x,{AT}\n")
    assert (code, found["read"], found["written"], found["file"]) == (1, 1, 0, None)
    assert bring(HEADER)[0] == 0
    assert names(logs) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", "", "no column 'request_id'"),
        ("x.csv", "request_id,lable,observed\n", "did you mean 'lable'"),
        ("x.csv", "request_id,label,label,observed\n", "twice"),
        ("x.csv", f"{HEADER}a,1,{AT}\n".encode() + b"\xff,1,\n", "no UTF-8"),
        ("x.csv", f'{HEADER}a,1,{AT}\n"b" x,1,{AT}\n', ":3: "),
        ("x.csv", f"{HEADER}{'x' * 200_000},1,{AT}\n", "field larger than"),
        ("x.jsonl", b'{"request_id":"a"' + b" " * (1 << 20), "line of over"),
        ("x.parquet", b"PAR1 no parquet", "cannot be read"),
        ("x.parquet", TABLE.drop_columns("label"), "no column 'label'"),
        ("x.parquet", TABLE.set_column(1, "label", pa.array([[1.0], [0.0]])), "list<"),
        ("x.xlsx", b"PK", "not a file of outcomes"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_refused_whole_and_leaves_nothing(
    bring: Import, logs: Path, name: str, content: Any, said: str
) -> None:
    code, found, err = bring(content, name=name)
    assert code == 2
    assert said in err
    assert found["error"]["fix"]
    assert names(logs) == []


def test_a_file_that_is_not_there_and_values_that_say_nothing_are_wrong_use(
    logs: Path, bring: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ("bad", "bad=", "bad=x", "bad=nan"):
        assert bring(HEADER, "--value", value)[0] == 2
    for model in ("../x", "", ".x"):
        with pytest.raises(SystemExit) as ended:
            main(["outcomes", "import", "none.csv", model, "--traffic", str(logs)])
        assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        main(["outcomes", "import", "none.csv", MODEL, "--traffic", str(logs)])
    assert ended.value.code == 2
    assert "no such file" in capsys.readouterr().err


def test_repeated_known_and_unknown_requests_are_counted_and_all_are_written(bring: Import, logs: Path) -> None:
    folder = logs / MODEL
    write(folder, EXPOSURES, exposure_rows(["u1", "u2"], [False, True], [0, 1]))  # r0 and r1
    write(folder, SHADOW, shadow_rows([0, 1, 2]))  # r0 to r2
    write(folder, OUTCOMES, outcome_rows(["r0", "r0"], [1, 1], [1, 2]))
    code, found, _ = bring(f"{HEADER}r0,0,{AT}\nr1,1,{AT}\nr1,0,{AT}\nr2,1,{AT}\nr9,1,{AT}\n")
    assert (code, found["written"]) == (0, 5)
    assert (found["repeated"], found["known_before"], found["unknown"]) == (1, 1, 1)
    assert len(rows(logs)) == 7


def test_a_dry_run_counts_the_same_and_writes_nothing(bring: Import, logs: Path) -> None:
    write(logs / MODEL, EXPOSURES, exposure_rows(["u1"], [False], [0]))
    content = f"{HEADER}r0,0,{AT}\nr0,1,{AT}\nr9,x,{AT}\nr8,1,{AT}\n"
    before = names(logs)
    code, dry, _ = bring(content, "--dry-run")
    assert (code, names(logs), dry["file"]) == (1, before, None)
    assert not (logs / MODEL / "outcomes").exists()
    again, found, _ = bring(content)
    assert (again, {**found, "file": None}) == (code, dry)


def test_a_log_that_cannot_be_written_is_said_and_nothing_is_left(bring: Import, logs: Path) -> None:
    logs.mkdir()
    (logs / MODEL).write_text("a file in the way")
    code, _, err = bring(f"{HEADER}a,1,{AT}\n")
    assert code == 2
    assert "cannot be written" in err
    assert names(logs) == [MODEL]


def test_a_log_that_does_not_read_stops_the_import_and_leaves_no_half(bring: Import, logs: Path) -> None:
    write(logs / MODEL, OUTCOMES, outcome_rows(["r0"], [1], [1]))
    pq.write_table(pa.table({"label": [1.0]}), logs / MODEL / "outcomes" / "wrong.parquet")
    code, _, err = bring(f"{HEADER}a,1,{AT}\n")
    assert code == 2
    assert "wrong.parquet: has no column" in err
    assert names(logs) == ["1.parquet", "wrong.parquet"]


def test_two_imports_at_once_are_both_there(tmp_path: Path, logs: Path) -> None:
    def run(place: int) -> None:
        file = tmp_path / f"{place}.csv"
        file.write_text(HEADER + "".join(f"r{place}.{at},1,{AT}\n" for at in range(2_000)))
        importing.run(importing.Asked(file, MODEL, datetime.now(UTC)), logs / MODEL, lambda _: None)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row[0] for row in rows(logs)}) == 4_000
    assert len(names(logs)) == 2


def test_memory_does_not_grow_with_the_file(tmp_path: Path, logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.serve.log.sources.BATCH", 1_000)

    def peak(records: int) -> int:
        file = tmp_path / "x.csv"
        with file.open("w") as text:
            text.write(HEADER)
            text.writelines(f"r{at},1,{AT}\n" for at in range(records))
        tracemalloc.start()
        asked = importing.Asked(file, MODEL, datetime.now(UTC))
        importing.run(asked, logs / MODEL, lambda _: None, dry=True)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2_000)  # imports and caches
    assert peak(30_000) < 1.5 * peak(3_000)


def test_long_work_says_how_far_it_is_and_short_work_says_nothing(
    bring: Import, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], logs: Path
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(f"{HEADER}a,1,{AT}\n")
    for quiet, said in ((60.0, False), (0.0, True)):
        monkeypatch.setattr(outcomes, "_QUIET_S", quiet)
        with pytest.raises(SystemExit):
            main(["outcomes", "import", str(file), MODEL, "--traffic", str(logs)])
        assert ("1 records read" in capsys.readouterr().err) == said


class TestInARepository:
    def test_the_policy_says_where_the_log_is(self, company: Company, cli: Cli, tmp_path: Path) -> None:
        company.repo.pull()
        root = company.repo.root
        file = tmp_path / "x.csv"
        file.write_text(f"{HEADER}a,1,{AT}\na,no,{AT}\n")
        unset = cli("outcomes", "import", str(file), MODEL)
        assert (unset.code, "data.traffic is not set" in unset.err) == (2, True)
        policy = root / "promotions" / MODEL / "policy.yaml"
        policy.write_text(policy.read_text() + "data: {traffic: {path: live}}\n")

        ran = cli("outcomes", "import", str(file), MODEL)

        assert ran.code == 1
        assert "2 records read, 1 written, 1 refused" in ran.out
        assert "✗ 3: the label 'no' is no number" in ran.out
        assert [row[0] for row in rows(root / "live")] == ["a"]
        dry = cli("outcomes", "import", str(file), MODEL, "--dry-run")
        assert "1 would be written" in dry.out

    def test_a_model_without_a_policy_is_told_which_there_are(self, company: Company, cli: Cli, tmp_path: Path) -> None:
        company.repo.pull()
        ran = cli("outcomes", "import", str(tmp_path / "x.csv"), "credit-risc")
        assert ran.code == 2
        assert "no policy of 'credit-risc'" in ran.err
        assert MODEL in ran.err
