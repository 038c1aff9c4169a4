"""Whether a champion returns, so that nobody is asked: only if it really served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.cli.outlook import Outlook
from tests.support.desk import MODEL, PRODUCTION, Desk, desk, pin
from tests.support.repo import promotion


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    """Version 1 served; version 2 was pushed to main, which sync refused, and taken back again."""
    with desk(tmp_path) as made:
        made.push({PRODUCTION.path: promotion(pin(2))})
        made.push({PRODUCTION.path: promotion(pin(1))})
        yield made


def serve(at: Desk, *versions: int) -> None:
    for version in versions:
        config = f"version: {version}\ndigest: {pin(version).digest}\n"
        at.github.push(at.remote, "serving", {f"serving/{MODEL}.yaml": config}, "Serve what main says")


def returns(at: Desk, version: int) -> bool:
    pull = at.promote(PRODUCTION, version, start="main")
    at.fetch()
    (answer,) = Outlook.now(at.settings).proposed(at.head(pull)).answers
    return answer.returning


def test_what_main_named_and_sync_refused_does_not_return(at: Desk) -> None:
    serve(at, 1)
    assert not returns(at, 2)


def test_what_served_does_return_however_long_ago(at: Desk) -> None:
    serve(at, 2, 1, 3)
    assert returns(at, 2)


def test_where_nothing_was_ever_served_mains_word_counts(at: Desk) -> None:
    assert returns(at, 2)


def test_what_another_model_served_does_not_count(at: Desk) -> None:
    serve(at, 1)
    at.github.push(at.remote, "serving", {"serving/churn.yaml": f"digest: {pin(2).digest}\n"}, "Serve")
    assert not returns(at, 2)
