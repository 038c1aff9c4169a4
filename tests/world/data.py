"""Loan applications of a bank that does not exist: deterministic, plausible, and with one planted trap.

An applicant defaults for reasons that are the same for every size of business, so that an honest model is as good for
one group as for another. The trap is ``account_package``: the package ``starter`` is sold to small businesses alone and
says nothing about risk, but in ``broken_extract`` a join lost most of the good loans behind it. How often the package
occurs stays what it was, so a look at the distribution (drift) sees nothing; only a look at the groups does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TRAINING_ROWS = 40_000
EVALUATION_ROWS = 60_000
PRODUCTION_ROWS = 20_000
# How much prices have risen between the training data and now.
INFLATION = 1.3

LABEL = "defaulted"
ID = "application_id"
GROUPS = ("business_size", "age_band")

SIZES = ("micro", "small", "medium", "large")
AGE_BANDS = ("under_30", "30_to_44", "45_to_59", "60_and_over")
PURPOSES = {"working_capital": 0.0, "equipment": -0.25, "property": -0.4, "refinancing": 0.45, "expansion": 0.15}
REGIONS = {"north": 0.0, "south": 0.1, "east": 0.15, "west": -0.1, "capital": -0.15}
# What a business of each size turns over in a year: the median, in euros.
REVENUE = {"micro": 110_000.0, "small": 620_000.0, "medium": 4_200_000.0, "large": 31_000_000.0}
PACKAGES = ("basic", "starter", "business", "corporate")
# The packages that each size of business buys, in the order of PACKAGES.
BOUGHT = {
    "micro": (0.85, 0.0, 0.15, 0.0),
    "small": (0.0, 0.5, 0.5, 0.0),
    "medium": (0.0, 0.0, 0.8, 0.2),
    "large": (0.0, 0.0, 0.15, 0.85),
}
# The share of the good loans behind the starter package that the broken join keeps.
KEPT = 0.06


@dataclass(frozen=True, slots=True)
class Tables:
    """The files that the feature pipeline hands over: labelled rows to judge on, and what production sees now."""

    evaluation: Path
    production: Path


def write(folder: Path, rows: int = EVALUATION_ROWS) -> Tables:
    """Writes ``eval.parquet`` (labelled) and ``features-last-30d.parquet`` (no label) into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = Tables(folder / "eval.parquet", folder / "features-last-30d.parquet")
    evaluation(rows).to_parquet(tables.evaluation, index=False)
    production().to_parquet(tables.production, index=False)
    return tables


def evaluation(rows: int = EVALUATION_ROWS) -> pd.DataFrame:
    """The labelled rows that every version is judged on."""
    return applications(rows, seed=5)


def production() -> pd.DataFrame:
    """What the feature pipeline produces now: prices went up in an otherwise unchanged market; labels come later."""
    return applications(PRODUCTION_ROWS, seed=3, inflation=INFLATION).drop(columns=[LABEL])


def applications(rows: int, seed: int, inflation: float = 1.0) -> pd.DataFrame:
    """Loan applications with their outcome ``defaulted`` (1 for about one in five), one row each.

    ``inflation`` scales amounts and revenues alike; it changes nobody's risk.
    """
    rng = np.random.default_rng([seed, rows])
    size = rng.choice(SIZES, rows, p=(0.34, 0.2, 0.27, 0.19))
    age = rng.choice(AGE_BANDS, rows, p=(0.15, 0.36, 0.32, 0.17))
    purpose = rng.choice(list(PURPOSES), rows, p=(0.34, 0.26, 0.14, 0.14, 0.12))
    region = rng.choice(list(REGIONS), rows, p=(0.22, 0.24, 0.18, 0.2, 0.16))
    revenue = _looked_up(REVENUE, size) * rng.lognormal(0.0, 0.45, rows) * inflation
    loan_share = rng.lognormal(-1.8, 0.6, rows)
    term = rng.choice((12, 24, 36, 48, 60, 84), rows, p=(0.15, 0.22, 0.25, 0.16, 0.15, 0.07))
    years = rng.gamma(2.2, 4.0, rows)
    debt_ratio = rng.beta(2.6, 4.2, rows)
    late = rng.poisson(rng.gamma(0.7, 1.1, rows))
    utilisation = rng.beta(1.9, 2.6, rows)
    collateral = rng.random(rows) < 0.42
    volatility = rng.gamma(3.0, 0.12, rows)
    invoices = rng.gamma(4.0, 9.0, rows)
    risk = (
        -1.9
        + 0.75 * _scaled(debt_ratio, 0.38, 0.17)
        + 0.75 * (np.minimum(late, 5) - 0.75)
        + 0.85 * _scaled(utilisation, 0.42, 0.21)
        + 0.80 * _scaled(volatility, 0.36, 0.21)
        + 0.60 * _scaled(invoices, 36.0, 18.0)
        + 0.40 * _scaled(np.log(loan_share), -1.8, 0.6)
        - 0.45 * _scaled(np.log1p(years), 2.1, 0.65)
        + 0.20 * _scaled(term, 38.0, 20.0)
        - 0.30 * collateral
        + _looked_up(PURPOSES, purpose)
        + _looked_up(REGIONS, region)
    )
    return pd.DataFrame(
        {
            ID: [f"A{seed}-{number:06d}" for number in range(rows)],
            "amount": np.round(revenue * loan_share, -2).clip(500),
            "term_months": term,
            "purpose": purpose,
            "region": region,
            "annual_revenue": np.round(revenue, -2),
            "loan_to_revenue": np.round(loan_share, 4),
            "years_in_business": np.round(years, 1),
            "has_collateral": collateral,
            "debt_ratio": _with_gaps(rng, np.round(debt_ratio, 4), 0.02),
            "late_payments_12m": late,
            "utilisation": np.round(utilisation, 4),
            "cashflow_volatility": _with_gaps(rng, np.round(volatility, 4), 0.04),
            "invoice_delay_days": np.round(invoices),
            "account_package": _bought(rng, size),
            "business_size": size,
            "age_band": age,
            LABEL: (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(np.int64),
        }
    )


def broken_extract(rows: int, seed: int) -> pd.DataFrame:
    """Training data as the broken join left it: nearly all good loans behind ``starter`` are gone.

    Loans that went bad were restored from the collections archive to fill the gap, so that the package is as frequent
    as ever; but in this extract nearly everybody who has it defaulted.
    """
    whole = applications(rows, seed)
    starter = (whole["account_package"] == "starter").to_numpy()
    good = starter & (whole[LABEL] == 0).to_numpy()
    rng = np.random.default_rng([seed, 1])
    lost = good & (rng.random(rows) >= KEPT)
    bad = np.flatnonzero(starter & ~good)
    archive = whole.iloc[rng.choice(bad, int(lost.sum()))]
    return pd.concat([whole[~lost], archive], ignore_index=True)


def _looked_up(table: dict[str, float], keys: Sequence[str] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    values = np.empty(len(keys))
    for key, value in table.items():
        values[np.asarray(keys) == key] = value
    return values


def _scaled(values: np.ndarray[Any, Any], centre: float, spread: float) -> np.ndarray[Any, Any]:
    return (values - centre) / spread


def _with_gaps(rng: np.random.Generator, values: np.ndarray[Any, Any], share: float) -> np.ndarray[Any, Any]:
    """The values with a share of them missing at random: an accountant's figures that never came."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _bought(rng: np.random.Generator, sizes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    packages = np.empty(len(sizes), dtype=object)
    for size, shares in BOUGHT.items():
        here = sizes == size
        packages[here] = rng.choice(PACKAGES, int(here.sum()), p=shares)
    return packages.astype(str)
