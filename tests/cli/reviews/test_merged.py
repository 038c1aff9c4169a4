"""Who agreed to what was merged: asked by commit, of GitHub as the stand-in speaks it, after every kind of merge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from gatehouse.cli import planned
from gatehouse.cli.frame import Settings
from gatehouse.cli.reviews.merged import Reviews
from gatehouse.errors import GatehouseError
from gatehouse.pin import Role
from gatehouse.review import body
from gatehouse.review.facts import Asked
from gatehouse.review.questions import questions, wanted
from gatehouse.review.record import ReviewedPlace
from gatehouse.review.sheet import blank
from gatehouse.sync.approved import Merged, Unasked
from gatehouse.sync.run import look
from tests.github.bare import Signature
from tests.github.state import Review
from tests.support.desk import MODEL, PRODUCTION, pin
from tests.support.gate import Gate, gate
from tests.support.mlflow import fresh_registry
from tests.support.repo import POLICY, STAGES, promotion

METHODS = ["merge", "squash", "rebase"]


@dataclass
class Gone(Gate):
    """dana's promotion of version 2, approved by two people unless a test says not, and merged."""

    def settings(self, **environ: str) -> Settings:
        teams = self.at.github.app_token("teams", {"members": "read"})
        mine = self.at.settings
        return Settings(mine.folder, {**mine.environ, "GATEHOUSE_TEAMS_TOKEN": teams, **environ}, json=False)

    def merge(self, method: str = "merge") -> str:
        """The commit that main is at then."""
        status, body = self.at.raw().call("PUT", f"/pulls/{self.pull.number}/merge", {"merge_method": method})
        assert status == 200, body
        return str(body["sha"])

    def asked(self, commit: str) -> Merged | None:
        self.at.fetch()
        return Reviews(self.settings())(commit)

    def place(self, commit: str) -> ReviewedPlace:
        found = self.asked(commit)
        assert found is not None
        (place,) = found.reviewed.places
        return place

    def lacking(self, commit: str) -> set[str]:
        return {ruled.rule for ruled in self.place(commit).rules if ruled.review is None and not ruled.ok}


@pytest.fixture
def gone(tmp_path: Path) -> Iterator[Gone]:
    with gate(tmp_path) as made:
        yield Gone(made.at, made.pull)


@pytest.fixture
def approved(gone: Gone) -> Gone:
    gone.approve("olga", "nils")
    return gone


def form(asked: Sequence[Asked]) -> str:
    """Every question of these pins answered."""
    sheets = []
    for each in asked:
        asks, known = questions(each.policy), frozenset(each.policy.review.limitations)
        answers = {one.id: wanted(one) or (one.answers[0] if one.answers else "fine") for one in asks}
        sheets.append((msgspec.structs.replace(blank(each), answers=answers, acknowledged=known), each.policy))
    return body.write(sheets)


