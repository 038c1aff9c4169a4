"""Proposing on a real remote, against the stand-in for GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.world import trained
from tests.world.line import CREDIT_RISK
from tests.world.process import Completed, run
from tests.world.world import World

MODEL = CREDIT_RISK.model
FILE = f"promotions/{MODEL}/staging.yaml"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("propose"), CREDIT_RISK, trained.cached(CREDIT_RISK)) as made:
        yield made


def propose(world: World, *more: str) -> Completed:
    return world.gatehouse("propose", MODEL, "1", "--to", "staging", *more)


def test_a_proposal_is_a_branch_a_commit_and_a_pull_request_and_leaves_the_checkout_alone(world: World) -> None:
    (world.here / "notes.txt").write_text("half a thought")
    (world.here / "gates" / "drift.py").write_text("# somebody is in the middle of something\n")
    before = world.git("rev-parse", "HEAD")
    done = propose(world, "--reason", "First model <script>", "--format", "json")
    assert done.exit == 0, done.err
    answer = json.loads(done.out)
    pull = world.repo.pulls[answer["pull"]]
    assert pull.title == f"Promote {MODEL} version 1 to staging"
    assert pull.head == f"promote/{MODEL}-v1-staging" == answer["branch"]
    text = world.git("show", f"{answer['commit']}:{FILE}")
    assert text.splitlines() == ["version: 1", f"digest: {answer['digest']}"]
    assert world.git("rev-parse", "HEAD") == before
    assert not (world.here / FILE).exists()
    assert (world.here / "notes.txt").read_text() == "half a thought"


def test_a_person_s_comments_survive(world: World) -> None:
    (world.here / FILE).write_text(
        f"# agreed with risk on Monday\nversion: 2 # the second\ndigest: sha256:{'a' * 64}\n"
    )
    done = propose(world, "--no-pr")
    assert done.exit == 0, done.err
    lines = (world.here / FILE).read_text().splitlines()
    assert lines[0] == "# agreed with risk on Monday"
    assert lines[1] == "version: 1 # the second"
    assert not world.repo.pulls


def test_the_pull_request_of_another_version_is_in_the_way(world: World) -> None:
    assert propose(world).exit == 0
    done = world.gatehouse("propose", MODEL, "2", "--to", "staging")
    assert done.exit == 1
    assert "#1 is open" in done.out
    assert len(world.repo.pulls) == 1


def test_open_pull_requests_are_looked_through_with_one_question_however_many_there_are(world: World) -> None:
    for number in range(5):
        world.github.push(world.repo, f"words-{number}", {f"notes/{number}.md": "words\n"}, by="rosa")
        world.github.pull(world.repo, f"words-{number}", by="rosa")
    done = propose(world)
    assert done.exit == 0, done.err
    asked = [entry.path for entry in world.github.log if "/pulls" in entry.path and entry.method == "GET"]
    assert not [path for path in asked if path.endswith("/files")]
    assert len(asked) == 2, "all of them, and the one from this very branch"


def test_somebody_s_hand_made_pull_request_for_the_slot_is_in_the_way_whatever_its_branch_is_called(
    world: World,
) -> None:
    text = f"version: 2\ndigest: sha256:{'a' * 64}\n"
    world.github.push(world.repo, "quick-fix", {FILE: text}, by="rosa")
    number = world.github.pull(world.repo, "quick-fix", by="rosa", title="A quick fix").number
    branches = world.git("ls-remote", "--heads", "origin")
    done = propose(world, "--format", "json")
    assert done.exit == 1
    assert json.loads(done.out)["blocked"]["pull"] == number
    assert world.git("ls-remote", "--heads", "origin") == branches


def test_what_cannot_be_proposed_is_said_in_two_lines_and_nothing_is_pushed(world: World) -> None:
    asked = {
        ("propose", MODEL, "99", "--to", "staging"): "has no version 99",
        ("propose", "credit-rsk", "1", "--to", "staging"): "did you mean credit-risk?",
        ("propose", MODEL, "1", "--to", "stagging"): "no stage 'stagging'",
        ("propose", MODEL, "1", "--to", "staging", "--as", "canary"): "no champion",
        ("propose", MODEL, "1", "--to", "staging", "--percent", "5"): "leave --percent out",
    }
    branches = world.git("ls-remote", "--heads", "origin")
    for args, said in asked.items():
        done = world.gatehouse(*args)
        assert done.exit == 2, args
        assert said in done.err
        assert "Traceback" not in done.err
    assert world.git("ls-remote", "--heads", "origin") == branches


def test_without_a_token_it_says_which_variable_and_what_else_to_do(world: World) -> None:
    environment = {**world.environment("dana")}
    del environment["GITHUB_TOKEN"]
    done = run(("gatehouse", "propose", MODEL, "1", "--to", "staging"), world.here, environment)
    assert done.exit == 2
    assert "GITHUB_TOKEN" in done.err
    assert "--no-pr" in done.err


def test_a_remote_that_is_gone_and_a_registry_that_is_gone_are_named(world: World) -> None:
    world.git("remote", "set-url", "origin", str(world.folder / "nowhere.git"))
    done = propose(world)
    assert done.exit == 2
    assert "git remote did not answer" in done.err
    environment = {**world.environment("dana"), "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    done = run(("gatehouse", "check", MODEL, "--to", "staging", "--version", "1"), world.here, environment)
    assert done.exit == 2
    assert "127.0.0.1:9" in done.err
    assert "Traceback" not in done.err
