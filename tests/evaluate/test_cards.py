from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate import cards
from gatehouse.evaluate.cards import Card, normal, parse, written
from gatehouse.evaluate.material import Paper


def card(text: str | bytes) -> Card:
    return parse(text if isinstance(text, bytes) else text.encode(), "model_card.md")


def said(text: str | bytes) -> dict[str, str]:
    """Each heading with the words below it."""
    return {section.heading: " ".join(section.text.split()) for section in card(text).sections}


def problem(text: str | bytes) -> tuple[str, str]:
    with pytest.raises(GatehouseError) as caught:
        card(text)
    return caught.value.message, caught.value.fix


# --- front matter


@pytest.mark.parametrize(
    ("text", "meta"),
    [
        ("---\nlicense: mit\n---\n# A", {"license": "mit"}),
        ("---\r\nlicense: mit\r\n---\r\n# A", {"license": "mit"}),
        ("\ufeff---\nlicense: mit\n---\n# A", {"license": "mit"}),
        ("---\ndate: 2026-03-01\n---\n", {"date": "2026-03-01"}),  # dates stay text
        ("---\ndate: 2026-03-01T10:00:00Z\n---\n", {"date": "2026-03-01T10:00:00Z"}),
        ("---\nlicense: mit\n...\n", {"license": "mit"}),
        ("---\nversion: 47\ndatasets: [a, b]\n---", {"version": 47, "datasets": ["a", "b"]}),
        ("---\n# only a comment\n---\n# A", {}),
        ("---\n---\n# A", {}),
        ("# A\n\n---\nlicense: mit\n---\n", {}),  # not at the top: lines across the page
        ("---\nno end: true\n", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_front_matter_is_a_mapping_between_two_lines_at_the_top(text: str, meta: dict[str, object]) -> None:
    assert card(text).meta == meta


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\na: 1\nb: [1\n---\n", "model_card.md:3: front matter: a list that is not closed"),
        ("---\n- a\n- b\n---\n", "model_card.md:2: front matter: is not a mapping"),
        ("---\njust words\n---\n", "model_card.md:2: front matter: is not a mapping"),
        ("---\na: 1\na: 2\n---\n", "model_card.md:3: front matter: a: is written twice, first on line 2"),
        ("---\na: &x [1, 1]\nb: [*x, *x]\n---\n", "model_card.md:2: front matter: a: `&x` names a value for reuse"),
        ("---\na: !!python/object:os.system x\n---\n", "model_card.md:2: front matter: a: the tag"),
        ("---\na: " + "[" * 5_000 + "\n---\n", "model_card.md:2: front matter: nests deeper"),
        ("---\na: 1_000\n---\n", "model_card.md:2: front matter: a: `1_000` is a number to some readers"),
    ],
)  # fmt: skip
def test_front_matter_that_does_not_read_is_told_with_its_line(text: str, message: str) -> None:
    what, fix = problem(text)

    assert what.startswith(message)
    assert fix


def test_a_card_that_is_not_utf8_is_told_with_its_line() -> None:
    assert problem(b"# A\n\ncaf\xe9\n") == ("model_card.md:3: is not UTF-8 text", "save it as UTF-8")


def test_the_largest_card_is_read_and_a_byte_more_is_not() -> None:
    text = "# A\n" + "x" * (cards.SIZE_LIMIT - 4)

    assert card(text).sections
    assert problem(text + "x")[0] == "model_card.md: has more than 200,000 bytes"


@pytest.mark.parametrize(
    "text",
    ["[", "*a_ ", "> ", "<", "<!--", "![](", "<h1 ", "<h1>", "\n<h1>\n", "](", "TODO {{", "<script>"],
)  # fmt: skip
def test_hostile_markdown_ends(text: str) -> None:
    found = card("# a\n\n" + text * ((cards.SIZE_LIMIT - 5) // len(text.encode())))

    assert found.sections[0].says_something in (True, False)


# --- sections


def test_a_section_is_what_stands_below_its_heading_and_below_those_beneath_it() -> None:
    text = "# Card\n\n## Evaluation\n\n### Metrics\n\nAUC\n\n### Results\n\n0.8\n\n## Uses\n\nloans\n"

    assert said(text) == {
        "Card": "AUC 0.8 loans",
        "Evaluation": "AUC 0.8",
        "Metrics": "AUC",
        "Results": "0.8",
        "Uses": "loans",
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Uses\n====\n\nloans", {"Uses": "loans"}),
        ("Uses\n----\n\nloans", {"Uses": "loans"}),
        ("## **Uses** of `it`\n\n*loans* and [more](https://x.y)", {"Uses of it": "loans and more"}),
        ("## Uses ##\n\n- loans\n- cards", {"Uses": "loans cards"}),
        ("## Uses\n\n| a | b |\n|---|---|\n| 1 | 2 |", {"Uses": "a b 1 2"}),
        ("## Uses\n\n```\n## Not a heading\n```", {"Uses": "## Not a heading"}),
        ("## Uses\n\n    ## Not a heading", {"Uses": "## Not a heading"}),
        ("## Uses\n\n> ## Not a heading", {"Uses": "Not a heading"}),
        ("## Uses\n\n![a curve that rises](x.png)", {"Uses": "a curve that rises"}),
        ("##Uses\n\nloans", {}),  # no heading without a space
        ("words alone", {}),
    ],
)
def test_markdown_is_read_as_commonmark_has_it(text: str, found: dict[str, str]) -> None:
    assert said(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<h2 id=x>Uses</h2>\n<p>loans &amp; cards</p>", {"Uses": "loans & cards"}),
        ("## Uses\n\n<!-- say which -->", {"Uses": ""}),
        ("## Uses\n\n<!-- never\n\nclosed", {"Uses": ""}),
        ("## Uses <!-- which -->\n\nloans <!-- more -->", {"Uses": "loans"}),
        ("<!--\n## Uses\n\nloans\n-->", {}),
        ("## Uses\n\n<details><summary>loans</summary></details>", {"Uses": "loans"}),
        ("## Uses\n\n<script>alert('loans')</script>", {"Uses": ""}),
        ("## Uses\n\n<style>p {color: red}</style>", {"Uses": ""}),
        ("## Uses\n\n<br>", {"Uses": ""}),
    ],
)
def test_html_is_looked_through_for_its_words(text: str, found: dict[str, str]) -> None:
    assert {heading.strip(): words for heading, words in said(text).items()} == found


@pytest.mark.parametrize(
    "text",
    ["", " \n", "TODO", "todo", "TBD", "tbd.", "...", "…", "n/a", "N/A.", "None", "-", "?",
     "[More Information Needed]", "More information needed", "{{ model_summary }}", "To be determined", "- TODO\n- TBD",
     "Coming soon!", "not applicable", "XXX"],
)  # fmt: skip
def test_a_placeholder_says_nothing(text: str) -> None:
    assert not written(text)


@pytest.mark.parametrize(
    "text",
    [
        "loans",
        "0.82",
        "None of the groups is small.",
        "TODO list of the team: none, all is done",
        "日本",
        "AUC, see table",
    ],
)
def test_words_say_something_also_beside_a_placeholder(text: str) -> None:
    assert written(text)


@pytest.mark.parametrize(
    "heading",
    ["Bias, Risks, and Limitations", "BIAS RISKS LIMITATIONS", "3. Bias, risks & limitations",
     "2.1) Bias risks limitations:", "Bias, risks, limitations [optional]", "_Bias_ risks/limitations"],
)  # fmt: skip
def test_headings_are_compared_without_case_numbers_and_signs(heading: str) -> None:
    assert normal(heading) == "bias risks limitations"


# --- as fetched


def test_a_card_that_could_not_be_fetched_is_told_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(GatehouseError) as caught:
        cards.read_card(tmp_path, Paper("x.md", problem="x.md: there is no such file", fix="commit it"))

    assert (caught.value.message, caught.value.fix) == ("x.md: there is no such file", "commit it")


def test_a_card_that_is_a_link_or_a_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("# A")
    (tmp_path / "link.md").symlink_to("secret")
    (tmp_path / "folder.md").mkdir()

    for name in ("link.md", "folder.md", "none.md"):
        with pytest.raises(GatehouseError, match="is no plain file"):
            cards.read_card(tmp_path, Paper(name, name))


def test_a_card_is_read_with_the_digest_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"# A\n")

    found = cards.read_card(tmp_path, Paper("a.md of the run", "a.md"))

    assert found.where == "a.md of the run"
    assert found.digest == "sha256:aa1237b773c38dbddef583c4868aaea7a44c5237ea7923aecca5513764b42d80"
