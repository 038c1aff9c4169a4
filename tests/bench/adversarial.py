"""Every hostile model against every sandbox that works here: what came of it, how long it took, and what it got.

``scripts/bench adversarial [--json] [--level LEVEL] [NAME…]``; exit 1 where anything leaked, passed, was written, was
left running, or ran over its limit.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gatehouse.runtime import isolation
from tests.adversarial.pack import ATTACKS, Attack
from tests.adversarial.world import GRACE_S, Seen, World


@dataclass(frozen=True)
class Line:
    """One attack at one level; ``got`` is what it should not have got, "" where it got nothing."""

    attack: str
    level: str
    outcome: str
    says: str
    seconds: float
    limit: float
    got: str


def line(attack: Attack, level: str, seen: Seen) -> Line:
    stopped = next((one for one in seen.verdicts if one["outcome"] not in ("PASS", "WARN")), None)
    outcome = "refused" if not seen.verdicts else "PASS" if stopped is None else stopped["outcome"]
    says = str(seen.found.get("refused") or (f"{stopped['gate']}: {stopped['summary']}" if stopped else ""))
    return Line(attack.name, level, outcome, says, seen.seconds, attack.seconds + GRACE_S, got(attack, seen))


def got(attack: Attack, seen: Seen) -> str:
    had = {
        "secret by " + ", ".join(seen.leaks): seen.leaks,
        "promoted": seen.passed,
        "wrote " + ", ".join(seen.written): seen.written,
        "left processes": seen.left,
        "killed another": seen.killed,
        "ran over": seen.seconds > attack.seconds + GRACE_S,
    }
    return "; ".join(what for what, was in had.items() if was)


def lines(names: list[str], levels: list[str]) -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="gatehouse-pack-") as folder, World(Path(folder)) as world:
        for level in levels:
            for name in names:
                attack = ATTACKS[name]
                if level in attack.levels:
                    yield line(attack, level, world.attack(attack, level))


def main(args: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench adversarial", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--level", action="append", help="only this one; none shows what each attack would do")
    parser.add_argument("names", nargs="*", help="only these attacks")
    asked = parser.parse_args(args)
    warnings.simplefilter("ignore")
    # MLflow advises against what is the point here.
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    levels = asked.level or [probed.level for probed in isolation.probe() if probed.works]
    if not levels:
        print("no sandbox works on this machine: run `gatehouse doctor`", file=sys.stderr)
        return 1
    found = []
    if not asked.json:
        print(f"{'attack':24} {'level':11} {'outcome':8} {'s':>6} {'limit':>6}  {'got':8} ended by")
    for one in lines(asked.names or list(ATTACKS), levels):
        found.append(one)
        if not asked.json:
            row = f"{one.attack:24} {one.level:11} {one.outcome:8} {one.seconds:6.1f} {one.limit:6.0f}  "
            print(row + f"{one.got or 'nothing':8} {one.says[:110]}", flush=True)
    bad = [one for one in found if one.got]
    if asked.json:
        print(json.dumps([asdict(one) for one in found], indent=1))
    else:
        attacks = len({one.attack for one in found})
        print(f"{attacks} attacks at {len(levels)} levels: {len(bad)} of {len(found)} got anything")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
