from __future__ import annotations

from dataclasses import replace

import pytest

from gatehouse.errors import NotFound, Unreachable
from gatehouse.github import Annotation, Check, Conclusion, Forbidden, GitHubWriter, Level, Refused, Standing
from tests.github import GitHub
from tests.github.state import Pull, Repository
from tests.github_adapter.conftest import SLOT, Connect

CHECK = Check(
    name="gatehouse",
    conclusion=Conclusion.FAILURE,
    title="fairness blocks version 48",
    summary="**fairness** 0.21 > 0.05",
    text="details",
    annotations=(Annotation(SLOT, 1, "fairness: 0.21 is more than 0.05", "fairness"),),
    link="https://example.org/report",
)


def many(count: int) -> tuple[Annotation, ...]:
    return tuple(Annotation(SLOT, line, f"note {line}", level=Level.NOTICE) for line in range(1, count + 1))


def test_an_app_makes_a_check_run_with_its_annotations(repo: Repository, bot: GitHubWriter, pull: Pull) -> None:
    posted = bot.checks.report(pull.head_sha, CHECK)
    (run,) = repo.checks.values()
    assert posted.kind == "check"
    assert (run.status, run.sent["conclusion"], run.sent["details_url"]) == ("completed", "failure", CHECK.link)
    assert run.sent["output"] == {"title": CHECK.title, "summary": CHECK.summary, "text": "details"}
    assert run.annotations == [
        {"path": SLOT, "start_line": 1, "end_line": 1, "annotation_level": "failure", "title": "fairness",
         "message": "fairness: 0.21 is more than 0.05"}
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2), (130, 3)])
def test_annotations_travel_fifty_at_a_time(
    count: int, requests: int, github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    bot.checks.report(pull.head_sha, replace(CHECK, annotations=many(count)))
    (run,) = repo.checks.values()
    assert [note["message"] for note in run.annotations] == [f"note {line}" for line in range(1, count + 1)]
    assert run.sent["conclusion"] == "failure"
    assert len(github.writes()) == requests


def test_a_check_stays_unfinished_until_its_last_annotation_is_there(
    github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    github.fail("PATCH", "/check-runs/", 422)
    with pytest.raises(Refused):
        bot.checks.report(pull.head_sha, replace(CHECK, conclusion=Conclusion.SUCCESS, annotations=many(60)))
    (run,) = repo.checks.values()
    assert (run.status, run.sent.get("conclusion")) == ("in_progress", None)


def test_summary_and_text_are_cut_at_githubs_limit(repo: Repository, bot: GitHubWriter, pull: Pull) -> None:
    bot.checks.report(pull.head_sha, replace(CHECK, summary="s" * 70_000, text="t" * 70_000))
    (run,) = repo.checks.values()
    assert [len(run.sent["output"][name]) for name in ("summary", "text")] == [65_535, 65_535]


def test_a_check_may_be_announced_before_it_is_reported(repo: Repository, bot: GitHubWriter, pull: Pull) -> None:
    bot.checks.begin(pull.head_sha, "gatehouse", "evaluating version 48")
    bot.checks.report(pull.head_sha, replace(CHECK, conclusion=Conclusion.SUCCESS))
    assert [run.status for run in repo.checks.values()] == ["in_progress", "completed"]


def test_a_person_cannot_make_check_runs_and_falls_back_to_a_status(
    repo: Repository, ada: GitHubWriter, pull: Pull
) -> None:
    assert ada.checks.begin(pull.head_sha, "gatehouse", "evaluating").kind == "status"
    assert ada.checks.report(pull.head_sha, replace(CHECK, title="long " * 60)).kind == "status"
    assert not repo.checks
    assert [status.state for status in repo.statuses] == ["pending", "failure"]
    last = repo.statuses[-1]
    assert (last.context, last.target_url, len(last.description or "")) == ("gatehouse", CHECK.link, 140)


@pytest.mark.parametrize(("conclusion", "state"), [("success", "success"), ("neutral", "success"),
                                                   ("failure", "failure"), ("action_required", "failure")])  # fmt: skip
def test_only_a_pass_becomes_a_green_status(
    conclusion: str, state: str, repo: Repository, ada: GitHubWriter, pull: Pull
) -> None:
    ada.checks.report(pull.head_sha, replace(CHECK, conclusion=Conclusion(conclusion), link=""))
    assert repo.statuses[-1].state == state


def test_a_token_that_may_do_neither_is_told_what_it_needs(
    github: GitHub, repo: Repository, connect: Connect, pull: Pull
) -> None:
    with pytest.raises(Forbidden, match="may not set the status 'gatehouse' in acme/models") as told:
        connect(github.app_token("reader", {"pull_requests": "read"})).checks.report(pull.head_sha, CHECK)
    assert "write access to commit statuses" in told.value.fix


def test_an_unknown_commit_is_refused(repo: Repository, bot: GitHubWriter) -> None:
    with pytest.raises((Refused, NotFound), match="No commit found"):
        bot.checks.report("0" * 40, CHECK)


def test_our_own_last_word_on_a_commit_is_read_and_nobody_else_s(
    github: GitHub, repo: Repository, connect: Connect, bot: GitHubWriter, pull: Pull
) -> None:
    assert bot.reader.checks.standing(pull.head_sha, "gatehouse") is None
    connect(github.app_token("other")).checks.report(pull.head_sha, replace(CHECK, conclusion=Conclusion.SUCCESS))
    assert bot.reader.checks.standing(pull.head_sha, "gatehouse") is None
    bot.checks.report(pull.head_sha, CHECK)
    assert bot.reader.checks.standing(pull.head_sha, "gatehouse") == Standing(CHECK.title, ended=True, passed=False)
    assert bot.reader.checks.standing(pull.head_sha, "another") is None


@pytest.mark.parametrize(("conclusion", "passed"), [("success", True), ("neutral", True), ("action_required", False)])
def test_what_is_posted_last_stands(bot: GitHubWriter, pull: Pull, conclusion: str, passed: bool) -> None:
    bot.checks.report(pull.head_sha, CHECK)
    bot.checks.report(pull.head_sha, replace(CHECK, title="again", conclusion=Conclusion(conclusion)))
    assert bot.reader.checks.standing(pull.head_sha, "gatehouse") == Standing("again", ended=True, passed=passed)


def test_a_check_that_has_begun_has_not_ended_and_passes_nothing(bot: GitHubWriter, pull: Pull) -> None:
    bot.checks.report(pull.head_sha, replace(CHECK, conclusion=Conclusion.SUCCESS))
    bot.checks.begin(pull.head_sha, "gatehouse", "evaluating version 48")
    assert bot.reader.checks.standing(pull.head_sha, "gatehouse") == Standing(
        "evaluating version 48", ended=False, passed=False
    )


@pytest.mark.parametrize("permissions", [{"statuses": "write"}, {"statuses": "write", "checks": "read"}])
def test_a_token_that_sets_statuses_finds_them_again(
    github: GitHub, repo: Repository, connect: Connect, ada: GitHubWriter, pull: Pull, permissions: dict[str, str]
) -> None:
    app = connect(github.app_token("modest", {**permissions, "pull_requests": "write"}))
    ada.checks.report(pull.head_sha, CHECK)
    assert app.reader.checks.standing(pull.head_sha, "gatehouse") is None
    app.checks.report(pull.head_sha, replace(CHECK, title="mine", conclusion=Conclusion.SUCCESS))
    ada.checks.report(pull.head_sha, replace(CHECK, title="another name", name="else"))
    assert app.reader.checks.standing(pull.head_sha, "gatehouse") == Standing("mine", ended=True, passed=True)
    assert ada.reader.checks.standing(pull.head_sha, "gatehouse") == Standing(CHECK.title, ended=True, passed=False)


@pytest.mark.parametrize("permissions", [{"checks": "write"}, {"statuses": "write"}], ids=["check", "status"])
def test_the_same_word_is_not_posted_again(
    github: GitHub, repo: Repository, connect: Connect, pull: Pull, permissions: dict[str, str]
) -> None:
    app = connect(github.app_token("modest", permissions))
    long = replace(CHECK, title="a title of many words " * 20, summary=" a summary \r\n")
    for check, posted in ((CHECK, True), (CHECK, False), (long, True), (long, False), (CHECK, True)):
        assert app.checks.renew(pull.head_sha, check) is posted
    assert app.checks.renew(pull.head_sha, replace(CHECK, conclusion=Conclusion.SUCCESS))


def test_other_words_below_the_same_title_are_posted_and_a_check_that_has_not_ended_is_no_word(
    bot: GitHubWriter, pull: Pull
) -> None:
    bot.checks.report(pull.head_sha, CHECK)
    assert bot.checks.renew(pull.head_sha, replace(CHECK, summary="other words"))
    bot.checks.begin(pull.head_sha, CHECK.name, CHECK.title)
    assert bot.checks.renew(pull.head_sha, CHECK)


def test_what_others_said_under_the_name_is_not_our_word(
    github: GitHub, connect: Connect, bot: GitHubWriter, pull: Pull
) -> None:
    connect(github.app_token("other")).checks.report(pull.head_sha, CHECK)
    assert bot.checks.renew(pull.head_sha, CHECK)


def test_a_token_that_sees_no_statuses_has_set_none(
    github: GitHub, repo: Repository, connect: Connect, pull: Pull
) -> None:
    app = connect(github.app_token("strict", {"checks": "write"}))
    assert app.reader.checks.standing(pull.head_sha, "gatehouse") is None


def test_a_token_that_may_see_neither_is_told_so(
    github: GitHub, repo: Repository, connect: Connect, pull: Pull
) -> None:
    app = connect(github.app_token("blind", {"pull_requests": "read"}))
    with pytest.raises(Forbidden, match="list the statuses"):
        app.reader.checks.standing(pull.head_sha, "gatehouse")


def test_reading_a_check_survives_a_github_that_breaks_down(github: GitHub, bot: GitHubWriter, pull: Pull) -> None:
    bot.checks.report(pull.head_sha, CHECK)
    github.fail("GET", "/check-runs", 502, times=2)
    assert bot.reader.checks.standing(pull.head_sha, "gatehouse") is not None
    github.fail("GET", "/check-runs", None, times=9)
    with pytest.raises(Unreachable):
        bot.reader.checks.standing(pull.head_sha, "gatehouse")


class TestEnded:
    """When the checks of a name ended, to see when something was posted."""

    def test_an_app_sees_its_own_alone_earliest_first(
        self, github: GitHub, repo: Repository, connect: Connect, bot: GitHubWriter, pull: Pull
    ) -> None:
        connect(github.app_token("other")).checks.report(pull.head_sha, CHECK)
        for _ in range(2):
            github.advance(hours=1)
            bot.checks.report(pull.head_sha, CHECK)
        bot.checks.begin(pull.head_sha, "gatehouse", "on its way")
        bot.checks.report(pull.head_sha, replace(CHECK, name="else"))
        mine = [run.completed for run in repo.checks.values() if run.app.slug == "gatehouse"][:2]
        assert bot.reader.checks.ended(pull.head_sha, "gatehouse") == tuple(mine)

    def test_a_person_sees_everybodys(
        self, github: GitHub, repo: Repository, bot: GitHubWriter, ada: GitHubWriter, pull: Pull
    ) -> None:
        bot.checks.report(pull.head_sha, CHECK)
        (run,) = repo.checks.values()
        assert ada.reader.checks.ended(pull.head_sha, "gatehouse") == (run.completed,)

    def test_statuses_tell_where_there_are_no_check_runs(
        self, github: GitHub, repo: Repository, connect: Connect, ada: GitHubWriter, pull: Pull
    ) -> None:
        app = connect(github.app_token("modest", {"statuses": "write"}))
        app.checks.begin(pull.head_sha, "gatehouse", "on its way")
        app.checks.report(pull.head_sha, CHECK)
        ada.checks.report(pull.head_sha, CHECK)
        _, ended, hers = (status.created for status in repo.statuses)
        assert app.reader.checks.ended(pull.head_sha, "gatehouse") == (ended,)
        assert ada.reader.checks.ended(pull.head_sha, "gatehouse") == (ended, hers)

    def test_more_than_a_page_of_them_are_read(self, repo: Repository, bot: GitHubWriter, pull: Pull) -> None:
        for _ in range(102):
            bot.checks.report(pull.head_sha, replace(CHECK, annotations=()))
        assert len(bot.reader.checks.ended(pull.head_sha, "gatehouse")) == 102

    def test_a_token_that_sees_no_statuses_has_set_none(self, github: GitHub, connect: Connect, pull: Pull) -> None:
        assert connect(github.app_token("strict", {"checks": "read"})).reader.checks.ended(pull.head_sha, "x") == ()

    def test_a_token_that_may_see_neither_is_told_so(self, github: GitHub, connect: Connect, pull: Pull) -> None:
        with pytest.raises(Forbidden, match="list the statuses"):
            connect(github.app_token("blind", {"pull_requests": "read"})).reader.checks.ended(pull.head_sha, "x")
