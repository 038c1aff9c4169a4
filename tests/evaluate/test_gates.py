from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import pytest

from gatehouse.declare.source import WorkTree
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import asked, builtin, discover, judge, load
from gatehouse.verdict import Measure, Outcome, Verdict

HEAD = '''"""What must be true.

And why.
"""
from gatehouse.verdict import Measure, Outcome, Verdict, plainly

THRESHOLDS = {"type": "object", "additionalProperties": False, "properties": {
    "most": {"type": "number", "default": 3}}}

'''
PASSES = HEAD + "def check(evidence, thresholds):\n    return plainly(Outcome.PASS, f\"most {thresholds['most']}\")\n"
NOTHING = cast(Evidence, None)


def write(root: Path, name: str, code: str) -> WorkTree:
    path = root / "gates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code)
    return WorkTree(root)


def said(body: str, **thresholds: Any) -> Verdict:
    """The verdict of a gate whose ``check`` does ``body`` on line 11."""
    code = HEAD + f"def check(evidence, thresholds):\n    {body}\n"
    return judge(load("mine", "gates/mine.py", code.encode()), NOTHING, thresholds)


def test_every_built_in_gate_explains_itself_and_its_thresholds() -> None:
    gates = builtin()

    assert set(gates) >= {"accuracy", "artifact", "drift", "fairness", "latency", "schema", "staging"}
    for gate in gates.values():
        assert 20 < len(gate.headline) < 160
        assert gate.schema["additionalProperties"] is False
        for name, part in gate.schema["properties"].items():
            assert part["description"].endswith("."), f"{gate.name}.{name}"


def test_the_repositorys_own_gate_goes_over_the_built_in_one_and_others_stay(tmp_path: Path) -> None:
    gates = discover(write(tmp_path, "accuracy.py", PASSES))

    assert judge(gates["accuracy"], NOTHING, {}).summary == "most 3"
    assert gates["accuracy"].headline == "What must be true."
    assert gates["accuracy"].digest != builtin()["accuracy"].digest
    assert gates["drift"] is builtin()["drift"]


def test_what_is_private_deeper_down_or_no_python_is_no_gate(tmp_path: Path) -> None:
    for name in ("_private.py", "deeper/inner.py", "notes.md"):
        tree = write(tmp_path, name, "raise RuntimeError('read')")

    assert set(discover(tree)) == set(builtin())


def test_another_byte_is_another_digest() -> None:
    one, other = (load("x", "gates/x.py", (PASSES + end).encode()).digest for end in ("", "\n"))

    assert one != other
    assert one.startswith("sha256:")


ALWAYS = PASSES.replace("THRESHOLDS", "ALWAYS = True\nTHRESHOLDS")


def test_gates_that_always_run_follow_those_that_a_stage_lists() -> None:
    gates = {
        name: load(name, f"gates/{name}.py", code.encode())
        for name, code in {"sometimes": PASSES, "b": ALWAYS, "a": ALWAYS}.items()
    }

    assert asked(("sometimes", "absent"), gates) == ("sometimes", "absent", "a", "b")
    assert asked(("b", "sometimes"), gates) == ("b", "sometimes", "a")


def test_a_stage_without_gates_asks_nothing_and_so_passes_nothing() -> None:
    assert asked((), {"a": load("a", "gates/a.py", ALWAYS.encode())}) == ()


def test_always_is_yes_or_no_and_nothing_that_could_be_either() -> None:
    with pytest.raises(GatehouseError, match=r"gates/a\.py: ALWAYS is 'no'"):
        load("a", "gates/a.py", ALWAYS.replace("True", "'no'").encode())


def package(folder: Path, code: str, target: str = "acme_gates") -> None:
    """An installed package that brings the gate ``acme`` by an entry point."""
    (folder / f"{target.partition(':')[0]}.py").write_text(code)
    info = folder / "acme_gates-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-gates\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[gatehouse.gates]\nacme = {target}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are installed in."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "acme_gates", raising=False)
    return folder


def test_an_installed_package_brings_a_gate_and_the_repository_goes_over_it(site: Path, tmp_path: Path) -> None:
    package(site, PASSES)

    found = discover(WorkTree(tmp_path / "nowhere"))["acme"]
    assert (found.origin, judge(found, NOTHING, {}).outcome) == ("acme_gates", Outcome.PASS)
    assert found.digest == load("acme", "x", PASSES.encode()).digest

    own = discover(write(tmp_path, "acme.py", PASSES.replace("most {", "own {")))["acme"]
    assert (own.origin, judge(own, NOTHING, {"most": 1}).summary) == ("gates/acme.py", "own 1")


def test_an_installed_gate_that_breaks_is_named_with_its_line(site: Path, tmp_path: Path) -> None:
    package(site, HEAD + "def check(evidence, thresholds):\n    1 / 0\n")

    verdict = judge(discover(WorkTree(tmp_path))["acme"], NOTHING, {})

    assert verdict.summary.startswith("the gate broke at acme_gates:11: ZeroDivisionError")


