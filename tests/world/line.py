"""A line of business: one model with its data and its policy, as ``World`` sets it up."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.world import data

PROJECT = Path(__file__).parents[2]
_BLANK = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """``write`` puts the tables into a folder; ``policy`` is the text of policy.yaml for those tables."""

    model: str
    write: Callable[[Path], data.Tables]
    policy: Callable[[data.Tables], str]


def digest(file: Path) -> str:
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


def _project_policy(tables: data.Tables) -> str:
    """The project's own example, with the digest of the data just written: Parquet's bytes differ by its writer."""
    text = (PROJECT / "promotions" / CREDIT_RISK.model / "policy.yaml").read_text()
    before, mark, after = text.partition("digest: sha256:")
    assert mark, "the example policy names no digest"
    return f"{before}digest: {digest(tables.evaluation)}{after[64:]}"


def german_credit() -> Line:
    """The line on real data; skips the test, loudly, where the file is not there."""
    from tests.world import german

    source = german.find()
    return Line(
        german.MODEL,
        partial(german.write, source),
        lambda tables: german.POLICY.replace(_BLANK, digest(tables.evaluation)),
    )


CREDIT_RISK = Line("credit-risk", data.write, _project_policy)

# The fewest gates that a promotion can have here, on few rows: for tests of everything but the gates.
_BRIEFLY = {"staging": "[schema, accuracy]", "production": "[schema, accuracy, staging]"}


def _brief_policy(tables: data.Tables) -> str:
    text = _project_policy(tables)
    for stage, gates in _BRIEFLY.items():
        text, found = re.subn(rf"(  {stage}:\n    gates: )\[.*\]", rf"\1{gates}", text)
        assert found == 1, f"the example policy has no gates of {stage} in one line"
    return text


CREDIT_RISK_BRIEF = Line(CREDIT_RISK.model, partial(data.write, rows=5000), _brief_policy)


def _unhurried_policy(tables: data.Tables) -> str:
    text, found = re.subn(r"latency: +\{.*\}", f"latency: {UNHURRIED}", _project_policy(tables))
    assert found == 1, "the example policy has no latency in one line"
    return text


# For tests of everything but time: they come out the same however busy the machine is.
UNHURRIED = "{p95_ms: 20000, rate_per_s: 40, duration_s: 2, warmup_s: 0.2}"
CREDIT_RISK_UNHURRIED = Line(CREDIT_RISK.model, CREDIT_RISK.write, _unhurried_policy)
