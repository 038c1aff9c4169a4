"""The plan, as a table: what main says, what is found, what has to change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import yaml

from gatehouse.audit.record import Kind
from gatehouse.declare.freeze import Freeze, Window
from gatehouse.declare.types import Serving, Stage, Stages, Traffic
from gatehouse.pin import Role
from gatehouse.sync.actions import Append, DropAlias, Plan, Publish, SetAlias, SetLegacyStage, SetTags, State
from gatehouse.sync.actual import ANCHOR, Branch
from gatehouse.sync.plan import diff
from gatehouse.sync.settle import Findings
from tests.sync.worlds import EU, MISSING, MODEL, PRODUCTION, REGISTRY, STAGING, World, in_production, pin


def kinds(plan: Plan) -> list[Kind]:
    return [action.record.kind for action in plan.actions if isinstance(action, Append)]


def rules(plan: Plan) -> list[str]:
    return [refusal.rule for refusal in plan.refusals]


def state(plan: Plan, slot: object, role: Role = Role.CHAMPION) -> State:
    return next(standing.state for standing in plan.standings if (standing.slot, standing.role) == (slot, role))


def served(world: World) -> dict[str, list[int]]:
    """The versions of each route in the model's serving config, the champion first."""
    text = world.branches["serving"].files.get(f"serving/{MODEL}.yaml")
    routes = yaml.safe_load(text)["routes"] if text else []
    return {route["segment"] or "": [arm["version"] for arm in route["arms"]] for route in routes}


def test_nothing_declared_and_nothing_there_is_in_sync() -> None:
    plan = World().plan()
    assert plan.in_sync
    assert plan.standings == ()


def test_a_version_in_staging_gets_its_alias_tags_and_record_and_serves_nothing() -> None:
    world = World()
    world.register(1)
    world.put(STAGING, pin(1))
    plan = world.carry()
    assert state(plan, STAGING) is State.OUT_OF_SYNC
    assert world.aliases == {"staging": 1}
    assert world.staged == {1: "Staging"}
    assert world.versions[1].tags["gatehouse.digest"] == pin(1).digest
    assert kinds(plan) == [Kind.PROMOTED]
    assert served(world) == {}


def test_a_plan_carried_out_leaves_nothing_to_do() -> None:
    world = in_production(1)
    again = world.plan()
    assert again.in_sync
    assert {standing.state for standing in again.standings} == {State.IN_SYNC}


def test_records_come_first_then_aliases_then_tags_and_serving_last() -> None:
    world = World()
    world.register(1)
    world.put(STAGING, pin(1))
    world.put(PRODUCTION, pin(1))
    order = [type(action) for action in world.plan().actions]
    assert order == [Append, Append, SetAlias, SetAlias, SetTags, Publish]


def test_production_archives_what_it_supersedes_and_staging_archives_nothing() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    assert world.staged == {1: "Production", 2: "Staging"}
    world.put(PRODUCTION, pin(2))
    plan = world.carry()
    assert world.staged == {1: "Archived", 2: "Production"}
    assert world.aliases == {"champion": 2, "staging": 2}
    assert kinds(plan) == [Kind.PROMOTED]
    assert served(world) == {"": [2]}


def test_one_record_a_promotion_with_the_pin_before_and_after_and_its_pull_request() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.put(PRODUCTION, pin(2), "Merge pull request #12 from acme/promote/x\n\nPromote version 2")
    (record,) = [action.record for action in world.plan().actions if isinstance(action, Append)]
    assert (record.before, record.after) == (pin(1), pin(2))
    assert (record.pull_request, record.reason) == (12, "Promote version 2")
    assert record.who == "Ada <ada@example.org>"
    assert (record.commit, record.committed, record.when) == (world.changes[0].commit, world.now, world.now)
    assert record.evidence is None


def test_the_serving_config_pins_version_digest_and_files_and_names_no_alias_and_no_stage_to_look_up() -> None:
    world = in_production(1)
    text = world.branches["serving"].files[f"serving/{MODEL}.yaml"]
    assert pin(1).digest in text
    assert "file:///artifacts/1" in text
    assert "@" not in text
    assert "models:/" not in text


