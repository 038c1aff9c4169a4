"""docs/review.md says what the code does: rules, questions, policy keys, and what each bad input comes to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import msgspec
import yaml

from gatehouse.cli.review import command
from gatehouse.cli.reviews.told import Did
from gatehouse.cli.reviews.verify import Verified
from gatehouse.review.judge import judge
from gatehouse.review.questions import BUILT_IN
from gatehouse.review.would import LIFTABLE
from tests.review import test_bad_input
from tests.review.worlds import NOW, approval, emergency, facts

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "review.md").read_text()


def table(name: str) -> list[list[str]]:
    """The cells of the rows between two marks."""
    found = re.search(rf"<!-- {name}: .*? -->\n(.*?)<!-- /{name} -->", PAGE, re.DOTALL)
    assert found, name
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines()[2:]]


def test_the_rules_are_those_that_verify_prints_in_its_order() -> None:
    anna, bob = approval(), emergency("bob", 700)
    (place,) = judge(facts(anna, bob), NOW).places
    printed = dict.fromkeys(ruled.rule for ruled in place.rules)
    assert [row[0] for row in table("rules")] == [f"`{rule}`" for rule in printed]
    whole = {ruled.rule for ruled in place.rules if ruled.review is None} - {"emergency"}
    called = {ruled.rule for ruled in place.rules if ruled.review == bob.id}
    says = {row[0].strip("`"): row[2].strip() for row in table("rules")}
    assert {rule for rule, word in says.items() if word == "lifts"} == LIFTABLE
    assert {rule for rule, word in says.items() if word == "stays"} == whole - LIFTABLE
    assert {rule for rule, word in says.items() if word == "asked of it too"} == called


def test_the_questions_are_those_that_are_asked() -> None:
    wanted = []
    for question in BUILT_IN:
        choices = f" ({', '.join(question.answers)})" if question.answers else ""
        optional = "" if question.required else " (may be left out)"
        wanted.append([f"`{question.id}`", f"{question.ask}{choices}{optional}"])
    assert table("questions") == wanted


def test_each_bad_input_has_a_test_and_each_test_a_row() -> None:
    rows = {row[2].strip("`") for row in table("bad input")}
    there = {
        name
        for name, found in vars(test_bad_input).items()
        if name.startswith(("Test", "test_")) and found.__module__ == test_bad_input.__name__
    }
    assert rows == there - {"test_what_the_others_take_away_from_passes"}


def test_the_policy_that_is_shown_is_a_valid_one() -> None:
    schema = json.loads((ROOT / "src" / "gatehouse" / "declare" / "schemas" / "policy.json").read_text())
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    keys = schema["properties"]["review"]
    shown = yaml.safe_load(example)["review"]
    jsonschema.validate(shown, {**keys, "$defs": schema["$defs"]})
    assert shown.keys() == keys["properties"].keys()


def test_every_place_that_the_page_leads_to_is_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGE):
        path, _, heading = target.partition("#")
        page = ROOT / "docs" / path if path else ROOT / "docs" / "review.md"
        assert page.exists(), target
        headings = {re.sub(r"[^a-z -]", "", line.lower()).strip().replace(" ", "-") for line in _headings(page)}
        assert not heading or heading in headings, target


def _headings(page: Path) -> list[str]:
    return [line.lstrip("#") for line in page.read_text().splitlines() if line.startswith("#")]


def test_the_example_of_json_has_the_fields_that_are_printed() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    read = msgspec.json.decode(example, type=Verified, strict=True)
    assert json.loads(msgspec.json.encode(read)) == json.loads(example)


def test_every_way_that_the_verb_has_is_on_the_page() -> None:
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    # What a workflow alone gives, and what every verb has.
    others = {"--group", "--commit", "--debug", "--repo"}
    assert {option for option in options - others if option not in PAGE} == set()
    assert all(did in PAGE for did in Did)
