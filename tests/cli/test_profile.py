"""The training-time profile from the command line."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatehouse.cli.main import main
from gatehouse.evaluate.statistics.profile import Profile
from tests.support.web import served


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["profile", *args])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def table(tmp_path: Path) -> Path:
    place = tmp_path / "train.parquet"
    pq.write_table(pa.table({"amount": [float(n) for n in range(100)], "region": ["north", "south"] * 50}), place)
    return place


def test_the_profile_is_what_a_training_run_would_log(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(table), "--out", str(tmp_path / "profile.json")) == 0
    written = (tmp_path / "profile.json").read_bytes()
    profile = Profile.from_json(written)
    assert (profile.rows, sorted(profile.features)) == (100, ["amount", "region"])
    assert profile == Profile.of(pq.read_table(table).to_batches())
    capsys.readouterr()
    assert run(str(table)) == 0
    assert capsys.readouterr().out.strip().encode() == written.strip()


def test_a_table_behind_a_url_has_the_same_profile(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert run(str(table)) == 0
    here = capsys.readouterr().out
    with served() as site:
        site.bodies["/train.parquet"] = table.read_bytes()
        assert run(f"{site.url}/train.parquet?signature=hunter2") == 0
        captured = capsys.readouterr()
        assert run(f"{site.url}/none.parquet", "--out", str(tmp_path / "profile.json")) == 2
    assert captured.out == here
    assert "hunter2" not in captured.err
    assert "/none.parquet: the server answers 404" in capsys.readouterr().err
    assert not (tmp_path / "profile.json").exists()
    assert run(table.as_uri()) == 0
    assert capsys.readouterr().out == here


@pytest.mark.parametrize("url", ["ftp://example.com/t.csv", "postgresql://db/w"])
def test_a_url_that_is_no_table_is_told_what_may_stand_there(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(url) == 2
    assert "use one of file, gs, http, https, s3, or a path" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"no parquet"])
def test_a_table_that_cannot_be_read_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    place = tmp_path / "train.parquet"
    if content is not None:
        place.write_bytes(content)
    assert run(str(place), "--out", str(tmp_path / "profile.json")) == 2
    assert "train.parquet" in capsys.readouterr().err
    assert not (tmp_path / "profile.json").exists()
