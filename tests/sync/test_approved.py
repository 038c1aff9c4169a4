"""Sync lets in what people agreed to: the pull request that brought a pin says so, not what main says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from gatehouse.audit.record import Kind
from gatehouse.declare.freeze import Freeze
from gatehouse.errors import GatehouseError
from gatehouse.pin import Pin, Role
from gatehouse.review.judgement import Ruled
from gatehouse.sync.actions import Plan, State
from gatehouse.sync.approved import NOBODY, Agreement, Merged, Reviews, Unasked
from gatehouse.sync.run import sync
from tests.support.approving import agreed, approving, merged, place
from tests.support.company import MODEL, PRODUCTION, STAGING, Company, found
from tests.support.repo import MALLORY, promotion
from tests.sync.test_plan import rules, served, state
from tests.sync.worlds import T0, World, in_production, pin

STAGES = "promotions/stages.yaml"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Version 1 serves; 2 and 3 are in staging, one after the other."""
    made = found(tmp_path)
    made.repo.stage_and_promote(MODEL, made.pins[1])
    for version in (3, 2):
        made.repo.promote(STAGING, made.pins[version])
        made.repo.later(24)
    made.sync()
    return made


def asking(company: Company, reviews: Reviews | None) -> Plan:
    return sync(replace(company.scene(), reviews=reviews))


def said(plan: Plan) -> list[str]:
    return [f"{refusal.rule}: {refusal.message}" for refusal in plan.refusals]


def answers(company: Company, *broken: Ruled, pin: Pin | None = None) -> Reviews:
    """Every merge asked for the champion alone, and this came of it."""

    def ask(commit: str) -> Merged | None:
        at = company.repo.now
        outcome = broken or (Ruled("approvals", True, "2 of 2 approvals"),)
        return merged(7, at, place(PRODUCTION, Role.CHAMPION, pin or company.pins[2], at, outcome))

    return ask


LACKS = Ruled("approvals", False, "1 of 2 approvals: @olga", "ask @acme/risk")
REJECTED = Ruled("rejected", False, "@olga rejected it on 2026-03-05: not so", "mend it")


