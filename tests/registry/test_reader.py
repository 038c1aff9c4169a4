from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from mlflow import MlflowClient

from gatehouse.errors import NotFound
from gatehouse.registry import reader as reading
from gatehouse.registry.reader import RegistryReader
from gatehouse.registry.types import NotReady, Run
from tests.support import models

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

ELSEWHERE = "s3://bucket/model"


def _versions(client: Any, model: str, count: int) -> None:
    client.create_registered_model(model)
    for _ in range(count):
        client.create_model_version(model, ELSEWHERE)


def test_a_version_carries_what_the_registry_knows(reader: RegistryReader, client: Any, model: str) -> None:
    client.create_registered_model(model)
    client.create_model_version(model, ELSEWHERE, tags={"team": "risk"}, description="first try")
    client.set_registered_model_alias(model, "shadow", "1")
    client.set_registered_model_alias(model, "champion", "1")
    version = reader.version(model, 1)
    assert (version.model, version.number, version.source, version.run_id) == (model, 1, ELSEWHERE, None)
    assert (version.tags, version.description, version.stage) == ({"team": "risk"}, "first try", "None")
    assert version.aliases == ("champion", "shadow")
    assert version.ready
    assert abs(version.created - datetime.now(UTC)) < timedelta(minutes=5)


def test_versions_come_in_order_over_many_pages_and_equal_the_ones_read_alone(
    reader: RegistryReader, client: Any, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    _versions(client, model, 5)
    client.set_registered_model_alias(model, "champion", "3")
    versions = reader.versions(model)
    assert [version.number for version in versions] == [1, 2, 3, 4, 5]
    assert versions == tuple(reader.version(model, number) for number in range(1, 6))


def test_all_models_are_listed_over_many_pages(
    reader: RegistryReader, client: Any, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    names = {f"{model}-{letter}" for letter in "abcde"}
    for name in names:
        client.create_registered_model(name)
    listed = reader.models()
    assert names <= set(listed)
    assert list(listed) == sorted(set(listed))


def test_aliases_map_to_numbers(reader: RegistryReader, client: Any, model: str) -> None:
    _versions(client, model, 2)
    assert reader.aliases(model) == {}
    client.set_registered_model_alias(model, "champion", "2")
    client.set_registered_model_alias(model, "challenger", "1")
    assert reader.aliases(model) == {"challenger": 1, "champion": 2}


def test_an_unknown_version_names_those_that_exist(reader: RegistryReader, client: Any, model: str) -> None:
    _versions(client, model, 12)
    client.delete_model_version(model, "11")
    with pytest.raises(NotFound, match=f"{model} has no version 47") as caught:
        reader.version(model, 47)
    assert caught.value.fix == "it has … 2, 3, 4, 5, 6, 7, 8, 9, 10, 12"
    with pytest.raises(NotFound):
        reader.version(model, 11)


def test_a_model_without_versions_says_so(reader: RegistryReader, client: Any, model: str) -> None:
    client.create_registered_model(model)
    assert reader.versions(model) == ()
    with pytest.raises(NotFound) as caught:
        reader.version(model, 1)
    assert "no versions yet" in caught.value.fix


@pytest.mark.parametrize("ask", ["version", "versions", "aliases"])
def test_an_unknown_model_names_similar_ones(reader: RegistryReader, client: Any, model: str, ask: str) -> None:
    client.create_registered_model(f"credit-risk-{model}")
    arguments = (1,) if ask == "version" else ()
    with pytest.raises(NotFound, match="no model") as caught:
        getattr(reader, ask)(f"credit-rsk-{model}", *arguments)
    assert f"credit-risk-{model}" in caught.value.fix


def test_a_name_with_nothing_similar_gets_no_guess(reader: RegistryReader) -> None:
    with pytest.raises(NotFound) as caught:
        reader.versions("§§§§§§")
    assert "did you mean" not in caught.value.fix


def test_a_quote_in_a_name_does_not_reach_other_models(reader: RegistryReader, client: Any, model: str) -> None:
    _versions(client, model, 1)
    tricky = f"{model}' OR name LIKE '%"
    client.create_registered_model(tricky)
    assert reader.versions(tricky) == ()
    client.create_registered_model(f"{model}'\"")
    with pytest.raises(NotFound, match="both kinds of quotes"):
        reader.versions(f"{model}'\"")


def test_a_version_that_is_still_uploading_or_failed_is_not_ready(sqlite_uri: str, model: str) -> None:
    # No call of MLflow's client leaves a version unfinished, so its row is set as a failed upload leaves it.
    client = MlflowClient(tracking_uri=sqlite_uri, registry_uri=sqlite_uri)
    _versions(client, model, 2)
    with closing(sqlite3.connect(sqlite_uri.removeprefix("sqlite:///"))) as database, database:
        database.execute(
            "UPDATE model_versions SET status = 'FAILED_REGISTRATION', status_message = 'disk full' "
            "WHERE name = ? AND version = 1",
            (model,),
        )
    reader = RegistryReader(sqlite_uri)
    with pytest.raises(NotReady, match=f"{model} version 1 is not ready .FAILED_REGISTRATION.: disk full"):
        reader.ready(model, 1)
    assert reader.ready(model, 2) == reader.version(model, 2)


def test_a_run_tells_who_trained_what_with_which_figures(
    reader: RegistryReader, uri: str, model: str, pipeline: Pipeline
) -> None:
    figures = {"auc": 0.83, "loss": math.nan, "ratio": math.inf}
    number = models.register(uri, model, pipeline, metrics=figures, params={"C": "1.0"})
    run = reader.run(reader.version(model, number).run_id or "")
    assert run.metrics == {"auc": 0.83}
    assert run.params == {"C": "1.0"}
    assert run.user
    assert run.trained_by == (run.user,)
    assert run.started is not None
    assert run.started.tzinfo is not None
    assert run.link == (f"{uri}/#/experiments/0/runs/{run.id}" if uri.startswith("http") else "")


def test_every_name_that_a_run_gives_for_its_trainer_counts() -> None:
    run = Run("r", "0", "ada", None, tags={"mlflow.user": "grace"})
    assert run.trained_by == ("ada", "grace")
    assert Run("r", "0", "", None).trained_by == ()


def test_an_unknown_run_is_named(reader: RegistryReader) -> None:
    with pytest.raises(NotFound, match="no run deadbeef"):
        reader.run("deadbeef")


def test_what_only_reads_has_no_way_to_write() -> None:
    public = {name for name in vars(RegistryReader) if not name.startswith("_")}
    assert public == {"uri", "models", "versions", "version", "ready", "aliases", "run"}