class TestMerges:
    @pytest.mark.parametrize("method", METHODS)
    def test_however_it_was_merged_its_commit_tells_who_agreed(self, method: str, approved: Gone) -> None:
        commit = approved.merge(method)
        found = approved.asked(commit)
        assert found is not None
        assert (found.number, found.at, found.reviewed.head) == (1, approved.pull.merged, approved.pull.head_sha)
        (place,) = found.reviewed.places
        assert (place.slot, place.role, place.candidate, place.passed) == (PRODUCTION, Role.CHAMPION, pin(2), True)
        assert sorted(approval.who for approval in place.approvals) == ["nils", "olga"]

    @pytest.mark.parametrize("method", METHODS)
    def test_of_several_commits_each_that_is_on_main_does(self, method: str, gone: Gone) -> None:
        before = gone.at.main
        gone.at.change(gone.pull, {"README.md": "more\n"})
        gone.at.judge(gone.pull)
        gone.at.github.advance(minutes=2)
        gone.approve("olga", "nils")
        gone.merge(method)
        landed = gone.at.remote.git.git("rev-list", "--first-parent", f"{before}..main").split()
        assert len(landed) == (2 if method == "rebase" else 1)
        assert all(gone.place(commit).passed for commit in landed)

    def test_a_branch_that_changes_its_own_policy_is_judged_by_nobody(self, gone: Gone) -> None:
        """The branch sets the number of approvals down in a commit of its own, before the one that sets the pin."""
        weak = POLICY.format(soak="0s").replace("risk: high", "risk: low")
        pull = gone.at.open({f"promotions/{MODEL}/policy.yaml": weak}, "weaker")
        gone.at.change(pull, {PRODUCTION.path: promotion(pin(3))})
        commit = Gone(gone.at, pull).merge("rebase")
        with pytest.raises(GatehouseError) as told:
            Gone(gone.at, pull).asked(commit)
        assert not isinstance(told.value, Unasked)

    def test_each_pull_request_of_a_merge_queues_group_is_judged_by_its_own_commit(self, approved: Gone) -> None:
        other = approved.at.open({"README.md": "Hello\n"})
        _, tip = approved.at.group(other, approved.pull)
        approved.at.remote.git.move("refs/heads/main", tip)
        approved.at.raw().get("/pulls")
        first = approved.at.remote.git.resolve(f"{tip}^1") or ""
        # GitHub names each pull request's own commit; the stand-in sees one push.
        other.merge_sha, approved.pull.merge_sha = first, tip
        assert approved.place(tip).passed
        found = approved.asked(first)
        assert found is not None
        assert (found.number, found.reviewed.places) == (other.number, ())

    def test_main_may_have_moved_meanwhile(self, approved: Gone) -> None:
        approved.at.push({"README.md": "Hello\n"})
        assert approved.place(approved.merge()).passed

    def test_the_branch_may_be_gone_since(self, approved: Gone) -> None:
        commit = approved.merge("squash")
        approved.at.remote.git.delete(f"refs/heads/{approved.pull.head}")
        assert approved.place(commit).passed

    def test_a_policy_that_changes_after_the_merge_changes_nothing(self, approved: Gone) -> None:
        commit = approved.merge()
        approved.at.push({f"promotions/{MODEL}/policy.yaml": POLICY.format(soak="0s").replace("high", "low")})
        approved.at.push({".github/CODEOWNERS": "* @ravi\n"})
        assert approved.place(commit).passed


class TestNobody:
    """What no merged pull request brought."""

    def test_a_commit_that_was_pushed(self, gone: Gone) -> None:
        assert gone.asked(gone.at.push({PRODUCTION.path: promotion(pin(2))})) is None

    @pytest.mark.parametrize("number", [1, 404])
    def test_a_message_that_names_a_pull_request_which_is_open_or_not_there(self, number: int, approved: Gone) -> None:
        message = f"Merge pull request #{number} from acme/branch-1\n\nPromote"
        assert approved.asked(approved.at.push({PRODUCTION.path: promotion(pin(2))}, message)) is None

    def test_a_message_that_names_one_which_was_merged(self, approved: Gone) -> None:
        approved.merge()
        forged = approved.at.push({PRODUCTION.path: promotion(pin(3))}, f"Promote (#{approved.pull.number})")
        assert approved.asked(forged) is None

    def test_a_pull_request_that_was_merged_to_another_branch(self, approved: Gone) -> None:
        approved.at.remote.git.move("refs/heads/release", approved.at.main)
        approved.pull.base = "release"
        commit = approved.merge()
        approved.at.remote.git.move("refs/heads/main", commit)
        assert approved.asked(commit) is None

    def test_a_pull_request_that_was_closed(self, approved: Gone) -> None:
        approved.at.close(approved.pull)
        approved.at.remote.git.move("refs/heads/main", approved.pull.head_sha)
        assert approved.asked(approved.at.main) is None


