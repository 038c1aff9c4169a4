"""What the README says of the gates is what the gates say of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_table_of_gates_is_the_generated_one() -> None:
    readme = (ROOT / "README.md").read_text()
    _, _, rest = readme.partition("<!-- gates:")
    written = rest.partition("-->\n")[2].partition("<!-- /gates -->")[0]
    command = Path(sys.executable).with_name("gatehouse")
    done = subprocess.run([command, "gates", "--markdown"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert written == done.stdout, "write it anew: gatehouse gates --markdown"


def test_every_file_that_the_readme_links_to_is_there() -> None:
    import re

    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "decisions" / "README.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