def test_every_role_has_its_alias_share_and_salt() -> None:
    world = in_production(1)
    for version in (2, 3):
        world.put(STAGING, pin(version))
    world.carry()
    world.put(
        PRODUCTION,
        pin(1),
        canary=Traffic(pin(2), 5),
        challenger=Traffic(pin(3), 10, "gbm-q4"),
        shadow=Traffic(pin(3), 1),
    )
    plan = world.carry()
    assert world.aliases == {"champion": 1, "staging": 3, "canary": 2, "challenger": 3, "shadow": 3}
    assert kinds(plan) == [Kind.PROMOTED] * 3
    assert world.staged == {1: "Production", 2: "Staging", 3: "Staging"}
    arms = yaml.safe_load(world.branches["serving"].files[f"serving/{MODEL}.yaml"])["routes"][0]["arms"]
    assert [(arm["role"], arm.get("percent"), arm.get("experiment")) for arm in arms] == [
        ("champion", None, None), ("canary", 5, None), ("challenger", 10, "gbm-q4"), ("shadow", 1, None),
    ]  # fmt: skip
    assert len({arm["salt"] for arm in arms[1:]}) == 3
    assert world.plan().in_sync


def test_a_larger_share_is_a_record_of_its_own_and_keeps_its_users() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(PRODUCTION, pin(1), canary=Traffic(pin(2), 5))
    world.carry()
    before = yaml.safe_load(world.branches["serving"].files[f"serving/{MODEL}.yaml"])["routes"][0]["arms"][1]
    world.put(PRODUCTION, pin(1), canary=Traffic(pin(2), 25))
    plan = world.carry()
    after = yaml.safe_load(world.branches["serving"].files[f"serving/{MODEL}.yaml"])["routes"][0]["arms"][1]
    assert kinds(plan) == [Kind.PROMOTED]
    assert (before["percent"], after["percent"]) == (5, 25)
    assert before["salt"] == after["salt"]


def test_segments_have_pins_and_aliases_of_their_own() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(EU, pin(2))
    world.carry()
    assert world.aliases == {"champion": 1, "champion-eu": 2, "staging": 2}
    assert world.staged == {1: "Production", 2: "Production"}
    assert served(world) == {"": [1], "eu": [2]}


def test_a_file_taken_away_empties_its_slot() -> None:
    world = in_production(1)
    world.put(PRODUCTION, None)
    plan = world.carry()
    assert kinds(plan) == [Kind.WITHDRAWN]
    assert DropAlias(REGISTRY, MODEL, "champion", 1) in plan.actions
    assert served(world) == {}
    assert world.plan().in_sync
    assert [standing.slot for standing in world.plan().standings] == [STAGING]


def test_aliases_that_no_slot_ever_had_are_nobodys_business() -> None:
    world = in_production(1)
    world.aliases |= {"qa": 3, "challenger": 2}
    assert world.plan().in_sync


def test_tags_of_other_tools_stay_and_a_stage_typed_by_hand_does_not() -> None:
    world = in_production(1)
    world.register(3)
    world.versions[3].tags.update({"team": "fraud", "gatehouse.stage": "Production"})  # type: ignore[attr-defined]
    world.carry()
    assert world.versions[3].tags == {"team": "fraud", "gatehouse.stage": "None"}


def test_an_alias_moved_by_hand_is_put_back_and_that_is_on_record() -> None:
    world = in_production(1)
    world.aliases["champion"] = 3
    plan = world.carry()
    assert state(plan, PRODUCTION) is State.OUT_OF_SYNC
    assert kinds(plan) == [Kind.SYNCED]
    assert SetAlias(REGISTRY, MODEL, "champion", 1, 3) in plan.actions
    assert world.plan().in_sync


def test_a_serving_file_edited_or_left_over_is_put_right() -> None:
    world = in_production(1)
    files = {**world.branches["serving"].files, "serving/gone.yaml": "model: gone", f"serving/{MODEL}.yaml": "edited"}
    world.branches["serving"] = Branch("b" * 40, files)
    plan = world.carry()
    assert state(plan, PRODUCTION) is State.OUT_OF_SYNC
    assert state(plan, STAGING) is State.IN_SYNC
    assert served(world) == {"": [1]}
    assert "serving/gone.yaml" not in world.branches["serving"].files


def test_production_without_staging_first_is_refused_and_changes_nothing() -> None:
    world = World()
    world.register(1)
    world.put(PRODUCTION, pin(1))
    plan = world.carry()
    assert rules(plan) == ["staged"]
    assert state(plan, PRODUCTION) is State.REFUSED
    assert kinds(plan) == [Kind.REFUSED]
    assert (world.aliases, world.staged, served(world)) == ({}, {}, {})
    assert world.plan().actions == ()
    assert rules(world.plan()) == ["staged"]


def test_another_digest_in_staging_does_not_count() -> None:
    world = World()
    world.register(1)
    world.put(STAGING, pin(1, "a"))
    world.put(STAGING, None)
    world.put(PRODUCTION, pin(1))
    assert rules(world.plan()) == ["staged"]