class TestRefused:
    def test_a_pin_that_was_pushed_tells_who_pushed_which_commit(self, company: Company) -> None:
        company.repo.propose({PRODUCTION.path: promotion(company.pins[2])})
        commit = company.repo.commit({PRODUCTION.path: promotion(company.pins[2])}, "Quick fix", MALLORY)
        plan = company.sync()
        (refusal,) = plan.refusals
        assert (refusal.rule, refusal.passing) == ("approved", False)
        assert refusal.message.startswith(f"Mallory <mallory@example.org> pushed it in commit {commit[:12]}: no merged")
        assert refusal.fix.startswith(f"revert {commit[:12]}, and propose it")
        assert company.reader.aliases(MODEL)["champion"] == 1
        assert (company.records[-1].kind, company.records[-1].after) == (Kind.REFUSED, company.pins[2])

    def test_the_number_that_its_message_names_is_not_believed(self, company: Company) -> None:
        company.repo.propose({PRODUCTION.path: promotion(company.pins[2])})
        message = "Merge pull request #12 from acme/promote"
        company.repo.commit({PRODUCTION.path: promotion(company.pins[2])}, message, MALLORY)
        (refusal,) = company.sync().refusals
        assert "(its message names #12, which did not bring it)" in refusal.message
        assert company.records[-1].pull_request is None

    def test_a_merge_that_lacked_approvals_is_refused_on_record_once(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        before = len(company.records)
        for _ in range(2):
            plan = asking(company, answers(company, LACKS))
            assert said(plan) == ["approved: when #7 was merged, people did not agree: 1 of 2 approvals: @olga"]
        assert plan.refusals[0].fix == "an approval after the merge counts for nothing: revert it, and propose it again"
        assert [record.kind for record in company.records[before:]] == [Kind.REFUSED]
        assert company.reader.aliases(MODEL)["champion"] == 1

    def test_a_rejection_stops_it_until_it_is_dismissed(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        (refusal,) = asking(company, answers(company, REJECTED)).refusals
        assert "@olga rejected it" in refusal.message
        assert "dismiss the rejection on #7" in refusal.fix
        assert asking(company, answers(company)).refusals == ()
        assert company.reader.aliases(MODEL)["champion"] == 2

    def test_reviews_of_another_pin_are_none_of_this_one(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        (refusal,) = asking(company, answers(company, pin=company.pins[3])).refusals
        assert f"people were not asked to agree to {company.pins[2]} as champion there" in refusal.message

    def test_of_two_pins_the_one_that_people_agreed_to_comes_in(self, company: Company) -> None:
        shadow = f"version: 3, digest: {company.pins[3].digest}, percent: 1"
        company.repo.promote(PRODUCTION, company.pins[2], shadow=shadow)
        at = company.repo.now

        def ask(commit: str) -> Merged:
            champion = place(PRODUCTION, Role.CHAMPION, company.pins[2], at)
            return merged(7, at, champion, place(PRODUCTION, Role.SHADOW, company.pins[3], at, (LACKS,)))

        (refusal,) = asking(company, ask).refusals
        assert (refusal.role, refusal.rule) == (Role.SHADOW, "approved")
        assert company.reader.aliases(MODEL) == {"champion": 2, "staging": 2}

    def test_what_was_merged_and_cannot_be_judged_is_refused_on_record(self, company: Company) -> None:
        def ask(commit: str) -> Merged | None:
            raise GatehouseError("commit 123 merged 456 for #7", "find out who pushed it")

        company.repo.promote(PRODUCTION, company.pins[2])
        (refusal,) = asking(company, ask).refusals
        assert refusal.message == "its review cannot be judged: commit 123 merged 456 for #7"
        assert not refusal.passing
        assert company.records[-1].kind is Kind.REFUSED

    def test_long_words_are_cut(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        (refusal,) = asking(company, answers(company, Ruled("rejected", False, "no " * 9000))).refusals
        assert len(refusal.message) == 600


class TestExempt:
    """What nobody is asked about: any question fails the test."""

    @staticmethod
    def nobody(commit: str) -> Merged | None:
        raise AssertionError(f"nobody is to be asked about {commit}")

    def test_a_stage_that_asks_for_no_review(self, company: Company) -> None:
        company.repo.promote(STAGING, company.pins[3])
        assert asking(company, self.nobody).refusals == ()
        assert company.reader.aliases(MODEL)["staging"] == 3

    def test_a_share_that_changes(self, company: Company) -> None:
        canary = f"version: 3, digest: {company.pins[3].digest}, percent: "
        company.repo.promote(PRODUCTION, company.pins[1], canary=canary + "5")
        assert company.sync().refusals == ()
        company.repo.commit({PRODUCTION.path: promotion(company.pins[1], canary=canary + "50")})
        assert asking(company, self.nobody).refusals == ()

    @pytest.mark.parametrize("lost", [False, True])
    def test_a_champion_that_goes_back_to_what_served_even_where_the_record_was_lost(
        self, lost: bool, company: Company
    ) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        assert company.sync().refusals == ()
        company.repo.commit({PRODUCTION.path: promotion(company.pins[1])}, "Roll back")
        if lost:
            company.store.path.unlink()
        assert [refusal for refusal in asking(company, self.nobody).refusals if refusal.slot == PRODUCTION] == []
        assert company.reader.aliases(MODEL)["champion"] == 1

    def test_the_share_of_a_pin_that_was_refused_makes_it_no_better(self, company: Company) -> None:
        canary = f"version: 3, digest: {company.pins[3].digest}, percent: "
        company.repo.promote(PRODUCTION, company.pins[1], canary=canary + "5")
        asking(company, lambda _: None)
        company.repo.promote(PRODUCTION, company.pins[1], canary=canary + "50")
        set_by: list[str] = []

        def ask(commit: str) -> Merged | None:
            set_by.append(commit)
            return None

        assert [refusal.rule for refusal in asking(company, ask).refusals] == ["approved"]
        assert len(set_by) == 1
        assert company.repo.repository.log(set_by[0], limit=1)[0].subject.startswith("Merge pull request #5 ")

    def test_a_champion_that_was_pushed_twice_never_served(self, company: Company) -> None:
        company.repo.propose({PRODUCTION.path: promotion(company.pins[2])})
        for version in (2, 1, 2):
            company.repo.commit({PRODUCTION.path: promotion(company.pins[version])}, "Push", MALLORY)
        assert "approved" in [refusal.rule for refusal in company.sync().refusals]
        assert company.reader.aliases(MODEL)["champion"] == 1


class TestStages:
    def _none(self, company: Company) -> str:
        text = (company.repo.repository.read("origin/main", STAGES) or b"").decode()
        assert text.count("review: required") == 1
        return text.replace("review: required", "review: none")

    def test_a_commit_does_not_do_away_with_its_own_review(self, company: Company) -> None:
        company.repo.propose({PRODUCTION.path: promotion(company.pins[2])})
        company.repo.commit({PRODUCTION.path: promotion(company.pins[2]), STAGES: self._none(company)}, "Both", MALLORY)
        assert "approved" in [refusal.rule for refusal in company.sync().refusals]
        assert company.reader.aliases(MODEL)["champion"] == 1

    def test_where_main_asked_nobody_before_nobody_is_asked(self, company: Company) -> None:
        company.repo.commit({STAGES: self._none(company)})
        company.repo.promote(PRODUCTION, company.pins[2])
        assert asking(company, TestExempt.nobody).refusals == ()

    def test_a_stage_that_asks_for_people_from_now_on_asks_about_what_has_not_come_in_yet(
        self, company: Company
    ) -> None:
        text = (company.repo.repository.read("origin/main", STAGES) or b"").decode()
        company.repo.promote(STAGING, company.pins[3])
        company.repo.commit({STAGES: text.replace("review: none", "review: required")})
        (refusal,) = asking(company, lambda _: merged(7, company.repo.now)).refusals
        assert (refusal.slot, refusal.rule) == (STAGING, "approved")


class TestWaiting:
    @staticmethod
    def away(commit: str) -> Merged | None:
        raise Unasked("no GITHUB_TOKEN is set", "export it; the next sync asks again")

    @pytest.mark.parametrize("reviews", [None, away])
    def test_where_nobody_can_be_asked_only_what_needs_people_waits_and_nothing_goes_on_record(
        self, reviews: Callable[[str], Merged | None] | None, company: Company
    ) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        company.repo.promote(STAGING, company.pins[3])
        before = len(company.records)
        plan = asking(company, reviews)
        (refusal,) = plan.refusals
        assert (refusal.slot, refusal.rule, refusal.passing) == (PRODUCTION, "approved", True)
        assert "has to wait (approved)" in str(refusal)
        assert company.reader.aliases(MODEL) == {"champion": 1, "staging": 3}
        assert [record.kind for record in company.records[before:]] == [Kind.PROMOTED]
        (standing,) = [one for one in plan.standings if one.slot == PRODUCTION]
        assert standing.state is State.WAITING
        assert standing.note.startswith("waiting for people's word: ")
        assert not plan.in_sync
        config = yaml.safe_load(company.repo.remote_files("serving")[f"serving/{MODEL}.yaml"])
        assert [arm["version"] for route in config["routes"] for arm in route["arms"]] == [1]

    def test_the_next_sync_asks_again_and_carries_on(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        asking(company, self.away)
        assert company.sync().refusals == ()
        assert company.reader.aliases(MODEL)["champion"] == 2
        assert Kind.REFUSED not in {record.kind for record in company.records}

    def test_another_rule_that_refuses_it_is_on_record(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2], gates=None)
        plan = asking(company, self.away)
        assert {refusal.rule: refusal.passing for refusal in plan.refusals} == {"evidence": False, "approved": True}
        assert company.records[-1].reason.startswith("evidence: ")
        assert next(one for one in plan.standings if one.slot == PRODUCTION).state is State.REFUSED

    def test_nobody_is_asked_about_what_has_come_in(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        asked: list[str] = []

        def ask(commit: str) -> Merged | None:
            asked.append(commit)
            return approving(company.repo.repository)(commit)

        for _ in range(3):
            asking(company, ask)
        assert len(asked) == 1


SATURDAY = datetime(2026, 3, 7, 12, tzinfo=UTC)
CALLED = (
    Ruled("calendar", True, "frozen until Monday: weekend; lifted by the emergency that …", flag=True),
    Ruled("emergency", True, "@olga and @nils called an emergency", flag=True),
)


def arriving(*outcome: Ruled) -> World:
    """Version 2 was merged to production on a Saturday, which is a day of rest; ``outcome`` came of its reviews."""
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.freeze, world.now = Freeze(weekends=True), SATURDAY
    world.put(PRODUCTION, pin(2))
    here = place(PRODUCTION, Role.CHAMPION, pin(2), world.now, outcome)
    world.reviews[pin(2)] = Agreement(merged(7, world.now, here), here)
    return world


class TestEmergency:
    def test_what_an_emergency_of_two_lifted_comes_in_on_a_weekend(self) -> None:
        world = arriving(*CALLED)
        assert rules(world.carry()) == []
        assert served(world) == {"": [2]}

    def test_while_nobody_can_be_asked_for_one_a_frozen_day_is_no_answer_and_a_stopped_line_is(self) -> None:
        world = arriving()
        world.reviews[pin(2)] = NOBODY
        assert {refusal.rule: refusal.passing for refusal in world.plan().refusals} == {
            "frozen": True,
            "approved": True,
        }
        world.freeze = Freeze(stop_the_line="incident 4711")
        assert {refusal.rule: refusal.passing for refusal in world.plan().refusals} == {
            "frozen": False,
            "approved": True,
        }

    def test_nothing_lifts_a_stopped_line(self) -> None:
        world = arriving(*CALLED)
        world.freeze = Freeze(weekends=True, stop_the_line="incident 4711")
        plan = world.carry()
        assert rules(plan) == ["frozen"]
        assert state(plan, PRODUCTION) is State.FROZEN
        assert served(world) == {"": [1]}

    def test_one_that_was_not_needed_lifts_nothing(self) -> None:
        world = arriving(Ruled("emergency", True, "an emergency was called, and is not needed"))
        assert rules(world.carry()) == ["frozen"]

    def test_what_was_merged_while_it_was_frozen_waits_and_is_remarked(self) -> None:
        closed = Ruled("calendar", False, "frozen until Monday: weekend", "wait")
        one = Ruled("emergency", False, "1 of 2 people called an emergency: @olga", "another has to")
        world = arriving(closed, one)
        assert rules(world.carry()) == ["frozen"]
        world.now = datetime(2026, 3, 9, 8, tzinfo=UTC)
        assert rules(world.carry()) == []
        assert served(world) == {"": [2]}
        (agreement,) = [each for each in world.reviews.values() if each is not None]
        assert agreement.remarks == ("when it was merged: frozen until Monday: weekend",)


class TestPure:
    def test_without_an_answer_a_pin_waits_for_one(self) -> None:
        world = in_production(1)
        world.put(STAGING, pin(2))
        world.put(PRODUCTION, pin(2))
        world.reviews[pin(2)] = None
        (refusal,) = world.plan().refusals
        assert (refusal.rule, refusal.passing) == ("approved", True)
        assert refusal.message == "nobody was asked who agreed to it"

    def test_an_agreement_names_the_pull_request_and_who_agreed(self) -> None:
        agreement = agreed(PRODUCTION, Role.CHAMPION, pin(2), T0, number=48)
        assert agreement.number == 48
        assert [approval.who for approval in agreement.approvals] == ["olga", "nils"]
        assert (agreement.rejections, agreement.remarks, agreement.emergency) == ((), (), False)
        assert Agreement(fault="nobody").number is None
