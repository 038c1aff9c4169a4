from __future__ import annotations

import pytest

from gatehouse.errors import NotFound
from gatehouse.github import GitHubReader, GitHubWriter
from tests.github import GitHub
from tests.github.state import Pull, Repository

MARK = "<!-- gatehouse:check -->"


def bodies(repo: Repository) -> list[tuple[str, str]]:
    return [(comment.author, comment.body) for comment in repo.of(1)]


def test_the_comment_is_written_once_and_then_rewritten(repo: Repository, bot: GitHubWriter, pull: Pull) -> None:
    first = bot.comments.stick(1, "check", "**FAIL**")
    second = bot.comments.stick(1, "check", "**PASS**")
    assert second.id == first.id
    assert bodies(repo) == [("gatehouse[bot]", f"{MARK}\n**PASS**")]
    assert second.author.bot


def test_the_same_text_again_writes_nothing(github: GitHub, bot: GitHubWriter, pull: Pull) -> None:
    bot.comments.stick(1, "check", "**PASS**")
    before = len(github.writes())
    bot.comments.stick(1, "check", "**PASS**\n")
    assert len(github.writes()) == before


def test_two_names_are_two_comments(repo: Repository, bot: GitHubWriter, pull: Pull) -> None:
    bot.comments.stick(1, "check", "one")
    bot.comments.stick(1, "review", "two")
    bot.comments.stick(1, "check", "three")
    assert [body for _, body in bodies(repo)] == [f"{MARK}\nthree", "<!-- gatehouse:review -->\ntwo"]


def test_a_foreign_comment_with_the_marker_is_neither_touched_nor_trusted(
    github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    forged = f"{MARK}\n**PASS** (forged)"
    github.comment(repo, 1, forged, by="eve")
    bot.comments.stick(1, "check", "**FAIL**")
    bot.comments.stick(1, "check", "**FAIL** again")
    assert bodies(repo) == [("eve", forged), ("gatehouse[bot]", f"{MARK}\n**FAIL** again")]
    assert bot.reader.comments.stuck(1, "check", bot.login)[0].body == f"{MARK}\n**FAIL** again"


def test_our_own_comment_that_quotes_the_marker_is_not_the_sticky_one(
    github: GitHub, repo: Repository, ada: GitHubWriter, pull: Pull
) -> None:
    github.comment(repo, 1, f"look at this:\n{MARK}", by="ada")
    ada.comments.stick(1, "check", "new")
    assert len(bodies(repo)) == 2


def test_our_own_duplicates_are_deleted_and_the_oldest_stays(
    github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    bot.comments.stick(1, "check", "first")
    kept = repo.of(1)[0].id
    for text in ("second", "third"):
        github.comment(repo, 1, f"{MARK}\r\n{text}", by="gatehouse[bot]")
    bot.comments.stick(1, "check", "now")
    assert [(comment.id, comment.body) for comment in repo.of(1)] == [(kept, f"{MARK}\nnow")]


def test_the_comment_is_found_behind_three_hundred_others(
    github: GitHub, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    for number in range(300):
        github.comment(repo, 1, f"comment {number}", by="eve")
    bot.comments.stick(1, "check", "one")
    bot.comments.stick(1, "check", "two")
    found = bot.reader.comments.list(1)
    assert len(found) == 301
    assert found[-1].body == f"{MARK}\ntwo"


def test_a_body_that_is_too_long_is_cut_with_a_note(repo: Repository, bot: GitHubWriter, pull: Pull) -> None:
    made = bot.comments.stick(1, "check", "漢" * 70_000)
    assert len(made.body) == 65_535
    assert made.body.startswith(MARK)
    assert made.body.endswith("no more than 65,535 characters.")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        f"{MARK}\nnested",
        '"}], {"body": "injected',
        "${{ secrets.GITHUB_TOKEN }} `id` $(id)",
        "\0\ud800 halves and nothings",
        "ünïcödé 漢字 🏴‍☠️ \u202e right to left",
        "\r\n\r\nlines",
    ],
)
def test_a_hostile_body_arrives_as_text_and_still_sticks(
    hostile: str, repo: Repository, bot: GitHubWriter, pull: Pull
) -> None:
    bot.comments.stick(1, "check", hostile)
    bot.comments.stick(1, "check", hostile + "!")
    assert len(repo.of(1)) == 1
    assert repo.of(1)[0].body.replace("?", "").startswith(f"{MARK}\n" + hostile.replace("\0", "").replace("\ud800", ""))


def test_a_name_cannot_break_out_of_the_marker(bot: GitHubWriter, pull: Pull) -> None:
    with pytest.raises(ValueError, match="letters"):
        bot.comments.stick(1, "x --> <b>", "text")


def test_a_comment_of_a_deleted_account_is_the_ghosts(
    github: GitHub, repo: Repository, reader: GitHubReader, pull: Pull
) -> None:
    github.comment(repo, 1, "bye", by="eve")
    github.hub.remove_user("eve")
    assert reader.comments.list(1)[0].author.login == "ghost"


def test_a_pull_request_that_is_not_there_is_not_found(repo: Repository, bot: GitHubWriter) -> None:
    with pytest.raises(NotFound, match="#7"):
        bot.comments.stick(7, "check", "text")


def test_what_is_said_twice_is_there_twice(repo: Repository, ada: GitHubWriter, pull: Pull) -> None:
    first, second = ada.comments.say(1, "/emergency"), ada.comments.say(1, "/emergency")
    assert first.id != second.id
    assert bodies(repo) == [("ada", "/emergency")] * 2


@pytest.mark.parametrize("status", [502, None])
def test_what_was_said_before_a_breakdown_is_said_once(
    status: int | None, github: GitHub, repo: Repository, ada: GitHubWriter, pull: Pull
) -> None:
    github.comment(repo, 1, "/emergency", by="ada")
    github.fail("POST", "/issues/1/comments", status, after=True)
    said = ada.comments.say(1, "/emergency")
    assert [comment.id for comment in ada.reader.comments.list(1)][1:] == [said.id]