@pytest.mark.parametrize(("hours", "refused"), [(47.99, ["staged"]), (48, []), (49, [])])
def test_the_soak_is_kept_to_the_minute(hours: float, refused: list[str]) -> None:
    world = World(soak=timedelta(hours=48))
    world.register(1)
    world.put(STAGING, pin(1))
    staged = world.now
    world.put(PRODUCTION, pin(1))
    world.now = staged + timedelta(hours=hours)
    assert rules(world.plan()) == refused


def test_what_was_refused_for_its_soak_goes_in_by_itself_when_the_time_has_come() -> None:
    world = World(soak=timedelta(hours=48))
    world.register(1)
    world.put(STAGING, pin(1))
    world.put(PRODUCTION, pin(1))
    world.carry()
    world.now += timedelta(hours=48)
    plan = world.carry()
    assert kinds(plan) == [Kind.PROMOTED]
    assert served(world) == {"": [1]}


def test_a_held_pin_is_refused_and_the_slot_keeps_what_it_had() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.hold(2)
    world.put(PRODUCTION, pin(2))
    plan = world.carry()
    assert rules(plan) == ["held"]
    assert kinds(plan) == [Kind.HELD, Kind.REFUSED]
    assert state(plan, PRODUCTION) is State.HELD
    assert world.aliases == {"champion": 1, "staging": 2}
    assert world.staged == {1: "Production", 2: "Staging"}
    assert served(world) == {"": [1]}
    assert world.plan().actions == ()


def test_a_refused_slot_that_is_moved_by_hand_is_put_back_to_what_was_let_in() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.hold(2)
    world.put(PRODUCTION, pin(2))
    world.carry()
    world.aliases["champion"] = 2
    plan = world.carry()
    assert world.aliases["champion"] == 1
    assert kinds(plan) == [Kind.SYNCED]


def test_a_pin_in_force_that_is_put_on_hold_stays_and_says_so() -> None:
    world = in_production(1)
    world.hold(1)
    plan = world.carry()
    assert plan.refusals == ()
    assert state(world.plan(), PRODUCTION) is State.HELD
    assert world.plan().in_sync


@pytest.mark.parametrize(
    ("found", "words"),
    [(pin(2, "f").digest, "gives sha256:0002f"), ("none: no MLmodel file", "gives none: no MLmodel file")],
)
def test_an_artifact_that_differs_from_its_pin_is_refused(found: str, words: str) -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.put(PRODUCTION, pin(2))
    world.digests = {want.key: found for want in world.desired.wants if want.slot == PRODUCTION}
    plan = world.carry()
    assert rules(plan) == ["digest"]
    assert words in plan.refusals[0].message
    assert served(world) == {"": [1]}


def test_an_artifact_overwritten_under_a_pin_in_force_changes_nothing_and_raises_the_alarm() -> None:
    world = in_production(1)
    before = dict(world.branches["serving"].files)
    world.digests = {want.key: pin(1, "f").digest for want in world.desired.wants if want.slot == PRODUCTION}
    plan = world.carry()
    assert rules(plan) == ["digest"]
    assert world.aliases == {"champion": 1, "staging": 1}
    assert world.branches["serving"].files.keys() == before.keys()
    assert served(world) == {"": [1]}
    assert any("keeps serving" in warning for warning in plan.warnings)


@pytest.mark.parametrize("status", ["PENDING_REGISTRATION", "FAILED_REGISTRATION", None])
def test_a_version_that_is_missing_or_not_ready_is_refused(status: str | None) -> None:
    world = in_production(1)
    if status:
        world.register(4, status=status)
    world.put(STAGING, pin(4))
    plan = world.carry()
    assert rules(plan) == ["available"]
    assert world.aliases["staging"] == 1


def test_a_version_that_vanished_from_the_registry_leaves_what_serves_alone() -> None:
    world = in_production(1)
    before = dict(world.branches["serving"].files)
    del world.versions[1]
    world.aliases.clear()
    plan = world.carry()
    assert set(rules(plan)) == {"available"}
    assert served(world) == {"": [1]}
    assert world.branches["serving"].files[f"serving/{MODEL}.yaml"] == before[f"serving/{MODEL}.yaml"]


def test_a_freeze_refuses_a_promotion_and_lifts_by_itself() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    end = world.now + timedelta(days=2)
    world.freeze = Freeze((Window(world.now, end, "year-end close"),))
    world.put(PRODUCTION, pin(2))
    plan = world.carry()
    assert rules(plan) == ["frozen"]
    assert state(plan, PRODUCTION) is State.FROZEN
    assert any("year-end close" in warning for warning in plan.warnings)
    assert served(world) == {"": [1]}
    world.now = end
    world.carry()
    assert served(world) == {"": [2]}


