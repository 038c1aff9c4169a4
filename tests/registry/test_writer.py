from __future__ import annotations

from typing import Any

import pytest

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry.reader import RegistryReader
from gatehouse.registry.types import AliasMoved
from gatehouse.registry.writer import RegistryWriter


@pytest.fixture
def writer(uri: str) -> RegistryWriter:
    return RegistryWriter(uri)


@pytest.fixture
def model(model: str, client: Any) -> str:
    """A model with versions 1 to 3."""
    client.create_registered_model(model)
    for _ in range(3):
        client.create_model_version(model, "s3://bucket/model")
    return model


def test_an_alias_is_set_moved_and_deleted(writer: RegistryWriter, reader: RegistryReader, model: str) -> None:
    writer.set_alias(model, "champion", 1, expect=None)
    writer.set_alias(model, "champion", 2, expect=1)
    assert reader.aliases(model) == {"champion": 2}
    writer.delete_alias(model, "champion", expect=2)
    assert reader.aliases(model) == {}


def test_an_alias_that_moved_under_us_is_left_alone(
    writer: RegistryWriter, reader: RegistryReader, client: Any, model: str
) -> None:
    writer.set_alias(model, "champion", 1, expect=None)
    client.set_registered_model_alias(model, "champion", "3")
    with pytest.raises(AliasMoved, match="points at version 3, not at version 1"):
        writer.set_alias(model, "champion", 2, expect=1)
    with pytest.raises(AliasMoved):
        writer.delete_alias(model, "champion", expect=1)
    with pytest.raises(AliasMoved, match="points at version 3, not at nothing"):
        writer.set_alias(model, "champion", 2, expect=None)
    assert reader.aliases(model) == {"champion": 3}


def test_an_alias_that_was_deleted_under_us_is_not_brought_back(
    writer: RegistryWriter, reader: RegistryReader, model: str
) -> None:
    with pytest.raises(AliasMoved, match="points at nothing, not at version 1"):
        writer.set_alias(model, "champion", 2, expect=1)
    assert reader.aliases(model) == {}


def test_repeating_a_write_that_happened_is_no_error(
    writer: RegistryWriter, reader: RegistryReader, model: str
) -> None:
    writer.set_alias(model, "champion", 1, expect=None)
    writer.set_alias(model, "champion", 1, expect=None)
    assert reader.aliases(model) == {"champion": 1}
    writer.delete_alias(model, "champion", expect=1)
    writer.delete_alias(model, "champion", expect=1)
    assert reader.aliases(model) == {}


def test_only_tags_that_differ_are_written(writer: RegistryWriter, reader: RegistryReader, model: str) -> None:
    assert writer.set_tags(model, 1, {"gatehouse.stage": "Staging", "other": "x"}) == ("gatehouse.stage", "other")
    assert writer.set_tags(model, 1, {"gatehouse.stage": "Production", "other": "x"}) == ("gatehouse.stage",)
    assert writer.set_tags(model, 1, {"gatehouse.stage": "Production"}) == ()
    assert reader.version(model, 1).tags == {"gatehouse.stage": "Production", "other": "x"}
    assert reader.version(model, 2).tags == {}


def test_text_of_any_kind_survives_in_a_tag(writer: RegistryWriter, reader: RegistryReader, model: str) -> None:
    value = "PASS 0.83 ≥ 0.82 'x' \"y\" <b>\n@acme " + "ä" * 2_000
    writer.set_tags(model, 1, {"gatehouse.gate.accuracy": value})
    assert reader.version(model, 1).tags["gatehouse.gate.accuracy"] == value


def test_old_stages_are_set_without_touching_other_versions(
    writer: RegistryWriter, reader: RegistryReader, model: str
) -> None:
    writer.transition_stage(model, 1, "Production")
    writer.transition_stage(model, 2, "Production")
    writer.transition_stage(model, 2, "Production")
    assert [version.stage for version in reader.versions(model)] == ["Production", "Production", "None"]


def test_an_unknown_stage_is_refused(writer: RegistryWriter, model: str) -> None:
    with pytest.raises(GatehouseError, match="Prodction"):
        writer.transition_stage(model, 1, "Prodction")


def test_writing_to_what_is_not_there_names_what_is(writer: RegistryWriter, model: str) -> None:
    with pytest.raises(NotFound) as caught:
        writer.set_tags(model, 9, {"a": "b"})
    assert caught.value.fix == "it has 1, 2, 3"
    with pytest.raises(NotFound):
        writer.set_alias(model, "champion", 9, expect=None)
    with pytest.raises(NotFound, match="no model"):
        writer.set_alias(f"{model}-x", "champion", 1, expect=None)
    with pytest.raises(NotFound):
        writer.transition_stage(model, 9, "Staging")
