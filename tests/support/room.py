"""Reviewers at their terminals, a pull request to review, and the stand-in for GitHub in between."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gatehouse.cli.main import main
from tests.github.state import Pull, Review
from tests.support.company import Ran
from tests.support.desk import MODEL, PRODUCTION, Desk, desk
from tests.support.repo import POLICY, STAGES

LIMITATIONS = ("thin-file-applicants", "post-2024-inflation")
# What is asked, in order, and what olga answers.
HONEST = (
    *("it is worth it", "none", "young firms, and it is", "ten cases, as expected", "yes", "y, a quiet week", "@ravi"),
    *("y", "y", "", "approve"),
)


@dataclass
class Room:
    """dana's promotion to production, two minutes after its evidence came; olga and nils own it, ada trained it."""

    at: Desk
    pull: Pull
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, *args: str, who: str = "olga", types: Any = None, json: bool = False) -> Ran:
        """``gatehouse review PR args`` as somebody; ``types`` are lines from a terminal, None: there is none."""
        for name, value in {**self.at.environ, "GITHUB_TOKEN": self._token(who)}.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr("sys.stdin", io.StringIO() if types is None else Keyboard(types))
        self.capsys.readouterr()
        number = () if args and args[0].isdecimal() else (str(self.pull.number),)
        with pytest.raises(SystemExit) as ended:
            main(["review", *number, *args, "--repo", str(self.at.root), *(["--format", "json"] if json else [])])
        out, err = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)

    def _token(self, who: str) -> str:
        return self.at.token if who == "gatehouse[bot]" else self.at.github.token(who)

    def form(self, filled: bool = True, number: str = "1") -> str:
        text = self.run(number, "--template").out
        if not filled:
            return text
        text = text.replace("\n>\n", "\n> fine\n").replace("- [ ] yes", "- [x] yes")
        for limit in LIMITATIONS:
            text = text.replace(f"- [ ] {limit}", f"- [x] {limit}")
        return text

    def answer(self, text: str, who: str = "olga", **more: Any) -> Ran:
        file = self.at.root.parent / "form.md"
        file.write_text(text)
        return self.run("--answers", str(file), who=who, **more)

    @property
    def reviews(self) -> list[Review]:
        return self.pull.reviews

    def said_by(self, login: str) -> list[str]:
        """Somebody's comments."""
        return [comment.body for comment in self.at.remote.of(self.pull.number) if comment.author == login]

    @property
    def drafts(self) -> list[Path]:
        return sorted((self.at.root / ".git" / "gatehouse" / "reviews").glob("*.md"))


class Keyboard(io.StringIO):
    """A terminal at which these lines are typed; a function among them is what happens before the next line is."""

    def __init__(self, lines: Any) -> None:
        super().__init__()
        self._left = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        while self._left and callable(self._left[0]):
            self._left.pop(0)()
        return f"{self._left.pop(0)}\n" if self._left else ""


@contextmanager
def furnished(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("GITHUB_SERVER_URL", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    with desk(tmp_path) as at:
        people = {"olga": "write", "nils": "write", "mallory": "write", "ada": "write", "rita": "read"}
        at.remote.roles |= people  # type: ignore[arg-type]
        for login in people:
            at.github.hub.user(login)
        at.github.team(at.remote, "risk", ["olga", "nils", "dana", "ada", "rita"])
        at.push(
            {
                ".github/CODEOWNERS": "/promotions/ @acme/risk\n",
                "promotions/stages.yaml": STAGES.format(registry="sqlite:///mlflow.db") + "people:\n  ada: [ada.l]\n",
                f"promotions/{MODEL}/policy.yaml": policy(),
            }
        )
        pull = at.promote(PRODUCTION, 2)
        at.judge(pull)
        at.github.advance(minutes=2)
        yield Room(at, pull, capsys, monkeypatch)


def policy(**review: Any) -> str:
    asked = {"limitations": list(LIMITATIONS), **review}
    return POLICY.format(soak="0s") + f"review: {json.dumps(asked)}\n"
