"""A pull request at the human gate, on the stand-in for GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from gatehouse.cli.reviews.facts import gather
from gatehouse.github import GitHubReader, Patience
from gatehouse.review import body
from gatehouse.review.facts import Facts
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Judgement, Ruled
from gatehouse.review.questions import questions, wanted
from gatehouse.review.sheet import blank
from tests.github.state import Pull, Review
from tests.support.desk import MODEL, PRODUCTION, SLUG, Desk, desk
from tests.support.repo import POLICY, STAGES

QUICK = Patience(timeout=5, tries=3, pause=0.01, longest=2.0)
_POWERS = dict.fromkeys(("checks", "contents", "pull_requests", "statuses"), "read")


@dataclass
class Gate:
    """dana's promotion to production, two minutes after its evidence came; olga and nils own it, ada trained it."""

    at: Desk
    pull: Pull

    def facts(self, *lacking: str) -> Facts:
        """As the workflow's token sees them; without the permissions that it is ``lacking``."""
        powers = {name: level for name, level in {**_POWERS, "members": "read"}.items() if name not in lacking}
        token = self.at.github.app_token("gatehouse", powers)
        with GitHubReader(token, self.at.github.api_url, SLUG, QUICK) as reader:
            return gather(self.at.settings, reader, self.pull.number)

    def judged(self, now: datetime | None = None) -> Judgement:
        return judge(self.facts(), now or self.at.github.hub.now())

    def form(self, answers: Mapping[str, str] | None = None, limitations: frozenset[str] | None = None) -> str:
        """The questionnaire filled in; ``answers`` in place of those, an empty one leaves the question open."""
        (asked,) = self.facts().asked
        asks = questions(asked.policy)
        given = {each.id: wanted(each) or (each.answers[0] if each.answers else "fine") for each in asks}
        given = {name: answer for name, answer in {**given, **(answers or {})}.items() if answer}
        ticked = frozenset(asked.policy.review.limitations) if limitations is None else limitations
        return body.write([(msgspec.structs.replace(blank(asked), answers=given, acknowledged=ticked), asked.policy)])

    def approve(self, *logins: str, words: str = "") -> list[Review]:
        text = words or self.form()
        return [self.at.github.review(self.at.remote, self.pull.number, "APPROVED", text, by=login) for login in logins]

    def say(self, login: str, words: str) -> None:
        """A comment."""
        self.at.github.comment(self.at.remote, self.pull.number, words, by=login)

    def reject(self, login: str, words: str = "not so") -> None:
        self.at.github.review(self.at.remote, self.pull.number, "CHANGES_REQUESTED", words, by=login)

    def rules(self, now: datetime | None = None) -> list[Ruled]:
        """Every rule's outcome on the one pin."""
        (place,) = self.judged(now).places
        return list(place.rules)

    def broken(self, now: datetime | None = None) -> set[str]:
        """The rules that some review or the place itself breaks."""
        assert not self.judged(now).passed
        return {ruled.rule for ruled in self.rules(now) if not ruled.ok}

    def checks(self) -> list[str]:
        """What the check of the reviews said on the last commit, each time that it was set."""
        runs = (run.sent for run in self.at.remote.checks.values() if run.head_sha == self.pull.head_sha)
        return [str(run.get("conclusion")) for run in runs if run["name"] == "gatehouse review"]

    def counted(self) -> list[str]:
        (place,) = self.judged().places
        return sorted(one.who for one in place.counted)


@contextmanager
def gate(folder: Path) -> Iterator[Gate]:
    with desk(folder) as at:
        at.remote.roles |= {"olga": "write", "nils": "write", "mallory": "write"}
        for login in ("olga", "nils", "mallory"):
            at.github.hub.user(login)
        at.github.team(at.remote, "risk", ["olga", "nils"])
        people = "people:\n  ada: [ada.l]\n"
        stages = STAGES.format(registry="sqlite:///mlflow.db") + people
        at.push(
            {
                ".github/CODEOWNERS": "/promotions/ @acme/risk\n",
                "promotions/stages.yaml": stages,
                f"promotions/{MODEL}/policy.yaml": POLICY.format(soak="0s") + "review: {limitations: [thin-files]}\n",
            }
        )
        pull = at.promote(PRODUCTION, 2)
        at.judge(pull)
        at.github.advance(minutes=2)
        at.environ["GATEHOUSE_TEAMS_TOKEN"] = at.github.app_token("gatehouse", {"members": "read"})
        yield Gate(at, pull)
