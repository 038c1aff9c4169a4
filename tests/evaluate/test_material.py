from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.material import MANIFEST, Case, Fetched, Material, Staged, read, write
from gatehouse.evaluate.result import Subject
from tests.evaluate import made


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    since = datetime(2026, 3, 2, tzinfo=UTC)
    whole = Case(
        made.request(made.pin(3), made.pin(2, "b")),
        Fetched(Subject(made.pin(3), metrics={"auc": 0.8}), "models/x", made.pin().digest, "profile.json"),
        staged=Staged(since, timedelta(days=2, seconds=1)),
        data={"evaluation": "data/x"},
        digests={"evaluation": "sha256:x"},
    )
    material = Material((whole, Case(made.request(made.pin()), problem="gone", fix="bring it back")), since)

    write(material, tmp_path)

    assert read(tmp_path) == material


def test_a_folder_without_a_manifest_is_told_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(GatehouseError) as raised:
        read(tmp_path)
    assert raised.value.message == f"{tmp_path} holds no manifest.json"
    assert "gatehouse fetch" in raised.value.fix


@pytest.mark.parametrize("content", ["", "{}", '{"cases": [], "fetched": "2026-03-02T00:00:00Z", "more": 1}'])
def test_a_manifest_of_another_version_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / MANIFEST).write_text(content)

    with pytest.raises(GatehouseError, match=r"manifest\.json"):
        read(tmp_path)
