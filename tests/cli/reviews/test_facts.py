"""What reviews are judged by, gathered from GitHub's API as the stand-in speaks it, real git, and real evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gatehouse.cli.outlook import Outlook
from gatehouse.cli.reviews.facts import gather, gathered
from gatehouse.cli.reviews.pins import pins
from gatehouse.errors import NotFound, Unreachable
from gatehouse.evaluate.result import Result
from gatehouse.github import Forbidden, GitHubReader, Patience
from gatehouse.github.pulls import PullReader
from gatehouse.pin import Role
from gatehouse.review.facts import Account, Facts, Person, Said, Standing
from gatehouse.review.token import token
from tests.github.state import Pull
from tests.support import gated
from tests.support.desk import MODEL, PRODUCTION, SLUG, STAGING, Desk, desk, pin
from tests.support.repo import POLICY, STAGES, promotion

OWNERS = "* @ravi\n/promotions/ @acme/risk @Olga\n"
QUICK = Patience(timeout=5, tries=3, pause=0.01, longest=2.0)
Gather = Callable[..., Facts]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    """The desk, with a CODEOWNERS file, olga and nils who may write, and the team risk."""
    with desk(tmp_path) as made:
        made.remote.roles |= {"olga": "write", "nils": "maintain", "eve": "read"}
        for login in ("olga", "nils", "eve"):
            made.github.hub.user(login)
        made.github.team(made.remote, "risk", ["nils"])
        made.push({".github/CODEOWNERS": OWNERS})
        yield made


@pytest.fixture
def facts(at: Desk) -> Gather:
    """Gathers the facts of pull request 1 as the app that the workflows speak as, which sees the members of teams."""

    def run(number: int = 1, *, who: str = "", base: str | None = None) -> Facts:
        app = at.github.app_token("gatehouse", {**_USUAL, "members": "read"})
        with GitHubReader(who or app, at.github.api_url, SLUG, QUICK) as reader:
            return gather(at.settings, reader, number, base)

    return run


_USUAL = dict.fromkeys(("checks", "contents", "pull_requests", "statuses"), "read")


def judged(at: Desk) -> Pull:
    """dana's promotion to production, green."""
    pull = at.promote(PRODUCTION, 2)
    at.judge(pull)
    return pull


