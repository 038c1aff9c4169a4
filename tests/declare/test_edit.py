"""Edits keep a person's comments and order, and what they write is valid."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.declare.edit import add_hold, clear, set_pin
from gatehouse.declare.reader import parse
from gatehouse.declare.schema import schema
from gatehouse.errors import GatehouseError
from gatehouse.pin import Pin, Role
from tests.declare.helpers import A, B, C, beside, pin, promotion, repository, said
from tests.support.thousand import digest

TEXT = f"""\
# promotions/credit-risk/production.yaml
version: 47
digest: {A}   # as propose wrote it
canary:     {{version: 48, digest: {B}, percent: 5}}                    # on its way in
challenger: {{version: 49, digest: {C}, percent: 5, experiment: gbm-q4}} # live A/B
"""
BESIDE = (Role.CANARY, Role.CHALLENGER, Role.SHADOW)


def value(text: str) -> Any:
    return parse("", text)[0]


def test_a_new_file_is_its_champion() -> None:
    assert set_pin(None, Role.CHAMPION, pin(47)) == f"version: 47\ndigest: {A}\n"


def test_the_champion_moves_and_everything_else_stays() -> None:
    expected = TEXT.replace("version: 47", "version: 46").replace(A, digest("d"))
    assert set_pin(TEXT, Role.CHAMPION, pin(46, "d")) == expected


def test_a_role_that_is_there_keeps_what_is_not_given() -> None:
    assert set_pin(TEXT, Role.CANARY, pin(48, "b"), percent=25) == TEXT.replace("percent: 5}  ", "percent: 25}  ")
    moved = value(set_pin(TEXT, Role.CHALLENGER, pin(51, "d")))["challenger"]
    assert moved == {"version": 51, "digest": digest("d"), "percent": 5, "experiment": "gbm-q4"}


def test_a_new_role_is_one_line_at_the_end() -> None:
    edited = set_pin(TEXT, Role.SHADOW, pin(50, "d"), percent=1.0)
    assert edited == f"{TEXT}shadow: {{version: 50, digest: {digest('d')}, percent: 1}}\n"


def test_a_canary_becomes_champion_by_two_edits() -> None:
    edited = clear(set_pin(TEXT, Role.CHAMPION, pin(48, "b")), Role.CANARY)
    assert said(repository(production=edited)) == ""
    assert value(edited)["version"] == 48
    assert "canary" not in value(edited)


def test_clearing_what_is_not_there_changes_nothing() -> None:
    assert clear(TEXT, Role.SHADOW) == TEXT


def test_a_hold_is_added_behind_the_others() -> None:
    first = add_hold(None, 48, "declines small businesses", date(2026, 3, 3))
    assert first == "versions:\n  - {version: 48, reason: declines small businesses, since: 2026-03-03}\n"
    commented = f"# never again\n{first}# end\n"
    assert add_hold(commented, 49, "yes: \n no", date(2026, 3, 4), B) == (
        f'# never again\n{first}  - {{version: 49, digest: {B}, reason: "yes: \\n no", since: 2026-03-04}}\n# end\n'
    )


def test_a_hold_that_is_there_already_is_not_written_twice() -> None:
    first = add_hold(None, 48, "bad", date(2026, 3, 3))
    assert add_hold(first, 48, "still bad", date(2026, 3, 4)) == first
    assert add_hold(first, 48, "these bytes too", date(2026, 3, 4), B) != first


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: set_pin(None, Role.CANARY, pin(1), 5), "there is no champion beside which a canary could stand"),
        (lambda: clear(TEXT, Role.CHAMPION), "cannot lose its champion"),
        (lambda: set_pin(TEXT, Role.SHADOW, pin(1)), "`percent` is missing"),
        (lambda: set_pin(TEXT, Role.SHADOW, pin(1), 120), "expected at most 100, got 120"),
        (lambda: set_pin(promotion(1), Role.CHALLENGER, pin(2, "b"), 5), "`experiment` is missing"),
        (lambda: set_pin(TEXT, Role.CANARY, pin(1), 5, "x"), "canary.experiment: unknown key"),
        (lambda: set_pin("version: 047\n", Role.CHAMPION, pin(1)), "cannot edit a file with faults: promotion file:1:"),
        (lambda: set_pin("a: &x [*x]\n", Role.CHAMPION, pin(1)), "cannot edit a file with faults"),
        (lambda: add_hold(None, 0, "x", date(2026, 3, 3)), "expected at least 1, got 0"),
        (lambda: add_hold(None, 1, "", date(2026, 3, 3)), "reason: is empty"),
    ],
)
def test_what_would_not_be_valid_is_refused(act: Any, message: str) -> None:
    with pytest.raises(GatehouseError, match=message.replace("[", r"\[")):
        act()


COMMENTS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
PINS = st.builds(Pin, st.integers(1, 2**31 - 1), st.sampled_from(["a", "b", "c"]).map(digest))
SHARES = st.integers(1, 100) | st.floats(0.01, 100)


@st.composite
def commented(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A promotion file with numbered comments above its keys, and beside the champion's."""
    marks: list[str] = []

    def mark() -> str:
        marks.append(f"# {len(marks)}: {draw(COMMENTS)}")
        return marks[-1]

    roles = draw(st.lists(st.sampled_from(BESIDE), unique=True))
    lines = [mark(), f"version: {draw(st.integers(1, 99))}  {mark()}", f"digest: {A} {mark()}"]
    for role in roles:
        experiment = ", experiment: e" if role is Role.CHALLENGER else ""
        written = beside(str(role), 200, B, draw(st.integers(1, 30)), experiment)
        if draw(st.booleans()):
            inside = written.partition("{")[2].rstrip("}").split(", ")
            written = "\n".join([f"{role}:", *(f"    {line}" for line in inside)])
        lines += [*([""] if draw(st.booleans()) else []), mark(), written]
    return "\n".join([*lines, *([mark()] if draw(st.booleans()) else [])]) + draw(st.sampled_from(["", "\n"])), marks


@given(
    commented(),
    st.sampled_from(Role),
    PINS,
    SHARES,
)
def test_every_comment_survives_every_edit_and_the_result_is_valid(
    given_text: tuple[str, list[str]], role: Role, new: Pin, percent: float
) -> None:
    text, marks = given_text
    share = None if role is Role.CHAMPION else percent
    edited = set_pin(text, role, new, share, "e2" if role is Role.CHALLENGER else None)
    holder = value(edited) if role is Role.CHAMPION else value(edited)[role]
    assert (holder["version"], holder["digest"], holder.get("percent")) == (new.version, new.digest, share)
    others = {key: item for key, item in value(text).items() if key != role}
    assert role is Role.CHAMPION or {key: value(edited)[key] for key in others} == others
    cleared = clear(edited, role) if role is not Role.CHAMPION else edited
    assert role is Role.CHAMPION or value(cleared) == others
    for result in (edited, cleared):
        assert schema("promotion").quick(value(result))
        positions = [result.find(mark) for mark in marks]
        assert -1 not in positions
        assert positions == sorted(positions)


@given(st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable() or "\n" in text), st.integers(1, 99))
def test_any_reason_is_held_as_it_was_given(reason: str, version: int) -> None:
    text = add_hold("# mark\nversions: []\n", version, reason, date(2026, 3, 3))
    assert value(text) == {"versions": [{"version": version, "reason": reason, "since": "2026-03-03"}]}
    assert text.startswith("# mark\n")