@pytest.mark.parametrize(
    ("code", "target", "problem"),
    [
        ("import nowhere_to_be_found", "acme_gates", "gate 'acme' (acme_gates) does not load: ModuleNotFoundError"),
        ("raise SystemExit(0)", "acme_gates", "does not load: SystemExit"),
        (PASSES, "acme_gates:check", "gate 'acme': acme_gates:check is not a module"),
    ],
)
def test_an_installed_gate_that_does_not_load_is_an_error(
    site: Path, tmp_path: Path, code: str, target: str, problem: str
) -> None:
    package(site, code, target)

    with pytest.raises(GatehouseError) as raised:
        discover(WorkTree(tmp_path))
    assert problem in raised.value.message


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ('"""Doc."""\n\ndef check(:\n', "gates/mine.py:3: the gate does not load: SyntaxError"),
        ('"""Doc."""\nimport nowhere_to_be_found\n', "gates/mine.py:2: the gate does not load: ModuleNotFoundError"),
        ("import sys\nsys.exit(0)\n", "gates/mine.py:2: the gate does not load: SystemExit"),
        ("\0", "gates/mine.py: the gate does not load"),
        ("", "gates/mine.py: a gate needs a docstring, THRESHOLDS"),
        ('"""Doc."""\nTHRESHOLDS = {}\n', "gates/mine.py: a gate needs"),
        ('"""Doc."""\nTHRESHOLDS = []\ndef check(e, t): ...\n', "gates/mine.py: a gate needs"),
    ],
)
def test_a_gate_file_that_does_not_load_is_named_with_its_line(tmp_path: Path, code: str, problem: str) -> None:
    with pytest.raises(GatehouseError) as raised:
        discover(write(tmp_path, "mine.py", code))
    assert problem in raised.value.message
    assert raised.value.fix


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise ValueError('no')", "the gate broke at gates/mine.py:11: ValueError: no"),
        ("return {}[1]", "the gate broke at gates/mine.py:11: KeyError: 1"),
        ("import sys; sys.exit(0)", "the gate broke at gates/mine.py:11: SystemExit: 0"),
        ("return Verdict(measures=1)", "the gate broke at gates/mine.py:11: TypeError"),
        ("import json; json.loads('{')", "the gate broke at gates/mine.py:11: JSONDecodeError"),
    ],
)
def test_a_gate_that_raises_is_an_error_at_its_own_line(body: str, why: str) -> None:
    verdict = said(body)

    assert verdict.outcome is Outcome.ERROR
    assert verdict.gate == "mine"
    assert verdict.summary.startswith(why)
    assert verdict.advice == ("mend gates/mine.py, or ask its owner; a broken gate blocks",)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return True", "check returned bool, not a Verdict"),
        ("pass", "check returned NoneType, not a Verdict"),
        ("return Verdict('', 'FINE', '')", "Invalid enum value 'FINE'"),
        ("return Verdict('', Outcome.PASS, '', measures=('all good',))", "Expected `object`, got `str`"),
        ("return Verdict('', Outcome.PASS, '', (Measure('a', object(), Outcome.PASS),))", "a verdict holds a object"),
    ],
)
def test_what_is_no_sound_verdict_passes_nothing(body: str, why: str) -> None:
    verdict = said(body)

    assert verdict.outcome is Outcome.ERROR
    assert why in verdict.summary


def test_numbers_of_numpy_become_plain_ones() -> None:
    verdict = said(
        "import numpy as np; return Verdict('', Outcome.PASS, '', (Measure('a', np.float64(2), Outcome.PASS),))"
    )

    assert verdict.measures == (Measure("a", 2.0, Outcome.PASS),)
    assert type(verdict.measures[0].value) is float


def test_an_error_with_a_fix_keeps_both() -> None:
    verdict = said("from gatehouse.errors import GatehouseError; raise GatehouseError('no table', 'write one')")

    assert (verdict.outcome, verdict.summary, verdict.advice) == (Outcome.ERROR, "no table", ("write one",))


def test_thresholds_that_are_not_written_have_their_defaults() -> None:
    gate = load("mine", "gates/mine.py", PASSES.encode())

    assert judge(gate, NOTHING, {}).summary == "most 3"
    assert judge(gate, NOTHING, {"most": 7}).summary == "most 7"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"mots": 1}, "policy: gates.mine: Additional properties are not allowed ('mots' was unexpected)"),
        ({"most": "all"}, "policy: gates.mine.most: 'all' is not of type 'number'"),
    ],
)
def test_an_unknown_or_mistyped_threshold_is_an_error_that_names_it(written: Any, why: str) -> None:
    verdict = judge(load("mine", "gates/mine.py", PASSES.encode()), NOTHING, written)

    assert (verdict.outcome, verdict.summary) == (Outcome.ERROR, why)


def test_a_schema_that_is_none_breaks_the_gate_and_not_the_check() -> None:
    code = PASSES.replace('"number"', '"nummer"')

    assert judge(load("mine", "gates/mine.py", code.encode()), NOTHING, {}).outcome is Outcome.ERROR
