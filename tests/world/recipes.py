"""How the company's models are made: plain scikit-learn, no registry. A recipe is a value; ``fit`` is all it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.world import data

HELD_BACK = 0.2


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to make a model: its columns, its estimator, the rows it learns from, and what its maker says of it.

    ``rows`` gives the training table, with the label as 0 or 1 in the column ``label``.
    """

    title: str
    about: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    rows: Callable[[], pd.DataFrame]
    estimator: Callable[[Recipe], Pipeline]
    label: str = data.LABEL

    @property
    def features(self) -> list[str]:
        return [*self.numeric, *self.categorical]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A recipe carried out: the model, the rows it learned from, and its figures on rows it has not seen."""

    recipe: Recipe
    model: Pipeline
    training: pd.DataFrame
    metrics: dict[str, float]

    def score(self, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
        """The probability of the label being 1, one a row."""
        scores: np.ndarray[Any, Any] = self.model.predict_proba(rows[self.recipe.features])[:, 1]
        return scores


def fit(recipe: Recipe) -> Fitted:
    """Fits the recipe on four fifths of its rows and measures it on the rest: what a notebook would show."""
    training, rest = train_test_split(recipe.rows(), test_size=HELD_BACK, random_state=0)
    model = recipe.estimator(recipe).fit(training[recipe.features], training[recipe.label])
    fitted = Fitted(recipe, model, training, {})
    scores = fitted.score(rest)
    fitted.metrics["roc_auc"] = float(roc_auc_score(rest[recipe.label], scores))
    fitted.metrics["log_loss"] = float(log_loss(rest[recipe.label], scores))
    return fitted


def logistic(recipe: Recipe) -> Pipeline:
    """Logistic regression on scaled numbers and one-hot categories."""
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(recipe.numeric)),
            (OneHotEncoder(handle_unknown="ignore"), list(recipe.categorical)),
        ),
        LogisticRegression(max_iter=500),
    )


def boosted(recipe: Recipe) -> Pipeline:
    """Small gradient-boosted trees; missing numbers are left to the trees."""
    return make_pipeline(
        make_column_transformer(
            (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), list(recipe.categorical)),
            ("passthrough", list(recipe.numeric)),
        ),
        HistGradientBoostingClassifier(max_iter=80, max_leaf_nodes=15, random_state=0),
    )


_BASIC = (
    "amount", "term_months", "annual_revenue", "loan_to_revenue", "years_in_business", "debt_ratio", "utilisation",
)  # fmt: skip
_BEHAVIOUR = (*_BASIC, "has_collateral", "late_payments_12m", "cashflow_volatility")


def _clean() -> pd.DataFrame:
    return data.applications(data.TRAINING_ROWS, seed=1)


def _broken() -> pd.DataFrame:
    return data.broken_extract(data.TRAINING_ROWS, seed=1)


# The versions of credit-risk, in the order in which they are registered.
CREDIT_RISK = (
    Recipe(
        "Logistic regression on the application form",
        "Honest and simple: what the applicant wrote on the form, nothing about how they paid before.",
        _BASIC,
        ("purpose", "region"),
        _clean,
        logistic,
    ),
    Recipe(
        "Boosted trees with payment behaviour and account package",
        "Adds late payments, cash flow and the account package, which turned out to be the strongest feature.",
        _BEHAVIOUR,
        ("purpose", "region", "account_package"),
        _broken,
        boosted,
    ),
    Recipe(
        "Boosted trees on the mended extract, without account package",
        "Trained on the extract with its join mended; the account package is out, invoice delays are in.",
        (*_BEHAVIOUR, "invoice_delay_days"),
        ("purpose", "region"),
        _clean,
        boosted,
    ),
)
