from __future__ import annotations

import re
from pathlib import Path

import pytest

from gatehouse.serve import targets
from gatehouse.serve.manifests.page import table

PAGE = (Path(__file__).parents[3] / "docs" / "targets.md").read_text()


@pytest.mark.parametrize("target", [name for name, schema in targets.options().items() if schema["properties"]])
def test_the_options_in_the_page_are_those_that_the_target_takes(target: str) -> None:
    written = PAGE.partition(f"<!-- options:{target} -->\n")[2].partition("<!-- /options -->")[0]
    assert written == table(target), f"write it anew: python -m gatehouse.serve.manifests.page {target}"


def test_every_target_is_in_the_page() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| `serving/", PAGE, re.MULTILINE)
    assert sorted(rows) == targets.names()