class TestAsked:
    def test_the_pin_comes_with_its_evidence_token_owners_trainer_and_policy(self, at: Desk, facts: Gather) -> None:
        pull = judged(at)
        (asked,) = facts().asked
        assert (asked.slot, asked.role, asked.candidate) == (PRODUCTION, Role.CHAMPION, pin(2))
        assert asked.evidence.startswith("sha256:")
        assert asked.token == token(1, pull.head_sha, PRODUCTION, Role.CHAMPION, asked.evidence)
        assert (asked.owners, asked.trained_by) == (("@acme/risk", "@Olga"), ("ada",))
        assert (asked.policy.model, asked.policy.risk) == (MODEL, "high")

    def test_a_stage_that_asks_for_no_review_asks_for_none(self, at: Desk, facts: Gather) -> None:
        at.judge(at.promote(STAGING, 2))
        found = facts()
        assert (found.asked, found.evidence_at) == ((), None)

    def test_a_pin_without_evidence_has_nothing_that_could_be_named(self, at: Desk, facts: Gather) -> None:
        at.promote(PRODUCTION, 2)
        found = facts()
        assert [(asked.evidence, asked.token) for asked in found.asked] == [("", "")]
        assert found.evidence_at is None

    def test_evidence_of_gates_that_said_no_is_none(self, at: Desk, facts: Gather) -> None:
        at.judge(at.promote(PRODUCTION, 2), gated.fails)
        assert facts().asked[0].token == ""

    def test_a_policy_that_changes_makes_the_token_void(self, at: Desk, facts: Gather) -> None:
        judged(at)
        before = facts().asked[0].token
        at.push({f"promotions/{MODEL}/policy.yaml": POLICY.format(soak="0s").replace("risk: high", "risk: low")})
        after = facts()
        assert before
        assert (after.asked[0].token, after.asked[0].policy.risk, after.evidence_at) == ("", "low", None)

    def test_what_served_before_comes_back_without_being_asked(self, at: Desk, facts: Gather) -> None:
        at.push({PRODUCTION.path: promotion(pin(3))})
        at.promote(PRODUCTION, 1)
        assert facts().asked == ()

    def test_owners_are_those_of_main_and_not_of_the_pull_request(self, at: Desk, facts: Gather) -> None:
        judged(at)
        at.push({".github/CODEOWNERS": "* @nils\n"})
        assert facts().asked[0].owners == ("@nils",)

    @pytest.mark.parametrize("files", [{".github/CODEOWNERS": None}, {".github/CODEOWNERS": "/promotions/\n"}])
    def test_where_nobody_owns_it_there_are_no_owners(
        self, files: dict[str, str | None], at: Desk, facts: Gather
    ) -> None:
        judged(at)
        at.push(files)
        assert facts().asked[0].owners == ()

    def test_freeze_and_names_are_those_of_main(self, at: Desk, facts: Gather) -> None:
        people = "people:\n  olga: [Olga.Berg, olga@example.org]\n"
        at.push(
            {
                "promotions/freeze.yaml": "stop_the_line: the feature store is down\n",
                "promotions/stages.yaml": STAGES.format(registry="sqlite:///mlflow.db") + people,
            }
        )
        at.promote(PRODUCTION, 2)
        found = facts()
        assert found.freeze.stop_the_line == "the feature store is down"
        assert found.names == {"olga.berg": "olga", "olga@example.org": "olga"}

    @pytest.mark.parametrize("method", ["merge", "squash"])
    def test_a_merged_pull_request_is_asked_as_main_was_before_its_merge(
        self, method: str, at: Desk, facts: Gather
    ) -> None:
        judged(at)
        before = facts()
        at.raw().call("PUT", "/pulls/1/merge", {"merge_method": method})
        at.push({f"promotions/{MODEL}/policy.yaml": POLICY.format(soak="0s").replace("risk: high", "risk: low")})
        assert at.remote.pulls[1].merged
        assert facts() == before

    def test_a_base_that_is_named_asks(self, at: Desk, facts: Gather) -> None:
        base = at.main
        judged(at)
        before = facts()
        at.push({f"promotions/{MODEL}/policy.yaml": POLICY.format(soak="0s").replace("risk: high", "risk: low")})
        assert facts(base=base).asked == before.asked


