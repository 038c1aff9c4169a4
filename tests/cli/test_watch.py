"""Whatever happens in whatever order: no green check is left on evidence that does not answer main's question."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.cli.hub import connect
from gatehouse.cli.watch import Watch
from gatehouse.pin import Slot
from tests.github.state import Pull
from tests.support import gated
from tests.support.desk import MODEL, PRODUCTION, STAGING, Desk, desk, pin
from tests.support.repo import POLICY, promotion

SLOTS = (STAGING, PRODUCTION, Slot(MODEL, "production", "eu"))


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


class Story:
    """Random events, and what an onlooker with a list of all that passed may conclude."""

    def __init__(self, at: Desk, seed: int) -> None:
        self.at, self.draw = at, random.Random(seed)
        self.passed: set[str] = set()
        self.versions = iter(range(2, 100))
        self.pulls: list[Pull] = []
        self.mains = [at.main]

    def step(self) -> str:
        event = self.draw.choice((self.opens, self.judges, self.judges, self.judges_late, self.moves, self.merges))
        event()
        self.mains += [self.at.main] if self.at.main != self.mains[-1] else []
        return event.__name__

    def opens(self) -> None:
        self.pulls.append(self.at.promote(self.draw.choice(SLOTS), next(self.versions)))

    def judges(self, base: str = "") -> None:
        for pull in self.draw.sample(self._open(), min(2, len(self._open()))):
            says = gated.fails if self.draw.random() < 0.2 else gated.passes
            self.at.judge(pull, says, base)
            if says is gated.passes:
                self.passed |= self._keys(pull, base or self.at.main)

    def judges_late(self) -> None:
        """The gates were asked by a main that has moved on since."""
        self.judges(self.mains[-min(2, len(self.mains))])

    def moves(self) -> None:
        if self.draw.random() < 0.5:
            self.at.push({f"promotions/{MODEL}/policy.yaml": POLICY.format(soak=f"{self.draw.randrange(9)}s")})
        else:
            self.at.push({PRODUCTION.path: promotion(pin(next(self.versions)))})

    def merges(self) -> None:
        green = [pull for pull in self._open() if self.at.color(pull) == "green"]
        if green:
            self.at.raw("ravi").call("PUT", f"/pulls/{self.draw.choice(green).number}/merge")

    def looks(self) -> None:
        """What the workflow does after a push to main."""
        with connect(self.at.settings) as github:
            watch = Watch.now(self.at.settings, github)
            for rival in watch.rivals:
                watch.settle(rival)

    def green(self) -> list[Pull]:
        return [pull for pull in self._open() if self.at.color(pull) == "green"]

    def answers(self, pull: Pull) -> bool:
        """Whether a check that passed asked just what main asks now."""
        return self._keys(pull, self.at.main) <= self.passed

    def _keys(self, pull: Pull, base: str) -> set[str]:
        self.at.fetch()
        head = self.at.head(pull)
        asked = gated.questions(self.at.repository, base, head)
        mine = [request for request in asked if request.slot.path in self._changed(pull)]
        return {gated.judged(self.at.repository, request, self.at.github.hub.now()).key for request in mine}

    def _changed(self, pull: Pull) -> set[str]:
        git = self.at.remote.git
        fork = git.merge_base("main", self.at.head(pull)) or ""
        return {change.path for change in git.changes(fork, self.at.head(pull))}

    def _open(self) -> list[Pull]:
        self.at.raw().get("/pulls")
        return [pull for pull in self.pulls if pull.state == "open"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_after_each_look_every_green_check_answers_main_and_is_alone_on_its_slot(at: Desk, seed: int) -> None:
    story = Story(at, seed)
    told, seen = [], 0
    story.opens()
    for _ in range(12):
        told.append(story.step())
        story.looks()
        green = story.green()
        seen += len(green)
        assert all(story.answers(pull) for pull in green), told
        slots = [path for pull in green for path in story._changed(pull)]
        assert len(slots) == len(set(slots)), told
    assert seen, "a story without a green check shows nothing"
