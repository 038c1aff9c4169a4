"""Who is asked for a review of a proposal: against the stand-in for GitHub, real git, and a real registry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.audit.record import Approval
from gatehouse.cli.main import main
from gatehouse.pin import Role
from gatehouse.review.judgement import Ruled
from gatehouse.review.record import Reviewed, ReviewedPlace
from gatehouse.sync.reviews import keep
from tests.github.state import Role as May
from tests.support.desk import MODEL, PRODUCTION, SLUG, Desk, desk, pin
from tests.support.mlflow import fresh_registry
from tests.support.registered import overwrite
from tests.support.repo import POLICY, STAGES, promotion

WRITERS = ("olga", "nils", "rosa", "ravi", "ada")
OWNERS = "* @ravi\n/promotions/ @acme/risk @olga\n"


@dataclass
class Office:
    """dana proposes versions that ada trained; olga owns production with the team risk: nils and rosa."""

    at: Desk
    registry: str
    folder: Path
    capsys: pytest.CaptureFixture[str]
    made: int = 0

    def propose(self, version: int, *more: str, to: str = "production", model: str = MODEL, code: int = 0) -> str:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["propose", model, str(version), "--to", to, "--repo", str(self.at.root), *more])
        out, err = self.capsys.readouterr()
        assert ended.value.code == code, (out, err)
        return out

    def document(self, version: int, **more: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.propose(version, "--format", "json", **more))
        return found

    def asked(self, version: int, **more: Any) -> list[str]:
        """Who is asked, as GitHub has it, after the pull request of a version was opened."""
        told = self.document(version, **more)
        pull = self.at.remote.pulls[told["pull"]]
        there = sorted([*(f"@{login}" for login in pull.reviewers), *(f"@acme/{team}" for team in pull.teams)])
        assert sorted(each["who"] for each in told["reviewers"]["asked"]) == there
        return there

    def closed(self, version: int, **more: Any) -> list[str]:
        """``asked``, with the pull request out of the way afterwards."""
        found = self.asked(version, **more)
        self.at.close(self.at.remote.pulls[max(self.at.remote.pulls)])
        self.at.github.advance(minutes=1)
        return found

    def policy(self, review: str = "{approvals: 2}", risk: str = "medium", model: str = MODEL) -> None:
        text = POLICY.format(soak="0s").replace("risk: high", f"risk: {risk}")
        self.at.push({f"promotions/{model}/policy.yaml": f"{text}review: {review}\n"})

    def people(self, text: str) -> None:
        self.at.push({"promotions/stages.yaml": STAGES.format(registry=self.registry) + f"people: {text}\n"})

    def register(self, model: str = MODEL, user: str = "ada") -> int:
        """One more version, made by a run of ``user``; its number."""
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        client = MlflowClient(self.registry, self.registry)
        with suppress(MlflowException):
            client.create_registered_model(model)
        self.made += 1
        place = self.folder / f"{self.made}"
        overwrite(place, f"weights {self.made}")
        run = client.create_run("0", tags={"mlflow.user": user})
        return int(client.create_model_version(model, source=place.as_uri(), run_id=run.info.run_id).version)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with desk(tmp_path) as at:
        for login in ("dana", *WRITERS):
            at.github.hub.user(login)
            at.remote.roles[login] = "write"
        at.github.team(at.remote, "risk", ["nils", "rosa"])
        made = Office(at, fresh_registry(tmp_path / "mlflow"), tmp_path / "artifacts", capsys)
        at.push({".github/CODEOWNERS": OWNERS, "promotions/stages.yaml": STAGES.format(registry=made.registry)})
        made.policy()
        for name, value in (("name", "Dana"), ("email", at.github.hub.users["dana"].email)):
            at.repository.run("config", f"user.{name}", value)
        monkeypatch.setenv("GITHUB_TOKEN", at.github.token("dana"))
        monkeypatch.setenv("GITHUB_API_URL", at.github.api_url)
        monkeypatch.setenv("GITHUB_REPOSITORY", SLUG)
        for _ in range(3):
            made.register()
        yield made


class TestWho:
    def test_as_many_as_must_approve_are_asked_of_those_who_own_the_file(self, office: Office) -> None:
        asked = office.asked(1)
        assert len(asked) == 2
        assert set(asked) <= {"@olga", "@nils", "@rosa"}

    def test_high_risk_takes_two_whatever_else_the_policy_says(self, office: Office) -> None:
        office.policy("{flag_under: 60s}", risk="high")
        assert len(office.asked(1)) == 2

    def test_the_pool_of_the_policy_comes_before_the_owners(self, office: Office) -> None:
        office.policy('{approvals: 2, pool: ["@olga", "@nils"]}')
        assert office.asked(1) == ["@nils", "@olga"]

    def test_nobody_is_asked_in_a_stage_that_asks_for_no_review(self, office: Office) -> None:
        told = office.document(1, to="staging")
        assert told["reviewers"] is None
        assert office.at.remote.pulls[told["pull"]].reviewers == []

    def test_nobody_is_asked_about_what_served_before(self, office: Office) -> None:
        told = office.document(1)
        served = promotion(pin(1)).replace(pin(1).digest, told["digest"])
        office.at.close(office.at.remote.pulls[told["pull"]])
        office.at.push({PRODUCTION.path: served})
        office.at.push({PRODUCTION.path: promotion(pin(9))})
        assert office.document(1)["reviewers"] is None

    def test_different_teams_where_the_policy_says_so(self, office: Office) -> None:
        office.at.push({".github/CODEOWNERS": "/promotions/ @acme/risk @acme/release\n"})
        office.at.github.team(office.at.remote, "release", ["ravi"])
        office.policy("{approvals: 2, teams: distinct}")
        for version in (1, 2, 3):
            assert "@ravi" in office.closed(version)

    def test_an_address_among_the_owners_is_its_person_s_where_that_is_known(self, office: Office) -> None:
        office.at.push({".github/CODEOWNERS": "/promotions/ olga@acme.example stranger@acme.example\n"})
        office.people("{olga: [olga@acme.example]}")
        office.policy("{approvals: 1}")
        told = office.document(1)["reviewers"]
        assert [each["who"] for each in told["asked"]] == ["@olga"]
        assert told["left_out"] == [
            {
                "who": "stranger@acme.example",
                "why": "nobody knows whose address it is: write it under `people:` in promotions/stages.yaml",
            }
        ]


class TestNotWho:
    @pytest.fixture
    def left_out(self, office: Office) -> Callable[..., dict[str, str]]:
        def run(*pool: str, version: int = 1) -> dict[str, str]:
            office.at.push(
                {".github/CODEOWNERS": f"/promotions/ @acme/risk @dana {' '.join(f'@{each}' for each in WRITERS)}\n"}
            )
            names = ", ".join(f'"@{each}"' for each in pool)
            office.policy(f"{{approvals: {len(pool)}, pool: [{names}]}}")
            told = office.document(version)["reviewers"]
            return {each["who"]: each["why"] for each in told["left_out"]}

        return run

    def test_the_proposer(self, left_out: Callable[..., dict[str, str]]) -> None:
        assert left_out("dana", "olga", "nils") == {"@dana": "proposed this"}

    def test_the_trainer(self, left_out: Callable[..., dict[str, str]]) -> None:
        assert left_out("ada", "olga", "nils") == {"@ada": "trained version 1"}

    def test_the_trainer_under_another_name(self, office: Office, left_out: Callable[..., dict[str, str]]) -> None:
        office.people("{rosa: [ada]}")
        assert left_out("rosa", "olga", "nils") == {"@rosa": "trained version 1"}

    def test_one_of_two_trainers(self, office: Office, left_out: Callable[..., dict[str, str]]) -> None:
        office.register(user="rosa, ada")
        assert left_out("rosa", "olga", "nils", version=4) == {"@rosa": "trained version 4"}

    def test_who_made_the_commit(self, office: Office, left_out: Callable[..., dict[str, str]]) -> None:
        office.at.repository.run("config", "user.email", office.at.github.hub.users["rosa"].email)
        assert left_out("rosa", "olga", "nils") == {"@rosa": "made a commit of this pull request"}

    @pytest.mark.parametrize("role", ["read", "triage", "none"])
    def test_who_may_not_write(self, role: May, office: Office, left_out: Callable[..., dict[str, str]]) -> None:
        office.at.remote.roles["rosa"] = role
        assert left_out("rosa", "olga", "nils") == {"@rosa": f"may not write to this repository (permission: {role})"}
        assert sorted(office.at.remote.pulls[1].reviewers) == ["nils", "olga"]

    def test_logins_that_nobody_has(self, left_out: Callable[..., dict[str, str]]) -> None:
        assert left_out("nobody-here", "ravi") == {
            "@nobody-here": "is not a code owner of promotions/credit-risk/production.yaml"
        }

    def test_a_bot(self, office: Office) -> None:
        office.at.github.hub.user("robot[bot]", bot=True)
        office.at.remote.roles["robot[bot]"] = "write"
        office.at.github.team(office.at.remote, "risk", ["robot[bot]", "nils"])
        told = office.document(1)["reviewers"]
        assert told["left_out"] == [{"who": "@robot[bot]", "why": "is a bot"}]
        assert sorted(office.at.remote.pulls[1].reviewers) == ["nils", "olga"]

    def test_the_same_person_twice(self, office: Office) -> None:
        office.at.github.hub.user("olga-admin")
        office.at.remote.roles["olga-admin"] = "admin"
        office.at.push({".github/CODEOWNERS": "/promotions/ @olga-admin @olga @nils\n"})
        office.people("{olga: [olga-admin]}")
        assert office.asked(1) == ["@nils", "@olga-admin"]

    def test_who_owns_nothing(self, office: Office) -> None:
        office.policy('{approvals: 1, pool: ["@ravi"]}')
        told = office.document(1)["reviewers"]
        assert (told["asked"], told["left_out"][0]["why"]) == (
            [],
            "is not a code owner of promotions/credit-risk/production.yaml",
        )


class TestWhereNobodyIsLeft:
    def test_it_is_said_with_why_and_what_to_do_and_the_pull_request_is_there_all_the_same(
        self, office: Office
    ) -> None:
        office.policy('{approvals: 2, pool: ["@olga", "@ravi"]}')
        office.people("{olga: [ada]}")
        said = office.propose(1)
        assert "opened #1" in said
        assert "! 0 of the 2 people who have to approve it could be asked for a review" in said
        assert "not @olga: trained version 1" in said
        assert "name more people in review.pool in promotions/credit-risk/policy.yaml" in said
        assert office.at.remote.pulls[1].reviewers == []

    def test_one_person_of_two_is_asked_and_the_other_is_missing(self, office: Office) -> None:
        office.policy('{approvals: 2, pool: ["@olga", "@rosa"]}')
        office.people("{rosa: [ada]}")
        said = office.propose(1)
        assert "asked @olga for a review: had no turn in the last 90 days" in said
        assert "! 1 of the 2 people" in said

    def test_where_nobody_owns_the_file_that_is_what_is_said(self, office: Office) -> None:
        office.at.push({".github/CODEOWNERS": None})
        said = office.propose(1)
        assert "! 0 of the 2 people" in said
        assert "in CODEOWNERS who own promotions/credit-risk/production.yaml" in said

    def test_a_team_that_nobody_may_look_into_is_asked_as_a_team(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.at.push({".github/CODEOWNERS": "/promotions/ @acme/risk\n"})
        monkeypatch.setenv("GITHUB_TOKEN", office.at.token)
        assert office.asked(1) == ["@acme/risk"]

    def test_people_who_can_be_seen_come_before_a_team_that_cannot(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.policy("{approvals: 1}")
        monkeypatch.setenv("GITHUB_TOKEN", office.at.token)
        assert office.asked(1) == ["@olga"]

    def test_who_github_does_not_let_be_asked_leaves_the_turn_to_the_next(self, office: Office) -> None:
        office.policy('{approvals: 1, pool: ["@olga", "@nils"]}')
        office.at.github.fail("POST", r".*/requested_reviewers", 422)
        told = office.document(1)["reviewers"]
        assert len(told["asked"]) == len(told["left_out"]) == 1
        assert "request reviews of pull request #1" in told["left_out"][0]["why"]

    def test_a_token_that_may_ask_nobody_is_told(self, office: Office) -> None:
        office.at.remote.roles["dana"] = "read"
        told = office.document(1)
        assert told["pull"] == 1
        assert "asking for reviews failed" in told["reviewers"]["note"]
        assert "write access to pull requests" in told["reviewers"]["fix"]

    def test_what_goes_wrong_after_the_pull_request_was_opened_is_told(self, office: Office) -> None:
        office.at.github.fail("GET", r".*/pulls/1/commits", 404)
        assert "asking for reviews failed" in office.document(1)["reviewers"]["note"]


class TestTurns:
    def test_everybody_has_a_turn_before_anybody_has_two(self, office: Office) -> None:
        office.policy("{approvals: 1}")
        asked = [name for version in (1, 2, 3) for name in office.closed(version)]
        assert sorted(asked) == ["@nils", "@olga", "@rosa"]
        assert office.asked(office.register()) == [asked[0]]

    def test_why_somebody_is_asked_is_said(self, office: Office) -> None:
        office.policy('{approvals: 1, pool: ["@olga"]}')
        office.closed(1)
        said = office.propose(2)
        assert "asked @olga for a review: last turn on " in said
        assert "(#1), 1 turn in 90 days; again for credit-risk, since too few others are left" in said

    def test_turns_of_other_models_count(self, office: Office) -> None:
        for model in (MODEL, "churn"):
            office.policy('{approvals: 1, pool: ["@olga", "@nils"]}', model=model)
        office.register("churn")
        assert {*office.closed(1), *office.closed(1, model="churn")} == {"@olga", "@nils"}

    def test_who_reviewed_without_being_asked_had_a_turn(self, office: Office) -> None:
        office.policy('{approvals: 1, pool: ["@olga", "@nils"]}')
        first = office.document(1)["reviewers"]["asked"][0]["who"]
        other = {"@olga": "nils", "@nils": "olga"}[first]
        now = office.at.github.hub.now()
        place = ReviewedPlace(
            slot=PRODUCTION, role=Role.CHAMPION, candidate=pin(1), evidence="sha256:k", token="t", passed=True,
            approvals=(Approval(other, now + timedelta(minutes=5)),), rejections=(),
            rules=(Ruled("timing", True, "took a while", review=7),),
        )  # fmt: skip
        office.at.close(office.at.remote.pulls[1])
        assert keep(office.at.repository, Reviewed(1, "a" * 40, "dana", now, True, (place,)))
        told = office.document(2)["reviewers"]["asked"][0]
        assert "(#1), 1 turn" in told["why"]

    def test_reviews_on_record_that_cannot_be_true_count_for_nothing(self, office: Office) -> None:
        now = office.at.github.hub.now()
        said = tuple(Approval("olga", when) for when in (now.replace(tzinfo=None), now + timedelta(days=400)))
        place = ReviewedPlace(
            slot=PRODUCTION, role=Role.CHAMPION, candidate=pin(1), evidence="sha256:k", token="t", passed=True,
            approvals=said, rejections=(), rules=(Ruled("timing", True, "took a while", review=7),),
        )  # fmt: skip
        assert keep(office.at.repository, Reviewed(77, "a" * 40, "dana", now, True, (place,)))
        office.policy("{approvals: 3}")
        told = office.document(1)["reviewers"]
        assert [each["why"] for each in told["asked"]] == ["had no turn in the last 90 days"] * 3

    def test_proposing_again_asks_nobody_else(self, office: Office) -> None:
        first = office.asked(1)
        body = office.at.remote.pulls[1].body
        office.at.github.advance(minutes=5)
        assert office.asked(1) == first
        assert office.at.remote.pulls[1].body == body

    def test_what_a_person_wrote_into_the_body_stays(self, office: Office) -> None:
        office.propose(1, "--reason", "It sees <thin files>.")
        assert office.at.remote.pulls[1].body.startswith("It sees <thin files>.")
        assert "gatehouse:asked credit-risk @" in office.at.remote.pulls[1].body

    def test_a_body_that_somebody_spoilt_counts_for_nothing(self, office: Office) -> None:
        office.policy("{approvals: 1}")
        office.closed(1)
        office.at.remote.pulls[1].body = "<!-- gatehouse:asked credit-risk @@@ -->" * 1000
        assert len(office.asked(2)) == 1

    def test_it_costs_a_dozen_questions_however_many_pull_requests_there_were(self, office: Office) -> None:
        for number in range(120):
            pull = office.at.open({f"notes/{number}.md": "words\n"})
            pull.state = "closed"
        before = len(office.at.github.log)
        office.propose(1)
        assert len(office.at.github.log) - before <= 16