class TestTimes:
    def test_evidence_is_there_when_its_check_ended(self, at: Desk, facts: Gather) -> None:
        judged(at)
        at_ = facts().evidence_at
        assert at_ is not None
        (run,) = at.remote.checks.values()
        assert at_ == run.completed

    def test_a_check_that_is_posted_again_for_the_same_evidence_changes_nothing(self, at: Desk, facts: Gather) -> None:
        pull = judged(at)
        before = facts().evidence_at
        at.github.advance(hours=1)
        at.post(pull, [result for result in _shelved(at) if result.request.slot == PRODUCTION])
        assert len(at.remote.checks) == 2
        assert facts().evidence_at == before

    def test_a_check_from_before_the_gates_judged_is_not_the_one(self, at: Desk, facts: Gather) -> None:
        pull = at.promote(PRODUCTION, 2)
        at.raw_app("POST", "/check-runs", {"name": "gatehouse", "head_sha": pull.head_sha, "conclusion": "failure"})
        (early,) = at.remote.checks.values()
        assert early.completed is not None
        early.completed -= timedelta(hours=1)
        at.judge(pull)
        assert facts().evidence_at == list(at.remote.checks.values())[-1].completed

    def test_a_check_that_another_app_set_is_no_evidence(self, at: Desk, facts: Gather) -> None:
        pull = judged(at)
        at.remote.checks.clear()
        at.spoof(pull, "mallory", "success")
        assert facts().evidence_at is None

    def test_a_push_is_told_by_githubs_clock_and_account_whatever_the_commit_says(
        self, at: Desk, facts: Gather
    ) -> None:
        pull = judged(at)
        at.github.advance(hours=1)
        at.change(pull, {"README.md": "more"})
        at.remote.activities[-1].actor = "nils"
        found = facts()
        assert found.pushed_by == Account("nils")
        assert found.pushed_at == at.remote.activities[-1].at
        assert found.head == pull.head_sha

    def test_a_push_that_rewrote_the_branch_is_the_last_one(self, at: Desk, facts: Gather) -> None:
        pull = judged(at)
        at.github.advance(hours=1)
        at.remote.git.move(f"refs/heads/{pull.head}", at.main)
        at.github.push(at.remote, pull.head, {PRODUCTION.path: promotion(pin(3))}, by="nils")
        assert facts().pushed_by == Account("nils")

    def test_who_pushed_cannot_be_told_where_github_does_not_say_it(self, at: Desk, facts: Gather) -> None:
        judged(at)
        at.remote.activities.clear()
        found = facts()
        assert (found.pushed_by, found.pushed_at) == (None, at.remote.pulls[1].created)

    def test_who_pushed_to_a_fork_that_the_token_does_not_see_cannot_be_told(
        self, at: Desk, facts: Gather, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        judged(at)
        seen = PullReader.get
        for slug in ("eve/models", None):
            monkeypatch.setattr(
                PullReader, "get", lambda self, number, slug=slug: replace(seen(self, number), head_slug=slug)
            )
            assert facts().pushed_by is None

    def test_a_draft_says_so_and_when_it_was_ready(self, at: Desk, facts: Gather) -> None:
        pull = at.promote(PRODUCTION, 2)
        pull.draft = True
        found = facts()
        assert (found.draft, found.ready_at) == (True, None)
        at.github.ready(at.remote, 1, by="dana")
        found = facts()
        assert (found.draft, found.ready_at) == (False, pull.events[-1].at)

    def test_a_request_is_told_by_person(self, at: Desk, facts: Gather) -> None:
        pull = at.promote(PRODUCTION, 2)
        at.github.request(at.remote, 1, "olga", by="dana")
        assert facts().requested == {"olga": pull.events[-1].at}


class TestSaid:
    def test_every_review_stands_for_what_github_shows(self, at: Desk, facts: Gather) -> None:
        pull = judged(at)
        for state in ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"):
            at.github.review(at.remote, 1, state, state, by="olga")
        said = facts().said
        assert [each.standing.value for each in said] == ["APPROVED", "REJECTED", "COMMENTED", "DISMISSED"]
        assert {(each.commit, each.edited, each.by_comment) for each in said} == {(pull.head_sha, None, False)}

    def test_a_comment_counts_by_its_commands_alone(self, at: Desk, facts: Gather) -> None:
        judged(at)
        at.github.comment(at.remote, 1, "nice", by="olga")
        at.github.comment(at.remote, 1, "> /approve-model credit-risk 2 0123456789ab", by="olga")
        at.github.comment(at.remote, 1, "/approve-model credit-risk 2 0123456789ab", by="olga")
        at.github.comment(
            at.remote, 1, "/reject-model churn 4 too old\n/emergency credit-risk 2 0123456789ab fire", by="nils"
        )
        told = [(each.author.login, each.standing, each.commit, each.by_comment) for each in facts().said]
        assert told == [
            ("olga", Standing.APPROVED, None, True),
            ("nils", Standing.REJECTED, None, True),
            ("nils", Standing.EMERGENCY, None, True),
        ]

    def test_words_that_somebody_else_changed_are_edited_however_soon(self, at: Desk, facts: Gather) -> None:
        judged(at)
        review = at.github.review(at.remote, 1, "APPROVED", "fine", by="olga")
        comment = at.github.comment(at.remote, 1, "/reject-model credit-risk 2 no", by="nils")
        at.github.edit(review, "with a token", by="dana")
        at.github.edit(comment, "/approve-model credit-risk 2 0123456789ab", by="dana")
        assert all(each.edited is not None for each in facts().said)

    def test_ones_own_words_are_edited_when_changed_after_submission(self, at: Desk, facts: Gather) -> None:
        judged(at)
        review, other = (at.github.review(at.remote, 1, "APPROVED", "fine", by="olga") for _ in range(2))
        assert review.submitted
        review.edited, review.editor = review.submitted, "olga"
        other.edited, other.editor = review.submitted + timedelta(seconds=1), "Olga"
        assert [each.edited for each in facts().said] == [None, other.edited]

    def test_300_reviews_are_all_there(self, at: Desk, facts: Gather) -> None:
        judged(at)
        for number in range(300):
            at.github.review(at.remote, 1, "APPROVED", f"{number}", by="olga" if number % 2 else "nils")
        start = len(at.github.log)
        found = facts()
        assert [each.body for each in found.said] == [str(number) for number in range(300)]
        assert len(at.github.log) - start <= 18

    def test_a_deleted_reviewer_is_the_ghost_and_may_do_nothing(self, at: Desk, facts: Gather) -> None:
        judged(at)
        at.github.review(at.remote, 1, "APPROVED", "fine", by="olga")
        at.github.hub.remove_user("olga")
        found = facts()
        assert found.said[0].author == Account("ghost")
        assert found.people == {}


class TestPeople:
    def test_whoever_decides_comes_with_permission_and_teams(self, at: Desk, facts: Gather) -> None:
        judged(at)
        for login in ("olga", "nils", "eve"):
            at.github.review(at.remote, 1, "APPROVED", "fine", by=login)
        at.github.review(at.remote, 1, "COMMENTED", "hm", by="ravi")
        assert facts().people == {
            "eve": Person("eve", "read", frozenset()),
            "nils": Person("nils", "maintain", frozenset({"acme/risk"})),
            "olga": Person("olga", "write", frozenset()),
        }

    def test_a_bot_is_not_asked_about(self, at: Desk, facts: Gather) -> None:
        judged(at)
        at.github.review(at.remote, 1, "APPROVED", "fine", by="gatehouse[bot]")
        found = facts()
        assert (found.said[0].author, found.people) == (Account("gatehouse[bot]", bot=True), {})

    def test_teams_that_the_token_does_not_see_are_unknown_and_not_empty(self, at: Desk, facts: Gather) -> None:
        judged(at)
        at.github.review(at.remote, 1, "APPROVED", "fine", by="nils")
        assert facts(who=at.token).people == {"nils": Person("nils", "maintain", None)}

    def test_a_team_that_is_seen_counts_beside_one_that_is_not(self, at: Desk, facts: Gather) -> None:
        at.push({".github/CODEOWNERS": "/promotions/ @acme/risk @acme/secret\n"})
        judged(at)
        for login in ("nils", "olga"):
            at.github.review(at.remote, 1, "APPROVED", "fine", by=login)
        people = facts().people
        assert (people["nils"].teams, people["olga"].teams) == (frozenset({"acme/risk"}), None)

    def test_committers_are_all_who_had_a_hand_in_it(self, at: Desk, facts: Gather) -> None:
        pull = at.promote(PRODUCTION, 2)
        message = "More\n\nCo-authored-by: Nils N <12+nils@users.noreply.github.com>\n"
        at.github.push(at.remote, pull.head, {"README.md": "more"}, message, by="ravi")
        assert facts().committers == {"dana", "ravi", "nils"}

    def test_a_committer_whom_github_does_not_know_is_unknown_unless_main_names_the_address(
        self, at: Desk, facts: Gather
    ) -> None:
        pull = at.promote(PRODUCTION, 2)
        at.github.push(at.remote, pull.head, {"README.md": "more"}, by="olga")
        email = at.github.hub.users["olga"].email
        at.github.hub.remove_user("olga")
        assert facts().committers == {"dana", ""}
        stages = STAGES.format(registry="sqlite:///mlflow.db")
        at.push({"promotions/stages.yaml": f"{stages}people:\n  olga: [{email}]\n"})
        assert facts().committers == {"dana", "olga"}

    def test_more_commits_than_github_lists_leave_somebody_unknown(
        self, at: Desk, facts: Gather, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gatehouse.cli.reviews.facts._MOST_COMMITS", 2)
        pull = at.promote(PRODUCTION, 2)
        assert facts().committers == {"dana"}
        at.change(pull, {"README.md": "more"})
        assert facts().committers == {"dana", ""}

    def test_the_author_is_told(self, at: Desk, facts: Gather) -> None:
        at.promote(PRODUCTION, 2)
        assert facts().author == Account("dana")


class TestTrouble:
    @pytest.mark.parametrize(
        "path", ["/pulls/1$", "/timeline$", "/commits$", "/activity$", "/check-runs$", "/permission$", "/members$"]
    )
    def test_what_github_does_not_answer_is_never_left_out(self, path: str, at: Desk, facts: Gather) -> None:
        judged(at)
        at.github.review(at.remote, 1, "APPROVED", "fine", by="olga")
        for status in (403, 429, 502):
            fault = at.github.fail("GET", path, status, times=QUICK.tries, retry_after=600 if status == 429 else None)
            with pytest.raises(Unreachable):
                facts()
            fault.times = 0
        assert facts().people

    @pytest.mark.parametrize("status", [429, 502])
    def test_a_short_trouble_is_waited_out(self, status: int, at: Desk, facts: Gather) -> None:
        judged(at)
        at.github.review(at.remote, 1, "APPROVED", "fine", by="olga")
        before = facts()
        for path in ("/timeline$", "/permission$", "/activity$"):
            at.github.fail("GET", path, status, retry_after=1 if status == 429 else None)
        at.github.fail("POST", "/graphql$", status, retry_after=1 if status == 429 else None)
        assert facts() == before

    def test_edits_that_are_not_told_stop_it(self, at: Desk, facts: Gather) -> None:
        judged(at)
        at.github.review(at.remote, 1, "APPROVED", "fine", by="olga")
        at.github.fail("POST", "/graphql$", 502, times=99)
        with pytest.raises(Unreachable):
            facts()

    @pytest.mark.parametrize("lacking", ["checks", "contents", "pull_requests"])
    def test_a_permission_that_lacks_is_named(self, lacking: str, at: Desk, facts: Gather) -> None:
        judged(at)
        at.github.review(at.remote, 1, "APPROVED", "fine", by="olga")
        powers = {name: level for name, level in _USUAL.items() if name not in (lacking, "statuses")}
        with pytest.raises(Forbidden) as told:
            facts(who=at.github.app_token("gatehouse", powers))
        assert "read access to " in told.value.fix

    def test_a_reviewer_whose_own_token_sees_no_checks_is_told_by_the_evidence(self, at: Desk) -> None:
        judged(at)
        powers = {name: level for name, level in _USUAL.items() if name not in ("checks", "statuses")}
        with GitHubReader(at.github.app_token("gatehouse", powers), at.github.api_url, SLUG, QUICK) as reader:
            pull = reader.pulls.get(1)
            found = pins(Outlook.now(at.settings), pull)
            seen = gathered(reader, pull, found, "olga")
        assert found.evaluated is not None
        assert seen.evidence_at == found.evaluated

    def test_a_number_that_is_not_there_is_not_found(self, facts: Gather) -> None:
        with pytest.raises(NotFound):
            facts(7)


def test_a_pull_request_takes_few_requests(at: Desk, facts: Gather) -> None:
    judged(at)
    for login in ("olga", "nils"):
        at.github.review(at.remote, 1, "APPROVED", "fine", by=login)
    start = len(at.github.log)
    facts(who=at.github.token("ravi"))
    asked = [entry.path.removeprefix(f"/repos/{SLUG}") for entry in at.github.log[start:]]
    head = at.remote.pulls[1].head_sha
    assert sorted(asked) == sorted(
        [
            *("/user", "/pulls/1", "/issues/1/timeline", "/pulls/1/commits", "/activity", "/api/graphql"),
            *(f"/commits/{head}/check-runs", "/orgs/acme/teams/risk/members"),
            *(f"/collaborators/{login}/permission" for login in ("olga", "nils")),
        ]
    )


def _shelved(at: Desk) -> list[Result]:
    from gatehouse.cli.outlook import Outlook
    from gatehouse.sync.evidence import Shelf

    return list(Shelf(Outlook.now(at.settings).trunk).results(MODEL))


def test_times_carry_their_zone(at: Desk, facts: Gather) -> None:
    judged(at)
    at.github.review(at.remote, 1, "APPROVED", "fine", by="olga")
    found = facts()
    moments = [found.pushed_at, found.evidence_at, *(each.at for each in found.said)]
    assert all(isinstance(moment, datetime) and moment.utcoffset() == timedelta(0) for moment in moments)
    assert isinstance(found.said[0], Said)
    assert datetime.now(UTC) > found.pushed_at - timedelta(minutes=1)