class TestAfterwards:
    """What happens between the merge and the sync."""

    def test_an_approval_after_the_merge_never_counts(self, gone: Gone) -> None:
        gone.approve("olga")
        commit = gone.merge()
        gone.at.github.advance(seconds=1)
        gone.approve("nils")
        place = gone.place(commit)
        assert not place.passed
        assert [approval.who for approval in place.approvals] == ["olga"]
        assert {ruled.rule for ruled in place.rules if not ruled.ok} == {"approvals"}
        assert gone.lacking(commit) == {"approvals"}

    def test_neither_does_an_emergency(self, gone: Gone) -> None:
        (asked,) = gone.facts().asked
        commit = gone.merge()
        gone.at.github.advance(seconds=1)
        for login in ("olga", "nils"):
            text = f"/emergency {MODEL} 2 {asked.token} production is down"
            gone.at.github.comment(gone.at.remote, 1, text, by=login)
        assert gone.lacking(commit) == {"approvals"}

    def test_two_people_who_called_one_before_are_told(self, gone: Gone) -> None:
        (asked,) = gone.facts().asked
        for login in ("olga", "nils"):
            text = f"/emergency {MODEL} 2 {asked.token} production is down"
            gone.at.github.comment(gone.at.remote, 1, text, by=login)
        place = gone.place(gone.merge())
        assert place.passed
        assert "@olga and @nils called an emergency" in place.remarks

    def _rejected(self, gone: Gone, _: list[Review]) -> None:
        gone.at.github.review(gone.at.remote, 1, "CHANGES_REQUESTED", "not so", by="olga")

    def _rejected_by_comment(self, gone: Gone, _: list[Review]) -> None:
        gone.at.github.comment(gone.at.remote, 1, f"/reject-model {MODEL} 2 too risky", by="nils")

    def _rejected_by_somebody_new(self, gone: Gone, _: list[Review]) -> None:
        gone.at.github.comment(gone.at.remote, 1, f"/reject-model {MODEL} 2 too risky", by="ravi")

    def _dismissed(self, gone: Gone, said: list[Review]) -> None:
        said[0].state = "DISMISSED"

    def _edited(self, gone: Gone, said: list[Review]) -> None:
        gone.at.github.edit(said[1], said[1].body + "\n", by="mallory")

    @pytest.mark.parametrize(
        ("event", "lacking"),
        [
            (_rejected, {"rejected", "approvals"}),
            (_rejected_by_comment, {"rejected", "approvals"}),
            (_rejected_by_somebody_new, {"rejected"}),
            (_dismissed, {"approvals"}),
            (_edited, {"approvals"}),
        ],
    )
    def test_what_is_said_against_it_after_the_merge_counts(
        self, event: Callable[[TestAfterwards, Gone, list[Review]], None], lacking: set[str], gone: Gone
    ) -> None:
        said = gone.approve("olga", "nils")
        commit = gone.merge()
        gone.at.github.advance(minutes=1)
        event(self, gone, said)
        assert gone.lacking(commit) == lacking

    def test_a_later_approval_does_not_take_such_a_rejection_back(self, approved: Gone) -> None:
        commit = approved.merge()
        approved.at.github.advance(minutes=1)
        approved.at.github.review(approved.at.remote, 1, "CHANGES_REQUESTED", "not so", by="olga")
        approved.at.github.advance(minutes=1)
        approved.approve("olga")
        assert approved.lacking(commit) == {"rejected", "approvals"}

    def test_a_stranger_who_rejects_it_stops_nothing(self, approved: Gone) -> None:
        commit = approved.merge()
        approved.at.github.comment(approved.at.remote, 1, f"/reject-model {MODEL} 2 because", by="stranger")
        assert approved.place(commit).passed

    def test_a_review_that_is_asked_for_and_a_branch_that_is_restored_make_no_approval_older(
        self, approved: Gone
    ) -> None:
        commit = approved.merge()
        approved.at.remote.git.delete(f"refs/heads/{approved.pull.head}")
        approved.at.raw().get("/pulls")
        approved.at.github.advance(minutes=5)
        approved.at.github.request(approved.at.remote, 1, "olga", by="dana")
        approved.at.remote.git.move(f"refs/heads/{approved.pull.head}", approved.pull.head_sha)
        approved.at.raw().get("/pulls")
        assert approved.place(commit).passed

    def test_gates_that_run_again_on_main_change_nothing(self, approved: Gone) -> None:
        base = approved.at.main
        commit = approved.merge()
        approved.at.github.advance(minutes=5)
        approved.at.judge(approved.pull, base=base)
        assert approved.place(commit).passed


