from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.company import Cli, Company, found


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """A registry with three versions, and a promotions repository without a promotion, where nobody has to agree: no
    GitHub could tell of reviews here."""
    return found(tmp_path, review="none")


@pytest.fixture
def cli(company: Company, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line in the company's clone, with nothing of this machine's GitHub in the environment."""
    for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return Cli(company, capsys)
