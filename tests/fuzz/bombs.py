"""Files that are small to write and costly to read, as texts of about ``size`` characters.

``python -m tests.fuzz.bombs KIND SIZE`` reads each as a declared file of that kind (or as an ``MLmodel``) and prints a
line of JSON: its name, the seconds that it took, and how it ended.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from gatehouse.errors import GatehouseError


def _of(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def _laughs(levels: int) -> str:
    """A billion laughs: each list holds the one before it ten times (CVE-2003-1564, in YAML)."""
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def texts(size: int) -> Mapping[str, str]:
    numbers = {
        "underscores": "1" + _of("_", size) + "x",
        "grouped": _of("1_", size) + "x",
        "sixties": "1" + _of(":59", size) + "x",
        "digits": _of("9", size),
        "decimals": "1." + _of("9", size),
        "decimals and a letter": "1." + _of("9", size) + "x",
        "exponent": "1e" + _of("9", size),
        "octal": "0" + _of("7", size) + "x",
        "hexadecimal": "0x" + _of("f", size),
        "dots": _of(".", size),
        "signs": _of("+-", size),
    }
    collections = {name: _of(unit, size) for name, unit in {"lists": "[", "mappings": "{", "both": "[{"}.items()}
    marks = {
        f"marks {unit!r}": _of(unit, size) for unit in ("? ", "- ", ": ", "[? ", "\n", "\t", "---\n", "#\n", "%A 1\n")
    }
    quotes = {f"quotes {unit!r}": 'a: "' + _of(unit, size) for unit in ("x", "x\n ", "\\x41", "\\q", "''")}
    return {
        **{name: f"version: {text}\n" for name, text in numbers.items()},
        **collections,
        **marks,
        **quotes,
        "a billion laughs": _laughs(12),
        "itself": "a: &a [*a]\n",
        "itself as a mapping": "a: &a {b: *a}\n",
        "merge keys": "a: &a {b: 1}\n" + "".join(f"c{n}: {{<<: *a}}\n" for n in range(size // 16)),
        "anchors": "".join(f"a{n}: &a{n} 1\n" for n in range(size // 16)),
        "a long anchor": f"a: &{_of('x', size)} 1\n",
        "tags": "".join(f"a{n}: !!python/object/apply:os.system [id]\n" for n in range(size // 48)),
        "a long tag": f"a: !{_of('x', size)} 1\n",
        "one key again and again": _of("a: 1\n", size),
        "keys": "".join(f"k{n}: 1\n" for n in range(size // 9)),
        "a long key": _of("k", size) + ": 1\n",
        "a wide list": f"a: [{_of('1,', size)}]\n",
        "a staircase": "".join(f"{' ' * n}a:\n" for n in range(int((2 * size) ** 0.5))),
        "a thousand lists": "".join(f"k{n}: [{'1, ' * min(999, size // 4000)}1]\n" for n in range(999)),
        "a thousand mappings": "".join(f"k{n}: {{a: 1, b: 2, c: 3, d: 4, e: 5}}\n" for n in range(999)),
        "a block": "a: |\n" + _of(" x\n", size),
        "a fold": "a: >\n" + _of(" x\n\n", size),
        "nothing": _of("\0", size),
        "marks of order": _of("\ufeff", size),
        "signs of four bytes": _of("\U0001f600", size),
    }


def read(kind: str, text: str) -> str:
    """How the reading ended: ``read``, or with what kind of refusal. Anything else is raised."""
    from gatehouse.declare.load import load
    from gatehouse.registry import mlmodel
    from tests.declare.helpers import Files, repository

    if kind == "MLmodel":
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "MLmodel").write_text(text)
            try:
                mlmodel.read(Path(folder))
            except GatehouseError:
                return "refused"
            return "read"
    declared, faults = load(Files(repository(**{kind: text})))
    assert all(len(str(fault)) < 3_000 for fault in faults)
    return "refused" if declared is None else "read"


def main(kind: str, size: int) -> None:
    for name, text in texts(size).items():
        began = time.monotonic()
        ended = read(kind, text)
        print(json.dumps({"name": name, "seconds": time.monotonic() - began, "ended": ended}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
