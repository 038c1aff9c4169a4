"""What must hold of a pin as a whole, besides somebody's words: each rule from both sides of its boundary."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from gatehouse.declare.freeze import Freeze, Hours, Window
from gatehouse.pin import Slot
from gatehouse.review.facts import Account, Facts, Said, Standing
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Place, Ruled
from tests.review.worlds import (
    ASKED,
    NOON,
    NOW,
    RELEASE,
    RISK,
    after,
    approval,
    asked,
    comment,
    dismissed,
    emergency,
    facts,
    filled,
    policy,
    rejection,
)


def place(*said: Said, now: datetime = NOW, **changes: Any) -> Place:
    return judge(facts(*said, **changes), now).places[0]


def about(found: Place, rule: str) -> Ruled:
    return next(ruled for ruled in found.rules if ruled.rule == rule and ruled.review is None)


def needing(*said: Said, now: datetime = NOW, risk: str = "medium", **review: Any) -> Place:
    pin = asked(policy=policy(risk, **review))
    return place(*said, now=now, asked=(pin,))


def test_where_nothing_asks_for_people_nothing_is_missing() -> None:
    assert judge(facts(asked=()), NOW).passed
    assert judge(facts(asked=()), NOW).places == ()


def test_without_a_word_of_anybody_nothing_passes() -> None:
    found = place()
    assert not found.passed
    assert [ruled.rule for ruled in found.rules if not ruled.ok] == ["approvals"]
    assert about(found, "approvals").said == "0 of 1 approval"
    assert about(found, "approvals").fix == f"ask @{RISK}, @{RELEASE} to run `gatehouse review 7`"
    assert found.unblocks is None


def test_a_pull_request_passes_where_every_pin_does() -> None:
    eu = asked(Slot("credit-risk", "production", "eu"))
    both = (approval("anna"), approval("bob", pin=eu))
    assert judge(facts(*both, asked=(ASKED, eu)), NOW).passed
    assert not judge(facts(both[0], asked=(ASKED, eu)), NOW).passed


@pytest.mark.parametrize("draft", [True, False])
def test_a_draft_waits(draft: bool) -> None:
    assert place(approval(), draft=draft).passed is not draft


def test_without_evidence_nothing_passes() -> None:
    found = place(approval(), evidence_at=None)
    assert about(found, "gates").said.startswith("the gates have posted nothing about version 48")
    assert not found.passed
    assert not about(place(approval(), asked=(asked(evidence=""),)), "gates").ok


# ---- how many


NUMBERS = [
    ("low", 1, ["anna"], True),
    ("medium", 1, ["anna"], True),
    ("medium", 2, ["anna"], False),
    ("medium", 2, ["anna", "bob"], True),
    ("medium", 3, ["anna", "bob"], False),
    ("medium", 3, ["anna", "bob", "chen"], True),
    ("high", 2, ["anna"], False),
    ("high", 2, ["anna", "bob"], True),
    # A policy cannot ask for fewer than its risk does, nor for none.
    ("high", 1, ["anna"], False),
    ("high", 1, ["anna", "chen"], True),
    ("low", 0, [], False),
    ("low", 0, ["anna"], True),
]


@pytest.mark.parametrize(("risk", "approvals", "who", "passed"), NUMBERS)
def test_as_many_people_as_risk_and_policy_ask_for(risk: str, approvals: int, who: list[str], passed: bool) -> None:
    found = needing(*(approval(each) for each in who), risk=risk, approvals=approvals)
    assert found.passed is passed


def test_one_person_who_approves_twice_is_one() -> None:
    found = needing(approval("anna", 600), approval("anna", 700), approval("ANNA", 800), risk="high")
    assert about(found, "approvals").said == "1 of 2 approvals: @ANNA"
    assert [counted.at for counted in found.counted] == [after(800)]


def test_a_later_click_that_does_not_count_leaves_the_one_that_does() -> None:
    found = needing(approval("anna", 600), approval("anna", 700, body=""))
    assert [counted.at for counted in found.counted] == [after(600)]


@pytest.mark.parametrize(("second", "opens"), [("bob", after(30)), (None, None)])
def test_enough_people_who_were_too_fast_unblock_when_the_time_is_over(second: str | None, opens: Any) -> None:
    words = [approval("anna", 10), *([approval(second, 20)] if second else [])]
    assert needing(*words, now=after(21), risk="high").unblocks == opens


def test_too_fast_and_wrong_in_another_way_unblocks_never() -> None:
    assert needing(approval("anna", 10, commit="g" * 40), now=after(21)).unblocks is None


# ---- different teams


TEAMS = [
    ("any", ["anna", "dora"], True),
    ("distinct", ["anna", "dora"], False),
    ("distinct", ["anna", "bob"], True),
    ("distinct", ["anna", "chen"], True),
    ("distinct", ["bob", "chen"], True),
    # One owner by name is in no owning team.
    ("distinct", ["anna", "olga"], False),
]


@pytest.mark.parametrize(("teams", "who", "passed"), TEAMS)
def test_approvals_come_from_different_owning_teams_where_the_policy_says_so(
    teams: str, who: list[str], passed: bool
) -> None:
    people = dict(facts().people)
    for login, named in (("dora", {RISK, "acme/everyone"}), ("olga", {"acme/everyone"})):
        people[login] = msgspec.structs.replace(people["anna"], login=login, teams=frozenset(named))
    people["anna"] = msgspec.structs.replace(people["anna"], teams=frozenset({RISK, "acme/everyone"}))
    pin = asked(policy=policy("high", teams=teams), owners=(f"@{RISK}", f"@{RELEASE}", "@olga"))
    found = place(*(approval(each, pin=pin) for each in who), asked=(pin,), people=people)
    assert found.passed is passed
    if not passed:
        assert about(found, "teams").said == (
            "approvals of 1 of 2 different teams that own promotions/credit-risk/production.yaml"
        )


def test_when_too_few_teams_own_the_file_codeowners_is_to_change() -> None:
    pin = asked(policy=policy("high", teams="distinct"), owners=(f"@{RISK}",))
    found = place(approval("anna", pin=pin), approval("chen", pin=pin), asked=(pin,))
    assert about(found, "teams").fix == "name 2 teams as owners of promotions/credit-risk/production.yaml in CODEOWNERS"


# ---- rejections


@pytest.mark.parametrize("who", ["anna", "bob", "ada", "trent", "nora", "carl"])
@pytest.mark.parametrize("at", [1, 900])
def test_a_rejection_of_anybody_who_may_write_stands_whenever_it_was_said(who: str, at: float) -> None:
    found = place(approval("chen"), rejection(who, at))
    assert not found.passed
    assert f"@{who} rejected it on " in about(found, "rejected").said
    assert about(found, "rejected").said.endswith(": the thin files are worse off")


def test_a_rejection_holds_on_later_commits_until_it_is_taken_back() -> None:
    assert not place(approval("chen"), rejection("bob", -900, commit="g" * 40)).passed
    assert place(approval("chen"), dismissed("bob", -900, commit="g" * 40)).passed


@pytest.mark.parametrize("who", ["rita", "mallory"])
def test_a_stranger_stops_nobody(who: str) -> None:
    assert place(approval("chen"), rejection(who, 900)).passed


@pytest.mark.parametrize("who", ["ghost", "somebody-unknown"])
def test_whose_permission_nobody_knows_stops_it(who: str) -> None:
    assert not place(approval("chen"), rejection(who, 900)).passed


def test_a_bot_that_may_write_may_reject() -> None:
    assert not place(approval("chen"), rejection("robot", 900, author=Account("robot", bot=True))).passed


@pytest.mark.parametrize("who", ["anna", "trent", "nora"])
def test_a_rejection_is_taken_back_by_a_later_approval_of_this_evidence_by_the_same_person(who: str) -> None:
    assert place(approval("chen"), rejection(who, 600), approval(who, 700)).passed


NOT_TAKEN_BACK = [
    {"at": 500},
    {"at": 600},
    {"body": ""},
    {"commit": "g" * 40},
    {"edited": after(800)},
    {"author": Account("bob")},
    {"at": 10**6},
]


@pytest.mark.parametrize("changes", NOT_TAKEN_BACK)
def test_a_rejection_is_not_taken_back_by_less(changes: dict[str, Any]) -> None:
    when = changes.pop("at", 700)
    assert not place(approval("chen"), rejection("anna", 600), approval("anna", when, **changes)).passed


def test_a_dismissed_approval_takes_no_rejection_back() -> None:
    assert not place(approval("chen"), rejection("anna", 600), dismissed("anna", 700)).passed
    assert not place(approval("chen"), rejection("anna", 600), approval("anna", 700), dismissed("anna", 800)).passed


def test_of_deleted_accounts_none_speaks_for_another() -> None:
    words = (rejection("ghost", 600), approval("ghost", 700))
    assert not place(approval("chen"), *words).passed


@pytest.mark.parametrize("which", [0, 1])
def test_a_review_that_rejects_one_pin_stops_them_all(which: int) -> None:
    pins = (ASKED, asked(Slot("credit-risk", "production", "eu")))
    said = [approval("chen", 600 + at, pin) for at, pin in enumerate(pins)]
    form = rejection("bob", 900, body=filled(pins[which]))
    assert judge(facts(*said, asked=pins), NOW).passed
    assert [place.passed for place in judge(facts(*said, form, asked=pins), NOW).places] == [False, False]


def test_a_dismissed_review_of_one_pin_leaves_the_other_alone() -> None:
    eu = asked(Slot("credit-risk", "production", "eu"))
    gone = dismissed("chen", 900, body=filled(eu))
    words = (approval("chen", 600), approval("anna", 600, eu), gone)
    assert [place.passed for place in judge(facts(*words, asked=(ASKED, eu)), NOW).places] == [True, True]
    # Once edited, nobody knows any more what it was about.
    words = (*words[:2], msgspec.structs.replace(gone, edited=after(1000)))
    assert [place.passed for place in judge(facts(*words, asked=(ASKED, eu)), NOW).places] == [False, True]


def reject_command(command: str, who: str = "bob", **changes: Any) -> Said:
    return comment(who, 900, command, Standing.REJECTED, **changes)


@pytest.mark.parametrize(
    ("command", "stops"),
    [
        ("/reject-model credit-risk 48 too few thin files", True),
        ("/reject-model credit-risk 48", True),
        ("/reject-model", True),
        ("/reject-model credit-risk", True),
        ("/reject-model credit-risk 47 too few thin files", False),
        ("/reject-model churn 48 too few thin files", False),
    ],
)
def test_a_rejection_by_command_stops_the_version_that_it_names(command: str, stops: bool) -> None:
    found = place(approval("chen"), reject_command(command))
    assert found.passed is not stops
    if command.endswith("files") and stops:
        assert about(found, "rejected").said == "@bob rejected it on 2026-03-03 12:15:00 UTC: too few thin files"


def test_who_approves_and_rejects_in_one_comment_has_rejected() -> None:
    text = f"/approve-model credit-risk 48 {ASKED.token}\n\n{filled()}\n\n/reject-model credit-risk 48 no\n"
    both = [comment("chen", 900, text, standing, id=5) for standing in (Standing.APPROVED, Standing.REJECTED)]
    assert not place(*both).passed


# ---- the calendar


def frozen(**freeze: Any) -> dict[str, Any]:
    return {"freeze": Freeze(**freeze)}


WINDOW = Window(NOON + timedelta(hours=2), NOON + timedelta(hours=3), "year-end close")


@pytest.mark.parametrize(("hours", "passed"), [(1.999, True), (2, False), (2.999, False), (3, True)])
def test_a_window_closes_from_its_start_to_its_end(hours: float, passed: bool) -> None:
    found = place(approval(), now=NOON + timedelta(hours=hours), **frozen(windows=(WINDOW,)))
    assert found.passed is passed
    if not passed:
        assert found.unblocks == WINDOW.end
        assert about(found, "calendar").said == "frozen until 2026-03-03 15:00 UTC: year-end close"


def test_a_window_of_other_models_closes_nothing() -> None:
    other = msgspec.structs.replace(WINDOW, models=("churn",))
    assert place(approval(), now=WINDOW.start, **frozen(windows=(other,))).passed


def test_a_public_holiday_and_the_weekend_after_it_unblock_on_monday() -> None:
    good_friday = datetime(2026, 4, 3, 12, tzinfo=UTC)
    freeze = frozen(holidays="DE", weekends=True, timezone="Europe/Berlin")
    found = place(approval(), now=good_friday, **freeze)
    # Easter Monday is one too.
    assert found.unblocks == datetime(2026, 4, 6, 22, tzinfo=UTC)
    assert place(approval(), now=datetime(2026, 4, 2, 12, tzinfo=UTC), **freeze).passed


def test_a_weekend_is_closed_only_where_it_is_said() -> None:
    saturday = datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert not place(approval(), now=saturday, **frozen(weekends=True)).passed
    assert place(approval(), now=saturday).passed


def test_a_stopped_line_unblocks_when_somebody_says_so() -> None:
    found = place(approval(), **frozen(stop_the_line="incident 4711"))
    assert not found.passed
    assert about(found, "line").said == "the line is stopped: incident 4711"
    assert about(found, "line").fix == "take the line out of promotions/freeze.yaml in a reviewed change"
    assert found.unblocks is None


# ---- hours


OFFICE = Hours(time(9), time(17))


@pytest.mark.parametrize(
    ("clock", "oncall", "passed"),
    [
        (time(9), (), True),
        (time(16, 59, 59), (), True),
        (time(17), (), False),
        (time(8, 59, 59), (), False),
        (time(17), ("@anna",), True),
        (time(17), ("@Anna",), True),
        (time(17), ("@bob",), False),
        (time(17), ("@bob", "@anna"), True),
    ],
)
def test_outside_of_hours_somebody_on_call_must_approve(clock: time, oncall: tuple[str, ...], passed: bool) -> None:
    now = datetime.combine(NOON.date() + timedelta(days=1), clock, UTC)
    found = place(approval("anna"), now=now, **frozen(hours=OFFICE, oncall=oncall))
    assert found.passed is passed
    if not passed:
        ahead = 0 if clock < time(9) else 1
        assert found.unblocks == datetime.combine(now.date() + timedelta(days=ahead), time(9), UTC)


def test_that_somebody_on_call_approved_at_night_is_flagged() -> None:
    found = place(approval("anna"), now=NOON + timedelta(hours=8), **frozen(hours=OFFICE, oncall=("@anna",)))
    assert [ruled.rule for ruled in found.flagged] == ["hours"]


def test_who_is_on_call_and_may_not_approve_does_not_help() -> None:
    night = {"now": NOON + timedelta(hours=8), **frozen(hours=OFFICE, oncall=("@ada",))}
    assert not place(approval("anna"), approval("ada"), **night).passed


def test_what_is_closed_and_outside_of_hours_unblocks_when_both_are_over() -> None:
    sunday = datetime(2026, 3, 8, 12, tzinfo=UTC)
    found = place(approval(), now=sunday, **frozen(weekends=True, hours=OFFICE))
    assert found.unblocks == datetime(2026, 3, 9, 9, tzinfo=UTC)


def test_it_unblocks_by_itself_only_if_nothing_else_is_wrong() -> None:
    assert place(now=WINDOW.start, **frozen(windows=(WINDOW,))).unblocks is None


# ---- emergencies


def call(*who: str, **changes: Any) -> tuple[Said, ...]:
    return tuple(emergency(each, 5 + at, **changes) for at, each in enumerate(who))


LIFTED: list[tuple[str, dict[str, Any]]] = [
    ("approvals", {}),
    ("teams", {"asked": (asked(policy=policy("high", teams="distinct")),)}),
    ("calendar", frozen(windows=(Window(NOON, NOW + timedelta(days=1), "close"),))),
    ("hours", frozen(hours=Hours(time(1), time(2)))),
]


@pytest.mark.parametrize(("rule", "changes"), LIFTED)
def test_an_emergency_of_two_lifts_calendar_time_questions_and_number(rule: str, changes: dict[str, Any]) -> None:
    found = place(*call("anna", "bob"), **changes)
    assert found.passed
    assert found.emergency
    assert about(found, rule).said.endswith("; lifted by the emergency that @anna and @bob called")
    assert {"emergency", rule} <= {ruled.rule for ruled in found.flagged}
    assert [(counted.who, counted.flagged, counted.answers) for counted in found.counted] == [
        ("anna", True, {"emergency": "fraud wave"}),
        ("bob", True, {"emergency": "fraud wave"}),
    ]


NEVER: list[dict[str, Any]] = [
    {"draft": True},
    frozen(stop_the_line="incident"),
    {"evidence_at": None},
    {"head": "g" * 40, "asked": (asked(token="000000000000"),)},
    {"people": {}},
    {"asked": (asked(owners=()),)},
    {"asked": (asked(trained_by=()),)},
    {"asked": (asked(trained_by=("bob",)),)},
    {"committers": frozenset({"ada", "bob"})},
    {"committers": frozenset({"ada", ""})},
    {"author": Account("bob")},
    {"pushed_by": Account("bob")},
    {"pushed_by": None},
    {"names": {"trent@acme.example": "trent", "bob": "anna"}},
]


@pytest.mark.parametrize("changes", NEVER)
def test_no_emergency_lifts_evidence_exclusion_permission_or_a_stopped_line(changes: dict[str, Any]) -> None:
    assert not place(*call("anna", "bob"), **changes).passed


@pytest.mark.parametrize("who", ["ada", "carl", "paula", "trent", "nora", "rita", "mallory", "ghost", "robot[bot]"])
def test_nobody_who_is_excluded_is_one_of_the_two(who: str) -> None:
    assert not place(*call("anna", who)).passed


@pytest.mark.parametrize("changes", [{"reason": ""}, {"edited": after(6)}, {"commit": "g" * 40}])
def test_both_have_to_say_why_and_leave_it_so(changes: dict[str, Any]) -> None:
    assert not place(*call("anna"), *call("bob", **changes)).passed


def test_one_person_twice_is_not_two() -> None:
    found = place(emergency("anna", 5), emergency("anna", 6))
    assert not found.passed
    assert about(found, "emergency").said == "1 of 2 people called an emergency: @anna"


def test_an_approval_is_no_second_call() -> None:
    assert not needing(approval("bob"), *call("anna"), risk="high").passed


@pytest.mark.parametrize("who", ["anna", "chen"])
def test_no_emergency_overrules_a_rejection(who: str) -> None:
    assert not place(*call("anna", "bob"), rejection(who, 900)).passed


def test_an_emergency_that_is_not_needed_lifts_nothing() -> None:
    found = place(approval("chen"), *call("anna", "bob"))
    assert found.passed
    assert not found.emergency
    assert [counted.who for counted in found.counted] == ["chen"]
    assert about(found, "emergency").said == "an emergency was called, and is not needed"


def test_on_a_stopped_line_an_emergency_lifts_the_calendar_alone() -> None:
    closed = frozen(windows=(Window(NOON, NOW + timedelta(days=1), "close"),), stop_the_line="incident")
    found = place(approval("chen"), *call("anna", "bob"), **closed)
    assert not found.passed
    assert [ruled.rule for ruled in found.rules if ruled.review is None and not ruled.ok] == ["line"]
    assert about(found, "calendar").said.startswith("frozen until 2026-03-04 16:00 UTC: close; lifted by")
    assert found.unblocks is None


def test_an_incomplete_emergency_does_not_stop_what_is_approved() -> None:
    assert place(approval("chen"), *call("anna")).passed


def test_who_approved_and_called_is_kept_once_with_answers_and_reason() -> None:
    found = needing(approval("anna"), *call("anna", "bob"), risk="high")
    assert found.passed
    assert [counted.who for counted in found.counted] == ["anna", "bob"]
    assert set(found.counted[0].answers) > {"emergency", "gain"}
    assert found.counted[0].flagged


def test_what_is_about_the_pin_is_all_right_exactly_when_it_passes() -> None:
    def agrees(known: Facts) -> bool:
        found = judge(known, NOW).places[0]
        return found.passed is all(ruled.ok for ruled in found.rules if ruled.review is None)

    assert all(agrees(facts(*call("anna", "bob"), **changes)) for changes in NEVER)
    assert all(agrees(facts(*call("anna", "bob"), **changes)) for _, changes in LIFTED)
    assert all(agrees(facts(*call("anna"), *words)) for words in ((), (approval("bob"),), (rejection("bob"),)))


@pytest.mark.parametrize("at", [0, 149, 299])
def test_among_three_hundred_reviews_the_one_that_counts_is_found(at: int) -> None:
    crowd = [approval(f"fan{number}", 600 + number, id=number, body="LGTM") for number in range(300)]
    assert not place(*crowd).passed
    crowd[at] = approval("anna", 600 + at, id=at)
    found = place(*crowd)
    assert [counted.who for counted in found.counted] == ["anna"]
    crowd[(at + 7) % 300] = rejection("bob", 600 + at, id=(at + 7) % 300)
    assert not place(*crowd).passed
