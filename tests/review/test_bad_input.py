"""What is said at the human gate and does not count, the whole way: GitHub's API over HTTP, git, evidence, every rule.

docs/review.md has these cases as a table; test_page compares it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.cli.frame import DONE, Settings
from gatehouse.cli.reviews import ask
from gatehouse.cli.reviews.verify import Way, verify
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.github import Forbidden
from gatehouse.sync.reviews import kept
from tests.support.desk import MODEL, PRODUCTION
from tests.support.gate import QUICK, Gate
from tests.support.gate import gate as opened
from tests.support.repo import STAGES

# Everything that GitHub is asked about a pull request.
ASKED = ["/pulls/1$", "/timeline$", "/commits$", "/activity$", "/check-runs$", "/permission$", "/members$", "/graphql$"]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with opened(tmp_path) as made:
        yield made


def test_what_the_others_take_away_from_passes(gate: Gate) -> None:
    gate.approve("olga", "nils")
    assert gate.judged().passed


class TestAHalfFilledQuestionnaire:
    @pytest.mark.parametrize("question", ["gain", "data", "groups", "by-hand", "model-card", "timing", "on-call"])
    def test_leaves_open_what_it_names(self, question: str, gate: Gate) -> None:
        gate.approve("olga", words=gate.form({question: ""}))
        gate.approve("nils")
        assert gate.broken() == {"questions", "approvals"}
        (said,) = [each.said for each in gate.rules() if each.rule == "questions" and not each.ok]
        assert said == f"@olga left questions open: {question}: it is not answered"

    def test_may_leave_out_what_may_be_left_out(self, gate: Gate) -> None:
        gate.approve("olga", "nils", words=gate.form({"remarks": ""}))
        assert gate.judged().passed

    @pytest.mark.parametrize("answer", ["...", "-", "\u200b", "> "])
    def test_is_not_filled_by_what_says_nothing(self, answer: str, gate: Gate) -> None:
        gate.approve("olga", words=gate.form({"by-hand": answer}))
        assert "questions" in gate.broken()

    def test_with_an_answer_against_the_approval_is_none(self, gate: Gate) -> None:
        gate.approve("olga", words=gate.form({"model-card": "no"}))
        assert "questions" in gate.broken()

    def test_with_a_limitation_that_was_not_ticked_does_not_count(self, gate: Gate) -> None:
        gate.approve("olga", words=gate.form(limitations=frozenset()))
        gate.approve("nils")
        assert gate.broken() == {"limitations", "approvals"}

    def test_that_is_none_at_all_names_no_evidence(self, gate: Gate) -> None:
        gate.approve("olga", words="LGTM")
        assert {"evidence", "questions", "limitations"} <= gate.broken()


class TestAnEditedReview:
    @pytest.mark.parametrize("who", ["olga", "mallory"])
    def test_does_not_count_whoever_edited_it(self, who: str, gate: Gate) -> None:
        review, _ = gate.approve("olga", "nils")
        gate.at.github.advance(seconds=1)
        gate.at.github.edit(review, gate.form({"gain": "it is enormous"}), by=who)
        assert gate.broken() == {"unedited", "approvals"}

    def test_does_not_fill_what_was_left_open(self, gate: Gate) -> None:
        review, _ = gate.approve("olga", "nils", words=gate.form({"gain": ""}))
        gate.at.github.advance(minutes=1)
        gate.at.github.edit(review, gate.form(), by="olga")
        assert "unedited" in gate.broken()


class TestAReviewOnAnOlderCommit:
    def test_does_not_count_though_its_words_name_the_evidence_of_the_last(self, gate: Gate) -> None:
        """A browser that was open before the push, and the form pasted from after it."""
        first = gate.pull.head_sha
        gate.at.change(gate.pull, {"README.md": "more"})
        gate.at.judge(gate.pull)
        gate.at.github.advance(minutes=2)
        gate.approve("nils")
        for review in gate.approve("olga"):
            review.commit = first
        assert gate.broken() == {"commit", "approvals"}
        assert gate.counted() == ["nils"]

    def test_approve_then_push_takes_every_approval_away(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.at.change(gate.pull, {"README.md": "more"})
        assert {"commit", "evidence", "gates", "approvals"} <= gate.broken()
        gate.at.judge(gate.pull)
        assert {"commit", "evidence", "approvals"} <= gate.broken()
        gate.at.github.advance(minutes=2)
        gate.approve("olga", "nils")
        assert gate.judged().passed


class TestARejection:
    @pytest.mark.parametrize("how", ["review", "comment"])
    def test_after_an_approval_wins(self, how: str, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.at.github.advance(minutes=1)
        if how == "review":
            gate.reject("olga")
        else:
            gate.say("olga", f"/reject-model {MODEL} 2 small businesses lose")
        assert gate.broken() == {"standing", "rejected", "approvals"}
        gate.at.github.advance(minutes=1)
        gate.approve("olga")
        assert gate.judged().passed

    def test_of_one_stops_what_all_others_approve(self, gate: Gate) -> None:
        gate.at.remote.teams["risk"].members.append("mallory")
        gate.approve("olga", "nils")
        gate.reject("mallory")
        assert gate.broken() == {"rejected"}

    def test_of_somebody_who_may_not_write_stops_nothing(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.reject("eve")
        assert gate.judged().passed


class TestADismissedReview:
    def test_counts_for_nothing(self, gate: Gate) -> None:
        review, _ = gate.approve("olga", "nils")
        review.state = "DISMISSED"
        assert gate.broken() == {"standing", "approvals"}
        assert gate.counted() == ["nils"]

    def test_takes_an_earlier_one_with_it(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.at.github.advance(minutes=1)
        for review in gate.approve("olga"):
            review.state = "DISMISSED"
        assert gate.counted() == ["nils"]


class TestAccounts:
    def test_two_bots_are_nobody(self, gate: Gate) -> None:
        gate.at.remote.roles |= {"release[bot]": "write", "ci[bot]": "write"}
        gate.at.remote.teams["risk"].members += ["release[bot]", "ci[bot]"]
        gate.approve("release[bot]", "ci[bot]")
        assert {"person", "approvals"} <= gate.broken()
        assert gate.counted() == []

    def test_two_accounts_of_one_person_are_one(self, gate: Gate) -> None:
        """A machine account that somebody runs, as main names it."""
        gate.at.remote.roles["risk-machine"] = "write"
        gate.at.github.hub.user("risk-machine")
        gate.at.remote.teams["risk"].members.append("risk-machine")
        gate.at.push({"promotions/stages.yaml": _stages("{ada: [ada.l], olga: [risk-machine]}")})
        gate.approve("olga", "risk-machine")
        assert gate.broken() == {"approvals"}
        gate.approve("nils")
        assert gate.judged().passed

    def test_a_deleted_one_is_nobody(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.at.github.hub.remove_user("olga")
        assert {"person", "approvals"} <= gate.broken()
        assert gate.counted() == ["nils"]

    def test_two_deleted_ones_are_not_taken_for_one_that_changed_its_mind(self, gate: Gate) -> None:
        gate.reject("olga")
        gate.at.github.advance(minutes=1)
        gate.approve("nils")
        for login in ("olga", "nils"):
            gate.at.github.hub.remove_user(login)
        assert "rejected" in gate.broken()


def test_the_token_of_another_pull_request_names_no_evidence_here(gate: Gate) -> None:
    words = gate.form()
    gate.at.close(gate.pull)
    other = gate.at.promote(PRODUCTION, 2, branch="once-more")
    gate.at.judge(other)
    gate.at.github.advance(minutes=2)
    again = Gate(gate.at, other)
    again.approve("olga", "nils", words=words)
    assert again.broken() == {"evidence", "questions", "limitations", "approvals"}


class TestAComment:
    def command(self, gate: Gate) -> str:
        token = gate.facts().asked[0].token
        return f"/approve-model {MODEL} 2 {token}\n\n{gate.form()}"

    def test_approves_as_a_review_does(self, gate: Gate) -> None:
        words = self.command(gate)
        gate.say("olga", words)
        gate.say("nils", words)
        assert gate.judged().passed

    @pytest.mark.parametrize(("who", "rules"), [("eve", {"owner", "permission"}), ("mallory", {"owner"})])
    def test_of_somebody_who_may_not_approve_does_not(self, who: str, rules: set[str], gate: Gate) -> None:
        gate.say(who, self.command(gate))
        gate.approve("nils")
        assert gate.broken() == rules | {"approvals"}

    def test_without_the_questionnaire_below_it_answers_nothing(self, gate: Gate) -> None:
        gate.say("olga", self.command(gate).split("\n")[0])
        assert {"questions", "limitations", "approvals"} == gate.broken()

    def test_that_is_quoted_is_none(self, gate: Gate) -> None:
        gate.say("olga", "".join(f"> {line}\n" for line in self.command(gate).split("\n")))
        assert gate.broken() == {"approvals"}


class TestClocks:
    def test_a_machine_whose_clock_is_behind_lets_nothing_through(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        behind = gate.at.github.hub.now() - timedelta(minutes=10)
        assert gate.broken(behind) == {"clock", "approvals"}

    def test_one_that_is_ahead_counts_as_github_does(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        ahead = gate.at.github.hub.now() + timedelta(days=1)
        assert gate.judged(ahead).passed

    def test_gates_whose_clock_is_ahead_make_no_approval_early(self, gate: Gate) -> None:
        """The evidence says that it is from later than its own check: then the check is believed."""
        for run in gate.at.remote.checks.values():
            assert run.completed is not None
            run.completed -= timedelta(minutes=1)
        gate.approve("olga", "nils")
        assert gate.judged().passed

    def test_an_approval_before_the_evidence_was_there_does_not_count(self, gate: Gate) -> None:
        for review in gate.approve("olga", "nils"):
            review.submitted = gate.pull.created
        assert gate.broken() == {"timing", "approvals"}

    def test_29_seconds_do_not_count_59_are_flagged_and_60_are_fine(self, gate: Gate) -> None:
        start = gate.facts().evidence_at
        assert start is not None
        (review,) = gate.approve("olga")
        gate.approve("nils")
        found = []
        for span in (29, 30, 59, 60):
            review.submitted = start + timedelta(seconds=span)
            found.append(next((each.ok, each.flag) for each in gate.rules() if each.rule == "timing"))
        assert found == [(False, False), (True, True), (True, True), (True, False)]


class TestManyReviews:
    def test_300_are_all_read_and_the_last_word_of_each_counts(self, gate: Gate) -> None:
        for number in range(298):
            gate.at.github.review(gate.at.remote, 1, "COMMENTED", f"{number}", by="olga" if number % 2 else "nils")
        gate.approve("olga", "nils")
        assert gate.judged().passed

    def test_the_300th_can_be_the_one_that_rejects(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.at.github.advance(minutes=1)
        for number in range(297):
            gate.at.github.review(gate.at.remote, 1, "COMMENTED", f"{number}", by="nils")
        gate.reject("olga")
        assert gate.broken() == {"standing", "rejected", "approvals"}


class TestAnApiThatDoesNotAnswer:
    @pytest.mark.parametrize("path", ASKED)
    def test_is_never_taken_for_nothing_said(self, path: str, gate: Gate) -> None:
        """Not even a rejection can be missed: nothing at all is judged."""
        gate.approve("olga", "nils")
        method = "POST" if "graphql" in path else "GET"
        for status in (403, 429, 500, 502, None):
            waits = 600 if status == 429 else None
            fault = gate.at.github.fail(method, path, status, times=QUICK.tries, retry_after=waits)
            with pytest.raises(Unreachable):
                gate.judged()
            fault.times = 0
        assert gate.judged().passed

    @pytest.mark.parametrize("lacking", ["checks", "contents", "pull_requests"])
    def test_because_the_token_may_not_names_what_the_token_lacks(self, lacking: str, gate: Gate) -> None:
        gate.approve("olga", "nils")
        with pytest.raises(Forbidden) as told:
            gate.facts(lacking, "statuses")
        assert isinstance(told.value, GatehouseError)
        assert "read access to " in told.value.fix

    def test_who_is_in_a_team_that_nobody_may_see_does_not_count(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        assert gate.facts("members").people["olga"].teams is None

    @pytest.mark.parametrize("status", [403, 429])
    def test_for_a_second_is_waited_for_as_long_as_it_says(self, status: int, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.at.github.fail("GET", "/timeline$", status, retry_after=1)
        gate.at.github.fail("GET", "/permission$", 502, times=QUICK.tries - 1)
        assert gate.judged().passed


class TestAnAnswerThatIsLost:
    """GitHub did what was asked, and broke down while saying so."""

    @pytest.mark.parametrize("status", [500, 502, None])
    def test_an_approval_is_submitted_once_and_counts(self, status: int | None, gate: Gate, tmp_path: Path) -> None:
        form = tmp_path / "form.md"
        form.write_text(gate.form())
        gate.at.github.fail("POST", "/pulls/1/reviews$", status, after=True)
        assert ask.approve(_as(gate, "olga"), 1, form) == DONE
        assert [(one.author, one.state) for one in gate.pull.reviews] == [("olga", "APPROVED")]
        assert gate.counted() == ["olga"]

    def test_a_rejection_is_submitted_once_and_stands(self, gate: Gate) -> None:
        gate.at.github.fail("POST", "/pulls/1/reviews$", 502, after=True)
        assert ask.reject(_as(gate, "olga"), 1, "small businesses lose") == DONE
        assert [(one.author, one.state) for one in gate.pull.reviews] == [("olga", "CHANGES_REQUESTED")]
        assert "rejected" in gate.broken()

    def test_the_check_is_set_and_the_record_kept_once(self, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.at.github.fail("POST", "/check-runs$", 502, after=True)
        assert verify(gate.at.settings, 1, Way(set_check=True)) == DONE
        assert gate.checks() == ["success"]
        gate.at.fetch()
        assert len(kept(gate.at.repository, "refs/remotes/origin/evidence")) == 1

    @pytest.mark.parametrize(("path", "status"), [("/timeline$", 403), ("/members$", 429), ("/timeline$", 502)])
    def test_where_nothing_could_be_asked_no_check_is_set(self, path: str, status: int, gate: Gate) -> None:
        gate.approve("olga", "nils")
        gate.at.github.fail("GET", path, status, times=99, retry_after=None if status == 502 else 600)
        with pytest.raises(Unreachable):
            verify(gate.at.settings, 1, Way(set_check=True))
        assert gate.checks() == []


def _as(gate: Gate, login: str) -> Settings:
    """The command line of somebody at a desk of their own; they see teams, as people of the organization do."""
    return Settings(gate.at.root, {**gate.at.environ, "GITHUB_TOKEN": gate.at.github.token(login)}, json=True)


def _stages(people: str) -> str:
    return STAGES.format(registry="sqlite:///mlflow.db") + f"people: {people}\n"
