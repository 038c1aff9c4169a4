"""CODEOWNERS as GitHub reads it: the examples of its documentation, each form of pattern, and git as an oracle."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.declare import owners
from gatehouse.declare.owners import LIMIT, PLACES, find, parse

# The example file of GitHub's "About code owners".
DOCUMENTED = """\
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/apps/github @doctocat
"""


def of(text: str, path: str) -> list[str]:
    return list(parse(text).of(path))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("README.md", ["@global-owner1", "@global-owner2"]),
        ("some/deeply/nested/file.rb", ["@global-owner1", "@global-owner2"]),
        ("index.js", ["@js-owner"]),
        ("a/b/index.js", ["@js-owner"]),
        ("main.go", ["docs@example.com"]),
        ("notes/a.txt", ["@octo-org/octocats"]),
        ("build/logs/a.log", ["@octocat"]),  # the later **/logs takes it
        ("scripts/run.sh", ["@doctocat", "@octocat"]),
        ("scripts/logs/a", ["@octocat"]),
        ("deeply/nested/logs/x/y", ["@octocat"]),
        ("docs/getting-started.md", ["@doctocat"]),  # the later /docs/ takes it
        ("sub/apps/x", ["@octocat"]),
        ("apps/x", ["@octocat"]),
        ("apps/github/x", ["@doctocat"]),
        ("apps/github", ["@doctocat"]),
    ],
)
def test_the_documentations_example_resolves_as_it_says(path: str, expected: list[str]) -> None:
    assert of(DOCUMENTED, path) == expected


def test_a_line_without_owners_un_owns_what_it_matches() -> None:
    text = "/apps/ @octocat\n/apps/github\n"
    assert of(text, "apps/x") == ["@octocat"]
    assert of(text, "apps/github/x") == []
    line = parse(text).line("apps/github/x")
    assert line is not None
    assert (line.number, line.pattern) == (2, "/apps/github")


def test_an_un_owning_line_with_a_comment_un_owns_too() -> None:
    assert of("* @a\n/gates/ # nobody\n", "gates/fairness.py") == []


def test_a_folders_star_stops_at_its_own_files() -> None:
    text = "docs/* docs@example.com\n"
    assert of(text, "docs/getting-started.md") == ["docs@example.com"]
    assert of(text, "docs/build-app/troubleshooting.md") == []
    assert of(text, "sub/docs/x.md") == []


# pattern -> what it matches, what it does not
FORMS = {
    "foo": (["foo", "foo/bar", "bar/foo", "bar/foo/baz"], ["foo.txt", "bar/foo.txt", "bar/baz"]),
    "/foo": (["foo", "foo/bar", "foo/bar/baz"], ["fool", "bar/foo", "bar/foo/baz"]),
    "foo/": (["foo/bar", "foo/bar/baz", "bar/foo/baz"], ["foo", "bar/foo", "bar/baz"]),
    "/foo/": (["foo/bar", "foo/bar/baz"], ["foo", "bar/foo/baz"]),
    "foo/bar": (["foo/bar", "foo/bar/baz"], ["foo/bart", "baz/foo/bar"]),
    "/foo/bar/": (["foo/bar/baz", "foo/bar/baz/qux"], ["foo/bar", "foo/bart", "baz/foo/bar/qux"]),
    "*": (["foo", "foo/bar", "a/b/c"], []),
    "**": (["foo", "foo/bar", "a/b/c"], []),
    "f*": (["foo", "foo/bar", "bar/foo/baz"], ["bar/baz", "xfoo"]),
    "/*": (["foo", "bar"], ["foo/bar", "foo/bar/baz"]),
    "/f*": (["foo", "foo/bar/baz"], ["bar/foo", "xfoo"]),
    "f*/": (["foo/bar", "bar/foo/baz"], ["foo", "bar/foo", "bar/baz"]),
    "/*/": (["foo/bar", "bar/foo/baz"], ["foo"]),
    r"f\*o": (["f*o"], ["foo"]),
    r"f\?o": (["f?o"], ["foo"]),
    r"a\ b": (["a b", "c/a b/d"], ["a", "b"]),
    r"a\\": (["a\\"], ["a"]),
    "f?o": (["foo", "fxo"], ["fo", "fooo", "f/o"]),
    "foo/*": (["foo/bar"], ["foo", "foo/bar/baz", "bar/foo/baz"]),
    "foo/*.txt": (["foo/bar.txt"], ["foo/bar/baz.txt", "qux/foo/bar.txt"]),
    "foo/*/baz": (["foo/bar/baz", "foo/bar/baz/qux"], ["foo/bar", "foo/baz"]),
    "**/foo/bar": (["foo/bar", "qux/foo/bar", "qux/foo/bar/baz"], ["foo/baz/bar"]),
    "**/*bar*": (["bar", "foo/rebar", "foo/qux/barrio"], ["foo/baz"]),
    "foo/bar/**": (["foo/bar/baz", "foo/bar/baz/qux"], ["foo/bar", "qux/foo/bar/baz"]),
    "foo/**/bar": (["foo/bar", "foo/qux/bar/baz", "foo/a/b/bar"], ["qux/foo/bar"]),
    "foo/**/bar/b*": (["foo/bar/baz", "foo/qux/bar/baz"], ["foo/bar", "foo/bar/qux"]),
    "/": ([], ["foo", "foo/bar"]),
    ".github/": ([".github/workflows/gates.yml", "sub/.github/x"], [".github", "github/x"]),
}


@pytest.mark.parametrize("pattern", FORMS)
def test_each_form_of_pattern_matches_just_what_it_says(pattern: str) -> None:
    matched, others = FORMS[pattern]
    file = parse(f"{pattern} @owner\n")
    assert [path for path in matched + others if file.of(path)] == matched


def test_paths_are_case_sensitive() -> None:
    assert of("/Gates/ @a\n", "gates/x.py") == []


def test_a_dot_or_a_bracket_is_no_wildcard() -> None:
    assert of("a.b @x\n", "aXb") == []
    assert of("a(b|c)+ @x\n", "ab") == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("!/gates/ @a", "negate"),
        ("/gates/[ab].py @a", "range"),
        ("/gates/ @a, @b", "`@a,` is no"),
        ("/gates/ acme/risk", "`acme/risk` is no"),
        ("/gates/ @", "`@` is no"),
        ("/gates/ @a/b/c", "`@a/b/c` is no"),
        ("a***b @a", r"\*\*\*"),
        (r"\#gates @a", "`#`"),
        ("gates#x @a", "`#`"),
        ("gates\\", "backslash"),
    ],
)
def test_a_line_that_github_does_not_take_is_skipped_and_reported(line: str, why: str) -> None:
    import re

    file = parse(f"* @above\n\n{line}\n")
    assert [(skipped.number, skipped.text) for skipped in file.skipped] == [(3, line)]
    assert re.search(why, file.skipped[0].why)
    # What it was meant to protect falls to the line above.
    assert file.of("gates/a.py") == ("@above",)


@pytest.mark.parametrize("owner", ["@a", "@acme/model-risk", "@octo-cat_acme", "ada.l@example.co.uk", "@acme/team_1"])
def test_users_teams_and_addresses_are_owners(owner: str) -> None:
    assert of(f"* {owner}", "x") == [owner]


def test_blank_lines_comments_tabs_and_windows_line_ends_change_nothing() -> None:
    assert parse("\ufeff# c\r\n\r\n   \t\n*\t@a   @b\r\n").of("x") == ("@a", "@b")


def test_lines_are_numbered_as_an_editor_numbers_them() -> None:
    assert [line.number for line in parse("# c\n\n* @a\n\x0c\n/x @b").lines] == [3, 5]


def test_an_empty_file_owns_nothing() -> None:
    assert parse("") == owners.Owners(())
    assert parse("").line("x") is None


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"], ".github/CODEOWNERS"),
        (["docs/CODEOWNERS", "CODEOWNERS"], "CODEOWNERS"),
        (["docs/CODEOWNERS"], "docs/CODEOWNERS"),
        (["sub/CODEOWNERS", "codeowners"], None),
    ],
)
def test_the_first_place_counts_and_none_beside_it(paths: list[str], found: str | None) -> None:
    assert find(paths) == found
    assert len(PLACES) == 3
    assert LIMIT <= 3 * 1024 * 1024


# Parts of patterns and paths from a small alphabet, so that they meet often.
PARTS = st.text("ab*?", min_size=1, max_size=3).filter(lambda part: "**" not in part)
PATTERNS = st.builds(
    lambda lead, parts, trail: lead + "/".join(parts) + trail,
    st.sampled_from(["", "/"]),
    st.lists(st.one_of(PARTS, st.just("**")), min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
)
PATHS = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=5).map("/".join)


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oracle")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def ignored(folder: Path, pattern: str, paths: list[str]) -> set[str]:
    """Which paths git itself would ignore for a pattern; none of them is there, so all are files."""
    (folder / ".git" / "info" / "exclude").write_text(pattern + "\n")
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=folder,
        input="".join(f"{path}\0" for path in paths),
        capture_output=True,
        text=True,
    )
    assert asked.returncode in (0, 1), asked.stderr
    return set(asked.stdout.split("\0")) - {""}


def in_doubt(pattern: str) -> bool:
    """Where GitHub leaves gitignore's rules: a trailing ``/*`` stops at the folder. ``**`` before a trailing slash or a
    star is where the two meet, and the table above holds it."""
    parts = pattern.strip("/").split("/")
    return (parts[-1] == "*" and "/" in pattern.rstrip("/")) or (parts[-1] == "**" and pattern != "**")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=PATTERNS.filter(lambda pattern: not in_doubt(pattern)), paths=st.lists(PATHS, min_size=8, max_size=20))
def test_a_pattern_matches_what_git_would_ignore(pattern: str, paths: list[str], oracle: Path) -> None:
    file = parse(f"{pattern} @owner\n")
    assert not file.skipped
    assert {path for path in paths if file.of(path)} == ignored(oracle, pattern, paths)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(PARTS, min_size=1, max_size=3), paths=st.lists(PATHS, min_size=8, max_size=20))
def test_a_trailing_star_matches_what_git_would_ignore_unless_it_is_deeper(
    parts: list[str], paths: list[str], oracle: Path
) -> None:
    pattern = "/" + "/".join(parts) + "/*"
    parents = [path.rpartition("/")[0] for path in paths]
    git = ignored(oracle, pattern, [*paths, *filter(None, parents)])
    file = parse(f"{pattern} @owner\n")
    for path, parent in zip(paths, parents, strict=True):
        assert bool(file.of(path)) == (path in git and parent not in git), path


@given(
    lines=st.lists(st.tuples(PATTERNS, st.sampled_from(["", "@a", "@b @c"])), max_size=6),
    path=PATHS,
)
def test_the_last_line_that_matches_decides_alone(lines: list[tuple[str, str]], path: str) -> None:
    file = parse("\n".join(f"{pattern} {owned}" for pattern, owned in lines))
    alone = [owned for pattern, owned in lines if parse(f"{pattern} @x").of(path)]
    assert file.of(path) == tuple(alone[-1].split() if alone else ())


@given(st.text(max_size=200))
def test_any_text_at_all_is_read_and_every_line_is_a_rule_skipped_or_silent(text: str) -> None:
    file = parse(text)
    numbers = [line.number for line in file.lines] + [skipped.number for skipped in file.skipped]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers, default=1) <= text.count("\n") + 1
    file.of("promotions/a/production.yaml")
