"""YAML that a stranger wrote is read in bounded time and space, as plain values, or refused in words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.declare.load import load
from gatehouse.declare.reader import FAULT_LIMIT, read
from gatehouse.declare.scalars import Trap, plain
from gatehouse.pin import Slot
from tests.declare.helpers import A, Files, promotion, repository
from tests.fuzz import bombs
from tests.fuzz.corpus import EVERYTHING, texts

# Reading all of them takes seconds; a single one that is quadratic takes hours. The bound tells the two apart.
PATIENCE_S = 240
# A promotion file of a pull request is at most this large, a file of the base at most a megabyte, MLmodel four.
KINDS = [("staging", 50_000), ("policy", 1_000_000), ("MLmodel", 1_000_000)]


@pytest.fixture(scope="module", params=KINDS, ids=[kind for kind, _ in KINDS])
def told(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """How each bomb ended, in a process that is killed when it takes too long."""
    kind, size = request.param
    command = (sys.executable, "-m", "tests.fuzz.bombs", kind, str(size))
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_bomb_ends(told: list[dict[str, Any]]) -> None:
    assert [one["name"] for one in told] == list(bombs.texts(10))
    assert {one["ended"] for one in told} <= {"read", "refused"}


def test_no_bomb_is_a_promotion() -> None:
    for name, text in bombs.texts(500).items():
        assert bombs.read("staging", text) == "refused", name


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=200) | texts | st.lists(st.sampled_from([*":-?[]{},&*!|>%@`'\"#\n ", "a", "1", "  "])).map("".join)
)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    document, faults = read("promotions/m/staging.yaml", text.encode(errors="surrogateescape"))
    assert document is not None or faults
    assert len(faults) <= FAULT_LIMIT
    assert all(str(fault).isprintable() and fault.line >= 1 for fault in faults)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    document, faults = read("promotions/m/staging.yaml", data)
    assert document is not None or faults


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EVERYTHING) | texts, st.sampled_from(["version", "digest", "comment", "percent", "key"]))
def test_no_text_in_the_place_of_a_value_becomes_a_pin_that_was_not_written(text: str, place: str) -> None:
    quoted = json.dumps(text.encode(errors="replace").decode())
    lines: Mapping[str, list[str]] = {
        "version": [f"version: {quoted}", f"digest: {A}"],
        "digest": ["version: 1", f"digest: {quoted}"],
        "comment": ["version: 1", f"digest: {A}", f"# {' '.join(text.split())}".encode(errors="replace").decode()],
        "percent": ["version: 1", f"digest: {A}", f"shadow: {{version: 2, digest: {A}, percent: {quoted}}}"],
        "key": ["version: 1", f"digest: {A}", f"{quoted}: 1"],
    }
    declared, faults = load(Files(repository(staging="\n".join(lines[place]) + "\n")))
    assert (declared is None) == bool(faults)
    if place != "comment":
        assert declared is None
    for fault in faults:
        assert str(fault).isprintable()


@pytest.mark.parametrize(
    "written", ["0x1", "0o17", "017", "1_0", "1:30", "1e1", "1.0", "+1", "'1'", "!!int 1", "yes", "1 # 2\n2"]
)
def test_a_version_is_an_integer_to_every_reader_or_none(written: str) -> None:
    """What YAML 1.1 and 1.2 read differently, or one of them converts, is no version number."""
    text = promotion(1).replace("version: 1", f"version: {written}")
    declared, faults = load(Files(repository(staging=text)))
    assert declared is None or declared.promotions[Slot("credit-risk", "staging")].pin.version == 1
    assert declared is not None or faults


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"[-+0-9][-+0-9_.:eExXoO]{0,40}", fullmatch=True))
def test_a_number_is_read_as_both_dialects_read_it_or_refused(text: str) -> None:
    import yaml
    from ruamel.yaml import YAML

    try:
        value = plain(text)
    except Trap:
        return
    if isinstance(value, int | float):
        assert yaml.safe_load(text) == value or isinstance(yaml.safe_load(text), str)
        assert YAML(typ="safe", pure=True).load(text) == value
