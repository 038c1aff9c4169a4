from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.evaluate.engines import objects
from tests.support import buckets as stores
from tests.support.buckets import Buckets


@pytest.fixture(scope="module")
def buckets() -> Iterator[Buckets]:
    with pytest.MonkeyPatch.context() as patch, stores.started(patch) as running:
        running.put("eval/one.csv", b"a\n1\n")
        running.put("eval/deep/two.csv", b"a\n2\n")
        running.put("single.csv", b"a\n3\n")
        yield running


def test_an_object_is_fetched_under_its_last_name(buckets: Buckets, tmp_path: Path) -> None:
    place = objects.download(buckets.url("single.csv"), tmp_path)
    assert place == tmp_path / "single.csv"
    assert place.read_bytes() == b"a\n3\n"


@pytest.mark.parametrize("key", ["eval", "eval/"])
def test_a_prefix_is_fetched_as_a_folder(buckets: Buckets, tmp_path: Path, key: str) -> None:
    said: list[int] = []
    place = objects.download(buckets.url(key), tmp_path, said.append)
    assert place == tmp_path / "eval"
    assert (place / "one.csv").read_bytes() == b"a\n1\n"
    assert (place / "deep/two.csv").read_bytes() == b"a\n2\n"
    assert said == [4, 8]


@pytest.mark.parametrize("key", ["none.csv", "none/", "singl"])
def test_an_object_that_is_not_there_is_told(buckets: Buckets, tmp_path: Path, key: str) -> None:
    with pytest.raises(NotFound) as raised:
        objects.download(buckets.url(key), tmp_path)
    assert raised.value.message == f"s3://bucket/{key}: no such table"
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_that_is_not_there_is_told(buckets: Buckets, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        objects.download(buckets.url("t.csv").replace("//bucket", "//no-such-bucket"), tmp_path)


@pytest.mark.parametrize("below", ["/../out.csv", "/a/../../out.csv", "/./a.csv", "/a\\b.csv", "/a\0.csv"])
def test_an_object_whose_key_could_lead_out_is_refused(tmp_path: Path, below: str) -> None:
    """Asked of the rule alone: pyarrow's client tidies such a key up before a server sees it."""
    with pytest.raises(GatehouseError, match="s3://bucket/odd: holds an object called"):
        objects._inside(tmp_path, below, "s3://bucket/odd")


def test_credentials_that_open_nothing_are_told(buckets: Buckets, tmp_path: Path) -> None:
    buckets.refuse_after(0)
    try:
        with pytest.raises(GatehouseError) as raised:
            objects.download(buckets.url("single.csv"), tmp_path)
    finally:
        buckets.refuse_after(1_000_000)
    assert type(raised.value) is GatehouseError
    assert raised.value.message.startswith("s3://bucket/single.csv: nobody may read it with these credentials: ")
    assert "environment" in raised.value.fix


def test_a_parameter_that_there_is_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatehouseError) as raised:
        objects.download("s3://bucket/t.csv?colour=red", tmp_path)
    assert raised.value.message == "s3://bucket/t.csv: Unexpected query parameter in S3 URI: 'colour'"


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_store_that_does_not_answer_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
        more = "&region=us-east-1" if scheme == "s3" else "&retry_limit_seconds=1"
        who = "" if scheme == "s3" else "anonymous@"
        with pytest.raises(Unreachable) as raised:
            objects.download(f"{scheme}://{who}bucket/t.csv?endpoint_override={host}&scheme=http{more}", tmp_path)
    assert raised.value.message.startswith(f"{scheme}://{who}bucket/t.csv: cannot be reached: ")