class TestWhatWasMerged:
    def test_a_merge_of_something_else_than_the_head_is_refused(self, approved: Gone) -> None:
        """The last commit of a pull request is merged by hand, beneath one that nobody has seen."""
        git, who = approved.at.remote.git, approved.at.github.hub.signature("mallory")
        git.move("refs/heads/aside", approved.pull.head_sha)
        more = approved.at.github.push(approved.at.remote, "aside", {PRODUCTION.path: promotion(pin(3))}, "More")
        made = git.merge(approved.at.main, more, "merge", "Merge pull request #1 from acme/branch-1", who)
        assert made is not None
        git.move("refs/heads/main", made)
        approved.at.raw().get("/pulls")
        approved.pull.state, approved.pull.merged = "closed", approved.at.github.hub.now()
        approved.pull.merge_sha = made
        with pytest.raises(GatehouseError, match="whose last commit is") as told:
            approved.asked(made)
        assert not isinstance(told.value, Unasked)

    def test_a_push_after_the_approvals_leaves_them_behind(self, approved: Gone) -> None:
        approved.at.change(approved.pull, {"README.md": "more"})
        approved.at.judge(approved.pull)
        assert "approvals" in approved.lacking(approved.merge())

    def test_of_two_pins_each_needs_its_own(self, gone: Gone) -> None:
        shadow = f"version: 3, digest: {pin(3).digest}, percent: 1"
        pull = gone.at.open({PRODUCTION.path: promotion(pin(2), shadow=shadow)}, "both")
        gone.at.judge(pull)
        gone.at.github.advance(minutes=2)
        both = Gone(gone.at, pull)
        champion = next(asked for asked in both.facts().asked if asked.role is Role.CHAMPION)
        both.approve("olga", "nils", words=form([champion]))
        found = both.asked(both.merge())
        assert found is not None
        assert {place.role: place.passed for place in found.reviewed.places} == {
            Role.CHAMPION: True,
            Role.SHADOW: False,
        }

    @pytest.mark.parametrize("minutes", [-7, 7])
    def test_clocks_of_git_that_are_minutes_off_change_nothing(
        self, minutes: int, approved: Gone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub = approved.at.github.hub
        signature = hub.signature

        def skewed(login: str) -> Signature:
            made = signature(login)
            return replace(made, time=made.time + timedelta(minutes=minutes))

        monkeypatch.setattr(hub, "signature", skewed)
        commit = approved.merge()
        assert approved.place(commit).passed


class TestAsking:
    def test_each_commit_and_each_pull_request_is_asked_about_once(self, gone: Gone) -> None:
        gone.at.change(gone.pull, {"README.md": "more\n"})
        before = gone.at.main
        gone.merge("rebase")
        gone.at.fetch()
        ask, start = Reviews(gone.settings()), len(gone.at.github.log)
        landed = gone.at.remote.git.git("rev-list", "--first-parent", f"{before}..main").split()
        for commit in (*landed, *landed):
            ask(commit)
        asked = [entry.path for entry in gone.at.github.log[start:]]
        assert sum(path.endswith("/pulls/1") for path in asked) == 1
        assert sum(path.endswith(f"/commits/{commit}/pulls") for commit in landed for path in asked) == 2

    def test_the_token_for_teams_is_used_for_nothing_else(self, approved: Gone) -> None:
        commit = approved.merge()
        assert approved.place(commit).passed
        paths = {entry.path for entry in approved.at.github.log if entry.login == "teams[bot]"}
        assert paths == {"/orgs/acme/teams/risk/members"}

    def test_without_it_a_workflows_token_sees_no_team_and_nobody_is_an_owner(self, approved: Gone) -> None:
        commit = approved.merge()
        approved.at.fetch()
        found = Reviews(approved.settings(GATEHOUSE_TEAMS_TOKEN=""))(commit)
        assert found is not None
        (place,) = found.reviewed.places
        assert not place.passed
        assert {ruled.rule for ruled in place.rules if not ruled.ok} == {"approvals", "owner"}

    def test_a_token_for_teams_that_github_does_not_know_is_named(self, approved: Gone) -> None:
        commit = approved.merge()
        approved.at.fetch()
        with pytest.raises(Unasked, match="token for the members of teams") as told:
            Reviews(approved.settings(GATEHOUSE_TEAMS_TOKEN="expired"))(commit)
        assert "GATEHOUSE_TEAMS_TOKEN" in told.value.fix

    @pytest.mark.parametrize(
        ("environ", "said", "fix"),
        [
            ({"GITHUB_TOKEN": ""}, "no GITHUB_TOKEN is set", "export GITHUB_TOKEN"),
            ({"GITHUB_TOKEN": "wrong"}, "does not know the token", "check GITHUB_TOKEN"),
            ({"GITHUB_API_URL": "http://127.0.0.1:9"}, "did not answer at http://127.0.0.1:9", "check GITHUB_API_URL"),
            ({"GITHUB_REPOSITORY": "acme/other"}, "shows nothing at acme/other", "check GITHUB_REPOSITORY"),
        ],
    )
    def test_where_github_cannot_be_asked_it_is_said_what_to_set(
        self, environ: Mapping[str, str], said: str, fix: str, approved: Gone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _hurry(monkeypatch)
        commit = approved.merge()
        with pytest.raises(Unasked) as told:
            Reviews(approved.settings(**environ))(commit)
        assert said in told.value.message
        assert fix in told.value.fix
        assert told.value.fix.endswith("the next sync asks again")

    @pytest.mark.parametrize(("path", "status"), [("/pulls$", 403), ("/timeline", 403), ("/pulls/1$", 500), ("", 429)])
    def test_trouble_is_no_answer_and_the_next_time_it_is_asked_again(
        self, path: str, status: int, approved: Gone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _hurry(monkeypatch)
        commit = approved.merge()
        approved.at.fetch()
        fault = approved.at.github.fail("GET", path, status, times=99)
        with pytest.raises(Unasked):
            Reviews(approved.settings())(commit)
        fault.times = 0
        assert approved.place(commit).passed

    @pytest.mark.parametrize("lacking", ["pull_requests", "checks"])
    def test_a_permission_that_lacks_is_named(self, lacking: str, approved: Gone) -> None:
        commit = approved.merge()
        approved.at.fetch()
        powers = dict.fromkeys({"checks", "contents", "pull_requests", "statuses"} - {lacking}, "read")
        token = approved.at.github.app_token("gatehouse", powers if lacking != "checks" else {"pull_requests": "read"})
        with pytest.raises(Unasked) as told:
            Reviews(approved.settings(GITHUB_TOKEN=token))(commit)
        assert "give it read access to" in told.value.fix

    def test_once_github_is_away_it_is_not_asked_again(self, approved: Gone, monkeypatch: pytest.MonkeyPatch) -> None:
        _hurry(monkeypatch)
        commit = approved.merge()
        approved.at.fetch()
        approved.at.github.fail("GET", "", 503, times=99)
        ask = Reviews(approved.settings())
        for _ in range(2):
            with pytest.raises(Unasked):
                ask(commit)
            asked = len(approved.at.github.log)
        with pytest.raises(Unasked):
            ask("f" * 40)
        assert len(approved.at.github.log) == asked


class TestSync:
    """What a plan makes of it, on the way that every verb goes."""

    def refused(self, gone: Gone, folder: Path) -> dict[str, str]:
        """Why the version does not come into production. It is in no registry, and nobody looks at that here."""
        stages = STAGES.format(registry=fresh_registry(folder / "mlflow"))
        gone.at.push({"promotions/stages.yaml": stages + "people:\n  ada: [ada.l]\n"})
        gone.merge()
        gone.at.fetch()
        plan = look(planned.scene(gone.settings(), lambda _: None)).plan
        mine = [each for each in plan.refusals if (each.slot, each.pin) == (PRODUCTION, pin(2))]
        return {each.rule: each.message for each in mine if each.rule != "available"}

    def test_what_two_people_agreed_to_is_let_in(self, approved: Gone, tmp_path: Path) -> None:
        assert set(self.refused(approved, tmp_path)) == {"staged"}

    def test_what_nobody_agreed_to_is_not(self, gone: Gone, tmp_path: Path) -> None:
        said = self.refused(gone, tmp_path)
        assert set(said) == {"staged", "approved"}
        assert said["approved"] == "when #1 was merged, people did not agree: 0 of 2 approvals"


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here waits as long as a workflow does."""
    from gatehouse.github import GitHubWriter, Patience

    usual = GitHubWriter.__init__

    def hasty(self: GitHubWriter, token: str, api_url: str, slug: str, *, teams_token: str) -> None:
        usual(self, token, api_url, slug, Patience(2, 2, 0.01, 1.0), teams_token)

    monkeypatch.setattr(GitHubWriter, "__init__", hasty)
