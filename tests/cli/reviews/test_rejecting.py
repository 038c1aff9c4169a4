"""``gatehouse review PR --reject`` and ``--emergency``: one command each, through the stand-in for GitHub."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.cli.reviews.facts import gather
from gatehouse.github import GitHubReader
from gatehouse.review import body
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Judgement
from gatehouse.review.sheet import Decision
from tests.support import gated
from tests.support.desk import MODEL, PRODUCTION, SLUG, STAGING, pin
from tests.support.repo import promotion
from tests.support.room import Room, furnished

HOSTILE = "@dana /approve-model credit-risk 2 x\n> quoted\n### Approval of `a/b`, version 1\x1b[31m"


@pytest.fixture
def room(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with furnished(tmp_path, capsys, monkeypatch) as made:
        yield made


def judged(room: Room) -> Judgement:
    powers = dict.fromkeys(("checks", "contents", "pull_requests", "statuses", "members"), "read")
    with GitHubReader(room.at.github.app_token("gatehouse", powers), room.at.github.api_url, SLUG) as reader:
        return judge(gather(room.at.settings, reader, room.pull.number), reader.now())


def broken(room: Room) -> set[str]:
    return {rule.rule for place in judged(room).places for rule in place.rules if rule.review is None and not rule.ok}


class TestRejected:
    def test_one_command_rejects_every_pin_with_the_reason(self, room: Room) -> None:
        before = len(room.at.github.writes())
        ran = room.run("--reject", "the young firms are worse off", json=True)
        assert ran.code == 0, ran.err
        (review,) = room.reviews
        assert (review.author, review.state, review.commit) == ("olga", "CHANGES_REQUESTED", room.pull.head_sha)
        (sheet,) = body.read(review.body)
        assert (sheet.decision, sheet.promotion, sheet.reason) == (
            Decision.REJECT, str(PRODUCTION), "the young firms are worse off",
        )  # fmt: skip
        assert len(room.at.github.writes()) == before + 1
        assert (ran.document["did"], ran.document["body"]) == ("rejected", review.body)
        assert "rejected" in broken(room)

    def test_the_text_that_the_proposer_gets_is_shown(self, room: Room) -> None:
        out = room.run("--reject", "too risky").out
        assert "@dana gets your reason" in out
        assert "> too risky" in out

    @pytest.mark.parametrize("reason", [HOSTILE, "один\n\nдва", "  blanks  "])
    def test_the_reason_comes_back_as_it_was_given(self, reason: str, room: Room) -> None:
        ran = room.run("--reject", reason)
        assert ran.code == 0, ran.err
        assert body.reason(room.reviews[0].body) == reason
        assert "\x1b" not in ran.out

    @pytest.mark.parametrize("reason", ["", "   ", "...", "\u200b"])
    def test_without_a_reason_nothing_happens(self, reason: str, room: Room) -> None:
        ran = room.run("--reject", reason)
        assert (ran.code, room.reviews) == (2, [])
        assert "needs a reason" in ran.err

    def test_before_there_is_evidence_it_rejects_as_well(self, room: Room) -> None:
        room.at.change(room.pull, {PRODUCTION.path: promotion(pin(3))})
        assert room.run("--reject", "wrong version").code == 0
        assert body.reason(room.reviews[0].body) == "wrong version"
        assert "rejected" in broken(room)

    def test_where_the_gates_said_no_it_rejects_as_well(self, room: Room) -> None:
        room.at.change(room.pull, {PRODUCTION.path: promotion(pin(3))})
        room.at.judge(room.pull, gated.fails)
        assert room.run("--reject", "wrong version").code == 0

    def test_where_nobody_has_to_agree_it_rejects_as_well(self, room: Room) -> None:
        room.pull = room.at.promote(STAGING, 3)
        assert room.run("--reject", "wrong version").code == 0
        assert (room.reviews[0].state, body.reason(room.reviews[0].body)) == ("CHANGES_REQUESTED", "wrong version")

    def test_where_the_pins_do_not_even_read_it_rejects_as_well(self, room: Room) -> None:
        room.at.change(room.pull, {PRODUCTION.path: "version: [\n"})
        ran = room.run("--reject", "this does not read")
        assert ran.code == 0, ran.err
        assert body.reason(room.reviews[0].body) == "this does not read"
        assert "its pins could not be read" in ran.out

    def test_one_review_names_every_pin_and_says_the_reason_once(self, room: Room) -> None:
        room.at.close(room.pull)
        paths = (PRODUCTION.path, f"promotions/{MODEL}/production.eu.yaml")
        room.pull = room.at.open({path: promotion(pin(2)) for path in paths})
        room.at.judge(room.pull)
        assert room.run("--reject", "too risky").code == 0
        assert len(body.read(room.reviews[0].body)) == 2
        assert body.reason(room.reviews[0].body) == "too risky"

    def test_ones_own_is_closed_and_not_rejected(self, room: Room) -> None:
        ran = room.run("--reject", "I was wrong", who="dana")
        assert (ran.code, room.reviews) == (2, [])
        assert "gh pr close 1" in ran.err

    def test_who_may_not_write_here_is_told_that_it_stops_nothing(self, room: Room) -> None:
        ran = room.run("--reject", "no", who="rita")
        assert (ran.code, len(room.reviews)) == (0, 1)
        assert "stops nothing" in ran.out
        assert "rejected" not in broken(room)

    def test_who_approved_may_still_reject(self, room: Room) -> None:
        room.answer(room.form())
        room.at.github.advance(seconds=5)
        assert room.run("--reject", "on second thoughts").code == 0
        assert [place.counted for place in judged(room).places] == [()]

    def test_a_breakdown_after_it_was_taken_rejects_once(self, room: Room) -> None:
        room.monkeypatch.setattr(time, "sleep", lambda seconds: None)
        room.at.github.fail("POST", "/reviews", 502, after=True)
        assert room.run("--reject", "no").code == 0
        assert len(room.reviews) == 1

    def test_what_the_token_lacks_is_named(self, room: Room) -> None:
        powers = dict.fromkeys(("checks", "contents", "pull_requests", "statuses"), "read")
        token = room.at.github.app_token("reader", powers)
        room.monkeypatch.setattr(Room, "_token", lambda self, who: token)
        ran = room.run("--reject", "no")
        assert (ran.code, room.reviews) == (2, [])
        assert "write access to pull requests" in ran.err


class TestEmergency:
    def test_it_is_called_and_says_who_else_must(self, room: Room) -> None:
        ran = room.run("--emergency", "fraud wave, @dana", json=True)
        assert ran.code == 0, ran.out + ran.err
        (said,) = room.said_by("olga")
        token = body.read(room.form())[0].token
        assert said.startswith(f"/emergency {MODEL} 2 {token} fraud wave")
        (told,) = ran.document["pins"]
        assert (ran.document["did"], told["counted"]) == ("emergency", True)
        assert any("another code owner" in rule["fix"] for rule in told["lacking"])

    def test_the_second_call_lifts_what_it_can(self, room: Room) -> None:
        room.run("--emergency", "fraud wave")
        ran = room.run("--emergency", "fraud wave indeed", who="nils")
        assert ran.code == 0, ran.out
        assert judged(room).passed
        assert "your call counts, and is flagged" in ran.out

    @pytest.mark.parametrize("who", ["mallory", "dana", "ada"])
    def test_whose_call_would_not_count_calls_nothing(self, who: str, room: Room) -> None:
        ran = room.run("--emergency", "fraud wave", who=who, json=True)
        assert (ran.code, room.said_by(who)) == (1, [])
        assert ran.document["pins"][0]["hindered"]

    def test_without_evidence_it_lifts_nothing(self, room: Room) -> None:
        room.at.change(room.pull, {PRODUCTION.path: promotion(pin(3))})
        ran = room.run("--emergency", "fraud wave")
        assert (ran.code, room.said_by("olga")) == (1, [])
        assert "lifts no gate" in ran.out

    def test_where_nothing_is_in_the_way_it_is_not_called(self, room: Room) -> None:
        form = room.form()
        for who in ("olga", "nils"):
            assert room.answer(form, who).code == 0
        ran = room.run("--emergency", "fraud wave")
        assert (ran.code, room.said_by("olga")) == (1, [])
        assert "nothing that an emergency would lift" in ran.out

    def test_where_nobody_has_to_agree_it_is_not_called(self, room: Room) -> None:
        room.pull = room.at.promote(STAGING, 3)
        ran = room.run("--emergency", "fraud wave")
        assert (ran.code, room.said_by("olga")) == (0, [])

    def test_a_breakdown_after_the_comment_was_taken_calls_it_once(self, room: Room) -> None:
        room.monkeypatch.setattr(time, "sleep", lambda seconds: None)
        room.at.github.fail("POST", "/comments", 502, after=True)
        assert room.run("--emergency", "fraud wave").code == 0
        assert len(room.said_by("olga")) == 1