def test_a_freeze_of_another_model_is_none_of_ours() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.freeze = Freeze((Window(world.now, world.now + timedelta(days=2), "close", ("churn",)),))
    assert rules(world.plan()) == []


YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "the whole year")


@pytest.mark.parametrize("freeze", [Freeze(stop_the_line="incident 4711"), Freeze((YEAR,))])
def test_a_freeze_does_not_stand_in_the_way_of_going_back(freeze: Freeze) -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(PRODUCTION, pin(2))
    world.carry()
    world.freeze = freeze
    world.hold(2)
    world.put(PRODUCTION, pin(1))
    plan = world.carry()
    assert plan.refusals == ()
    assert kinds(plan) == [Kind.HELD, Kind.ROLLED_BACK]
    assert served(world) == {"": [1]}
    assert world.staged == {1: "Production", 2: "Staging"}


def test_going_forward_again_is_a_promotion_and_not_a_roll_back() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    for version in (2, 1, 2):
        world.put(PRODUCTION, pin(version))
        plan = world.carry()
    assert kinds(plan) == [Kind.PROMOTED]


def test_a_refusal_of_one_segment_does_not_stop_another() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(EU, pin(1))
    world.carry()
    world.put(EU, pin(3))
    world.put(PRODUCTION, pin(2))
    plan = world.carry()
    assert rules(plan) == ["staged"]
    assert served(world) == {"": [2], "eu": [1]}


def test_a_refused_pin_that_never_got_in_is_not_called_archived() -> None:
    world = in_production(1)
    world.put(PRODUCTION, pin(3))
    world.carry()
    assert world.staged == {1: "Production"}


def test_legacy_stages_are_set_where_they_are_asked_for_only() -> None:
    serving = Stage("production", REGISTRY, serving=Serving(), legacy_stages=True)
    legacy = Stages((Stage("staging", REGISTRY, "none", legacy_stages=True), serving))
    world = in_production(1)
    assert not any(isinstance(action, SetLegacyStage) for action in world.plan().actions)
    world.stages = legacy
    world.carry()
    assert world.versions[1].stage == "Production"
    world.put(STAGING, pin(2))
    world.put(PRODUCTION, pin(2))
    world.carry()
    assert {number: version.stage for number, version in world.versions.items()} == {
        1: "Archived",
        2: "Production",
        3: "None",
    }
    assert world.plan().in_sync


def test_the_serving_branch_vouches_for_the_head_of_the_record_even_when_only_that_moved() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    plan = world.carry()
    (published,) = [action for action in plan.actions if isinstance(action, Publish)]
    assert published.files == {}
    assert published.anchor
    assert world.plan().in_sync


def test_a_record_that_lost_its_published_head_is_warned_of() -> None:
    world = in_production(1)
    world.records.pop()
    assert any("cut off or replaced" in warning for warning in world.plan().warnings)


def test_two_stages_may_have_branches_of_their_own_and_the_last_one_vouches() -> None:
    first = Stage("staging", REGISTRY, "none", serving=Serving(branch="try"))
    stages = Stages((first, Stage("production", REGISTRY, serving=Serving())))
    world = World(stages=stages)
    world.branches["try"] = Branch()
    world.register(1)
    world.put(STAGING, pin(1))
    world.put(PRODUCTION, pin(1))
    world.carry()
    assert ANCHOR in world.branches["serving"].files
    assert set(world.branches["try"].files) == {f"serving/{MODEL}.yaml"}
    assert world.plan().in_sync


def test_the_same_input_gives_the_same_plan() -> None:
    world = World()
    world.register(1)
    world.put(STAGING, pin(1))
    assert world.plan() == world.plan()


def test_a_pin_without_evidence_is_refused_and_the_slot_keeps_what_it_had() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.put(PRODUCTION, pin(2), gates=False)
    plan = world.carry()
    assert rules(plan) == ["evidence"]
    assert (plan.refusals[0].message, plan.refusals[0].fix) == (MISSING.fault, MISSING.fix)
    assert kinds(plan) == [Kind.REFUSED]
    assert state(plan, PRODUCTION) is State.REFUSED
    assert world.aliases == {"champion": 1, "staging": 2}
    assert served(world) == {"": [1]}
    assert world.plan().actions == ()


