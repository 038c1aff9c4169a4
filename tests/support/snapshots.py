"""Expected output in files, so that a review shows what a user will see.

``GATEHOUSE_UPDATE_SNAPSHOTS=1 pytest tests/report`` writes them anew; look at the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path


def matches(actual: str, expected: Path) -> None:
    """Asserts that the text is the one in the file; writes the file where the update switch is set."""
    if os.environ.get("GATEHOUSE_UPDATE_SNAPSHOTS"):
        expected.parent.mkdir(parents=True, exist_ok=True)
        expected.write_text(actual, newline="\n")
    assert expected.exists(), f"{expected.name} is missing: set GATEHOUSE_UPDATE_SNAPSHOTS=1 and run the test once"
    assert actual == expected.read_text()
