"""German Credit (Statlog, UCI, CC BY 4.0): real data for an end-to-end test, where somebody has put the file.

The file is read where it lies, named by the folder in ``GATEHOUSE_TEST_DATA`` or found in ``../shared/data`` beside the
checkout; it is never copied into the repository.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.world.data import Tables
from tests.world.recipes import Recipe, logistic

MODEL = "german-credit"
NAME = "german-credit.csv"
PLACE = "GATEHOUSE_TEST_DATA"
LABEL = "creditability"
ID = "applicant"
# What an estimator learns: 1 for a bad risk.
TARGET = "is_bad"

_NUMERIC = (
    "duration_in_month", "credit_amount", "installment_rate_in_percentage_of_disposable_income", "age_in_years",
    "present_residence_since", "number_of_existing_credits_at_this_bank",
    "number_of_people_being_liable_to_provide_maintenance_for",
)  # fmt: skip
_CATEGORICAL = (
    "status_of_existing_checking_account", "credit_history", "purpose", "savings_account_and_bonds",
    "present_employment_since", "other_debtors_or_guarantors", "property", "other_installment_plans", "housing", "job",
)  # fmt: skip


def find() -> Path:
    """The file; skips the test, saying where it was looked for, when it is not there."""
    folder = Path(os.environ.get(PLACE) or Path(__file__).parents[3] / "shared" / "data")
    if not (folder / NAME).is_file():
        pytest.skip(f"NOT TESTED ON REAL DATA: no {NAME} in {folder}; name its folder in {PLACE}")
    return folder / NAME


def write(source: Path, folder: Path) -> Tables:
    """The half that models are judged on, with its label, and the same columns of all rows as production's features."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = Tables(folder / "eval.parquet", folder / "features-last-30d.parquet")
    _, judged = _halves(source)
    judged.to_parquet(tables.evaluation, index=False)
    pd.concat(_halves(source)).drop(columns=[LABEL]).to_parquet(tables.production, index=False)
    return tables


def recipes(source: Path) -> tuple[Recipe, Recipe]:
    """A weak model that hardly looks, and a strong one that looks at everything but marital status and sex."""
    rows = partial(_training, source)
    weak = Recipe(
        "Logistic regression on two columns",
        "Hardly looks.",
        ("duration_in_month",),
        ("housing",),
        rows,
        logistic,
        TARGET,
    )
    strong = Recipe(
        "Logistic regression on every column", "Looks at all but sex.", _NUMERIC, _CATEGORICAL, rows, logistic, TARGET
    )
    return weak, strong


def _training(source: Path) -> pd.DataFrame:
    training, _ = _halves(source)
    return training.assign(**{TARGET: (training[LABEL] == "bad").astype(np.int64)})


def _halves(source: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and evaluation rows, always the same, without a row in common."""
    whole = pd.read_csv(source, keep_default_na=False)
    whole.insert(0, ID, [f"G{number:04d}" for number in range(len(whole))])
    judged = np.random.default_rng(4).permutation(len(whole)) < len(whole) // 2
    return whole[~judged], whole[judged]


# A thousand people are few: their groups differ by chance alone, and the limits here are as wide as that chance.
POLICY = """\
owner: "@acme/credit-risk"
risk: medium
task: binary
reviewed: 2026-11-02
data:
  evaluation:
    path: data/eval.parquet
    digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
    label: creditability
    positive: bad
    id: applicant
    groups: [personal_status_and_sex, {name: age, column: age_in_years, edges: [25]}]
  production:
    path: data/features-last-30d.parquet
gates:
  accuracy: {metric: roc_auc, minimum: 0.5, min_improvement: 0.005}
  latency:  {p95_ms: 20000, rate_per_s: 25, duration_s: 3, warmup_s: 0.5}
  fairness: {metric: selection_rate, max_disparity: 0.5, min_group_size: 40}
  drift:    {max_psi: 0.2}
stages:
  staging:    {gates: [artifact, schema, accuracy, latency, fairness, drift]}
  production: {gates: [artifact, schema, accuracy, latency, fairness, drift, staging]}
"""
