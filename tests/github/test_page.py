"""The page that a person sees: everything on it, and nothing that a hostile text could do."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.github import GitHub, markdown
from tests.github.raw import Raw
from tests.github.state import Pull, Repository


def page(github: GitHub, path: str = "/acme/models/pull/1") -> str:
    answer = requests.get(github.url + path, timeout=5)
    assert answer.status_code == 200
    return str(answer.text)


def test_the_conversation_shows_what_happened(github: GitHub, repo: Repository, bot: Raw, ada: Raw, pull: Pull) -> None:
    pull.title, pull.body = "Promote <47> & more", "Because **better**."
    ada.call("POST", "/pulls/1/requested_reviewers", {"reviewers": ["bo"]})
    github.comment(repo, 1, "<!-- gatehouse:check -->\n| a | b |\n|---|--:|\n| 1 | 2 |", by="gatehouse[bot]")
    github.review(repo, 1, "CHANGES_REQUESTED", "Not *yet*.", by="bo")
    note = {"path": "a.yaml", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "too low"}
    output = {"title": "accuracy blocks", "summary": "0.7 < 0.8", "annotations": [note]}
    run = {"name": "gates", "head_sha": pull.head_sha, "conclusion": "failure", "output": output}
    bot.call("POST", "/check-runs", run)
    shown = page(github)
    for text in (
        "Promote &lt;47&gt; &amp; more",
        "<strong>better</strong>",
        "requested a review from bo",
        '<td align="right">2</td>',
        "requested changes",
        "<em>yet</em>",
        "accuracy blocks",
        "a.yaml:1",
        "too low",
        '<tr class="del"><td>1</td><td></td>',
        '<tr class="add"><td></td><td>1</td>',
        "Change a",
    ):
        assert text in shown, text
    assert "gatehouse:check" not in shown


def test_a_merged_pull_request_says_so(github: GitHub, repo: Repository, ada: Raw, pull: Pull) -> None:
    assert "This branch can be merged" in page(github)
    ada.call("PUT", "/pulls/1/merge", {})
    assert "Merged as" in page(github)


def test_a_blocked_one_and_one_in_conflict_say_why(github: GitHub, repo: Repository, pull: Pull) -> None:
    repo.protection["main"] = {"required_pull_request_reviews": {"required_approving_review_count": 1}}
    assert "Merging is blocked" in page(github)
    github.push(repo, "main", {"a.yaml": "version: 9\n"})
    assert "This branch has conflicts" in page(github)


def test_the_list_leads_to_every_pull_request(github: GitHub, repo: Repository, pull: Pull) -> None:
    assert 'href="/acme/models/pull/1"' in page(github, "/")
    assert requests.get(f"{github.url}/acme/models/pull/7", timeout=5).status_code == 404
    assert requests.get(f"{github.url}/nowhere", timeout=5).status_code == 404


def test_the_pages_stay_as_files_that_need_no_server(
    github: GitHub, repo: Repository, pull: Pull, tmp_path: Path
) -> None:
    index = github.export(tmp_path / "pages")
    assert 'href="acme-models-pull-1.html"' in index.read_text()
    kept = (index.parent / "acme-models-pull-1.html").read_text()
    assert 'href="index.html"' in kept
    assert github.url not in kept
    assert "http" not in kept.replace("https://github", "")


@pytest.mark.parametrize(
    ("hostile", "never"),
    [
        ("<script>alert(1)</script>", "alert"),
        ("<img src=x onerror=alert(1)>", "onerror"),
        ("[x](javascript:alert(1)) <a href='javascript:alert(1)'>x</a>", 'href="javascript'),
        ("<iframe src='https://example.org'></iframe><style>*{display:none}</style>", "display"),
        ("<svg><script>alert(1)</script></svg>", "alert"),
        ("<div style='position:fixed' onclick='x()'>d</div>", "onclick"),
        ("<scr<script>ipt>alert(1)</script>", "<script"),
        ("</article></main><form action=/x>", "<form"),
        ('<a title="&quot; onclick=&quot;x()">t</a>', '" onclick'),
    ],
)
def test_html_that_github_would_not_show_is_gone(hostile: str, never: str) -> None:
    assert never not in markdown.render(hostile)


def test_open_tags_are_closed_and_stray_ends_dropped() -> None:
    assert markdown.render("<details><summary>a\n\nb</td>") == "<details><summary>a\n<p>b</p>\n</summary></details>"


def test_the_html_that_github_shows_is_kept() -> None:
    assert markdown.render("<details open><summary>s</summary>\n\n<sub>x</sub>\n</details>").startswith(
        '<details open=""><summary>s</summary>'
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hello @ada and @acme/model-risk, again @ada", ("ada", "acme/model-risk")),
        ("`@ada` and\n\n    @ada\n\n```\n@ada\n```", ()),
        ("mail ada@example.org, see a@b", ()),
        ("&#64;ada", ("ada",)),
        ("@\u200bada", ()),
        ("**@ada**", ("ada",)),
    ],
)
def test_mentions_are_those_that_github_would_notify(text: str, told: tuple[str, ...]) -> None:
    assert markdown.mentions(text) == told


def test_task_lists_and_alerts_are_drawn() -> None:
    shown = markdown.render("- [x] done\n- [ ] open\n\n> [!WARNING]\n> careful")
    assert shown.count('type="checkbox"') == 2
    assert shown.count("checked") == 1
    assert '<strong class="alert warning">Warning</strong>' in shown
