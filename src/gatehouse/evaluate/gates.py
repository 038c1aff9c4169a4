"""Gates: found by path, their thresholds checked, and called in the one place that fails closed.

A gate is one Python file with a docstring, ``THRESHOLDS`` (a JSON Schema) and ``check(evidence, thresholds)``. Where
the labels alone tell what cannot be decided, ``foresee(evidence, thresholds)`` says so before a model is asked. With
``ALWAYS = True`` it runs in every check, named by a policy or not. A gate is read as bytes from a source (a revision or
the working tree), so that a pull request cannot bring its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.code import line_in, run
from gatehouse.verdict import Outcome, Verdict, plainly

if TYPE_CHECKING:
    from gatehouse.declare.source import Source
    from gatehouse.evaluate.evidence import Evidence

Thresholds = Mapping[str, Any]
FOLDER = "gates/"
ENTRY_POINTS = "gatehouse.gates"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. ``doc`` is its docstring, ``schema`` the JSON Schema of its thresholds, ``digest`` that of its code.

    ``origin`` names it for people, a path in the repository or an entry point; ``file`` is what its code was read from.
    ``always`` gates run whether a policy names them or not, after the others.
    """

    name: str
    origin: str
    file: str
    doc: str
    schema: Mapping[str, Any]
    check: Callable[[Evidence, Thresholds], Verdict]
    digest: str
    foresee: Callable[[Evidence, Thresholds], Sequence[str]] | None = None
    always: bool = False

    @property
    def headline(self) -> str:
        """The first sentence of the docstring: what must be true of a candidate."""
        return self.doc.partition("\n\n")[0].replace("\n", " ").strip()

    def thresholds(self, written: Thresholds) -> Thresholds:
        """The thresholds as written in the policy over the schema's defaults.

        Raises GatehouseError naming the gate when they do not fit the schema.
        """
        from jsonschema import Draft202012Validator

        filled = {**_defaults(self.schema), **written}
        fault = next(iter(Draft202012Validator(self.schema).iter_errors(filled)), None)
        if fault is not None:
            where = ".".join(["gates", self.name, *map(str, fault.absolute_path)])
            raise GatehouseError(f"policy: {where}: {fault.message}", "run `gatehouse validate` for the file and line")
        return filled


def _defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    return {name: part["default"] for name, part in properties.items() if "default" in part}


def asked(listed: Sequence[str], gates: Mapping[str, Gate]) -> tuple[str, ...]:
    """The gates that a check needs verdicts of: a stage's ``listed`` names in order, then the ``always`` gates that
    it does not list, by name. Where it lists none there is nothing to pass, and so nothing is asked."""
    if not listed:
        return ()
    return (*listed, *sorted(name for name, gate in gates.items() if gate.always and name not in listed))


def discover(source: Source) -> dict[str, Gate]:
    """Every gate by name: the repository's own over those of installed packages over the built-in ones.

    Raises GatehouseError for a gate file that does not load or lacks one of its three parts.
    """
    found = dict(builtin())
    for point in entry_points(group=ENTRY_POINTS):
        found[point.name] = _installed(point)
    for path in source.paths(FOLDER):
        name = path.removeprefix(FOLDER).removesuffix(".py")
        if path.endswith(".py") and "/" not in name and not name.startswith("_"):
            code = source.read(path)
            if code is not None:
                found[name] = load(name, path, code)
    return found


def _installed(point: EntryPoint) -> Gate:
    """The gate that an installed package names: the entry point is a module."""
    try:
        module = point.load()
    except (Exception, SystemExit) as error:
        raise GatehouseError(
            f"gate {point.name!r} ({point.value}) does not load: {type(error).__name__}: {error}",
            "mend the package that brings it, or uninstall it",
        ) from error
    file = getattr(module, "__file__", None)
    if file is None:
        raise GatehouseError(
            f"gate {point.name!r}: {point.value} is not a module", "let the entry point name the gate's module"
        )
    return _gate(point.name, point.value, Path(file).read_bytes(), module)


@cache
def builtin() -> Mapping[str, Gate]:
    """The gates that come with gatehouse."""
    return {path.stem: load(path.stem, f"{FOLDER}{path.name}", path.read_bytes()) for path in _builtin_files()}


def _builtin_files() -> list[Path]:
    """Inside an installed package they lie beside the code; in a checkout, at the top."""
    packaged = Path(__file__).parents[1] / "builtin_gates"
    folder = packaged if packaged.is_dir() else Path(__file__).parents[3] / "gates"
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def load(name: str, origin: str, code: bytes) -> Gate:
    """A gate from the bytes of its file. Raises GatehouseError when it does not load or lacks a part."""
    module = run(f"gates.{name}", origin, code, "gate")
    return _gate(name, origin, code, module)


def _gate(name: str, origin: str, code: bytes, module: ModuleType) -> Gate:
    parts = (module.__doc__, getattr(module, "THRESHOLDS", None), getattr(module, "check", None))
    doc, schema, check = parts
    if not doc or not isinstance(schema, Mapping) or not callable(check):
        raise GatehouseError(
            f"{origin}: a gate needs a docstring, THRESHOLDS (a JSON Schema) and check(evidence, thresholds)",
            "see CONTRIBUTING.md, Adding a gate",
        )
    always = getattr(module, "ALWAYS", False)
    if not isinstance(always, bool):
        raise GatehouseError(f"{origin}: ALWAYS is {always!r}", "let it be True, or leave it out")
    digest = "sha256:" + hashlib.sha256(code).hexdigest()
    foresee = getattr(module, "foresee", None)
    return Gate(name, origin, str(module.__file__), doc.strip(), schema, check, digest, foresee, always)


def judge(gate: Gate, evidence: Evidence, written: Thresholds) -> Verdict:
    """Calls one gate. Whatever goes wrong inside becomes an ERROR verdict: a broken gate lets nothing through."""
    try:
        verdict = gate.check(evidence, gate.thresholds(written))
        return _sound(verdict).named(gate.name)
    except GatehouseError as error:
        return plainly(Outcome.ERROR, error.message, *([error.fix] if error.fix else [])).named(gate.name)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (the one place that fails closed)
        where = line_in(gate.origin, gate.file, error)
        return plainly(
            Outcome.ERROR,
            f"the gate broke at {where}: {type(error).__name__}: {error}",
            f"mend {gate.origin}, or ask its owner; a broken gate blocks",
        ).named(gate.name)


def foreseen(gate: Gate, evidence: Evidence, written: Thresholds) -> tuple[str, ...]:
    """What a gate says before any model is asked. What stands in its way is not said here: ``check`` will."""
    if gate.foresee is None:
        return ()
    try:
        return tuple(map(str, gate.foresee(evidence, gate.thresholds(written))))
    except GatehouseError:
        return ()
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a forecast decides nothing, and stops nothing)
        return (f"{gate.name}: what the table can decide is not known: {type(error).__name__}: {error}",)


def _sound(verdict: object) -> Verdict:
    """The verdict with plain numbers for numpy's, which do not travel. Raises TypeError for what is no Verdict, and
    msgspec.ValidationError for one that holds something else than it should."""
    if not isinstance(verdict, Verdict):
        raise TypeError(f"check returned {type(verdict).__name__}, not a Verdict")
    return msgspec.convert(msgspec.to_builtins(verdict, enc_hook=_plain), Verdict)


def _plain(value: Any) -> Any:
    if callable(plain := getattr(value, "item", None)):
        return plain()
    raise TypeError(f"a verdict holds a {type(value).__name__}")
