"""A repository with many models, as large organisations have: one policy, one staging and one production file each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatehouse.pin import ROOT


def digest(seed: str) -> str:
    """A digest as the registry would compute it, of nothing in particular."""
    return f"sha256:{hashlib.sha256(seed.encode()).hexdigest()}"


POLICY = """\
# What {model} must prove.
owner: "@acme/{model}"
risk: {risk}
task: binary
reviewed: 2026-09-01
review_every: 90d
data:
  evaluation: {{path: data/{model}/eval.parquet, digest: {digest}, label: defaulted, id: application_id,
               groups: [business_size, {{name: age_band, column: age, edges: [25, 65]}}]}}
  production: {{path: data/{model}/features-last-30d.parquet}}
gates:
  accuracy: {{metric: roc_auc, minimum: {minimum}, min_improvement: 0.005, confidence: 0.95}}
  latency:  {{p95_ms: {budget}, rate_per_s: 100, duration_s: 10}}
  fairness: {{metric: roc_auc, max_disparity: 0.05, min_group_size: 50}}
  drift:    {{max_psi: 0.2}}
  schema:   {{}}
stages:
  staging:    {{gates: [artifact, schema, accuracy, latency, fairness, drift]}}
  production: {{gates: [artifact, schema, accuracy, latency, fairness, drift, staging], soak: 24h}}
review:  {{approvals: 2, block_under: 30s, flag_under: 60s, limitations: [thin-file-applicants, post-2024-inflation]}}
rollout: {{steps: [5, 25, 100], hold: 2h, abort: {{error_rate: 0.01, p95_ms: 80, prediction_psi: 0.25}}}}
"""

PROMOTION = """\
# {model}, {stage}
version: {version}
digest: {digest}
"""


def _number(**limits: float) -> Mapping[str, Any]:
    return {"type": "number", "description": "A limit.", **limits}


# Thresholds like those of the built-in gates, for tests that must not depend on what a gate asks today.
GATES: Mapping[str, Mapping[str, Any]] = {
    "accuracy": {
        "type": "object",
        "properties": {
            "metric": {"type": "string", "enum": ["roc_auc", "accuracy", "rmse"], "description": "What is measured."},
            "minimum": _number(),
            "min_improvement": _number(),
            "confidence": _number(exclusiveMinimum=0, exclusiveMaximum=1),
        },
        "required": ["metric"],
    },
    "latency": {
        "type": "object",
        "properties": {
            "p95_ms": _number(exclusiveMinimum=0),
            "rate_per_s": _number(exclusiveMinimum=0),
            "duration_s": _number(exclusiveMinimum=0),
        },
    },
    "fairness": {
        "type": "object",
        "properties": {
            "metric": {"type": "string", "description": "What is compared."},
            "max_disparity": _number(minimum=0),
            "min_group_size": {"type": "integer", "minimum": 1, "description": "Smaller groups are only shown."},
        },
    },
    "drift": {"type": "object", "properties": {"max_psi": _number(exclusiveMinimum=0)}},
    "schema": {"type": "object", "properties": {}},
    "artifact": {"type": "object", "properties": {}},
    "staging": {"type": "object", "properties": {}},
}


def thousand(root: Path, models: int = 1_000) -> int:
    """Writes three valid files a model below ``root``/promotions; returns how many files that are."""
    for number in range(models):
        model = f"model-{number:04d}"
        folder = root / str(ROOT) / model
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files(model, number).items():
            (folder / name).write_text(text, encoding="utf-8")
    return 3 * models


def files(model: str, number: int = 0) -> dict[str, str]:
    """The three files of one model, by name; numbers differ from model to model, so that no cache makes them cheap."""
    risk = ("low", "medium", "high")[number % 3]
    minimum, budget = round(0.7 + number % 250 / 1_000, 3), 20 + number % 80
    policy = POLICY.format(model=model, risk=risk, minimum=minimum, budget=budget, digest=digest(f"{model} evaluation"))
    staging, production = 2 + number % 50, 1 + number % 50
    return {
        "policy.yaml": policy,
        "staging.yaml": _promotion(model, "staging", staging),
        "production.yaml": _promotion(model, "production", production),
    }


def _promotion(model: str, stage: str, version: int) -> str:
    return PROMOTION.format(model=model, stage=stage, version=version, digest=digest(f"{model} {version}"))
