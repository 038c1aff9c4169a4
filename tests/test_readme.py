"""What the README and the docs say of the gates is what the gates say of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_table_of_gates_is_the_generated_one() -> None:
    readme = (ROOT / "README.md").read_text()
    _, _, rest = readme.partition("<!-- gates:")
    written = rest.partition("-->\n")[2].partition("<!-- /gates -->")[0]
    assert written == _gates("--markdown"), "write it anew: gatehouse gates --markdown"


def test_the_page_of_gates_is_the_generated_one() -> None:
    written = (ROOT / "docs" / "gates.md").read_text()
    assert written == _gates("--markdown=full"), "write it anew: gatehouse gates --markdown=full > docs/gates.md"


def _gates(option: str) -> str:
    command = Path(sys.executable).with_name("gatehouse")
    done = subprocess.run([command, "gates", option], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_every_file_that_the_readme_links_to_is_there() -> None:
    import re

    pages = [
        "README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/decisions/README.md", "docs/doctor.md", "docs/gates.md",
        "docs/results.md", "docs/review.md", "docs/bucketing.md", "docs/targets.md", "docs/traffic.md",
    ]  # fmt: skip
    for document in map(ROOT.joinpath, pages):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
