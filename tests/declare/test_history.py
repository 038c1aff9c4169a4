"""What slots held and when, read from real merges in a real repository."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gatehouse.declare.history import (
    Change,
    Lifecycle,
    Stay,
    declared_at,
    history,
    known_good,
    lifecycle,
    soaked,
    staged_since,
    stays,
)
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision
from gatehouse.declare.types import Held, Promotion
from gatehouse.errors import NotFound
from gatehouse.git import Author
from gatehouse.pin import Pin, Slot
from tests.declare.helpers import A, B, C, beside, pin, promotion
from tests.declare.past import BRANCH_AGE, EU, GRACE, MODEL, PRODUCTION, STAGING, START, Past

HOUR = timedelta(hours=1)


@pytest.fixture
def repo(tmp_path: Path) -> Past:
    return Past(tmp_path)


def past(repo: Past, model: str | None = MODEL) -> tuple[Change, ...]:
    return history(repo.repository, "main", model)


def at(hour: float) -> datetime:
    return START + hour * HOUR


def change(hour: float, slot: Slot, before: Pin | None, after: Pin | None) -> Change:
    def held(champion: Pin | None) -> Promotion | None:
        return Promotion(slot, champion) if champion is not None else None

    return Change(f"{hour}", at(hour), "Ada", slot, held(before), held(after))


def sequence(*steps: tuple[float, Slot, Pin | None]) -> tuple[Change, ...]:
    """Changes, newest first, from (hour, slot, champion) oldest first."""
    now: dict[Slot, Pin | None] = {}
    made = []
    for hour, slot, after in steps:
        made.append(change(hour, slot, now.get(slot), after))
        now[slot] = after
    return tuple(reversed(made))


def test_each_merge_is_one_change_at_its_merge_time_newest_first(repo: Past) -> None:
    repo.promote(STAGING, pin(47))
    repo.promote(PRODUCTION, pin(47))
    repo.promote(STAGING, pin(48, "b"))
    found = past(repo)
    assert [(one.slot, one.before and one.before.pin, one.after and one.after.pin) for one in found] == [
        (STAGING, pin(47), pin(48, "b")),
        (PRODUCTION, None, pin(47)),
        (STAGING, None, pin(47)),
    ]
    assert (found[0].commit, found[0].author) == (repo.repository.resolve("main"), GRACE.name)
    assert [one.time for one in found] == [at(3), at(2), at(1)]


def test_a_repository_without_promotions_has_no_history(repo: Past) -> None:
    assert past(repo) == past(repo, None) == ()


def test_a_withdrawn_file_is_a_change_to_nothing(repo: Past) -> None:
    repo.promote(STAGING, pin(47))
    repo.promote(STAGING, None)
    (withdrawn, _) = past(repo)
    assert withdrawn.before is not None
    assert withdrawn.after is None


def test_other_models_policies_and_comments_are_no_changes(repo: Past) -> None:
    repo.promote(STAGING, pin(47))
    repo.promote(Slot("other", "staging"), pin(1, "b"))
    repo.promote(Slot("credit-risk-2", "staging"), pin(1, "b"))
    repo.merge({STAGING.path: "# a comment\n" + promotion(47)})
    repo.merge({f"promotions/{MODEL}/hold.yaml": "versions: []\n"})
    assert len(past(repo)) == 1
    assert {one.slot.model for one in past(repo, None)} == {MODEL, "other", "credit-risk-2"}


def test_one_merge_may_change_two_slots(repo: Past) -> None:
    repo.merge({PRODUCTION.path: promotion(47), EU.path: promotion(48, B)})
    assert {one.slot for one in past(repo)} == {PRODUCTION, EU}
    assert len({one.commit for one in past(repo)}) == 1


def test_every_role_is_part_of_the_change(repo: Past) -> None:
    repo.merge({PRODUCTION.path: promotion(47, A, beside("canary", 48, B))})
    (found,) = past(repo)
    assert found.after is not None
    assert found.after.canary is not None
    assert found.after.canary.pin == pin(48, "b")


@pytest.mark.parametrize(
    "broken", ["version: [\n", "version: 048\n" + f"digest: {B}\n", "x" * 1_100_000, "version: 4\n"]
)
def test_a_file_that_did_not_read_pinned_nothing_and_ends_no_history(repo: Past, broken: str) -> None:
    repo.promote(STAGING, pin(47))
    repo.merge({STAGING.path: broken})
    repo.promote(STAGING, pin(48, "b"))
    assert [one.after and one.after.pin for one in past(repo)] == [pin(48, "b"), None, pin(47)]


def test_a_link_pins_nothing(repo: Past) -> None:
    repo.promote(STAGING, pin(47))
    repo.push({PRODUCTION.path: "staging.yaml"}, mode="120000")
    assert [one.slot for one in past(repo)] == [STAGING]


def test_no_author_can_write_history_through_a_name(repo: Past) -> None:
    name = "e\x1f2020-01-01T00:00:00+00:00\x1fx\x1e:100644 100644"
    repo.push({STAGING.path: promotion(47)}, Author(name, "e@example.org\x1fx"))
    (found,) = past(repo)
    assert (found.time, found.slot) == (repo.now, STAGING)
    assert found.author.isprintable()
    assert repo.repository.log("main", limit=1)[0].time == repo.now
    assert declared_at(repo.repository, "main", repo.now).time == repo.now


def test_a_model_named_like_a_pattern_is_taken_by_its_letters(repo: Past) -> None:
    repo.promote(STAGING, pin(47))
    assert past(repo, "*") == ()
    assert past(repo, "credit-ris") == ()


def test_a_long_history_takes_a_handful_of_git_processes(repo: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 101):
        repo.promote(STAGING, pin(number, str(number)))
    started: list[object] = []
    run = subprocess.run

    def counted(args: tuple[str, ...], **more: object) -> object:
        started.append(args)
        return run(args, **more)  # type: ignore[call-overload]

    assert len(past(repo)) == 100
    monkeypatch.setattr(subprocess, "run", counted)
    assert len(past(repo)) == 100
    assert len(started) <= 5


def test_the_commit_in_force_at_a_time_is_the_newest_from_then_or_before(repo: Past) -> None:
    repo.promote(STAGING, pin(47))
    repo.promote(STAGING, pin(48, "b"))
    second, first = (one.commit for one in past(repo))
    for hour, commit in ((1, first), (1.5, first), (2, second), (99, second)):
        assert declared_at(repo.repository, "main", at(hour)).id == commit
    elsewhere = at(1).astimezone(datetime.fromisoformat("2026-01-01T00:00:00+05:30").tzinfo)
    found = declared_at(repo.repository, "main", elsewhere)
    assert require(Revision(repo.repository, found.id)).promotions[STAGING].pin == pin(47)


def test_before_the_first_commit_nothing_was_in_force(repo: Past) -> None:
    with pytest.raises(NotFound, match="has no commit from 2020"):
        declared_at(repo.repository, "main", datetime(2020, 1, 1, tzinfo=UTC))


def test_a_branchs_own_commits_are_in_force_only_from_their_merge(repo: Past) -> None:
    repo.promote(STAGING, pin(47))
    inside = repo.now - BRANCH_AGE / 2
    assert repo.repository.log("main", first_parent=False)[1].time < inside
    before = declared_at(repo.repository, "main", inside)
    assert STAGING not in require(Revision(repo.repository, before.id)).promotions


def test_a_pin_stays_from_its_change_until_the_next() -> None:
    changes = sequence((1, STAGING, pin(47)), (3, STAGING, pin(48, "b")), (6, STAGING, pin(47)))
    assert stays(changes, "staging", pin(47)) == (Stay(at(6)), Stay(at(1), at(3)))
    assert staged_since(changes, "staging", pin(47)) == at(6)
    assert staged_since(changes, "staging", pin(48, "b")) == at(3)


def test_the_same_version_with_another_digest_was_never_there() -> None:
    changes = sequence((1, STAGING, pin(47)))
    assert staged_since(changes, "staging", pin(47, "b")) is None
    assert staged_since(changes, "production", pin(47)) is None
    assert soaked(changes, "staging", pin(47, "b"), at(9)) == timedelta()


def test_the_longest_stay_counts_as_soaking_and_several_are_not_added() -> None:
    changes = sequence((0, STAGING, pin(47)), (5, STAGING, None), (6, STAGING, pin(47)))
    assert soaked(changes, "staging", pin(47), at(8)) == 5 * HOUR
    assert soaked(changes, "staging", pin(47), at(12)) == 6 * HOUR


def test_having_been_there_for_a_minute_a_year_ago_is_a_minute() -> None:
    changes = sequence((0, STAGING, pin(47)), (1 / 60, STAGING, pin(48, "b")))
    assert soaked(changes, "staging", pin(47), at(9_000)) == timedelta(minutes=1)


def test_a_change_that_leaves_the_pin_where_it_is_ends_no_stay() -> None:
    kept = Change("x", at(2), "Ada", STAGING, Promotion(STAGING, pin(47)), Promotion(STAGING, pin(47)))
    changes = (kept, *sequence((1, STAGING, pin(47))))
    assert stays(changes, "staging", pin(47)) == (Stay(at(1)),)


def test_a_segment_is_staged_by_its_own_file_or_by_the_one_for_all() -> None:
    eu, us = Slot(MODEL, "staging", "eu"), Slot(MODEL, "staging", "us")
    changes = sequence((1, eu, pin(47)), (2, us, pin(48, "b")), (3, STAGING, pin(49, "c")))
    assert staged_since(changes, "staging", pin(47), "eu") == at(1)
    assert staged_since(changes, "staging", pin(47), "us") is None
    assert staged_since(changes, "staging", pin(47)) is None
    assert staged_since(changes, "staging", pin(49, "c"), "eu") == at(3)


def test_moving_between_a_segments_file_and_the_one_for_all_is_one_stay() -> None:
    eu = Slot(MODEL, "staging", "eu")
    changes = sequence((1, STAGING, pin(47)), (2, eu, pin(47)), (3, STAGING, None), (5, eu, None))
    assert stays(changes, "staging", pin(47), "eu") == (Stay(at(1), at(5)),)


def test_any_role_in_the_stages_file_is_a_stay(repo: Past) -> None:
    repo.merge({STAGING.path: promotion(47, A, beside("shadow", 48, B))})
    assert staged_since(past(repo), "staging", pin(48, "b")) == repo.now


def test_every_version_is_in_exactly_one_stage_derived_from_files_and_history(repo: Past) -> None:
    one, two, three, four, five = (pin(number, seed) for number, seed in enumerate("abcde", start=1))
    repo.promote(STAGING, one)
    repo.promote(PRODUCTION, one)
    repo.promote(STAGING, two)  # a candidate that is dropped
    repo.promote(STAGING, three)
    repo.promote(PRODUCTION, three)
    repo.promote(PRODUCTION, three, beside("shadow", 5, five.digest, 1))
    repo.promote(STAGING, four)
    changes = past(repo)
    declared = require(Revision(repo.repository, "main"))
    assert lifecycle(declared.promotions.values(), changes) == {
        1: Lifecycle.ARCHIVED,
        2: Lifecycle.NONE,
        3: Lifecycle.PRODUCTION,
        4: Lifecycle.STAGING,
        5: Lifecycle.STAGING,
    }


def test_promotion_to_staging_archives_nothing_and_a_rollback_returns_to_production() -> None:
    old, new = pin(1), pin(2, "b")
    changes = sequence((1, PRODUCTION, old), (2, PRODUCTION, new), (3, PRODUCTION, old))
    assert lifecycle([Promotion(PRODUCTION, old)], changes) == {1: Lifecycle.PRODUCTION, 2: Lifecycle.ARCHIVED}
    staged = [Promotion(PRODUCTION, old), Promotion(STAGING, new)]
    assert lifecycle(staged, changes) == {1: Lifecycle.PRODUCTION, 2: Lifecycle.STAGING}


def test_a_segments_champion_is_in_production_and_archived_only_when_no_segment_holds_it() -> None:
    changes = sequence((1, PRODUCTION, pin(1)), (2, EU, pin(1)), (3, PRODUCTION, pin(2, "b")))
    now = [Promotion(PRODUCTION, pin(2, "b")), Promotion(EU, pin(1))]
    assert lifecycle(now, changes) == {1: Lifecycle.PRODUCTION, 2: Lifecycle.PRODUCTION}
    assert lifecycle(now[:1], changes)[1] is Lifecycle.ARCHIVED


def test_the_tags_values_are_the_words_of_the_mission() -> None:
    assert [str(stage) for stage in Lifecycle] == ["None", "Staging", "Production", "Archived"]


HELD = Held(2, "bad", date(2026, 3, 3))


@pytest.mark.parametrize(
    ("champions", "holds", "good"),
    [
        ([pin(1), pin(2, "b"), pin(3, "c")], (), pin(2, "b")),
        ([pin(1), pin(2, "b"), pin(3, "c")], (HELD,), pin(1)),
        ([pin(1), pin(3, "c")], (), pin(1)),
        ([pin(1), pin(3, "c"), pin(1), pin(3, "c")], (), pin(1)),
        ([pin(2, "b"), pin(3, "c")], (HELD,), None),
        ([pin(3, "c")], (), None),
        ([], (), None),
        ([pin(1), None], (), pin(1)),
        ([pin(1), None, pin(3, "c")], (), pin(1)),
    ],
)
def test_the_known_good_pin_is_the_last_other_champion_that_is_not_held(
    champions: list[Pin | None], holds: tuple[Held, ...], good: Pin | None
) -> None:
    changes = sequence(*((hour, PRODUCTION, champion) for hour, champion in enumerate(champions)))
    assert known_good(changes, PRODUCTION, holds) == good
    assert known_good(changes, EU, holds) is None


def test_a_change_of_shares_alone_is_no_other_champion(repo: Past) -> None:
    repo.promote(PRODUCTION, pin(1))
    repo.promote(PRODUCTION, pin(2, "b"))
    repo.merge({PRODUCTION.path: promotion(2, B, beside("canary", 3, C))})
    repo.merge({PRODUCTION.path: promotion(2, B, beside("canary", 3, C, 25))})
    assert known_good(past(repo), PRODUCTION) == pin(1)


def test_history_does_not_depend_on_the_readers_git_settings(
    repo: Past, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.promote(STAGING, pin(47))
    config = tmp_path_factory.mktemp("home") / "gitconfig"
    config.write_text("[diff]\n\trenames = copies\n[log]\n\tshowSignature = true\n\tdate = relative\n\tfollow = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert len(past(repo)) == 1
