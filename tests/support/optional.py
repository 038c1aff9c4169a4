"""Parts that a machine may lack: their tests are skipped, loudly, and not at all with GATEHOUSE_REQUIRE_ALL=1."""

from __future__ import annotations

import importlib
import os
import shutil
from typing import Any

import pytest


def part(module: str, install: str) -> Any:
    """The module, which ``pip install`` has under the name ``install``; skips the test where it is not there."""
    try:
        return importlib.import_module(module)
    except ImportError:
        if os.environ.get("GATEHOUSE_REQUIRE_ALL") == "1":
            raise
        pytest.skip(f"{install} is not installed: pip install {install}")


def program(name: str, what: str) -> None:
    """Skips the test where the program is not there."""
    if shutil.which(name) is None:
        if os.environ.get("GATEHOUSE_REQUIRE_ALL") == "1":
            raise FileNotFoundError(f"no program {name}: install {what}")
        pytest.skip(f"there is no {name}: install {what}")
