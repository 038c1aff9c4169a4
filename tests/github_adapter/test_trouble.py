"""GitHub in trouble: nothing is done twice, nothing waits for ever, and the words say what to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.github import Annotation, Check, Conclusion, Decision, Forbidden, GitHubReader, GitHubWriter, Refused
from tests.github import GitHub
from tests.github.state import Pull, Repository
from tests.github_adapter.conftest import BRANCH, QUICK, SLOT, SLUG, Connect

CHECK = Check("gatehouse", Conclusion.SUCCESS, "all gates pass", "fine")
# How a request may fail after it took effect: three kinds of breakdown, and a dropped connection.
AFTERWARDS = pytest.mark.parametrize("status", [500, 502, 504, None])


@AFTERWARDS
def test_a_comment_is_not_written_twice(
    status: int | None, github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    github.fail("POST", "/comments$", status, after=True)
    assert bot.comments.stick(1, "check", "text").id == repo.of(1)[0].id
    assert len(repo.of(1)) == 1


@AFTERWARDS
def test_a_pull_request_is_not_opened_twice(
    status: int | None, github: GitHub, repo: Repository, ada: GitHubWriter
) -> None:
    github.fail("POST", "/pulls$", status, after=True)
    assert ada.pulls.open(BRANCH, "main", "Promote 48", "").pull.number == 1
    assert len(repo.pulls) == 1


@AFTERWARDS
def test_a_merge_is_not_made_twice(
    status: int | None, github: GitHub, repo: Repository, ada: GitHubWriter, pull: Pull
) -> None:
    github.fail("PUT", "/merge$", status, after=True)
    assert ada.pulls.merge(1, pull.head_sha) == repo.git.resolve("main")
    assert len(repo.git.log("--merges", "main")) == 1


@AFTERWARDS
def test_a_check_run_is_not_made_twice(
    status: int | None, github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    bot.checks.report(pull.head_sha, CHECK)
    github.fail("POST", "/check-runs$", status, after=True)
    bot.checks.report(pull.head_sha, CHECK)
    assert len(repo.checks) == 2


@AFTERWARDS
def test_annotations_are_not_added_twice(
    status: int | None, github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    notes = tuple(Annotation(SLOT, line, f"note {line}") for line in range(1, 121))
    github.fail("PATCH", "/check-runs/", status, after=True, times=2)
    bot.checks.report(pull.head_sha, Check("gatehouse", Conclusion.FAILURE, "no", "no", annotations=notes))
    (run,) = repo.checks.values()
    assert len(run.annotations) == 120


@AFTERWARDS
def test_a_status_is_not_set_twice(
    status: int | None, github: GitHub, repo: Repository, ada: GitHubWriter, pull: Pull
) -> None:
    github.fail("POST", "/statuses/", status, after=True)
    assert ada.checks.report(pull.head_sha, CHECK).kind == "status"
    assert len(repo.statuses) == 1


@AFTERWARDS
def test_a_review_is_not_submitted_twice(
    status: int | None, github: GitHub, repo: Repository, connect: Connect, pull: Pull
) -> None:
    bo = connect(github.token("bo"))
    bo.reviews.submit(1, Decision.COMMENT, "same words", pull.head_sha)
    github.fail("POST", "/reviews$", status, after=True)
    made = bo.reviews.submit(1, Decision.COMMENT, "same words", pull.head_sha)
    assert [review.id for review in pull.reviews][1:] == [made.id]


@AFTERWARDS
def test_a_comment_that_was_deleted_or_edited_counts_as_done(
    status: int | None, github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    bot.comments.stick(1, "check", "one")
    github.comment(repo, 1, repo.of(1)[0].body, by="gatehouse[bot]")
    github.fail("DELETE", "/comments/", status, after=True)
    github.fail("PATCH", "/comments/", status, after=True)
    assert bot.comments.stick(1, "check", "two").body.endswith("two")
    assert [comment.body for comment in repo.of(1)] == ["<!-- gatehouse:check -->\ntwo"]


@AFTERWARDS
def test_a_write_that_did_not_happen_is_repeated(
    status: int | None, github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    github.fail("POST", "/comments$", status, times=2)
    bot.comments.stick(1, "check", "text")
    assert len(repo.of(1)) == 1


def test_a_breakdown_that_lasts_ends_in_an_error_to_act_on(github: GitHub, bot: GitHubWriter, pull: Pull) -> None:
    github.fail("POST", "/comments$", 503, times=99)
    with pytest.raises(Unreachable, match=r"broke down when asked to comment on pull request #1: .*\(503\)") as told:
        bot.comments.stick(1, "check", "text")
    assert "nothing is done twice" in told.value.fix
    assert len([entry for entry in github.writes() if entry.method == "POST"]) == QUICK.tries


@pytest.mark.parametrize("status", [500, 502, None])
def test_a_read_is_repeated_by_itself(status: int | None, github: GitHub, reader: GitHubReader, pull: Pull) -> None:
    github.fail("GET", "/pulls/1$", status, times=2)
    assert reader.pulls.get(1).number == 1


def test_a_page_in_the_middle_of_a_list_is_repeated_alone(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    for number in range(250):
        github.comment(repo, 1, f"comment {number}", by="bo")
    github.fail("GET", "/comments$", 502)
    assert len(reader.comments.list(1)) == 250
    assert len([entry for entry in github.log if entry.path.endswith("/comments")]) == 4


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_is_waited_out(
    status: int, github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    github.fail("POST", "/comments$", status, retry_after=1)
    began = time.monotonic()
    bot.comments.stick(1, "check", "text")
    assert 1 <= time.monotonic() - began < 4
    assert len(repo.of(1)) == 1


@pytest.mark.parametrize("status", [403, 429])
def test_a_pause_that_is_too_long_is_told_and_not_slept(
    status: int, github: GitHub, bot: GitHubWriter, pull: Pull
) -> None:
    github.fail("POST", "/comments$", status, retry_after=600)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="a pause of 600 s"):
        bot.comments.stick(1, "check", "text")
    assert time.monotonic() - began < 2


def test_the_last_requests_of_the_hour_still_work_and_then_the_time_is_named(
    github: GitHub, repo: Repository, pull: Pull
) -> None:
    with GitHubReader(github.token("ada", limit=2), github.api_url, SLUG, QUICK) as reader:
        reader.pulls.get(1)
        reader.pulls.get(1)
        with pytest.raises(Unreachable, match=r"hourly limit of 2 requests is used up, until \d\d:\d\d UTC"):
            reader.pulls.get(1)


def test_a_missing_permission_on_the_hours_last_request_is_no_limit(
    github: GitHub, repo: Repository, connect: Connect, pull: Pull
) -> None:
    with pytest.raises(Forbidden, match="may not merge"):
        connect(github.token("eve", limit=2)).pulls.merge(1, pull.head_sha)


@pytest.mark.parametrize(("status", "retry_after"), [(403, 600), (403, None), (429, None)])
def test_a_check_is_not_moved_to_a_status_by_a_limit(
    status: int, retry_after: int | None, github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    github.fail("POST", "/check-runs$", status, retry_after=retry_after)
    with pytest.raises(Unreachable):
        bot.checks.report(pull.head_sha, CHECK)
    assert not repo.statuses


def test_an_unknown_token_is_told_what_to_check(github: GitHub, repo: Repository, connect: Connect) -> None:
    with pytest.raises(Refused, match=r"does not know the token.*Bad credentials \(401\)") as told:
        connect("ghp_wrong").reader.pulls.get(1)
    assert "GITHUB_TOKEN" in told.value.fix
    assert "ghp_wrong" not in str(told.value)


def test_a_private_repository_is_not_there_for_strangers(
    github: GitHub, repo: Repository, connect: Connect, pull: Pull
) -> None:
    with pytest.raises(GatehouseError, match="shows nothing at acme/models"):
        connect(github.token("stranger")).reader.pulls.get(1)


def test_a_reader_may_not_merge_and_is_told_so(github: GitHub, repo: Repository, connect: Connect, pull: Pull) -> None:
    with pytest.raises(Forbidden, match="may not merge pull request #1") as told:
        connect(github.token("eve")).pulls.merge(1, pull.head_sha)
    assert "write access to contents" in told.value.fix


def test_nobody_listening_is_unreachable(github: GitHub) -> None:
    with (
        GitHubReader("token", "http://127.0.0.1:9/api/v3", SLUG, QUICK) as reader,
        pytest.raises(Unreachable, match=r"did not answer at http://127.0.0.1:9/api/v3 .*refused"),
    ):
        reader.pulls.get(1)


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b"{}", b"null", b"[7]"])
def test_a_server_that_is_no_github_is_told_from_one(body: bytes) -> None:
    with answering(body) as url, GitHubWriter("token", url, SLUG, QUICK) as writer:
        for ask in (lambda: writer.reader.pulls.get(1), lambda: writer.comments.stick(1, "check", "text")):
            with pytest.raises(GatehouseError, match="is not GitHub's API") as told:
                ask()
            assert "GITHUB_API_URL" in told.value.fix


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """A server that answers everything with 200 and the same body; its address."""

    class Same(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name for it
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Same) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("token", "api_url", "slug", "named"),
    [
        (" ", "https://api.github.com", SLUG, "GITHUB_TOKEN"),
        ("t", "api.github.com", SLUG, "GITHUB_API_URL"),
        ("t", "https://api.github.com", "models", "GITHUB_REPOSITORY"),
        ("t", "https://api.github.com", "acme/models/../x", "GITHUB_REPOSITORY"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(token: str, api_url: str, slug: str, named: str) -> None:
    with pytest.raises(GatehouseError) as told:
        GitHubReader(token, api_url, slug)
    assert named in str(told.value)


@pytest.mark.parametrize(("make", "login"), [("token", "ada"), ("app_token", "gatehouse[bot]")])
def test_a_token_knows_whose_it_is(make: str, login: str, github: GitHub, repo: Repository, connect: Connect) -> None:
    made: Callable[[str], str] = getattr(github, make)
    writer = connect(made(login.removesuffix("[bot]")))
    assert writer.login == login
    asked = len(github.log)
    assert writer.reader.login == login
    assert len(github.log) == asked