def test_evidence_that_comes_late_lets_the_pin_in() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2), gates=False)
    world.carry()
    world.judged.add((STAGING, Role.CHAMPION, pin(2)))
    plan = world.carry()
    assert kinds(plan) == [Kind.PROMOTED]
    assert world.aliases["staging"] == 2


def test_nobody_having_looked_for_evidence_is_no_evidence() -> None:
    world = World()
    world.register(1)
    world.put(STAGING, pin(1))
    plan = diff(world.desired, world.actual, Findings(), {}, world.now)
    assert rules(plan) == ["evidence"]


@pytest.mark.parametrize("role", ["canary", "challenger", "shadow"])
def test_every_role_needs_evidence_of_its_own(role: str) -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.carry()
    world.put(PRODUCTION, pin(1), gates=False, **{role: Traffic(pin(2), 5)})
    plan = world.carry()
    assert [(refusal.role, refusal.rule) for refusal in plan.refusals] == [(role, "evidence")]
    assert world.aliases == {"champion": 1, "staging": 2}


def test_a_larger_share_of_a_pin_that_is_in_needs_no_new_evidence() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(PRODUCTION, pin(1), canary=Traffic(pin(2), 5))
    world.carry()
    world.judged.clear()
    world.put(PRODUCTION, pin(1), gates=False, canary=Traffic(pin(2), 25))
    plan = world.carry()
    assert (plan.refusals, kinds(plan)) == ((), [Kind.PROMOTED])


def test_a_larger_share_does_not_let_in_what_was_refused() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(PRODUCTION, pin(1), gates=False, canary=Traffic(pin(2), 5))
    assert rules(world.carry()) == ["evidence"]
    world.put(PRODUCTION, pin(1), gates=False, canary=Traffic(pin(2), 25))
    assert rules(world.carry()) == ["evidence"]
    assert "canary" not in world.aliases


def test_going_back_to_a_champion_that_was_let_in_waits_for_no_evidence() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(PRODUCTION, pin(2))
    world.carry()
    world.judged.clear()
    world.put(PRODUCTION, pin(1), gates=False)
    plan = world.carry()
    assert (plan.refusals, kinds(plan)) == ((), [Kind.ROLLED_BACK])
    assert served(world) == {"": [1]}


def test_going_back_to_a_champion_that_was_refused_is_no_way_in() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(STAGING, pin(3))
    world.carry()
    world.put(PRODUCTION, pin(2), gates=False)
    assert rules(world.carry()) == ["evidence"]
    world.put(PRODUCTION, pin(3))
    assert rules(world.carry()) == []
    world.put(PRODUCTION, pin(2), gates=False)
    plan = world.carry()
    assert rules(plan) == ["evidence"]
    assert served(world) == {"": [3]}


def test_a_champion_of_another_segment_is_no_champion_that_returns() -> None:
    world = in_production(1)
    world.put(EU, pin(1))
    world.put(STAGING, pin(2))
    world.carry()
    world.put(EU, pin(2))
    world.carry()
    world.put(PRODUCTION, pin(2), gates=False)
    assert rules(world.carry()) == ["evidence"]


def test_a_canary_that_becomes_champion_is_another_question() -> None:
    world = in_production(1)
    world.put(STAGING, pin(2))
    world.put(PRODUCTION, pin(1), canary=Traffic(pin(2), 25))
    world.carry()
    world.put(PRODUCTION, pin(2), gates=False)
    plan = world.carry()
    assert [(refusal.role, refusal.rule) for refusal in plan.refusals] == [(Role.CHAMPION, "evidence")]


@pytest.mark.parametrize("before", [None, 2])
def test_what_serves_goes_on_serving_when_its_record_and_its_evidence_are_lost(before: int | None) -> None:
    world = World()
    world.register(1, 2)
    for version in (before, 1):
        if version is not None:
            world.put(STAGING, pin(version))
            world.put(PRODUCTION, pin(version))
            world.carry()
    world.records.clear()
    world.judged.clear()
    aliases, files = dict(world.aliases), set(world.branches["serving"].files)
    plan = world.carry()
    assert set(rules(plan)) == {"evidence"}
    assert world.aliases == aliases
    assert set(world.branches["serving"].files) == files
    assert served(world) == {"": [1]}
    assert any("keeps serving" in warning for warning in plan.warnings)


def test_with_its_record_lost_and_its_evidence_there_everything_is_let_in_again() -> None:
    world = in_production(1)
    world.records.clear()
    plan = world.carry()
    assert (plan.refusals, kinds(plan)) == ((), [Kind.PROMOTED, Kind.PROMOTED])
    assert world.plan().in_sync
