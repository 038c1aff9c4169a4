"""The whole loop on real parts: pull requests, gates, reviews, merges, sync, rollback, and an auditor's questions."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.loop import Loop
from tests.world import trained
from tests.world.actions import Step
from tests.world.line import CREDIT_RISK, CREDIT_RISK_UNHURRIED
from tests.world.world import World

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with World(tmp_path_factory.mktemp("credit"), CREDIT_RISK_UNHURRIED, trained.cached(CREDIT_RISK)) as world:
        yield Loop(world)


def ended(steps: list[Step]) -> dict[str, int]:
    """The exit code of each verb of gatehouse that was run."""
    return {step.verb: step.done.exit for step in steps if step.verb}


class TestCreditRisk:
    """The tests of this class tell one story, in order, in one company."""

    def test_a_first_promotion_has_no_champion_and_passes_on_absolute_limits(self, loop: Loop) -> None:
        number = loop.promote(1, "staging")
        (comment,) = loop.comments(number)
        assert "no champion" in comment
        assert ("gatehouse", "success") in loop.checks(number)
        assert loop.aliases() == {"staging": 1}

    def test_staging_serves_nobody(self, loop: Loop) -> None:
        assert "version" not in loop.serving()

    def test_a_version_goes_to_production_after_staging(self, loop: Loop) -> None:
        loop.promote(1, "production")
        assert loop.aliases() == {"champion": 1, "staging": 1}

    def test_production_without_staging_first_is_blocked(self, loop: Loop) -> None:
        number = loop.propose(3, "production")
        assert ended(loop.world.gates(number))["report"] == 1
        assert "never been in the stage before" in loop.comments(number)[0]
        assert ("gatehouse", "failure") in loop.checks(number)
        loop.world.remote("dana").get_pull(number).edit(state="closed")

    def test_a_better_auc_does_not_excuse_an_unfair_model(self, loop: Loop) -> None:
        number = loop.propose(2, "staging")
        steps = ended(loop.world.gates(number))
        assert (steps["evaluate"], steps["report"]) == (1, 1)
        assert loop.world.repo.pulls[number].merged is None
        (comment,) = loop.comments(number)
        assert "fairness" in comment.splitlines()[1] + comment
        assert "| accuracy" in comment.replace("**", "")
        loop.world.gates(number)
        assert len(loop.comments(number)) == 1, "the comment sticks: a second check rewrites it"
        loop.world.remote("dana").get_pull(number).edit(state="closed")

    def test_a_second_pull_request_for_a_slot_is_refused(self, loop: Loop) -> None:
        number = loop.propose(3, "staging")
        done = loop.world.gatehouse("propose", loop.model, "2", "--to", "staging")
        assert done.exit == 1
        assert f"#{number} is open" in done.out
        assert loop.propose(3, "staging") == number, "proposing the same again updates the same pull request"
        loop.world.remote("dana").get_pull(number).edit(state="closed")

    def test_a_better_and_fair_version_replaces_the_champion(self, loop: Loop) -> None:
        loop.promote(3, "staging")
        loop.promote(3, "production")
        assert loop.aliases() == {"champion": 3, "staging": 3}
        digest = next(
            line.split("digest: ")[1]
            for line in (loop.world.here / f"promotions/{loop.model}/production.yaml").read_text().splitlines()
            if line.startswith("digest: ")
        )
        assert digest.strip() in loop.serving()
        from gatehouse.registry.reader import RegistryReader

        versions = {version.number: version for version in RegistryReader(loop.world.store.uri).versions(loop.model)}
        assert versions[3].tags["gatehouse.stage"] == "Production"
        assert versions[1].tags["gatehouse.stage"] == "Archived"
        assert versions[3].tags["gatehouse.gate.fairness"].startswith("PASS")

    def test_a_second_sync_changes_nothing(self, loop: Loop) -> None:
        before = loop.world.repo.git.resolve("serving")
        done = loop.world.gatehouse("plan")
        assert done.exit == 0, done.out
        loop.sync()
        assert loop.world.repo.git.resolve("serving") == before

    def test_rollback_puts_the_last_good_version_back_and_holds_the_bad_one(self, loop: Loop) -> None:
        done = loop.world.gatehouse("rollback", loop.model, "--reason", "declines doubled", "--yes", who="olga")
        assert done.exit == 0, done.out + done.err
        assert loop.aliases()["champion"] == 1
        loop.world.pull()
        hold = (loop.world.here / f"promotions/{loop.model}/hold.yaml").read_text()
        assert "declines doubled" in hold
        done = loop.world.gatehouse("propose", loop.model, "3", "--to", "production")
        assert done.exit == 2
        assert "on hold" in done.err
        assert loop.world.gatehouse("status").exit == 0

    def test_an_auditor_gets_answers(self, loop: Loop) -> None:
        assert loop.world.gatehouse("audit", "verify").exit == 0
        assert "declines doubled" in json.dumps(loop.json("history", loop.model))
        why = json.dumps(loop.json("why", loop.model, "3"))
        assert "fairness" in why
        assert "declines doubled" in why
